import { type Frame, type FrameRow, NO_CELLS } from "./screen.ts";

/** A line whose characters each take one column, behind the text before it, in a window. */
export interface SimpleLine {
  /** The rows of the text before the line; the line begins in the last one. */
  readonly before: readonly FrameRow[];
  /** The columns that the last of these rows takes. */
  readonly taken: number;
  /** The columns of the window. */
  readonly columns: number;
  readonly line: string;
  /** The position of the cursor in the line. */
  readonly cursor: number;
}

/**
 * The part of a simple line that the window shows: the rows around the cursor. They are cut out of
 * the line by arithmetic.
 *
 * @param simple The line.
 * @param top The first row that was shown before.
 * @param height The number of rows of the window.
 */
export function simpleFrame(
  { before, taken, columns, line, cursor }: SimpleLine,
  top: number,
  height: number,
): Frame & { readonly top: number } {
  const first = before.length - 1;
  const place = taken + cursor;
  const row = first + Math.floor(place / columns);
  // After a full row the cursor is on the next one, even if nothing else is there.
  const below = Math.max(first + Math.ceil((taken + line.length) / columns), row + 1);
  const start = Math.max(0, Math.min(top, row, below - height), row - height + 1);
  const rows: FrameRow[] = [];
  for (let index = start; index < Math.min(below, start + height); index++) {
    const from = (index - first) * columns - taken;
    const cut = index < first ? "" : line.slice(Math.max(0, from), from + columns);
    const cells = before[index]?.cells ?? NO_CELLS;
    rows.push(cut === "" && index <= first ? before[index] as FrameRow : { cells, text: cut });
  }
  return { rows, row: row - start, column: place % columns, top: start };
}

/**
 * The position in a simple line one row above (-1) or below (1) the cursor; `undefined` if there is
 * none.
 */
export function simpleClimb(
  { taken, columns, line, cursor }: SimpleLine,
  step: 1 | -1,
): number | undefined {
  const place = taken + cursor;
  const row = Math.floor(place / columns) + step;
  if (row < Math.floor(taken / columns)) return undefined;
  const start = Math.max(0, row * columns - taken);
  if (row > 0 && start >= line.length) return undefined;
  return Math.min(line.length, Math.max(start, row * columns + place % columns - taken));
}
