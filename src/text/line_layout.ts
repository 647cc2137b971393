import { BLANK, drawRows } from "./row_canvas.ts";
import { type Cell, type Frame, lineCells } from "./screen.ts";
import { mayJoin, NARROW_WIDTHS, type Widths } from "./width.ts";

/** One row. The cells that stand before the line are the first ones. */
interface Row {
  cells: Cell[];
  /** Columns of the cells. */
  width: number;
  /** How many of them stand before the line, and where in the line the others begin. */
  readonly fixed: number;
  readonly start: number;
  /** Whether a line end began it; else there was no more room in the row above. */
  readonly ended: boolean;
  /** Whether somebody else has the cells, so that they must not change. */
  shared: boolean;
}

/** So far from a change a cluster that it touches can reach, in UTF-16 units. */
const NEAR = 64;
const LINE_END: Cell = { text: "\n", width: 0, style: "", length: 1 };

/**
 * A line in rows of a window, with what stands before it. It is kept up to the cursor as rows, and
 * after it as cells: an edit costs what changes, and what shows below it.
 */
export class LineLayout {
  #columns: number;
  /** How many the window has by now; what is laid out follows when it is asked for. */
  #wanted: number;
  readonly #show: ((text: string) => string) | undefined;
  readonly #widths: Widths;
  /** What stands before the line, and the line in which it ends. */
  #before = "";
  #line = "";
  /** Where the cursor stands, in UTF-16 units. */
  #at = 0;
  /** The last row is the one in which the cursor stands. */
  #rows: Row[] = [newRow([], 0, 0, false)];
  /** The row in which the line begins. */
  #first = 0;
  /** What stands in that row from the beginning of the line on, where the line leaves room. */
  #under: readonly Cell[] = [];
  /** the cells after the cursor, the next one last. */
  #after: Cell[] = [];
  /** Whether the cursor has cut a cluster in two. */
  #split = false;

  /** `show`: what the terminal shows for a character. */
  constructor(
    columns: number,
    show: ((text: string) => string) | undefined,
    widths: Widths = NARROW_WIDTHS,
  ) {
    this.#widths = widths;
    this.#columns = this.#wanted = Math.max(2, columns);
    this.#show = show;
  }

  /** The window has another width. */
  resize(columns: number): void {
    this.#wanted = Math.max(2, columns);
  }

