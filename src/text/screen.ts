import { clusterWidth, graphemes, textWidth } from "./width.ts";

/** A character cell, or two: what a person takes for one character. */
export interface Cell {
  /** What is sent for it. */
  readonly text: string;
  /** Columns. */
  readonly width: number;
  /** The colours that it has: sequences since the last reset. */
  readonly style: string;
  /** How many UTF-16 units of the text it was made of. */
  readonly length: number;
}

/** Rows of cells, and where the cursor stands. */
export interface Frame {
  readonly rows: readonly (readonly Cell[])[];
  readonly row: number;
  readonly column: number;
}

const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;
const COLOUR = /^\x1b\[[\d;:]*m$/;
const RESET = /^\x1b\[0*m$/;

/**
 * Cuts text into cells. Sequences of colours make their style, others are left out.
 *
 * @param text The text.
 * @param show What the terminal shows for a character.
 */
export function cellsOf(text: string, show: (text: string) => string = (same) => same): Cell[] {
  const cells: Cell[] = [];
  let style = "";
  let at = 0;
  const add = (plain: string) => {
    for (const cluster of graphemes(plain)) {
      const shown = show(cluster);
      const width = shown === cluster ? clusterWidth(cluster) : textWidth(shown);
      cells.push({ text: shown, width, style, length: cluster.length });
    }
  };
  for (const match of text.matchAll(SEQUENCE)) {
    add(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (RESET.test(match[0])) style = "";
    else if (COLOUR.test(match[0])) style += match[0];
  }
  add(text.slice(at));
  return cells;
}

const CONTROL = /^[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
/** The cells that were made lately: most lines are made of the same. */
const CELLS: Map<string, Cell> = new Map();
const MAX_CELLS = 4_096;
/** A longer cluster is not worth it. */
const MAX_KEPT = 16;

/**
 * Cuts a line into cells, one for each cluster. Line ends are cells of their own, other control
 * characters show as nothing.
 *
 * @param text The line.
 * @param show What the terminal shows for a character.
 */
export function lineCells(text: string, show?: (text: string) => string): Cell[] {
  return graphemes(text).map((cluster) => {
    const shown = show === undefined ? cluster : show(cluster);
    return shown === cluster
      ? cellOf(cluster)
      : { text: shown, width: textWidth(shown), style: "", length: cluster.length };
  });
}

function cellOf(cluster: string): Cell {
  const known = CELLS.get(cluster);
  if (known !== undefined) return known;
  if (CELLS.size >= MAX_CELLS) CELLS.clear();
  const control = CONTROL.test(cluster);
  const cell: Cell = {
    text: control ? "" : cluster,
    width: control ? 0 : clusterWidth(cluster),
    style: "",
    length: cluster.length,
  };
  if (cluster.length <= MAX_KEPT) CELLS.set(cluster, cell);
  return cell;
}

const NOTHING: Frame = { rows: [[]], row: 0, column: 0 };

/**
 * The part of a terminal's screen that belongs to the line being edited: draws frames over each
 * other with as few bytes as is simple, by sequences that a VT100 knows. It begins where the cursor
 * stands, at the start of a row.
 */
export class Screen {
  #shown: Frame = NOTHING;
  #columns: number;

  /** Begins on a window of a width. */
  constructor(columns: number) {
    this.#columns = columns;
  }

  /** The terminal shows a frame already. */
  assume(shown: Frame): void {
    this.#shown = shown;
  }

  /** What goes to the terminal so that it shows a frame. */
  draw(next: Frame): string {
    let out = "";
    let { row, column } = this.#shown;
    const old = this.#shown.rows;
    const goTo = (toRow: number, toColumn: number) => {
      out += moveRows(row, toRow) + moveColumns(row === toRow ? column : -1, toColumn);
      row = toRow;
      column = toColumn;
    };
    for (const [index, cells] of next.rows.entries()) {
      const before = old[index];
      if (before === cells) continue;
      if (before === undefined) {
        // A row below the last: a line end makes it, and scrolls where need be.
        goTo(index - 1, column);
        out += "\r\n";
        row = index;
        column = 0;
      }
      const same = commonCells(before ?? [], cells);
      if (same === cells.length && same === (before ?? []).length) continue;
      goTo(index, widthOf(cells.slice(0, same)));
      out += drawCells(cells.slice(same), column);
      column = widthOf(cells);
      if (widthOf(before ?? []) > column) out += "\x1b[K";
      // Behind a full row terminals stand in two minds.
      if (column >= this.#columns) column = -1;
    }
    if (old.length > next.rows.length) {
      goTo(next.rows.length, 0);
      out += "\x1b[J";
    }
    goTo(next.row, next.column);
    this.#shown = next;
    return out;
  }

  /** What goes to the terminal so that the part is empty and the cursor at its start. */
  clear(): string {
    const { row, column, rows } = this.#shown;
    this.#shown = NOTHING;
    const empty = rows.length === 1 && (rows[0]?.length ?? 0) === 0;
    if (empty && column === 0) return "";
    return `${moveRows(row, 0)}\r\x1b[J`;
  }

  /** What goes to the terminal so that the cursor is below the part, which stays as it is. */
  leave(): string {
    const { row, rows } = this.#shown;
    this.#shown = NOTHING;
    return `${moveRows(row, rows.length - 1)}\r\n`;
  }

  /**
   * The window has another width: terminals wrap the rows that are too long for it anew.
   *
   * @returns What goes to the terminal so that the part is empty, as `clear` does.
   */
  resize(columns: number): string {
    const { rows, row, column } = this.#shown;
    const height = (width: number) => Math.max(1, Math.ceil(width / columns));
    let above = 0;
    for (const cells of rows.slice(0, row)) above += height(widthOf(cells));
    above += Math.floor(Math.max(0, Math.min(column, widthOf(rows[row] ?? []) - 1)) / columns);
    this.#columns = columns;
    this.#shown = NOTHING;
    return `${moveRows(above, 0)}\r\x1b[J`;
  }
}

/** Up or down; the rows exist. */
function moveRows(from: number, to: number): string {
  if (to < from) return from - to === 1 ? "\x1b[A" : `\x1b[${from - to}A`;
  if (to > from) return to - from === 1 ? "\x1b[B" : `\x1b[${to - from}B`;
  return "";
}

/** From a column that is not known, -1, by way of the first. */
function moveColumns(from: number, to: number): string {
  if (from === to) return "";
  if (to === 0) return "\r";
  if (from !== -1 && to < from && from - to <= 4) return "\b".repeat(from - to);
  return to === 1 ? "\r\x1b[C" : `\r\x1b[${to}C`;
}

/** Cells as text, in their colours; behind one of which terminals disagree the column is set anew. */
function drawCells(cells: readonly Cell[], start: number): string {
  let text = "";
  let style = "";
  let column = start;
  for (const cell of cells) {
    if (cell.style !== style) text += (style === "" ? "" : "\x1b[0m") + cell.style;
    style = cell.style;
    text += cell.text;
    column += cell.width;
    if (isUncertain(cell)) text += `\r\x1b[${column}C`;
  }
  return style === "" ? text : `${text}\x1b[0m`;
}

/** Emoji of several code points, and vowel signs with a width: terminals disagree on their columns. */
const UNCERTAIN = /[\u200d\ufe0f\u{1f3fb}-\u{1f3ff}\u{1f1e6}-\u{1f1ff}\p{Mc}]/u;

function isUncertain({ text, width }: Cell): boolean {
  return width > 1 && text.length > 1 && UNCERTAIN.test(text);
}

function commonCells(a: readonly Cell[], b: readonly Cell[]): number {
  let at = 0;
  while (at < a.length && at < b.length && isSame(a[at], b[at])) at++;
  return at;
}

function isSame(a: Cell | undefined, b: Cell | undefined): boolean {
  return a?.text === b?.text && a?.style === b?.style;
}

/** Columns of cells in a row. */
function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}
