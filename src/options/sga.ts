import type { TelnetOption } from "./option.ts";

/**
 * Code of the option SUPPRESS-GO-AHEAD (RFC 858).
 *
 * Clients take WILL SGA as "a character at a time". In line mode the server does not agree to DO
 * SGA by default: PuTTY, which sends it to every server, would then show each Enter as `^M`.
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
