import { ECHO } from "../options/echo.ts";
import { LINEMODE, linemode, LINEMODE_BITS } from "../options/linemode.ts";
import { SGA } from "../options/sga.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import type { Key } from "../text/keys.ts";
import type { LineEditor } from "../text/line_editor.ts";
import { LineInput, type LineSink } from "../text/line_input.ts";
import { type EchoChange, EchoControl, type EchoSnapshot } from "./echo_control.ts";
import { type EditorOptions, KeyInput, type KeyPort } from "./key_input.ts";
import type { OptionHost } from "./option_host.ts";
import type { LastRow } from "./text_output.ts";

/** What typing needs of its session. */
export interface TypingPort extends KeyPort {
  readonly options: OptionHost;
  readonly lastRow: LastRow;
  /** How many bytes wait to be processed. */
  readonly queuedInput: number;
  now(): number;
}

/** How lines are made. */
interface LineOptions {
  readonly limit: number;
  readonly stripControls: boolean;
}

/** How a client types: lines or keys, edited there or here, and who shows it. */
export class Typing {
  /** Lines of a client that sends lines. */
  lines: LineInput;
  readonly #port: TypingPort;
  readonly #lineOptions: LineOptions;
  readonly #echo = new EchoControl();
  /** Made when the game wants keys, or an editor. */
  #keys: KeyInput | undefined;
  /** How its lines are edited, where the game wants that. */
  #editing: EditorOptions | undefined;
  /** Whether the line that is being typed was begun as a secret. */
  #begunHidden = false;
  /** How many bytes that came while a secret was typed wait to be processed. */
  #hiddenBytes = 0;

  constructor(port: TypingPort, lines: LineOptions) {
    this.#port = port;
    this.#lineOptions = lines;
    this.lines = new LineInput(lines);
  }

  /** Whether the game asks for a secret. */
  get hidden(): boolean {
    return this.#echo.password;
  }

  /** Whether what is being typed is a secret: so is a line that was begun as one, to its end. */
  get secret(): boolean {
    return this.hidden || this.#begunHidden || this.#hiddenBytes > 0;
  }

  /** A line has ended. */
  lineEnded(): void {
    this.#begunHidden = false;
    this.#mask();
  }

