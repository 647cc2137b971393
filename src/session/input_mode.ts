import { ECHO } from "../options/echo.ts";
import { LINEMODE, linemode, LINEMODE_BITS } from "../options/linemode.ts";
import { NAWS } from "../options/naws.ts";
import { SGA } from "../options/sga.ts";
import { ABORT, BRK, EC, EL, EOF, IP, SUSP } from "../protocol/codes.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { OptionEvent } from "../protocol/events.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { Key } from "../text/key.ts";
import type { LineEditor } from "../text/line_editor.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { LineInput, type LineInputOptions, type LineInputSnapshot } from "../text/line_input.ts";
import { type EchoChange, EchoControl, type EchoSnapshot } from "./echo_control.ts";
import {
  type EditorOptions,
  KeyInput,
  type KeyInputSnapshot,
  type KeyWindow,
} from "./key_input.ts";
import { LineQueue, type TypedLine } from "./line_queue.ts";
import type { OptionHost } from "./option_host.ts";
import { Secrecy, type SecrecySnapshot, type TypedRest } from "./secrecy.ts";
import type { LastRow } from "./text_output.ts";

/** What came of what a person typed. */
export type TypedEvent =
  /** A line has ended. */
  | TypedLine
  /** A key was pressed in character mode. */
  | { readonly type: "key"; readonly key: Key; readonly secret: boolean }
  /** Ctrl-C, or Ctrl-D on an empty line, in the editor: the commands IP and EOF. */
  | { readonly type: "command"; readonly command: number }
  /** The game's code is to be called, for the candidates of a completion. */
  | { readonly type: "complete"; readonly call: () => unknown };

/** How a client types, by the settings of the server. */
export interface InputModeSettings {
  /** How long a line may be, how many may wait for the game, and what all may take. */
  readonly limits: Pick<ServerLimits, "line" | "queuedLines" | "memory">;
  /** How lines are made of what clients type. */
  readonly lineInput: LineInputOptions;
  /** How long a lone ESC waits for the rest of a sequence, in milliseconds. */
  readonly escapeTimeout: number;
}

/** What the input mode needs of its dialogue and its connection. */
export interface InputModeContext {
  readonly machine: TelnetMachine;
  readonly options: OptionHost;
  readonly lastRow: LastRow;
  /** In which column the cursor stands on it. */
  readonly lastColumn: number;
  /** Columns of ambiguous characters of East Asia. */
  readonly ambiguousWidth: AmbiguousWidth;
  /** How many bytes wait to be processed. */
  readonly queuedInput: number;
  now(): number;
  /** What the client shows for a text, in its character set. */
  shown(text: string): string;
  /** Writes everything called so far to the machine's output. */
  settle(): void;
  /** There is something for the terminal. */
  changed(): void;
}

/** Where the typing stands, as plain JSON. */
export interface InputModeSnapshot {
  readonly echo: EchoSnapshot;
  readonly line: LineInputSnapshot;
  /** Lines that wait for the game. */
  readonly queue: readonly TypedLine[];
  /** What is not read, where it is lines. */
  readonly unread: string;
  /** The keys, where the game wants them, or an editor. */
  readonly keys: KeyInputSnapshot | null;
  /** What of it is a secret although no password is asked for any more. */
  readonly secrecy: SecrecySnapshot | null;
  /** Whether the client did not agree to send each key. */
  readonly refused: boolean;
  /** A command of the editor that waits for a poll. */
  readonly held: number | null;
}

/**
 * How a client types: lines or keys, edited there or here, and who shows it. What was typed and not
 * taken is one stream: a change of mode reads it anew in the new mode.
 */
export class InputMode implements TypedRest {
  /** Lines for the game. */
  readonly queue: LineQueue = new LineQueue();
  readonly #context: InputModeContext;
  readonly #settings: InputModeSettings;
  readonly #echo = new EchoControl();
  #lines: LineInput;
  /** Made when the game wants keys, or an editor. */
  #keys: KeyInput | undefined;
  /** Whether the client did not agree to send each key, and is not asked again. */
  #refused = false;
  /** What of ECHO and SGA the client agreed to since it was asked for keys: a bit for each code. */
  #agreed = 0;
  /** What was read, and must wait for a poll. */
  #held: TypedEvent | undefined;
  /** How many bytes of the client were processed. */
  #position = 0;
  /** Made at the first secret. */
  #secrecy: Secrecy | undefined;

