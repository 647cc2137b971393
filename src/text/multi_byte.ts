import type { TextCodec, TextStreamDecoder } from "./codec.ts";
import {
  adjustBig5,
  adjustEucKr,
  type CodeTable,
  codeTable,
  decodeAll,
  eachCode,
  platformDecoder,
  range,
  rarePoint,
} from "./multi_byte_tables.ts";
import { type SetCodes, SetEncoder } from "./set_encoder.ts";
import { GB18030_RANGES } from "./tables/gb18030.ts";
import { textOfUnits } from "./units.ts";

/** The sets of East Asia, decoded and encoded by the rules of the Encoding Standard. */

/** The names of the multi-byte sets. */
export const MULTI_BYTE_NAMES: readonly string[] = [
  "gbk",
  "gb18030",
  "big5",
  "shift_jis",
  "euc-jp",
  "euc-kr",
];

const REPLACEMENT = 0xfffd;
const SUPPLEMENTARY = 0x10000;
/** Marks a lead byte: it begins a character of several bytes. */
const LEAD = 0xfffe;
const SS2 = 0x8e;
const SS3 = 0x8f;
const EURO = 0x20ac;
/** Half-width katakana, one byte each. */
const KATAKANA: readonly [byte: number, point: number][] = range(0xa1, 0xdf)
  .map((byte) => [byte, 0xff61 + byte - 0xa1]);

/** How the bytes of a set are decoded. */
interface ByteSet {
  /** The label of the platform's decoder. */
  readonly label: string;
  readonly table: CodeTable;
  /**
   * What each byte means by itself: a UTF-16 unit, {@linkcode LEAD}, or U+FFFD if it is invalid.
   */
  readonly single: Uint16Array;
  /** Codes of three bytes, of which the first is 0x8F (EUC-JP). */
  readonly third?: CodeTable;
  /** Whether a digit as the second byte means a code of four bytes (GB 18030). */
  readonly four?: boolean;
  /** Codes that stand for two code points. */
  readonly doubles?: ReadonlyMap<number, string>;
}

/** Big5 has two codes for each of these characters. The encoder uses the second. */
const WRITTEN_LAST = new Set([0x2550, 0x255e, 0x2561, 0x256a, 0x5341, 0x5345]);
/**
 * GB 18030-2022 moved these characters out of the private use area. Their former private-use code
 * points are still written with the same codes.
 */
const MOVED: ReadonlyMap<number, number> = new Map([
  ...moved(0xe78d, 0xa6d9, 7),
  ...moved(0xe794, 0xa6ec, 2),
  ...moved(0xe796, 0xa6f3, 1),
  ...moved(0xe81e, 0xfe59, 1),
  ...moved(0xe826, 0xfe61, 1),
  ...moved(0xe82b, 0xfe66, 2),
  ...moved(0xe832, 0xfe6d, 1),
  ...moved(0xe843, 0xfe7e, 1),
  ...moved(0xe854, 0xfe90, 1),
  ...moved(0xe864, 0xfea0, 1),
]);
/** The pointer of U+10000 in GB 18030: the index of its code among the four-byte codes. */
const GB18030_SUPPLEMENTARY = 189_000;
/** A four-byte code of GB 18030 that is in none of the ranges. */
const GB18030_ALONE: readonly [pointer: number, point: number] = [7_457, 0xe7c7];
const GB18030_BMP = 39_420;

/** Makes the codec of a multi-byte set, and its tables. */
export function multiByteCodec(name: string): TextCodec {
  const set = byteSet(name);
  const encoder = new SetEncoder(codesOf(name, set));
  const platform = new WholeDecoder(set);
  return {
    name,
    ascii: true,
    createDecoder: () => new MultiByteDecoder(set, platform),
    encode: (text) => encoder.encode(text),
  };
}

