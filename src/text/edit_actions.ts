/** The editing actions that can be bound to keys. */
export type EditAction =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "line-start"
  | "line-end"
  | "delete"
  | "delete-back"
  | "end-or-delete"
  | "kill-line"
  | "kill-back"
  | "kill-word"
  | "kill-word-back"
  | "kill-big-word-back"
  | "yank"
  | "undo"
  | "transpose"
  | "transpose-words"
  | "upper-case"
  | "lower-case"
  | "capitalize"
  | "history-back"
  | "history-forward"
  | "history-first"
  | "history-last"
  | "last-argument"
  | "up"
  | "down"
  | "enter"
  | "accept"
  | "cancel"
  | "abort"
  | "search"
  | "search-forward"
  | "complete"
  | "redraw";

/** All actions. */
export const EDIT_ACTIONS: readonly EditAction[] = [
  "left",
  "right",
  "word-left",
  "word-right",
  "line-start",
  "line-end",
  "delete",
  "delete-back",
  "end-or-delete",
  "kill-line",
  "kill-back",
  "kill-word",
  "kill-word-back",
  "kill-big-word-back",
  "yank",
  "undo",
  "transpose",
  "transpose-words",
  "upper-case",
  "lower-case",
  "capitalize",
  "history-back",
  "history-forward",
  "history-first",
  "history-last",
  "last-argument",
  "up",
  "down",
  "enter",
  "accept",
  "cancel",
  "abort",
  "search",
  "search-forward",
  "complete",
  "redraw",
];

/** The default key bindings: those of Emacs, and the keys that every keyboard has. */
export const EMACS_KEYS: readonly (readonly [string, EditAction])[] = [
  ["ctrl+a", "line-start"],
  ["ctrl+b", "left"],
  ["ctrl+c", "cancel"],
  ["ctrl+d", "end-or-delete"],
  ["ctrl+e", "line-end"],
  ["ctrl+f", "right"],
  ["ctrl+g", "abort"],
  ["ctrl+k", "kill-line"],
  ["ctrl+l", "redraw"],
  ["ctrl+n", "history-forward"],
  ["ctrl+p", "history-back"],
  ["ctrl+r", "search"],
  ["ctrl+s", "search-forward"],
  ["ctrl+t", "transpose"],
  ["ctrl+u", "kill-back"],
  ["ctrl+w", "kill-big-word-back"],
  ["ctrl+y", "yank"],
  ["ctrl+_", "undo"],
  ["alt+b", "word-left"],
  ["alt+f", "word-right"],
  ["alt+d", "kill-word"],
  ["alt+backspace", "kill-word-back"],
  ["alt+enter", "accept"],
  ["alt+.", "last-argument"],
  ["alt+_", "last-argument"],
  ["alt+<", "history-first"],
  ["alt+>", "history-last"],
  ["alt+t", "transpose-words"],
  ["alt+u", "upper-case"],
  ["alt+l", "lower-case"],
  ["alt+c", "capitalize"],
  ["backspace", "delete-back"],
  ["delete", "delete"],
  ["left", "left"],
  ["right", "right"],
  ["ctrl+left", "word-left"],
  ["ctrl+right", "word-right"],
  ["alt+left", "word-left"],
  ["alt+right", "word-right"],
  ["up", "up"],
  ["down", "down"],
  ["home", "line-start"],
  ["end", "line-end"],
  ["enter", "enter"],
  ["tab", "complete"],
  ["escape", "abort"],
];
