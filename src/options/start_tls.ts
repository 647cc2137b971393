import type { TelnetOption } from "./option.ts";

/**
 * Code of the option START-TLS (draft-altman-telnet-starttls): both ends send
 * `IAC SB START-TLS FOLLOWS IAC SE`, and the handshake of TLS follows, with the server as the server
 * of TLS. Behind it Telnet begins anew.
 */
export const START_TLS = 0x2e;

/** The whole payload of START-TLS: the next byte belongs to TLS. */
export const START_TLS_FOLLOWS = 0x01;

/**
 * START-TLS as the server uses it: who agrees goes on encrypted. It is offered exclusive, as a client
 * that agrees must say nothing more in the clear.
 */
export const startTls: TelnetOption<true> = {
  code: START_TLS,
  name: "START-TLS",
  offer: "remote",
  exclusive: true,
  changesStream: "both",
  offerEncrypted: () => false,
  attach: (context) => ({
    subnegotiation(payload) {
      if (payload.length === 1 && payload[0] === START_TLS_FOLLOWS) context.effects.encrypt();
    },
  }),
};

/**
 * START-TLS as the client uses it: it agrees, and says that TLS follows. It sends nothing more in the
 * clear, and begins the handshake when the server has said the same.
 */
export const startTlsClient: TelnetOption<true> = {
  code: START_TLS,
  name: "START-TLS",
  agreeLocal: true,
  attach: (context) => ({
    changed(side, change) {
      if (side !== "local" || change !== "enabled") return;
      context.sendSubnegotiation(START_TLS, Uint8Array.of(START_TLS_FOLLOWS));
    },
    subnegotiation(payload) {
      if (payload.length === 1 && payload[0] === START_TLS_FOLLOWS) context.effects.encrypt();
    },
  }),
};
