import type { TelnetOption } from "./option.ts";

/**
 * Code of the option ECHO (RFC 857).
 *
 * To a MUD client WILL ECHO means "hide what is typed". A server never agrees to it unasked: in
 * line mode the person would type blind. And it never lets a client echo, which makes loops.
 */
export const ECHO = 0x01;

/** ECHO as the server uses it. */
export const echo: TelnetOption = { code: ECHO, name: "ECHO" };
