import { beginsSequence, sequenceEnd } from "./escape_sequences.ts";
import { endOfStyle, Rendition } from "./rendition.ts";
import type { Cell } from "./screen.ts";
import { graphemes, NARROW_WIDTHS, type Widths } from "./width.ts";

/** A row of cells. */
export interface CanvasRow {
  readonly cells: Cell[];
  /** Whether the row begins after a line end; otherwise the row above was full. */
  readonly ended: boolean;
  /** Where in the text it begins. */
  readonly start: number;
}

/** What a terminal shows for a text that begins at the start of a row. */
export interface Canvas {
  /** The rows; the last one up to the cursor. */
  readonly rows: readonly CanvasRow[];
  /** The cells of the last row from the cursor on. */
  readonly under: readonly Cell[];
}

/** An empty cell. */
export const BLANK: Cell = { text: " ", width: 1, style: "", length: 1 };
const TAB_STOP = 8;
const BS = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
/** The sequences of DEC that do the same as those of ANSI. */
const DEC: Readonly<Record<string, string>> = { "\x1b7": "s", "\x1b8": "u" };
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/**
 * Draws text as a terminal does. TAB, CR, BS and sequences that move within the row move the cursor, and later text
 * overwrites what is there. Colours and links become the style of the cells. Other sequences are ignored.
 *
 * @param text The text; LF is a line end.
 * @param columns Columns of the window.
 * @param show Returns what the terminal shows for a character.
 * @param widths The widths of the terminal.
 */
export function drawRows(
  text: string,
  columns: number,
  show?: (text: string) => string,
  widths: Widths = NARROW_WIDTHS,
): Canvas {
  const pen = new Pen(columns, show, widths);
  for (let at = 0; at < text.length;) {
    CONTROL.lastIndex = at;
    const control = CONTROL.test(text) ? CONTROL.lastIndex - 1 : text.length;
    if (control > at) pen.write(text.slice(at, control), at);
    at = control;
    if (at === text.length) break;
    const code = text.charCodeAt(at);
    const end = beginsSequence(code) ? sequenceEnd(text, at, "program") : at + 1;
    if (end > at + 1) pen.obey(text.slice(at, end));
    else pen.control(code, end);
    at = end;
  }
  return pen.canvas();
}

/**
 * Text that draws the same, without what was overwritten; the cursor is in the same place.
 *
 * @param style The style of the text to come.
 */
