import { colorize } from "../text/caret.ts";
import type { ColourDepth } from "../text/colour.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { checkWrapOptions, wordWrap, type WrapOptions } from "../text/wrap.ts";
import { checkText } from "../protocol/validate.ts";

/** Text is wrapped to no fewer columns: in a window of one, a page of text would cost all the others. */
const MIN_COLUMNS = 20;
/** So many texts are remembered, if they are not longer than this. */
const MAX_TEXTS = 64;
const MAX_LENGTH = 8_192;
/** In how many ways each. */
const MAX_WAYS = 16;

/** Texts that were wrapped lately, by how: what all in a room are sent is wrapped once for each width. */
const wrappedTexts: Map<string, Map<string, string>> = new Map();

/** What a terminal needs to know for wrapping. */
export interface WrapWindow {
  readonly columns: number;
  readonly ambiguousWidth: AmbiguousWidth;
}

/** Wraps a text to a window, each line ended. */
export function wrapFor(window: WrapWindow, text: string, options: WrapOptions): string {
  checkText("text", text);
  checkWrapOptions(options);
  const how = {
    columns: Math.max(MIN_COLUMNS, window.columns),
    ambiguousWidth: window.ambiguousWidth,
    ...options,
  };
  const { columns, ambiguousWidth, indent, padding, keepLines } = how;
  const way = `${columns} ${ambiguousWidth} ${indent} ${padding} ${keepLines}`;
  const known = wrappedTexts.get(text);
  const again = known?.get(way);
  if (again !== undefined) return again;
  const lines = wordWrap(text, how);
  const wrapped = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  if (text.length <= MAX_LENGTH) remember(text, known, way, wrapped);
  return wrapped;
}

function remember(
  text: string,
  known: Map<string, string> | undefined,
  way: string,
  wrapped: string,
): void {
  if (known !== undefined && known.size < MAX_WAYS) {
    known.set(way, wrapped);
    return;
  }
  if (wrappedTexts.size >= MAX_TEXTS) wrappedTexts.clear();
  wrappedTexts.set(text, new Map([[way, wrapped]]));
}

/** Shorter texts are coloured faster than they are found. */
const WORTH = 64;

/** Texts that were coloured lately, by how many colours there are. */
const colouredTexts: Map<ColourDepth, Map<string, string>> = new Map();

/** Turns caret codes into colours; long texts that come again are remembered. */
export function colouredFor(text: string, depth: ColourDepth): string {
  if (text.length < WORTH || text.length > MAX_LENGTH) return colorize(text, depth);
  let known = colouredTexts.get(depth);
  if (known === undefined) colouredTexts.set(depth, known = new Map());
  const again = known.get(text);
  if (again !== undefined) return again;
  const coloured = colorize(text, depth);
  if (known.size >= MAX_TEXTS) known.clear();
  known.set(text, coloured);
  return coloured;
}