  /** Takes the line as it is now. */
  set(before: string, line: string, cursor: number): void {
    const old = this.#line;
    if (this.#split) this.#replace(this.#at, this.#at, this.#at, old);
    if (before !== this.#before || this.#wanted !== this.#columns) {
      const cells = this.#takeCells();
      this.#columns = this.#wanted;
      this.#begin(before, cells);
    }
    if (line !== old) {
      this.#line = line;
      const start = commonStart(old, line);
      const end = commonEnd(old, line, start);
      this.#replace(start, old.length - end, line.length - end, old);
    }
    this.#move(cursor);
  }

  /**
   * What a window shows of it: the rows around the cursor.
   *
   * @param top The first row that showed before.
   * @param height The rows of the window.
   */
  frame(top: number, height: number): Frame & { readonly top: number } {
    const open = this.#rows.length - 1;
    const last = this.#last;
    const full = last.width >= this.#columns;
    const row = full ? open + 1 : open;
    let first = Math.max(Math.min(top, row), row - height + 1);
    const below = this.#below(full, first + height - open);
    // Where less is there than the window has room for, rows above show.
    first = Math.max(0, Math.min(first, open + below.length - height));
    const rows: Cell[][] = [];
    for (let index = first; index < Math.min(open, first + height); index++) {
      const shown = this.#rows[index] as Row;
      shown.shared = true;
      rows.push(shown.cells);
    }
    for (let index = Math.max(0, first - open); rows.length < height; index++) {
      const cells = below[index];
      if (cells === undefined) break;
      rows.push(cells);
    }
    if (this.#under.length > 0 && open + below.length === this.#first + 1) {
      const bottom = rows.pop();
      if (bottom !== undefined) rows.push(this.#withUnder(bottom));
    }
    const column = full ? 0 : last.width;
    return { rows, row: row - first, column, top: first };
  }

  /** The place in the line a row above or below the cursor; `undefined` where there is none. */
  climb(step: 1 | -1): number | undefined {
    const open = this.#rows.length - 1;
    const full = this.#last.width >= this.#columns;
    const [row, column] = full ? [open + 1, 0] : [open, this.#last.width];
    return this.#nearest(row + step, column);
  }

  /** The row in which the line begins and ends, with what stands there after it. */
  #withUnder(cells: Cell[]): Cell[] {
    const { fixed } = this.#rows[this.#first] as Row;
    let column = 0;
    for (let at = fixed; at < cells.length; at++) column -= cells[at]?.width ?? 0;
    const whole = cells.slice();
    for (const cell of this.#under) {
      const end = column + cell.width;
      if (column >= 0) whole.push(cell);
      // Of a wide character that is half covered a blank is left.
      else for (let at = 0; at < end; at++) whole.push(BLANK);
      column = end;
    }
    return whole;
  }

  get #last(): Row {
    return this.#rows[this.#rows.length - 1] as Row;
  }

  /** Begins anew with the cursor at the start; `cells`: those of the line, the first one last. */
  #begin(before: string, cells: Cell[]): void {
    this.#before = before;
    this.#after = cells;
    this.#at = 0;
    const { rows, under } = drawRows(before, this.#columns, this.#show, this.#widths);
    this.#rows = rows.map(({ cells, ended }) => newRow(cells, cells.length, 0, ended));
    this.#under = under;
    this.#first = this.#rows.length - 1;
  }

  /** The cells of the line, the first one last. */
  #takeCells(): Cell[] {
    while (this.#at > 0) this.#after.push(this.#pop());
    return this.#after;
  }

  /**
   * Cuts a changed part of the line into cells again, with what may have joined it on both sides.
   *
   * @param start Where it begins.
   * @param oldEnd Where it ended in the line before.
   * @param newEnd Where it ends in the line.
   */
  #replace(start: number, oldEnd: number, newEnd: number, old: string): void {
    const from = start - (mayJoin(old, start) || mayJoin(this.#line, start) ? NEAR : 0);
    while (this.#at > 0 && this.#at > from) this.#after.push(this.#pop());
    while (this.#after.length > 0 && this.#at + (this.#after.at(-1)?.length ?? 0) <= from) {
      this.#pushNext();
    }
    let end = this.#at;
    const to = oldEnd + (mayJoin(old, oldEnd) || mayJoin(this.#line, newEnd) ? NEAR : 0);
    while (end < to) {
      const cell = this.#after.pop();
      if (cell === undefined) break;
      end += cell.length;
    }
    this.#insert(this.#line.slice(this.#at, newEnd + end - oldEnd));
    this.#split = false;
  }

  /** Puts text after the cursor. */
  #insert(text: string): void {
    const cells = lineCells(text, this.#show, this.#widths);
    for (let index = cells.length - 1; index >= 0; index--) this.#after.push(cells[index] as Cell);
  }

  #move(cursor: number): void {
    while (this.#at > cursor) this.#after.push(this.#pop());
    while (this.#at < cursor && this.#after.length > 0) this.#pushNext();
    if (this.#at === cursor) return;
    // The cursor stands within a cluster: the two parts are drawn by themselves.
    const cell = this.#pop();
    const text = this.#line.slice(this.#at, this.#at + cell.length);
    const length = cursor - this.#at;
    this.#insert(text.slice(length));
    for (const part of lineCells(text.slice(0, length), this.#show, this.#widths)) this.#push(part);
    this.#split = true;
  }

  #pushNext(): void {
    const cell = this.#after.pop();
    if (cell !== undefined) this.#push(cell);
  }

  #push(cell: Cell): void {
    const row = this.#last;
    if (cell.text === "\n") this.#rows.push(newRow([], 0, this.#at + 1, true));
    else if (row.width + cell.width > this.#columns) {
      this.#rows.push(newRow([cell], 0, this.#at, false));
    } else {
      own(row).push(cell);
      row.width += cell.width;
    }
    this.#at += cell.length;
  }

  /** Takes the last cell before the cursor. */
  #pop(): Cell {
    const row = this.#last;
    const cell = own(row).pop() ?? LINE_END;
    row.width -= cell.width;
    const empty = row.cells.length === 0 && (cell === LINE_END || !row.ended);
    if (empty && this.#rows.length > 1) this.#rows.pop();
    this.#at -= cell.length;
    return cell;
  }

  /** The rows from that of the cursor on, so many as are wanted; `full`: it has no room for the cursor. */
  #below(full: boolean, wanted: number): Cell[][] {
    const open = this.#last;
    const rows: Cell[][] = [open.cells];
    open.shared = true;
    let row: Cell[] | undefined;
    let { width } = open;
    let forced = full;
    const begin = (cells: Cell[]) => {
      rows.push(row = cells);
      width = 0;
    };
    if (full) begin([]);
    for (let index = this.#after.length - 1; index >= 0; index--) {
      const cell = this.#after[index] as Cell;
      const ended = cell.text === "\n";
      if (ended && !forced) begin([]);
      forced = false;
      if (ended) continue;
      if (width + cell.width > this.#columns) begin([]);
      if (row === undefined) rows[0] = row = open.cells.slice();
      row.push(cell);
      width += cell.width;
      // One more than is wanted tells that there is no room left.
      if (rows.length > wanted) break;
    }
    return rows;
  }

  /** The place nearest to a column of a row, not after it if possible. */
  #nearest(target: number, column: number): number | undefined {
    const { fixed, cells } = this.#rows[this.#first] as Row;
    let width = 0;
    for (let index = 0; index < fixed; index++) width += cells[index]?.width ?? 0;
    if (target < this.#first + (width >= this.#columns ? 1 : 0)) return undefined;
    const from = Math.min(Math.max(target - 1, this.#first), this.#rows.length - 1);
    let row = from;
    let at = this.#rows[from]?.start ?? 0;
    // The first cell of a row that began for want of room is in it, however wide it is.
    let begun = from > this.#first && this.#rows[from]?.ended === false;
    if (from > this.#first) width = 0;
    let best: number | undefined;
    /** Looks at the place; returns whether better ones may follow. */
    const look = () => {
      const [placeRow, placeColumn] = width >= this.#columns ? [row + 1, 0] : [row, width];
      const behind = placeRow > target || placeRow === target && placeColumn > column;
      if (placeRow >= target && (best === undefined || !behind)) best = at;
      return !behind;
    };
    if (!look()) return best;
    for (const cell of this.#cellsFrom(from)) {
      if (cell.text === "\n") [row, width] = [row + 1, 0];
      else if (width + cell.width > this.#columns && !begun) [row, width] = [row + 1, cell.width];
      else width += cell.width;
      begun = false;
      at += cell.length;
      if (!look()) return best;
    }
    return row < target ? undefined : best;
  }

  /** The cells of the line from the beginning of a row on. */
  *#cellsFrom(from: number): Generator<Cell, void, void> {
    for (let index = from; index < this.#rows.length; index++) {
      const { cells, fixed, ended } = this.#rows[index] as Row;
      if (ended && index > from) yield LINE_END;
      for (let at = fixed; at < cells.length; at++) yield cells[at] as Cell;
    }
    for (let index = this.#after.length - 1; index >= 0; index--) yield this.#after[index] as Cell;
  }
}

function newRow(cells: Cell[], fixed: number, start: number, ended: boolean): Row {
  const width = cells.reduce((sum, cell) => sum + cell.width, 0);
  return { cells, width, fixed, start, ended, shared: false };
}

/** The cells of a row, which may change now. */
function own(row: Row): Cell[] {
  if (row.shared) row.cells = row.cells.slice();
  row.shared = false;
  return row.cells;
}

/** How many units two texts have in common at their start. The engine compares long parts at once. */
function commonStart(a: string, b: string): number {
  let low = 0;
  let high = Math.min(a.length, b.length);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (a.slice(low, middle) === b.slice(low, middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The same at their end, but for the start that they have in common. */
function commonEnd(a: string, b: string, start: number): number {
  let low = 0;
  let high = Math.min(a.length, b.length) - start;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const [endA, endB] = [a.length - low, b.length - low];
    const same = a.slice(a.length - middle, endA) === b.slice(b.length - middle, endB);
    if (same) low = middle;
    else high = middle - 1;
  }
  return low;
}
