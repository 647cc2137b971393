import { beginsSequence, sequenceEnd, withoutSequences } from "./escape_sequences.ts";
import { rejectUnknownKeys, throwUnexpected } from "../protocol/validate.ts";
import { copied } from "../protocol/pieces.ts";
import { textOfUnits } from "./units.ts";
import { AMBIGUOUS, NO_COLUMN, TWO_COLUMNS } from "./tables/widths.ts";

/**
 * How many columns a text takes on a terminal: wide characters of East Asia and emoji take two, combining marks and
 * control characters none (Unicode Standard Annex 11).
 */

const NOT_ASCII = /[^\x20-\x7e]/;
/** A cluster that shows as one emoji: a flag, a keycap, a sequence with a joiner or a variation. */
const EMOJI_CLUSTER =
  /^(?:\p{Regional_Indicator}{2}|\p{Emoji}\ufe0f|\p{Extended_Pictographic}.*\u200d|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})/su;

/** No character below this code joins another, except CR and LF. */
const FIRST_COMBINING = 0x300;
/** No grapheme cluster in use is longer than this; it bounds the work of one backspace. */
const MAX_CLUSTER = 32;
const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * How many columns an ambiguous character of East Asia takes, such as `“`, `…`, `■` or a Greek letter: two on terminals
 * that are set up for the old character sets of China, Japan and Korea, one on others.
 */
export type AmbiguousWidth = 1 | 2;

/** How to count columns. */
export interface WidthOptions {
  /** Columns of ambiguous characters of East Asia, such as `“`, `…` and `■`. Default 1. */
  readonly ambiguousWidth?: AmbiguousWidth | undefined;
}

const NO_OPTIONS: WidthOptions = {};

/** Checks the `ambiguousWidth` that a caller gave. */
export function checkAmbiguousWidth(what: string, width: unknown): void {
  if (width !== undefined && width !== 1 && width !== 2) throwUnexpected(what, "1 or 2", width);
}

function widthsOf(what: string, options: WidthOptions): Widths {
  if (options === NO_OPTIONS) return NARROW_WIDTHS;
  rejectUnknownKeys(what, options, { ambiguousWidth: true });
  checkAmbiguousWidth(`${what}.ambiguousWidth`, options.ambiguousWidth);
  return widthsFor(options.ambiguousWidth);
}

/**
 * The number of columns that a text takes. Escape sequences take none; caret codes are plain text
 * here.
 *
 * @param text One line.
 * @param options Each field has its default.
 * @returns Columns.
 * @throws {TelnetError} `misuse`: an unknown option.
 *
 * @example
 * ```ts
 * import { textWidth } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textWidth("naïve"), 5);
 * assertEquals(textWidth("日本"), 4);
 * assertEquals(textWidth("👩‍🚀 \x1b[1mok\x1b[0m"), 5);
 * assertEquals(textWidth("“ja”", { ambiguousWidth: 2 }), 6);
 * ```
 */
export function textWidth(text: string, options: WidthOptions = NO_OPTIONS): number {
  return widthsOf("textWidth", options).of(text);
}

/**
 * The columns of one grapheme cluster.
 *
 * @param cluster One cluster, as `graphemes` returns it.
 * @param options Each field has its default.
 * @returns Columns.
 * @throws {TelnetError} `misuse`: an unknown option.
 */
export function clusterWidth(cluster: string, options: WidthOptions = NO_OPTIONS): number {
  return widthsOf("clusterWidth", options).ofCluster(cluster);
}

/** Mask of the bits that hold the number of columns of a UTF-16 unit by itself. */
export const WIDTH = 3;
/** The unit joins no other plain one, so that no search for clusters is necessary. */
export const PLAIN = 4;
/** White space at which a line may break. */
export const SPACE = 8;
/** The unit may begin a caret code or an escape sequence. */
export const CODE = 16;
/** A line may break after it within a word. */
export const HYPHEN = 32;
/** A letter of any script. */
export const LETTER = 64;
const DIGIT = 128;
/** A letter or a digit. */
export const LETTER_OR_DIGIT: number = LETTER | DIGIT;

