import { checkBoolean, checkCount, rejectUnknownKeys } from "../protocol/validate.ts";
import {
  beginsSequence,
  BROKEN,
  GROUND,
  nextState,
  type SequenceState,
  STRING_ESCAPE,
} from "./escape_sequences.ts";
import { copied, joined } from "./pieces.ts";
import { textSize } from "./sizes.ts";
import { type LinePlace, TypedRow } from "./typed_row.ts";
import { withoutLast } from "./width.ts";

export type { LinePlace } from "./typed_row.ts";

/** What of a person's typing goes back to the screen: nothing, only line ends, or all. */
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
/** No more of the beginning of a sequence is kept than that of a key has. */
const MAX_BEGINNING = 32;
/** A string, such as a title, that is longer has lost its end. */
const MAX_STRING = 65_536;
/** What a piece of a text costs that was added by itself. */
const PIECE_SIZE = 64;
/** So many bytes may be in pieces in any case. */
const SPARE = 2_048;
/** So many units more than the line are not worth a copy of it. */
const SMALL = 64;

/** Where a line stands that is being typed, as plain JSON. */
export interface LineInputSnapshot {
  /** What is typed so far. */
  readonly line: string;
  /** Whether the last character was a CR, which an LF or NUL may follow. */
  readonly afterCr: boolean;
  /** The beginning of an escape sequence that has not ended. */
  readonly sequence: string;
  /** How long that sequence is so far. */
  readonly sequenceLength: number;
  /** How much of the line is over the limit, and was dropped. */
  readonly dropped: number;
}

/** Options that were right: a server makes all its inputs of the same frozen ones. */
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
  /** The most UTF-16 units of a line; the rest of it is dropped. */
  readonly limit: number;
  /** Whether escape sequences and control characters are taken out of lines. Default `true`. */
  readonly stripControls?: boolean;
}

