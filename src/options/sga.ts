import type { TelnetOption } from "./option.ts";

/**
 * Code of the option SUPPRESS-GO-AHEAD (RFC 858).
 *
 * To clients WILL SGA means "a character at a time". A server of lines does not agree to it unasked:
 * PuTTY, which asks every server, would then show each Enter as `^M`.
 */
export const SGA = 0x03;

/** SUPPRESS-GO-AHEAD as the server uses it. */
export const sga: TelnetOption = { code: SGA, name: "SGA", agreeRemote: true };

/** SUPPRESS-GO-AHEAD as the client uses it. */
export const sgaClient: TelnetOption<true> = {
  code: SGA,
  name: "SGA",
  agreeLocal: true,
  agreeRemote: true,
};