  constructor(context: InputModeContext, settings: InputModeSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#lines = newLineInput(settings);
  }

  // Who types what.

  /** Whether the game asks for a secret. */
  get hidden(): boolean {
    return this.#echo.password;
  }

  /** Whether what is being typed is a secret: so is a line that was begun as one, to its end. */
  get secret(): boolean {
    return this.hidden || this.#secrecy?.active === true;
  }

  /** Whether the client sends each key: it agreed to leave echo and line ends to the server. */
  get byKeys(): boolean {
    return this.#keys?.active === true;
  }

  /** The editor, while lines are edited here. */
  get editor(): LineEditor | undefined {
    return this.#keys?.editor;
  }

  /** How many keys wait for the game. */
  get keyCount(): number {
    return this.#keys?.length ?? 0;
  }

  /** Whether something waits for the game. */
  get hasInput(): boolean {
    return this.queue.length > 0 || this.keyCount > 0;
  }

  /** Whether text was fed that is not read. */
  get hasUnread(): boolean {
    return this.#held !== undefined || this.#lines.hasUnread || this.#keys?.hasUnread === true;
  }

  /** Whether all lines are read, and no secret goes on: then `next` has nothing to do. */
  get drained(): boolean {
    return this.#keys === undefined && this.#secrecy?.over !== false && !this.#lines.hasUnread;
  }

  /** How many more lines, or keys, may wait. */
  get room(): number {
    const { queuedLines, memory } = this.#settings.limits;
    if (this.held > memory) return 0;
    const lines = Math.max(0, queuedLines - this.queue.length);
    return this.#keys === undefined ? lines : Math.min(lines, this.#keys.room);
  }

  /** How many bytes are held of what was typed, about. */
  get held(): number {
    return this.queue.held + this.#lines.held + (this.#keys?.held ?? 0);
  }

  /** When `expire` is due. */
  get timeout(): number {
    return this.#keys?.timeout ?? Infinity;
  }

  /** Whether the server shows what is typed, as the client has agreed to leave that to it. */
  get echoes(): boolean {
    return this.#lines.echo === "all";
  }

  /** What of the half-typed line the server has shown. */
  get echoed(): string {
    return this.echoes ? this.#lines.partial : "";
  }

  /** Draws that line again, in the row that a prompt begins. */
  echoAgain(): void {
    this.#placeLine();
    this.#lines.echoAgain();
  }

  // What comes in.

