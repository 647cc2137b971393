import { transliterate } from "./transliterate.ts";

/** The codes of a character set. */
export interface SetCodes {
  /**
   * The code of each UTF-16 unit, its bytes as one number; 0 if the set has none, or if `rare`
   * returns it. ASCII characters have their ASCII codes, or those of what replaces them.
   */
  readonly codes: Uint16Array;
  /** Whether ASCII is the same in the set. */
  readonly ascii: boolean;
  /** Whether no character has more than one byte. Default `false`. */
  readonly single?: boolean;
  /** The code of other characters, as one number; 0 if there is none. */
  readonly rare?: (point: number) => number;
}

const utf8 = new TextEncoder();
const NO_BYTES = new Uint8Array(0);
const NOT_ASCII = /[^\x00-\x7f]/;
const QUESTION_MARK = 0x3f;
/** How often what replaces a character is replaced in turn. */
const MAX_REPLACED = 3;
/** The maximum number of cached stand-ins. */
const MAX_STAND_INS = 4_096;
/**
 * A letter and its marks, or a syllable of Hangul in letters. No letter of any set has more than four
 * marks; longer runs would be too costly.
 */
const MARKED = /^(?:[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|\P{M}\p{M}{1,4})/u;
const MAX_MARKED = 10;
const MAX_MARKS = 3;
const FIRST_MARK = 0x300;
const MARK = /^\p{M}$/u;
/** Signs that East Asian sets have in another width or shape. */
const EQUIVALENTS: ReadonlyMap<string, string> = new Map(
  "µμ μµ ¢￠ £￡ ¬￢ ¯￣ ‾￣ ¦￤ ¥￥ ₩￦ 〜～ ～〜 ‖∥ ∥‖ −－ －− —― ―—".split(" ")
    .map(([one = "", other = ""]) => [one, other] as const),
);

/** Encodes text. A character that the set lacks becomes its stand-in, or one question mark. */
export class SetEncoder {
  readonly #codes: Uint16Array;
  readonly #ascii: boolean;
  readonly #rare: (point: number) => number;
  readonly #single: boolean;
  readonly #standIns: Map<string, Uint8Array> = new Map();

  constructor({ codes, ascii, single = false, rare = () => 0 }: SetCodes) {
    this.#codes = codes;
    this.#ascii = ascii;
    this.#rare = rare;
    this.#single = single;
  }

  /** The bytes of a text. */
  encode(text: string): Uint8Array {
    if (this.#ascii && !NOT_ASCII.test(text)) return utf8.encode(text);
    return this.#single ? this.#encodeBytes(text) : this.#encodeFrom(text, 0, NO_BYTES);
  }

  /** The bytes of a text, one for each character as long as the set has all of them. */
  #encodeBytes(text: string): Uint8Array {
    const codes = this.#codes;
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const code = codes[unit] as number;
      if (code === 0 && unit !== 0) return this.#encodeFrom(text, at, bytes);
      bytes[at] = code;
    }
    return bytes;
  }

  /** The bytes of a text whose first `begin` characters are one byte each, in `encoded`. */
  #encodeFrom(text: string, begin: number, encoded: Uint8Array): Uint8Array {
    const codes = this.#codes;
    let bytes = new Uint8Array(text.length * 2);
    bytes.set(encoded);
    let length = begin;
    /** The text before this position is encoded, and no mark can join it any more. */
    let done = 0;
    for (let at = begin; at < text.length;) {
      const unit = text.charCodeAt(at);
      const code = codes[unit] as number;
      if (code !== 0 || unit === 0) {
        // The array has room for two bytes of each remaining unit.
        if (code > 0xff) bytes[length++] = code >> 8;
        bytes[length++] = code;
        at++;
        continue;
      }
      const { start, end, encoded } = isAlone(unit) && isAlone(text.charCodeAt(at + 1))
        ? { start: at, end: at + 1, encoded: this.#codeOf(text.charAt(at)) }
        : this.#encodeRare(text, at, done);
      for (const one of text.slice(start, at)) length -= this.#codeOf(one).length;
      const room = length + encoded.length + 2 * (text.length - end);
      if (room > bytes.length) {
        const grown = new Uint8Array(room + bytes.length);
        grown.set(bytes.subarray(0, length));
        bytes = grown;
      }
      bytes.set(encoded, length);
      length += encoded.length;
      done = at = end;
    }
    return bytes.subarray(0, length);
  }

  /**
   * Encodes a character that is not a unit of the set, together with its letter or its marks.
   *
   * @param done Nothing before this position belongs to it.
   * @returns The bytes, and the part of the text that they encode.
   */
  #encodeRare(
    text: string,
    at: number,
    done: number,
  ): { readonly start: number; readonly end: number; readonly encoded: Uint8Array } {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    // A mark belongs to the letter before it. There may be other marks between them.
    const isMark = MARK.test(character);
    let start = at;
    if (isMark) {
      while (start > done && at - start < MAX_MARKS && MARK.test(text.charAt(start - 1))) start--;
      const joins = start > done && !MARK.test(text.charAt(start - 1));
      if (!joins) {
        return { start: at, end: at + character.length, encoded: this.#codeOf(character) };
      }
      start--;
    }
    const [marked] = MARKED.exec(text.slice(start, start + MAX_MARKED)) ?? [];
    const whole = marked ?? character;
    const composed = marked === undefined || this.#hasAll(marked) ? whole : marked.normalize("NFC");
    const encoded: number[] = [];
    for (const one of composed) encoded.push(...this.#codeOf(one));
    return { start, end: start + whole.length, encoded: Uint8Array.from(encoded) };
  }

  #hasAll(text: string): boolean {
    for (const character of text) if (this.#ownCode(character) === 0) return false;
    return true;
  }

  /** The code that the set has for a character; 0 for none, and for NUL. */
  #ownCode(character: string): number {
    const point = character.codePointAt(0) ?? 0;
    return (character.length === 1 ? this.#codes[point] : 0) || this.#rare(point);
  }

  #codeOf(character: string): Uint8Array {
    const code = this.#ownCode(character);
    if (code !== 0 || character === "\0") return bytesOf(code);
    const known = this.#standIns.get(character);
    if (known !== undefined) return known;
    // The search is costly and text is often broadcast, so the result is cached.
    if (this.#standIns.size >= MAX_STAND_INS) this.#standIns.clear();
    const standIn = this.#standInOf(character);
    this.#standIns.set(character, standIn);
    return standIn;
  }

  /** A letter of the set and a mark of the set, as in windows-1258. */
  #apart(character: string): Uint8Array | undefined {
    const parts = [...character.normalize("NFD")];
    for (let at = parts.length - 1; at > 0; at--) {
      const mark = this.#ownCode(parts[at] ?? "");
      const letter = parts.toSpliced(at, 1).join("").normalize("NFC");
      const letterCode = mark !== 0 && [...letter].length === 1 ? this.#ownCode(letter) : 0;
      if (letterCode !== 0) return Uint8Array.of(...bytesOf(letterCode), ...bytesOf(mark));
    }
    return undefined;
  }

  #standInOf(character: string): Uint8Array {
    const apart = this.#apart(character);
    if (apart !== undefined) return apart;
    const same = EQUIVALENTS.get(character);
    const sameCode = same === undefined ? 0 : this.#ownCode(same);
    if (sameCode !== 0) return bytesOf(sameCode);
    return Uint8Array.from(this.#replaced(character, MAX_REPLACED) ?? [QUESTION_MARK]);
  }

  /**
   * The bytes of what replaces a character; what the set lacks of that is replaced again, so many
   * times. `undefined` if the set has nothing for it.
   */
  #replaced(character: string, times: number): number[] | undefined {
    const standIn = times === 0 ? undefined : transliterate(character);
    if (standIn === undefined) return undefined;
    const bytes: number[] = [];
    for (const one of standIn) {
      const code = this.#ownCode(one);
      const own = code === 0 ? this.#replaced(one, times - 1) : bytesOf(code);
      if (own === undefined) return undefined;
      bytes.push(...own);
    }
    return bytes;
  }
}

