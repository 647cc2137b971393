import type { TelnetOption } from "./option.ts";

/**
 * Code of the option START-TLS (draft-altman-telnet-starttls): both ends send
 * `IAC SB START-TLS FOLLOWS IAC SE`, and the TLS handshake follows, in which the Telnet server is
 * the TLS server. After it, Telnet starts again from its initial state.
 */
export const START_TLS = 0x2e;

/** FOLLOWS, the whole payload of START-TLS: the next bytes are the TLS handshake. */
export const START_TLS_FOLLOWS = 0x01;

/**
 * START-TLS as the server uses it: encrypts the connection if the client agrees. Other options are
 * offered after the answer, as a client that agrees must send nothing more in plain text.
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
 * START-TLS as the client uses it: agrees and sends FOLLOWS. Then it sends nothing more in plain
 * text, and starts the handshake when the server has sent FOLLOWS too.
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
