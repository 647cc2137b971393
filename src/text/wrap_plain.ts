import { sequenceEnd } from "./escape_sequences.ts";
import { CARET, caretCodeLength } from "./caret_codes.ts";
import { CLOSING, OPENING } from "./tables/line_breaks.ts";
import { HYPHEN, LETTER, LETTER_OR_DIGIT, NARROW_WIDTHS, PLAIN, SPACE, WIDTH } from "./width.ts";

/** What `signs` has of a unit that must not begin a line, or not end one, beside a wide character. */
const BEGINS_NONE = 1;
const ENDS_NONE = 2;
/** For each UTF-16 unit; made for the first text with wide characters. */
let signs: Uint8Array | undefined;

/** Whether a character must not begin a line, even after a wide character. */
export function isClosing(code: number): boolean {
  return (((signs ??= signsOf())[code] as number) & BEGINS_NONE) !== 0;
}

/** Whether a character must not end a line, even before a wide character. */
export function isOpening(code: number): boolean {
  return (((signs ??= signsOf())[code] as number) & ENDS_NONE) !== 0;
}

/** The start and end positions of lines in a text, alternating. */
export type LineEnds = number[];

/** How wide lines may be. */
export interface LineWidths {
  readonly columns: number;
  /** Columns before the first line, and before the others. */
  readonly first: number;
  readonly other: number;
}

/** Matches a character that is not printable ASCII, or two spaces in a row. */
const NOT_EVEN_ASCII = /[^ -~]| {2}/;
/** The same, but narrow Latin, Greek and Cyrillic letters are allowed, too. */
const NOT_NARROW =
  /[^ -~\u00a1-\u00ac\u00ae-\u02ff\u0386\u0388-\u038a\u038e-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f]| {2}/;

/** Whether a text is printable ASCII with single spaces between words. */
export function isEvenAscii(text: string): boolean {
  return !NOT_EVEN_ASCII.test(text) && hasEvenEnds(text);
}

/**
 * Whether each character of a text takes one column and joins no other, with single spaces between
 * words.
 */
export function isEvenNarrow(text: string): boolean {
  return !NOT_NARROW.test(text) && hasEvenEnds(text);
}

function hasEvenEnds(text: string): boolean {
  return text.charCodeAt(0) !== 0x20 && text.charCodeAt(text.length - 1) !== 0x20;
}

/**
 * Wraps a text whose characters all take one column, by finding the last space of each line.
 *
 * @param units The bits of each UTF-16 unit.
 */
export function wrapNarrow(
  text: string,
  units: Uint8Array,
  { columns, first, other }: LineWidths,
): LineEnds {
  const ends: LineEnds = [];
  let room = columns - first;
  let start = 0;
  while (text.length - start > room) {
    const limit = start + room;
    let end = limit;
    while (end >= start && text.charCodeAt(end) !== 0x20) end--;
    let next = end + 1;
    const hyphen = limit - 1 > end ? lastHyphen(text, units, limit, end + 1) : -1;
    if (hyphen !== -1) end = next = hyphen;
    // A word longer than the line is split.
    else if (end < start) end = next = limit;
    ends.push(start, end);
    start = next;
    room = columns - other;
  }
  ends.push(start, text.length);
  return ends;
}

/**
 * The last position, up to `last`, at which a word may break after a hyphen; -1 if there is none.
 */
function lastHyphen(text: string, units: Uint8Array, last: number, first: number): number {
  for (let at = last - 1; at >= first; at--) {
    if (text.charCodeAt(at) !== 0x2d) continue;
    if (((units[text.charCodeAt(at + 1)] ?? 0) & LETTER) === 0) continue;
    let before = at - 1;
    while (before >= 0 && ((units[text.charCodeAt(before)] ?? 0) & HYPHEN) !== 0) before--;
    if (before >= 0 && ((units[text.charCodeAt(before)] ?? 0) & LETTER_OR_DIGIT) !== 0) {
      return at + 1;
    }
  }
  return -1;
}

/**
 * Wraps a text in one pass. Each character must be a cluster of its own, and words must be separated by single
 * spaces, as in most texts.
 *
 * @param units The bits of each UTF-16 unit.
 * @returns `undefined` if the text has anything else.
 */
