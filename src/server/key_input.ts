import { Fifo } from "../protocol/fifo.ts";
import { type Key, KeyDecoder } from "../text/keys.ts";
import { type EditResult, LineEditor, type LineEditorOptions } from "../text/line_editor.ts";
import { graphemes } from "../text/width.ts";

/** Candidates for the word at the cursor. */
type Candidates = readonly string[];

/** How a client's lines are edited. Every field has a default. */
export interface EditorOptions extends Omit<LineEditorOptions, "columns" | "rows" | "completes"> {
  /**
   * Gives the words that may stand in the place of the one at the cursor, at once or later: whole
   * words, what was typed included. Default: no completion.
   *
   * @param line The line.
   * @param cursor Where the cursor stands in it, in UTF-16 units.
   */
  readonly complete?: (line: string, cursor: number) => Candidates | Promise<Candidates>;
}

/** What the keys need of their session. */
export interface KeyPort {
  /** The editor has something for the terminal. */
  edited(): void;
  /** The editing came to a result. */
  result(result: EditResult): void;
  /** A key came, without an editor. */
  pressed(key: Key): void;
  /** Calls the game's own code. */
  run(call: () => unknown): void;
}

/** So many keys wait for the game; then the client is not read on. */
const MOST_KEYS = 4_096;
/** More of a row that is not ended is no prompt. */
const LONGEST_PROMPT = 1_024;
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

/** The keys of a client in character mode: queued for the game, or edited to lines. */
export class KeyInput {
  readonly #port: KeyPort;
  readonly #decoder: KeyDecoder;
  readonly #queue = new Fifo<Key>();
  readonly #complete: EditorOptions["complete"];
  readonly #editor: LineEditor | undefined;
  #active = false;
  #out = "";
  /** What stands on the last row before the editor begins: its prompt. */
  #row = "";

  constructor(
    port: KeyPort,
    options: EditorOptions | undefined,
    window: { readonly columns: number; readonly rows: number },
  ) {
    this.#port = port;
    this.#decoder = new KeyDecoder({ runs: options !== undefined });
    this.#complete = options?.complete;
    if (options === undefined) return;
    const { complete, ...rest } = options;
    this.#editor = new LineEditor({
      ...rest,
      columns: window.columns,
      rows: window.rows,
      completes: complete !== undefined,
    });
  }

  /** Whether the client is in character mode. */
  get active(): boolean {
    return this.#active;
  }

  /** Whether it should be, for the sake of an editor. */
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

  /** When `tick` is due. */
  get timeout(): number {
    return this.#decoder.nextTimeout() ?? Infinity;
  }

  /** Takes a key. */
  take(): Key | undefined {
    return this.#queue.take();
  }

  /** The client went into character mode, or out of it. */
  activate(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    if (this.#editor === undefined) return;
    if (!active) return this.close();
    this.#out += PASTE_ON + (this.#row === "" ? "" : "\r");
    this.#editor.prompt = this.#row;
  }

  /** Text was sent past the editor, as it is not in use. */
  note(text: string): void {
    const end = text.lastIndexOf("\n") + 1;
    this.#row = end > 0 ? text.slice(end) : (this.#row + text).slice(-LONGEST_PROMPT);
  }

  /** Takes the line off the screen for good. */
  close(): void {
    this.#editor?.hide();
    this.#out += (this.#editor?.takeOutput() ?? "") + PASTE_OFF;
    this.#active = false;
  }

  /** Takes text of the client. */
  push(text: string, now: number): void {
    for (const key of this.#decoder.push(text, now)) this.#press(key);
    this.#ask();
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

  /** Appends a key for the game. */
  queue(key: Key): void {
    // A paste without an editor is what it would be if it were typed.
    if (key.name !== "paste") return this.#queue.push(key);
    for (const text of graphemes(key.text)) {
      this.#queue.push(
        text === "\n" ? { ...key, name: "enter", text: "" } : { ...key, name: "text", text },
      );
    }
  }

  #press(key: Key): void {
    const { editor } = this;
    if (editor === undefined) return this.#port.pressed(key);
    editor.key(key);
    for (const result of editor.takeResults()) this.#port.result(result);
    this.#port.edited();
  }

  /** Has the game's code answer what Tab asked. */
  #ask(): void {
    const question = this.#editor?.takeQuestion();
    const complete = this.#complete;
    if (question === undefined || complete === undefined) return;
    const answer = (candidates: Candidates) => {
      this.#editor?.answer(question, candidates);
      this.#port.edited();
    };
    this.#port.run(() => {
      const candidates = complete(question.line, question.cursor);
      if (!("then" in candidates)) return answer(candidates);
      return candidates.then(answer);
    });
  }
}
