/**
 * Engines store a concatenated text as its pieces, and a substring as a reference to the whole
 * text, which stays in memory. Text that is kept for long must not hold more than itself.
 */

/** The result of the last read, kept so that the engine cannot optimize the read away. */
let looked = 0;

/** The same text, after making the engine join its pieces: it does so when a character is read. */
export function joined(text: string): string {
  looked = text.charCodeAt(0) || looked;
  return text;
}

/** A copy of the text that shares no memory with another: joining copies it. */
export function copied(text: string): string {
  return joined(` ${text}`).slice(1);
}
