import { copied } from "../protocol/pieces.ts";
import {
  type Completed,
  Completion,
  type CompletionCycle,
  type CompletionQuestion,
} from "./completion.ts";
import { type EditAction, EMACS_KEYS } from "./edit_actions.ts";
import { BUFFER_ACTIONS, EditBuffer, type LineChange } from "./edit_buffer.ts";
import { checkEditorOptions, type LineEditorOptions } from "./editor_options.ts";
import { History, type HistoryStore } from "./history.ts";
import { type HistorySearch, HistorySearcher } from "./history_searcher.ts";
import {
  type EditedLine,
  HISTORY_ACTIONS,
  HistorySteps,
  type InsertedArgument,
} from "./history_steps.ts";
import { type Key, keyName } from "./key.ts";
import { LineLayout } from "./line_layout.ts";
import { plainKeyName } from "./plain_key.ts";
import { PrintedText } from "./printed_text.ts";
import { rowStart, withoutEffects } from "./row_effects.ts";
import { type Frame, Screen } from "./screen.ts";
import { textSize } from "./sizes.ts";
import { utf8Length } from "./units.ts";
import { widthsFor } from "./width.ts";
import { LAID_OUT, READ, Work } from "./work.ts";

/** The result of editing. */
export type EditResult =
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-C: the line was given up. */
  | { readonly type: "cancel" }
  /** Ctrl-D on an empty line. */
  | { readonly type: "end" };

/** The state of a {@linkcode LineEditor}, as plain JSON. */
export interface LineEditorSnapshot {
  /** The line. */
  readonly line: string;
  /** The position of the cursor in the line, in UTF-16 units. */
  readonly cursor: number;
  /** The text before the line. */
  readonly prompt: string;
  /** Text before the prompt whose line has not ended. */
  readonly row: string;
  /** Whether the line is hidden, as for a password. */
  readonly masked: boolean;
  /** What `yank` inserts. */
  readonly killed: string;
  /** Whether the next kill adds to `killed`. */
  readonly killing: boolean;
  /** How far back in the history the shown line is; -1 is the line that is being typed. */
  readonly back: number;
  /** The line that is being typed, while a line of the history shows. */
  readonly own: string;
  /** Lines of the history that were changed since the last Enter. Default: none. */
  readonly edited?: readonly EditedLine[];
  /** The prefix of the history lines that the arrow keys step through. */
  readonly prefix: string;
  /** Changes that can be undone. */
  readonly changes: readonly LineChange[];
  /** The last argument that Alt-. inserted. */
  readonly argument: InsertedArgument | null;
  /** The current search in the history. */
  readonly search: HistorySearch | null;
  /** The first visible row, if there are more rows than the window has. */
  readonly top: number;
  /** Whether Tab was the last key. */
  readonly tabbed: boolean;
  /** The candidates that Tab cycles through. */
  readonly cycle: CompletionCycle | null;
}

const BELL = "\x07";
/**
 * Estimated memory of a character of the line, in bytes: its cell, its place on the screen, and its
 * text.
 */
const CELL_SIZE = 64;
/** The estimated memory of a row of the layout, without its cells. */
const ROW_SIZE = 192;
const TAB_WIDTH = 4;
/**
 * Edits a line on a terminal: takes keys, and returns lines and the output for the terminal. It has
 * neither a clock nor I/O, and draws only when asked, so that several changes at once are drawn
 * once.
 *
 * - **feed it**: {@linkcode key}, {@linkcode print}, {@linkcode resize}
 * - **drain it**: {@linkcode takeResults}, {@linkcode takeOutput}
 * - **complete**: {@linkcode takeQuestion}, {@linkcode answer}
 * - **set**: {@linkcode prompt}, {@linkcode masked}
 *
 * @example
 * ```ts
 * import { KeyDecoder, LineEditor } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const keys = new KeyDecoder();
 * const editor = new LineEditor();
 * editor.prompt = "> ";
 * for (const key of keys.push("nort\x01x\x7f\x05h\r", 0)) editor.key(key);
 * assertEquals(editor.takeResults(), [{ type: "line", text: "north" }]);
 * ```
 */
