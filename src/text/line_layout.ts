import { BLANK, drawRows } from "./row_canvas.ts";
import { type Cell, type Frame, type FrameRow, lineCells } from "./screen.ts";
import { simpleClimb, simpleFrame, type SimpleLine } from "./simple_line.ts";
import { mayJoin, NARROW_WIDTHS, type Widths } from "./width.ts";

/** One row of the window. The cells of the text before the line come first. */
interface Row {
  cells: Cell[];
  /** The columns of all cells together. */
  width: number;
  /** How many cells belong to the text before the line. */
  readonly fixed: number;
  /** Where in the line the other cells begin, in UTF-16 units. */
  readonly start: number;
  /** Whether the row begins after a line end; otherwise the row above was full. */
  readonly ended: boolean;
  /** Whether a frame holds the array of cells, so that it must be copied before a change. */
  shared: boolean;
}

/** A cluster that touches a change reaches at most this far from it, in UTF-16 units. */
const NEAR = 64;
const LINE_END: Cell = { text: "\n", width: 0, style: "", length: 1 };

/**
 * Lays out a line, with the text before it (the prompt), in the rows of a window. While each
 * character takes one column, which most lines are, the rows are cut out of the line when they are
 * shown. From the first other character on, the part up to the cursor is kept as rows, the part
 * after it as cells. Both ways an edit costs only what changes and what is visible below it.
 */
export class LineLayout {
  #columns: number;
  /**
   * The current width of the window; `set` lays out the line again if it differs from `#columns`.
   */
  #wanted: number;
  readonly #show: ((text: string) => string) | undefined;
  readonly #widths: Widths;
  /** The text before the line, such as a prompt. */
  #before = "";
  #line = "";
  /** The position of the cursor in the line, in UTF-16 units. */
  #cursor = 0;
  /**
   * Whether each character of the line takes one column; the line then has no cells. After another
   * character was typed it stays `false` until the whole line is replaced, because making cells takes
   * time for the whole line.
   */
  #simple = true;
  /** The text before the line in rows. */
  #fixed: readonly FrameRow[] = [{ cells: [], text: "" }];
  /** The columns that the last of these rows takes: more than there are, if a character is wider. */
  #taken = 0;
  /** The position in the line, in UTF-16 units, up to which the cells are in rows. */
  #at = 0;
  /** The rows up to the cursor; the cursor is in the last one. */
  #rows: Row[] = [newRow([], 0, 0, false)];
  /** Index of the row in which the line begins. */
  #first = 0;
  /**
   * The cells of the text before the line that lie after the start of the line in that row. They
   * show where the line does not cover them.
   */
  #under: readonly Cell[] = [];
  /** The cells after the cursor, the next one last. */
  #after: Cell[] = [];
  /** Whether the cursor has cut a cluster in two. */
  #split = false;
  /** How many UTF-16 units were laid out, and cells looked at, since the last `takeMade`. */
  #made = 0;

  /** About how many rows it holds; those after the cursor are not made yet. */
  get rowCount(): number {
    return this.#rows.length;
  }

  /** `show`: returns what the terminal shows for a character. */
  constructor(
    columns: number,
    show: ((text: string) => string) | undefined,
    widths: Widths = NARROW_WIDTHS,
  ) {
    this.#widths = widths;
    this.#columns = this.#wanted = Math.max(2, columns);
    this.#show = show;
  }

  /** Changes the width of the window. */
  resize(columns: number): void {
    this.#wanted = Math.max(2, columns);
  }

  /** How many UTF-16 units were laid out, and cells looked at, since the last call. */
  takeMade(): number {
    const made = this.#made;
    this.#made = 0;
    return made;
  }