  /** The bytes that follow are those from a position on. */
  moveTo(position: number): void {
    this.#position = position;
    if (this.#secrecy?.moveTo(position, this)) this.#mask();
  }

  /** Takes text of the client, for `next`. */
  feed(text: string, now: number): void {
    if (this.#keys?.active === true) return this.#keys.feed(text, now);
    if (this.echoes && this.#lines.partial === "") this.#placeLine();
    this.#lines.feed(text);
  }

  /** What comes next of what was typed; `undefined` where nothing does. */
  next(): TypedEvent | undefined {
    const held = this.#held;
    this.#held = undefined;
    const event = held ??
      (this.#keys?.active === true ? this.#nextKey(this.#keys) : this.#nextLine());
    if (event === undefined) this.#settleSecret();
    return event;
  }

  /** Gives an event back, for `next` to return again. */
  putBack(event: TypedEvent): void {
    this.#held = event;
  }

  /** A Telnet command that edits what is being typed: EC and EL; IP and its like give it up. */
  command(command: number): void {
    const keys = this.#keys?.active === true ? this.#keys : undefined;
    if (command === EC) (keys ?? this.#lines).eraseCharacter();
    else if (command === EL) (keys ?? this.#lines).eraseLine();
    else if ([IP, BRK, ABORT, SUSP].includes(command)) {
      if (keys === undefined) this.#lines.eraseLine();
      else keys.discard();
    }
    this.#context.changed();
  }

  /** Does what is due. */
  expire(now: number): void {
    this.#keys?.expire(now);
  }

  /** Takes a key that waits. */
  takeKey(): Key | undefined {
    const key = this.#keys?.take();
    this.#settleSecret();
    return key;
  }

  /** Keeps a key for the game. */
  keepKey(key: Key): void {
    this.#keys?.keep(key);
  }

  /** What is to go back to the screen of a client that sends lines. */
  takeEcho(): string {
    return this.#lines.takeEcho();
  }

  /** What an editor has for the terminal, or had before it ended. */
  takeOutput(): string {
    return this.#keys?.takeOutput() ?? "";
  }

  /** How many characters of that were drawn for keys; to be asked behind `takeOutput`. */
  takeDrawn(): number {
    return this.#keys?.takeDrawn() ?? 0;
  }

  // What the game asks for.

  /** Has the client send each key, for an editor of lines or for the game itself. */
  useKeys(options: EditorOptions | undefined): void {
    const { line } = this.#settings.limits;
    if (options?.limit !== undefined && options.limit > line) {
      throwMisuse(
        `Cannot use useEditor.limit ${options.limit}: limits.line is ${line}, so raise that in listen()`,
      );
    }
    this.#refused = false;
    this.#keys ??= this.#newKeyInput();
    this.#keys.use(options, this.#window, this.secret);
    // What waits as lines goes to the game as keys.
    if (options === undefined && this.byKeys) this.#keys.type(this.#takeQueue(""));
    this.#secrecy?.readAnew();
    this.#settleSecret();
    this.#steer();
  }

  /** Has the client send lines again. */
  endKeys(): void {
    const keys = this.#keys;
    if (keys === undefined) return;
    keys.close();
    this.#context.settle();
    this.#toLines(keys);
    this.#keys = undefined;
    this.#settleSecret();
    this.#steer();
  }

  /** The connection ends: the line goes from the screen. */
  close(): void {
    this.#keys?.close();
  }

  /** Sets who shows what is typed. */
  setEcho(change: EchoChange): void {
    const { hidden } = this;
    this.#context.settle();
    this.#echo.set(change, this.#context.machine.outputLength);
    if (hidden && !this.hidden) {
      this.#watchSecrecy().carryOver(this.#context.queuedInput, this);
    }
    this.#directEcho();
    this.#mask();
    this.#context.changed();
  }

  /** An option has changed. */
  optionChanged({ option, side, change }: OptionEvent): void {
    if (option === ECHO) this.#directEcho();
    const half = side === "local" && (option === ECHO || option === SGA) && this.#echo.character;
    // A late answer to what was asked before keys were is none of it.
    const withdrawn = change === "disabled" && (this.#agreed >> option & 1) === 1;
    if (half && change === "enabled") this.#agreed |= 1 << option;
    if (half && (change === "refused" || change === "unanswered" || withdrawn)) this.#withdraw();
    else if (this.#keys !== undefined) this.#steer();
  }

  /** The terminal shows text in other widths: an editor lays out its line anew. */
  widthsChanged(): void {
    const keys = this.#keys;
    if (keys?.editor === undefined) return;
    keys.use(keys.options, this.#window, this.secret);
    this.#context.changed();
  }

  /** The window has another size. */
  resize(columns: number, rows: number): void {
    if (this.echoes) this.#placeLine();
    if (this.editor === undefined) return;
    this.editor.resize(columns, rows);
    this.#context.changed();
  }

  // Its beginning anew.

  /** Telnet begins anew: what was typed counts no more, what the game wants is asked for again. */
  renew(): void {
    const keys = this.#keys;
    keys?.stop();
    this.#context.settle();
    this.queue.clear();
    this.#keys = undefined;
    this.#lines = newLineInput(this.#settings);
    this.#secrecy?.forget();
    this.#held = undefined;
    this.#echo.renew();
    if (keys === undefined) return;
    this.#echo.set({ character: false }, 0);
    this.useKeys(keys.options); // also of a client that had refused
  }

  /** The game starts anew: it asks for nothing. What was typed waits for it. */
  reset(): void {
    this.endKeys();
    const { hidden } = this;
    this.#echo.reset();
    if (hidden) this.#watchSecrecy().carryOver(this.#context.queuedInput, this);
    this.#directEcho();
  }

  snapshot(): InputModeSnapshot {
    const unread = this.#lines.takeUnread();
    this.#lines.feed(unread);
    return {
      echo: this.#echo.snapshot(),
      line: this.#lines.snapshot(),
      queue: this.queue.items(),
      unread,
      keys: this.#keys?.snapshot() ?? null,
      secrecy: this.#secrecy?.snapshot() ?? null,
      refused: this.#refused,
      held: this.#held?.type === "command" ? this.#held.command : null,
    };
  }

  restore(snapshot: InputModeSnapshot): void {
    const context = this.#context;
    this.#echo.restore(snapshot.echo);
    this.#lines.restore(snapshot.line);
    this.#lines.feed(snapshot.unread);
    for (const line of snapshot.queue) this.queue.push(line);
    if (snapshot.secrecy !== null) this.#watchSecrecy().restore(snapshot.secrecy);
    this.#refused = snapshot.refused;
    if (snapshot.held !== null) this.#held = { type: "command", command: snapshot.held };
    if (snapshot.keys !== null) {
      this.#keys = this.#newKeyInput();
      this.#keys.restore(snapshot.keys, this.#window, context.now());
    }
    this.#directEcho();
    this.#noteAgreed();
  }

  /** Takes the output of the machine, with a change of the echo in it that is due. */
  takeMachineOutput(now: number): Uint8Array {
    return this.#echo.takeOutput(this.#context.machine, now);
  }

  /** Whether a change of the echo is still to be negotiated. */
  get echoChanges(): boolean {
    return this.#echo.changes;
  }

  /** Has the echo of a line begin where the last row ends, in a window of the client's width. */
  #placeLine(): void {
    const { options, lastColumn: column, ambiguousWidth } = this.#context;
    const { columns } = options.facts;
    this.#lines.place = { columns, known: options.remoteEnabled(NAWS), column, ambiguousWidth };
  }

  get #window(): KeyWindow {
    const { options: { facts: { columns, rows } }, ambiguousWidth } = this.#context;
    return { columns, rows, ambiguousWidth };
  }

  #newKeyInput(): KeyInput {
    const { limits, escapeTimeout } = this.#settings;
    const settings = { lineLimit: limits.line, escapeTimeout };
    return new KeyInput(
      settings,
      (text) => this.#context.shown(text),
      () => this.#context.changed(),
    );
  }

  #nextLine(): TypedEvent | undefined {
    if (this.room === 0) return undefined;
    if (this.#lines.read() === undefined) return undefined;
    return this.#lineOf(this.#lines.takeLine(), this.#lines.endedLength);
  }

  #nextKey(keys: KeyInput): TypedEvent | undefined {
    if (keys.edits && this.room === 0) return undefined;
    const event = keys.next();
    this.#context.changed();
    if (event === undefined) return undefined;
    if (event.type === "key") return { ...event, secret: this.secret };
    if (event.type === "complete") return event;
    const { result } = event;
    if (result.type === "line") return this.#lineOf(result.text, result.text.length);
    return { type: "command", command: result.type === "cancel" ? IP : EOF };
  }

  #lineOf(text: string, length: number): TypedEvent {
    const { secret } = this;
    this.#lineEnded();
    return { type: "line", text, secret, length };
  }

  /** A line has ended, and a secret with it. */
  #lineEnded(): void {
    this.#secrecy?.end();
    this.#mask();
  }

  /**
   * Asks for each key, or for lines. A client that edits lines by itself (LINEMODE) does it better
   * than the server, and is asked for keys only where the game wants those.
   */
  #steer(): void {
    const { options } = this.#context;
    const own = this.#keys?.edits === true && options.remoteEnabled(LINEMODE);
    const character = this.#keys !== undefined && !own && !this.#refused;
    if (character !== this.#echo.character) {
      this.#askForKeys(character);
      const { edit, trapsig } = LINEMODE_BITS;
      if (character || options.remoteEnabled(LINEMODE)) {
        options.stateOf(linemode).setMode(character ? trapsig : edit | trapsig);
      }
    }
    this.#update();
  }

  #askForKeys(character: boolean): void {
    const { options } = this.#context;
    if (character && !options.localEnabled(ECHO)) this.#echo.askAgain();
    this.#noteAgreed();
    this.setEcho({ character });
    if (character) options.enableLocal(SGA);
    else options.disableLocal(SGA);
  }

  #noteAgreed(): void {
    const { options } = this.#context;
    const inForce = [ECHO, SGA].filter((option) => options.localEnabled(option));
    this.#agreed = inForce.reduce((bits, option) => bits | 1 << option, 0);
  }

