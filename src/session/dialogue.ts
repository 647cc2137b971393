import { END_OF_RECORD } from "../options/end_of_record.ts";
import { SGA } from "../options/sga.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { ABORT, BRK, EC, EL, EOR, GA, IP, SUSP } from "../protocol/codes.ts";
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
import { utf8Length } from "../text/units.ts";

/** Commands that erase what is being typed, also half a character or half a sequence. */
const ERASING: ReadonlySet<number> = new Set([EC, EL, IP, BRK, ABORT, SUSP]);

/** What a dialogue needs from its connection. */
export interface DialogueContext extends OptionHostContext {
  readonly settings: SessionSettings;
  /** Input bytes that are not processed yet. */
  readonly queuedInput: number;
  /** How many of them are being processed. */
  readonly inHand: number;
  /** Called when bytes were drawn because of the client's input; `work`: other work, in such bytes. */
  drew(bytes: number, work: number): void;
  /** Called before an editor takes a key; returns whether it may. */
  mayTakeKey(): boolean;
  /** Called with text that is shown to the person. */
  shows(text: string): void;
}

/**
 * A Telnet dialogue: the machine, the options, the text and the input mode. All output goes through
 * it, in the order of the calls.
 *
 * What is kept when the dialogue starts again:
 *
 * | | `restore`: another process | `renew`: after START-TLS | `reset`: `telnet.reset()` |
 * |---|---|---|---|
 * | enabled options; unfinished command; output | kept | dropped | options turned off |
 * | facts that the client reported | kept | dropped | dropped |
 * | character set, set by the game | kept | kept | kept |
 * | character set, named by the client | kept | the server's | the server's |
 * | lines and keys that the game has not taken | kept | dropped | kept, as lines |
 * | password mode, character mode, editor | kept | requested again | ended |
 * | handlers and variables of the game (GMCP, MSDP) | dropped | kept | kept |
 * | whether colours are sent | kept | kept | kept |
 * | marking of prompts | kept | off | off |
 * | whether the client speaks Telnet | kept | unknown | kept |
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
  /** Whether all prompts are marked: after the first mark, Mudlet shows unmarked prompts late. */
  #marking = false;

  /** Starts a new dialogue. */
  constructor(context: DialogueContext) {
    const { machine, encoding } = context.settings;
    this.#context = context;
    this.machine = new TelnetMachine(machine);
    this.options = new OptionHost(this.machine, context);
    this.text = new TextOutput(encoding);
    this.input = new InputMode(this, context.settings);
  }

  /** Restores a snapshot. */
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

  /** Starts again for a restarted game: turns every option off. */
  reset(): void {
    this.input.reset();
    this.settle();
    this.options.disableAll();
    const { local = [], remote = [] } = this.#context.settings.machine;
    for (const option of local) this.machine.agree("local", option);
    for (const option of remote) this.machine.agree("remote", option);
    this.options = new OptionHost(this.machine, this.#context, this.options);
    this.text.renew(this.#context.settings.encoding);
    this.#marking = false;
  }

  snapshot(historyLines: number = Infinity): DialogueSnapshot {
    const { options, facts, offers } = this.options.snapshot();
    return {
      telnet: this.machine.snapshot(),
      options,
      facts,
      offers,
      text: this.text.snapshot(),
      input: this.input.snapshot(historyLines),
      marking: this.#marking,
      sawTelnet: this.speaksTelnet,
      sawLine: this.sawLine,
    };
  }

  /** Whether the client has sent a Telnet command or negotiation. */
  get speaksTelnet(): boolean {
    return this.#sawTelnet || this.machine.peerSpeaksTelnet;
  }

  /** Estimated bytes that are held of processed input. */
  get held(): number {
    return this.machine.unfinishedLength + this.options.held + this.input.held;
  }

  // Output.

  /** Sends text; an editor shows it above the line being typed. */
  send(text: string): void {
    const { editor } = this.input;
    if (editor !== undefined) return editor.print(text);
    this.settle();
    const stands = this.text.prompted;
    if (stands || this.#echoStands) {
      if (takesRow(text)) this.#startRow(text);
      // A window title, or text elsewhere on the screen, does not move a prompt.
      else if (stands) return this.#write(text);
    }
    this.text.note(text);
    this.#write(text);
  }

  /**
   * Sends lines that do not answer the person's own input. They start on a new row; the row that
   * they interrupt is shown again below them.
   *
   * @param text The lines, or the same text for many clients.
   * @param always Whether to start a new row in any case.
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

  /** Sends the last lines, after which the prompt is not shown again. */
  farewell(text: string): void {
    this.notice(text);
    this.text.forgetLeftRow();
  }

  /** Sends bytes as they are; only 0xFF is doubled. */
  sendBytes(bytes: Uint8Array): void {
    this.settle();
    this.text.writeBytes(bytes, this.machine);
    this.#context.shows(this.text.decodeApart(bytes));
  }

  /** Disables an option of the server. Modes that need it end at once, before the client agrees. */
  withdraw(option: number): void {
    const inForce = this.options.localEnabled(option);
    this.options.disableLocal(option);
    if (!inForce) return;
    this.input.optionChanged({ type: "option", option, side: "local", change: "disabled" });
  }

  /** Handles a Telnet command of the client. */
  command(command: number): void {
    if (ERASING.has(command)) this.text.dropIncomplete();
    this.input.command(command);
  }

  /** Sends a Telnet command without an option or payload. */
  sendTelnetCommand(command: number): void {
    this.settle();
    this.machine.sendTelnetCommand(command);
  }

  /**
   * Sends a prompt and marks its end: with EOR if the client agreed to it, else with GA if the
   * client speaks Telnet and GA is not suppressed.
   */
  prompt(text: string): void {
    const { editor } = this.input;
    if (editor !== undefined) {
      editor.prompt = text;
      return;
    }
    this.settle();
    const echoed = this.text.leftRow || this.#echoStands;
    this.text.notePrompt(text);
    this.#write(text);
    this.#markPrompt();
    if (echoed) this.#echoAgain();
  }

  #markPrompt(): void {
    const eor = this.machine.localEnabled(END_OF_RECORD);
    const ga = this.speaksTelnet && !this.machine.localEnabled(SGA);
    if (!eor && !ga && !this.#marking) return;
    this.#marking = true;
    this.machine.sendTelnetCommand(eor ? EOR : GA);
  }

  /** Ends the row of a question that no Enter will end: answered in advance, or timed out. */
  endRow(): void {
    const { editor } = this.input;
    if (editor !== undefined) editor.prompt = "";
    else if (this.text.prompted) {
      const echoed = this.#echoStands;
      this.text.note("\n");
      this.#write("\n");
      if (echoed) this.text.leaveRow(); // the half-typed line is shown again below
    }
  }

  /** Changes who echoes typed text. */
  setEcho(change: EchoChange): void {
    this.input.setEcho(change);
  }

  /** Requests character mode, with an editor or for the game's own use; `false`: line mode. */
  useKeys(options: EditorOptions | undefined | false): void {
    if (options === false) this.input.endKeys();
    else this.input.useKeys(options);
    this.changed();
  }

  /** Sends the echo of what was typed, if agreed, and counts it as drawing. */
  echo(): void {
    const drawn = this.#echo();
    const work = this.input.takeEchoWork();
    if (drawn + work > 0) this.#context.drew(drawn, work);
  }

  /** Not recorded, since a recording has the lines. Returns how many bytes are echoed. */
  #echo(): number {
    const echo = this.input.takeEcho();
    if (echo === "") return 0;
    this.text.write(echo, this.machine);
    return utf8Length(echo);
  }

  /**
   * Writes pending output of the editor to the machine, before other output.
   *
   * @param more Whether more text of this turn may follow.
   */
  settle(more: boolean = true): void {
    if (!this.input.hasKeyInput) return;
    this.#write(this.input.takeOutput(more));
    this.input.countDrawn();
    this.input.endCharge();
  }

  /** Takes the output for the client. */
  takeOutput(): Uint8Array {
    this.settle(false);
    if (this.text.leftRow) this.showLeftRow();
    this.input.endCharge();
    return this.input.echoChanges
      ? this.input.takeMachineOutput(this.now())
      : this.machine.takeOutput();
  }

  /** Shows the interrupted row again, once the text after it has ended its own row. */
  showLeftRow(): void {
    if (!this.text.leftRow || !this.#context.active) return;
    const row = this.text.takeLeftRow();
    if (row === undefined || this.input.editor !== undefined) return;
    if (row.text !== "") {
      this.text.note(row.text);
      this.#write(row.text);
    }
    if (row.prompt !== "") this.prompt(row.prompt);
    else this.#echoAgain();
  }

  /** Shows the half-typed line again, if the server echoes. */
  #echoAgain(): void {
    this.input.echoAgain();
    this.input.charge(this.#echo(), 0);
  }

  /** Whether there is output to take. */
  get hasOutput(): boolean {
    return this.machine.outputLength > 0 || this.input.echoChanges;
  }

  // InputModeContext.

  now(): number {
    return this.#context.now();
  }

  changed(): void {
    this.#context.changed();
  }

  shown(text: string): string {
    return this.text.shown(text);
  }

  drew(bytes: number, work: number): void {
    this.#context.drew(bytes, work);
  }

  mayTakeKey(): boolean {
    return this.#context.mayTakeKey();
  }

  get lastRow(): LastRow {
    return this.text.lastRow;
  }

  set lastRow(row: LastRow) {
    this.text.lastRow = row;
  }

  get lastColumn(): number {
    return this.text.lastColumn(this.options.facts.columns);
  }

  get ambiguousWidth(): AmbiguousWidth {
    return this.text.ambiguousWidth;
  }

  /** Changes the text settings; if characters then look different, an editor redraws its line. */
  changeText<Result>(change: (text: TextOutput) => Result): Result {
    this.#write(this.input.takePrinted()); // earlier text leaves as it was
    const { ambiguousWidth, text: { encoding } } = this;
    const result = change(this.text);
    const same = this.ambiguousWidth === ambiguousWidth && this.text.encoding === encoding;
    if (!same) this.input.charactersChanged();
    this.changed();
    return result;
  }

  get queuedInput(): number {
    return this.#context.queuedInput;
  }

  get inHand(): number {
    return this.#context.inHand;
  }

  /** Whether the last row holds an unfinished line that the server has echoed. */
  get #echoStands(): boolean {
    return this.input.echoed !== "" && !this.text.leftRow;
  }

  /** Starts a new row. In character mode it does nothing: the game controls the screen. */
  #startRow(text: string, always: boolean = false): void {
    if (this.input.byKeys) return;
    this.text.leaveRow();
    const fresh = this.input.onFreshRow;
    if (!fresh && (always || !/^\r?\n/.test(text))) this.#write("\n");
  }

  /** Writes text to the machine and the recording. */
  #write(text: string | SharedText): void {
    if (text === "") return;
    this.text.write(text, this.machine);
    this.#context.shows(String(text));
  }
}
