import type { TelnetOption } from "./option.ts";

/**
 * Code of the option TRANSMIT-BINARY (RFC 856): all eight bits are data, and CR has no special
 * meaning. Without it, some clients strip the eighth bit.
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
      // It is enabled in one direction, so request the other direction too.
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
