import {
  checkBoolean,
  checkCount,
  checkFunction,
  rejectUnknownKeys,
  type Synonyms,
} from "../protocol/validate.ts";
import { withCr } from "../protocol/line_ends.ts";
import { type EditAction, EMACS_KEYS, PLAIN_KEYS } from "./edit_actions.ts";
import { BUFFER_ACTIONS, EditBuffer, type LineChange } from "./edit_buffer.ts";
import { checkHistory, History, type HistoryStore } from "./history.ts";
import { checkKeyMap } from "./key_names.ts";
import { type Key, keyName } from "./key.ts";
import { unfinishedSequence } from "./escape_sequences.ts";
import { LineLayout } from "./line_layout.ts";
import { endOfStyle } from "./rendition.ts";
import { type Canvas, drawRows, textOf } from "./row_canvas.ts";
import {
  effectsOf,
  mayGoBack,
  openPart,
  rowStart,
  styleAfter,
  withoutEffects,
} from "./row_effects.ts";
import { type Frame, Screen } from "./screen.ts";
import { copied } from "../protocol/pieces.ts";
import { ITEM_SIZE, textSize } from "./sizes.ts";
import { commonUnits } from "./units.ts";
import {
  type AmbiguousWidth,
  checkAmbiguousWidth,
  graphemes,
  type Widths,
  widthsFor,
} from "./width.ts";
import { spaceBefore } from "./words.ts";

/** How to edit. Every field has a default. */
export interface LineEditorOptions {
  /** Columns of the window. Default 80. */
  readonly columns?: number | undefined;
  /** Rows of the window. Default 24. */
  readonly rows?: number | undefined;
  /** The history of typed lines. Default: the last 100. */
  readonly history?: HistoryStore | undefined;
  /** The maximum UTF-16 units of a line; more text is refused with a bell. Default 16384. */
  readonly limit?: number | undefined;
  /** Whether Enter begins another line, and Ctrl-D or Alt-Enter ends the text. Default `false`. */
  readonly multiline?: boolean | undefined;
  /** Whether Tab asks for completion candidates; see {@linkcode LineEditor.takeQuestion}. */
  readonly completes?: boolean | undefined;
  /**
   * Whether Tab inserts the candidates one after the other, instead of listing them. Default
   * `false`.
   */
  readonly cycles?: boolean | undefined;
  /**
   * Returns what the terminal shows for a text, if its character set lacks some characters; widths
   * are computed from that. Default: the text itself.
   */
  readonly show?: ((text: string) => string) | undefined;
  /** Columns of ambiguous characters of East Asia, such as `“`, `…` and `■`. Default 1. */
  readonly ambiguousWidth?: AmbiguousWidth | undefined;
  /** Key bindings that replace the default ones, by key name: `{ "ctrl+x": "kill-line" }`. */
  readonly keys?: Readonly<Record<string, EditAction>> | undefined;
}

/** What other libraries call these options. */
export const EDITOR_SYNONYMS: Synonyms = {
  completer: "complete",
  completion: "complete",
  completions: "complete",
  autocomplete: "complete",
  historySize: "give `history: new History({ limit })`",
  maxLength: "limit",
  multiLine: "multiline",
  bindings: "keys",
  keymap: "keys",
  prompt: "set it by prompt()",
  mask: "call passwordModeOn()",
  password: "call passwordModeOn()",
};

const OPTION_NAMES: Readonly<Record<keyof LineEditorOptions, true>> = {
  columns: true,
  rows: true,
  history: true,
  limit: true,
  multiline: true,
  completes: true,
  cycles: true,
  show: true,
  ambiguousWidth: true,
  keys: true,
};

/** Checks the editor options that a caller gave. */
export function checkEditing(
  what: string,
  { history, multiline, completes, cycles, show, keys, ambiguousWidth }: LineEditorOptions,
): void {
  for (const [name, value] of Object.entries({ multiline, completes, cycles })) {
    if (value !== undefined) checkBoolean(`${what}.${name}`, value);
  }
  if (history !== undefined) checkHistory(`${what}.history`, history);
  if (show !== undefined) checkFunction(`${what}.show`, show);
  checkAmbiguousWidth(`${what}.ambiguousWidth`, ambiguousWidth);
  if (keys !== undefined) checkKeyMap(`${what}.keys`, keys);
}