  /** Updates the layout to the current line. */
  set(before: string, line: string, cursor: number): void {
    const old = this.#line;
    if (this.#split) this.#replace(this.#at, this.#at, this.#at, old);
    if (before !== this.#before || this.#wanted !== this.#columns) {
      const cells = this.#takeCells();
      this.#columns = this.#wanted;
      this.#begin(before, cells);
      if (this.#simple && !this.#canBeSimple) this.#makeCells();
    }
    if (line !== old) this.#change(old, line);
    this.#cursor = cursor;
    if (!this.#simple) this.#move(cursor);
  }

  #change(old: string, line: string): void {
    this.#line = line;
    const start = commonStart(old, line);
    const end = commonEnd(old, line, start);
    if (start + end === 0 && this.#canBeSimple) {
      this.#takeCells().length = 0;
      this.#simple = true;
    }
    if (!this.#simple) this.#replace(start, old.length - end, line.length - end, old);
    else if (!this.#isSimple(line.slice(start, line.length - end))) this.#makeCells();
  }

  /** Whether the line begins behind all of the text before it, and within the window. */
  get #canBeSimple(): boolean {
    return this.#under.length === 0 && this.#taken <= this.#columns;
  }

  /** Whether the terminal shows a text as it is, each character in one column. */
  #isSimple(text: string): boolean {
    return this.#widths.areOne(text) && (this.#show === undefined || this.#show(text) === text);
  }

  /** Splits the line into cells, because not each character takes one column. */
  #makeCells(): void {
    this.#simple = false;
    this.#insert(this.#line);
  }

  /**
   * The part that the window shows: the rows around the cursor.
   *
   * @param top The first row that was shown before.
   * @param height The number of rows of the window.
   */
  frame(top: number, height: number): Frame & { readonly top: number } {
    if (this.#simple) return simpleFrame(this.#simpleLine, top, height);
    const open = this.#rows.length - 1;
    const last = this.#last;
    const full = last.width >= this.#columns;
    const row = full ? open + 1 : open;
    let first = Math.max(Math.min(top, row), row - height + 1);
    const below = this.#below(full, first + height - open);
    // If the window has room left at the bottom, show more rows above.
    first = Math.max(0, Math.min(first, open + below.length - height));
    const rows: (readonly Cell[])[] = [];
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
    const shown = rows.map((cells) => ({ cells, text: "" }));
    return { rows: shown, row: row - first, column, top: first };
  }

  get #simpleLine(): SimpleLine {
    const [before, taken, columns] = [this.#fixed, this.#taken, this.#columns];
    return { before, taken, columns, line: this.#line, cursor: this.#cursor };
  }

  /**
   * The position in the line one row above (-1) or below (1) the cursor; `undefined` if there is
   * none.
   */
  climb(step: 1 | -1): number | undefined {
    if (this.#simple) return simpleClimb(this.#simpleLine, step);
    const open = this.#rows.length - 1;
    const full = this.#last.width >= this.#columns;
    const [row, column] = full ? [open + 1, 0] : [open, this.#last.width];
    return this.#nearest(row + step, column);
  }

  /**
   * The row of a line that fits one row, with the cells of `#under` that the line leaves visible.
   */
  #withUnder(cells: readonly Cell[]): readonly Cell[] {
    const { fixed } = this.#rows[this.#first] as Row;
    let column = 0;
    for (let at = fixed; at < cells.length; at++) column -= cells[at]?.width ?? 0;
    const whole = cells.slice();
    for (const cell of this.#under) {
      const end = column + cell.width;
      if (column >= 0) whole.push(cell);
      // A half-covered wide character becomes a blank.
      else for (let at = 0; at < end; at++) whole.push(BLANK);
      column = end;
    }
    return whole;
  }

  get #last(): Row {
    return this.#rows[this.#rows.length - 1] as Row;
  }

  /**
   * Starts the layout over, with the cursor at the start of the line. `cells`: the cells of the
   * line, the first one last.
   */
  #begin(before: string, cells: Cell[]): void {
    this.#before = before;
    this.#after = cells;
    this.#at = 0;
    const { rows, under } = drawRows(before, this.#columns, this.#show, this.#widths);
    this.#fixed = rows.map(({ cells }) => ({ cells, text: "" }));
    this.#rows = rows.map(({ cells, ended }) => ({
      ...newRow(cells, cells.length, 0, ended),
      shared: true,
    }));
    this.#under = under;
    this.#first = this.#rows.length - 1;
    this.#taken = this.#last.width;
  }

  /** Moves to the start of the line and returns its cells, the first one last. */
  #takeCells(): Cell[] {
    while (this.#at > 0) this.#after.push(this.#pop());
    return this.#after;
  }

  /**
   * Splits a changed part of the line into cells again, together with the text on both sides that
   * may join it.
   *
   * @param start Where it begins.
   * @param oldEnd Where it ended in the old line.
   * @param newEnd Where it ends in the new line.
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

  /** Inserts text after the cursor. */
  #insert(text: string): void {
    const cells = lineCells(text, this.#show, this.#widths);
    this.#made += text.length;
    for (let index = cells.length - 1; index >= 0; index--) this.#after.push(cells[index] as Cell);
  }

  #move(cursor: number): void {
    while (this.#at > cursor) this.#after.push(this.#pop());
    while (this.#at < cursor && this.#after.length > 0) this.#pushNext();
    if (this.#at === cursor) return;
    // The cursor is within a cluster: lay out its two parts as separate cells.
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

  /** Removes the last cell before the cursor and returns it. */
  #pop(): Cell {
    const row = this.#last;
    const cell = own(row).pop() ?? LINE_END;
    row.width -= cell.width;
    const empty = row.cells.length === 0 && (cell === LINE_END || !row.ended);
    if (empty && this.#rows.length > this.#first + 1) this.#rows.pop();
    this.#at -= cell.length;
    return cell;
  }

  /**
   * The row of the cursor and the rows below it, up to the wanted number or a few more. `full`: the
   * row of the cursor has no room for the cursor.
   */
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
      // Once one more row has begun, the wanted rows are complete.
      if (rows.length > wanted) break;
    }
    return rows;
  }

  /** The position in the line nearest to a column of a row, not after that column if possible. */
  #nearest(target: number, column: number): number | undefined {
    const { fixed, cells } = this.#rows[this.#first] as Row;
    let width = 0;
    for (let index = 0; index < fixed; index++) width += cells[index]?.width ?? 0;
    if (target < this.#first + (width >= this.#columns ? 1 : 0)) return undefined;
    const from = Math.min(Math.max(target - 1, this.#first), this.#rows.length - 1);
    let row = from;
    let at = this.#rows[from]?.start ?? 0;
    // If a row began because the row above was full, its first cell belongs to it, however wide it
    // is.
    let begun = from > this.#first && this.#rows[from]?.ended === false;
    if (from > this.#first) width = 0;
    let best: number | undefined;
    /** Considers the current position; returns whether better ones may follow. */
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
      this.#made++;
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

/** The cells of a row for writing: copies them first if a frame holds them. */
function own(row: Row): Cell[] {
  if (row.shared) row.cells = row.cells.slice();
  row.shared = false;
  return row.cells;
}

/**
 * How many UTF-16 units two texts have in common at their start. A binary search, because the
 * engine compares long slices fast.
 */
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

/** The same at their end, not counting the common start. */
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
