import { checkBoolean, checkCount, rejectUnknownKeys } from "../protocol/validate.ts";
import {
  beginsSequence,
  BROKEN,
  GROUND,
  nextState,
  type SequenceState,
  STRING_ESCAPE,
} from "./escape_sequences.ts";
import { copied, joined } from "../protocol/pieces.ts";
import { textSize } from "./sizes.ts";
import { type LinePlace, TypedRow } from "./typed_row.ts";
import { withoutLast } from "./width.ts";

export type { LinePlace } from "./typed_row.ts";

/** What is echoed of a person's typing: nothing, only line ends, or all. */
export type EchoMode = "none" | "newlines" | "all";

/** Takes finished lines. */
export interface LineSink {
  /** Appends a line. */
  push(line: string): unknown;
}

const ENDLESS: LinePlace = { columns: Infinity, known: false, column: 0 };
const NUL = 0x00;
const BS = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const DEL = 0x7f;
const C1_LAST = 0x9f;
/** At most this many characters of an unfinished sequence are kept, enough for that of a key. */
const MAX_BEGINNING = 32;
/**
 * The maximum length of a control string, such as a title; a longer one has lost its terminator.
 */
const MAX_STRING = 65_536;
/** Estimated memory of a piece of text that was appended separately, in bytes. */
const PIECE_SIZE = 64;
/** Pieces may always take this many bytes before they are joined. */
const SPARE = 2_048;
/**
 * A line is copied out of a text only if that is longer by more than this many UTF-16 units, and a
 * quarter of the line.
 */
const SMALL = 64;

/** The state of a {@linkcode LineInput}, as plain JSON. */
export interface LineInputSnapshot {
  /** The text typed so far. */
  readonly line: string;
  /** Whether the last character was a CR, which an LF or NUL may follow. */
  readonly afterCr: boolean;
  /** The beginning of an escape sequence that has not ended. */
  readonly sequence: string;
  /** The length of that sequence so far. */
  readonly sequenceLength: number;
  /** How many UTF-16 units of the line were dropped because they exceed the limit. */
  readonly dropped: number;
}

/**
 * The last frozen options that passed the check: a server uses the same object for all its inputs.
 */
let lastChecked: LineInputOptions | undefined;

function checkOptions(options: LineInputOptions): void {
  rejectUnknownKeys("LineInput", options, { limit: true, stripControls: true });
  const { limit, stripControls = true } = options;
  if (limit !== Infinity) checkCount("LineInput.limit", limit, 0, ", or Infinity");
  checkBoolean("LineInput.stripControls", stripControls);
  if (Object.isFrozen(options)) lastChecked = options;
}

/** How to make lines. */
export interface LineInputOptions {
  /** The maximum UTF-16 units of a line; the rest of it is dropped. */
  readonly limit: number;
  /** Whether escape sequences and control characters are removed from lines. Default `true`. */
  readonly stripControls?: boolean;
}

/**
 * Splits typed text into lines. The text may arrive in pieces that are cut anywhere.
 *
 * - CR LF, CR NUL, LF and a lone CR each end one line, never two (RFC 854); other NULs are dropped
 * - backspace (0x08) and DEL (0x7F) erase the last code point, or the whole of an emoji
 * - a line over the limit keeps its first part; the rest is dropped up to its end
 * - escape sequences (cursor keys, reports of a terminal) and control characters except TAB are
 *   removed
 *
 * @example
 * ```ts
 * import { LineInput } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const input = new LineInput({ limit: 1000 });
 * const lines: string[] = [];
 * input.push("look\r", lines);
 * input.push("\nnor", lines); // the LF belongs to the CR before
 * input.push("\x08\x08o\x7forth\r\0", lines);
 * assertEquals(lines, ["look", "north"]);
 * ```
 */
export class LineInput {
  /** What is echoed to the screen; see {@linkcode takeEcho}. */
  echo: EchoMode = "none";
  #place: LinePlace = ENDLESS;
  readonly #limit: number;
  readonly #stripControls: boolean;
  /** The text that was fed, and how much of it has been read. */
  #text = "";
  #at = 0;
  #line = "";
  /** In how many pieces the engine may still store it. */
  #pieces = 0;
  /** The finished line, until `takeLine` returns it. */
  #ended = "";
  #afterCr = false;
  /** The state of an unfinished escape sequence, and its beginning. */
  #state: SequenceState = GROUND;
  #sequence = "";
  #sequenceLength = 0;
  /** How many UTF-16 units of the line were dropped. */
  #dropped = 0;
  #truncated = 0;
  /** The length of the last finished line, with its dropped part. */
  #endedLength = 0;
  #echoed = "";
  /** Tracks what the echo has drawn of the line; created when needed. */
  #row: TypedRow | undefined;

