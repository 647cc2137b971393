/**
 * Word wrapping as it is easily read: pieces first, then lines. `wordWrap` goes through a text once, and
 * must give the same.
 */
import { clusterWidth, graphemes } from "../../src/text/width.ts";

/** The width of the window, and the margins. */
export interface Margins {
  readonly columns: number;
  readonly indent: number;
  readonly padding: number;
}

/** A piece of text that is not torn unless it is longer than a line. */
interface Piece {
  readonly text: string;
  readonly width: number;
  /** Whether a space parts it from the piece before. */
  readonly spaced: boolean;
  /** Zero-width spaces before it. */
  readonly joint: string;
}

const PARAGRAPH_BREAK = /\n[^\S\n]*(?:\n[^\S\n]*)+/;
const TITLE_SPACE = "\x01";
/** Caret codes and ANSI sequences: no width, never torn. `^^` shows one caret. */
const CODE =
  /\^(?:[krgybmcwKRGYBMCW0-7d!.UuIi~sl^]|[#%][0-9a-fA-F]{6})|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;

/** The lines of a text; a caller that gives margins has checked them. */
export function modelWrap(text: string, margins: Margins): string[] {
  const lines: string[] = [];
  for (const paragraph of joinTitles(text).split(PARAGRAPH_BREAK)) {
    const pieces = cutPieces(paragraph);
    if (pieces.length > 0) fillLines(pieces, lines, margins);
  }
  return lines.map((line) => line.replaceAll(TITLE_SPACE, " "));
}

/** The columns of a text without escape sequences, cluster by cluster. */
export function modelWidth(text: string): number {
  return graphemes(text).reduce((width, cluster) => width + clusterWidth(cluster), 0);
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
  let codes = false;
  const put = (text: string, columnsTaken: number) => {
    line += text;
    width += columnsTaken;
    blank = false;
  };
  for (const piece of pieces) {
    if (piece.text.replaceAll(CODE, (code) => code === "^^" ? code : "") === "") {
      line += piece.text;
      codes = true;
      continue;
    }
    const gap = !blank && piece.spaced ? 1 : 0;
    if (!blank && width + gap + piece.width > columns) newLine();
    const fits = piece.width <= columns - width;
    if (!blank) put(piece.spaced ? " " : piece.joint, gap);
    if (fits) put(piece.text, piece.width);
    for (const part of fits ? [] : splitGraphemes(piece.text)) {
      if (!blank && width + part.width > columns) newLine();
      put(part.text, part.width);
    }
  }
  if (!blank || codes) lines.push(line);
}

/** Words, and what stands before each. */
const WORD =
  /((?:[^\S\u00a0\u2007\u202f\ufeff]|\u200b)*)((?:[\u00a0\u2007\u202f\ufeff]|[^\s\u200b])+)/g;
const CLOSING = "、。，．：；？！」』）】〉》〕｝］〗〙〛";
const OPENING = "「『（【〈《〔｛［〖〘〚";

/** Cuts at white space, and before and after each wide character. */
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
    let last = "";
    for (const part of splitGraphemes(word)) {
      const wide = part.width > 1;
      const shown = part.text.replaceAll(CODE, "").charAt(0);
      const holds = OPENING.includes(last) && last !== "" ||
        (shown !== "" && wide && CLOSING.includes(shown));
      if ((wide || lastWide) && !holds) push();
      last = wide ? shown : "";
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
