import { MSP, readMsp } from "../options/msp.ts";
import { MxpReader, type MxpSnapshot } from "../options/mxp.ts";
import { TelnetError } from "../protocol/error.ts";
import { copied } from "../protocol/pieces.ts";
import { PlainRows, RawRows, type Rows, type RowsSnapshot } from "../text/plain_rows.ts";
import type { ConnectEvents } from "./events.ts";
import { type Entry, Inbox } from "./inbox.ts";
import type { Journal } from "./journal.ts";
import type { ConnectSettings } from "./settings.ts";

/** What the received text needs from its session. */
export interface ReceivedTextHost {
  /** Whether the session still reports events. */
  readonly active: boolean;
  /** Whether the server performs an option. */
  serverPerforms(option: number): boolean;
  /** Reports an event. */
  emit<Name extends keyof ConnectEvents>(name: Name, value: ConnectEvents[Name]): void;
  /** Ends the connection with an error. */
  fail(error: TelnetError): void;
  /** Called after each read, as there may be room again. */
  onRead(): void;
  /** Creates an error that shows the text received instead of the wanted result. */
  failure(code: "timeout" | "connection-closed" | "limit-exceeded", wanted: string): TelnetError;
}

/** A line or a prompt in the inbox. */
type Unread = Exclude<Entry, { readonly type: "event" }>;

/** The state of the received text, as plain JSON. */
export interface ReceivedTextSnapshot {
  readonly rows: RowsSnapshot;
  /** A row that was reported as a prompt, one that was answered, and the last question. */
  readonly guessed: string | null;
  readonly answered: string | null;
  readonly asked: string;
  readonly unread: readonly Unread[];
  readonly marked: boolean;
  readonly mxp: MxpSnapshot | null;
}