/** A grapheme cluster in a run of text. */
export interface Cluster {
  /** How many UTF-16 units it has. */
  readonly length: number;
  /** How many columns it takes. */
  readonly width: number;
}

/** The end of a run, from `start`, of characters that may join each other. */
export function runEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && !(isAlone(text, end) && isPlain(text.charCodeAt(end - 1)))) end++;
  return end;
}

/** Limits of the cache of runs: UTF-16 units of a run, and number of runs. */
const MAX_KNOWN_RUN = 16;
const MAX_KNOWN_RUNS = 4_096;
/** Characters by kind. Hyphens and dashes are those after which a line may break. */
const KINDS: readonly (readonly [RegExp, number])[] = [
  [/(?:[^\S\u00a0\u2007\u202f\ufeff]|\u200b)+/g, SPACE],
  [/[-\u00ad\u2010\u2012-\u2014]+/g, HYPHEN],
  [/\p{L}+/gu, LETTER],
  [/\p{N}+/gu, DIGIT],
];
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

/** A text with every UTF-16 unit at the index of its code; surrogates are replaced with NUL. */
function allUnits(): string {
  const units = new Uint16Array(0x10000).map((_, code) => code);
  return textOfUnits(units.fill(0, FIRST_SURROGATE, LAST_SURROGATE + 1), units.length);
}

function fillRanges(widths: Uint8Array, ranges: readonly number[], width: number): void {
  for (let at = 0; at < ranges.length; at += 2) {
    widths.fill(width, ranges[at], (ranges[at + 1] ?? 0) + 1);
  }
}

/** Counts columns as a terminal does. */
export class Widths {
  readonly ambiguous: AmbiguousWidth;
  readonly #runs: Map<string, readonly Cluster[]> = new Map();
  #units: Uint8Array | undefined;

  constructor(ambiguous: AmbiguousWidth) {
    this.ambiguous = ambiguous;
  }

  /** The bits of each UTF-16 unit, such as {@linkcode PLAIN}; built when text is first measured. */
  get units(): Uint8Array {
    if (this.#units !== undefined) return this.#units;
    const widths = new Uint8Array(0x10000).fill(1);
    if (this.ambiguous === 2) fillRanges(widths, AMBIGUOUS, 2);
    widths[SOFT_HYPHEN] = 1;
    fillRanges(widths, TWO_COLUMNS, 2);
    fillRanges(widths, NO_COLUMN, 0);
    const table = new Uint8Array(0x10000);
    for (let code = 0; code < table.length; code++) {
      if (code >= FIRST_SURROGATE && code <= LAST_SURROGATE) continue;
      let bits = isPlain(code) ? PLAIN | (widths[code] as number) : 0;
      if (code === 0x5e || beginsSequence(code)) bits |= CODE;
      table[code] = bits;
    }
    // A regular expression finds whole runs, much faster than a test of each character.
    const all = allUnits();
    for (const [pattern, bit] of KINDS) {
      for (const { 0: run, index } of all.matchAll(pattern)) {
        for (let at = index; at < index + run.length; at++) table[at] = (table[at] as number) | bit;
      }
    }
    return this.#units = table;
  }

  /**
   * The end of a run of characters that join no other character, and that all take the same number
   * of columns, one or two. Returns `at` if no such character is there.
   */
  alikeEnd(text: string, at: number): number {
    const { units } = this;
    let bits = 0;
    let end = at;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      const own = (units[code] as number) & (PLAIN | WIDTH);
      if (code < 0x20 || (end === at ? own <= PLAIN : own !== bits)) break;
      bits = own;
    }
    // The character after the run may join the last one.
    return end > at && end < text.length && !isPlain(text.charCodeAt(end)) ? end - 1 : end;
  }