export function textOf({ rows, under }: Canvas, style: string): string {
  let text = "";
  let before = "";
  const append = (cells: readonly Cell[]) => {
    for (const cell of cells) {
      if (cell.style !== before) text += endOfStyle(before) + cell.style;
      before = cell.style;
      text += cell.text;
    }
  };
  for (const [index, { cells, ended }] of rows.entries()) {
    if (ended && index > 0) text += "\n";
    append(cells);
  }
  append(under);
  text += endOfStyle(before) + style;
  if (under.length === 0) return text;
  // Back to the cursor from the start of the row, as after a full row terminals stay in it.
  const column = rows.at(-1)?.cells.reduce((sum, { width }) => sum + width, 0) ?? 0;
  return `${text}\r${column === 0 ? "" : `\x1b[${column}C`}`;
}

/** The column of the cursor after a text that begins at the start of a row. */
export function lastColumn(text: string, columns: number, widths: Widths): number {
  const cells = drawRows(text, columns, undefined, widths).rows.at(-1)?.cells ?? [];
  return cells.reduce((sum, { width }) => sum + width, 0) % columns;
}

/** Cells by their first column. */
interface PenRow {
  readonly cells: (Cell | undefined)[];
  readonly ended: boolean;
  readonly start: number;
}

class Pen {
  readonly #columns: number;
  readonly #show: ((text: string) => string) | undefined;
  readonly #widths: Widths;
  readonly #rows: PenRow[] = [{ cells: [], ended: false, start: 0 }];
  #column = 0;
  readonly #rendition = new Rendition();
  /** The saved cursor. If it is in an earlier row, it cannot be restored. */
  #saved = { row: 0, column: 0 };
  /** Combining marks without a character before them. */
  #marks = "";

  constructor(columns: number, show: ((text: string) => string) | undefined, widths: Widths) {
    this.#columns = columns;
    this.#show = show;
    this.#widths = widths;
  }

  get #cells(): (Cell | undefined)[] {
    return (this.#rows[this.#rows.length - 1] as PenRow).cells;
  }

  /** Writes text without controls, which begins at a position of the whole text. */
  write(text: string, start: number): void {
    let at = start;
    for (const cluster of graphemes(text)) {
      const shown = this.#show === undefined ? cluster : this.#show(cluster);
      const width = shown === cluster ? this.#widths.ofCluster(cluster) : this.#widths.of(shown);
      if (width === 0) this.#join(shown);
      else {
        const { style } = this.#rendition;
        this.#put({ text: shown, width, style, length: cluster.length }, at);
      }
      at += cluster.length;
    }
  }

  /** Carries out a control character, which ends at a position of the whole text. */
  control(code: number, end: number): void {
    if (code === LF) this.#newRow(true, end);
    else if (code === CR) this.#column = 0;
    else if (code === BS) this.#column = Math.max(0, this.#inside - 1);
    else if (code === TAB && this.#column < this.#columns) {
      const stop = this.#column - this.#column % TAB_STOP + TAB_STOP;
      this.#column = Math.min(stop, this.#columns - 1);
    }
  }

  /** Carries out a sequence, within the row. */
  obey(sequence: string): void {
    const body = /^(?:\x1b\[|\x9b)(.*)$/s.exec(sequence)?.[1] ?? DEC[sequence];
    if (body === undefined) return this.#rendition.follow(sequence);
    const parameters = body.slice(0, -1);
    const count = Math.min(Number(parameters) || 0, this.#columns);
    const [inside, last] = [this.#inside, this.#columns - 1];
    switch (body.slice(-1)) {
      case "m":
        return this.#rendition.follow(sequence);
      case "C":
        this.#column = Math.min(last, inside + Math.max(1, count));
        return;
      case "D":
        this.#column = Math.max(0, inside - Math.max(1, count));
        return;
      case "G":
        this.#column = Math.min(last, Math.max(1, count) - 1);
        return;
      case "s":
        this.#saved = { row: this.#rows.length, column: this.#column };
        return;
      case "u":
        if (this.#saved.row === this.#rows.length) this.#column = this.#saved.column;
        return;
      case "K":
        return this.#erase(count);
      case "J":
        if (count > 0) { for (const { cells } of this.#rows.slice(0, -1)) cells.length = 0; }
        this.#erase(count);
    }
  }

  canvas(): Canvas {
    const rows = this.#rows.map(({ cells, ended, start }, index) => {
      const whole = index < this.#rows.length - 1;
      return { cells: inOrder(cells, 0, whole ? cells.length : this.#column), ended, start };
    });
    const cells = this.#cells;
    const under = inOrder(cells, this.#column, cells.length);
    const last = rows.at(-1);
    if (this.#marks !== "" && last !== undefined) {
      last.cells = [{ ...BLANK, text: this.#marks, width: 0 }, ...last.cells];
    }
    return { rows, under };
  }

  /** The column of the cursor; after a full row it is still the last column. */
  get #inside(): number {
    return Math.min(this.#column, this.#columns - 1);
  }

  /** Adds combining marks to the character before the cursor. */
  #join(marks: string): void {
    const cells = this.#cells;
    let before = this.#column - 1;
    while (before >= 0 && cells[before] === undefined) before--;
    const cell = cells[before];
    if (cell === undefined) this.#marks += marks;
    else cells[before] = { ...cell, text: cell.text + marks };
  }

  #put(cell: Cell, at: number): void {
    if (this.#column + cell.width > this.#columns && this.#column > 0) {
      this.#clear(this.#column, this.#columns);
      this.#newRow(false, at);
    }
    this.#clear(this.#column, this.#column + cell.width);
    const { text } = cell;
    const end = this.#column + cell.width;
    if (this.#cells.length < end) this.#cells.length = end;
    this.#cells[this.#column] = this.#marks === "" ? cell : { ...cell, text: this.#marks + text };
    this.#marks = "";
    this.#column += cell.width;
  }

  #newRow(ended: boolean, start: number): void {
    this.#rows.push({ cells: [], ended, start });
    this.#column = 0;
  }

  #erase(how: number): void {
    if (how === 0) this.#clear(this.#column, Math.max(this.#columns, this.#cells.length));
    else this.#clear(0, how === 1 ? this.#inside + 1 : this.#cells.length);
  }

  /** Removes cells, and wide cells that are partly covered. */
  #clear(from: number, to: number): void {
    const cells = this.#cells;
    for (let at = Math.max(0, from - 1); at < Math.min(to, cells.length); at++) {
      const cell = cells[at];
      if (cell !== undefined && at + cell.width > from) cells[at] = undefined;
    }
  }
}

/** The cells between two columns; gaps become blanks. */
function inOrder(cells: readonly (Cell | undefined)[], from: number, to: number): Cell[] {
  const found: Cell[] = [];
  for (let at = from; at < to;) {
    const cell = cells[at];
    const fits = cell !== undefined && at + cell.width <= to;
    found.push(fits ? cell : BLANK);
    at += fits ? cell.width : 1;
  }
  return found;
}
