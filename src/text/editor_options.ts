import {
  checkBoolean,
  checkCount,
  checkFunction,
  rejectUnknownKeys,
  type Synonyms,
} from "../protocol/validate.ts";
import type { EditAction } from "./edit_actions.ts";
import { checkHistory, type HistoryStore } from "./history.ts";
import { checkKeyMap } from "./key_names.ts";
import { type AmbiguousWidth, checkAmbiguousWidth } from "./width.ts";

/** How to edit. Every field has a default. */
export interface LineEditorOptions {
  /** Columns of the window. Default 80. */
  readonly columns?: number | undefined;
  /** Rows of the window. Default 24. */
  readonly rows?: number | undefined;
  /** The history of typed lines. Default: the last 100. */
  readonly history?: HistoryStore | undefined;
  /** The maximum UTF-16 units of a line; more text is refused with a bell. Default 16384. */
  readonly limit?: number | undefined;
  /** Whether Enter begins another line, and Ctrl-D or Alt-Enter ends the text. Default `false`. */
  readonly multiline?: boolean | undefined;
  /** Whether Tab asks for completion candidates; see {@linkcode LineEditor.takeQuestion}. */
  readonly completes?: boolean | undefined;
  /**
   * Whether Tab inserts the candidates one after the other, instead of listing them. Default
   * `false`.
   */
  readonly cycles?: boolean | undefined;
  /**
   * Returns what the terminal shows for a text, if its character set lacks some characters; widths
   * are computed from that. Default: the text itself.
   */
  readonly show?: ((text: string) => string) | undefined;
  /** Columns of ambiguous characters of East Asia, such as `“`, `…` and `■`. Default 1. */
  readonly ambiguousWidth?: AmbiguousWidth | undefined;
  /** Key bindings that replace the default ones, by key name: `{ "ctrl+x": "kill-line" }`. */
  readonly keys?: Readonly<Record<string, EditAction>> | undefined;
}

/** What other libraries call these options. */
export const EDITOR_SYNONYMS: Synonyms = {
  completer: "complete",
  completion: "complete",
  completions: "complete",
  autocomplete: "complete",
  historySize: "give `history: new History({ limit })`",
  maxLength: "limit",
  multiLine: "multiline",
  bindings: "keys",
  keymap: "keys",
  prompt: "set it by prompt()",
  mask: "call passwordModeOn()",
  password: "call passwordModeOn()",
};

const OPTION_NAMES: Readonly<Record<keyof LineEditorOptions, true>> = {
  columns: true,
  rows: true,
  history: true,
  limit: true,
  multiline: true,
  completes: true,
  cycles: true,
  show: true,
  ambiguousWidth: true,
  keys: true,
};

/** Checks the options of a `LineEditor`. */
export function checkEditorOptions(options: LineEditorOptions): void {
  rejectUnknownKeys("LineEditor", options, OPTION_NAMES, EDITOR_SYNONYMS);
  const { columns, rows, limit } = options;
  for (const [name, value] of Object.entries({ columns, rows, limit })) {
    if (value !== undefined) checkCount(name, value);
  }
  checkEditing("LineEditor", options);
}

/** Checks the options that a `LineEditor` has in common with other editors. */
export function checkEditing(
  what: string,
  { history, multiline, completes, cycles, show, keys, ambiguousWidth }: LineEditorOptions,
): void {
  for (const [name, value] of Object.entries({ multiline, completes, cycles })) {
    if (value !== undefined) checkBoolean(`${what}.${name}`, value);
  }
  if (history !== undefined) checkHistory(`${what}.history`, history);
  if (show !== undefined) checkFunction(`${what}.show`, show);
  checkAmbiguousWidth(`${what}.ambiguousWidth`, ambiguousWidth);
  if (keys !== undefined) checkKeyMap(`${what}.keys`, keys);
}