function byteSet(name: string): ByteSet {
  const high = range(0x81, 0xfe);
  const own = range(0xa1, 0xfe);
  const low = range(0x40, 0x7e);
  switch (name) {
    case "big5": {
      const platform = decodeAll("big5", [], high, [...low, ...own]);
      return {
        label: "big5",
        table: codeTable(adjustBig5(platform), platform),
        single: singles(high),
        doubles: new Map([
          [0x8862, "\u00ca\u0304"],
          [0x8864, "\u00ca\u030c"],
          [0x88a3, "\u00ea\u0304"],
          [0x88a5, "\u00ea\u030c"],
        ]),
      };
    }
    case "shift_jis": {
      const leads = [...range(0x81, 0x9f), ...range(0xe0, 0xfc)];
      const single = singles(leads);
      single[0x80] = 0x80;
      for (const [byte, point] of KATAKANA) single[byte] = point;
      return {
        label: "shift_jis",
        table: codeTable(decodeAll("shift_jis", [], leads, [...low, ...range(0x80, 0xfc)])),
        single,
      };
    }
    case "euc-jp": {
      const codes = decodeAll("euc-jp", [], own, own);
      for (const [byte, point] of KATAKANA) codes.set(SS2 << 8 | byte, point);
      return {
        label: "euc-jp",
        table: codeTable(codes),
        single: singles([...own, SS2, SS3]),
        // JIS X 0212 ends before 0xF3; some platforms decode later codes too.
        third: codeTable(decodeAll("euc-jp", [SS3], range(0xa1, 0xf2), own)),
      };
    }
    case "euc-kr": {
      const platform = decodeAll("euc-kr", [], high, range(0x41, 0xfe));
      return {
        label: "euc-kr",
        table: codeTable(adjustEucKr(platform), platform),
        single: singles(high),
      };
    }
    default: {
      const single = singles(high);
      single[0x80] = EURO;
      // Not every platform decodes all two-byte codes under the label `gbk`.
      const trails = [...low, ...range(0x80, 0xfe)];
      const table = codeTable(decodeAll("gb18030", [], high, trails));
      return { label: "gb18030", table, single, four: true };
    }
  }
}

/** What each byte means by itself; `leads` are the lead bytes. */
function singles(leads: readonly number[]): Uint16Array {
  const single = new Uint16Array(256).fill(REPLACEMENT);
  for (let byte = 0; byte < 0x80; byte++) single[byte] = byte;
  for (const lead of leads) single[lead] = LEAD;
  return single;
}

/** The codes with which each character is written. */
function codesOf(name: string, { table, single, third }: ByteSet): SetCodes {
  const codes = new Uint16Array(0x10000);
  const rare = new Map<number, number>();
  const set = (code: number, point: number) => {
    if (point >= SUPPLEMENTARY) rare.set(point, rare.get(point) ?? code);
    else if (codes[point] === 0 || WRITTEN_LAST.has(point)) codes[point] = code;
  };
  single.forEach((unit, byte) => {
    // GB 18030 has no one-byte characters beyond ASCII; only decoders accept 0x80 as the euro sign.
    const written = unit !== LEAD && unit !== REPLACEMENT && !(name === "gb18030" && byte === 0x80);
    if (written) set(byte, unit);
  });
  // Shift_JIS repeats some characters at the lead bytes 0xED and 0xEE; the other codes have
  // priority.
  const late: [code: number, point: number][] = [];
  eachCode(table, (code, point) => {
    const lead = code >>> 8;
    if (name === "shift_jis" && (lead === 0xed || lead === 0xee)) late.push([code, point]);
    // Big5 codes with a lead byte below 0xA1 exist only in the Hong Kong edition: they are not
    // written.
    else if (name !== "big5" || lead >= 0xa1) set(code, point);
  });
  for (const [code, point] of late) set(code, point);
  if (third !== undefined) {
    eachCode(third, (code, point) => {
      if (codes[point] === 0) rare.set(point, SS3 << 16 | code);
    });
  }
  if (name === "gbk" || name === "gb18030") {
    for (const [point, code] of MOVED) {
      codes[point] = code;
    }
  }
  const rareCode = (point: number) => rare.get(point) ?? 0;
  const all = name === "gb18030" ? gb18030Code : rareCode;
  return { codes, ascii: true, rare: all };
}

function moved(point: number, code: number, count: number): [number, number][] {
  return Array.from({ length: count }, (_, at) => [point + at, code + at]);
}

