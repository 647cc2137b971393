import { fromAscii, join, toAscii } from "./_bytes.ts";

/** What TERMINAL-TYPE, TSPEED, XDISPLOC and STATUS share: a question SEND, an answer IS. */
export const IS = 0x00;
/** The question. */
export const SEND = 0x01;

/** The text of an IS, of printable ASCII, cut; `undefined` where it is none or empty. */
export function decodeIs(payload: Uint8Array, longest: number): string | undefined {
  if (payload[0] !== IS) return undefined;
  const text = fromAscii(payload.subarray(1), longest).trim();
  return text === "" ? undefined : text;
}

/** An IS with a text, cut. */
export function encodeIs(text: string, longest: number): Uint8Array {
  return join(IS, toAscii(text).subarray(0, longest));
}
