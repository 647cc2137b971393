import type { TelnetOption } from "./option.ts";

/** Code of the option TERMINAL-TYPE (RFC 1091). */
export const TTYPE = 0x18;

/** The longest name that is believed, in characters; RFC 1091 allows 40. */
export const TERMINAL_TYPE_MAX = 40;

const IS = 0x00;
const SEND = 0x01;

/**
 * Reads the payload of a TERMINAL-TYPE IS.
 *
 * @param payload The bytes between `IAC SB TERMINAL-TYPE` and `IAC SE`, unescaped.
 * @returns The name, of printable ASCII only, cut to 40 characters; `undefined` where the payload
 * is no IS or the name is empty.
 *
 * @example
 * ```ts
 * import { decodeTerminalType } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeTerminalType(Uint8Array.of(0, 0x41, 0x4e, 0x53, 0x49)), "ANSI");
 * ```
 */
export function decodeTerminalType(payload: Uint8Array): string | undefined {
  if (payload[0] !== IS) return undefined;
  let name = "";
  for (const byte of payload.subarray(1)) {
    if (name.length === TERMINAL_TYPE_MAX) break;
    if (byte >= 0x20 && byte < 0x7f) name += String.fromCharCode(byte);
  }
  name = name.trim();
  return name === "" ? undefined : name;
}

/**
 * Writes the payload of a TERMINAL-TYPE IS.
 *
 * @param name The name; what is not printable ASCII is left out, and it is cut to 40 characters.
 * @returns The payload.
 *
 * @example
 * ```ts
 * import { decodeTerminalType, encodeTerminalType } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeTerminalType(encodeTerminalType("xterm")), "xterm");
 * ```
 */
export function encodeTerminalType(name: string): Uint8Array {
  const printable = name.replaceAll(/[^\x20-\x7e]/g, "").slice(0, TERMINAL_TYPE_MAX);
  return Uint8Array.of(IS, ...Array.from(printable, (character) => character.charCodeAt(0)));
}

/**
 * Writes the payload of a TERMINAL-TYPE SEND, the server's question.
 *
 * @returns One byte.
 */
export function encodeTerminalTypeSend(): Uint8Array {
  return Uint8Array.of(SEND);
}

/** TERMINAL-TYPE as the server uses it: asks for the name once the client can tell it. */
export const terminalType: TelnetOption = {
  code: TTYPE,
  name: "TTYPE",
  agreeLocal: false,
  agreeRemote: true,
  remoteEnabled(session) {
    session.sendSubnegotiation(TTYPE, encodeTerminalTypeSend());
  },
  subnegotiation(payload, session) {
    session.terminalType = decodeTerminalType(payload) ?? session.terminalType;
  },
};
