import { isHigh, isLow } from "./units.ts";

/** Words are letters and digits, in any script. */
const WORD = /[\p{L}\p{N}_]/u;
const SPACE = /\s/;
/** Marks, variation selectors and joiners belong to the character before them. */
const MARK = /[\p{M}\u200c\u200d]/u;

/** The kinds of characters that keys tell apart; added up, they are a set of kinds. */
const IN_WORD = 1;
const IS_SPACE = 2;
const IS_OTHER = 4;
const IS_MARK = 8;
const NO_WORD: number = IS_SPACE | IS_OTHER;
const NO_SPACE: number = IN_WORD | IS_OTHER;

/** Stands for the pages in which nothing was looked up. */
const NO_PAGE = new Uint8Array(256);
/** The kinds of code points that were looked up, in pages of 256, because words can be long. */
const pages: Uint8Array[] = [];

function kindOf(codePoint: number): number {
  const page = pages[codePoint >> 8];
  const known = page === undefined ? 0 : page[codePoint & 0xff] as number;
  return known === 0 ? lookUp(codePoint) : known;
}

function lookUp(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  const kind = MARK.test(character)
    ? IS_MARK
    : WORD.test(character)
    ? IN_WORD
    : SPACE.test(character)
    ? IS_SPACE
    : IS_OTHER;
  while (pages.length <= codePoint >> 8) pages.push(NO_PAGE);
  if (pages[codePoint >> 8] === NO_PAGE) pages[codePoint >> 8] = new Uint8Array(256);
  (pages[codePoint >> 8] as Uint8Array)[codePoint & 0xff] = kind;
  return kind;
}

/** A stretch of letters of a line, from the start of a word or to its end. */
export interface Letters {
  readonly start: number;
  readonly end: number;
}

const NO_LETTERS: Letters = { start: 0, end: 0 };

/** Where the word at or before a position begins. */
export function wordStart(line: string, at: number): number {
  return lettersBefore(line, at).start;
}

/** Where the word at or after a position ends. */
export function wordEnd(line: string, at: number): number {
  return lettersAfter(line, at).end;
}

/**
 * The letters of the word at or before a position, from its start on.
 *
 * @param known Letters of the line that need not be looked at again.
 */
export function lettersBefore(line: string, at: number, known: Letters = NO_LETTERS): Letters {
  const end = back(line, at, NO_WORD);
  const inside = known.start < end && end <= known.end;
  const start = back(line, inside ? known.start : end, IN_WORD);
  return { start, end: inside ? known.end : end };
}

/** The letters of the word at or after a position, up to its end. */
export function lettersAfter(line: string, at: number, known: Letters = NO_LETTERS): Letters {
  const start = ahead(line, at, NO_WORD);
  const inside = known.start <= start && start < known.end;
  const end = ahead(line, inside ? known.end : start, IN_WORD);
  return { start: inside ? known.start : start, end };
}

/** Where the word at or before a position begins, if only white space separates words. */
export function bigWordStart(line: string, at: number): number {
  return spaceBefore(line, back(line, at, IS_SPACE));
}

/** The position after the last white space before a position; 0 if there is none. */
export function spaceBefore(line: string, at: number): number {
  return back(line, at, NO_SPACE);
}

/**
 * Moves back from a position while the character before it is of one of the kinds. Reads only the
 * characters that it passes and the next one, not the whole line.
 */
function back(line: string, from: number, kinds: number): number {
  let at = from;
  while (at > 0) {
    const { start, kind } = characterBefore(line, at);
    if ((kind & kinds) === 0) break;
    at = start;
  }
  return at;
}

/** The character before a position, with its marks. Marks without a character are a word. */
function characterBefore(
  line: string,
  at: number,
): { readonly start: number; readonly kind: number } {
  let start = at;
  let kind = IS_MARK;
  while (start > 0 && kind === IS_MARK) {
    let codePoint = line.charCodeAt(--start);
    if (isLow(codePoint) && start > 0 && isHigh(line.charCodeAt(start - 1))) {
      codePoint = line.codePointAt(--start) as number;
    }
    kind = kindOf(codePoint);
  }
  return { start, kind: kind === IS_MARK ? IN_WORD : kind };
}

/** The same forwards. */
function ahead(line: string, from: number, kinds: number): number {
  let at = from;
  let kind = 0;
  while (at < line.length) {
    const unit = line.charCodeAt(at);
    const codePoint = isHigh(unit) ? line.codePointAt(at) as number : unit;
    const own = kindOf(codePoint);
    if (own !== IS_MARK) kind = own;
    else if (kind === 0) kind = at === 0 ? IN_WORD : characterBefore(line, at).kind;
    if ((kind & kinds) === 0) break;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return at;
}
