import { Fifo } from "../protocol/fifo.ts";
import {
  checkCount,
  checkFunction,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { HistoryStore } from "../text/history.ts";
import { History } from "../text/history.ts";
import { type Key, typedText } from "../text/key.ts";
import { KeyDecoder, type KeyDecoderSnapshot } from "../text/keys.ts";
import {
  checkEditing,
  EDITOR_SYNONYMS,
  type EditResult,
  LineEditor,
  type LineEditorOptions,
  type LineEditorSnapshot,
} from "../text/line_editor.ts";
import { ITEM_SIZE } from "../text/sizes.ts";
import { type AmbiguousWidth, graphemes } from "../text/width.ts";
import type { LastRow } from "./text_output.ts";

/** How a client's lines are edited. Every field has a default. */
export interface EditorOptions extends
  Omit<
    LineEditorOptions,
    "columns" | "rows" | "limit" | "completes" | "show" | "ambiguousWidth"
  > {
  /** The most UTF-16 units of a line; more is refused with a bell. Default, and most: `limits.line`. */
  readonly limit?: number | undefined;
  /**
   * How long a lone ESC waits for the rest of a sequence before it is the key, in milliseconds. Default:
   * `escapeTimeout` of `listen()`.
   */
  readonly escapeTimeout?: number | undefined;
  /**
   * Gives the candidates for what is typed, at once or later. Each is a whole word that may stand in the
   * place of the one at the cursor, or a whole line that begins as the line up to the cursor does.
   * Default: no completion.
   *
   * @param line The line.
   * @param cursor Where the cursor stands in it, in UTF-16 units.
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

/** Checks how a caller wants a client's lines to be edited. */
export function checkEditorOptions(options: EditorOptions): void {
  rejectUnknownKeys("useEditor", options, OPTION_NAMES, EDITOR_SYNONYMS);
  const { limit, escapeTimeout, complete } = options;
  if (limit !== undefined) checkCount("useEditor.limit", limit, 1);
  if (escapeTimeout !== undefined) checkCount("useEditor.escapeTimeout", escapeTimeout);
  if (complete !== undefined) checkFunction("useEditor.complete", complete);
  checkEditing("useEditor", options);
}

/** What came of the keys. */
export type KeyEvent =
  /** A key for the game. */
  | { readonly type: "key"; readonly key: Key }
  /** A line, or Ctrl-C, or Ctrl-D on an empty line, of the editor. */
  | { readonly type: "edited"; readonly result: EditResult }
  /** The game's code is to be called, for the candidates of a completion. */
  | { readonly type: "complete"; readonly call: () => unknown };

/** The window of a client. */
export interface KeyWindow {
  readonly columns: number;
  readonly rows: number;
  readonly ambiguousWidth: AmbiguousWidth;
}

/** Where the keys stand, as plain JSON. */
export interface KeyInputSnapshot {
  /** Whether the client sends each key. */
  readonly active: boolean;
  readonly decoder: KeyDecoderSnapshot;
  /** Keys that wait for the game, and those that are decoded and not handed out. */
  readonly queue: readonly Key[];
  readonly given: readonly Key[];
  /** What came of the editor and is not handed out. */
  readonly results: readonly EditResult[];
  /** The editor, where there is one: how it edits, where it stands, and the lines before. */
  readonly editor: {
    readonly options: Pick<
      EditorOptions,
      "limit" | "multiline" | "cycles" | "keys" | "escapeTimeout"
    >;
    readonly state: LineEditorSnapshot;
    readonly history: readonly string[];
  } | null;
}

/** So many keys wait for the game; then the client is not read on. */
const MAX_KEYS = 4_096;
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";
const PLAIN = { text: "", ctrl: false, alt: false, shift: false };
/** The key that stands for the Telnet command EL. */
const CTRL_U: Key = { ...PLAIN, name: "u", ctrl: true };

/** How keys are read, whatever the game sets for an editor. */
export interface KeyInputSettings {
  /** The most UTF-16 units of a line. */
  readonly lineLimit: number;
  /** How long a lone ESC waits, in milliseconds. */
  readonly escapeTimeout: number;
}

/** The keys of a client in character mode: queued for the game, or edited to lines. */
export class KeyInput {
  readonly #settings: KeyInputSettings;
  readonly #show: (text: string) => string;
  /** Has the output of the editor fetched: the answer to a completion may come at any time. */
  readonly #edited: () => void;
  readonly #decoder = new KeyDecoder();
  readonly #queue = new Fifo<Key>();
  /** Keys that are decoded, and not handed out. */
  readonly #given = new Fifo<Key>();
  readonly #results = new Fifo<EditResult>();
  #options: EditorOptions | undefined;
  #history: HistoryStore = new History();
  #editor: LineEditor | undefined;
  #active = false;
  /** Whether the terminal was told to mark what is pasted. */
  #marking = false;
  #out = "";
  /** Whether a key was pressed since the output was taken. */
  #pressed = false;

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

  /** Whether it is wanted for the sake of an editor. */
  get edits(): boolean {
    return this.#editor !== undefined;
  }

  /** The editor, while it is in use. */
  get editor(): LineEditor | undefined {
    return this.#active ? this.#editor : undefined;
  }

  /** How the game wants lines to be edited; `undefined` where it wants the keys. */
  get options(): EditorOptions | undefined {
    return this.#options;
  }

  /** How many keys wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** How many more may wait. */
  get room(): number {
    return Math.max(0, MAX_KEYS - this.#queue.length);
  }

  /** Whether something was pressed that nobody has made anything of. */
  get halfTyped(): boolean {
    return this.#queue.length > 0 || this.#given.length > 0 || this.#decoder.pending ||
      (this.editor?.line ?? "") !== "";
  }

  /** Whether something waits for `next`, and not for more text. */
  get hasUnread(): boolean {
    return this.#active && this.#waits;
  }

  get #waits(): boolean {
    return this.#results.length > 0 || this.#given.length > 0 || this.#decoder.hasUnread;
  }

  /** How many bytes it holds of what was typed, about. */
  get held(): number {
    const items = this.#queue.length + this.#given.length + this.#results.length;
    const edited = (this.#editor?.held ?? 0) + (this.#history.held ?? 0);
    return items * ITEM_SIZE + this.#decoder.held + edited;
  }

  /** When `expire` is due. */
  get timeout(): number {
    return this.#decoder.nextTimeout() ?? Infinity;
  }

  /** Whether the last key was a CR, which an LF may follow. */
  get afterCr(): boolean {
    return this.#decoder.afterCr;
  }

  /** Takes a key. */
  take(): Key | undefined {
    return this.#queue.take();
  }

  /** Takes text as if it were typed now, before what is not read. */
  type(text: string): void {
    for (const key of [...textKeys(text), ...this.#given.takeAll()]) this.#given.push(key);
  }

  /** Keeps a key for the game. */
  keep(key: Key): void {
    this.#queue.push(key);
  }

  /**
   * Edits from now on, or no more. What is half typed goes on in the new editor, and so do keys that
   * nobody has taken.
   */
  use(options: EditorOptions | undefined, window: KeyWindow, masked: boolean): void {
    const old = this.#editor;
    this.#hide();
    this.#options = options;
    this.#decoder.runs = options !== undefined;
    this.#decoder.escapeTimeout = options?.escapeTimeout ?? this.#settings.escapeTimeout;
    if (options === undefined) {
      // What is typed in the editor goes to the game by keys.
      if (old !== undefined) this.type(this.#takeLines() + old.line);
      this.#editor = undefined;
      return;
    }
    this.#editor = this.#newEditor(options, window);
    this.#editor.masked = masked;
    if (old !== undefined) this.#editor.adopt(old);
    this.#mark();
    if (!this.#active) return;
    for (const key of [...this.#queue.takeAll(), ...this.#given.takeAll()]) this.#given.push(key);
  }

  /** The client went into character mode; `typed` is what it had sent of a line before. */
  start(last: LastRow, typed: string, afterCr: boolean, now: number): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#editor !== undefined) {
      this.#mark();
      const { text, prompt } = last;
      // The editor draws the last row anew.
      if (text + prompt !== "") this.#out += "\r";
      this.#editor.print(text);
      this.#editor.prompt = prompt;
    }
    this.#decoder.afterCr = afterCr;
    this.#decoder.feed(typed, now);
  }

  /** The client went out of it: what stood on the last row is left for it to see. */
  stop(): void {
    if (!this.#active) return;
    const { prompt = "" } = this.#editor ?? {};
    this.#hide();
    this.#out += prompt;
    this.#active = false;
  }

  /** The end: takes the line off the screen. */
  close(): void {
    if (!this.#active) return;
    this.#hide();
    this.#active = false;
  }

  /**
   * Takes what was typed ahead, for a reader of lines, in which an Enter is CR LF; and behind it what
   * the client has sent and nobody has looked at. What is half typed in the editor stays there,
   * unless more was typed behind it.
   */
  takeUnread(): { readonly typed: string; readonly raw: string } {
    const line = this.#waits ? this.#editor?.line ?? "" : "";
    if (line !== "") this.#editor?.eraseLine();
    const keys = [...this.#queue.takeAll(), ...this.#given.takeAll()];
    const typed = this.#takeLines() + line + keys.map(typedText).join("");
    return { typed, raw: this.#decoder.takeUnread() };
  }

  /** Takes text of the client, for `next`. */
  feed(text: string, now: number): void {
    this.#decoder.feed(text, now);
  }

  /** What comes next of the keys that were fed; `undefined` where nothing does. */
  next(): KeyEvent | undefined {
    while (true) {
      const result = this.#results.take();
      if (result !== undefined) return { type: "edited", result };
      if (this.#editor === undefined && this.room === 0) return undefined;
      const key = this.#given.take() ?? this.#decoder.next();
      if (key === undefined) return undefined;
      const event = this.#press(key);
      if (event !== undefined) return event;
    }
  }

  /** A lone ESC is one when its time is over. */
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
    if (this.editor === undefined) this.#given.push(CTRL_U);
    else this.editor.eraseLine();
  }

  /** A command such as IP gives up what is being typed. */
  discard(): void {
    this.#decoder.forget();
    this.editor?.eraseLine();
  }

  /** How many characters were drawn for keys since the last call; to be asked behind `takeOutput`. */
  takeDrawn(): number {
    const drawn = this.#editor?.takeDrawn() ?? 0;
    const pressed = this.#pressed;
    this.#pressed = false;
    return pressed ? drawn : 0;
  }

  /** What goes to the terminal since the last call. */
  takeOutput(): string {
    const out = this.#out + (this.editor?.takeOutput() ?? "");
    this.#out = "";
    return out;
  }

  /** Where it stands, as plain JSON, once its output and its events are taken. */
  snapshot(): KeyInputSnapshot {
    const editor = this.#editor;
    const { limit, multiline, cycles, keys, escapeTimeout } = this.#options ?? {};
    const options = { limit, multiline, cycles, keys, escapeTimeout };
    const history = Array.from(
      { length: this.#history.length },
      (_, index) => this.#history.at(index) ?? "",
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
    this.#options = { ...editor.options, history: new History({ lines: editor.history }) };
    this.#decoder.escapeTimeout = this.#options.escapeTimeout ?? this.#settings.escapeTimeout;
    this.#editor = this.#newEditor(this.#options, window);
    this.#editor.restore(editor.state, active);
    this.#marking = active;
  }

  /** Takes the lines that the editor has ended, as they were typed. */
  #takeLines(): string {
    return this.#results.takeAll()
      .map((result) => result.type === "line" ? `${result.text}\r\n` : "").join("");
  }

  #newEditor(
    { complete, escapeTimeout: _, ...options }: EditorOptions,
    window: KeyWindow,
  ): LineEditor {
    const completes = complete !== undefined;
    this.#history = options.history ?? new History();
    const history = this.#history;
    const { limit = this.#settings.lineLimit } = options;
    const show = this.#show;
    return new LineEditor({ ...options, limit, history, ...window, show, completes });
  }

  #mark(): void {
    if (this.#active && !this.#marking) this.#out += PASTE_ON;
    this.#marking ||= this.#active;
  }

  #hide(): void {
    const { editor } = this;
    editor?.hide();
    this.#out += editor?.takeOutput() ?? "";
    if (this.#marking) this.#out += PASTE_OFF;
    this.#marking = false;
  }

  #press(key: Key): KeyEvent | undefined {
    const { editor } = this;
    if (editor === undefined) return this.#give(key);
    this.#pressed = true;
    editor.key(key);
    for (const result of editor.takeResults()) this.#results.push(result);
    return this.#ask(editor);
  }

  /** A paste comes to the game as if it were typed. */
  #give(key: Key): KeyEvent | undefined {
    if (key.name !== "paste") return { type: "key", key };
    this.type(key.text);
    return undefined;
  }

  /** Has the game's code answer what Tab asked, before the next key. */
  #ask(editor: LineEditor): KeyEvent | undefined {
    const question = editor.takeQuestion();
    const complete = this.#options?.complete;
    if (question === undefined || complete === undefined) return undefined;
    const answer = (candidates: readonly string[]) => {
      if (!Array.isArray(candidates) || candidates.some((word) => typeof word !== "string")) {
        throwUnexpected("what useEditor.complete returns", "an array of words", candidates);
      }
      editor.answer(question, candidates);
      this.#edited();
    };
    const call = () => {
      const candidates = complete(question.line, question.cursor);
      return candidates instanceof Promise ? candidates.then(answer) : answer(candidates);
    };
    return { type: "complete", call };
  }
}

/** Keys as if a text were typed, one for what a person takes for a character. */
function textKeys(text: string): Key[] {
  return graphemes(text).map((one) =>
    one === "\n" || one === "\r" || one === "\r\n"
      ? { ...PLAIN, name: "enter" }
      : { ...PLAIN, name: "text", text: one }
  );
}
