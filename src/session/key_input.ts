import { Fifo } from "../protocol/fifo.ts";
import { type Key, KeyDecoder } from "../text/keys.ts";
import { type EditResult, LineEditor, type LineEditorOptions } from "../text/line_editor.ts";
import { graphemes } from "../text/width.ts";
import type { LastRow } from "./text_output.ts";

/** How a client's lines are edited. Every field has a default. */
export interface EditorOptions
  extends Omit<LineEditorOptions, "columns" | "rows" | "completes" | "show"> {
  /**
   * Gives the words that may stand in the place of the one at the cursor, at once or later: whole
   * words, what was typed included. Default: no completion.
   *
   * @param line The line.
   * @param cursor Where the cursor stands in it, in UTF-16 units.
   */
  readonly complete?: (
    line: string,
    cursor: number,
  ) => readonly string[] | Promise<readonly string[]>;
}

/** What the keys need of their session. */
export interface KeyPort {
  /** The editor has something for the terminal. */
  edited(): void;
  /** The editing came to a result. */
  result(result: EditResult): void;
  /** A key came, without an editor; returns whether the game has taken it. */
  pressed(key: Key): boolean;
  /** What the client shows for a text, in its character set. */
  shown(text: string): string;
  /** Calls the game's own code. */
  run(call: () => unknown): void;
}

/** The window of a client. */
interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** So many keys wait for the game; then the client is not read on. */
const MOST_KEYS = 4_096;
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

/** The keys of a client in character mode: queued for the game, or edited to lines. */
export class KeyInput {
  readonly #port: KeyPort;
  readonly #decoder = new KeyDecoder({ runs: true });
  readonly #queue = new Fifo<Key>();
  #complete: EditorOptions["complete"];
  #editor: LineEditor | undefined;
  #active = false;
  /** Whether the terminal was told to mark what is pasted. */
  #marking = false;
  #out = "";

  constructor(port: KeyPort) {
    this.#port = port;
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

  /** How many keys wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether the game must take some first. */
  get full(): boolean {
    return this.#queue.length >= MOST_KEYS;
  }

  /** Whether something was pressed that nobody has made anything of. */
  get halfTyped(): boolean {
    return this.#queue.length > 0 || this.#decoder.pending || (this.editor?.line ?? "") !== "";
  }

  /** When `tick` is due. */
  get timeout(): number {
    return this.#decoder.nextTimeout() ?? Infinity;
  }

  /** Takes a key. */
  take(): Key | undefined {
    return this.#queue.take();
  }

  /**
   * Edits from now on, or no more. What is half typed, and keys that nobody has taken, go on in a new
   * editor.
   */
  use(options: EditorOptions | undefined, window: Window, masked: boolean): void {
    const old = this.#editor;
    const editor = options === undefined ? undefined : this.#newEditor(options, window);
    const { line = "", prompt = "" } = old ?? {};
    this.#hide();
    this.#complete = options?.complete;
    this.#editor = editor;
    if (editor === undefined) return;
    editor.masked = masked;
    editor.prompt = prompt;
    if (line !== "") {
      editor.key({ name: "paste", text: line, ctrl: false, alt: false, shift: false });
    }
    this.#mark();
    if (!this.#active) return;
    for (let key = this.#queue.take(); key !== undefined; key = this.#queue.take()) {
      this.#press(key);
    }
  }

  #newEditor({ complete, ...options }: EditorOptions, { columns, rows }: Window): LineEditor {
    const show = (text: string) => this.#port.shown(text);
    return new LineEditor({ ...options, columns, rows, show, completes: complete !== undefined });
  }

  /** The client went into character mode; `typed` is what it had sent of a line before. */
  start(last: LastRow, typed: string, now: number): void {
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
    this.push(typed, now);
  }

  /** The client went out of it: what stood on the last row is left for it to see. */
  stop(): void {
    if (!this.#active) return;
    const prompt = this.#editor?.prompt ?? "";
    this.#hide();
    this.#out += prompt;
    this.#active = false;
  }

  /** The end: takes the line off the screen. */
  close(): void {
    this.#hide();
    this.#active = false;
  }

  /** Takes text of the client. */
  push(text: string, now: number): void {
    for (const key of this.#decoder.push(text, now)) this.#press(key);
  }

  /** A lone ESC is one when its time is over. */
  tick(now: number): void {
    for (const key of this.#decoder.flush(now)) this.#press(key);
  }

  /** What goes to the terminal since the last call. */
  takeOutput(): string {
    const out = this.#out + (this.editor?.takeOutput() ?? "");
    this.#out = "";
    return out;
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

  /** The editor may change with each key, by what the game does about it. */
  #press(key: Key): void {
    const { editor } = this;
    if (editor === undefined) return this.#give(key);
    editor.key(key);
    this.#ask(editor);
    for (const result of editor.takeResults()) this.#port.result(result);
    this.#port.edited();
  }

  /** Text to the game by what a person takes for a character, pasted text as if it were typed. */
  #give(key: Key): void {
    const keys = key.name === "text" || key.name === "paste"
      ? graphemes(key.text).map((text) =>
        text === "\n" ? { ...key, name: "enter", text: "" } : { ...key, name: "text", text }
      )
      : [key];
    for (const one of keys) {
      // The game may have begun to edit at one of them.
      if (this.#editor !== undefined) this.#press(one);
      else if (!this.#port.pressed(one)) this.#queue.push(one);
    }
  }

  /** Has the game's code answer what Tab asked, before the next key. */
  #ask(editor: LineEditor): void {
    const question = editor.takeQuestion();
    const complete = this.#complete;
    if (question === undefined || complete === undefined) return;
    const answer = (candidates: readonly string[]) => {
      editor.answer(question, candidates);
      this.#port.edited();
    };
    this.#port.run(() => {
      const candidates = complete(question.line, question.cursor);
      if (!("then" in candidates)) return answer(candidates);
      return candidates.then(answer);
    });
  }
}
