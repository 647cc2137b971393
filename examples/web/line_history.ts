/** The lines that the player has sent, for the arrow keys. */
const MAX_HISTORY = 200;

const history: string[] = [];
/** The selected line; the history's length means the new line. */
let place = 0;
let unsent = "";

/** Adds a line. */
export function remember(text: string): void {
  if (text !== "" && text !== history.at(-1)) history.push(text);
  if (history.length > MAX_HISTORY) history.shift();
  place = history.length;
  unsent = "";
}

/** Goes back (-1) or forward (1); `typed`: what stands in the line. Returns the selected line. */
export function recall(step: -1 | 1, typed: string): string {
  if (place === history.length) unsent = typed;
  place = Math.max(0, Math.min(history.length, place + step));
  return history[place] ?? unsent;
}
