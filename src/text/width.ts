import { beginsSequence, withoutSequences } from "./escape_sequences.ts";
import { copied } from "./pieces.ts";

/**
 * How many columns a text takes on a terminal: wide characters of East Asia and emoji take two,
 * combining marks and control characters none (Unicode Standard Annex 11).
 */

/** East Asian wide and fullwidth characters, first and last of each range; emoji are not in it. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], // Hangul Jamo, leading consonants
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x2fff], // radicals, ideographic description
  [0x3000, 0x303e], // CJK punctuation
  [0x3041, 0x3247], // Kana, Bopomofo, Hangul compatibility
  [0x3250, 0x33ff], // enclosed and squared CJK
  [0x3400, 0x4dff], // CJK extension A, hexagrams
  [0x4e00, 0x9fff], // CJK ideographs
  [0xa000, 0xa4cf], // Yi
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60], // fullwidth forms
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff], // Tangut, Khitan
  [0x1aff0, 0x1b2ff], // Kana supplement and extensions, Nushu
  [0x1d300, 0x1d356],
  [0x1d360, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x2fffd],
  [0x30000, 0x3fffd],
];

const ASCII_ONLY = /^[\x20-\x7e]*$/;
/** Wide emoji; a lone half of a flag is not wide. */
const EMOJI = /^(?!\p{Regional_Indicator})\p{Emoji_Presentation}$/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Zl}\p{Zp}\p{Cs}]$/u;
/** A cluster that shows as one emoji: a flag, a keycap, a sequence with a joiner or a variation. */
const EMOJI_CLUSTER =
  /^(?:\p{Regional_Indicator}{2}|\p{Emoji}\ufe0f|\p{Extended_Pictographic}.*\u200d|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})/su;

/** Below this no character joins another, but CR and LF. */
const FIRST_COMBINING = 0x300;
/** No grapheme cluster in use is longer than this; it bounds the work of one backspace. */
const MAX_CLUSTER = 32;
const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The columns that a text takes. ANSI sequences take none; caret codes are plain text here.
 *
 * @param text One line.
 * @returns Columns.
 *
 * @example
 * ```ts
 * import { textWidth } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textWidth("naïve"), 5);
 * assertEquals(textWidth("日本"), 4);
 * assertEquals(textWidth("👩‍🚀 \x1b[1mok\x1b[0m"), 5);
 * ```
 */
export function textWidth(text: string): number {
  if (ASCII_ONLY.test(text)) return text.length;
  const plain = stripAnsi(text);
  const table = unitTable();
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
    for (const cluster of clustersOf(plain.slice(at, end))) width += cluster.width;
    at = end;
  }
  return width;
}

/** How many columns a UTF-16 unit takes by itself. */
export const WIDTH = 3;
/** It joins no other that is plain, so that nobody needs to look for clusters. */
export const PLAIN = 4;
/** White space at which a line may break. */
export const SPACE = 8;
/** It may begin a caret code or an escape sequence. */
export const CODE = 16;

let units: Uint8Array | undefined;

/** What each UTF-16 unit is, as bits; made when text is first measured. */
export function unitTable(): Uint8Array {
  if (units !== undefined) return units;
  const table = new Uint8Array(0x10000);
  // White space, but what is there to hold words together; and the zero-width space, to part them.
  const space = /[^\S\u00a0\u2007\u202f\ufeff]|\u200b/;
  for (let code = 0; code < table.length; code++) {
    const isHigh = code >= 0xd800 && code <= 0xdfff;
    if (isHigh) continue;
    const character = String.fromCharCode(code);
    let bits = isPlain(code) ? PLAIN | clusterWidth(character) : 0;
    if (space.test(character)) bits |= SPACE;
    if (code === 0x5e || beginsSequence(code)) bits |= CODE;
    table[code] = bits;
  }
  return units = table;
}

/** What a person takes for one character, as it stands in a run of text. */
export interface Cluster {
  /** How many UTF-16 units it has. */
  readonly length: number;
  /** How many columns it takes. */
  readonly width: number;
}

/** Where a run ends whose characters may join each other; it begins at a place. */
export function runEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && !(isAlone(text, end) && isPlain(text.charCodeAt(end - 1)))) end++;
  return end;
}

/** Longer runs are not remembered, nor more than so many. */
const MAX_KNOWN_RUN = 16;
const MAX_KNOWN_RUNS = 4_096;
const knownRuns: Map<string, readonly Cluster[]> = new Map();

