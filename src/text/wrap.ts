import { clusterWidth, graphemes } from "./width.ts";
import { checkCount, checkText, rejectUnknownKeys, type Synonyms } from "../protocol/validate.ts";

/** How to wrap. */
export interface WrapOptions {
  /** Columns of the window, at least 1. Default 80. */
  readonly columns?: number | undefined;
  /** Spaces before the first line of a paragraph. Default 4. */
  readonly indent?: number | undefined;
  /** Spaces before every other line. Default 2. */
  readonly padding?: number | undefined;
}

const SYNONYMS: Synonyms = { width: "columns", cols: "columns", margin: "padding" };

/** Checks how a caller wants to wrap. */
export function checkWrapOptions(options: WrapOptions): void {
  rejectUnknownKeys("wrap", options, { columns: true, indent: true, padding: true }, SYNONYMS);
}

/** The same, with its defaults. */
type Margins = { readonly [Name in keyof WrapOptions]-?: number };

/** A piece of text that is not torn unless it is longer than a line. */
interface Piece {
  readonly text: string;
  readonly width: number;
  /** Whether a space parts it from the piece before. */
  readonly spaced: boolean;
}

const PARAGRAPH_BREAK = /\n[^\S\n]*(?:\n[^\S\n]*)+/;
const TITLE_SPACE = "\x01";
/** Caret codes and ANSI sequences: no width, never torn. `^^` shows one caret. */
const CODE =
  /\^(?:[krgybmcwKRGYBMCW0-7d!.UuIi~sl^]|[#%][0-9a-fA-F]{6})|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;

/**
 * Wraps a text to lines that fit a window, counting what a person sees: caret codes and ANSI
 * sequences take no columns, wide characters and emoji two, combining marks none. Between wide
 * characters a line may break without a space. A word longer than a line is split.
 *
 * A blank line starts a new paragraph; other line ends are spaces.
 *
 * @param text The text, with or without caret codes.
 * @param options The window's width, and the margins.
 * @returns The lines, without line ends.
 * @throws {TelnetError} `misuse`: a number that is not a whole one of 0 or more, or no columns.
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
  const { columns = 80, indent = 4, padding = 2 } = options;
  checkCount("wrap.columns", columns, 1);
  checkCount("wrap.indent", indent);
  checkCount("wrap.padding", padding);
  const lines: string[] = [];
  for (const paragraph of joinTitles(text).split(PARAGRAPH_BREAK)) {
    const pieces = cutPieces(paragraph);
    if (pieces.length > 0) fillLines(pieces, lines, { columns, indent, padding });
  }
  return lines.map((line) => line.replaceAll(TITLE_SPACE, " "));
}

/** The spaces of a title are no places to break. */
function joinTitles(text: string): string {
  return text.replaceAll(/\x1b\][^\x07\x1b]*/g, (title) => title.replaceAll(" ", TITLE_SPACE));
}

function fillLines(
  pieces: readonly Piece[],
  lines: string[],
  { columns, indent, padding }: Margins,
): void {
  // A margin leaves at least two columns for the text, as one character may need them.
  const margin = (size: number) => Math.max(0, Math.min(size, columns - 2));
  let line = " ".repeat(margin(indent));
  let width = line.length;
  let blank = true;
  const newLine = () => {
    lines.push(line);
    line = " ".repeat(margin(padding));
    width = line.length;
    blank = true;
  };
  const put = (text: string, columnsTaken: number) => {
    line += text;
    width += columnsTaken;
    blank = false;
  };
  for (const piece of pieces) {
    const gap = !blank && piece.spaced ? 1 : 0;
    if (!blank && width + gap + piece.width > columns) newLine();
    const fits = piece.width <= columns - width;
    if (!blank && piece.spaced) put(" ", 1);
    if (fits) put(piece.text, piece.width);
    for (const part of fits ? [] : splitGraphemes(piece.text)) {
      if (!blank && width + part.width > columns) newLine();
      put(part.text, part.width);
    }
  }
  if (!blank) lines.push(line);
}

/** Cuts at white space, and before and after each wide character. */
function cutPieces(paragraph: string): Piece[] {
  const pieces: Piece[] = [];
  for (const word of paragraph.split(/[^\S\u00a0\u202f]+/)) {
    if (word === "") continue;
    let text = "";
    let width = 0;
    let spaced = true;
    const push = () => {
      if (text === "") return;
      pieces.push({ text, width, spaced });
      text = "";
      width = 0;
      spaced = false;
    };
    let lastWide = false;
    for (const part of splitGraphemes(word)) {
      const wide = part.width > 1;
      if (wide || lastWide) push();
      text += part.text;
      width += part.width;
      lastWide = wide;
    }
    push();
  }
  return pieces;
}

/** One part for each character that a person sees; codes stick to the character after them. */
function splitGraphemes(word: string): { text: string; width: number }[] {
  const parts: { text: string; width: number }[] = [];
  let codes = "";
  let at = 0;
  const addText = (text: string) => {
    for (const cluster of graphemes(text)) {
      parts.push({ text: codes + cluster, width: clusterWidth(cluster) });
      codes = "";
    }
  };
  for (const match of word.matchAll(CODE)) {
    addText(word.slice(at, match.index));
    at = match.index + match[0].length;
    codes += match[0];
    if (match[0] === "^^") {
      parts.push({ text: codes, width: 1 });
      codes = "";
    }
  }
  addText(word.slice(at));
  const last = parts.at(-1);
  if (codes !== "" && last !== undefined) last.text += codes;
  else if (codes !== "") parts.push({ text: codes, width: 0 });
  return parts;
}