  /** So many bytes were processed. */
  processed(count: number): void {
    if (this.#hiddenBytes === 0) return;
    this.#hiddenBytes = Math.max(0, this.#hiddenBytes - count);
    if (this.#hiddenBytes === 0) this.#begunHidden ||= this.#halfTyped;
    this.#mask();
  }

  /** Whether lines are shown as they are typed, by the client or by our echo, past any editor. */
  get plainlyShown(): boolean {
    return !this.byKeys;
  }

  /** Whether the client sends each key: it agreed to leave echo and line ends to us. */
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

  /** Whether the game must take keys before more can come. */
  get full(): boolean {
    return this.#keys?.full === true;
  }

  /** When `tick` is due. */
  get timeout(): number {
    return this.#keys?.timeout ?? Infinity;
  }

  /** Takes text of the client; finished lines go to the sink, keys to the port. */
  push(text: string, sink: LineSink): void {
    if (this.#keys?.active === true) this.#keys.push(text, this.#port.now());
    else this.lines.push(text, sink);
    this.#settle();
  }

  /** Does what is due. */
  tick(now: number): void {
    this.#keys?.tick(now);
    this.#settle();
  }

  /** Takes a key that waits. */
  takeKey(): Key | undefined {
    const key = this.#keys?.take();
    this.#settle();
    return key;
  }

  /** What an editor has for the terminal, or had before it ended. */
  takeOutput(): string {
    return this.#keys?.takeOutput() ?? "";
  }

  /** Has the client send each key, for an editor of lines or for the game itself. */
  useKeys(options: EditorOptions | undefined): void {
    this.#keys ??= new KeyInput(this.#port);
    this.#editing = options;
    this.#keys.use(options, this.#port.options.facts, this.secret);
    this.#settle();
    this.#steer();
  }

  /** Has the client send lines again; returns what is left for the terminal. */
  endKeys(): string {
    this.#keys?.close();
    const left = this.takeOutput();
    this.#keys = undefined;
    this.#settle();
    this.#steer();
    return left;
  }

  /** The connection ends: the line goes from the screen. */
  close(): void {
    if (this.#keys?.active) this.#keys.close();
  }

  /** Sets who shows what is typed; it is negotiated by `apply`. */
  setEcho(change: EchoChange): void {
    this.#change(() => this.#echo.set(change));
  }

  /** Whether `apply` has something to do. */
  get changed(): boolean {
    return this.#echo.changed;
  }

  /** Negotiates who shows what is typed; returns whether it did. */
  apply(machine: TelnetMachine, active: boolean): boolean {
    const asked = active && this.#echo.apply(machine, this.#port.now());
    this.#echo.direct(this.lines, machine);
    return asked;
  }

  /** An option has changed. */
  optionChanged(option: number, machine: TelnetMachine): void {
    if (option === ECHO) this.#echo.direct(this.lines, machine);
    if (this.#keys !== undefined) this.#steer();
  }

  /** The window has another size. */
  resize(columns: number, rows: number): void {
    if (this.editor === undefined) return;
    this.editor.resize(columns, rows);
    this.#port.edited();
  }

  /**
   * Telnet begins anew: what was typed counts no more, what the game wants is asked for again. Returns
   * what is left for the terminal.
   */
  renew(): string {
    const keys = this.#keys !== undefined;
    const left = this.endKeys();
    this.lines = new LineInput(this.#lineOptions);
    this.#begunHidden = false;
    this.#hiddenBytes = 0;
    this.#echo.renew();
    if (keys) this.useKeys(this.#editing);
    return left;
  }

  /** The game starts anew. */
  reset(): void {
    this.#change(() => this.#echo.reset());
  }

  snapshot(): EchoSnapshot {
    return this.#echo.snapshot();
  }

  restore(echo: EchoSnapshot, machine: TelnetMachine): void {
    this.#echo.set(echo);
    this.#echo.direct(this.lines, machine);
  }

  /**
   * Asks for each key, or for lines. A client that edits lines by itself (LINEMODE) does it better
   * than we, and is asked for keys only where the game wants those.
   */
  #steer(): void {
    const { options } = this.#port;
    const own = this.#keys?.edits === true && options.remoteEnabled(LINEMODE);
    const character = this.#keys !== undefined && !own;
    const { edit, trapsig } = LINEMODE_BITS;
    if (character !== this.#echo.character) {
      this.setEcho({ character });
      if (character) options.enableLocal(SGA);
      else options.disableLocal(SGA);
      if (character || options.remoteEnabled(LINEMODE)) {
        options.handlerOf(linemode).setMode(character ? trapsig : edit | trapsig);
      }
    }
    this.#update();
  }

  /** Begins with keys, or ends, as it is agreed. */
  #update(): void {
    const keys = this.#keys;
    if (keys === undefined) return;
    const { options, lastRow } = this.#port;
    const agreed = this.#echo.character && options.localEnabled(ECHO) && options.localEnabled(SGA);
    if (agreed) keys.start(lastRow, this.lines.takePartial(), this.#port.now());
    else keys.stop();
    // An editor that begins again with half a secret goes on hidden.
    if (keys.editor?.masked && keys.editor.line !== "") this.#begunHidden = true;
    this.#mask();
    this.#port.edited();
  }

  /** Changes who shows what is typed; what came while it was a secret stays one. */
  #change(change: () => void): void {
    const { hidden } = this;
    change();
    if (hidden && !this.hidden) {
      this.#hiddenBytes = this.#port.queuedInput;
      this.#begunHidden ||= this.#halfTyped;
    }
    this.#mask();
    this.#port.edited();
  }

  /** Whether something was typed that is no line yet, and no key that the game has taken. */
  get #halfTyped(): boolean {
    return this.lines.partial !== "" || this.#keys?.halfTyped === true;
  }

  /** Where nothing is left of a secret, none goes on. */
  #settle(): void {
    if (this.#begunHidden && !this.#halfTyped) this.lineEnded();
  }

  #mask(): void {
    if (this.editor !== undefined) this.editor.masked = this.secret;
  }
}