/** The result of editing. */
export type EditResult =
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-C: the line was given up. */
  | { readonly type: "cancel" }
  /** Ctrl-D on an empty line. */
  | { readonly type: "end" };

/** A request for completion candidates. */
export interface CompletionQuestion {
  /** The line. */
  readonly line: string;
  /** The position of the cursor in the line, in UTF-16 units. */
  readonly cursor: number;
}

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
  /** The prefix of the history lines that the arrow keys step through. */
  readonly prefix: string;
  /** Changes that can be undone. */
  readonly changes: readonly LineChange[];
  /**
   * The last argument that Alt-. inserted: how far back in the history its line is, and where it
   * begins.
   */
  readonly argument: { readonly back: number; readonly start: number } | null;
  /** The current search in the history. */
  readonly search: HistorySearch | null;
  /** The first visible row, if there are more rows than the window has. */
  readonly top: number;
  /** Whether Tab was the last key. */
  readonly tabbed: boolean;
  /** The candidates that Tab cycles through. */
  readonly cycle: CompletionCycle | null;
}

/** Candidates for a completion. */
interface Candidates {
  /** As they were given. */
  readonly given: readonly string[];
  /** Without duplicates and control characters. */
  readonly words: readonly string[];
  /** What all of them begin with. */
  readonly common: string;
  /** The list of them, once it was shown, and the columns of the window that it is for. */
  list?: { readonly columns: number; readonly text: string };
}

/** A search in the history. */
export interface HistorySearch {
  /** The text that is searched for. */
  readonly query: string;
  /** The index from which the search continues. */
  readonly at: number;
  /** The index of the line that was found and is shown. */
  readonly found?: number | undefined;
  /** The line before the search. */
  readonly before: string;
}

/** The candidates that Tab inserts one after the other. */
export interface CompletionCycle {
  /** Where the word begins, in UTF-16 units. */
  readonly start: number;
  /** The candidates. */
  readonly words: readonly string[];
  /** The index of the candidate in the line. */
  readonly at: number;
}

const BELL = "\x07";
/**
 * Estimated memory of a character of the line, in bytes: its cell, its place on the screen, and its
 * text.
 */
