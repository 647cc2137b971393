import { throwMisuse } from "../protocol/error.ts";
import { joinBytes } from "../protocol/bytes.ts";
import { LABELS, plainName } from "./charset_labels.ts";
import type { TextCodec, TextStreamDecoder } from "./codec.ts";
import { MULTI_BYTE_NAMES, multiByteCodec } from "./multi_byte.ts";
import { SINGLE_BYTE_NAMES, singleByteCodec } from "./single_byte.ts";
import { inspect, nearestName, throwUnexpected } from "../protocol/validate.ts";

/**
 * The character sets of a connection. `latin1` is exactly ISO 8859-1. `cp437-art` is `cp437` with
 * the PC's graphics below 0x20, for art; line ends, ESC, TAB and the bell stay what they are.
 */
export type Encoding =
  | "utf-8"
  | "ascii"
  | "latin1"
  | `windows-125${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | "windows-874"
  | `iso-8859-${2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15 | 16}`
  | "koi8-r"
  | "koi8-u"
  | "cp437"
  | "cp437-art"
  | "cp850"
  | "cp852"
  | "cp866"
  | "macintosh"
  | "x-mac-cyrillic"
  | "gbk"
  | "gb18030"
  | "big5"
  | "shift_jis"
  | "euc-jp"
  | "euc-kr";

/** A character set by its name, or by another label of the Encoding Standard, such as `"UTF8"`. */
export type EncodingLabel = Encoding | (string & Record<never, never>);

const NO_BYTES = new Uint8Array(0);

/** The names that {@linkcode checkEncoding} accepts. */
export const ENCODINGS: readonly Encoding[] = [
  "utf-8",
  ...SINGLE_BYTE_NAMES,
  ...MULTI_BYTE_NAMES,
] as Encoding[];

const utf8 = new TextEncoder();
/** For bytes that end with a complete character: decoding is twice as fast without a stream. */
const wholeUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const utf8Codec: TextCodec = {
  name: "utf-8",
  ascii: true,
  createDecoder: () => new Utf8Decoder(),
  // UTF-8 has no code for a lone surrogate.
  encode: (text) => utf8.encode(text.isWellFormed() ? text : whole(text)),
};

/** All names and labels, as `plainName` writes them. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...ENCODINGS.map((name) => [plainName(name), name] as const),
  ...Object.entries(LABELS).flatMap(([name, labels]) =>
    labels.split(" ").map((label) => [plainName(label), name] as const)
  ),
]);

/** The sets in use; each is made once, when it is first asked for. */
const codecs: Map<string, TextCodec> = new Map([["utf-8", utf8Codec]]);

/**
 * A decoder for one connection.
 *
 * Labels mean exactly the set that they name: `latin1` is ISO 8859-1, not windows-1252 as on the
 * web. Bytes that a set leaves undefined become U+FFFD.
 *
 * @param encoding The character set.
 * @returns A new decoder.
 * @throws {TelnetError} `misuse` or `unsupported`; see {@linkcode checkEncoding}.
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
export function createTextDecoder(encoding: EncodingLabel | TextCodec): TextStreamDecoder {
  return codecOf(encoding as Encoding | TextCodec).createDecoder();
}

/**
 * Turns text into bytes. A character that the set lacks becomes its replacement, see
 * {@linkcode transliterate}, or one `?`.
 *
 * @param text Any text.
 * @param encoding The character set.
 * @returns The bytes. IAC is not escaped here.
 * @throws {TelnetError} `misuse` or `unsupported`; see {@linkcode checkEncoding}.
 *
 * @example
 * ```ts
 * import { encodeText } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...encodeText("é€😀", "windows-1252")], [0xe9, 0x80, 0x3f]);
 * assertEquals([...encodeText("Дa", "koi8-r")], [0xe4, 0x61]);
 * ```
 */
export function encodeText(text: string, encoding: EncodingLabel | TextCodec): Uint8Array {
  return codecOf(encoding as Encoding | TextCodec).encode(text);
}

/**
 * Checks the character set that a caller gave, and builds its tables if this is its first use.
 *
 * @param encoding A name of {@linkcode ENCODINGS}, or another label of it such as `"UTF8"`, or a codec.
 * @returns The name as {@linkcode ENCODINGS} has it, or the codec.
 * @throws {TelnetError} `misuse`: an unknown label, or an object that is not a codec;
 * `unsupported`: this runtime lacks the set.
 */
export function checkEncoding(encoding: EncodingLabel | TextCodec): Encoding | TextCodec {
  const known = typeof encoding === "string" ? encodingByName(encoding) ?? encoding : encoding;
  codecOf(known as Encoding | TextCodec);
  return known as Encoding | TextCodec;
}

/** The codec of a set. */
export function codecOf(encoding: Encoding | TextCodec): TextCodec {
  if (typeof encoding !== "string") return checkCodec(encoding);
  const known = codecs.get(encoding);
  if (known !== undefined) return known;
  if (!ENCODINGS.includes(encoding)) {
    const name = encodingByName(encoding);
    if (name !== undefined) return codecOf(name);
    const near = nearestName(encoding, ENCODINGS);
    const meant = near === undefined
      ? `use one of ${ENCODINGS.join(", ")}`
      : `did you mean "${near}"?`;
    throwMisuse(`Cannot use encoding ${inspect(encoding)}: ${meant}`);
  }
  const codec = SINGLE_BYTE_NAMES.includes(encoding)
    ? singleByteCodec(encoding)
    : multiByteCodec(encoding);
  codecs.set(encoding, codec);
  return codec;
}

/** Whether a codec is one of this library, whose results depend on the text alone. */
export function isBuiltIn(codec: TextCodec): boolean {
  return codecs.get(codec.name as Encoding) === codec;
}

function checkCodec(codec: TextCodec): TextCodec {
  const { name, createDecoder, encode } = codec ?? {};
  const whole = typeof name === "string" && typeof createDecoder === "function" &&
    typeof encode === "function";
  if (whole && typeof createDecoder.call(codec)?.decode === "function") return codec;
  throwUnexpected(
    "the encoding",
    "a label, or a codec with name, createDecoder() and encode()",
    codec,
  );
}

/**
 * Finds a character set by a name that a client gives.
 *
 * @param name Such as `UTF-8` or `iso-8859-1`.
 * @returns The set, or `undefined` if it is not known.
 *
 * @example
 * ```ts
 * import { encodingByName } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodingByName("iso_8859-1"), "latin1");
 * assertEquals(encodingByName("CP1251"), "windows-1251");
 * ```
 */
export function encodingByName(name: string): Encoding | undefined {
  return NAMES.get(plainName(name)) as Encoding | undefined;
}

/**
 * Finds the character set of a locale, as in the variables `LANG` and `LC_ALL`.
 *
 * @param locale Such as `ru_RU.KOI8-R`.
 * @returns The set, or `undefined` if the locale names no known set.
 *
 * @example
 * ```ts
 * import { encodingOfLocale } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodingOfLocale("ru_RU.KOI8-R"), "koi8-r");
 * assertEquals(encodingOfLocale("C"), undefined);
 * ```
 */
export function encodingOfLocale(locale: string): Encoding | undefined {
  const [, name] = /\.([\w-]+)/.exec(locale) ?? [];
  if (name === undefined) return locale.endsWith("@euro") ? "iso-8859-15" : undefined;
  return encodingByName(name);
}

/** Decodes a stream of UTF-8, and drops a byte order mark at its start. */
class Utf8Decoder implements TextStreamDecoder {
  /** Keeps the incomplete character at the end of the last bytes. */
  #stream: TextDecoder | undefined;
  #started = false;
  /** Up to three bytes of an incomplete character. */
  #tail: Uint8Array = NO_BYTES;

  pending(): Uint8Array {
    return this.#tail;
  }

  decode(bytes: Uint8Array): string {
    if (bytes.length === 0) return "";
    const ascii = (bytes[bytes.length - 1] ?? 0) < 0x80;
    this.#tail = ascii ? NO_BYTES : utf8Tail(joinBytes([this.#tail, bytes.subarray(-3)]));
    if (!ascii) this.#stream ??= new TextDecoder("utf-8", { ignoreBOM: true });
    const text = this.#stream?.decode(bytes, { stream: true }) ?? wholeUtf8.decode(bytes);
    // After an ASCII character no incomplete one is left.
    if (ascii) this.#stream = undefined;
    const marked = !this.#started && text.startsWith("\ufeff");
    this.#started ||= text !== "";
    return marked ? text.slice(1) : text;
  }
}

/**
 * The bytes at the end, at most three, that are the valid beginning of an incomplete character (RFC
 * 3629).
 */
function utf8Tail(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const at = bytes.length - back;
    const lead = bytes[at] ?? 0;
    if (lead >= 0x80 && lead < 0xc0) continue;
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const valid = lead >= 0xc2 && lead <= 0xf4 && back < length &&
      (back === 1 || isSecondByte(lead, bytes[at + 1] ?? 0));
    return valid ? bytes.slice(at) : NO_BYTES;
  }
  return NO_BYTES;
}

/** Some lead bytes allow fewer second bytes than 0x80 to 0xBF: no overlong forms, no surrogates. */
function isSecondByte(lead: number, second: number): boolean {
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}

function whole(text: string): string {
  return text.replaceAll(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    "?",
  );
}