/** Matches the end of a row that probably waits for input. */
const PROMPT_END = /[>:?#$%\])]\s*$/;
const PROMPT_TAIL = 16;
/** How much of the end of a row may be a question. */
const QUESTION_TAIL = 160;

/**
 * The text of the server: text → MXP tags taken out → rows → lines and prompts, for handlers and for
 * the reads of the inbox. A prompt is marked by GA or EOR, or guessed after a pause.
 */
export class ReceivedText {
  readonly inbox: Inbox;
  readonly rows: Rows;
  readonly #settings: ConnectSettings;
  readonly #journal: Journal;
  readonly #host: ReceivedTextHost;
  #mxp: MxpReader | undefined;
  /** The unterminated row that was reported as a prompt. */
  #guessed: string | undefined;
  /** The last prompt, until more text comes. */
  #asked = "";
  /** The unterminated row at the end of a command, which the command has read as its prompt. */
  #answered: string | undefined;
  /** Whether the server has marked a prompt. If so, prompts are no longer guessed. */
  #marks = false;
  #fullReported = false;
  /** The inbox's `serial` when the timer for a prompt was started; -1: it does not run. */
  #timedAt = -1;
  #endTimer: () => void = () => {};

  constructor(
    settings: ConnectSettings,
    columns: number,
    journal: Journal,
    host: ReceivedTextHost,
  ) {
    this.#settings = settings;
    this.#journal = journal;
    this.#host = host;
    this.rows = settings.stripControls ? new PlainRows(columns) : new RawRows();
    this.inbox = new Inbox(this.rows, {
      clock: settings.clock,
      limit: settings.limits.unread,
      onRead: () => {
        if (!this.inbox.full) this.#fullReported = false;
        host.onRead();
      },
      onRowRead: () => this.#guessed = undefined,
      onReleased: () => {
        this.#answered = this.rows.tail(Infinity);
        this.awaitPrompt();
      },
      failure: (code, wanted) => host.failure(code, wanted),
    });
  }

  // Input.

  /** Takes text. */
  push(text: string): void {
    if (this.#mxp === undefined) this.#takePlain(text);
    else this.#mxp.push(text);
  }

  /** Starts or stops reading MXP tags. */
  set readsMxp(on: boolean) {
    if (on) this.#startMxp();
    else {
      this.#mxp?.flush();
      this.#mxp = undefined;
    }
  }

  /** Ends the row as a prompt, because GA or EOR came. */
  endPrompt(): void {
    this.#marks = true;
    this.#endPrompt(true);
  }

  /** Notes that the server may mark no more prompts; the next mark tells that it does. */
  unmarked(): void {
    this.#marks = false;
  }

  /**
   * Ends the row of a prompt when Enter is sent, as local echo would. Keeps half a line of output.
   */
  leavePrompt(): void {
    if (this.#marks || this.inbox.claimed || this.rows.length === 0) return;
    if (!this.#guessed && !PROMPT_END.test(this.rows.tail(PROMPT_TAIL))) return;
    this.#endPrompt(false);
    this.inbox.serve();
  }

  /** Serves reads after input has come; returns whether to read on. */
  settle(): boolean {
    this.inbox.serve();
    this.awaitPrompt();
    const { full } = this.inbox;
    if (full && !this.#fullReported) {
      this.#fullReported = true;
      this.#host.emit("violation", { kind: "unread-full" });
    }
    return !full;
  }

  /** Reads what is left of an open tag, because the server has closed. */
  flush(): void {
    this.#mxp?.flush();
  }

  /** Ends the input; pending reads fail with the error. */
  end(error: unknown): void {
    this.#endTimer();
    this.inbox.end(error);
  }

  // State.

  /** The end of the last row, or the last prompt: it may be a question. */
  get question(): string {
    return this.rows.length > 0 ? this.rows.tail(QUESTION_TAIL) : this.#asked;
  }

  /** The unread text and the unterminated row. */
  get unread(): string {
    return [...this.#unread().map(({ text }) => text), this.rows.tail(Infinity)].join("\n");
  }

  snapshot(): ReceivedTextSnapshot {
    return {
      rows: this.rows.snapshot(),
      guessed: this.#guessed ?? null,
      answered: this.#answered ?? null,
      asked: this.#asked,
      unread: this.#unread(),
      marked: this.#marks,
      mxp: this.#mxp?.snapshot() ?? null,
    };
  }

  restore(snapshot: ReceivedTextSnapshot): void {
    const { rows, guessed, answered, asked, unread, marked, mxp } = snapshot;
    for (const entry of unread) this.inbox.add(entry);
    this.rows.restore(rows);
    this.#guessed = guessed ?? undefined;
    this.#answered = answered ?? undefined;
    this.#asked = asked;
    this.#marks = marked;
    if (mxp !== null) this.#startMxp(mxp);
  }

  /** Adds an event of an option for reads, if reads take the text. */
  addEvent(event: object): void {
    this.#keep({ type: "event", event });
  }

  /** The lines and prompts that nobody has read. */
  #unread(): Unread[] {
    const unread: Unread[] = [];
    for (let index = 0, entry = this.inbox.peek(0); entry; entry = this.inbox.peek(++index)) {
      if (entry.type !== "event") unread.push(entry);
    }
    return unread;
  }

  #startMxp(snapshot?: MxpSnapshot): void {
    this.#mxp ??= new MxpReader({
      text: (text) => this.#takePlain(text),
      tag: (tag) => this.#host.emit("mxp", tag),
    }, snapshot);
  }

  #takePlain(text: string): void {
    if (text === "" || !this.#host.active) return;
    this.inbox.serial++;
    this.#asked = "";
    this.#journal.text(text);
    this.#host.emit("text", text);
    this.rows.push(text, (line) => this.#takeLine(line));
    const { line: limit } = this.#settings.limits;
    if (this.rows.length <= limit) return;
    this.#host.fail(
      new TelnetError(
        "limit-exceeded",
        `The server sent a line of more than limits.line (${limit}) characters`,
      ),
    );
  }

  #takeLine(line: string): void {
    if (!this.#host.active) return;
    this.#guessed = this.#answered = undefined;
    const trigger = this.#host.serverPerforms(MSP) ? readMsp(line) : undefined;
    if (trigger !== undefined) return this.#host.emit("msp", trigger);
    this.#host.emit("line", line);
    this.#keep({ type: "line", text: line });
  }

  /** Ends the row as a prompt. */
  #endPrompt(marked: boolean): void {
    this.#endTimer();
    this.#mxp?.flush();
    const text = this.rows.endRow();
    this.#asked = text;
    const guessed = this.#guessed === text || !marked && this.#answered === text;
    this.#guessed = this.#answered = undefined;
    // A guessed prompt was reported already.
    if (!guessed) this.#host.emit("prompt", text);
    this.#keep({ type: "prompt", text, marked, ...(guessed && { reported: true }) });
  }

  /** Reports the unterminated row as a prompt. If more text follows in it, it becomes a line. */
  #guessPrompt(): void {
    const text = this.rows.tail(Infinity);
    if (text === this.#guessed) return;
    this.#guessed = text;
    this.#host.emit("prompt", text);
    this.#keep({ type: "prompt", text, marked: false, stands: true });
  }

  #keep(entry: Entry): void {
    if (this.#settings.takesText && !this.inbox.awaited) return;
    // A part of a longer text would keep the whole of it in memory.
    this.inbox.add(entry.type === "event" ? entry : { ...entry, text: copied(entry.text) });
  }

  /** Guesses a prompt after a pause, for servers that do not mark prompts. */
  awaitPrompt(): void {
    const may = this.#host.active && !this.#marks && this.rows.length > 0 && !this.inbox.claimed;
    // Input without text, such as vitals, does not start the pause again.
    if (may && this.#timedAt === this.inbox.serial) return;
    this.#endTimer();
    if (!may) return;
    this.#timedAt = this.inbox.serial;
    const { clock, promptTimeout } = this.#settings;
    const end = clock.after(promptTimeout, () => {
      this.#timedAt = -1;
      if (!this.#host.active || this.inbox.claimed || this.rows.length === 0) return;
      this.#guessPrompt();
      this.inbox.serve();
    });
    this.#endTimer = () => {
      this.#endTimer = () => {};
      this.#timedAt = -1;
      end();
    };
  }
}
