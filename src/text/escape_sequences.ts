/**
 * The grammar of escape sequences (ECMA-48) as a table, the only place that defines where a
 * sequence ends. It is used for keys, lines, widths, wrapping, the editor's screen and
 * `stripControls`.
 *
 * Programs and terminals follow the same grammar, but terminals also send a few sequences of their own: X10 mouse
 * reports, F1 to F5 of the Linux console, and rxvt's keys with Shift.
 */

/** The state within a sequence, before the next character. */
export type SequenceState = number;

/** Outside any sequence. */
export const GROUND = 0;
/** The sequence has ended before this character, which is not part of it. */
export const BROKEN = 1;
/** After ESC. */
const ESCAPE = 2;
/** After ESC and intermediates, as in `ESC ( B`. */
const ESCAPE_INTERMEDIATE = 3;
/** After CSI. */
const CSI = 4;
/** After CSI and digits. */
const CSI_DIGITS = 5;
/** After CSI and parameters, or a private prefix. */
const CSI_PARAMETERS = 6;
/** After CSI and intermediates. */
const CSI_INTERMEDIATE = 7;
/** After SS2 or SS3: one character is shifted. */
const SHIFT = 8;
/** After SS3 and a modifier. */
const SHIFT_MODIFIER = 9;
/** Within OSC, DCS, APC, PM or SOS. */
const STRING = 10;
/** Within a string, after ESC, which may begin its end. */
export const STRING_ESCAPE = 11;
/** After `CSI [`, in a sequence of the Linux console. */
const LINUX = 12;
/** After `CSI M`, in an X10 mouse report: button, column, row. */
const MOUSE_BUTTON = 13;
const MOUSE_COLUMN = 14;
const MOUSE_ROW = 15;
const STATE_COUNT = 16;

/** The source of a text: a program that writes to a terminal, or a terminal. */
export type SequenceSource = "program" | "terminal";

const ESC = 0x1b;
/** Characters from here on occur only in strings and mouse reports. */
const LIMIT = 0xa0;
const C1 = 0x80;

/** Introducers, by the letter after ESC. Each also exists as an eight-bit control (C1), 0x40 above the letter. */
const INTRODUCERS: readonly (readonly [string, SequenceState])[] = [
  ["[", CSI],
  ["N", SHIFT],
  ["O", SHIFT],
  ["P", STRING],
  ["X", STRING],
  ["]", STRING],
  ["^", STRING],
  ["_", STRING],
];

const TABLES: Readonly<Record<SequenceSource, Uint8Array>> = {
  program: newTable(false),
  terminal: newTable(true),
};

/**
 * The state after one more character.
 *
 * @param state The state before it; {@linkcode GROUND} outside any sequence.
 * @param code The character, a UTF-16 unit.
 * @param source The source of the text.
 * @returns {@linkcode GROUND}: the sequence ends with this character. {@linkcode BROKEN}: it ends before it.
 */
export function nextState(
  state: SequenceState,
  code: number,
  source: SequenceSource,
): SequenceState {
  return TABLES[source][state * (LIMIT + 1) + Math.min(code, LIMIT)] as SequenceState;
}

/** Whether a character is ESC, or an eight-bit control. */
export function beginsSequence(code: number): boolean {
  return code === ESC || (code >= C1 && code < LIMIT);
}

/**
 * Where the sequence at a position ends.
 *
 * @param text The text, with ESC or an eight-bit control at that position.
 * @param start The position.
 * @param source The source of the text.
 * @returns The position after it. A broken sequence ends before the character that breaks it, an
 * unfinished one at the end of the text.
 */
export function sequenceEnd(text: string, start: number, source: SequenceSource): number {
  const end = source === "program" ? shortcut(text, start) : 0;
  if (end > 0) return end;
  const table = TABLES[source];
  let state = GROUND;
  let escapeAt = start;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const next = table[state * (LIMIT + 1) + (code < LIMIT ? code : LIMIT)] as SequenceState;
    // The ESC within a string begins another sequence, unless it ends the string.
    if (next === BROKEN) return state === STRING_ESCAPE ? escapeAt : at;
    if (next === GROUND) return at + 1;
    if (next === STRING_ESCAPE && state === STRING) escapeAt = at;
    state = next;
  }
  return text.length;
}

/** Where a sequence `ESC [ parameters letter` ends, as by the table; 0 for any other. */
function shortcut(text: string, start: number): number {
  if (text.charCodeAt(start + 1) !== 0x5b || text.charCodeAt(start) !== ESC) return 0;
  let at = start + 2;
  let code = text.charCodeAt(at);
  while (code >= 0x30 && code <= 0x3f) code = text.charCodeAt(++at);
  return code >= 0x40 && code <= 0x7e ? at + 1 : 0;
}

