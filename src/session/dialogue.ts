import { END_OF_RECORD } from "../options/end_of_record.ts";
import { SGA } from "../options/sga.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { EOR, GA } from "../protocol/codes.ts";
import { TelnetMachine } from "../protocol/machine.ts";
import type { EchoChange } from "./echo_control.ts";
import type { DialogueSnapshot } from "./client_snapshot.ts";
import { InputMode, type InputModeContext } from "./input_mode.ts";
import type { EditorOptions } from "./key_input.ts";
import { OptionHost, type OptionHostContext } from "./option_host.ts";
import type { SessionSettings } from "./session_host.ts";
import type { SharedText } from "./shared_text.ts";
import { type LastRow, TextOutput } from "./text_output.ts";
import { isSeen, takesRow } from "../text/row_effects.ts";

/** What a dialogue needs of its connection. */
export interface DialogueContext extends OptionHostContext {
  readonly settings: SessionSettings;
  /** How many bytes wait to be processed. */
  readonly queuedInput: number;
  /** So many characters were drawn for what was typed. */
  drew(count: number): void;
  /** Text is shown to the person. */
  shows(text: string): void;
}

/**
 * What a Telnet dialogue is: the machine, the options, the text, and how the client types. All that is
 * sent goes out here, in the order of the calls.
 *
 * What is carried over where it begins anew:
 *
 * | | `restore`: another process | `renew`: after START-TLS | `reset`: `resetTelnet()` |
 * |---|---|---|---|
 * | what is agreed; half a command; output | as it was | nothing | turned off |
 * | what the client told of itself | as it was | nothing | nothing |
 * | the character set: set by the game | as it was | as it was | as it was |
 * | the character set: named by the client | as it was | the server's | the server's |
 * | lines and keys typed and not taken | as they were | dropped | as they were, as lines |
 * | password mode, keys, editor | as they were | asked for again | not wanted |
 * | handlers and variables of the game (GMCP, MSDP) | not there | as they were | as they were |
 * | prompts marked | as it was | no | no |
 * | whether the client speaks Telnet | as it was | not known | as it was |
 */
export class Dialogue implements InputModeContext {
  machine: TelnetMachine;
  options: OptionHost;
  readonly text: TextOutput;
  readonly input: InputMode;
  /** Whether the client has sent a line that is not empty. */
  sawLine = false;
  readonly #context: DialogueContext;
  #sawTelnet = false;
  /** Whether prompts are marked: once one was, all are, as Mudlet shows others late. */
  #marking = false;

  /** Begins a fresh one. */
  constructor(context: DialogueContext) {
    const { machine, encoding } = context.settings;
    this.#context = context;
    this.machine = new TelnetMachine(machine);
    this.options = new OptionHost(this.machine, context);
    this.text = new TextOutput(encoding);
    this.input = new InputMode(this, context.settings);
  }

