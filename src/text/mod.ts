/**
 * Text for terminals: caret codes, width and wrapping, line ends, character encodings, line
 * editing. Pure functions and small classes without I/O.
 *
 * @example
 * ```ts
 * import { colorize, wordWrap } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = wordWrap("^Ggreen^~ grass", { columns: 9, indent: 0, padding: 0 });
 * assertEquals(lines.map((line) => colorize(line)), ["\x1b[1;32mgreen\x1b[0m", "grass"]);
 * ```
 *
 * @module
 */

export { colorize, escapeCaretCodes, stripCaretCodes } from "./caret.ts";
export { stripControls } from "./controls.ts";
export {
  PlainRows,
  type PlainRowsSnapshot,
  RawRows,
  type RawRowsSnapshot,
  type Rows,
  type RowsSnapshot,
} from "./plain_rows.ts";
export {
  checkEncoding,
  createTextDecoder,
  encodeText,
  type Encoding,
  encodingByName,
  type EncodingLabel,
  encodingOfLocale,
  ENCODINGS,
} from "./charset.ts";
export type { TextCodec, TextStreamDecoder } from "./codec.ts";
export type { ColourDepth } from "./colour.ts";
export type { CompletionCycle, CompletionQuestion } from "./completion.ts";
export type { LineChange } from "./edit_buffer.ts";
export { type EditAction, EMACS_KEYS } from "./edit_actions.ts";
export type { LineEditorOptions } from "./editor_options.ts";
export { History, type HistoryStore } from "./history.ts";
export { type Key, keyName } from "./key.ts";
export { KeyDecoder, type KeyDecoderOptions, type KeyDecoderSnapshot } from "./keys.ts";
export type { HistorySearch } from "./history_searcher.ts";
export type { EditedLine, InsertedArgument } from "./history_steps.ts";
export { type EditResult, LineEditor, type LineEditorSnapshot } from "./line_editor.ts";
export {
  type EchoMode,
  LineInput,
  type LineInputOptions,
  type LineInputSnapshot,
  type LinePlace,
  type LineSink,
} from "./line_input.ts";
export { NewlineEncoder } from "./newline.ts";
export { transliterate } from "./transliterate.ts";
export {
  type AmbiguousWidth,
  clusterWidth,
  graphemes,
  stripAnsi,
  textWidth,
  type WidthOptions,
} from "./width.ts";
export { wordWrap, type WrapOptions } from "./wrap.ts";
