/** Words are letters, digits and marks, in any script. */
const WORD_BEHIND = /[^\p{L}\p{N}\p{M}_]*[\p{L}\p{N}\p{M}_]*/uy;
const WORD_BEFORE = /[\p{L}\p{N}\p{M}_]*[^\p{L}\p{N}\p{M}_]*$/u;

/** Where the word begins that is at a place, or before it. */
export function wordStart(line: string, at: number): number {
  return WORD_BEFORE.exec(line.slice(0, at))?.index ?? 0;
}

/** Where the word ends that is at a place, or behind it. */
export function wordEnd(line: string, at: number): number {
  WORD_BEHIND.lastIndex = at;
  return at + (WORD_BEHIND.exec(line)?.[0].length ?? 0);
}

/** Where the word begins, of anything but white space, that is at a place or before it. */
export function bigWordStart(line: string, at: number): number {
  return /\S*\s*$/.exec(line.slice(0, at))?.index ?? 0;
}
