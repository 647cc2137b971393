import { fromAscii, join, toAscii } from "./_bytes.ts";

/** IS, the answer in TERMINAL-TYPE, TSPEED, XDISPLOC and STATUS. */
export const IS = 0x00;
/** SEND, the request in these options. */
export const SEND = 0x01;

/**
 * Reads the text of an IS: printable ASCII, cut to `longest`; `undefined` if it is not an IS or
 * empty.
 */
export function decodeIs(payload: Uint8Array, longest: number): string | undefined {
  if (payload[0] !== IS) return undefined;
  const text = fromAscii(payload.subarray(1), longest).trim();
  return text === "" ? undefined : text;
}

/** Writes an IS; the text is cut to `longest` characters. */
export function encodeIs(text: string, longest: number): Uint8Array {
  return join(IS, toAscii(text).subarray(0, longest));
}
