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
import { LAID_OUT } from "./work.ts";

const TAB_STOP = 8;
/** Moves the cursor to the next row: after the last column, terminals disagree on where it is. */
const ROW_END = " \r";
/** How much of a run can join the character before it, in UTF-16 units. */
const MAX_JOINED = 2;
/** How much of the end of a line is looked at to find its last cluster, in UTF-16 units. */
const NEAR = 32;

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

  /** How many characters were looked at again, to find out what they join. */
  #looked = 0;

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

  /** Takes the work since the last call, in drawn bytes. */
  takeWork(): number {
    const work = this.#looked * LAID_OUT;
    this.#looked = 0;
    return work;
  }

  /** Output that adds a run to the line `before`. */
  grow(before: string, run: string): string {
    const touching = this.#last + run.charAt(0);
    if (run !== "") this.#last = run.charAt(run.length - 1);
    const joins = touching.length === 2 && mayJoin(touching, 1);
    if (joins) this.#looked += 2 * NEAR;
    const last = joins ? lastCluster(before) : "";
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
    if (mayJoin(before, before.length - 1)) this.#looked += 2 * NEAR; // as withoutLast() did
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
    this.#pending = false;
    this.onFreshRow = wrapped && this.#known && place > this.#start && place % this.#columns === 0;
    const rows = wrapped ? this.#rowOf(from) - this.#rowOf(place) - (pending ? 1 : 0) : 0;
    if (rows === 0 && !(wrapped && (uncertain || pending))) return "\b \b".repeat(from - place);
    return `${rows > 0 ? `\x1b[${rows}A` : ""}${this.#toColumn()}\x1b[J`;
  }

  #draw(before: number, run: string): string {
    let echo = "";
    for (let at = 0; at < run.length;) {
      const alike = this.#widths.alikeEnd(run, at);
      if (alike > at) {
        echo += this.#drawAlike(before + at, run.slice(at, alike));
        at = alike;
        continue;
      }
      const end = this.#clustersEnd(run, at);
      for (const cluster of graphemes(run.slice(at, end))) {
        echo += this.#drawCluster(before + at, cluster);
        at += cluster.length;
      }
    }
    return echo;
  }

  /** The end of the clusters before the next run that `#drawAlike` draws. */
  #clustersEnd(run: string, start: number): number {
    let end = start + 1;
    while (
      end < run.length && (mayJoin(run, end) || this.#widths.alikeEnd(run, end) === end)
    ) end++;
    return end;
  }

  /** Draws characters of which each takes the same number of columns, one or two. */
  #drawAlike(before: number, run: string): string {
    const columns = this.#columns;
    const width = this.#widths.ofCluster(run.charAt(0));
    if (columns === Infinity) {
      this.#place += run.length * width;
      return run;
    }
    let echo = "";
    for (let at = 0; at < run.length;) {
      echo += this.#makeRoom(before + at, width);
      const fits = Math.floor((columns - this.#place % columns) / width);
      const end = at + Math.max(1, fits);
      echo += run.slice(at, end);
      this.#place += width * (Math.min(end, run.length) - at);
      at = end;
      echo += this.#endCluster(false);
    }
    return echo;
  }

  #drawCluster(before: number, cluster: string): string {
    const columns = this.#columns;
    const tab = cluster === "\t";
    let width = this.#widths.ofCluster(cluster);
    if (tab) this.#breaks.push({ length: before, place: this.#place });
    const room = tab ? "" : this.#makeRoom(before, width);
    const column = columns === Infinity ? this.#place : this.#place % columns;
    if (tab) width = Math.min(TAB_STOP - column % TAB_STOP, columns - column);
    const shown = tab ? " ".repeat(width) : cluster;
    const uncertain = columns !== Infinity && isUncertain(cluster);
    this.#place += width;
    const drawn = uncertain ? withoutWrap(shown, columns - column - width) : shown;
    const end = columns === Infinity || width === 0 ? "" : this.#endCluster(uncertain);
    return room + drawn + end;
  }

  /** Moves to the next row if a character of two columns has no room in this one. */
  #makeRoom(before: number, width: number): string {
    const room = this.#columns === Infinity
      ? Infinity
      : this.#columns - this.#place % this.#columns;
    if (width < 2 || width <= room) return "";
    this.#breaks.push({ length: before, place: this.#place });
    this.#place += room;
    return " ".repeat(room) + (this.#known ? ROW_END : "");
  }

  /** Notes whether the row is full; returns output that places the cursor. */
  #endCluster(uncertain: boolean): string {
    const full = this.#place % this.#columns === 0;
    this.#pending = full && !this.#known && !uncertain;
    this.onFreshRow = full && !this.#pending;
    if (uncertain) return full ? "\r\n" : `${this.#toColumn()}\x1b[K`;
    return full && this.#known ? ROW_END : "";
  }

  #toColumn(): string {
    const column = this.#place % this.#columns;
    return column === 0 ? "\r" : `\r\x1b[${column}C`;
  }

  #rowOf(place: number): number {
    return Math.floor(place / this.#columns);
  }
}
