import { TelnetError, throwMisuse } from "../protocol/error.ts";
import { CP437, CP850, PC_GRAPHICS, PC_HOUSE } from "./code_pages.ts";
import { joinBytes } from "../protocol/bytes.ts";
import { multiByteCodes, multiByteTail } from "./multi_byte.ts";
import { transliterate } from "./transliterate.ts";
import { inspect, nearestName, throwUnexpected } from "../protocol/validate.ts";

/**
 * The character sets of a connection. `latin1` is ISO 8859-1 to the letter. `cp437-art` is `cp437`
 * with the PC's graphics below 0x20, for art; line ends, ESC, TAB and the bell stay what they are.
 */
export type Encoding =
  | "utf-8"
  | "ascii"
  | "latin1"
  | `windows-125${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | "koi8-r"
  | "koi8-u"
  | "cp437"
  | "cp437-art"
  | "cp850"
  | "gbk"
  | "gb18030"
  | "big5"
  | "shift_jis"
  | "euc-jp"
  | "euc-kr";

/** A character set by its name, or by another label of the Encoding Standard, such as `"UTF8"`. */
export type EncodingLabel = Encoding | (string & Record<never, never>);

/** Your own character set, for example based on iconv-lite; accepted wherever a set is named. */
export interface TextCodec {
  /** Its name, as CHARSET spells it. */
  readonly name: string;
  /** Whether ASCII is the same in it, which is then sent much faster. Default `false`. */
  readonly ascii?: boolean;
  /** Starts a stream of a connection's bytes. */
  createDecoder(): TextStreamDecoder;
  /** Turns text into bytes; what the set lacks must become something else, and nothing may throw. */
  encode(text: string): Uint8Array;
}

/** Turns bytes of a stream into text; a character may be cut by the end of a chunk. */
export interface TextStreamDecoder {
  /** Decodes the next bytes. What cannot be decoded becomes U+FFFD; nothing throws. */
  decode(bytes: Uint8Array): string;
  /**
   * The bytes of an incomplete character. A new decoder that is given these bytes is in the same
   * state as this one. A client snapshot stores them. Without this method a snapshot loses an
   * incomplete character.
   */
  pending?(): Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
const QUESTION_MARK = 0x3f;
/** So many stand-ins for what a set lacks are remembered. */
const MAX_STAND_INS = 4_096;
/** No letter of any set has more marks; a longer run would cost more than its length. */
const MARKED = /\P{M}\p{M}{1,4}/gu;
const REPLACEMENT = "\ufffd";
/** The art of the PC does not use these, which move the cursor or ring. */
const KEPT_CONTROLS = "\x00\x07\x08\t\n\f\r\x1a\x1b";

/** Sets of one byte a character, by the platform's label or by their own table from 0x80 on. */
const SINGLE_BYTE: Readonly<Record<string, string | undefined>> = {
  "ascii": "",
  "latin1": Array.from({ length: 128 }, (_, at) => String.fromCharCode(0x80 + at)).join(""),
  "cp437": CP437,
  "cp437-art": CP437,
  "cp850": CP850,
  "windows-1250": undefined,
  "windows-1251": undefined,
  "windows-1252": undefined,
  "windows-1253": undefined,
  "windows-1254": undefined,
  "windows-1255": undefined,
  "windows-1256": undefined,
  "windows-1257": undefined,
  "windows-1258": undefined,
  "koi8-r": undefined,
  "koi8-u": undefined,
};
const MULTI_BYTE = ["gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"];

/** The names that {@linkcode checkEncoding} accepts. */
export const ENCODINGS: readonly Encoding[] = [
  "utf-8",
  ...Object.keys(SINGLE_BYTE),
  ...MULTI_BYTE,
] as Encoding[];

const utf8 = new TextEncoder();
/** For bytes that end with a whole character: without a stream to keep it is twice as fast. */
const wholeUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const utf8Codec: TextCodec = {
  name: "utf-8",
  ascii: true,
  createDecoder: () => new Utf8Decoder(),
  // Half a character has no code in UTF-8 either.
  encode: (text) => utf8.encode(text.isWellFormed() ? text : whole(text)),
};

/** The sets in use; each is made once, when it is first asked for. */
const codecs: Map<string, TextCodec> = new Map([["utf-8", utf8Codec]]);

/**
 * A decoder for one connection.
 *
 * The labels mean what they say: `latin1` is ISO 8859-1 to the letter, not windows-1252 as on the
 * web, and the bytes that a set leaves undefined cannot be decoded.
 *
 * @param encoding The character set.
 * @returns The decoder, with no bytes in it.
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
 * Turns text into bytes. A character that the set lacks becomes what stands for it, see
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
 * Checks a caller's character set, and makes it ready: its tables are made here, once.
 *
 * @param encoding A name of {@linkcode ENCODINGS}, or another label of it such as `"UTF8"`, or a codec.
 * @returns The name as {@linkcode ENCODINGS} has it, or the codec.
 * @throws {TelnetError} `misuse`: an unknown label, or no codec; `unsupported`: this runtime lacks the
 * set.
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
  const codec = encoding in SINGLE_BYTE ? singleByte(encoding) : multiByte(encoding);
  codecs.set(encoding, codec);
  return codec;
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
 * Other names of the sets: the labels of the Encoding Standard, and those of IANA that clients use. But
 * for `latin1` and `ascii` a label means the set that it names, not windows-1252.
 */
const LABELS: Readonly<Partial<Record<Encoding, string>>> = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
  "ascii": "us-ascii ansi_x3.4-1968 iso-ir-6 iso646-us",
  "latin1": "iso-8859-1 iso_8859-1:1987 iso-ir-100 cp819 ibm819 csisolatin1 l1",
  "cp437": "ibm437",
  "cp850": "ibm850",
  "windows-1250": "cp1250 x-cp1250",
  "windows-1251": "cp1251 x-cp1251",
  "windows-1252": "cp1252 x-cp1252",
  "windows-1253": "cp1253 x-cp1253",
  "windows-1254": "cp1254 x-cp1254 iso-8859-9 iso_8859-9:1989 iso-ir-148 csisolatin5 latin5 l5",
  "windows-1255": "cp1255 x-cp1255",
  "windows-1256": "cp1256 x-cp1256",
  "windows-1257": "cp1257 x-cp1257",
  "windows-1258": "cp1258 x-cp1258",
  "koi8-r": "koi koi8 cskoi8r",
  "koi8-u": "koi8-ru",
  "gbk": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312-80 iso-ir-58 x-gbk cp936",
  "big5": "big5-hkscs cn-big5 csbig5 x-x-big5",
  "shift_jis": "csshiftjis ms932 ms_kanji sjis windows-31j x-sjis cp932",
  "euc-jp": "cseucpkdfmtjapanese x-euc-jp",
  "euc-kr": "cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 " +
    "windows-949 cp949",
};

/** All names, in upper case and without signs. */
const NAMES: ReadonlyMap<string, Encoding> = new Map([
  ...ENCODINGS.map((name) => [plainName(name), name] as const),
  ...Object.entries(LABELS).flatMap(([name, labels]) =>
    labels.split(" ").map((label) => [plainName(label), name as Encoding] as const)
  ),
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
 * assertEquals(encodingByName("CP1251"), "windows-1251");
 * ```
 */
