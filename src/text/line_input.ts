import { checkBoolean, checkCount, rejectUnknownKeys } from "../protocol/validate.ts";
import { copied, joined } from "./pieces.ts";
import { textSize } from "./sizes.ts";
import { clusterWidth, lastCluster, textWidth } from "./width.ts";

/** What of a person's typing goes back to the screen: nothing, only line ends, or all. */
export type EchoMode = "none" | "newlines" | "all";

/** Takes finished lines. */
export interface LineSink {
  /** Appends a line. */
  push(line: string): unknown;
}

const NUL = 0x00;
const BEL = 0x07;
const BS = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const ESC = 0x1b;
const DEL = 0x7f;
const C1_LAST = 0x9f;
const ST = 0x9c;
/** A control sequence that means a key has fewer parameters than this. */
const MAX_PARAMETERS = 16;
/** What a piece of a text costs that was added by itself. */
const PIECE_SIZE = 64;
/** So many bytes may be in pieces in any case. */
const SPARE = 2_048;
/** So many units more than the line are not worth a copy of it. */
const SMALL = 64;

/**
 * Where in an escape sequence (ECMA-48) the next character stands: behind ESC, in a control
 * sequence, in a title or the like, or at the one character of a single shift.
 */
export type EscapeState = "none" | "escape" | "control" | "string" | "single";

/** Where a line stands that is being typed, as plain JSON. */
export interface LineInputSnapshot {
  /** What is typed so far. */
  readonly line: string;
  /** Whether the last character was a CR, which an LF or NUL may follow. */
  readonly afterCr: boolean;
  /** Where in an escape sequence the next character stands. */
  readonly escape: EscapeState;
  /** The parameters of a control sequence so far. */
  readonly parameters: string;
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
 * - backspace (0x08) and DEL (0x7F) erase what a person takes for one character
 * - a line over the limit keeps its first part; the rest is dropped up to its end
 * - escape sequences (cursor keys) and control characters but TAB are taken out of the line
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
  #escape: EscapeState = "none";
  #parameters = "";
  /** How much of the line is over the limit. */
  #dropped = 0;
  #truncated = 0;
  /** How long the line was that has ended last. */
  #endedLength = 0;
  #echoed = "";

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
      const plain = code > C1_LAST || (code >= 0x20 && code < DEL) || code === TAB ||
        (!this.#stripControls && isKept(code));
      if (plain && this.#escape === "none") continue;
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
    return textSize(this.#text.length) + textSize(this.#line.length);
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
    const [line, afterCr] = [this.#line, this.#afterCr];
    const [escape, parameters] = [this.#escape, this.#parameters];
    return { line, afterCr, escape, parameters, dropped: this.#dropped };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   */
  restore({ line, afterCr, escape, parameters, dropped }: LineInputSnapshot): void {
    this.#line = line;
    this.#afterCr = afterCr;
    this.#escape = escape;
    this.#parameters = parameters;
    this.#dropped = dropped;
  }

  /** Erases the last character, as backspace and the command EC do. */
  eraseCharacter(): void {
    if (this.#line === "" || this.#dropped > 0) return;
    const last = lastCluster(this.#line);
    this.#line = this.#line.slice(0, this.#line.length - last.length);
    if (this.echo === "all") this.#echoed += "\b \b".repeat(clusterWidth(last));
  }

  /** Erases the whole line, as the command EL does. */
  eraseLine(): void {
    if (this.echo === "all") this.#echoed += "\b \b".repeat(textWidth(this.#line));
    this.#line = "";
    this.#dropped = 0;
  }

  /** Takes the line that is being typed, for somebody else to go on with. */
  takePartial(): string {
    const partial = this.#line;
    this.#line = "";
    this.#dropped = 0;
    return partial;
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
    this.#line += fits;
    if (++this.#pieces * PIECE_SIZE > this.#line.length + SPARE) this.#join();
    if (this.echo === "all") this.#echoed += fits;
    if (run.length <= room) return;
    this.#dropped = run.length - fits.length;
    this.#truncated++;
  }

  /** Takes a control character, or one within an escape sequence; returns whether a line has ended. */
  #control(code: number): boolean {
    const afterCr = this.#afterCr;
    this.#afterCr = code === CR;
    if (this.#escape !== "none" && code !== CR && code !== LF) this.#inEscape(code);
    else if (code === ESC) this.#escape = "escape";
    else if (code > DEL) this.#escape = afterC1(code);
    else if (code === BS || code === DEL) this.eraseCharacter();
    else if (code === CR || (code === LF && !afterCr)) {
      this.#endLine();
      return true;
    }
    return false;
  }

  /** What belongs to an escape sequence is no text. NUL may stand anywhere. */
  #inEscape(code: number): void {
    if (code === NUL) return;
    if (code === ESC) this.#escape = "escape";
    else if (this.#escape === "escape") this.#escape = afterEscape(code);
    else if (this.#escape === "control" && code >= 0x20 && code < 0x40) {
      if (this.#parameters.length < MAX_PARAMETERS) this.#parameters += String.fromCharCode(code);
      return;
    } else if (this.#escape === "string" && code !== BEL && code !== ST) return;
    else this.#escape = "none";
    this.#parameters = "";
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
    this.#escape = "none";
    this.#parameters = "";
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

/** The eight-bit controls (C1) that begin something, as ESC and a letter do. */
function afterC1(code: number): EscapeState {
  const letter = code - 0x40;
  const begins = code <= C1_LAST && code !== ST ? afterEscape(letter) : "none";
  return begins === "escape" ? "none" : begins;
}

/** ESC [, ESC ] and the like, ESC O, or an intermediate; any other character ends the sequence. */
function afterEscape(code: number): EscapeState {
  switch (String.fromCharCode(code)) {
    case "[":
      return "control";
    case "]":
    case "P":
    case "X":
    case "^":
    case "_":
      return "string";
    case "O":
    case "N":
      return "single";
    default:
      return code >= 0x20 && code < 0x30 ? "escape" : "none";
  }
}