/** Where an unfinished sequence at the end of a text begins; the length of the text if there is none. */
export function unfinishedSequence(text: string): number {
  for (let at = nextSequence(text, 0); at !== -1;) {
    const end = sequenceEnd(text, at, "program");
    if (end === text.length) return isWhole(text, at) ? text.length : at;
    at = nextSequence(text, end);
  }
  return text.length;
}

function isWhole(text: string, start: number): boolean {
  let state = GROUND;
  for (let at = start; at < text.length; at++) {
    state = nextState(state, text.charCodeAt(at), "program");
  }
  return state === GROUND || state === BROKEN;
}

/** Matches the most common sequences. */
const CONTROL_SEQUENCE = /\x1b\[[\d;:?]*[A-Za-z]/g;

/** Removes all sequences from a text that a program wrote for a terminal. */
export function withoutSequences(text: string): string {
  const without = text.replaceAll(CONTROL_SEQUENCE, "");
  // Strings and unfinished sequences need the table.
  return nextSequence(without, 0) === -1 ? without : withoutAnySequence(text);
}

function withoutAnySequence(text: string): string {
  let plain = "";
  let from = 0;
  for (let at = nextSequence(text, 0); at !== -1; at = nextSequence(text, from)) {
    plain += text.slice(from, at);
    from = sequenceEnd(text, at, "program");
  }
  return from === 0 ? text : plain + text.slice(from);
}

const SEQUENCE_START = /[\x1b\x80-\x9f]/g;

/** Where the next sequence begins, at or after a position; -1 if there is none. */
export function nextSequence(text: string, from: number): number {
  SEQUENCE_START.lastIndex = from;
  return SEQUENCE_START.test(text) ? SEQUENCE_START.lastIndex - 1 : -1;
}

function newTable(fromTerminal: boolean): Uint8Array {
  const table = new Uint8Array(STATE_COUNT * (LIMIT + 1)).fill(BROKEN);
  const set = (state: SequenceState, first: number, last: number, next: SequenceState) => {
    table.fill(next, state * (LIMIT + 1) + first, state * (LIMIT + 1) + last + 1);
  };
  const setOne = (state: SequenceState, character: string, next: SequenceState) => {
    set(state, character.charCodeAt(0), character.charCodeAt(0), next);
  };

  set(GROUND, 0, LIMIT, GROUND);
  set(GROUND, ESC, ESC, ESCAPE);
  set(ESCAPE, 0x20, 0x2f, ESCAPE_INTERMEDIATE);
  set(ESCAPE, 0x30, 0x7e, GROUND);
  set(ESCAPE_INTERMEDIATE, 0x20, 0x2f, ESCAPE_INTERMEDIATE);
  set(ESCAPE_INTERMEDIATE, 0x30, 0x7e, GROUND);
  for (const [letter, next] of INTRODUCERS) {
    setOne(ESCAPE, letter, next);
    setOne(GROUND, String.fromCharCode(letter.charCodeAt(0) + 0x40), next);
  }

  for (const state of [CSI, CSI_DIGITS, CSI_PARAMETERS, CSI_INTERMEDIATE]) {
    set(state, 0x20, 0x2f, CSI_INTERMEDIATE);
    set(state, 0x30, 0x3f, state === CSI_INTERMEDIATE ? CSI_INTERMEDIATE : CSI_PARAMETERS);
    set(state, 0x40, 0x7e, GROUND);
  }
  for (const state of [CSI, CSI_DIGITS]) set(state, 0x30, 0x39, CSI_DIGITS);

  set(SHIFT, 0x20, 0x7e, GROUND);

  set(STRING, 0x20, LIMIT, STRING);
  set(STRING, 0x7f, 0x9f, BROKEN);
  set(STRING, 0x07, 0x07, GROUND);
  set(STRING, 0x9c, 0x9c, GROUND);
  set(STRING, ESC, ESC, STRING_ESCAPE);
  set(STRING_ESCAPE, 0x5c, 0x5c, GROUND);

  if (fromTerminal) {
    setOne(CSI, "[", LINUX);
    set(LINUX, 0x20, 0x7e, GROUND);
    setOne(CSI, "M", MOUSE_BUTTON);
    // A column or row that does not fit in a byte is sent as NUL.
    for (const [first, last] of [[0, 0], [0x20, LIMIT]] as const) {
      set(MOUSE_BUTTON, first, last, MOUSE_COLUMN);
      set(MOUSE_COLUMN, first, last, MOUSE_ROW);
      set(MOUSE_ROW, first, last, GROUND);
    }
    setOne(CSI_DIGITS, "$", GROUND);
    set(SHIFT, 0x30, 0x39, SHIFT_MODIFIER);
    set(SHIFT_MODIFIER, 0x20, 0x7e, GROUND);
    set(SHIFT_MODIFIER, 0x30, 0x3b, SHIFT_MODIFIER);
  }
  // A NUL within a sequence is ignored.
  for (let state = ESCAPE; state < MOUSE_BUTTON; state++) set(state, 0, 0, state);
  return table;
}
