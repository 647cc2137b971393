import { endOfStyle } from "./rendition.ts";
import { commonUnits, isHigh } from "./units.ts";
import { graphemes, isUncertain, NARROW_WIDTHS, type Widths } from "./width.ts";

/** A grapheme cluster and the columns that it takes on the screen. */
export interface Cell {
  /** The text that is sent to the terminal. */
  readonly text: string;
  /** Columns. */
  readonly width: number;
  /** The sequences that set its colours, and begin its link. */
  readonly style: string;
  /** How many UTF-16 units of the source text it stands for. */
  readonly length: number;
  /**
   * Whether terminals may disagree on its width. If not set, this is determined when it is drawn.
   */
  readonly uncertain?: boolean;
}

/** A row of the screen. */
export interface FrameRow {
  /** Its first cells. */
  readonly cells: readonly Cell[];
  /** The text after them: each UTF-16 unit is a character of one column, without a colour. */
  readonly text: string;
}

/** The rows that the window shows, and the position of the cursor. */
export interface Frame {
  readonly rows: readonly FrameRow[];
  readonly row: number;
  readonly column: number;
}

const CONTROL = /^[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
/** Caches cells for each kind of widths: most lines consist of the same clusters. */
const CELLS: WeakMap<Widths, Map<string, Cell>> = new WeakMap();
const MAX_CELLS = 4_096;
/** Longer clusters have several cells, in UTF-16 units. */
const MAX_CLUSTER = 64;
/** Longer clusters are not cached, in UTF-16 units. */
const MAX_KEPT = 16;

/**
 * Splits a line into cells, one for each cluster. Line ends are cells of their own; other control
 * characters become empty cells.
 *
 * @param text The line.
 * @param show Returns what the terminal shows for a character.
 * @param widths The widths of the terminal.
 */
export function lineCells(
  text: string,
  show?: (text: string) => string,
  widths: Widths = NARROW_WIDTHS,
): Cell[] {
  const cells = cellsFor(widths);
  const asIs = show === undefined || show(text) === text;
  return shortClusters(text).map((cluster) => {
    const shown = asIs ? cluster : show(cluster);
    return shown === cluster
      ? cellOf(cluster, cells, widths)
      : { text: shown, width: widths.of(shown), style: "", length: cluster.length };
  });
}

/** The clusters of a text; very long ones in pieces, so that no key looks at all of them. */
function shortClusters(text: string): string[] {
  const clusters = graphemes(text);
  if (clusters.every(({ length }) => length <= MAX_CLUSTER)) return clusters;
  return clusters.flatMap((cluster) => {
    const pieces: string[] = [];
    for (let at = 0; at < cluster.length;) {
      let end = Math.min(cluster.length, at + MAX_CLUSTER);
      if (end < cluster.length && isHigh(cluster.charCodeAt(end - 1))) end--;
      pieces.push(cluster.slice(at, end));
      at = end;
    }
    return pieces;
  });
}

function cellsFor(widths: Widths): Map<string, Cell> {
  const known = CELLS.get(widths);
  if (known !== undefined) return known;
  const cells = new Map<string, Cell>();
  CELLS.set(widths, cells);
  return cells;
}

function cellOf(cluster: string, cells: Map<string, Cell>, widths: Widths): Cell {
  const known = cells.get(cluster);
  if (known !== undefined) return known;
  if (cells.size >= MAX_CELLS) cells.clear();
  const control = CONTROL.test(cluster);
  const cell: Cell = {
    text: control ? "" : cluster,
    width: control ? 0 : widths.ofCluster(cluster),
    style: "",
    length: cluster.length,
    uncertain: !control && isUncertain(cluster),
  };
  if (cluster.length <= MAX_KEPT) cells.set(cluster, cell);
  return cell;
}

/** The cells of a row that has only text. */
export const NO_CELLS: readonly Cell[] = [];
const EMPTY_ROW: FrameRow = { cells: NO_CELLS, text: "" };
const NOTHING: Frame = { rows: [EMPTY_ROW], row: 0, column: 0 };

/**
 * The part of a terminal's screen that shows the line being edited. Draws each frame over the one
 * before, with VT100 sequences, and mostly sends only what differs. The part begins at the cursor,
 * at the start of a row.
 */
export class Screen {
  #shown: Frame = NOTHING;
  /** The columns of each row that is shown, as far as they are known. */
  #widths: number[] = [];
  #columns: number;

  /** Starts with an empty part, in a window of the given width. */
  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Records that the terminal already shows a frame. */
  assume(shown: Frame): void {
    this.#shown = shown;
    this.#widths = [];
  }

  /** Returns the output that makes the terminal show a frame. */
  draw(next: Frame): string {
    let out = "";
    let { row, column } = this.#shown;
    const old = this.#shown.rows;
    const goTo = (toRow: number, toColumn: number) => {
      out += moveRows(row, toRow) + moveColumns(row === toRow ? column : -1, toColumn);
      row = toRow;
      column = toColumn;
    };
    for (let index = 0; index < next.rows.length; index++) {
      const current = next.rows[index] as FrameRow;
      const before = old[index];
      if (before?.cells === current.cells && before.text === current.text) continue;
      if (before === undefined) {
        // A new row below the last one: CR LF creates it, and scrolls if necessary.
        goTo(index - 1, column);
        out += "\r\n";
        row = index;
        column = 0;
      }
      const replaced = before ?? EMPTY_ROW;
      const drawn = drawRow(replaced, current, this.#columns);
      // The cursor cannot move past the last column: it would stay in it.
      if (drawn === undefined || drawn.text === "" && drawn.start >= this.#columns) continue;
      goTo(index, drawn.start);
      out += drawn.text;
      column = drawn.column;
      if ((this.#widths[index] ?? widthOf(replaced)) > column) out += "\x1b[K";
      this.#widths[index] = column;
      // After the last column terminals disagree on where the cursor is.
      if (column >= this.#columns) column = -1;
    }
    if (old.length > next.rows.length) {
      goTo(next.rows.length, 0);
      out += "\x1b[J";
      this.#widths.length = Math.min(this.#widths.length, next.rows.length);
    }
    goTo(next.row, next.column);
    this.#shown = next;
    return out;
  }

  /** Returns the output that empties the part and puts the cursor at its start. */
  clear(): string {
    const { row, column, rows } = this.#shown;
    this.assume(NOTHING);
    const [first = EMPTY_ROW] = rows;
    const empty = rows.length === 1 && first.cells.length === 0 && first.text === "";
    if (empty && column === 0) return "";
    return `${moveRows(row, 0)}\r\x1b[J`;
  }

  /** Returns the output that moves the cursor below the part, which stays as it is. */
  leave(): string {
    const { row, rows } = this.#shown;
    const last = rows.length - 1;
    const full = last > 0 && widthOf(rows[last - 1] as FrameRow) >= this.#columns;
    // After a full row, the last one is only there for the cursor.
    const spare = full && widthOf(rows[last] as FrameRow) === 0;
    this.assume(NOTHING);
    return moveRows(row, last) + (spare ? "\r" : "\r\n");
  }

  /**
   * Changes the width of the window: terminals wrap rows again that are too long for it.
   *
   * @returns The output that empties the part, as `clear` does.
   */
  resize(columns: number): string {
    const { rows, row, column } = this.#shown;
    const height = (width: number) => Math.max(1, Math.ceil(width / columns));
    let above = 0;
    for (const one of rows.slice(0, row)) above += height(widthOf(one));
    const width = widthOf(rows[row] ?? EMPTY_ROW);
    above += Math.floor(Math.max(0, Math.min(column, width - 1)) / columns);
    this.#columns = columns;
    this.assume(NOTHING);
    return `${moveRows(above, 0)}\r\x1b[J`;
  }
}

/** Moves the cursor up or down to a row that exists. */
function moveRows(from: number, to: number): string {
  if (to < from) return from - to === 1 ? "\x1b[A" : `\x1b[${from - to}A`;
  if (to > from) return to - from === 1 ? "\x1b[B" : `\x1b[${to - from}B`;
  return "";
}

/** Moves the cursor to a column. If `from` is unknown (-1), it first returns to column 0. */
function moveColumns(from: number, to: number): string {
  if (from === to) return "";
  if (to === 0) return "\r";
  if (from !== -1 && to < from && from - to <= 4) return "\b".repeat(from - to);
  return to === 1 ? "\r\x1b[C" : `\r\x1b[${to}C`;
}

/** What draws a row over another one: the column where it begins, and the column after it. */
interface Drawing {
  readonly start: number;
  readonly text: string;
  readonly column: number;
}

/** Draws what differs between two rows; `undefined`: nothing does. */
function drawRow(old: FrameRow, row: FrameRow, columns: number): Drawing | undefined {
  if (old.cells === row.cells) {
    const same = commonUnits(old.text, row.text);
    if (same === row.text.length && same === old.text.length) return undefined;
    const start = columnsOf(row.cells) + same;
    const text = row.text.slice(same);
    return { start, text, column: start + text.length };
  }
  const [before, cells] = [cellsOf(old), cellsOf(row)];
  let same = commonCells(before, cells);
  if (same === cells.length && same === before.length) return undefined;
  // A terminal shows a mark of no width with the character before it, which is drawn again with it;
  // a mark at the end of the row is only added.
  const adds = same === before.length;
  while (!adds && same > 0 && (before[same]?.width === 0 || cells[same]?.width === 0)) same--;
  const start = columnsOf(cells, same);
  return { start, ...drawCells(cells, same, start, columns) };
}

/** All of a row as cells. */
function cellsOf({ cells, text }: FrameRow): readonly Cell[] {
  return text === "" ? cells : [...cells, ...lineCells(text)];
}

/**
 * Renders cells with their colours. After a cell of uncertain width, sets the column again and
 * erases what the terminal may have drawn too far.
 *
 * @returns The output, and the column after it.
 */
function drawCells(
  cells: readonly Cell[],
  from: number,
  start: number,
  columns: number,
): { readonly text: string; readonly column: number } {
  let text = "";
  let style = "";
  let column = start;
  let erased = false;
  const unstyled = () => {
    const end = endOfStyle(style);
    style = "";
    return end;
  };
  for (let at = from; at < cells.length; at++) {
    const cell = cells[at] as Cell;
    const uncertain = cell.uncertain ?? isUncertain(cell.text);
    if (!uncertain && cell.style === style) { // the common case
      column += cell.width;
      text += cell.text;
      continue;
    }
    // After a full row, an invisible character is not drawn: the erasure for it would remove the
    // last character of the row.
    if (uncertain && cell.width === 0 && column >= columns) continue;
    if (uncertain && !erased) {
      // On a terminal that draws it narrower, old text would stay visible.
      text += `${unstyled()}\x1b[K`;
      erased = true;
    }
    if (cell.style !== style) text += unstyled() + cell.style;
    style = cell.style;
    column += cell.width;
    text += uncertain ? withoutWrap(cell.text, columns - column) : cell.text;
    if (!uncertain) continue;
    text += unstyled();
    if (column < columns) text += `${moveColumns(-1, column)}\x1b[K`;
  }
  return { text: text + unstyled(), column };
}

/** Some terminals draw a cell wider than it is, by at most this many columns. */
const WIDEST = 6;

/**
 * Draws a character whose width terminals disagree on. Near the end of the row, autowrap is
 * switched off meanwhile.
 */
export function withoutWrap(text: string, room: number): string {
  return room < WIDEST ? `\x1b[?7l${text}\x1b[?7h` : text;
}

function commonCells(a: readonly Cell[], b: readonly Cell[]): number {
  let at = 0;
  while (at < a.length && at < b.length && isSame(a[at] as Cell, b[at] as Cell)) at++;
  return at;
}

function isSame(a: Cell, b: Cell): boolean {
  return a === b || (a.text === b.text && a.style === b.style);
}

/** The columns of the first cells of a row. */
function columnsOf(cells: readonly Cell[], to: number = cells.length): number {
  let width = 0;
  for (let at = 0; at < to; at++) width += cells[at]?.width ?? 0;
  return width;
}

/** The columns of a row. */
function widthOf({ cells, text }: FrameRow): number {
  return columnsOf(cells) + text.length;
}