/**
 * The four-byte code of a character in GB 18030, as one number; 0 if there is none, as for a lone
 * surrogate.
 */
function gb18030Code(point: number): number {
  const pointer = gb18030Pointer(point);
  if (pointer === undefined) return 0;
  return (0x81 + Math.floor(pointer / 12_600)) * 0x1000000 +
    ((0x30 + Math.floor(pointer / 1_260) % 10) << 16) +
    ((0x81 + Math.floor(pointer / 10) % 126) << 8) +
    0x30 + pointer % 10;
}

function gb18030Pointer(point: number): number | undefined {
  if (point >= SUPPLEMENTARY) return GB18030_SUPPLEMENTARY + point - SUPPLEMENTARY;
  if (point === GB18030_ALONE[1]) return GB18030_ALONE[0];
  if (point < 0x80 || (point >= 0xd800 && point < 0xe000)) return undefined;
  const at = rangeOf(1, point);
  const pointer = (GB18030_RANGES[at] ?? 0) + point - (GB18030_RANGES[at + 1] ?? 0);
  // A character outside of the ranges has a two-byte code, or none.
  return gb18030Point(pointer) === point ? pointer : undefined;
}

/** The code point of a four-byte code of GB 18030, by its pointer. */
function gb18030Point(pointer: number): number {
  if (pointer >= GB18030_SUPPLEMENTARY) {
    const point = pointer - GB18030_SUPPLEMENTARY + SUPPLEMENTARY;
    return point <= 0x10ffff ? point : REPLACEMENT;
  }
  if (pointer === GB18030_ALONE[0]) return GB18030_ALONE[1];
  if (pointer >= GB18030_BMP) return REPLACEMENT;
  const at = rangeOf(0, pointer);
  return (GB18030_RANGES[at + 1] ?? 0) + pointer - (GB18030_RANGES[at] ?? 0);
}

/**
 * The index of the last range whose first pointer (0) or first code point (1) is at most a value.
 */
