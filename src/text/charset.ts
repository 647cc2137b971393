import { misuse } from "../protocol/error.ts";

/** The character sets of a connection. */
export type Encoding = "utf-8" | "latin1" | "windows-1252";

/** The names that {@linkcode checkEncoding} accepts. */
export const ENCODINGS: readonly Encoding[] = ["utf-8", "latin1", "windows-1252"];

/** Turns bytes of a stream into text; a character may be cut by the end of a chunk. */
export interface TextStreamDecoder {
  /** Decodes the next bytes. What cannot be decoded becomes U+FFFD; nothing throws. */
  decode(bytes: Uint8Array): string;
}

/** The characters of windows-1252 at 0x80 to 0x9F; five places are not defined. */
const WINDOWS_1252_C1 = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ";
const QUESTION_MARK = 0x3f;
const utf8 = new TextEncoder();

const WINDOWS_1252_CODES: ReadonlyMap<string, number> = new Map(
  Array.from(WINDOWS_1252_C1, (character, index) => [character, 0x80 + index] as const)
    .filter(([character]) => character !== "\ufffd"),
);

/**
 * A decoder for one connection.
 *
 * The labels mean what they say: `latin1` is ISO 8859-1 to the letter, not windows-1252 as on the
 * web, and the five bytes that windows-1252 leaves undefined cannot be decoded.
 *
 * @param encoding The character set.
 * @returns The decoder, with no bytes in it.
 *
 * @example
 * ```ts
 * import { createTextDecoder } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = createTextDecoder("utf-8");
 * assertEquals(decoder.decode(Uint8Array.of(0x68, 0xc3)), "h"); // é is cut in half
 * assertEquals(decoder.decode(Uint8Array.of(0xa9, 0xff)), "é\ufffd");
 * ```
 */
export function createTextDecoder(encoding: Encoding): TextStreamDecoder {
  if (encoding === "latin1") return { decode: decodeLatin1 };
  if (encoding === "windows-1252") return { decode: decodeWindows1252 };
  return new Utf8Decoder();
}

/** For bytes that end with a whole character: without a stream to keep it is twice as fast. */
const wholeUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** UTF-8 as a stream, without a byte order mark at its start. */
class Utf8Decoder implements TextStreamDecoder {
  /** Holds the part of a character that was cut by the end of the last bytes. */
  #stream: TextDecoder | undefined;
  #started = false;

  decode(bytes: Uint8Array): string {
    if (bytes.length === 0) return "";
    const ascii = (bytes[bytes.length - 1] ?? 0) < 0x80;
    if (!ascii) this.#stream ??= new TextDecoder("utf-8", { ignoreBOM: true });
    const text = this.#stream?.decode(bytes, { stream: true }) ?? wholeUtf8.decode(bytes);
    // An ASCII character at the end leaves nothing over.
    if (ascii) this.#stream = undefined;
    const marked = !this.#started && text.startsWith("\ufeff");
    this.#started ||= text !== "";
    return marked ? text.slice(1) : text;
  }
}

/**
 * Turns text into bytes. A character that the set lacks becomes one `?`.
 *
 * @param text Any text.
 * @param encoding The character set.
 * @returns The bytes. IAC is not escaped here.
 *
 * @example
 * ```ts
 * import { encodeText } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...encodeText("é€😀", "latin1")], [0xe9, 0x3f, 0x3f]);
 * assertEquals([...encodeText("é€😀", "windows-1252")], [0xe9, 0x80, 0x3f]);
 * ```
 */
export function encodeText(text: string, encoding: Encoding): Uint8Array {
  // Half a character has no code in UTF-8 either.
  if (encoding === "utf-8") return utf8.encode(text.isWellFormed() ? text : whole(text));
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (const character of text) {
    bytes[length++] = encoding === "latin1" ? latin1Code(character) : windows1252Code(character);
  }
  return bytes.subarray(0, length);
}

/**
 * Checks a caller's name of a character set.
 *
 * @param name The name as given.
 * @returns The name.
 * @throws {TelnetError} `misuse`: not one of {@linkcode ENCODINGS}.
 */
export function checkEncoding(name: string): Encoding {
  const encoding = ENCODINGS.find((known) => known === name);
  return encoding ??
    misuse(`Cannot use an encoding that is none of ${ENCODINGS.join(", ")}: "${name}"`);
}

/** Other names of the sets, in upper case and without signs. */
const NAMES: ReadonlyMap<string, Encoding> = new Map([
  ["UTF8", "utf-8"],
  ["ISO88591", "latin1"],
  ["LATIN1", "latin1"],
  ["WINDOWS1252", "windows-1252"],
  ["CP1252", "windows-1252"],
]);

/**
 * The set of a name as clients give it.
 *
 * @param name Such as `UTF-8` or `iso-8859-1`.
 * @returns The set, or `undefined` where it is not known.
 *
 * @example
 * ```ts
 * import { encodingByName } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodingByName("iso_8859-1"), "latin1");
 * ```
 */
export function encodingByName(name: string): Encoding | undefined {
  return NAMES.get(name.toUpperCase().replaceAll(/[^A-Z0-9]/g, ""));
}

function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += fromCodes(bytes.subarray(at, at + 8192));
  }
  return text;
}

function decodeWindows1252(bytes: Uint8Array): string {
  return decodeLatin1(bytes).replaceAll(
    /[\x80-\x9f]/g,
    (character) => WINDOWS_1252_C1[character.charCodeAt(0) - 0x80] ?? "\ufffd",
  );
}

function latin1Code(character: string): number {
  const code = character.codePointAt(0) ?? QUESTION_MARK;
  return code <= 0xff ? code : QUESTION_MARK;
}

function windows1252Code(character: string): number {
  const code = character.codePointAt(0) ?? QUESTION_MARK;
  if (code < 0x80 || (code >= 0xa0 && code <= 0xff)) return code;
  return WINDOWS_1252_CODES.get(character) ?? QUESTION_MARK;
}

function whole(text: string): string {
  return text.replaceAll(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    "?",
  );
}

/** Each byte as the character of its code. To apply an array of bytes is far faster than to spread it. */
function fromCodes(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, bytes);
}