  /** The columns of a text; escape sequences take none. */
  of(text: string): number {
    if (!NOT_ASCII.test(text)) return text.length;
    const known = asciiWidth(text);
    if (known !== undefined) return known;
    const plain = withoutSequences(text);
    const table = this.units;
    let width = 0;
    for (let at = 0; at < plain.length;) {
      const unit = table[plain.charCodeAt(at)] ?? 0;
      const next = at + 1 < plain.length ? table[plain.charCodeAt(at + 1)] ?? 0 : PLAIN;
      if ((unit & next & PLAIN) !== 0) {
        width += unit & WIDTH;
        at++;
        continue;
      }
      const end = runEnd(plain, at);
      for (const cluster of this.clustersOf(plain.slice(at, end))) width += cluster.width;
      at = end;
    }
    return width;
  }

  /** Whether each UTF-16 unit of a text is a character of one column that joins no other. */
  areOne(text: string): boolean {
    if (!NOT_ASCII.test(text)) return true;
    const table = this.units;
    for (let at = 0; at < text.length; at++) {
      if (((table[text.charCodeAt(at)] as number) & (PLAIN | WIDTH)) !== (PLAIN | 1)) return false;
    }
    return true;
  }

  /** The columns of one grapheme cluster. */
  ofCluster(cluster: string): number {
    const code = cluster.charCodeAt(0);
    if (cluster.length === 1 && code < 0x7f) return code < 0x20 ? 0 : 1;
    if (EMOJI_CLUSTER.test(cluster)) return 2;
    let width = 0;
    for (const character of cluster) width += this.#ofPoint(character.codePointAt(0) ?? 0);
    return width;
  }

  /** The clusters of a run, from a cache: most runs are emoji, and occur again. */
  clustersOf(run: string): readonly Cluster[] {
    const known = this.#runs.get(run);
    if (known !== undefined) return known;
    const clusters = Array.from(SEGMENTER.segment(run), ({ segment }) => ({
      length: segment.length,
      width: this.ofCluster(segment),
    }));
    if (run.length > MAX_KNOWN_RUN) return clusters;
    if (this.#runs.size >= MAX_KNOWN_RUNS) this.#runs.clear();
    this.#runs.set(copied(run), clusters);
    return clusters;
  }

  #ofPoint(point: number): number {
    if (isIn(NO_COLUMN, point)) return 0;
    if (isIn(TWO_COLUMNS, point)) return 2;
    return this.ambiguous === 2 && point !== SOFT_HYPHEN && isIn(AMBIGUOUS, point) ? 2 : 1;
  }
}

/** The columns of a text of printable ASCII and escape sequences; `undefined` for another text. */
function asciiWidth(text: string): number | undefined {
  let width = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code >= 0x20 && code < 0x7f) {
      width++;
      at++;
    } else if (beginsSequence(code)) at = sequenceEnd(text, at, "program");
    else return undefined;
  }
  return width;
}

const SOFT_HYPHEN = 0xad;
/** Ambiguous characters take one column. */
export const NARROW_WIDTHS: Widths = new Widths(1);
const WIDE_WIDTHS = new Widths(2);

/** The widths of a terminal. */
export function widthsFor(ambiguousWidth: AmbiguousWidth = 1): Widths {
  return ambiguousWidth === 2 ? WIDE_WIDTHS : NARROW_WIDTHS;
}

/** Whether a code point is in one of the ranges: first and last of each. */
function isIn(ranges: readonly number[], point: number): boolean {
  let low = 0;
  let high = ranges.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (point < (ranges[2 * middle] ?? 0)) high = middle - 1;
    else if (point > (ranges[2 * middle + 1] ?? 0)) low = middle + 1;
    else return true;
  }
  return false;
}

/**
 * Removes escape sequences from a text. An unfinished sequence extends to the end of the text, as
 * on a terminal.
 */
export function stripAnsi(text: string): string {
  return withoutSequences(text);
}

/** Splits a text into grapheme clusters: what a person sees as one character each. */
export function graphemes(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  while (start < text.length) {
    // Characters that join no other do not need the segmenter, which is slow.
    while (start < text.length && isAlone(text, start)) found.push(text.charAt(start++));
    if (start === text.length) break;
    const end = runEnd(text, start);
    for (const { segment } of SEGMENTER.segment(text.slice(start, end))) found.push(segment);
    start = end;
  }
  return found;
}

