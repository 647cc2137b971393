import { ECHO } from "../options/echo.ts";
import { NAWS } from "../options/naws.ts";
import { ABORT, BRK, EC, EL, EOF, IP, SUSP } from "../protocol/codes.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { OptionEvent } from "../protocol/events.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { Key } from "../text/key.ts";
import type { LineEditor } from "../text/line_editor.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { LineInput, type LineInputOptions, type LineInputSnapshot } from "../text/line_input.ts";
import { CharacterMode } from "./character_mode.ts";
import { type EchoChange, EchoControl, type EchoSnapshot } from "./echo_control.ts";
import {
  type EditorOptions,
  KeyInput,
  type KeyInputSnapshot,
  type KeyWindow,
  type TakenKey,
} from "./key_input.ts";
import { LineQueue, type TypedLine } from "./line_queue.ts";
import { utf8Length } from "../text/units.ts";
import type { OptionHost } from "./option_host.ts";
import { Secrecy, type SecrecySnapshot, type TypedRest } from "./secrecy.ts";
import { type LastRow, NO_ROW } from "./text_output.ts";

/** An event of typed input. */
export type TypedEvent =
  /** A line has ended. */
  | TypedLine
  /** A key was pressed in character mode. */
  | { readonly type: "key"; readonly key: Key; readonly secret: boolean }
  /** Ctrl-C, or Ctrl-D on an empty line, in the editor: the commands IP and EOF. */
  | { readonly type: "command"; readonly command: number }
  /** A call of the game's `complete` function, for the reader to make. */
  | { readonly type: "complete"; readonly call: () => unknown };

/** The server's settings for typed input. */
export interface InputModeSettings {
  /** The limits for the length of a line, the number of queued lines, and their memory. */
  readonly limits: Pick<ServerLimits, "line" | "queuedLines" | "memory">;
  /** The options for reading lines. */
  readonly lineInput: LineInputOptions;
  /** How long to wait after ESC for the rest of an escape sequence, in milliseconds. */
  readonly escapeTimeout: number;
}

/** What the input mode needs from its dialogue and its connection. */
export interface InputModeContext {
  readonly machine: TelnetMachine;
  readonly options: OptionHost;
  lastRow: LastRow;
  /** The column of the cursor in the last row. */
  readonly lastColumn: number;
  /** The number of columns of characters with ambiguous East Asian width. */
  readonly ambiguousWidth: AmbiguousWidth;
  /** Input bytes that are not processed yet. */
  readonly queuedInput: number;
  /** How many of them are being processed. */
  readonly inHand: number;
  now(): number;
  /** Returns a text as the client displays it, limited to its character set. */
  shown(text: string): string;
  /** Writes pending output of the editor to the machine. */
  settle(): void;
  /** Called when there is output for the terminal. */
  changed(): void;
  /** Called when bytes were drawn because of the client's input; `work`: other work, in such bytes. */
  drew(bytes: number, work: number): void;
  /** Called before an editor takes a key; returns whether it may. */
  mayTakeKey(): boolean;
}

/** The state of the typed input, as plain JSON. */
export interface InputModeSnapshot {
  readonly echo: EchoSnapshot;
  readonly line: LineInputSnapshot;
  /** Lines that wait for the game. */
  readonly queue: readonly TypedLine[];
  /** Text that is not read yet, in line mode. */
  readonly unread: string;
  /** The key input, if the game wants keys or an editor. */
  readonly keys: KeyInputSnapshot | null;
  /** Which of the input is still secret after password mode has ended. */
  readonly secrecy: SecrecySnapshot | null;
  /** Whether the client refused character mode. */
  readonly refused: boolean;
  /** A command of the editor that the next poll must report. */
  readonly held: number | null;
}

/**
 * The input mode of a client: lines or keys, edited by the client or by the server, and who echoes.
 * Typed input that the game has not taken is one stream: a change of mode reads it again in the new
 * mode.
 */