const CELL_SIZE = 64;
/** The estimated memory of a row of the layout, without its cells. */
const ROW_SIZE = 192;
/** At most this many candidates are kept for the next Tab. */
const MAX_KEPT = 2_000;
/** At most this many candidates are listed. */
const MAX_CANDIDATES = 200;
/** The list takes about this many columns at most, however long the candidates are. */
const MAX_LISTING = 4_000;
/** An unfinished row with twice as many UTF-16 units is drawn to leave out what was overwritten. */
const MAX_ROW = 2_048;
/** The longest text that is held back, in UTF-16 units. */
const MAX_OPEN = 16_384;
/** The most columns that a UTF-16 unit takes, and those that replace it in other character sets. */
const WIDEST = 2;
const WIDEST_SHOWN = 4;
const TAB_WIDTH = 4;
/** Laying out a character counts as this many drawn characters. */
const LAID_OUT = 1 / 4;
/** Reading a completion candidate counts as this many drawn characters. */
const READ = 1 / 4;
/** Searching a character of the history counts as this many drawn characters. */
const SEARCHED = 1 / 64;
/** The maximum UTF-16 units of a search query, which is drawn before the line. */
const MAX_QUERY = 256;

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
  readonly #cycles: boolean;
  readonly #keys: ReadonlyMap<string, EditAction>;
  readonly #screen: Screen;
  readonly #layout: LineLayout;
  readonly #widths: Widths;
  readonly #show: ((text: string) => string) | undefined;
  #columns: number;
  #rows: number;
  #prompt = "";
  /** Printed text whose line has not ended; it is shown before the prompt. */
  #row = "";
  /** The unfinished end of the printed text, which is held back. */
  #open = "";
  /** Whether it was already held back at the end of a turn. */
  #waited = false;
  #masked = false;
  /** Whether the last key killed, so that the next adds to it. */
  #killing = false;
  /** How far back in the history the shown line is; -1 is the line that is being typed. */
  #back = -1;
  /** The line that is being typed, while a line of the history shows. */
  #own = "";
  /** The prefix of the history lines that the arrow keys step through. */
  #prefix = "";
  /**
   * The last argument that Alt-. inserted: how far back in the history its line is, and where it
   * begins.
   */
  #argument: { readonly back: number; readonly start: number } | undefined;
  #search: HistorySearch | undefined;
  #question: CompletionQuestion | undefined;
  /** The last candidates. */
  #candidates: Candidates | undefined;
  /** The candidates that Tab cycles through. */
  #cycle: CompletionCycle | undefined;
  /** Whether Tab was the last key, so that another Tab lists the candidates. */
  #tabbed = false;
  #top = 0;
  #out = "";
  /** How many characters of output were drawn because of keys. */
  #drawn = 0;
  #changed = true;
  #results: EditResult[] = [];

  /**
   * Starts with an empty line and an empty prompt, at the start of a row.
   *
   * @param options Each field has its default.
   * @throws {TelnetError} `misuse`: a number that is not a whole number, or an invalid key map.
   */
  constructor(options: LineEditorOptions = {}) {
    const { columns = 80, rows = 24, limit = 16_384, keys = {} } = options;
    rejectUnknownKeys("LineEditor", options, OPTION_NAMES, EDITOR_SYNONYMS);
    for (const [name, value] of Object.entries({ columns, rows, limit })) checkCount(name, value);
    checkEditing("LineEditor", options);
    this.#columns = Math.max(2, columns);
    this.#rows = Math.max(1, rows);
    this.#buffer = new EditBuffer(limit);
    this.#history = options.history ?? new History();
    this.#multiline = options.multiline ?? false;
    this.#completes = options.completes ?? false;
    this.#cycles = options.cycles ?? false;
    this.#keys = new Map([...EMACS_KEYS, ...Object.entries(keys)]);
    this.#screen = new Screen(this.#columns);
    this.#widths = widthsFor(options.ambiguousWidth);
    this.#show = options.show;
    this.#layout = new LineLayout(this.#columns, options.show, this.#widths);
  }

  /** About how many bytes of memory the line takes, without the history. */
  get held(): number {
    const { length } = this.#buffer.line;
    const texts = textSize(length) + textSize(this.#own.length + this.row.length);
    const candidates = (this.#candidates?.given.length ?? 0) * ITEM_SIZE;
    const layout = length * CELL_SIZE + this.#layout.rowCount * ROW_SIZE;
    return layout + texts + candidates + this.#buffer.held;
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
    this.#out += this.#doAtOnce(rest);
    this.#prompt = withoutEffects(rest);
    this.#changed = true;
  }

  /** Printed text whose line has not ended; it is shown before the prompt. */
  get row(): string {
    return this.#row + this.#open;
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
    const { at, column } = rowStart(text + prompt, false);
    const row = at === 0 ? text : this.#indentTo(column) + text.slice(at);
    const shownPrompt = prompt.slice(Math.max(0, at - text.length));
    const whole = row + shownPrompt + typed;
    const rows = this.#canvas(whole).rows.length - 1;
    if (rows > 0) this.#out += `\x1b[${rows}A\r\x1b[J`;
    else if (whole !== "") this.#out += "\r";
    this.#row = withoutEffects(row);
    this.#prompt = withoutEffects(shownPrompt);
    this.#changed = true;
  }

  /** Returns the output for the one-time effects of a text: the bell, a title, a cleared screen. */
  #doAtOnce(text: string): string {
    const { effects, clears } = effectsOf(text);
    return clears ? this.#screen.clear() + withCr(effects) : withCr(effects);
  }

  /** Whether the line is hidden, as for a password. A hidden line is not added to the history. */
  get masked(): boolean {
    return this.#masked;
  }

  set masked(masked: boolean) {
    if (masked === this.#masked) return;
    this.#masked = masked;
    if (this.#search !== undefined) this.#buffer.set(this.#search.before);
    this.#search = undefined;
    this.#question = undefined;
    this.#buffer.forget();
    this.#changed = true;
  }

  /** Clears the line, as the Telnet command EL does; the prompt stays. */
  eraseLine(): void {
    this.#search = undefined;
    this.#cycle = undefined;
    this.#argument = undefined;
    this.#back = -1;
    this.#own = "";
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
    this.#row = other.#row;
    this.#open = other.#open;
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
      back: this.#back,
      own: this.#own,
      prefix: this.#prefix,
      changes: this.#buffer.changes,
      argument: this.#argument ?? null,
      search: this.#search ?? null,
      top: this.#top,
      tabbed: this.#tabbed,
      cycle: this.#cycle ?? null,
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
    const end = openPart(snapshot.row);
    this.#row = snapshot.row.slice(0, end);
    this.#open = snapshot.row.slice(end);
    this.#masked = snapshot.masked;
    this.#killing = snapshot.killing;
    this.#back = snapshot.back;
    this.#own = snapshot.own;
    this.#prefix = snapshot.prefix;
    this.#buffer.changes = snapshot.changes;
    this.#argument = snapshot.argument ?? undefined;
    this.#search = snapshot.search ?? undefined;
    this.#top = snapshot.top;
    this.#tabbed = snapshot.tabbed;
    this.#cycle = snapshot.cycle ?? undefined;
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
    if (!more) this.#printOpen();
    if (this.#changed) this.#draw();
    this.#changed = false;
    const out = this.#out;
    this.#out = "";
    return out;
  }

  /**
   * Takes the number of characters drawn since the last call, without text that callers printed.
   * Long searches in the history, long lists of candidates and the layout of long lines take time,
   * too, and count as some characters.
   */
  takeDrawn(): number {
    const drawn = this.#drawn + this.#layout.takeMade() * LAID_OUT;
    this.#drawn = 0;
    return Math.floor(drawn);
  }

  /**
   * Shows text above the line; editing continues below it. Text after the last line end is shown
   * before the prompt until a later line end completes it.
   *
   * @param text The text, lines ended by `\n`.
   */
  print(text: string): void {
    this.#open += text;
    this.#waited = false;
    const end = openPart(this.#open);
    const long = this.#open.length - end > MAX_OPEN;
    this.#printUpTo(long ? unfinishedSequence(this.#open) : end);
  }

  /** Prints the start of the text that is held back. */
  #printUpTo(end: number): void {
    const text = this.#open.slice(0, end);
    // A slice would keep all of a long text in memory.
    const long = this.#open.length > MAX_ROW;
    this.#open = long ? copied(this.#open.slice(end)) : this.#open.slice(end);
    if (text === "") return;
    this.#changed = true;
    const { at, column } = rowStart(text, true);
    const rest = text.slice(at);
    let before = this.#row;
    if (at > 0) {
      const style = this.#printLines(this.#row + text.slice(0, at));
      if (column > 0) this.#out += "\r"; // the row is drawn from its start
      before = style + this.#indentTo(column);
    }
    this.#out += this.#doAtOnce(rest);
    const row = this.#shortened(before + withoutEffects(rest));
    this.#row = long ? copied(row) : row;
  }

  /**
   * Prints text that was held back in this turn. An unfinished sequence stays held back. Text that is
   * drawn elsewhere is held for one more turn, because the end of it may come with the next packet.
   */
  #printOpen(): void {
    if (this.#open === "") return;
    const waits = !this.#waited && mayGoBack(this.#open);
    this.#waited = waits;
    if (waits) return;
    this.#printUpTo(unfinishedSequence(this.#open));
    if (this.#open.length > MAX_ROW) this.#open = "";
  }

  /** Moves the cursor from the start of a row to a column. */
  #indentTo(column: number): string {
    return column === 0 ? "" : `\x1b[${Math.min(column, this.#columns - 1)}C`;
  }

  /** What the terminal shows for a text that begins at the start of a row. */
  #canvas(text: string): Canvas {
    return drawRows(text, this.#columns, this.#show, this.#widths);
  }

  /**
   * Shortens an unfinished row: leaves out what was overwritten, and prints the start for good if the
   * window has no room to draw it together with the line.
   */
  #shortened(row: string): string {
    const room = Math.max(1, this.#rows - 2);
    const most = row.length * (this.#show === undefined ? WIDEST : WIDEST_SHOWN);
    if (most <= room * this.#columns && row.length <= 2 * MAX_ROW) return row;
    const canvas = this.#canvas(row);
    const { rows } = canvas;
    if (rows.length > room) {
      const start = rows[rows.length - Math.ceil(room / 2)]?.start ?? 0;
      return this.#printLines(`${row.slice(0, start)}\n`) + row.slice(start);
    }
    return row.length <= 2 * MAX_ROW ? row : textOf(canvas, styleAfter(row));
  }

  /** Prints whole lines above the line; returns the style in which the text after them begins. */
  #printLines(lines: string): string {
    if (lines === "") return "";
    const style = styleAfter(lines);
    this.#out += this.#screen.clear() + withCr(lines) + endOfStyle(style);
    return style;
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
    if (!more) {
      this.#waited = true; // nothing is held back any longer
      this.#printOpen();
    }
    this.#out += this.#screen.clear();
    this.#changed = false;
  }

  /**
   * Takes a key.
   *
   * @param key A key from a `KeyDecoder`; text may be a run.
   */
  key(key: Key): void {
    const tabbed = this.#tabbed;
    const killing = this.#killing;
    const cycle = this.#cycle;
    const argument = this.#argument;
    this.#argument = undefined;
    this.#tabbed = this.#killing = false;
    this.#cycle = undefined;
    const name = keyName(key);
    const action = this.#keys.get(name) ?? this.#keys.get(PLAIN_KEYS[name] ?? "");
    if (this.#search !== undefined && this.#searching(key, action)) return;
    if (key.name === "text" && !key.alt && !key.ctrl) {
      this.#changed = true;
      return this.#buffer.type(key.text) ? undefined : this.#ring();
    }
    if (key.name === "paste") return this.#paste(key.text);
    if (action === undefined) return;
    if (action === "complete") return this.#complete(tabbed, cycle);
    if (action === "last-argument") return this.#lastArgument(argument);
    this.#act(action, killing);
    this.#killing = action.startsWith("kill");
    if (this.#masked) this.#buffer.forget();
    this.#changed = true;
  }

  /** Takes the question that Tab asked. Pass the candidates to {@linkcode answer}. */
  takeQuestion(): CompletionQuestion | undefined {
    const question = this.#question;
    this.#question = undefined;
    return question;
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
    this.#drawn += candidates.length * READ;
    const read = this.#readCandidates(candidates);
    const { words, common } = read;
    // If the line has several words and all candidates begin with it, they are whole lines; else
    // they are words.
    const before = line.slice(0, cursor);
    const lines = before.includes(" ") && words.every((word) => word.startsWith(before));
    const start = lines ? 0 : spaceBefore(line, cursor);
    const typed = line.slice(start, cursor);
    const [first] = words;
    if (first === undefined) return this.#ring();
    if (words.length === 1) return this.#replace(start, `${first} `);
    if (this.#cycles) {
      this.#replace(start, first);
      this.#cycle = { start, words, at: 0 };
      return;
    }
    if (common.length > typed.length) this.#replace(start, common);
    else if (this.#tabbed) this.#list(read);
    else this.#ring();
    this.#tabbed = true;
  }

  /** Reads candidates; the same ones again, as Tab after Tab gives them, only once. */
  #readCandidates(given: readonly string[]): Candidates {
    const last = this.#candidates;
    if (last?.given.length === given.length && last.given.every((one, at) => one === given[at])) {
      return last;
    }
    const words = [...new Set(given)].map(plain).filter((word) => word !== "");
    const read = { given: [...given], words, common: commonStart(words) };
    this.#candidates = given.length <= MAX_KEPT ? read : undefined;
    return read;
  }

  #act(action: EditAction, more: boolean): void {
    const change = BUFFER_ACTIONS[action];
    if (change !== undefined) {
      if (change(this.#buffer, more) === false) this.#ring();
      return;
    }
    switch (action) {
      case "history-back":
        return this.#recall(this.#back + 1);
      case "history-forward":
        return this.#recall(this.#back - 1);
      case "history-first":
        return this.#recall(Math.max(0, this.#history.length - 1));
      case "history-last":
        return this.#recall(-1);
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
        return this.#masked ? this.#ring() : this.#startSearch();
      case "redraw":
        this.#out += this.#screen.clear() + "\x1b[2J\x1b[H";
    }
  }

  /**
   * Shows the line of the history that is `back` lines back; -1 is the line that is being typed.
   */
  #recall(back: number): void {
    if (back < -1 || back >= this.#history.length || this.#masked) return this.#ring();
    if (this.#back === -1) this.#own = this.line;
    this.#back = back;
    this.#buffer.set(back === -1 ? this.#own : this.#lineBack(back));
  }

  /** Moves up or down a row of the line if there is one; else steps through the history. */
  #climb(step: 1 | -1): void {
    const place = this.#masked ? undefined : this.#laidOut().climb(step);
    if (place !== undefined) this.#buffer.move(place);
    else this.#recall(this.#next(step === -1 ? 1 : -1));
  }

  /** How far back the next history line with the typed prefix is; if none has it, the next line. */
  #next(step: 1 | -1): number {
    const next = this.#back + step;
    if (this.#masked) return next;
    if (this.#back === -1) this.#prefix = this.line.slice(0, this.cursor);
    const prefix = this.#prefix;
    if (prefix === "") return next;
    let back = next;
    while (back > -1 && back < this.#history.length && !this.#lineBack(back).startsWith(prefix)) {
      back += step;
    }
    this.#drawn += Math.abs(back - next) * prefix.length * SEARCHED;
    // If no line has the prefix, the arrows step through all lines.
    if (this.#back === -1 && back >= this.#history.length) {
      this.#prefix = "";
      return next;
    }
    return back;
  }

  #lineBack(back: number): string {
    return this.#history.at(this.#history.length - 1 - back) ?? "";
  }

  /**
   * Alt-.: inserts the last word of the history's last line; pressed again, of the line before
   * that.
   */
  #lastArgument(before: { readonly back: number; readonly start: number } | undefined): void {
    if (this.#masked) return this.#ring();
    const start = before?.start ?? this.cursor;
    for (let back = (before?.back ?? -1) + 1; back < this.#history.length; back++) {
      const line = this.#lineBack(back).trimEnd();
      const word = plain(line.slice(spaceBefore(line, line.length)));
      if (word === "") continue;
      if (!this.#buffer.replace(start, word)) break;
      this.#argument = { back, start };
      this.#changed = true;
      return;
    }
    this.#argument = before;
    this.#ring();
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

  #startSearch(): void {
    this.#search = { query: "", at: this.#history.length, before: this.line };
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

  #replace(start: number, text: string): void {
    if (!this.#buffer.replace(start, text)) this.#ring();
    this.#changed = true;
  }

  #complete(tabbed: boolean, cycle: CompletionCycle | undefined): void {
    if (!this.#completes) return;
    if (this.#masked) return this.#ring();
    this.#tabbed = tabbed;
    if (cycle === undefined) {
      this.#question = { line: this.line, cursor: this.cursor };
      return;
    }
    const at = (cycle.at + 1) % cycle.words.length;
    this.#replace(cycle.start, cycle.words[at] ?? "");
    this.#cycle = { ...cycle, at };
  }

  /** Prints the candidates in columns, above the line. */
  #list(candidates: Candidates): void {
    const columns = this.#columns;
    if (candidates.list?.columns !== columns) {
      candidates.list = { columns, text: this.#inColumns(candidates.words) };
    }
    const { text } = candidates.list;
    this.#drawn += text.length;
    this.print(text);
  }

  #inColumns(words: readonly string[]): string {
    const first = words.slice(0, MAX_CANDIDATES);
    const widths = first.map((word) => this.#widths.of(word));
    const width = Math.max(...widths) + 2;
    const shown = first.slice(0, Math.max(1, Math.floor(MAX_LISTING / width)));
    const cells = shown.map((word, index) => ({ word, width: widths[index] ?? 0 }));
    const columns = Math.max(1, Math.floor(this.#columns / width));
    let text = "";
    for (const [index, { word, width: own }] of cells.entries()) {
      const last = index % columns === columns - 1 || index === cells.length - 1;
      text += last ? `${word}\n` : word + " ".repeat(width - own);
    }
    return shown.length < words.length ? `${text}... ${words.length - shown.length} more\n` : text;
  }

  #end(result: EditResult): void {
    this.#buffer.move(this.line.length);
    this.#printOpen();
    this.#draw();
    this.#out += this.#screen.leave();
    this.#results.push(result);
    this.#buffer.set("");
    this.#buffer.forgetChanges();
    this.#candidates = undefined;
    this.#own = "";
    this.#top = 0;
    this.#back = -1;
    this.#prompt = this.#row = "";
    this.#changed = true;
  }

  /** Takes a key while searching; returns whether it was for the search. */
  #searching(key: Key, action: EditAction | undefined): boolean {
    const search = this.#search;
    if (search === undefined) return false;
    this.#changed = true;
    if (key.name === "text") {
      // As if the characters were typed one by one.
      for (const character of key.text) this.#findMore(character);
      return true;
    }
    if (action === "delete-back") {
      const shorter = graphemes(search.query).slice(0, -1).join("");
      return this.#find(shorter, this.#history.length);
    }
    if (action === "search" || action === "search-forward") {
      const step = action === "search" ? -1 : 1;
      return search.query === "" ? true : this.#find(search.query, search.at + step, step);
    }
    this.#search = undefined;
    if (action !== "abort" && action !== "cancel") return false;
    this.#buffer.set(search.before);
    return true;
  }

  #findMore(character: string): void {
    // The found line stays if it also contains the longer query.
    const { query = "", at = 0, found = at } = this.#search ?? {};
    if (query.length + character.length > MAX_QUERY) this.#ring();
    else this.#find(query + character, found);
  }

  /**
   * Finds the next history line that contains the query, towards older (-1) or newer (1) lines; if
   * there is none, rings the bell.
   */
  #find(query: string, from: number, step: 1 | -1 = -1): true {
    const { length } = this.#history;
    let at = Math.min(from, length - (step === -1 ? 1 : 0));
    for (; at >= 0 && at < length; at += step) {
      const line = this.#history.at(at) ?? "";
      this.#drawn += line.length * SEARCHED;
      if (line.includes(query)) break;
    }
    const before = this.#search?.before ?? "";
    if (at < 0 || at >= length || query === "") {
      if (query !== "") this.#ring();
      const { found } = this.#search ?? {};
      const nearest = Math.max(-1, Math.min(from, length));
      this.#search = { query, at: nearest, found: query === "" ? undefined : found, before };
      return true;
    }
    const line = this.#history.at(at) ?? "";
    this.#buffer.set(line, line.indexOf(query) + query.length);
    this.#search = { query, at, found: at, before };
    return true;
  }

  #ring(): void {
    this.#out += BELL;
  }

  #draw(): void {
    const drawing = this.#screen.draw(this.#frame());
    this.#out += drawing;
    this.#drawn += drawing.length;
  }

  /** The visible part of the prompt and the line: the rows around the cursor. */
  #frame(): Frame {
    const frame = this.#laidOut().frame(this.#top, this.#rows);
    this.#top = frame.top;
    return frame;
  }

  /** Prompt and line in rows, as they are now. */
  #laidOut(): LineLayout {
    const { query } = this.#search ?? {};
    const before = query === undefined ? this.#row + this.#prompt : `(search) '${query}': `;
    if (this.#masked) this.#layout.set(before, "", 0);
    else this.#layout.set(before, this.line, this.cursor);
    return this.#layout;
  }
}

function commonStart(words: readonly string[]): string {
  let [common = ""] = words;
  for (const word of words) common = common.slice(0, commonUnits(common, word));
  return common.replace(/[\ud800-\udbff]$/, "");
}

function plain(word: string): string {
  return word.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, "");
}