/** The grapheme cluster that begins at a position. The rest of a very long one is another one. */
export function firstCluster(text: string, at: number): string {
  if (at >= text.length || isAlone(text, at)) return text.charAt(at);
  const [cluster = ""] = graphemes(text.slice(at, at + 2 * MAX_CLUSTER));
  return cluster;
}

/**
 * Whether the character at a position is a cluster by itself, regardless of what comes before it.
 */
function isAlone(text: string, at: number): boolean {
  return isPlain(text.charCodeAt(at)) &&
    (at + 1 === text.length || isPlain(text.charCodeAt(at + 1)));
}

/**
 * Whether a UTF-16 unit is a character that joins no other such character: most Latin, Greek and
 * Cyrillic letters, and the most common East Asian characters. CR is not one, because it joins LF.
 */
function isPlain(code: number): boolean {
  if (code < FIRST_COMBINING) return code !== 0x0d;
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0x3001 && code <= 0x3020) || (code >= 0xff01 && code <= 0xff60) ||
    (code >= 0x3041 && code <= 0x3096) || (code >= 0x30a1 && code <= 0x30fa) ||
    (code >= 0x0400 && code <= 0x0481) || (code >= 0x048a && code <= 0x052f) ||
    (code >= 0x0370 && code <= 0x03ff);
}

/**
 * Whether a cluster may extend across a position. If so, the text around it must be split into
 * clusters again.
 *
 * @param text The text.
 * @param at The position, in UTF-16 units.
 */
export function mayJoin(text: string, at: number): boolean {
  const inside = at > 0 && at < text.length;
  return inside && !(isPlain(text.charCodeAt(at - 1)) && isPlain(text.charCodeAt(at)));
}

/**
 * Matches characters whose width differs between terminals, by their version of Unicode and by
 * whether they join clusters: emoji, format characters, most marks, line separators, parts of
 * Korean syllables by themselves, and some East Asian characters.
 */
const UNSTABLE =
  /^[\u1160-\u11ff]|[\u1100-\u115f]{2}|[\p{Emoji_Presentation}\p{Regional_Indicator}\p{Cf}\p{Mc}\p{Me}]|(?![\u0300-\u036f\u0591-\u05c7\u064b-\u065e\u0e31-\u0e4e])\p{Mn}|[\u06de\u0d4e\u0e33\u0eb3\u2028\u2029\u2630-\u2637\u268a-\u268f\u2ffc-\u2fff\u31bb-\u31ef\u3248-\u324f\u4dc0-\u4dff\ua960-\ua97c\ud7b0-\ud7fb\uff9e\uff9f\u{10000}-\u{1ffff}]/u;

/** Whether terminals may disagree on the columns that a cluster takes. */
export function isUncertain(cluster: string): boolean {
  return (cluster.length > 1 || cluster.charCodeAt(0) >= FIRST_COMBINING) && UNSTABLE.test(cluster);
}

/** The last grapheme cluster of a text that is not empty. */
export function lastCluster(text: string): string {
  if (text.charCodeAt(text.length - 1) < FIRST_COMBINING) return text.slice(-1);
  let start = Math.max(0, text.length - MAX_CLUSTER);
  const first = text.charCodeAt(start);
  if (start > 0 && first >= 0xdc00 && first <= 0xdfff) start++;
  return graphemes(text.slice(start)).at(-1) ?? text.slice(-1);
}

/** Matches a cluster that shows as one picture, however many code points it has. */
const PICTURE = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u;

/**
 * Removes from a text what Backspace erases: the last code point, such as the last mark of a Thai
 * or Hindi syllable or of another letter. Emoji and CR LF are removed as a whole.
 *
 * @param text Any text.
 * @returns The rest of the text.
 */
export function withoutLast(text: string): string {
  if (text === "") return "";
  const cluster = lastCluster(text);
  if (cluster.length === 1 || cluster === "\r\n" || PICTURE.test(cluster)) {
    return text.slice(0, text.length - cluster.length);
  }
  // A variation selector shows only in the character before it.
  const [last = ""] = /.\p{Variation_Selector}?$/su.exec(cluster) ?? [];
  return text.slice(0, text.length - last.length);
}