/** Whether a unit cannot be a mark, a part of a syllable or a surrogate; `true` past the end. */
function isAlone(unit: number): boolean {
  return !(unit >= FIRST_MARK) || (joining ??= joiningUnits())[unit] === 0;
}

/** For each UTF-16 unit, whether it may join another; made for the first character that a set lacks. */
let joining: Uint8Array | undefined;

function joiningUnits(): Uint8Array {
  const found = new Uint8Array(0x10000);
  const units = Array.from({ length: 0xd800 }, (_, unit) => String.fromCharCode(unit)).join("");
  for (const { index } of units.matchAll(/[\p{M}\u1100-\u11ff]/gu)) found[index] = 1;
  found.fill(1, 0xd800, 0xe000);
  for (let unit = 0xe000; unit < 0x10000; unit++) {
    if (MARK.test(String.fromCharCode(unit))) found[unit] = 1;
  }
  return found;
}

/** The bytes of a code. */
function bytesOf(code: number): Uint8Array {
  if (code < 0x100) return Uint8Array.of(code);
  if (code < 0x10000) return Uint8Array.of(code >>> 8, code);
  if (code < 0x1000000) return Uint8Array.of(code >>> 16, code >>> 8, code);
  return Uint8Array.of(code >>> 24, code >>> 16, code >>> 8, code);
}