export class LineEditor {
  readonly #history: HistoryStore;
  readonly #buffer: EditBuffer;
  readonly #multiline: boolean;
  readonly #completes: boolean;
  readonly #keys: ReadonlyMap<string, EditAction>;
  readonly #screen: Screen;
  readonly #layout: LineLayout;
  readonly #printed: PrintedText;
  readonly #completion: Completion;
  readonly #steps: HistorySteps;
  readonly #searcher: HistorySearcher;
  #columns: number;
  #rows: number;
  #prompt = "";
  #masked = false;
  /** Whether the last key killed, so that the next adds to it. */
  #killing = false;
  #top = 0;
  #out = "";
  /** How many bytes of output were drawn because of keys, and the other work for them. */
  #drawn = 0;
  readonly #work = new Work();
  #changed = true;
  #results: EditResult[] = [];

  /**
   * Starts with an empty line and an empty prompt, at the start of a row.
   *
   * @param options Each field has its default.
   * @throws {TelnetError} `misuse`: a number that is not a whole number, or an invalid key map.
   */
  constructor(options: LineEditorOptions = {}) {
    checkEditorOptions(options);
    const { columns = 80, rows = 24, limit = 16_384, keys = {}, show } = options;
    const widths = widthsFor(options.ambiguousWidth);
    this.#columns = Math.max(2, columns);
    this.#rows = Math.max(1, rows);
    this.#buffer = new EditBuffer(limit, this.#work);
    this.#history = options.history ?? new History();
    this.#multiline = options.multiline ?? false;
    this.#completes = options.completes ?? false;
    this.#keys = new Map([...EMACS_KEYS, ...Object.entries(keys)]);
    this.#screen = new Screen(this.#columns);
    this.#layout = new LineLayout(this.#columns, show, widths);
    this.#printed = new PrintedText(this.#screen, this.#columns, this.#rows, show, widths);
    this.#completion = new Completion(this.#buffer, widths, options.cycles ?? false);
    this.#steps = new HistorySteps(this.#history, this.#buffer, this.#work);
    this.#searcher = new HistorySearcher(
      this.#history,
      this.#buffer,
      this.#steps,
      this.#work,
      () => this.#ring(),
    );
  }

  /** About how many bytes of memory the line takes, without the history. */
  get held(): number {
    const { length } = this.#buffer.line;
    const texts = textSize(length) + textSize(this.row.length) + this.#steps.held;
    const layout = length * CELL_SIZE + this.#layout.rowCount * ROW_SIZE;
    return layout + texts + this.#completion.held + this.#buffer.held;
  }

  /** The current line. */
  get line(): string {
    return this.#buffer.line;
  }

  /** The position of the cursor in the line, in UTF-16 units. */
  get cursor(): number {
    return this.#buffer.cursor;
  }

  /** The text before the line; ANSI sequences take no columns. */
  get prompt(): string {
    return this.#prompt;
  }

  set prompt(prompt: string) {
    // A prompt can have several lines. Text before a move to another place is printed once.
    const { at } = rowStart(prompt, false);
    if (at > 0) this.print(prompt.slice(0, at));
    const rest = prompt.slice(at);
    this.#out += this.#printed.effects(rest);
    this.#prompt = withoutEffects(rest);
    this.#changed = true;
  }

  /** Printed text whose line has not ended; it is shown before the prompt. */
  get row(): string {
    return this.#printed.row;
  }

  /**
   * Starts in a row of the screen that has a text, a prompt, and perhaps typed text, with the cursor
   * after them.
   *
   * @param text The text before the prompt.
   * @param prompt The prompt.
   * @param typed What the person has typed there. It is not the editor's line.
   */
  takeOver(text: string, prompt: string, typed: string): void {
    const taken = this.#printed.takeOver(text, prompt, typed);
    this.#out += taken.out;
    this.#prompt = taken.prompt;
    this.#changed = true;
  }

  /** Whether the line is hidden, as for a password. A hidden line is not added to the history. */
  get masked(): boolean {
    return this.#masked;
  }

  set masked(masked: boolean) {
    if (masked === this.#masked) return;
    this.#masked = masked;
    this.#searcher.abort();
    this.#completion.withdraw();
    this.#buffer.forget();
    this.#changed = true;
  }

  /** Clears the line, as the Telnet command EL does; the prompt stays. */
  eraseLine(): void {
    this.#searcher.search = undefined;
    this.#completion.cycle = undefined;
    this.#steps.begin();
    this.#buffer.set("");
    if (this.#masked) this.#buffer.forget();
    this.#changed = true;
  }

  /**
   * Takes over the line, the cursor and the prompt of another editor; the screen is drawn again.
   *
   * @param other The editor used before; its line was removed from the screen by `hide`.
   */
  adopt(other: LineEditor): void {
    this.#buffer.set(other.line, other.cursor);
    this.#prompt = other.#prompt;
    this.#printed.adopt(other.#printed);
    this.#changed = true;
  }

  /** The current state, as plain JSON. Take the output and the results first. */
  snapshot(): LineEditorSnapshot {
    const { line, cursor, killed } = this.#buffer;
    return {
      line,
      cursor,
      prompt: this.#prompt,
      row: this.row,
      masked: this.#masked,
      killed,
      killing: this.#killing,
      back: this.#steps.back,
      own: this.#steps.own,
      edited: this.#steps.edited,
      prefix: this.#steps.prefix,
      changes: this.#buffer.changes,
      argument: this.#steps.argument ?? null,
      search: this.#searcher.search ?? null,
      top: this.#top,
      tabbed: this.#completion.tabbed,
      cycle: this.#completion.cycle ?? null,
    };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   * @param shown Whether the terminal already shows the line.
   */
  restore(snapshot: LineEditorSnapshot, shown: boolean = true): void {
    this.#buffer.set(snapshot.line, snapshot.cursor);
    this.#buffer.killed = snapshot.killed;
    this.#prompt = snapshot.prompt;
    this.#printed.restore(snapshot.row);
    this.#masked = snapshot.masked;
    this.#killing = snapshot.killing;
    this.#steps.back = snapshot.back;
    this.#steps.own = snapshot.own;
    this.#steps.edited = snapshot.edited ?? [];
    this.#steps.prefix = snapshot.prefix;
    this.#buffer.changes = snapshot.changes;
    this.#steps.argument = snapshot.argument ?? undefined;
    this.#searcher.search = snapshot.search ?? undefined;
    this.#top = snapshot.top;
    this.#completion.tabbed = snapshot.tabbed;
    this.#completion.cycle = snapshot.cycle ?? undefined;
    if (shown) this.#screen.assume(this.#frame());
    this.#changed = !shown;
  }

  /** Takes the results since the last call. */
  takeResults(): EditResult[] {
    const results = this.#results;
    this.#results = [];
    return results;
  }

  /**
   * Takes the output for the terminal since the last call: text and VT100 sequences, with line ends
   * as CR LF.
   *
   * @param more Whether more text will be printed before the terminal shows the output. If so, an
   * unfinished end of the printed text is held back, such as a saved cursor. Default `false`.
   * @returns The output: at most one screen, and the printed text.
   */
  takeOutput(more: boolean = false): string {
    if (!more) this.#show(this.#printed.release());
    if (this.#changed) this.#draw();
    this.#changed = false;
    return this.takePrinted();
  }

  /**
   * Takes the output since the last call without drawing the line: what was printed, and the lines
   * that Enter has ended.
   */
  takePrinted(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  /** Takes the number of bytes drawn since the last call, in UTF-8, without text that callers printed. */
  takeDrawn(): number {
    const drawn = this.#drawn;
    this.#drawn = 0;
    return drawn;
  }

  /**
   * Takes the other work since the last call, as a number of drawn bytes that would cost as much
   * time: searches in the history and in words, completion candidates, and the layout of the line.
   */
  takeWork(): number {
    this.#work.add(this.#layout.takeMade(), LAID_OUT);
    return this.#work.take();
  }

  /**
   * Shows text above the line; editing continues below it. Text after the last line end is shown
   * before the prompt until a later line end completes it.
   *
   * @param text The text, lines ended by `\n`.
   */
  print(text: string): void {
    this.#show(this.#printed.add(text));
  }

  /** Shows the output for printed text, if there is any. */
  #show(printed: string | undefined): void {
    if (printed === undefined) return;
    this.#out += printed;
    this.#changed = true;
  }

  /**
   * Changes the size of the window.
   *
   * @param columns The width.
   * @param rows The height.
   */
  resize(columns: number, rows: number): void {
    this.#columns = Math.max(2, columns);
    this.#rows = Math.max(1, rows);
    this.#layout.resize(this.#columns);
    this.#printed.resize(this.#columns, this.#rows);
    this.#out += this.#screen.resize(this.#columns);
    this.#changed = true;
  }

  /**
   * Removes the line from the screen without changing it; the cursor is at the start of the first
   * row.
   *
   * @param more As for {@linkcode takeOutput}.
   */
  hide(more: boolean = false): void {
    if (!more) this.#show(this.#printed.release(true));
    this.#out += this.#screen.clear();
    this.#changed = false;
  }

  /**
   * Takes a key.
   *
   * @param key A key from a `KeyDecoder`; text may be a run.
   */
  key(key: Key): void {
    const { tabbed, cycle } = this.#completion;
    const { argument } = this.#steps;
    const killing = this.#killing;
    this.#steps.argument = this.#completion.cycle = undefined;
    this.#completion.tabbed = this.#killing = false;
    const name = keyName(key);
    const action = this.#keys.get(name) ?? this.#keys.get(plainKeyName(key));
    if (this.#searcher.search !== undefined) {
      this.#changed = true;
      if (this.#searcher.key(key, action)) return;
    }
    if (key.name === "text" && !key.alt && !key.ctrl) {
      this.#changed = true;
      return this.#buffer.type(key.text) ? undefined : this.#ring();
    }
    if (key.name === "paste") return this.#paste(key.text);
    if (action === undefined) return;
    if (action === "complete") return this.#complete(tabbed, cycle);
    this.#changed = true;
    if (action === "last-argument") return this.#lastArgument(argument);
    this.#act(action, killing);
    this.#killing = action.startsWith("kill");
    if (this.#masked) this.#buffer.forget();
  }

  /** Takes the question that Tab asked. Pass the candidates to {@linkcode answer}. */
  takeQuestion(): CompletionQuestion | undefined {
    return this.#completion.takeQuestion();
  }

  /**
   * Gives the candidates for a question. They are ignored if the line or the cursor has changed
   * since.
   *
   * @param question The question.
   * @param candidates Words that can replace the one at the cursor.
   */
  answer({ line, cursor }: CompletionQuestion, candidates: readonly string[]): void {
    if (this.#masked || line !== this.line || cursor !== this.cursor) return;
    this.#work.add(candidates.length, READ);
    const window = { columns: this.#columns, rows: this.#rows };
    this.#completed(this.#completion.answer(candidates, window));
  }

  #completed(completed: Completed | undefined): void {
    if (completed === undefined) return;
    if (completed === "replaced") this.#changed = true;
    else if (completed === "refused") this.#ring();
    else {
      this.#drawn += utf8Length(completed.list);
      this.print(completed.list);
    }
  }

  #act(action: EditAction, more: boolean): void {
    const change = BUFFER_ACTIONS[action];
    if (change !== undefined) {
      if (change(this.#buffer, more) === false) this.#ring();
      return;
    }
    const recall = HISTORY_ACTIONS[action];
    if (recall !== undefined) {
      if (this.#masked || !recall(this.#steps)) this.#ring();
      return;
    }
    switch (action) {
      case "up":
        return this.#climb(-1);
      case "down":
        return this.#climb(1);
      case "enter":
        return this.#multiline ? this.#insert("\n") : this.#accept();
      case "accept":
        return this.#accept();
      case "end-or-delete":
        return this.#endOrDelete();
      case "cancel":
        return this.#end({ type: "cancel" });
      case "search":
      case "search-forward":
        if (this.#masked) return this.#ring();
        return this.#searcher.begin(action === "search" ? -1 : 1);
      case "redraw":
        this.#out += this.#screen.clear() + "\x1b[2J\x1b[H";
    }
  }

  /** Moves up or down a row of the line if there is one; else steps through the history. */
  #climb(step: 1 | -1): void {
    if (this.#masked) return this.#ring();
    const place = this.#laidOut().climb(step);
    if (place !== undefined) this.#buffer.move(place);
    else if (!this.#steps.step(step === -1 ? 1 : -1)) this.#ring();
  }

  #lastArgument(before: InsertedArgument | undefined): void {
    if (this.#masked || !this.#steps.insertArgument(before)) this.#ring();
  }

  #accept(): void {
    const text = copied(this.line);
    if (!this.#masked) this.#history.add(text);
    this.#end({ type: "line", text });
  }

  /** Ctrl-D: ends the input on an empty line, ends a multiline text at its end, else deletes. */
  #endOrDelete(): void {
    const { line, cursor } = this.#buffer;
    if (line === "") this.#end({ type: "end" });
    else if (this.#multiline && cursor === line.length) this.#accept();
    else this.#buffer.remove(this.#buffer.neighbour(1));
  }

  #insert(text: string): void {
    if (!this.#buffer.insert(text)) this.#ring();
    this.#changed = true;
  }

  /** A pasted line end is Enter, unless the editor is multiline. */
  #paste(pasted: string): void {
    const text = pasted.replaceAll("\t", " ".repeat(TAB_WIDTH));
    if (this.#multiline) return this.#insert(text);
    const [first = "", ...others] = text.split("\n");
    this.#insert(first);
    for (const other of others) {
      this.#accept();
      this.#insert(other);
    }
  }

  #complete(tabbed: boolean, cycle: CompletionCycle | undefined): void {
    if (!this.#completes) return;
    if (this.#masked) return this.#ring();
    this.#completed(this.#completion.tab(tabbed, cycle));
  }

  #end(result: EditResult): void {
    this.#buffer.move(this.line.length);
    this.#show(this.#printed.release());
    this.#draw();
    this.#out += this.#screen.leave();
    this.#results.push(result);
    this.#buffer.set("");
    this.#buffer.forgetChanges();
    this.#completion.forget();
    this.#printed.clear();
    this.#steps.begin();
    // A line that was given up is followed by another one for the same prompt.
    if (result.type === "line") this.#prompt = "";
    this.#top = 0;
    this.#changed = true;
  }

  #ring(): void {
    this.#out += BELL;
  }

  #draw(): void {
    const drawing = this.#screen.draw(this.#frame());
    this.#out += drawing;
    this.#drawn += utf8Length(drawing);
  }

  /** The visible part of the prompt and the line: the rows around the cursor. */
  #frame(): Frame {
    const frame = this.#laidOut().frame(this.#top, this.#rows);
    this.#top = frame.top;
    return frame;
  }

  /** Prompt and line in rows, as they are now. */
  #laidOut(): LineLayout {
    const before = this.#searcher.prompt ?? this.#printed.shown + this.#prompt;
    if (this.#masked) this.#layout.set(before, "", 0);
    else this.#layout.set(before, this.line, this.cursor);
    return this.#layout;
  }
}
