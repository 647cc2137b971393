import type { TelnetOption } from "./option.ts";

/** Code of the option SUPPRESS-GO-AHEAD (RFC 858). */
export const SGA = 0x03;

/** SUPPRESS-GO-AHEAD as the server uses it. */
export const sga: TelnetOption = {
  code: SGA,
  name: "SGA",
  agreeLocal: true,
  agreeRemote: true,
};