function rangeOf(part: 0 | 1, value: number): number {
  let low = 0;
  let high = GB18030_RANGES.length / 2 - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((GB18030_RANGES[2 * middle + part] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return 2 * low;
}

/**
 * Decodes with the platform's decoder, which is faster, if the bytes are whole characters that it
 * decodes to the same text.
 */
class WholeDecoder {
  readonly #decoder: TextDecoder;
  readonly #same: Uint8Array;
  /**
   * The kind of each byte: 1 if the platform decodes it to the same character, 2 for a lead byte,
   * else 0.
   */
  readonly #kinds = new Uint8Array(256);

  constructor({ label, table, single }: ByteSet) {
    this.#decoder = platformDecoder(label);
    this.#same = table.same;
    for (let byte = 0; byte < 256; byte++) {
      if (single[byte] === LEAD) this.#kinds[byte] = 2;
      else {
        const text = this.#decoder.decode(Uint8Array.of(byte));
        this.#kinds[byte] = text.length === 1 && text.charCodeAt(0) === single[byte] ? 1 : 0;
      }
    }
  }

  /** Decodes bytes; returns `undefined` if they contain anything else. */
  decode(bytes: Uint8Array): string | undefined {
    const [kinds, same] = [this.#kinds, this.#same];
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      const kind = kinds[byte];
      if (kind === 1) continue;
      if (kind === 0 || ++at === bytes.length) return undefined;
      if (same[(byte - 0x80) << 8 | bytes[at] as number] === 0) return undefined;
    }
    return this.#decoder.decode(bytes);
  }
}

/** Decodes a stream of bytes of a multi-byte set. */
class MultiByteDecoder implements TextStreamDecoder {
  readonly #set: ByteSet;
  readonly #platform: WholeDecoder;
  /** Up to three bytes of an incomplete character; 0 for each that is missing. */
  #first = 0;
  #second = 0;
  #third = 0;
  #units = new Uint16Array(0);
  #length = 0;

  constructor(set: ByteSet, platform: WholeDecoder) {
    this.#set = set;
    this.#platform = platform;
  }

  pending(): Uint8Array {
    return Uint8Array.from([this.#first, this.#second, this.#third].filter((byte) => byte !== 0));
  }

  decode(bytes: Uint8Array): string {
    const known = this.#first === 0 ? this.#platform.decode(bytes) : undefined;
    if (known !== undefined) return known;
    const { single, table: { units } } = this.#set;
    // Each byte of an incomplete character may become a character of its own if that is broken.
    const out = this.#units = new Uint16Array(bytes.length + 4);
    let length = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (this.#first === 0) {
        const unit = single[byte] as number;
        if (unit === LEAD) this.#first = byte;
        else out[length++] = unit;
        continue;
      }
      const unit = this.#second === 0 ? units[(this.#first - 0x80) << 8 | byte] as number : 0;
      if (unit !== 0 && (unit < 0xd800 || unit > 0xdfff)) {
        out[length++] = unit;
        this.#first = 0;
        continue;
      }
      this.#length = length;
      this.#rare(byte, unit);
      length = this.#length;
    }
    this.#units = NO_UNITS;
    return textOfUnits(out, length);
  }

  /** Takes a second or later byte that does not complete a character of one UTF-16 unit. */
  #rare(byte: number, unit: number): void {
    const { table, third, four, doubles } = this.#set;
    const [first, second] = [this.#first, this.#second];
    if (second !== 0) return third === undefined ? this.#fourBytes(byte) : this.#threeBytes(byte);
    if (unit !== 0) return this.#end(rarePoint(unit, table.rare));
    const isOwn = byte >= 0xa1 && byte <= 0xfe;
    if ((four && byte >= 0x30 && byte <= 0x39) || (third !== undefined && first === SS3 && isOwn)) {
      this.#second = byte;
      return;
    }
    const double = doubles?.get(first << 8 | byte);
    if (double === undefined) return this.#broken(byte);
    this.#end(double.charCodeAt(0));
    this.#end(double.charCodeAt(1));
  }

  /** Takes the third byte of an EUC-JP code that begins with 0x8F. */
  #threeBytes(byte: number): void {
    const { third } = this.#set;
    const unit = third?.units[(this.#second - 0x80) << 8 | byte] ?? 0;
    if (unit !== 0) return this.#end(rarePoint(unit, third?.rare ?? []));
    this.#broken(byte);
  }

  /** Takes the third or fourth byte of a GB 18030 code. */
  #fourBytes(byte: number): void {
    const [first, second, third] = [this.#first, this.#second, this.#third];
    if (third === 0 && byte >= 0x81 && byte <= 0xfe) {
      this.#third = byte;
      return;
    }
    if (third !== 0 && byte >= 0x30 && byte <= 0x39) {
      const pointer = ((first - 0x81) * 10 + second - 0x30) * 1_260 + (third - 0x81) * 10 + byte -
        0x30;
      return this.#end(gb18030Point(pointer));
    }
    this.#end(REPLACEMENT);
    this.#again(second);
    if (third !== 0) this.#again(third);
    this.#again(byte);
  }

  /** Replaces invalid bytes with U+FFFD. If the last of them is ASCII, it is kept. */
  #broken(byte: number): void {
    this.#end(REPLACEMENT);
    if (byte < 0x80) this.#again(byte);
  }

  /** Appends a code point and clears the incomplete character. */
  #end(point: number): void {
    if (point >= SUPPLEMENTARY) {
      this.#units[this.#length++] = 0xd800 + (point - SUPPLEMENTARY >> 10);
      this.#units[this.#length++] = 0xdc00 + (point - SUPPLEMENTARY & 0x3ff);
    } else this.#units[this.#length++] = point;
    this.#first = this.#second = this.#third = 0;
  }

  /** Decodes a byte of a broken character again, by itself. */
  #again(byte: number): void {
    if (this.#first !== 0) {
      const unit = this.#second === 0
        ? this.#set.table.units[(this.#first - 0x80) << 8 | byte] as number
        : 0;
      return this.#rare(byte, unit);
    }
    const unit = this.#set.single[byte] as number;
    if (unit === LEAD) this.#first = byte;
    else this.#units[this.#length++] = unit;
  }
}

const NO_UNITS = new Uint16Array(0);