export class InputMode implements TypedRest {
  /** The lines that wait for the game. */
  readonly queue: LineQueue = new LineQueue();
  readonly #context: InputModeContext;
  readonly #settings: InputModeSettings;
  readonly #echo = new EchoControl();
  #lines: LineInput;
  /** Exists while the game wants keys or an editor. */
  #keys: KeyInput | undefined;
  /** Made when character mode is first requested. */
  #characterMode: CharacterMode | undefined;
  /** An event that was read and put back for the next poll. */
  #held: TypedEvent | undefined;
  /** How many bytes of the client were processed. */
  #position = 0;
  /** Whether the client's own input causes what is drawn next, which then counts. */
  #charged = false;
  /** Made at the first secret. */
  #secrecy: Secrecy | undefined;

  constructor(context: InputModeContext, settings: InputModeSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#lines = newLineInput(settings);
  }

  // State.

  /** Whether password mode is on. */
  get hidden(): boolean {
    return this.#echo.password;
  }

  /** Whether the typed input is secret: in password mode, or the rest of a line begun in it. */
  get secret(): boolean {
    return this.hidden || this.#secrecy?.active === true;
  }

  /** Whether the client is in character mode: it agreed to ECHO and SGA of the server. */
  get byKeys(): boolean {
    return this.#keys?.active === true;
  }

  /** The editor, while the server edits lines. */
  get editor(): LineEditor | undefined {
    return this.#keys?.editor;
  }

  /** Whether the game wants keys or an editor, whose output may be pending. */
  get hasKeyInput(): boolean {
    return this.#keys !== undefined;
  }

  /** How many keys wait for the game. */
  get keyCount(): number {
    return this.#keys?.length ?? 0;
  }

  /** Whether a line or key waits for the game. */
  get hasInput(): boolean {
    return this.queue.length > 0 || this.keyCount > 0;
  }

  /** Whether there is text that is not read as lines or keys. */
  get hasUnread(): boolean {
    return this.#held !== undefined || this.#lines.hasUnread || this.#keys?.hasUnread === true;
  }

  /** Whether `next` has nothing to do: line mode, all lines read, and no secret to end. */
  get drained(): boolean {
    return this.#keys === undefined && this.#secrecy?.over !== false && !this.#lines.hasUnread;
  }

  /** How many more lines or keys may be queued for the game. */
  get room(): number {
    const { queuedLines, memory } = this.#settings.limits;
    if (this.held > memory) return 0;
    const lines = Math.max(0, queuedLines - this.queue.length);
    return this.#keys === undefined ? lines : Math.min(lines, this.#keys.room);
  }

  /** Estimated bytes that are held of typed input. */
  get held(): number {
    return this.queue.held + this.#lines.held + (this.#keys?.held ?? 0);
  }

  /** When `expire` is due. */
  get timeout(): number {
    return this.#keys?.timeout ?? Infinity;
  }

  /** Whether the server echoes typed lines, as the client has agreed. */
  get echoes(): boolean {
    return this.#lines.echo === "all";
  }

  /** The unfinished line, if the server has echoed it. */
  get echoed(): string {
    return this.echoes ? this.#lines.partial : "";
  }

  /** Whether the server's echo of a full row has moved the cursor to the start of the next one. */
  get onFreshRow(): boolean {
    return this.#lines.onFreshRow;
  }

  /** Echoes the unfinished line again, after the prompt in its row. */
  echoAgain(): void {
    this.#placeLine();
    this.#lines.echoAgain();
  }

  /** Notes that the client's own input causes what is drawn until `endCharge` is called. */
  beginCharge(): void {
    this.#charged = true;
  }

  /** Counts what the editor has drawn. */
  countDrawn(): void {
    const keys = this.#keys;
    if (keys === undefined) return;
    this.charge(keys.takeDrawn(), keys.takeWork());
  }

