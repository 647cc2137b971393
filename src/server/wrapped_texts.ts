import { colorize } from "../text/caret.ts";
import type { ColourDepth } from "../text/colour.ts";
import type { AmbiguousWidth } from "../text/width.ts";
import { checkWrapOptions, wordWrap, type WrapOptions } from "../text/wrap.ts";
import { checkText } from "../protocol/validate.ts";

/** The narrowest wrapping width: narrower windows would make long texts too costly. */
const MIN_COLUMNS = 20;
/** The most texts in each cache, and the longest text to cache. */
const MAX_TEXTS = 64;
const MAX_LENGTH = 8_192;
/** The most wrappings to cache for each text. */
const MAX_WAYS = 16;

/** Wrapped texts, by text and wrapping: a text for a whole room is wrapped once for each width. */
const wrappedTexts: Map<string, Map<string, string>> = new Map();

/** The properties of a window that wrapping depends on. */
export interface WrapWindow {
  readonly columns: number;
  readonly ambiguousWidth: AmbiguousWidth;
  /** Returns a text as the client displays it, in its character set. */
  shown(text: string): string;
}

/** What is between characters that let a line break or hold words together. */
const SHOWN = /[^\u00a0\u00ad\u2007\u200b\u202f\u2060\ufeff]+/g;

/** Wraps a text to a window; each line gets a line end. */
export function wrapFor(window: WrapWindow, given: string, options: WrapOptions = {}): string {
  checkText("text", given);
  checkWrapOptions(options);
  // The words have the widths of what the client shows for them.
  const text = given.replaceAll(SHOWN, (part) => window.shown(part));
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

/** Shorter texts are not cached: colouring them is faster than a lookup. */
const WORTH = 64;

/** Coloured texts, by the number of colours. */
const colouredTexts: Map<ColourDepth, Map<string, string>> = new Map();

/** Turns caret codes into colours, with a cache for longer texts. */
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