export function encodingByName(name: string): Encoding | undefined {
  return NAMES.get(plainName(name));
}

/**
 * The set of a locale, as in the variables `LANG` and `LC_ALL`.
 *
 * @param locale Such as `ru_RU.KOI8-R`.
 * @returns The set, or `undefined` where the locale names none that is known.
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
  return name === undefined ? undefined : encodingByName(name);
}

function plainName(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}

/** UTF-8 as a stream, without a byte order mark at its start. */
class Utf8Decoder implements TextStreamDecoder {
  /** Holds the part of a character that was cut by the end of the last bytes. */
  #stream: TextDecoder | undefined;
  #started = false;
  /** Up to three bytes of a character whose end has not come. */
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
    // An ASCII character at the end leaves nothing over.
    if (ascii) this.#stream = undefined;
    const marked = !this.#started && text.startsWith("\ufeff");
    this.#started ||= text !== "";
    return marked ? text.slice(1) : text;
  }
}

/** The bytes at the end of some, at most three, that begin a character and may go on (RFC 3629). */
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

/** A set of one byte a character. */
function singleByte(name: string): TextCodec {
  const high = SINGLE_BYTE[name] ?? platformTable(name);
  const table = Array.from({ length: 256 }, (_, byte) => {
    return byte < 0x80 ? String.fromCharCode(byte) : high[byte - 0x80] ?? REPLACEMENT;
  });
  const codes = new Map<string, Uint8Array>();
  for (const [byte, character] of table.entries()) {
    if (character !== REPLACEMENT) codes.set(character, Uint8Array.of(byte));
  }
  if (name === "cp437-art") drawControls(table, codes);
  const decode = (bytes: Uint8Array) => {
    let text = "";
    for (const byte of bytes) text += table[byte] ?? REPLACEMENT;
    return text;
  };
  const ascii = name !== "cp437-art";
  return { name, ascii, createDecoder: () => ({ decode }), encode: encoderOf(codes) };
}