export function wrapPlain(
  text: string,
  units: Uint8Array,
  { columns, first, other }: LineWidths,
): LineEnds | undefined {
  const ends: LineEnds = [];
  const { length } = text;
  const breaking = NARROW_WIDTHS.units;
  let start = 0;
  let width = first;
  // The last possible break: where the line ends, where the next one begins, and the width up to
  // there.
  let breakEnd = -1;
  let breakNext = -1;
  let breakWidth = 0;
  let before = SPACE;
  let afterWide = false;
  let last = 0;
  // `word`: the last character other than a hyphen was a letter or digit. `hyphen`: a hyphen
  // follows it.
  let word = false;
  let hyphen = false;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    const unit = units[code] as number;
    if ((unit & SPACE) !== 0) {
      if (code !== 0x20 || (before & SPACE) !== 0) return undefined;
      width++;
      breakEnd = at;
      breakNext = at + 1;
      breakWidth = width;
      afterWide = word = hyphen = false;
      before = unit;
      continue;
    }
    const own = unit & WIDTH;
    if ((unit & PLAIN) === 0 || own === 0) return undefined;
    // An ambiguous letter may take two columns, and is still part of a word.
    const wide = own > 1 && ((breaking[code] as number) & WIDTH) > 1;
    if ((before & SPACE) === 0) {
      const besideWide = (wide || afterWide) && !isClosing(code) && !isOpening(last);
      if (besideWide || hyphen && (unit & LETTER) !== 0) {
        breakEnd = breakNext = at;
        breakWidth = width;
      }
    }
    afterWide = wide;
    last = code;
    if ((unit & HYPHEN) !== 0) hyphen = word;
    else {
      hyphen = false;
      word = (unit & LETTER_OR_DIGIT) !== 0;
    }
    before = unit;
    if (width + own > columns) {
      // Not even one character fits.
      if (start === at && breakEnd <= start) return undefined;
      if (breakEnd > start) {
        ends.push(start, breakEnd);
        start = breakNext;
        width = other + width - breakWidth;
      } else {
        ends.push(start, at);
        start = at;
        width = other;
      }
      breakEnd = -1;
      // The next margin may be wider, so that the moved part is too long again.
      if (width + own > columns && start < at) return undefined;
    }
    width += own;
  }
  if ((before & SPACE) !== 0) return undefined;
  ends.push(start, length);
  return ends;
}

/** A text without its codes, and the positions of the codes. */
export interface WithoutCodes {
  readonly plain: string;
  /** The position of each code in the plain text, and its length. */
  readonly places: readonly number[];
  readonly lengths: readonly number[];
}

const CODE_START = /[\^\x1b\x80-\x9f]/g;

/**
 * Removes caret codes and escape sequences from a text. `^^` leaves one caret.
 *
 * @param sequences Whether the text may contain escape sequences.
 */
export function withoutCodes(text: string, sequences: boolean): WithoutCodes {
  const places: number[] = [];
  const lengths: number[] = [];
  let plain = "";
  let from = 0;
  for (let at = nextCode(text, 0, sequences); at !== -1;) {
    const code = text.charCodeAt(at);
    const doubled = code === CARET && text.charCodeAt(at + 1) === CARET;
    const length = code !== CARET
      ? sequenceEnd(text, at, "program") - at
      : caretCodeLength(text, at);
    // Of two carets, the first counts as a code and the second as the visible character.
    const end = at + (doubled ? 1 : length);
    if (end > at) {
      plain += text.slice(from, at);
      places.push(plain.length);
      lengths.push(end - at);
      from = end;
    }
    at = nextCode(text, doubled ? at + 2 : Math.max(end, at + 1), sequences);
  }
  return { plain: from === 0 ? text : plain + text.slice(from), places, lengths };
}

function nextCode(text: string, from: number, sequences: boolean): number {
  if (!sequences) return text.indexOf("^", from);
  CODE_START.lastIndex = from;
  return CODE_START.test(text) ? CODE_START.lastIndex - 1 : -1;
}

/** Cuts a text with codes into lines. A code stays with the character after it, or with the word that it ends. */
export function linesWithCodes(
  text: string,
  { plain, places, lengths }: WithoutCodes,
  ends: LineEnds,
): string[] {
  const lines: string[] = [];
  let index = 0;
  let taken = 0;
  const skipTo = (place: number, inclusive: boolean) => {
    while (index < places.length) {
      const code = places[index] as number;
      if (code > place || (code === place && !inclusive)) break;
      taken += lengths[index++] as number;
    }
    return place + taken;
  };
  for (let at = 0; at < ends.length; at += 2) {
    const [start, end] = [ends[at] as number, ends[at + 1] as number];
    const from = skipTo(start, false);
    const wordEnds = end === plain.length || plain.charCodeAt(end) === 0x20;
    lines.push(text.slice(from, skipTo(end, wordEnds)));
  }
  return lines;
}

function signsOf(): Uint8Array {
  const found = new Uint8Array(0x10000);
  for (const [ranges, sign] of [[CLOSING, BEGINS_NONE], [OPENING, ENDS_NONE]] as const) {
    for (let at = 0; at < ranges.length; at += 2) {
      const last = ranges[at + 1] as number;
      for (let code = ranges[at] as number; code <= last; code++) {
        found[code] = (found[code] ?? 0) | sign;
      }
    }
  }
  return found;
}
