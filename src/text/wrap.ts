import {
  type AmbiguousWidth,
  checkAmbiguousWidth,
  CODE,
  graphemes,
  HYPHEN,
  LETTER,
  LETTER_OR_DIGIT,
  NARROW_WIDTHS,
  PLAIN,
  SPACE,
  WIDTH,
  type Widths,
  widthsFor,
} from "./width.ts";
import {
  checkBoolean,
  checkCount,
  checkText,
  rejectUnknownKeys,
  type Synonyms,
} from "../protocol/validate.ts";
import { CARET, caretCodeLength } from "./caret_codes.ts";
import { stripCaretCodes } from "./caret.ts";
import {
  isClosing,
  isEvenAscii,
  isEvenNarrow,
  isOpening,
  type LineEnds,
  linesWithCodes,
  withoutCodes,
  wrapNarrow,
  wrapPlain,
} from "./wrap_plain.ts";
import { beginsSequence, nextSequence, sequenceEnd } from "./escape_sequences.ts";
import { closeColours, endsWithCaret, paints } from "./wrap_colours.ts";

/** How to wrap. */
export interface WrapOptions {
  /** Columns of the window, at least 1. Default 80. */
  readonly columns?: number | undefined;
  /** Spaces before the first line of a paragraph. Default 4; 0 where lines are kept. */
  readonly indent?: number | undefined;
  /** Spaces before every other line. Default 2; 0 where lines are kept. */
  readonly padding?: number | undefined;
  /**
   * Whether the text keeps its own lines: those that fit stay as they are, with all their spaces, such as a map,
   * a table or ANSI art; only those that are too long are wrapped. Default `false`: line ends are spaces.
   */
  readonly keepLines?: boolean | undefined;
  /** Columns of ambiguous characters of East Asia, such as `“`, `…` and `■`. Default 1. */
  readonly ambiguousWidth?: AmbiguousWidth | undefined;
}

const OPTION_NAMES: Readonly<Record<keyof WrapOptions, true>> = {
  columns: true,
  indent: true,
  padding: true,
  keepLines: true,
  ambiguousWidth: true,
};
const SYNONYMS: Synonyms = {
  width: "columns",
  cols: "columns",
  margin: "padding",
  preserve: "keepLines",
  keepNewlines: "keepLines",
};

/** Rejects unknown options for wrapping. */
export function checkWrapOptions(options: WrapOptions): void {
  rejectUnknownKeys("wrap", options, OPTION_NAMES, SYNONYMS);
}

/** The width of the window, and the margins. */
interface Margins {
  readonly columns: number;
  readonly indent: number;
  readonly padding: number;
}

/** What separates a piece of text from the one before it: the columns of a space, 0 for nothing. */
const BLANK = 1;
const IDEOGRAPHIC = 2;
const IDEOGRAPHIC_SPACE = 0x3000;
/** Blank lines between paragraphs. No-break spaces count as text. */
const PARAGRAPH_BREAK = /\n[^\S\n\u00a0\u2007\u202f\ufeff]*(?:\n[^\S\n\u00a0\u2007\u202f\ufeff]*)+/;
/** White space other than a single space between words. */
const UNEVEN_SPACE = /[\t\n\r]| {2}/;
const WHITE_SPACE = /[\t\n\r ]+/g;

/** Removes the spaces at both ends of a text. */
function withoutEndSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) === 0x20) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

/** Reduces white space to single spaces between words. */
function evenSpaces(text: string): string {
  return UNEVEN_SPACE.test(text) ? withoutEndSpaces(text.replaceAll(WHITE_SPACE, " ")) : text;
}

