import { beginsSequence, sequenceEnd, unfinishedSequence } from "./escape_sequences.ts";
import { isLink, Rendition } from "./rendition.ts";

/** The one-time effects of a text that is drawn repeatedly, such as a prompt. */
export interface RowEffects {
  /**
   * Output that is sent once: bells, titles and other strings, text that is drawn elsewhere
   * between saving and restoring the cursor, and the sequence that clears the screen.
   */
  readonly effects: string;
  /** Whether it clears the screen. */
  readonly clears: boolean;
}

const BEL = "\x07";
const MAYBE = /[\x07\x1b\x80-\x9f]/;
const NEXT = /[\x07\x1b\x80-\x9f]/g;
/** OSC, DCS, APC, PM and SOS. */
const STRING = /^(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])/;
/** Saves the cursor (DECSC, SCOSC), and restores it (DECRC, SCORC). */
const SAVE = /^(?:\x1b7|(?:\x1b\[|\x9b)s)/;
const LONGEST_SAVE = 3;
const GO_BACK = /^(?:\x1b8|(?:\x1b\[|\x9b)u)$/;
/** Moves the cursor to a place of the screen: CUP and HVP; DECSTBM and RIS move it to the first. */
const PLACE = /^(?:(?:\x1b\[|\x9b)(?:\d*(?:;(\d*))?[Hf]|[\d;]*r)|\x1bc)$/;
/** Moves the cursor to another row in other ways, or moves the rows. */
const AWAY = /^(?:(?:\x1b\[|\x9b)\d*[ABEFLMSTdek]|\x1b[DEM])$/;
/** Erases a part of the screen or of the row. */
const ERASE = /^(?:\x1b\[|\x9b)\d*[JK]$/;
/** Clears the screen (2J) or the scrollback (3J). */
const CLEAR = /^(?:\x1b\[|\x9b)[23]J$/;

/** Where in a text the row begins in which it leaves the cursor. */
export interface RowStart {
  /** The position in the text. */
  readonly at: number;
  /** The column of the screen. */
  readonly column: number;
}

/**
 * Finds the last move of the cursor to a place of the screen; `lineEnds`: or the last line end, if
 * that is later.
 */
export function rowStart(text: string, lineEnds: boolean): RowStart {
  if (!MAYBE.test(text)) return { at: lineEnds ? text.lastIndexOf("\n") + 1 : 0, column: 0 };
  let start: RowStart = { at: 0, column: 0 };
  let at = 0;
  let placed = false;
  for (const part of partsOf(text)) {
    const place = PLACE.exec(part);
    // An erasure directly after the move belongs to it.
    if (placed && ERASE.test(part)) start = { ...start, at: at + part.length };
    placed = place !== null || placed && (ERASE.test(part) || COLOUR.test(part));
    const end = !lineEnds || isElsewhere(part) ? 0 : part.lastIndexOf("\n") + 1;
    if (place !== null) {
      start = { at: at + part.length, column: Math.max(0, Number(place[1] ?? 1) - 1) };
    } else if (end > 0) start = { at: at + end, column: 0 };
    at += part.length;
  }
  return start;
}

/**
 * Where the unfinished end of a text begins: an unfinished sequence, a saved cursor that was not
 * restored, or a move to a place where the next text may erase something. Returns the length of the
 * text if it has no such end.
 */
export function openPart(text: string): number {
  if (!MAYBE.test(text)) return text.length;
  const end = unfinishedSequence(text);
  let [at, saved, placed, elsewhere] = [0, end, end, false];
  for (const part of partsOf(text.slice(0, end))) {
    // There is only one saved cursor. After a line end it is no longer expected to be restored.
    const released = GO_BACK.test(part) || isElsewhere(part) || !elsewhere && part.includes("\n");
    if (released) [saved, elsewhere] = [end, false];
    else if (SAVE.test(part)) saved = Math.min(saved, at);
    else elsewhere ||= saved < end && leavesRow(part);
    if (PLACE.test(part)) placed = at;
    else if (!ERASE.test(part) && !COLOUR.test(part)) placed = end;
    at += part.length;
  }
  return Math.min(saved, placed);
}

/** Whether a text saves the cursor first, and after that draws elsewhere or draws nothing. */
export function mayGoBack(text: string): boolean {
  const saved = SAVE.exec(text)?.[0].length ?? 0;
  return saved > 0 && (unfinishedSequence(text) === saved || someOf(text, leavesRow));
}

/** Finds the one-time effects of a text. */
export function effectsOf(text: string): RowEffects {
  let effects = "";
  let clears = false;
  if (!MAYBE.test(text)) return { effects, clears };
  for (const part of partsOf(text)) {
    const clear = CLEAR.test(part);
    clears ||= clear;
    if (clear || isEffect(part)) effects += part;
  }
  return { effects, clears };
}

/** Whether a part has a one-time effect: a bell, a string that is no link, or text elsewhere. */
function isEffect(part: string): boolean {
  return part === BEL || isElsewhere(part) || STRING.test(part) && !isLink(part);
}

function leavesRow(part: string): boolean {
  return PLACE.test(part) || AWAY.test(part);
}

/** Whether a part is text that is drawn elsewhere, between saving and restoring the cursor. */
function isElsewhere(part: string): boolean {
  return part.length > LONGEST_SAVE && SAVE.test(part);
}

/** The text without bells and strings, but with links. The sequence that clears the screen stays, because it erases text before it. */
export function withoutEffects(text: string): string {
  if (!MAYBE.test(text)) return text;
  return partsOf(text).filter((part) => !isEffect(part)).join("");
}

/** The style in force after a text: the sequences that set its colours, and begin its link. */
export function styleAfter(text: string): string {
  if (!MAYBE.test(text)) return "";
  const rendition = new Rendition();
  for (const part of partsOf(text)) rendition.follow(part);
  return rendition.style;
}

/** Colours and MXP modes, which do not move the cursor. */
const COLOUR = /^(?:\x1b\[|\x9b)[\d;:]*[mz]$/;
/** Matches what may move the cursor. A text that contains it needs no row of its own. */
const MOVES = /[\x08\x1b\x80-\x9f]|\r(?!\n)/;

/**
 * Whether a text shows at the cursor, and so needs a row of its own. False for a title, or for art
 * that moves the cursor.
 */
export function takesRow(text: string): boolean {
  const rest = withoutQuiet(text);
  return rest !== "" && !MOVES.test(rest);
}

/** Whether any part of a text shows or moves the cursor. A title alone does neither. */
export function isSeen(text: string): boolean {
  return MAYBE.test(text) ? someOf(text, (part) => !isQuiet(part)) : text !== "";
}

/** The text without bells, strings and colours, which do not move the cursor. */
function withoutQuiet(text: string): string {
  if (!MAYBE.test(text)) return text;
  return partsOf(text).filter((part) => !isQuiet(part)).join("");
}

function isQuiet(part: string): boolean {
  return part === BEL || STRING.test(part) || COLOUR.test(part);
}

/** The eight-bit controls, which few texts have. */
const C1 = /[\x80-\x9f]/;

/** The end of a text, at most `length` UTF-16 units, without cutting a sequence or a character. */
export function endOf(text: string, length: number): string {
  if (text.length <= length) return text;
  let cut = text.length - length;
  // Only the last sequence that begins before the cut can go on after it.
  const before = text.slice(0, cut);
  let start = before.lastIndexOf("\x1b");
  for (let at = C1.test(before) ? cut - 1 : 0; at > start; at--) {
    if (beginsSequence(before.charCodeAt(at))) start = at; // which ends the loop
  }
  if (start >= 0) cut = Math.max(cut, sequenceEnd(text, start, "program"));
  const code = text.charCodeAt(cut);
  return text.slice(code >= 0xdc00 && code <= 0xdfff ? cut + 1 : cut);
}

/**
 * Splits a text into bells, sequences, and the text between them. Text that is drawn elsewhere,
 * between saving and restoring the cursor, is one part.
 */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  /** The first part of the stretch, and where it begins. */
  let [first, start, elsewhere] = [-1, 0, false];
  let at = 0;
  someOf(text, (part) => {
    if (!elsewhere && SAVE.test(part)) [first, start] = [parts.length, at];
    elsewhere ||= first !== -1 && leavesRow(part);
    parts.push(part);
    at += part.length;
    if (first !== -1 && GO_BACK.test(part)) {
      if (elsewhere) {
        parts.length = first;
        parts.push(text.slice(start, at));
      }
      [first, elsewhere] = [-1, false];
    }
    return false;
  });
  return parts;
}

/** Calls a function with each of these parts until it returns `true`; returns whether it did. */
function someOf(text: string, isFound: (part: string) => boolean): boolean {
  for (let at = 0; at < text.length;) {
    NEXT.lastIndex = at;
    const next = NEXT.test(text) ? NEXT.lastIndex - 1 : text.length;
    if (next > at && isFound(text.slice(at, next))) return true;
    if (next === text.length) break;
    at = beginsSequence(text.charCodeAt(next)) ? sequenceEnd(text, next, "program") : next + 1;
    if (isFound(text.slice(next, at))) return true;
  }
  return false;
}