/** The clusters of a run. Most are emoji, and come again. */
export function clustersOf(run: string): readonly Cluster[] {
  const known = knownRuns.get(run);
  if (known !== undefined) return known;
  const clusters = Array.from(SEGMENTER.segment(run), ({ segment }) => ({
    length: segment.length,
    width: clusterWidth(segment),
  }));
  if (run.length > MAX_KNOWN_RUN) return clusters;
  if (knownRuns.size >= MAX_KNOWN_RUNS) knownRuns.clear();
  knownRuns.set(copied(run), clusters);
  return clusters;
}

/** Takes escape sequences out of a text. One that does not end takes the rest with it, as on a terminal. */
export function stripAnsi(text: string): string {
  return withoutSequences(text);
}

/** Cuts a text into what a person takes for one character each. */
export function graphemes(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  while (start < text.length) {
    // Where no character joins another there is nothing to ask the platform for, which is slow.
    while (start < text.length && isAlone(text, start)) found.push(text.charAt(start++));
    if (start === text.length) break;
    const end = runEnd(text, start);
    for (const { segment } of SEGMENTER.segment(text.slice(start, end))) found.push(segment);
    start = end;
  }
  return found;
}

/** Whether the character at a place is a cluster by itself, whatever stands before it. */
function isAlone(text: string, at: number): boolean {
  return isPlain(text.charCodeAt(at)) &&
    (at + 1 === text.length || isPlain(text.charCodeAt(at + 1)));
}

/**
 * Whether a UTF-16 unit is a character that joins no other of these: most letters, and what is most
 * typed in East Asia. CR and LF join.
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
 * Whether a cluster may go on over a place: then what stands around it has to be looked at.
 *
 * @param text The text.
 * @param at The place, in UTF-16 units.
 */
export function mayJoin(text: string, at: number): boolean {
  const inside = at > 0 && at < text.length;
  return inside && !(isPlain(text.charCodeAt(at - 1)) && isPlain(text.charCodeAt(at)));
}

/** The columns of one grapheme cluster. */
export function clusterWidth(cluster: string): number {
  const code = cluster.charCodeAt(0);
  if (cluster.length === 1 && code < 0x7f) return code < 0x20 ? 0 : 1;
  if (EMOJI_CLUSTER.test(cluster)) return 2;
  let width = 0;
  for (const character of cluster) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0xad) return 1; // SOFT HYPHEN is shown by terminals
  if (NO_WIDTH.test(character) || isTrailingJamo(code)) return 0;
  return isWide(code) || EMOJI.test(character) ? 2 : 1;
}

/** Vowels and final consonants that join the Hangul syllable before them. */
function isTrailingJamo(code: number): boolean {
  return (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7fb);
}

function isWide(code: number): boolean {
  let low = 0;
  let high = WIDE.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first = 0, last = 0] = WIDE[middle] ?? [];
    if (code < first) high = middle - 1;
    else if (code > last) low = middle + 1;
    else return true;
  }
  return false;
}

/**
 * What terminals give different widths, by the version of Unicode that they know and whether they join clusters:
 * emoji, formats, most marks, and some of East Asia.
 */
const UNSTABLE =
  /[\p{Emoji_Presentation}\p{Regional_Indicator}\p{Cf}\p{Mc}\p{Me}]|(?![\u0300-\u036f\u0591-\u05c7\u064b-\u065e\u0e31-\u0e4e])\p{Mn}|[\u2ffc-\u2fff\u31bb-\u31ef\u3248-\u324f\u4dc0-\u4dff\ua960-\ua97c\uff9e\uff9f\u{10000}-\u{1ffff}]/u;

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

/** What shows as one picture, however many code points it has. */
const PICTURE = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u;

/**
 * A text without what Backspace takes away: the last code point, as in a syllable of Thai or Hindi, or a letter
 * with marks of its own; but an emoji goes whole, and so does CR LF.
 *
 * @param text Any text.
 * @returns The text before it.
 */
export function withoutLast(text: string): string {
  if (text === "") return "";
  const cluster = lastCluster(text);
  if (cluster.length === 1 || cluster === "\r\n" || PICTURE.test(cluster)) {
    return text.slice(0, text.length - cluster.length);
  }
  const low = text.charCodeAt(text.length - 1);
  const pair = low >= 0xdc00 && low <= 0xdfff && cluster.length > 1;
  return text.slice(0, text.length - (pair ? 2 : 1));
}