/** Matches what moves the cursor or erases: lines with it are not wrapped. */
const MOVES = /[\b\r]|(?:\x1b\[|\x9b)[\x20-\x3f]*[A-MPSTXZ@`adefrsu]/;
/**
 * Wraps a text to lines that fit a window. Only visible text counts: caret codes and ANSI sequences
 * take no columns, wide characters and emoji two, combining marks none. Beside a wide character a
 * line may break without a space, but not before closing or after opening punctuation; and after a
 * hyphen or dash within a word. Several spaces become one, U+3000 stays wide. U+00A0, U+202F, U+2007,
 * U+2060 and U+FEFF hold words together, U+200B lets a line break. A word longer than a line is split.
 * Codes that stand alone take no room.
 *
 * Backgrounds and other attributes that colour empty cells are closed at the end of each line and
 * opened again in the next, so that they colour neither the margins nor scrolled rows.
 *
 * A blank line starts a new paragraph; other line ends are spaces, unless `keepLines` is set.
 *
 * @param text The text, with or without caret codes.
 * @param options The window's width, and the margins.
 * @returns The lines, without line ends.
 * @throws {TelnetError} `misuse`: a number that is not a whole number of at least 0, or `columns`
 * below 1.
 *
 * @example
 * ```ts
 * import { wordWrap } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = wordWrap("A ^Rred^~ fox jumps", { columns: 12, indent: 2, padding: 0 });
 * assertEquals(lines, ["  A ^Rred^~ fox", "jumps"]);
 * ```
 */
export function wordWrap(text: string, options: WrapOptions = {}): string[] {
  checkText("text", text);
  checkWrapOptions(options);
  const { columns = 80, keepLines = false, ambiguousWidth } = options;
  const { indent = keepLines ? 0 : 4, padding = keepLines ? 0 : 2 } = options;
  checkCount("wrap.columns", columns, 1);
  checkCount("wrap.indent", indent);
  checkCount("wrap.padding", padding);
  checkBoolean("wrap.keepLines", keepLines);
  checkAmbiguousWidth("wrap.ambiguousWidth", ambiguousWidth);
  const filler = new LineFiller({ columns, indent, padding }, widthsFor(ambiguousWidth));
  if (keepLines) {
    // A line end at the end of the text begins no further line.
    for (const line of (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n")) {
      filler.keep(line.endsWith("\r") ? line.slice(0, -1) : line);
    }
  } else {
    const paragraphs = text.includes("\n") ? text.split(PARAGRAPH_BREAK) : [text];
    for (const paragraph of paragraphs) filler.fill(paragraph);
  }
  return paints(text) ? closeColours(filler.lines, filler.margins) : filler.lines;
}

/**
 * Fills lines with the pieces of a text: words, and parts of words around each wide character. A
 * line is a slice of the text where its words are separated by single spaces.
 */
class LineFiller {
  readonly lines: string[] = [];
  /** How many spaces before each line are not part of the text. */
  readonly margins: number[] = [];
  readonly #columns: number;
  readonly #indent: string;
  readonly #padding: string;
  readonly #widths: Widths;
  readonly #units: Uint8Array;
  readonly #ambiguous: boolean;
  #text = "";
  /** The margin of the next line. */
  #first = 0;
  /** The start of the line, and the slice of the text that follows it. */
  #head = "";
  /** Whether the start of the line ends with a lone caret. */
  #openCaret = false;
  #from = 0;
  #to = 0;
  /** How many columns both take. */
  #width = 0;
  #blank = true;
  /** Whether the line has codes that stand alone. */
  #hasCodes = false;

  constructor({ columns, indent, padding }: Margins, widths: Widths) {
    this.#widths = widths;
    this.#units = widths.units;
    this.#ambiguous = widths.ambiguous === 2;
    // A margin leaves at least two columns for the text, as one character may need them.
    const margin = (size: number) => " ".repeat(Math.max(0, Math.min(size, columns - 2)));
    this.#columns = columns;
    this.#indent = margin(indent);
    this.#padding = margin(padding);
  }

  /** Keeps a line that fits as it is. A longer one is wrapped, and its leading spaces stay. */
  keep(line: string): void {
    const spaced = this.#withoutTabs(line);
    if (MOVES.test(line) || this.#indent.length + this.#widthOf(spaced) <= this.#columns) {
      this.#push(line === "" ? "" : this.#indent + line, this.#indent.length);
      return;
    }
    const [own = ""] = /^ */.exec(spaced) ?? [];
    const room = Math.max(0, this.#columns - 2 - this.#indent.length);
    this.#first = this.#indent.length;
    this.#wrap(spaced, this.#indent + own.slice(0, room));
  }

  /** A line with spaces for its TABs. */
  #withoutTabs(line: string): string {
    if (!line.includes("\t")) return line;
    let column = this.#indent.length;
    let spaced = "";
    for (const [index, part] of line.split("\t").entries()) {
      const gap = index === 0 ? 0 : TAB_COLUMNS - column % TAB_COLUMNS;
      column += gap + this.#widthOf(part);
      spaced += " ".repeat(gap) + part;
    }
    return spaced;
  }

  #widthOf(text: string): number {
    return this.#widths.of(stripCaretCodes(text));
  }

  /** Fills lines with a paragraph. */
  fill(paragraph: string): void {
    this.#first = this.#indent.length;
    this.#wrap(paragraph, this.#indent);
  }

  #wrap(paragraph: string, margin: string): void {
    if (!this.#fillPlain(paragraph, margin)) this.#fill(paragraph, margin);
  }

  #push(line: string, margin: number = this.#first): void {
    this.lines.push(line);
    this.margins.push(margin);
    this.#first = this.#padding.length;
  }

  /** Fills lines in one pass, if the paragraph is as simple as most are; returns whether it was. */
  #fillPlain(given: string, margin: string): boolean {
    const trimmed = withoutEndSpaces(given);
    const ascii = isEvenAscii(trimmed);
    const sequences = !ascii && nextSequence(given, 0) !== -1;
    // White space separates words, except within a sequence.
    const text = sequences ? given : ascii ? trimmed : evenSpaces(trimmed);
    const codes = sequences || text.includes("^") ? withoutCodes(text, sequences) : undefined;
    const plain = codes?.plain ?? text;
    if (plain === "") return codes === undefined;
    const even = ascii && (codes === undefined || isEvenAscii(plain));
    const ends = this.#endsOf(plain, even, margin.length);
    if (ends === undefined) return false;
    if (codes !== undefined) this.#pushLines(linesWithCodes(text, codes, ends), margin);
    else {
      const lines: string[] = [];
      for (let at = 0; at < ends.length; at += 2) lines.push(text.slice(ends[at], ends[at + 1]));
      this.#pushLines(lines, margin);
    }
    return true;
  }

  #endsOf(plain: string, ascii: boolean, first: number): LineEnds | undefined {
    const widths = { columns: this.#columns, first, other: this.#padding.length };
    const narrow = ascii || (!this.#ambiguous && isEvenNarrow(plain));
    return narrow ? wrapNarrow(plain, this.#units, widths) : wrapPlain(plain, this.#units, widths);
  }

  /** Adds lines, each after its margin. */
  #pushLines(lines: readonly string[], first: string): void {
    let margin = first;
    for (const line of lines) {
      this.#push(margin === "" ? line : margin + line);
      margin = this.#padding;
    }
  }

  #fill(paragraph: string, margin: string): void {
    this.#text = paragraph;
    this.#start(margin, 0);
    const units = this.#units;
    let gap = BLANK;
    for (let at = 0; at < paragraph.length;) {
      const code = paragraph.charCodeAt(at);
      if (((units[code] ?? 0) & SPACE) === 0) {
        const end = this.#narrowEnd(at);
        // Most words consist only of plain characters.
        if (end === paragraph.length || ((units[paragraph.charCodeAt(end)] ?? 0) & SPACE) !== 0) {
          this.#putWord(at, end, gap);
          at = end;
        } else at = this.#fillWord(at, gap);
        gap = 0;
      } else {
        if (code === IDEOGRAPHIC_SPACE) gap = IDEOGRAPHIC;
        else if (code !== ZERO_WIDTH_SPACE) gap ||= BLANK;
        at++;
      }
    }
    if (!this.#blank || this.#hasCodes) {
      this.#push(this.#head + paragraph.slice(this.#from, this.#to));
    }
  }

  /** Adds a word in pieces, split around its wide characters; returns where it ends. */
  #fillWord(start: number, before: number): number {
    const text = this.#text;
    const units = this.#units;
    let pieceStart = start;
    let pieceWidth = 0;
    let gap = before;
    let afterWide = false;
    let last = 0;
    const hyphens = new HyphenWatch(this.#units);
    /** The start of the codes that belong to the next character. */
    let codes = start;
    let at = start;
    let visible = false;
    /** Takes a character, or a run of narrow ones; `end`: the position of its last unit. */
    const take = (length: number, width: number, end: number = at) => {
      const first = text.charCodeAt(at);
      // An ambiguous letter may take two columns, and is still part of a word.
      const wide = width > 1 && end === at &&
        (!this.#ambiguous || NARROW_WIDTHS.of(text.slice(at, at + length)) > 1);
      const besideWide = (wide || afterWide) && !isClosing(first) && !isOpening(last);
      if ((hyphens.breaksBefore(text, at) || besideWide) && visible) {
        this.#put(pieceStart, codes, pieceWidth, gap);
        [pieceStart, pieceWidth, gap] = [codes, 0, 0];
      }
      pieceWidth += width;
      afterWide = wide;
      last = text.charCodeAt(end);
      visible = true;
      at = codes = at + length;
    };
    while (at < text.length) {
      const unit = units[text.charCodeAt(at)] ?? 0;
      if ((unit & SPACE) !== 0) break;
      const narrow = this.#narrowEnd(at) - at;
      const code = (unit & CODE) === 0 ? 0 : codeLength(text, at);
      const next = at + 1 < text.length ? units[text.charCodeAt(at + 1)] ?? 0 : PLAIN;
      // Narrow text can break only after a hyphen.
      if (narrow > 0) {
        for (const part of hyphenParts(text, at, narrow, units)) take(part, part, at + part - 1);
      } else if (code > 0 && text.startsWith("^^", at)) take(code, 1);
      else if (code > 0) at += code;
      else if ((unit & PLAIN) !== 0 && (next & (PLAIN | SPACE)) !== 0) {
        take(1, unit & WIDTH);
      } else {
        for (const { length, width } of this.#widths.clustersOf(text.slice(at, this.#runEnd(at)))) {
          take(length, width);
        }
      }
    }
    if (visible) this.#put(pieceStart, at, pieceWidth, gap);
    else this.#putCodes(pieceStart, at);
    return at;
  }

  /**
   * The end of a run of one-column characters that join no other. Most text consists of them, and
   * they are fast to pass.
   */
  #narrowEnd(start: number): number {
    const text = this.#text;
    const units = this.#units;
    let end = start;
    while (end < text.length && units[text.charCodeAt(end)] === NARROW) end++;
    if (end === start) return start;
    const after = end < text.length ? units[text.charCodeAt(end)] ?? 0 : PLAIN;
    return (after & (PLAIN | SPACE)) === 0 ? end - 1 : end;
  }

  /**
   * The end of a run of characters that may join each other, at the latest before white space or a
   * code.
   */
  #runEnd(start: number): number {
    const text = this.#text;
    const units = this.#units;
    let last = start;
    for (let end = start + 1; end < text.length; last = end++) {
      const unit = units[text.charCodeAt(end)] ?? 0;
      if ((unit & SPACE) !== 0) return end;
      if ((unit & CODE) !== 0 && codeLength(text, end) > 0) return end;
      const next = end + 1 < text.length ? units[text.charCodeAt(end + 1)] ?? 0 : PLAIN;
      const alone = (unit & PLAIN) !== 0 && (next & (PLAIN | SPACE)) !== 0;
      if (alone && ((units[text.charCodeAt(last)] ?? 0) & PLAIN) !== 0) return end;
    }
    return text.length;
  }

  /** Puts a word of plain characters on the line. If it does not fit, it is split after its hyphens. */
  #putWord(from: number, to: number, gap: number): void {
    if (this.#width + (this.#blank ? 0 : gap) + to - from <= this.#columns) {
      return this.#append(from, to, to - from, gap);
    }
    const hyphens = new HyphenWatch(this.#units);
    let start = from;
    for (let at = from; at < to; at++) {
      if (!hyphens.breaksBefore(this.#text, at)) continue;
      this.#put(start, at, at - start, start === from ? gap : 0);
      start = at;
    }
    this.#put(start, to, to - start, start === from ? gap : 0);
  }

  /** Puts a piece on the line, or on the next one; a piece longer than a line is split. */
  #put(from: number, to: number, width: number, gap: number): void {
    if (from === to) return;
    if (!this.#blank && this.#width + gap + width > this.#columns) this.#newLine(from);
    if (width > this.#columns - this.#width) return this.#tear(from, to, gap);
    this.#append(from, to, width, gap);
  }

  /**
   * Puts codes that stand alone on the line. They show nothing, so no space separates them from it.
   */
  #putCodes(from: number, to: number): void {
    const before = this.#text.slice(this.#from, this.#to);
    const codes = this.#text.slice(from, to);
    // A lone caret must not form a code with what follows. To look at the end of the whole line
    // would cost its length.
    const caret = before === "" ? this.#openCaret : endsWithCaret(before);
    this.#head += before + (caret ? "^" : "") + codes;
    this.#openCaret = endsWithCaret(codes);
    this.#from = this.#to = to;
    this.#hasCodes = true;
  }

  #append(from: number, to: number, width: number, gap: number): void {
    if (this.#blank) this.#from = from;
    else if (gap > 0) {
      this.#width += gap;
      const space = gap === IDEOGRAPHIC ? "\u3000" : " ";
      if (from !== this.#to + 1 || this.#text[this.#to] !== space) {
        this.#head += this.#text.slice(this.#from, this.#to) + space;
        this.#openCaret = false;
        this.#from = from;
      }
    }
    this.#to = to;
    this.#width += width;
    this.#blank = false;
  }

  #tear(from: number, to: number, gap: number): void {
    let at = from;
    let first = gap;
    for (const part of splitGraphemes(this.#text.slice(from, to), this.#widths)) {
      if (first > 0 && !this.#blank) this.#append(at, at, 0, first);
      first = 0;
      if (!this.#blank && this.#width + part.width > this.#columns) this.#newLine(at);
      this.#append(at, at + part.text.length, part.width, 0);
      at += part.text.length;
    }
  }

  #newLine(from: number): void {
    this.#push(this.#head + this.#text.slice(this.#from, this.#to));
    this.#start(this.#padding, from);
  }

  #start(margin: string, from: number): void {
    this.#head = margin;
    this.#openCaret = false;
    this.#width = margin.length;
    this.#from = this.#to = from;
    this.#blank = true;
    this.#hasCodes = false;
  }
}

const ZERO_WIDTH_SPACE = 0x200b;
/** A TAB moves the cursor to the next multiple of these columns. */
const TAB_COLUMNS = 8;
/** A character of one column that joins nothing. */
const NARROW = PLAIN | 1;

/**
 * The length of the caret code or escape sequence at a position; 0 if there is none. `^^` shows one
 * caret.
 */
function codeLength(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === CARET) return caretCodeLength(text, at);
  return beginsSequence(code) ? sequenceEnd(text, at, "program") - at : 0;
}

const IS_LETTER = /\p{L}/u;
const IS_LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** Finds where a word may break: after a hyphen that follows a letter or digit, and before a letter. */
class HyphenWatch {
  readonly #units: Uint8Array;
  /**
   * Whether the last character other than a hyphen was a letter or digit; and whether a hyphen
   * follows it.
   */
  #word = false;
  #hyphen = false;

  constructor(units: Uint8Array) {
    this.#units = units;
  }

  /** Whether the line may break before the next character. */
  breaksBefore(text: string, at: number): boolean {
    const code = text.charCodeAt(at);
    const unit = this.#units[code] ?? 0;
    if ((unit & HYPHEN) !== 0) {
      this.#hyphen = this.#word;
      return false;
    }
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    const breaks = this.#hyphen &&
      (surrogate ? isMatch(IS_LETTER, text, at) : (unit & LETTER) !== 0);
    this.#hyphen = false;
    this.#word = surrogate ? isMatch(IS_LETTER_OR_DIGIT, text, at) : (unit & LETTER_OR_DIGIT) !== 0;
    return breaks;
  }
}

function isMatch(pattern: RegExp, text: string, at: number): boolean {
  return pattern.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

/** How to split plain characters: as one part if there is no hyphen, else one part for each character. */
function hyphenParts(
  text: string,
  at: number,
  length: number,
  units: Uint8Array,
): readonly number[] {
  let end = at;
  while (end < at + length && ((units[text.charCodeAt(end)] ?? 0) & HYPHEN) === 0) end++;
  const alone = end === at + length;
  return alone ? [length] : Array(length).fill(1);
}

/** One part for each character that a person sees; codes stick to the character after them. */
function splitGraphemes(word: string, widths: Widths): { text: string; width: number }[] {
  const parts: { text: string; width: number }[] = [];
  let codes = "";
  for (let at = 0; at < word.length;) {
    const code = codeLength(word, at);
    let end = at + code;
    while (code === 0 && ++end < word.length && codeLength(word, end) === 0);
    const text = word.slice(at, end);
    at = end;
    if (code > 0 && text !== "^^") {
      codes += text;
      continue;
    }
    for (const shown of code > 0 ? [text] : graphemes(text)) {
      parts.push({ text: codes + shown, width: code > 0 ? 1 : widths.ofCluster(shown) });
      codes = "";
    }
  }
  const last = parts.at(-1);
  if (codes !== "" && last !== undefined) last.text += codes;
  else if (codes !== "") parts.push({ text: codes, width: 0 });
  return parts;
}
