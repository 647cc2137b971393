/** Small helpers for the codecs. */
import { joinBytes } from "../protocol/bytes.ts";
import { copied } from "../protocol/pieces.ts";
import { checkText } from "../protocol/validate.ts";

const utf8 = new TextEncoder();
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** For up to this many ASCII bytes, a loop is faster than `TextDecoder`. */
const SHORT = 4;

/** The most characters that are kept of a client's name, and of its version. */
const MAX_CLIENT_NAME = 80;

/** Cuts a client's name or version; the rest of the text does not stay in memory. */
export function cutName(name: string): string {
  return copied(name.slice(0, MAX_CLIENT_NAME));
}

/** Encodes text as UTF-8. */
export function toUtf8(text: string): Uint8Array {
  checkText("a text of this message", text);
  return utf8.encode(text);
}

/** Decodes UTF-8; invalid bytes become U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return lenient.decode(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80) return lenient.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Encodes the printable ASCII characters of a text; other characters are left out. */
export function toAscii(text: string): Uint8Array {
  checkText("a text of this message", text);
  const printable = text.replaceAll(/[^\x20-\x7e]/g, "");
  return Uint8Array.from(printable, (character) => character.charCodeAt(0));
}

/** Decodes printable ASCII, up to `longest` characters; other bytes are left out. */
export function fromAscii(bytes: Uint8Array, longest: number): string {
  let text = "";
  for (const byte of bytes) {
    if (text.length === longest) break;
    if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
  }
  return text;
}

/** Joins bytes and byte arrays into one array. */
export function join(...parts: readonly (number | Uint8Array)[]): Uint8Array {
  return joinBytes(parts);
}

/** Splits bytes at each separator. */
export function split(bytes: Uint8Array, separator: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let at = bytes.indexOf(separator); at !== -1; at = bytes.indexOf(separator, start)) {
    parts.push(bytes.subarray(start, at));
    start = at + 1;
  }
  parts.push(bytes.subarray(start));
  return parts;
}
