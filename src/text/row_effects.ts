import { beginsSequence, sequenceEnd } from "./escape_sequences.ts";

/** What a prompt, or another text that is drawn again and again, does only once. */
export interface RowEffects {
  /** Output that is sent once: bells, titles and other strings, and the sequence that clears the screen. */
  readonly effects: string;
  /** Whether it clears the screen. */
  readonly clears: boolean;
}

const BEL = "\x07";
const MAYBE = /[\x07\x1b\x80-\x9f]/;
const NEXT = /[\x07\x1b\x80-\x9f]/g;
/** OSC, DCS, APC, PM and SOS. */
const STRING = /^(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])/;
/** An empty screen, and what scrolled away. */
const CLEAR = /^(?:\x1b\[|\x9b)[23]J$/;

/** Finds what a text does only once. */
export function effectsOf(text: string): RowEffects {
  let effects = "";
  let clears = false;
  if (!MAYBE.test(text)) return { effects, clears };
  for (const part of partsOf(text)) {
    const clear = CLEAR.test(part);
    clears ||= clear;
    if (clear || part === BEL || STRING.test(part)) effects += part;
  }
  return { effects, clears };
}

/** The text without bells and strings. The sequence that clears the screen stays, because it erases text before it. */
export function withoutEffects(text: string): string {
  if (!MAYBE.test(text)) return text;
  return partsOf(text).filter((part) => part !== BEL && !STRING.test(part)).join("");
}

/** Colours, and the modes of MXP, which leave the cursor where it is. */
const COLOUR = /^(?:\x1b\[|\x9b)[\d;:]*[mz]$/;
/** What moves the cursor: a text with it is not a line of its own. */
const MOVES = /[\x08\x1b\x80-\x9f]|\r(?!\n)/;

/** Whether a text is shown where the cursor is, so that it needs a row of its own; not so a title, or art. */
export function takesRow(text: string): boolean {
  const rest = withoutQuiet(text);
  return rest !== "" && !MOVES.test(rest);
}

/** Whether anything of a text shows, or moves the cursor: a title alone does neither. */
export function isSeen(text: string): boolean {
  return withoutQuiet(text) !== "";
}

/** The text without what leaves the cursor where it is. */
function withoutQuiet(text: string): string {
  if (!MAYBE.test(text)) return text;
  const isQuiet = (part: string) => part === BEL || STRING.test(part) || COLOUR.test(part);
  return partsOf(text).filter((part) => !isQuiet(part)).join("");
}

/** The end of a text, at most so long, without cutting a sequence or a character. */
export function endOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const parts = partsOf(text);
  let end = "";
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index] ?? "";
    const room = length - end.length;
    if (part.length <= room) end = part + end;
    else return MAYBE.test(part) ? end : part.slice(-room || part.length).replace(HALF, "") + end;
  }
  return end;
}

const HALF = /^[\udc00-\udfff]/;

/** Bells, sequences, and what stands between them. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    NEXT.lastIndex = at;
    const next = NEXT.test(text) ? NEXT.lastIndex - 1 : text.length;
    if (next > at) parts.push(text.slice(at, next));
    if (next === text.length) break;
    at = beginsSequence(text.charCodeAt(next)) ? sequenceEnd(text, next, "program") : next + 1;
    parts.push(text.slice(next, at));
  }
  return parts;
}