  /**
   * Starts with an empty line.
   *
   * @param options `limit`: the maximum UTF-16 units of a line. `stripControls`: whether to remove
   * escape sequences and control characters, so that a person cannot send them to another's
   * terminal; default `true`. Line ends, backspace, DEL and NUL are never part of a line.
   * @throws {TelnetError} `misuse`: an unknown option, or an invalid value.
   */
  constructor(options: LineInputOptions) {
    if (options !== lastChecked) checkOptions(options);
    const { limit, stripControls = true } = options;
    this.#limit = limit;
    this.#stripControls = stripControls;
  }

  /** Where the echo is drawn. Default: a single row of unlimited width. */
  get place(): LinePlace {
    return this.#place;
  }

  set place(place: LinePlace) {
    if (samePlace(place, this.#place)) return;
    this.#place = place;
    // The terminal has wrapped the line again, so the recorded positions are no longer valid.
    this.#row = undefined;
  }

  /** How many lines were longer than the limit so far. */
  get truncated(): number {
    return this.#truncated;
  }

  /** The length of the last finished line, with its dropped part, in UTF-16 units. */
  get endedLength(): number {
    return this.#endedLength;
  }

  /** The line that is being typed. */
  get partial(): string {
    return this.#line;
  }

  /** Whether the last character was a CR: an LF or NUL that follows belongs to it. */
  get afterCr(): boolean {
    return this.#afterCr;
  }

  set afterCr(afterCr: boolean) {
    this.#afterCr = afterCr;
  }

  /**
   * Takes the next text.
   *
   * @param text What arrived.
   * @param lines Finished lines are appended here without their line ends; for example an array.
   */
  push(text: string, lines: LineSink): void {
    this.feed(text);
    while (this.read() === "line") lines.push(this.takeLine());
  }

  /**
   * Takes the next text, for {@linkcode read}.
   *
   * @param text What arrived.
   */
  feed(text: string): void {
    this.#text = this.#at < this.#text.length ? this.#text.slice(this.#at) + text : text;
    this.#at = 0;
  }

  /**
   * Reads up to the end of the next line.
   *
   * @returns `line`: a line has ended, see {@linkcode takeLine}. `undefined`: all text has been
   * read.
   */
  read(): "line" | undefined {
    const text = this.#text;
    let start = this.#at;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#state !== GROUND) {
        const within = this.#continue(text.charAt(at), code);
        start = within ? at + 1 : at;
        if (within) continue;
      }
      const plain = code > C1_LAST || (code >= 0x20 && code < DEL) || code === TAB ||
        (!this.#stripControls && isKept(code));
      if (plain) continue;
      if (at > start) this.#append(text.slice(start, at));
      start = at + 1;
      this.#at = start;
      if (this.#control(code)) return "line";
    }
    if (start < text.length) this.#append(start === 0 ? text : text.slice(start));
    this.#text = "";
    this.#at = 0;
    return undefined;
  }

  /** Takes the line that {@linkcode read} has found, without its line end. */
  takeLine(): string {
    const line = this.#ended;
    this.#ended = "";
    return line;
  }

  /** Whether some of the text has not been read yet. */
  get hasUnread(): boolean {
    return this.#at < this.#text.length;
  }

  /** About how many bytes of memory the pending input takes. */
  get held(): number {
    return textSize(this.#text.length) + textSize(this.#line.length) + (this.#row?.held ?? 0);
  }

  /** Removes the text that has not been read and returns it, for another reader. */
  takeUnread(): string {
    const unread = this.#text.slice(this.#at);
    this.#text = "";
    this.#at = 0;
    return unread;
  }

  /** The current state, as plain JSON. */
  snapshot(): LineInputSnapshot {
    const [line, afterCr, dropped] = [this.#line, this.#afterCr, this.#dropped];
    const sequenceLength = this.#sequenceLength;
    // The kept beginning of a long string lacks the last ESC, which may begin its terminator.
    const cut = this.#state === STRING_ESCAPE && sequenceLength > this.#sequence.length;
    const sequence = this.#sequence + (cut ? "\x1b" : "");
    return { line, afterCr, sequence, sequenceLength, dropped };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   */
  restore({ line, afterCr, sequence, sequenceLength, dropped }: LineInputSnapshot): void {
    this.#line = line;
    this.#afterCr = afterCr;
    this.#endSequence();
    for (let at = 0; at < sequence.length; at++) {
      if (this.#state === GROUND) this.#begin(sequence.charAt(at));
      else this.#continue(sequence.charAt(at), sequence.charCodeAt(at));
    }
    this.#sequenceLength = sequenceLength;
    this.#dropped = dropped;
  }

  /**
   * Erases the last code point, or the whole of an emoji, as backspace and the Telnet command EC
   * do, and half a sequence.
   */
  eraseCharacter(): void {
    this.#endSequence();
    if (this.#line === "" || this.#dropped > 0) return;
    const [before, row] = [this.#line, this.#shownRow()];
    this.#line = withoutLast(before);
    if (row !== undefined) this.#echoed += row.shrink(before, this.#line);
  }

  /** Erases the whole line and half a sequence, as the Telnet command EL does. */
  eraseLine(): void {
    this.#endSequence();
    const [before, row] = [this.#line, this.#shownRow()];
    this.#line = "";
    this.#dropped = 0;
    if (row !== undefined) this.#echoed += row.shrink(before, "");
  }

  /** Removes the unfinished line and returns it, so that another reader can continue it. */
  takePartial(): string {
    const partial = this.#line;
    this.#line = "";
    this.#row = undefined;
    this.#dropped = 0;
    return partial;
  }

  /** Echoes the line again, after a prompt; it begins in the current column of `place`. */
  echoAgain(): void {
    this.#row = undefined;
    if (this.echo !== "all" || this.#line === "") return;
    this.#row = new TypedRow(this.#place);
    this.#echoed += this.#row.grow("", this.#line);
  }

  /** Whether the echo of a full row has moved the cursor to the start of the next one. */
  get onFreshRow(): boolean {
    return this.echo === "all" && this.#row?.onFreshRow === true;
  }

  /** Takes the echo since the last call; line ends are `\n`. */
  takeEcho(): string {
    const echoed = this.#echoed;
    if (echoed !== "") this.#echoed = "";
    return echoed;
  }

  /** Takes the work of the echo since the last call, in drawn bytes. */
  takeEchoWork(): number {
    return this.#row?.takeWork() ?? 0;
  }

  #append(run: string): void {
    this.#afterCr = false;
    if (this.#dropped > 0) {
      this.#dropped += run.length;
      return;
    }
    const room = this.#limit - this.#line.length;
    const fits = run.length <= room ? run : cutAt(run, room);
    const row = this.#shownRow();
    if (row !== undefined) this.#echoed += row.grow(this.#line, fits);
    this.#line += fits;
    if (++this.#pieces * PIECE_SIZE > this.#line.length + SPARE) this.#join();
    if (run.length <= room) return;
    this.#dropped = run.length - fits.length;
    this.#truncated++;
  }

  /** Tracks what the screen shows of the line; `undefined` unless everything is echoed. */
  #shownRow(): TypedRow | undefined {
    if (this.echo !== "all") return this.#row = undefined;
    if (this.#row === undefined) {
      this.#row = new TypedRow(this.#place);
      this.#row.grow("", this.#line);
    }
    return this.#row;
  }

  /** Takes a control character; returns whether a line has ended. */
  #control(code: number): boolean {
    const afterCr = this.#afterCr;
    this.#afterCr = code === CR;
    if (beginsSequence(code)) this.#begin(String.fromCharCode(code));
    else if (code === BS || code === DEL) this.eraseCharacter();
    else if (code === CR || (code === LF && !afterCr)) {
      this.#endLine();
      return true;
    }
    return false;
  }

  /** Takes a character that may begin an escape sequence. */
  #begin(character: string): void {
    this.#state = nextState(GROUND, character.charCodeAt(0), "terminal");
    this.#sequence = this.#state === GROUND ? "" : character;
    this.#sequenceLength = this.#sequence.length;
  }

  /** Continues an escape sequence; returns whether the character belongs to it. */
  #continue(character: string, code: number): boolean {
    const state = this.#state;
    const next = this.#sequenceLength >= MAX_STRING ? BROKEN : nextState(state, code, "terminal");
    if (next === BROKEN) {
      this.#endSequence();
      // The ESC within a string begins another sequence.
      if (state !== STRING_ESCAPE) return false;
      this.#begin("\x1b");
      return this.#continue(character, code);
    }
    if (next === GROUND) this.#endSequence();
    else {
      this.#state = next;
      this.#sequenceLength++;
      if (this.#sequence.length < MAX_BEGINNING) this.#sequence += character;
    }
    return true;
  }

  #endSequence(): void {
    this.#state = GROUND;
    this.#sequence = "";
    this.#sequenceLength = 0;
  }

  /** Makes the engine join the pieces in which it stores appended text. */
  #join(): void {
    joined(this.#line);
    this.#pieces = 0;
  }

  #endLine(): void {
    // A substring keeps the whole text that it was cut from in memory.
    const { length } = this.#line;
    const cutOut = this.#text.length > length + (length >> 2) + SMALL;
    if (this.#pieces > 1) this.#join();
    this.#pieces = 0;
    this.#ended = cutOut ? copied(this.#line) : this.#line;
    this.#endedLength = this.#line.length + this.#dropped;
    const fresh = this.onFreshRow;
    this.#line = "";
    this.#row = undefined;
    if (this.#place.column > 0) this.#place = { ...this.#place, column: 0 };
    this.#endSequence();
    this.#dropped = 0;
    if (this.echo !== "none" && !fresh) this.#echoed += "\n";
  }
}

function samePlace(one: LinePlace, other: LinePlace): boolean {
  return one.columns === other.columns && one.known === other.known &&
    one.column === other.column && one.ambiguousWidth === other.ambiguousWidth;
}

/** The start of a text, without a lone surrogate at its end. */
function cutAt(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** Whether a control character belongs to a line if `stripControls` is off. */
function isKept(code: number): boolean {
  return code !== CR && code !== LF && code !== NUL && code !== BS && code !== DEL;
}