  /** Counts bytes that were drawn and other work, if the client's own input causes it. */
  charge(bytes: number, work: number): void {
    if (this.#charged && bytes + work > 0) this.#context.drew(bytes, work);
  }

  /** Called when all output is taken. */
  endCharge(): void {
    this.#charged = false;
  }

  // Input.

  /** Sets how many bytes of the client were processed. */
  moveTo(position: number): void {
    this.#position = position;
    if (this.#secrecy?.moveTo(position, this)) this.#mask();
  }

  /** Adds decoded text of the client, for `next`. */
  feed(text: string, now: number): void {
    if (this.#keys?.active === true) return this.#keys.feed(text, now);
    if (this.echoes && this.#lines.partial === "") this.#placeLine();
    this.#lines.feed(text);
  }

  /** Returns the next event; `undefined` if there is none. */
  next(): TypedEvent | undefined {
    const held = this.#held;
    this.#held = undefined;
    const event = held ??
      (this.#keys?.active === true ? this.#nextKey(this.#keys) : this.#nextLine());
    if (event === undefined) this.#settleSecret();
    return event;
  }

  /** Puts an event back, for `next` to return it again. */
  putBack(event: TypedEvent): void {
    this.#held = event;
  }

  /** Handles a Telnet command: EC and EL edit the line; IP, BRK, ABORT and SUSP discard it. */
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

  /** Handles a lone ESC whose time is over. */
  expire(now: number): void {
    this.#keys?.expire(now);
  }

  /** Takes the next key for the game. */
  takeKey(): TakenKey | undefined {
    const key = this.#keys?.take();
    this.#settleSecret();
    return key;
  }

  /** Keeps a key for the game. */
  keepKey(key: Key, secret: boolean): void {
    this.#keys?.keep(key, secret);
  }

  /** Takes the echo for a client in line mode. */
  takeEcho(): string {
    return this.#lines.takeEcho();
  }

  /** Takes the work of the echo, in drawn bytes. */
  takeEchoWork(): number {
    return this.#lines.takeEchoWork();
  }

  /** Takes the output of an editor, also of one that has ended; `more`: more text may follow. */
  takeOutput(more: boolean): string {
    return this.#keys?.takeOutput(more) ?? "";
  }

  /** Takes what an editor has printed, without drawing its line. */
  takePrinted(): string {
    return this.#keys?.takePrinted() ?? "";
  }

  // Called for the game.

  /** Requests character mode, with an editor or for the game's own use. */
  useKeys(options: EditorOptions | undefined): void {
    const { line } = this.#settings.limits;
    if (options?.limit !== undefined && options.limit > line) {
      throwMisuse(
        `Cannot use useEditor.limit ${options.limit}: limits.line is ${line}, so raise that in listen()`,
      );
    }
    this.#character.forgive();
    this.#keys ??= this.#newKeyInput();
    const { editor } = this;
    this.#keys.use(options, this.#window, this.secret);
    if (editor === undefined) this.#giveRow("");
    else if (this.editor === undefined) this.#leaveRow(NO_ROW);
    // The game gets queued lines as keys.
    if (options === undefined && this.byKeys) this.#keys.type(this.#takeQueue(""));
    this.#secrecy?.readAnew();
    this.#settleSecret();
    this.#steer();
  }

  /** Requests line mode, and ends the editor. */
  endKeys(): void {
    const keys = this.#keys;
    if (keys === undefined) return;
    this.#leaveRow(keys.close());
    this.#toLines(keys);
    this.#keys = undefined;
    this.#settleSecret();
    this.#steer();
  }

  /** Removes the edited line from the screen because the connection ends. */
  close(): void {
    this.#keys?.close();
  }

  /** Changes who echoes typed text. */
  setEcho(change: EchoChange): void {
    const { hidden } = this;
    this.#context.settle();
    this.#echo.set(change, this.#context.machine);
    if (hidden && !this.hidden) {
      this.#watchSecrecy().carryOver(this.#context.queuedInput, this);
    }
    this.#directEcho();
    this.#mask();
    this.#context.changed();
  }

  /** Handles a change of an option. */
  optionChanged(event: OptionEvent): void {
    if (event.option === ECHO) this.#directEcho();
    if (this.#characterMode?.optionChanged(event)) this.#update();
    else if (this.#keys !== undefined) this.#steer();
  }

  /** Redraws the line of an editor after a change of the character set, or of widths. */
  charactersChanged(): void {
    const keys = this.#keys;
    if (keys?.editor === undefined) return;
    keys.use(keys.options, this.#window, this.secret);
    this.#context.changed();
  }

  /** Handles a new window size. */
  resize(columns: number, rows: number): void {
    if (this.echoes) {
      const { place } = this.#lines;
      this.#placeLine();
      // The next key causes a layout of the whole line for the new window.
      if (this.#lines.place !== place) this.#context.drew(utf8Length(this.#lines.partial), 0);
    }
    if (this.editor === undefined) return;
    this.editor.resize(columns, rows);
    this.#context.changed();
  }

  // Restart and snapshot.

  /** Starts again after START-TLS: drops typed input, and requests the game's modes again. */
  renew(): void {
    const keys = this.#keys;
    this.#leaveRow(keys?.stop());
    this.queue.clear();
    this.#keys = undefined;
    this.#lines = newLineInput(this.#settings);
    this.#secrecy?.forget();
    this.#held = undefined;
    this.#echo.renew();
    if (keys === undefined) return;
    this.#echo.set({ character: false }, this.#context.machine);
    this.useKeys(keys.options); // even if the client refused before
  }

  /** Starts again for a restarted game: ends all modes, and keeps typed input. */
  reset(): void {
    this.endKeys();
    const { hidden } = this;
    this.#echo.reset();
    if (hidden) this.#watchSecrecy().carryOver(this.#context.queuedInput, this);
    this.#directEcho();
  }

  /** Returns the state, with at most this many lines of an editor's history. */
  snapshot(historyLines: number): InputModeSnapshot {
    const unread = this.#lines.takeUnread();
    this.#lines.feed(unread);
    return {
      echo: this.#echo.snapshot(),
      line: this.#lines.snapshot(),
      queue: this.queue.items(),
      unread,
      keys: this.#keys?.snapshot(historyLines) ?? null,
      secrecy: this.#secrecy?.snapshot(this.#context.inHand) ?? null,
      refused: this.#characterMode?.refused === true,
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
    if (snapshot.held !== null) this.#held = { type: "command", command: snapshot.held };
    if (snapshot.keys !== null) {
      this.#keys = this.#newKeyInput();
      this.#keys.restore(snapshot.keys, this.#window, context.now());
    }
    this.#directEcho();
    if (snapshot.refused || this.#echo.character) this.#character.restore(snapshot.refused);
  }

  /** Takes the machine's output, with the negotiation of an echo change inserted. */
  takeMachineOutput(now: number): Uint8Array {
    return this.#echo.takeOutput(this.#context.machine, now);
  }

  /** Whether a change of the echo must still be negotiated. */
  get echoChanges(): boolean {
    return this.#echo.changes;
  }

  /** Tells the line input where its echo begins: at the cursor of the last row. */
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
      () => {
        this.beginCharge();
        this.#context.changed();
      },
    );
  }

  #nextLine(): TypedEvent | undefined {
    if (this.room === 0) return undefined;
    if (this.#lines.read() === undefined) return undefined;
    return this.#lineOf(this.#lines.takeLine(), this.#lines.endedLength);
  }

  #nextKey(keys: KeyInput): TypedEvent | undefined {
    this.beginCharge();
    const event = keys.next(() => {
      this.countDrawn();
      return this.room > 0 && this.#context.mayTakeKey();
    });
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

  /** Ends a secret at the end of its line. */
  #lineEnded(): void {
    this.#secrecy?.end();
    this.#mask();
  }

  get #character(): CharacterMode {
    return this.#characterMode ??= new CharacterMode(
      this.#context,
      this.#echo,
      (character) => this.setEcho({ character }),
    );
  }

  /** Requests the mode that the game wants, if the client is not in it. */
  #steer(): void {
    const keys = this.#keys;
    this.#character.steer(keys === undefined ? "nothing" : keys.edits ? "an editor" : "the keys");
    this.#update();
  }

  /** Enters or leaves character mode, according to what is agreed. */
  #update(): void {
    const keys = this.#keys;
    if (keys === undefined) return;
    const agreed = this.#character.inForce;
    if (agreed && !keys.active) this.#toKeys(keys);
    else if (!agreed && keys.active) {
      // The editor keeps the start of a secret; the rest may arrive as a line.
      if (keys.editor !== undefined && keys.editor.line !== "") this.#secrecy?.keep();
      this.#leaveRow(keys.stop());
      this.#toLines(keys);
    }
    // An editor that restarts with the start of a secret stays masked.
    if (keys.editor?.masked && keys.editor.line !== "") this.#watchSecrecy().begin();
    this.#mask();
    this.#context.changed();
  }

  /** Reads unread input as keys; with an editor, whole lines stay lines. */
  #toKeys(keys: KeyInput): void {
    const { afterCr } = this.#lines;
    const { line, sequence } = this.#lines.snapshot();
    const rest = line + sequence;
    const ahead = keys.edits ? "" : this.#takeQueue(rest);
    const typed = ahead + rest + this.#lines.takeUnread();
    this.#secrecy?.readAnew();
    this.#lines = newLineInput(this.#settings);
    // The window and the character set may have changed since the game asked for the editor.
    if (keys.edits) keys.use(keys.options, this.#window, this.secret);
    keys.start(typed, afterCr && typed === "", this.#context.now());
    this.#giveRow(line);
    this.#directEcho();
  }

  /**
   * Gives the last row of the screen to the editor, if there is one. `typed`: text that the client
   * has sent and shows there.
   */
  #giveRow(typed: string): void {
    const { editor } = this;
    if (editor === undefined) return;
    const { text, prompt } = this.#context.lastRow;
    this.#context.lastRow = NO_ROW;
    editor.takeOver(text, prompt, typed);
  }

  /** Notes what an editor that ends leaves in the last row; `undefined`: there was no editor. */
  #leaveRow(row: LastRow | undefined): void {
    this.#context.settle();
    if (row !== undefined) this.#context.lastRow = row;
  }

  /** Takes the queued lines as typed text; `rest`: the text typed after them. */
  #takeQueue(rest: string): string {
    const lines = this.queue.takeAll();
    if (lines.some(({ secret }) => secret)) this.#watchSecrecy().begin();
    const typed = lines.map(({ text }) => `${text}\r\n`).join("");
    return rest === "" && this.#lines.afterCr ? openEnter(typed) : typed;
  }

  /** Reads unread input as lines. */
  #toLines(keys: KeyInput): void {
    const { afterCr } = keys;
    const { typed, raw } = keys.takeUnread();
    this.#lines.afterCr = afterCr && typed === "";
    this.#lines.feed((afterCr ? openEnter(typed) : typed) + raw);
    this.#secrecy?.readAnew();
  }

  #directEcho(): void {
    const agreed = this.#echo.modeFor(this.#context.machine);
    // The rest of a line that was begun as a secret is not shown either.
    const mode = agreed === "all" && this.secret ? "newlines" : agreed;
    if (mode === this.#lines.echo) return;
    this.#lines.echo = mode;
    if (mode === "all") this.#placeLine();
  }

  /** Whether there is an unfinished line, or a key that the game has not taken. */
  get halfTyped(): boolean {
    return this.#lines.partial !== "" || this.#keys?.halfTyped === true;
  }

  /** Ends a secret if none of it is left. */
  #settleSecret(): void {
    if (this.#secrecy?.settle(this)) this.#mask();
  }

  #watchSecrecy(): Secrecy {
    return this.#secrecy ??= new Secrecy(this.#position);
  }

  #mask(): void {
    if (this.#secrecy !== undefined) this.#directEcho();
    const editor = this.#keys?.editor;
    if (editor !== undefined) editor.masked = this.secret;
  }
}

/** Removes the LF of a final CR LF, because the client's own LF may still arrive. */
function openEnter(typed: string): string {
  return typed.endsWith("\r\n") ? typed.slice(0, -1) : typed;
}

function newLineInput({ lineInput }: InputModeSettings): LineInput {
  return new LineInput(lineInput);
}
