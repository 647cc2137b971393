import { withoutWrap } from "./screen.ts";
import { ITEM_SIZE } from "./sizes.ts";
import {
  type AmbiguousWidth,
  graphemes,
  isUncertain,
  lastCluster,
  mayJoin,
  type Widths,
  widthsFor,
} from "./width.ts";

const TAB_STOP = 8;
/** Moves the cursor to the next row: after the last column, terminals disagree on where it is. */
const ROW_END = " \r";
/** How much of a run can join the character before it, in UTF-16 units. */
const MAX_JOINED = 2;

/** Where on the screen a line is typed. */
export interface LinePlace {
  /** The columns of the window. */
  readonly columns: number;
  /** Whether the client reported the columns. If not, they are a guess, and the echo never forces a new row. */
  readonly known: boolean;
  /** The column in which the line begins, after a prompt. */
  readonly column: number;
  /** Columns of ambiguous characters of East Asia. Default 1. */
  readonly ambiguousWidth?: AmbiguousWidth;
}

/**
 * Tracks where each character of an echoed line stands, so that it can be erased, including a TAB
 * or a character in the row above. A place is the number of columns from the start of the first
 * row.
 *
 * If the columns are infinite, the line is one row.
 */
export class TypedRow {
  readonly #columns: number;
  readonly #known: boolean;
  readonly #widths: Widths;
  readonly #start: number;
  #place: number;
  /** TABs, and characters that moved to the next row: the length of the line before each, and its place. */
  readonly #breaks: { readonly length: number; readonly place: number }[] = [];

  /** The last UTF-16 unit of the line. */
  #last = "";
  /** Whether the cursor is on a full row, until the next character comes. */
  #pending = false;
  /** Whether the cursor was moved from a full row to the start of the next one. */
  onFreshRow = false;

  /** Starts with an empty line at the given place. */
  constructor({ columns, known, column, ambiguousWidth }: LinePlace) {
    this.#widths = widthsFor(ambiguousWidth);
    this.#columns = columns;
    this.#known = known;
    this.#start = this.#place = columns === Infinity ? column : column % columns;
  }

  /** About how many bytes of memory it takes. */
  get held(): number {
    return this.#breaks.length * ITEM_SIZE;
  }

  /** Output that adds a run to the line `before`. */
  grow(before: string, run: string): string {
    const touching = this.#last + run.charAt(0);
    if (run !== "") this.#last = run.charAt(run.length - 1);
    const last = touching.length === 2 && mayJoin(touching, 1) ? lastCluster(before) : "";
    const [joined = ""] = last === "" ? [] : graphemes(last + run.slice(0, MAX_JOINED));
    if (joined === last) return this.#draw(before.length, run);
    // The run joins the last character, which is drawn again.
    const length = before.length - last.length;
    return this.#goBack(length, last) + this.#draw(length, last + run);
  }

  /** Output that shortens the line `before`. */
  shrink(before: string, after: string): string {
    this.#last = after.slice(-1);
    if (after === "") {
      const place = this.#place;
      this.#place = this.#start;
      this.#breaks.length = 0;
      return this.#erase(place, false);
    }
    const last = lastCluster(before);
    const length = before.length - last.length;
    return this.#goBack(length, last) + this.#draw(length, after.slice(length));
  }

  /** Erases the last cluster; `length` is the length of the line without it. */
  #goBack(length: number, last: string): string {
    const place = this.#place;
    const known = this.#breaks.at(-1);
    if (known !== undefined && known.length >= length) {
      this.#breaks.pop();
      this.#place = known.place;
    } else this.#place -= this.#widths.ofCluster(last);
    return this.#erase(place, isUncertain(last));
  }

  /** Returns the output that erases the columns from the current place up to `from`. */
  #erase(from: number, uncertain: boolean): string {
    const place = this.#place;
    if (from <= place) return "";
    const wrapped = this.#columns !== Infinity;
    const pending = this.#pending;
    this.#pending = this.onFreshRow = false;
    const rows = wrapped ? this.#rowOf(from) - this.#rowOf(place) - (pending ? 1 : 0) : 0;
    if (rows === 0 && !(wrapped && (uncertain || pending))) return "\b \b".repeat(from - place);
    return `${rows > 0 ? `\x1b[${rows}A` : ""}${this.#toColumn()}\x1b[J`;
  }

  #draw(before: number, run: string): string {
    const columns = this.#columns;
    let echo = "";
    let length = before;
    for (const cluster of graphemes(run)) {
      let column = columns === Infinity ? this.#place : this.#place % columns;
      let width = this.#widths.ofCluster(cluster);
      let shown = cluster;
      if (cluster === "\t") {
        this.#breaks.push({ length, place: this.#place });
        width = Math.min(TAB_STOP - column % TAB_STOP, columns - column);
        shown = " ".repeat(width);
      } else if (width > 1 && column + width > columns) {
        this.#breaks.push({ length, place: this.#place });
        echo += " ".repeat(columns - column) + (this.#known ? ROW_END : "");
        this.#place += columns - column;
        column = 0;
      }
      const uncertain = columns !== Infinity && isUncertain(cluster);
      echo += uncertain ? withoutWrap(shown, columns - column - width) : shown;
      this.#place += width;
      length += cluster.length;
      if (columns === Infinity || width === 0) continue;
      const full = this.#place % columns === 0;
      this.#pending = full && !this.#known && !uncertain;
      this.onFreshRow = full && !this.#pending;
      if (uncertain) echo += full ? "\r\n" : `${this.#toColumn()}\x1b[K`;
      else if (full && this.#known) echo += ROW_END;
    }
    return echo;
  }

  #toColumn(): string {
    const column = this.#place % this.#columns;
    return column === 0 ? "\r" : `\r\x1b[${column}C`;
  }

  #rowOf(place: number): number {
    return Math.floor(place / this.#columns);
  }
}
