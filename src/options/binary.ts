import type { TelnetOption } from "./option.ts";

/**
 * Code of the option TRANSMIT-BINARY (RFC 856): bytes above 0x7F pass, and CR is a byte like any
 * other. Some clients strip the eighth bit without it.
 */
export const BINARY = 0x00;

/** TRANSMIT-BINARY as the server uses it. */
export const binary: TelnetOption<true> = {
  code: BINARY,
  name: "BINARY",
  agreeLocal: true,
  agreeRemote: true,
  offer: "local",
  attach: (context) => ({
    changed(side, change) {
      // Asked for one way, it is wanted both ways.
      if (side === "local" && change === "enabled") context.enableRemote(BINARY);
    },
  }),
};

/** TRANSMIT-BINARY as the client uses it. */
export const binaryClient: TelnetOption<true> = {
  code: BINARY,
  name: "BINARY",
  agreeLocal: true,
  agreeRemote: true,
};
