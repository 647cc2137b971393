import { copied } from "../protocol/pieces.ts";
import { withCr } from "../protocol/line_ends.ts";
import { unfinishedSequence } from "./escape_sequences.ts";
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
import type { Screen } from "./screen.ts";
import type { Widths } from "./width.ts";

/** An unfinished row with twice as many UTF-16 units is drawn to leave out what was overwritten. */
const MAX_ROW = 2_048;
/** The longest text that is held back, in UTF-16 units. */
const MAX_OPEN = 16_384;
/** The most columns that a UTF-16 unit takes, and those that replace it in other character sets. */
const WIDEST = 2;
const WIDEST_SHOWN = 4;

/**
 * Text that is printed above the line that is edited. The row in which it ends is not printed yet:
 * it shows before the prompt. An unfinished end, such as half a sequence, is held back.
 */
export class PrintedText {
  readonly #screen: Screen;
  readonly #show: ((text: string) => string) | undefined;
  readonly #widths: Widths;
  #columns: number;
  #rows: number;
  /** The text of the unfinished row. */
  #row = "";
  /** The end of the text that is held back. */
  #open = "";
  /** Whether it was already held back at the end of a turn. */
  #waited = false;

  /** Prints on a screen of some columns and rows. */
  constructor(
    screen: Screen,
    columns: number,
    rows: number,
    show: ((text: string) => string) | undefined,
    widths: Widths,
  ) {
    this.#screen = screen;
    this.#columns = columns;
    this.#rows = rows;
    this.#show = show;
    this.#widths = widths;
  }

  /** The text of the unfinished row, without what is held back. */
  get shown(): string {
    return this.#row;
  }

  /** The text of the unfinished row. */
  get row(): string {
    return this.#row + this.#open;
  }

  /** Changes the size of the window. */
  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Starts at the start of an empty row. */
  clear(): void {
    this.#row = "";
  }

  /** Takes over the unfinished row of another editor. */
  adopt(other: PrintedText): void {
    this.#row = other.#row;
    this.#open = other.#open;
  }

  /** Restores what {@linkcode row} was. */
  restore(row: string): void {
    const end = openPart(row);
    this.#row = row.slice(0, end);
    this.#open = row.slice(end);
  }

  /**
   * Takes over a row of the screen that has a text, a prompt and typed text; the cursor is after
   * them. Returns the output that goes back to the start of the row, and the prompt.
   */
  takeOver(text: string, prompt: string, typed: string): { out: string; prompt: string } {
    const { at, column } = rowStart(text + prompt, false);
    const row = at === 0 ? text : this.#indentTo(column) + text.slice(at);
    const shownPrompt = prompt.slice(Math.max(0, at - text.length));
    const whole = row + shownPrompt + typed;
    const above = this.#canvas(whole).rows.length - 1;
    this.#row = withoutEffects(row);
    const out = above > 0 ? `\x1b[${above}A\r\x1b[J` : whole === "" ? "" : "\r";
    return { out, prompt: withoutEffects(shownPrompt) };
  }

  /** Adds text, and returns the output for it; `undefined` if all of it is held back. */
  add(text: string): string | undefined {
    this.#open += text;
    this.#waited = false;
    const end = openPart(this.#open);
    const long = this.#open.length - end > MAX_OPEN;
    return this.#printUpTo(long ? unfinishedSequence(this.#open) : end);
  }

  /**
   * Prints text that was held back in this turn. An unfinished sequence stays held back. Text that is
   * drawn elsewhere is held for one more turn, because the end of it may come with the next packet.
   *
   * @param last Whether no text follows.
   */
  release(last: boolean = false): string | undefined {
    if (last) this.#waited = true;
    if (this.#open === "") return undefined;
    const waits = !this.#waited && mayGoBack(this.#open);
    this.#waited = waits;
    if (waits) return undefined;
    const out = this.#printUpTo(unfinishedSequence(this.#open));
    if (this.#open.length > MAX_ROW) this.#open = "";
    return out;
  }

  /** Returns the output for the one-time effects of a text: the bell, a title, a cleared screen. */
  effects(text: string): string {
    const { effects, clears } = effectsOf(text);
    return clears ? this.#screen.clear() + withCr(effects) : withCr(effects);
  }

  /** Prints the start of the text that is held back. */
  #printUpTo(end: number): string | undefined {
    const text = this.#open.slice(0, end);
    // A slice would keep all of a long text in memory.
    const long = this.#open.length > MAX_ROW;
    this.#open = long ? copied(this.#open.slice(end)) : this.#open.slice(end);
    if (text === "") return undefined;
    const { at, column } = rowStart(text, true);
    const rest = text.slice(at);
    let before = this.#row;
    let out = "";
    if (at > 0) {
      const printed = this.#printLines(this.#row + text.slice(0, at));
      out = column > 0 ? printed.out + "\r" : printed.out; // the row is drawn from its start
      before = printed.style + this.#indentTo(column);
    }
    out += this.effects(rest);
    const shortened = this.#shorten(before + withoutEffects(rest));
    this.#row = long ? copied(shortened.row) : shortened.row;
    return out + shortened.out;
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
  #shorten(row: string): { row: string; out: string } {
    const room = Math.max(1, this.#rows - 2);
    const most = row.length * (this.#show === undefined ? WIDEST : WIDEST_SHOWN);
    if (most <= room * this.#columns && row.length <= 2 * MAX_ROW) return { row, out: "" };
    const canvas = this.#canvas(row);
    const { rows } = canvas;
    if (rows.length > room) {
      const start = rows[rows.length - Math.ceil(room / 2)]?.start ?? 0;
      const { out, style } = this.#printLines(`${row.slice(0, start)}\n`);
      return { row: style + row.slice(start), out };
    }
    return { row: row.length <= 2 * MAX_ROW ? row : textOf(canvas, styleAfter(row)), out: "" };
  }

  /** Prints whole lines above the line; `style` is the one in which the text after them begins. */
  #printLines(lines: string): { out: string; style: string } {
    if (lines === "") return { out: "", style: "" };
    const style = styleAfter(lines);
    return { out: this.#screen.clear() + withCr(lines) + endOfStyle(style), style };
  }
}