  /** Goes on where a snapshot was taken. */
  restore(snapshot: DialogueSnapshot): void {
    this.machine = TelnetMachine.restore(snapshot.telnet, this.now());
    this.options = new OptionHost(this.machine, this.#context);
    this.options.restore(snapshot, this.now() + this.#context.settings.readyTimeout);
    this.text.restore(snapshot.text);
    this.input.restore(snapshot.input);
    this.#marking = snapshot.marking;
    this.#sawTelnet = snapshot.sawTelnet;
    this.sawLine = snapshot.sawLine;
  }

  /** Starts again after START-TLS: an attacker in the middle may have injected earlier input. */
  renew(): void {
    const { settings } = this.#context;
    this.machine = new TelnetMachine(settings.machine);
    this.options = new OptionHost(this.machine, this.#context, this.options);
    this.text.renew(settings.encoding);
    this.#sawTelnet = this.#marking = false;
    this.input.renew();
  }

  /** Begins anew for a game that starts anew: the client is told that everything is off. */
  reset(): void {
    this.input.reset();
    this.settle();
    this.options.disableAll();
    this.options = new OptionHost(this.machine, this.#context, this.options);
    this.text.renew(this.#context.settings.encoding);
    this.#marking = false;
  }

  snapshot(): DialogueSnapshot {
    return {
      telnet: this.machine.snapshot(),
      ...this.options.snapshot(),
      text: this.text.snapshot(),
      input: this.input.snapshot(),
      marking: this.#marking,
      sawTelnet: this.speaksTelnet,
      sawLine: this.sawLine,
    };
  }

  /** Whether the client has sent anything that only Telnet has. */
  get speaksTelnet(): boolean {
    return this.#sawTelnet || this.machine.peerSpeaksTelnet;
  }

  /** How many bytes are held of what the client sent and was looked at, about. */
  get held(): number {
    return this.machine.unfinishedLength + this.options.held + this.input.held;
  }

  // What goes out.

  /** Sends text; an editor shows it above the line that is typed. */
  send(text: string): void {
    const { editor } = this.input;
    if (editor !== undefined) return editor.print(text);
    this.settle();
    const stands = this.text.prompted;
    if (stands || this.#echoStands) {
      if (takesRow(text)) this.#startRow(text);
      // A title, or art elsewhere on the screen, leaves a prompt where it is.
      else if (stands) return this.#write(text);
    }
    this.text.note(text);
    this.#write(text);
  }

  /**
   * Sends lines that do not answer the person's own input. They start on a new row; the row that they
   * interrupt is shown again below them.
   *
   * @param text The lines, or the same text for many clients.
   * @param always Whether to begin another row in any case.
   */
  notice(text: string | SharedText, always: boolean = false): void {
    const { editor } = this.input;
    if (editor !== undefined) return editor.print(String(text));
    this.settle();
    if (!isSeen(String(text))) return this.#write(text);
    if (this.text.open || this.#echoStands || always) this.#startRow(String(text), always);
    this.text.note(String(text));
    this.#write(text);
  }

  /** Sends the last lines to somebody whose prompt is not shown again. */
  farewell(text: string): void {
    this.notice(text);
    this.text.forgetLeftRow();
  }

  /** Sends bytes as they are; only 0xFF is doubled. */
  sendBytes(bytes: Uint8Array): void {
    this.settle();
    this.machine.send(bytes);
    this.#context.shows(this.text.decodeApart(bytes));
  }

  /** Sends a command that stands alone. */
  sendTelnetCommand(command: number): void {
    this.settle();
    this.machine.sendTelnetCommand(command);
  }

  /**
   * Sends a prompt with its mark: EOR where it was agreed, else GA to a client that speaks Telnet and
   * has not suppressed it.
   */
  prompt(text: string): void {
    const { editor } = this.input;
    if (editor !== undefined) {
      editor.prompt = text;
      return;
    }
    this.settle();
    this.text.notePrompt(text);
    this.#write(text);
    const eor = this.machine.localEnabled(END_OF_RECORD);
    const ga = this.speaksTelnet && !this.machine.localEnabled(SGA);
    if (!eor && !ga && !this.#marking) return;
    this.#marking = true;
    this.machine.sendTelnetCommand(eor ? EOR : GA);
  }

  /** Ends the row of a question that no Enter will end: it was answered ahead, or nobody waits any more. */
  endRow(): void {
    const { editor } = this.input;
    if (editor !== undefined) editor.prompt = "";
    else if (this.text.prompted) {
      this.text.note("\n");
      this.#write("\n");
    }
  }

  /** Sets who shows what is typed. */
  setEcho(change: EchoChange): void {
    this.input.setEcho(change);
  }

  /** Has the client send each key, for an editor or for the game; `false` has it send lines again. */
  useKeys(options: EditorOptions | undefined | false): void {
    if (options === false) this.input.endKeys();
    else this.input.useKeys(options);
    this.changed();
  }

  /** What is typed goes back to the screen where that was agreed; a recording has the line instead. */
  echo(): void {
    const echo = this.input.takeEcho();
    if (echo !== "") this.text.write(echo, this.machine);
  }

  /** Writes everything called so far to the machine's output; an editor draws only when asked. */
  settle(): void {
    this.#write(this.input.takeOutput());
    const drawn = this.input.takeDrawn();
    if (drawn > 0) this.#context.drew(drawn);
  }

  /** Takes what goes to the client. */
  takeOutput(): Uint8Array {
    this.settle();
    if (this.text.leftRow) this.showLeftRow();
    return this.input.echoChanges
      ? this.input.takeMachineOutput(this.now())
      : this.machine.takeOutput();
  }

  /** Shows again what stood on the last row, once the text that came in between has ended its own. */
  showLeftRow(): void {
    if (!this.text.leftRow || !this.#context.active) return;
    const row = this.text.takeLeftRow();
    if (row === undefined || this.input.editor !== undefined) return;
    if (row.text !== "") {
      this.text.note(row.text);
      this.#write(row.text);
    }
    if (row.prompt !== "") this.prompt(row.prompt);
    this.input.echoAgain();
    this.echo();
  }

  /** Whether there is anything to take. */
  get hasOutput(): boolean {
    return this.machine.outputLength > 0 || this.input.echoChanges;
  }

  // What the input mode asks for.

  now(): number {
    return this.#context.now();
  }

  changed(): void {
    this.#context.changed();
  }

  shown(text: string): string {
    return this.text.shown(text);
  }

  get lastRow(): LastRow {
    return this.text.lastRow;
  }

  get lastColumn(): number {
    return this.text.lastColumn(this.options.facts.columns);
  }

  get ambiguousWidth(): AmbiguousWidth {
    return this.text.ambiguousWidth;
  }

  /** Changes the text of the connection: in other widths an editor lays out its line anew. */
  changeText<Result>(change: (text: TextOutput) => Result): Result {
    const before = this.ambiguousWidth;
    const result = change(this.text);
    if (this.ambiguousWidth !== before) this.input.widthsChanged();
    return result;
  }

  get queuedInput(): number {
    return this.#context.queuedInput;
  }

  /** Whether half a line stands on the last row that the server has echoed. */
  get #echoStands(): boolean {
    return this.input.echoed !== "" && !this.text.leftRow;
  }

  /** Leaves what stands on the last row. A game that takes keys keeps the screen by itself. */
  #startRow(text: string, always: boolean = false): void {
    if (this.input.byKeys) return;
    this.text.leaveRow();
    if (always || !/^\r?\n/.test(text)) this.#write("\n");
  }

  /** All text goes out here. */
  #write(text: string | SharedText): void {
    if (text === "") return;
    this.text.write(text, this.machine);
    this.#context.shows(String(text));
  }
}
