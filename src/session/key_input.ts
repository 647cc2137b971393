import { Fifo } from "../protocol/fifo.ts";
import {
  checkCount,
  checkFunction,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { HistoryStore } from "../text/history.ts";
import { History } from "../text/history.ts";
import type { Key } from "../text/key.ts";
import { KeyDecoder, type KeyDecoderSnapshot } from "../text/keys.ts";
import type { CompletionQuestion } from "../text/completion.ts";
import { checkEditing, EDITOR_SYNONYMS, type LineEditorOptions } from "../text/editor_options.ts";
import { type EditResult, LineEditor, type LineEditorSnapshot } from "../text/line_editor.ts";
import { ITEM_SIZE } from "../text/sizes.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { type LastRow, NO_ROW } from "./text_output.ts";
import { PLAIN, textOf, TypedKeys } from "./typed_keys.ts";

/** Options of `useEditor()`. Every field has a default. */
export interface EditorOptions extends
  Omit<
    LineEditorOptions,
    "columns" | "rows" | "limit" | "completes" | "show" | "ambiguousWidth"
  > {
  /**
   * The longest line, in UTF-16 units; more input is refused with a bell. Default, and the highest
   * value: `limits.line`.
   */
  readonly limit?: number | undefined;
  /**
   * How long to wait after ESC for the rest of an escape sequence before it counts as the Escape
   * key, in milliseconds. Default: `escapeTimeout` of `listen()`.
   */
  readonly escapeTimeout?: number | undefined;
  /**
   * Returns the completion candidates, or a promise of them. A candidate is a whole word that can
   * replace the word at the cursor, or a whole line that starts with the text up to the cursor.
   * Default: no completion.
   *
   * @param line The line.
   * @param cursor The position of the cursor in the line, in UTF-16 units.
   */
  readonly complete?: (
    line: string,
    cursor: number,
  ) => readonly string[] | Promise<readonly string[]>;
}

const OPTION_NAMES: Readonly<Record<keyof EditorOptions, true>> = {
  history: true,
  limit: true,
  multiline: true,
  cycles: true,
  keys: true,
  escapeTimeout: true,
  complete: true,
};

/** Checks the options of `useEditor()`. */
export function checkEditorOptions(options: EditorOptions): void {
  rejectUnknownKeys("useEditor", options, OPTION_NAMES, EDITOR_SYNONYMS);
  const { limit, escapeTimeout, complete } = options;
  if (limit !== undefined) checkCount("useEditor.limit", limit, 1);
  if (escapeTimeout !== undefined) checkCount("useEditor.escapeTimeout", escapeTimeout);
  if (complete !== undefined) checkFunction("useEditor.complete", complete);
  checkEditing("useEditor", options);
}

/** An event of the key input. */
export type KeyEvent =
  /** A key for the game. */
  | { readonly type: "key"; readonly key: Key }
  /** The editor ended a line, or got Ctrl-C, or Ctrl-D on an empty line. */
  | { readonly type: "edited"; readonly result: EditResult }
  /** A call of the game's `complete` function, for the reader to make. */
  | { readonly type: "complete"; readonly call: () => unknown };

/** The window of a client. */
export interface KeyWindow {
  readonly columns: number;
  readonly rows: number;
  readonly ambiguousWidth: AmbiguousWidth;
}

/** A key that waits for the game. */
interface QueuedKey extends Key {
  /** Whether it was typed as a secret, and must not be recorded. */
  readonly secret?: boolean;
}

/** A key that the game has taken. */
export interface TakenKey {
  readonly key: Key;
  readonly secret: boolean;
}

/** The state of the key input, as plain JSON. */
export interface KeyInputSnapshot {
  /** Whether the client sends each key. */
  readonly active: boolean;
  readonly decoder: KeyDecoderSnapshot;
  /**
   * Keys that wait for the game; and decoded keys, and pieces of typed text, that `next` has not
   * returned yet.
   */
  readonly queue: readonly QueuedKey[];
  readonly given: readonly Key[];
  /** Results of the editor that `next` has not returned yet. */
  readonly results: readonly EditResult[];
  /** The editor, if there is one: its options, state and history. */
  readonly editor: {
    readonly options: Pick<
      EditorOptions,
      "limit" | "multiline" | "cycles" | "keys" | "escapeTimeout"
    >;
    readonly state: LineEditorSnapshot;
    readonly history: readonly string[];
  } | null;
}

/** The most keys that wait for the game; then the input is blocked. */
const MAX_KEYS = 4_096;
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";
/** The key that stands for the Telnet command EL. */
const CTRL_U: Key = { ...PLAIN, name: "u", ctrl: true };

function isCtrlU({ name, ctrl, alt }: Key): boolean {
  return name === CTRL_U.name && ctrl && !alt;
}

/** The server's defaults for reading keys. */
export interface KeyInputSettings {
  /** The longest line, in UTF-16 units. */
  readonly lineLimit: number;
  /** How long to wait for the rest of an escape sequence, in milliseconds. */
  readonly escapeTimeout: number;
}

/** The keys of a client in character mode: queued for the game, or passed to the editor. */
export class KeyInput {
  readonly #settings: KeyInputSettings;
  readonly #show: (text: string) => string;
  /** Called when a completion has changed the editor. */
  readonly #edited: () => void;
  readonly #decoder = new KeyDecoder();
  readonly #queue = new Fifo<QueuedKey>();
  /** Decoded keys and pieces of typed text that `next` has not returned yet. */
  readonly #given = new TypedKeys();
  readonly #results = new Fifo<EditResult>();
  #options: EditorOptions | undefined;
  /** The history of lines, if the game gives none. */
  #lines: HistoryStore = new History();
  #history: HistoryStore = this.#lines;
  /** What the history of a snapshot has: an empty one that the game gives for the same gets it. */
  #kept: "lines" | "texts" | undefined;
  #editor: LineEditor | undefined;
  #active = false;
  /** Whether bracketed paste is on in the terminal. */
  #marking = false;
  #out = "";
  /** The question that async code of the game is answering. */
  #asked: CompletionQuestion | undefined;
  /** The newest question since then, which is asked after it. */
  #askNext: (() => unknown) | undefined;
  /** How many bytes replaced editors have drawn since the last `takeDrawn`, and their work. */
  #drawn = 0;
  #work = 0;

  constructor(settings: KeyInputSettings, show: (text: string) => string, edited: () => void) {
    this.#settings = settings;
    this.#decoder.runs = true;
    this.#decoder.escapeTimeout = settings.escapeTimeout;
    this.#show = show;
    this.#edited = edited;
  }

  /** Whether the client is in character mode. */
  get active(): boolean {
    return this.#active;
  }

  /** Whether the game wants an editor, and not the keys. */
  get edits(): boolean {
    return this.#editor !== undefined;
  }

  /** The editor, while it is in use. */
  get editor(): LineEditor | undefined {
    return this.#active ? this.#editor : undefined;
  }

  /** The editor options; `undefined` if the game wants the keys. */
  get options(): EditorOptions | undefined {
    return this.#options;
  }

  /** How many keys wait for the game. */
  get length(): number {
    return this.#queue.length;
  }

  /** How many more may wait. */
  get room(): number {
    return Math.max(0, MAX_KEYS - this.#queue.length);
  }

  /** Whether there are keys not taken, an incomplete sequence, or text in the editor. */
  get halfTyped(): boolean {
    return this.#queue.length > 0 || this.#given.length > 0 || this.#decoder.pending ||
      (this.editor?.line ?? "") !== "";
  }

  /** Whether `next` may return an event without more text. */
  get hasUnread(): boolean {
    return this.#active && this.#waits;
  }

  get #waits(): boolean {
    return this.#results.length > 0 || this.#given.length > 0 || this.#decoder.hasUnread;
  }

  /** Estimated bytes that are held of typed input. */
  get held(): number {
    const items = this.#queue.length + this.#results.length;
    const other = this.#lines === this.#history ? 0 : this.#lines.held ?? 0;
    const edited = (this.#editor?.held ?? 0) + (this.#history.held ?? 0) + other;
    return items * ITEM_SIZE + this.#given.held + this.#decoder.held + edited;
  }

  /** When `expire` is due. */
  get timeout(): number {
    return this.#decoder.nextTimeout() ?? Infinity;
  }

  /** Whether the last key was a CR; an LF that follows belongs to it. */
  get afterCr(): boolean {
    return this.#decoder.afterCr;
  }

  /** Takes the next key for the game. */
  take(): TakenKey | undefined {
    const queued = this.#queue.take();
    if (queued === undefined) return undefined;
    const { secret = false, ...key } = queued;
    return { key, secret };
  }

  /** Inserts text as typed keys, before the keys that are not read. */
  type(text: string): void {
    this.#given.type(text);
  }

  /** Keeps a key for the game. */
  keep(key: Key, secret: boolean): void {
    // A copy: a committed queue tells keys apart by their objects.
    this.#queue.push(secret ? { ...key, secret } : { ...key });
  }

  /**
   * Starts an editor, or ends it if `options` is `undefined`. A new editor takes over the
   * unfinished line and the keys that the game has not taken.
   */
  use(options: EditorOptions | undefined, window: KeyWindow, masked: boolean): void {
    const old = this.#editor;
    this.#drawn += old?.takeDrawn() ?? 0;
    this.#work += old?.takeWork() ?? 0;
    this.#hide(options !== undefined);
    this.#options = options;
    this.#decoder.runs = options !== undefined;
    this.#decoder.escapeTimeout = options?.escapeTimeout ?? this.#settings.escapeTimeout;
    if (options === undefined) {
      // The game gets the text in the editor as keys.
      if (old !== undefined) this.type(this.#takeLines() + old.line);
      this.#editor = undefined;
      return;
    }
    this.#editor = this.#newEditor(options, window);
    this.#editor.masked = masked;
    if (old !== undefined) this.#editor.adopt(old);
    this.#mark();
    if (!this.#active) return;
    this.#given.putBack(this.#queue.takeAll().map(({ secret: _, ...key }) => key));
  }

  /** Starts when the client has agreed to character mode; `typed`: text that it sent before. */
  start(typed: string, afterCr: boolean, now: number): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#editor !== undefined) this.#mark();
    this.#decoder.afterCr = afterCr;
    this.#decoder.feed(typed, now);
  }

  /**
   * Stops because character mode ended: removes the edited line, and leaves the row before it.
   *
   * @returns This row, if there was an editor.
   */
  stop(): LastRow | undefined {
    const { editor } = this;
    if (this.close() === undefined || editor === undefined) return undefined;
    const { row: text, prompt } = editor;
    this.#out += text + prompt;
    return { text, prompt };
  }

  /**
   * Stops for good: removes the prompt and the edited line from the screen.
   *
   * @returns The empty row, if there was an editor.
   */
  close(): LastRow | undefined {
    if (!this.#active) return undefined;
    this.#hide(false);
    this.#active = false;
    return this.#editor && NO_ROW;
  }

  /**
   * Takes the typed text for line mode: `typed` is text with CR LF for Enter, and `raw` the
   * undecoded text after it. An unfinished line in the editor stays there, unless more was typed
   * after it.
   */
  takeUnread(): { readonly typed: string; readonly raw: string } {
    const line = this.#waits ? this.#editor?.line ?? "" : "";
    if (line !== "") this.#editor?.eraseLine();
    const keys = [...this.#queue.takeAll(), ...this.#given.takeAll()];
    let typed = this.#takeLines() + line;
    for (const key of keys) {
      typed = isCtrlU(key) ? typed.slice(0, typed.lastIndexOf("\n") + 1) : typed + textOf(key);
    }
    return { typed, raw: this.#decoder.takeUnread() };
  }

  /** Adds decoded text of the client, for `next`. */
  feed(text: string, now: number): void {
    this.#decoder.feed(text, now);
  }

  /**
   * Returns the next event; `undefined` if there is none.
   *
   * @param mayEdit Whether the editor, or typed text, may give one more key now.
   */
  next(mayEdit: () => boolean): KeyEvent | undefined {
    while (true) {
      const result = this.#results.take();
      if (result !== undefined) return { type: "edited", result };
      if (!this.#waits) return undefined;
      if (this.#editor === undefined && this.room === 0) return undefined;
      // Typed text can be long, as an editor's line can.
      const limited = this.#editor !== undefined || this.#given.hasText;
      if (limited && !mayEdit()) return undefined;
      const key = this.#given.take() ?? this.#decoder.next();
      if (key === undefined) return undefined;
      const event = this.#press(key);
      if (event !== undefined) return event;
    }
  }

  /** Turns a lone ESC into the Escape key when its time is over. */
  expire(now: number): void {
    this.#decoder.expire(now);
  }

  /** The Telnet command EC: erases the last character. */
  eraseCharacter(): void {
    this.#decoder.eraseCharacter();
  }

  /** The Telnet command EL: erases the line. */
  eraseLine(): void {
    this.#decoder.forget();
    if (this.editor === undefined) this.#given.push({ ...CTRL_U });
    else this.editor.eraseLine();
  }

  /** A Telnet command such as IP: discards the unfinished line. */
  discard(): void {
    this.#decoder.forget();
    this.editor?.eraseLine();
  }

  /** How many bytes were drawn since the last call. */
  takeDrawn(): number {
    const drawn = this.#drawn + (this.#editor?.takeDrawn() ?? 0);
    this.#drawn = 0;
    return drawn;
  }

  /** The other work since the last call, in drawn bytes. */
  takeWork(): number {
    const work = this.#work + (this.#editor?.takeWork() ?? 0);
    this.#work = 0;
    return work;
  }

  /** Takes the output for the terminal; `more`: more text of this turn may follow. */
  takeOutput(more: boolean): string {
    const out = this.#out + (this.editor?.takeOutput(more) ?? "");
    this.#out = "";
    return out;
  }

  /** The same without drawing the line. */
  takePrinted(): string {
    const out = this.#out + (this.editor?.takePrinted() ?? "");
    this.#out = "";
    return out;
  }

  /**
   * Returns the state, as plain JSON; the output and events must be taken first.
   *
   * @param lines The most lines of the history.
   */
  snapshot(lines: number): KeyInputSnapshot {
    const editor = this.#editor;
    const { limit, multiline, cycles, keys, escapeTimeout } = this.#options ?? {};
    const options = { limit, multiline, cycles, keys, escapeTimeout };
    const { length } = this.#history;
    const from = Math.max(0, length - lines);
    const history = Array.from(
      { length: length - from },
      (_, index) => this.#history.at(from + index) ?? "",
    );
    return {
      active: this.#active,
      decoder: this.#decoder.snapshot(),
      queue: this.#queue.items(),
      given: this.#given.items(),
      results: this.#results.items(),
      editor: editor === undefined
        ? null
        : { options: JSON.parse(JSON.stringify(options)), state: editor.snapshot(), history },
    };
  }

  restore(snapshot: KeyInputSnapshot, window: KeyWindow, now: number): void {
    const { active, decoder, queue, given, results, editor } = snapshot;
    this.#active = active;
    this.#decoder.restore(decoder, now);
    for (const key of queue) this.#queue.push(key);
    for (const key of given) this.#given.push(key);
    for (const result of results) this.#results.push(result);
    this.#decoder.runs = editor !== null;
    if (editor === null) return;
    const history = new History({ lines: editor.history });
    if (!editor.options.multiline) this.#lines = history;
    this.#options = { ...editor.options, history };
    this.#decoder.escapeTimeout = this.#options.escapeTimeout ?? this.#settings.escapeTimeout;
    this.#editor = this.#newEditor(this.#options, window);
    this.#kept = kindOf(editor.options);
    this.#editor.restore(editor.state, active);
    this.#marking = active;
  }

  /** Takes the lines that the editor has finished, each with CR LF. */
  #takeLines(): string {
    return this.#results.takeAll()
      .map((result) => result.type === "line" ? `${result.text}\r\n` : "").join("");
  }

  #newEditor(
    { complete, escapeTimeout: _, ...options }: EditorOptions,
    window: KeyWindow,
  ): LineEditor {
    const completes = complete !== undefined;
    const own = options.multiline ? new History() : this.#lines;
    const history = options.history ?? own;
    if (history !== this.#history) {
      if (this.#kept === kindOf(options)) fill(history, this.#history);
      this.#kept = undefined;
    }
    this.#history = history;
    const { limit = this.#settings.lineLimit } = options;
    const show = this.#show;
    return new LineEditor({ ...options, limit, history, ...window, show, completes });
  }

  #mark(): void {
    if (this.#active && !this.#marking) this.#out += PASTE_ON;
    this.#marking ||= this.#active;
  }

  /** Removes the edited line from the screen; `more`: another editor continues with its text. */
  #hide(more: boolean): void {
    const { editor } = this;
    editor?.hide(more);
    this.#out += editor?.takeOutput(more) ?? "";
    if (this.#marking) this.#out += PASTE_OFF;
    this.#marking = false;
  }

  #press(key: Key): KeyEvent | undefined {
    const { editor } = this;
    if (editor === undefined) return this.#give(key);
    editor.key(key);
    for (const result of editor.takeResults()) this.#results.push(result);
    return this.#ask(editor);
  }

  /** Passes a key to the game; pasted text becomes separate keys. */
  #give(key: Key): KeyEvent | undefined {
    if (key.name !== "paste") return { type: "key", key };
    this.type(key.text);
    return undefined;
  }

  /** Asks the game's `complete` function after Tab, before the next key. */
  #ask(editor: LineEditor): KeyEvent | undefined {
    const question = editor.takeQuestion();
    const complete = this.#options?.complete;
    if (question === undefined || complete === undefined) return undefined;
    const call = () => {
      const candidates = complete(question.line, question.cursor);
      if (!(candidates instanceof Promise)) return this.#answer(editor, question, candidates);
      this.#asked = question;
      return candidates
        .then((found) => this.#answer(editor, question, found))
        .finally(() => this.#asked = undefined)
        .then(() => this.#askAgain());
    };
    if (this.#asked === undefined) return { type: "complete", call };
    // One question at a time: an answer that is still awaited serves the same question, too.
    const isNew = !isSame(question, this.#asked);
    this.#askNext = isNew ? () => isSame(question, editor) ? call() : undefined : undefined;
    return undefined;
  }

  #answer(editor: LineEditor, question: CompletionQuestion, candidates: readonly string[]): void {
    if (!Array.isArray(candidates) || candidates.some((word) => typeof word !== "string")) {
      throwUnexpected("what useEditor.complete returns", "an array of words", candidates);
    }
    editor.answer(question, candidates);
    this.#edited();
  }

  /** Asks the newest question that came while another was answered. */
  #askAgain(): unknown {
    const call = this.#askNext;
    this.#askNext = undefined;
    return call?.();
  }
}

function kindOf({ multiline }: EditorOptions): "lines" | "texts" {
  return multiline ? "texts" : "lines";
}

/** Adds the lines of a history to another one, unless that has lines of its own. */
function fill(history: HistoryStore, from: HistoryStore): void {
  if (history.length > 0) return;
  for (let index = 0; index < from.length; index++) history.add(from.at(index) ?? "");
}

function isSame(one: CompletionQuestion, other: CompletionQuestion | undefined): boolean {
  return one.line === other?.line && one.cursor === other.cursor;
}