/** The PC shows a picture for most of the control characters. */
function drawControls(table: string[], codes: Map<string, Uint8Array>): void {
  Array.from(PC_GRAPHICS + PC_HOUSE).forEach((picture, index) => {
    const byte = index < PC_GRAPHICS.length ? index + 1 : 0x7f;
    const control = String.fromCharCode(byte);
    if (KEPT_CONTROLS.includes(control)) return;
    table[byte] = picture;
    codes.delete(control);
    if (!codes.has(picture)) codes.set(picture, Uint8Array.of(byte));
  });
}

function platformTable(name: string): string {
  const bytes = Uint8Array.from({ length: 128 }, (_, at) => 0x80 + at);
  // The web's tables fill what windows leaves undefined with C1 controls.
  const table = platformDecoder(name).decode(bytes);
  return name.startsWith("windows") ? table.replaceAll(/[\x80-\x9f]/g, REPLACEMENT) : table;
}

/** A set of several bytes a character, decoded by the platform. */
function multiByte(name: string): TextCodec {
  const decoder = platformDecoder(name);
  return {
    name,
    ascii: true,
    createDecoder: () => new PlatformDecoder(name),
    encode: encoderOf(multiByteCodes(name, (bytes) => decoder.decode(bytes))),
  };
}

/** The platform's decoder as a stream that never throws: that of Node does at some broken codes. */
class PlatformDecoder implements TextStreamDecoder {
  readonly #name: string;
  #stream: TextDecoder;
  #tail: Uint8Array = NO_BYTES;

  constructor(name: string) {
    this.#name = name;
    this.#stream = platformDecoder(name);
  }

  pending(): Uint8Array {
    return this.#tail;
  }

  decode(bytes: Uint8Array): string {
    this.#tail = multiByteTail(this.#name, this.#tail, bytes);
    return this.#decode(bytes);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#stream.decode(bytes, { stream: true });
    } catch {
      this.#stream = platformDecoder(this.#name);
      if (bytes.length <= 1) return REPLACEMENT;
      // Byte by byte only the broken one is lost.
      return Array.from(bytes, (byte) => this.#decode(Uint8Array.of(byte))).join("");
    }
  }
}

function platformDecoder(name: string): TextDecoder {
  try {
    return new TextDecoder(name);
  } catch (cause) {
    throw new TelnetError("unsupported", `Cannot use ${name}: this runtime lacks it`, { cause });
  }
}

function encoderOf(codes: { get(character: string): Uint8Array | undefined }) {
  const standInOf = (character: string): Uint8Array => {
    const standIn = transliterate(character);
    const parts = Array.from(standIn ?? "", (other) => codes.get(other));
    if (standIn === undefined || parts.includes(undefined)) return Uint8Array.of(QUESTION_MARK);
    return Uint8Array.from(parts.flatMap((part) => [...part ?? []]));
  };
  // The fallback lookup is costly and text is often broadcast, so results are cached.
  const standIns = new Map<string, Uint8Array>();
  const codeOf = (character: string): Uint8Array => {
    const known = codes.get(character) ?? standIns.get(character);
    if (known !== undefined) return known;
    if (standIns.size >= MAX_STAND_INS) standIns.clear();
    const code = standInOf(character);
    standIns.set(character, code);
    return code;
  };
  /** A letter and its marks may be one character of the set. */
  const composed = (marked: string) =>
    Array.from(marked).every((character) => codes.get(character))
      ? marked
      : marked.normalize("NFC");
  return (text: string): Uint8Array => {
    let bytes = new Uint8Array(text.length * 2);
    let length = 0;
    for (const character of text.replaceAll(MARKED, composed)) {
      const code = codeOf(character);
      if (length + code.length > bytes.length) {
        const grown = new Uint8Array(bytes.length * 2 + code.length);
        grown.set(bytes);
        bytes = grown;
      }
      bytes.set(code, length);
      length += code.length;
    }
    return bytes.subarray(0, length);
  };
}

function whole(text: string): string {
  return text.replaceAll(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    "?",
  );
}