/**
 * Makes lines out of what people type: text in, lines out, cut anywhere.
 *
 * - CR LF, CR NUL, LF and a lone CR each end one line, never two (RFC 854); other NULs are dropped
 * - backspace (0x08) and DEL (0x7F) erase the last code point, or the whole of an emoji
 * - a line over the limit keeps its first part; the rest is dropped up to its end
 * - escape sequences (cursor keys, reports of a terminal) and control characters but TAB are taken out
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
  /** What goes back to the screen; see {@linkcode takeEcho}. */
  echo: EchoMode = "none";
  #place: LinePlace = ENDLESS;
  readonly #limit: number;
  readonly #stripControls: boolean;
  /** What was fed, and how much of it is read. */
  #text = "";
  #at = 0;
  #line = "";
  /** How many pieces the engine may still hold it in. */
  #pieces = 0;
  /** The line that has ended last. */
  #ended = "";
  #afterCr = false;
  /** Where in an escape sequence the next character stands, and its beginning. */
  #state: SequenceState = GROUND;
  #sequence = "";
  #sequenceLength = 0;
  /** How much of the line is over the limit. */
  #dropped = 0;
  #truncated = 0;
  /** How long the line was that has ended last. */
  #endedLength = 0;
  #echoed = "";
  /** What the echo of the line has drawn; made when there is some. */
  #row: TypedRow | undefined;

  /**
   * Starts with an empty line.
   *
   * @param options `limit`: the most UTF-16 units of a line. `stripControls`: whether to take escape
   * sequences and control characters out of it, so that a person cannot send them to another's
   * terminal; default `true`. Line ends, backspace, DEL and NUL are never part of a line.
   * @throws {TelnetError} `misuse`: an unknown option, or a value that cannot be right.
   */
  constructor(options: LineInputOptions) {
    if (options !== lastChecked) checkOptions(options);
    const { limit, stripControls = true } = options;
    this.#limit = limit;
    this.#stripControls = stripControls;
  }

  /** Where the echo is drawn. Default: in one row without end. */
  get place(): LinePlace {
    return this.#place;
  }

  set place(place: LinePlace) {
    this.#place = place;
    // The terminal has wrapped what it shows anew.
    this.#row = undefined;
  }

  /** How many lines were longer than the limit so far. */
  get truncated(): number {
    return this.#truncated;
  }

  /** How long the line was that ended last, with what was dropped of it, in UTF-16 units. */
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
   * @param lines Where finished lines are appended, without their ends: an array, say.
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
   * Reads on, up to the next thing that happens.
   *
   * @returns `line`: one has ended, see {@linkcode takeLine}. `undefined`: all that was fed is read.
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

  /** The line that {@linkcode read} has found, without its end. */
  takeLine(): string {
    const line = this.#ended;
    this.#ended = "";
    return line;
  }

  /** Whether text was fed that is not read. */
  get hasUnread(): boolean {
    return this.#at < this.#text.length;
  }

  /** How many bytes it holds of what was fed, about. */
  get held(): number {
    return textSize(this.#text.length) + textSize(this.#line.length) + (this.#row?.held ?? 0);
  }

  /** Takes what was fed and not read, for somebody else to read. */
  takeUnread(): string {
    const unread = this.#text.slice(this.#at);
    this.#text = "";
    this.#at = 0;
    return unread;
  }

  /** Where the line stands, as plain JSON. */
  snapshot(): LineInputSnapshot {
    const [line, afterCr, dropped] = [this.#line, this.#afterCr, this.#dropped];
    const sequenceLength = this.#sequenceLength;
    // The ESC that may begin the end of a string counts, however long the string is.
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

  /** Erases the last code point, or the whole of an emoji, as backspace and the command EC do. */
  eraseCharacter(): void {
    if (this.#line === "" || this.#dropped > 0) return;
    const [before, row] = [this.#line, this.#shownRow()];
    this.#line = withoutLast(before);
    if (row !== undefined) this.#echoed += row.shrink(before, this.#line);
  }

  /** Erases the whole line, as the command EL does. */
  eraseLine(): void {
    const [before, row] = [this.#line, this.#shownRow()];
    this.#line = "";
    this.#dropped = 0;
    if (row !== undefined) this.#echoed += row.shrink(before, "");
  }

  /** Takes the line that is being typed, for somebody else to go on with. */
  takePartial(): string {
    const partial = this.#line;
    this.#line = "";
    this.#row = undefined;
    this.#dropped = 0;
    return partial;
  }

  /** Draws the line again, after a prompt in the column that is set now. */
  echoAgain(): void {
    this.#row = undefined;
    if (this.echo !== "all" || this.#line === "") return;
    this.#row = new TypedRow(this.#place);
    this.#echoed += this.#row.grow("", this.#line);
  }

  /** What is to go back to the screen since the last call; `\n` for line ends. */
  takeEcho(): string {
    const echoed = this.#echoed;
    if (echoed !== "") this.#echoed = "";
    return echoed;
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

  /** What the screen shows of the line, where it shows all. */
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

  /** A character that may begin an escape sequence, which is no text. */
  #begin(character: string): void {
    this.#state = nextState(GROUND, character.charCodeAt(0), "terminal");
    this.#sequence = this.#state === GROUND ? "" : character;
    this.#sequenceLength = this.#sequence.length;
  }

  /** Goes on with an escape sequence; returns whether the character belongs to it. */
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

  /** Engines keep what is added piece by piece as pieces, until somebody looks at it. */
  #join(): void {
    joined(this.#line);
    this.#pieces = 0;
  }

  #endLine(): void {
    // What is cut out of a longer text keeps all of it alive.
    const { length } = this.#line;
    const cutOut = this.#pieces === 1 && this.#text.length > length + (length >> 2) + SMALL;
    if (this.#pieces > 1) this.#join();
    this.#pieces = 0;
    this.#ended = cutOut ? copied(this.#line) : this.#line;
    this.#endedLength = this.#line.length + this.#dropped;
    this.#line = "";
    this.#row = undefined;
    this.#endSequence();
    this.#dropped = 0;
    if (this.echo !== "none") this.#echoed += "\n";
  }
}

/** The beginning of a text, without half a character at its end. */
function cutAt(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** What else belongs to a line whose control characters stay. */
function isKept(code: number): boolean {
  return code !== CR && code !== LF && code !== NUL && code !== BS && code !== DEL;
}