  /** The client agreed to half of it, or to nothing: take the other half back, or nobody would echo. */
  #withdraw(): void {
    this.#refused = true;
    this.#askForKeys(false);
    this.#update();
  }

  /** Begins with keys, or ends, as it is agreed. */
  #update(): void {
    const keys = this.#keys;
    if (keys === undefined) return;
    const { options } = this.#context;
    const agreed = this.#echo.character && options.localEnabled(ECHO) && options.localEnabled(SGA);
    if (agreed && !keys.active) this.#toKeys(keys);
    else if (!agreed && keys.active) {
      // The editor keeps half a secret; its rest may come as a line.
      if (keys.editor !== undefined && keys.editor.line !== "") this.#secrecy?.keep();
      keys.stop();
      this.#toLines(keys);
    }
    // An editor that begins again with half a secret goes on hidden.
    if (keys.editor?.masked && keys.editor.line !== "") this.#watchSecrecy().begin();
    this.#mask();
    this.#context.changed();
  }

  /** What was typed ahead is read as keys; an editor leaves whole lines as they are. */
  #toKeys(keys: KeyInput): void {
    const { lastRow } = this.#context;
    const { afterCr } = this.#lines;
    const { line, sequence } = this.#lines.snapshot();
    const rest = line + sequence;
    const ahead = keys.edits ? "" : this.#takeQueue(rest);
    const typed = ahead + rest + this.#lines.takeUnread();
    this.#secrecy?.readAnew();
    this.#lines = newLineInput(this.#settings);
    keys.start(lastRow, typed, afterCr && typed === "", this.#context.now());
    this.#directEcho();
  }

  /** Takes the lines that wait, as they were typed; `rest` was typed behind them. */
  #takeQueue(rest: string): string {
    const lines = this.queue.takeAll();
    if (lines.some(({ secret }) => secret)) this.#watchSecrecy().begin();
    const typed = lines.map(({ text }) => `${text}\r\n`).join("");
    return rest === "" && this.#lines.afterCr ? openEnter(typed) : typed;
  }

  /** What was typed ahead is read as lines. */
  #toLines(keys: KeyInput): void {
    const { afterCr } = keys;
    const { typed, raw } = keys.takeUnread();
    this.#lines.afterCr = afterCr && typed === "";
    this.#lines.feed((afterCr ? openEnter(typed) : typed) + raw);
    this.#secrecy?.readAnew();
  }

  #directEcho(): void {
    this.#lines.echo = this.#echo.modeFor(this.#context.machine);
  }

  /** Whether something was typed that is no line yet, and no key that the game has taken. */
  get halfTyped(): boolean {
    return this.#lines.partial !== "" || this.#keys?.halfTyped === true;
  }

  /** Where nothing is left of a secret, none goes on. */
  #settleSecret(): void {
    if (this.#secrecy?.settle(this)) this.#mask();
  }

  #watchSecrecy(): Secrecy {
    return this.#secrecy ??= new Secrecy(this.#position);
  }

  #mask(): void {
    const editor = this.#keys?.editor;
    if (editor !== undefined) editor.masked = this.secret;
  }
}

/** Leaves the last Enter, CR LF, open for the LF that may still come. */
function openEnter(typed: string): string {
  return typed.endsWith("\r\n") ? typed.slice(0, -1) : typed;
}

function newLineInput({ lineInput }: InputModeSettings): LineInput {
  return new LineInput(lineInput);
}
