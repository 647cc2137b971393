import { TelnetError } from "../protocol/error.ts";
import { BIG5_PARTS } from "./tables/big5.ts";

/**
 * The two-byte codes of the East Asian sets, by the indexes of the Encoding Standard. Each platform
 * knows most of an index, and codes that some platforms lack are added: so every runtime decodes
 * the same.
 */

/** The characters of two-byte codes. */
export interface CodeTable {
  /**
   * Indexed by lead byte (from 0x80 on) and trail byte: a UTF-16 unit; a value in the surrogate
   * range, which is 0xD800 plus an index in `rare`; or 0 for no character.
   */
  readonly units: Uint16Array;
  /** Code points beyond the BMP. */
  readonly rare: readonly number[];
  /** 1 for each code that the platform decodes to the same character. */
  readonly same: Uint8Array;
}

/**
 * Called with each code in order. If a character has two codes, the first is the one that is
 * written.
 */
export type EachCode = (code: number, point: number) => void;

const LF = 0x0a;
const REPLACEMENT = 0xfffd;
const SUPPLEMENTARY = 0x10000;
const FIRST_RARE = 0xd800;
const PRIVATE_USE: readonly [number, number] = [0xe000, 0xf8ff];
const BIG5_TRAILS = 157;

/**
 * Makes the table of codes.
 *
 * @param codes The code point of each code.
 * @param platform What the platform decodes each code to.
 */
export function codeTable(
  codes: ReadonlyMap<number, number>,
  platform: ReadonlyMap<number, number> = codes,
): CodeTable {
  const same = new Uint8Array(0x8000);
  const units = new Uint16Array(0x8000);
  const rare: number[] = [];
  for (const [code, point] of codes) {
    const at = code - 0x8000;
    if (platform.get(code) === point) same[at] = 1;
    units[at] = point < SUPPLEMENTARY ? point : FIRST_RARE + rare.push(point) - 1;
  }
  return { units, rare, same };
}

/** Calls `call` with each code of a table and its character, in the order of the codes. */
export function eachCode({ units, rare }: CodeTable, call: EachCode): void {
  for (let at = 0; at < units.length; at++) {
    const unit = units[at] ?? 0;
    if (unit !== 0) call(at + 0x8000, rarePoint(unit, rare));
  }
}

/** The code point for a value of a table. */
export function rarePoint(unit: number, rare: readonly number[]): number {
  return unit >= FIRST_RARE && unit < 0xe000 ? rare[unit - FIRST_RARE] ?? REPLACEMENT : unit;
}

/**
 * Decodes every code with the platform's decoder. Each code is followed by a line feed, which ends
 * even a broken one.
 *
 * @param label The platform's name of the set.
 * @param prefix The first byte of codes of three bytes; else empty.
 * @param leads The lead bytes of the codes.
 * @param trails Their trail bytes.
 */
export function decodeAll(
  label: string,
  prefix: readonly number[],
  leads: readonly number[],
  trails: readonly number[],
): Map<number, number> {
  const size = prefix.length + 3;
  const bytes = new Uint8Array(leads.length * trails.length * size);
  let at = 0;
  for (const lead of leads) {
    for (const trail of trails) {
      for (const byte of prefix) bytes[at++] = byte;
      bytes[at++] = lead;
      bytes[at++] = trail;
      bytes[at++] = LF;
    }
  }
  const text = platformDecoder(label).decode(bytes);
  const codes = new Map<number, number>();
  let start = 0;
  for (const lead of leads) {
    for (const trail of trails) {
      const end = text.indexOf("\n", start);
      const point = end > start ? text.codePointAt(start) ?? 0 : REPLACEMENT;
      const single = end - start === (point >= SUPPLEMENTARY ? 2 : 1);
      if (single && point !== REPLACEMENT) codes.set(lead << 8 | trail, point);
      start = end + 1;
    }
  }
  return codes;
}

/** The platform's decoder of a set. */
export function platformDecoder(name: string): TextDecoder {
  try {
    return new TextDecoder(name);
  } catch (cause) {
    throw new TelnetError("unsupported", `Cannot use ${name}: this runtime does not have it`, {
      cause,
    });
  }
}

/**
 * Adjusts Big5: codes that not every platform knows come from the index, and private-use characters
 * are removed.
 */
export function adjustBig5(platform: ReadonlyMap<number, number>): Map<number, number> {
  const codes = new Map(platform);
  for (const [code, point] of codes) {
    if (point >= PRIVATE_USE[0] && point <= PRIVATE_USE[1]) codes.delete(code);
  }
  for (const [first, characters] of BIG5_PARTS) {
    let pointer = first;
    for (const character of characters) {
      const trail = pointer % BIG5_TRAILS;
      const lead = 0x81 + Math.floor(pointer++ / BIG5_TRAILS);
      const code = lead << 8 | trail + (trail < 0x3f ? 0x40 : 0x62);
      const point = character.codePointAt(0) ?? REPLACEMENT;
      if (point === REPLACEMENT) codes.delete(code);
      else codes.set(code, point);
    }
  }
  return codes;
}

const HANGUL: readonly [number, number] = [0xac00, 0xd7a3];

/**
 * Adjusts EUC-KR: the syllables that KS X 1001 lacks fill its free codes in order, and two signs (€
 * and ®) are added.
 */
export function adjustEucKr(platform: ReadonlyMap<number, number>): Map<number, number> {
  const codes = new Map(platform);
  for (const [code, point] of codes) {
    const own = code >>> 8 >= 0xa1 && (code & 0xff) >= 0xa1;
    if (!own || (point >= PRIVATE_USE[0] && point <= PRIVATE_USE[1])) codes.delete(code);
  }
  codes.set(0xa2e6, 0x20ac);
  codes.set(0xa2e7, 0xae);
  const known = new Set(codes.values());
  let syllable = HANGUL[0];
  for (let lead = 0x81; lead <= 0xc6; lead++) {
    for (let trail = 0x41; trail <= (lead < 0xa1 ? 0xfe : 0xa0); trail++) {
      if (trail > 0x5a && trail < 0x81 && (trail < 0x61 || trail > 0x7a)) continue;
      while (known.has(syllable)) syllable++;
      if (syllable > HANGUL[1]) return codes;
      codes.set(lead << 8 | trail, syllable++);
    }
  }
  return codes;
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
