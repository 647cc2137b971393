/**
 * Engines keep a text that was put together as its pieces, and one that was cut out as a part of the
 * whole, which it keeps alive. What is kept for long must not hold more than itself.
 */

/** What was looked at last: engines leave out a look of which nothing comes. */
let looked = 0;

/** The same text, whose pieces the engine has joined, as it does when somebody looks at it. */
export function joined(text: string): string {
  looked = text.charCodeAt(0) || looked;
  return text;
}

/** The same text, which shares nothing with another: what is joined is copied. */
export function copied(text: string): string {
  return joined(` ${text}`).slice(1);
}
