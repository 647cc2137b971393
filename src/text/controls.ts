import { checkText, rejectUnknownKeys } from "../protocol/validate.ts";

const NO_OPTIONS: { readonly newlines?: boolean } = {};
/**
 * Escape sequences (ECMA-48) and what is like them: control sequences, strings such as a title, which
 * end with their line at the latest, single shifts, and the rest of what begins with ESC.
 */
const SEQUENCE =
  /(?:\x1b\[|\x9b)[\x20-\x3f]*[\x40-\x7e]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\r\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[NO][^\r\n]?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g;
/** Control characters but TAB and LF. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
const ANY = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;

/**
 * Takes escape sequences and control characters out of a text that came from outside, so that it
 * cannot move another person's cursor, set their title or answer for their terminal. TAB stays.
 *
 * @param text Text from outside: what a person typed, or what their client told.
 * @param options `newlines`: whether line feeds stay. Default: they become spaces.
 * @returns The text without them.
 *
 * @example
 * ```ts
 * import { stripControls } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stripControls("a\x1b[2Jb\x1b]0;title\x07c\x08\x07"), "abc");
 * assertEquals(stripControls("two\r\nlines"), "two lines");
 * ```
 */
export function stripControls(
  text: string,
  options: { readonly newlines?: boolean } = NO_OPTIONS,
): string {
  checkText("text", text);
  if (options !== NO_OPTIONS) rejectUnknownKeys("stripControls", options, { newlines: true });
  if (!ANY.test(text)) return text;
  const plain = text.replaceAll(SEQUENCE, "").replaceAll(CONTROL, "");
  return options.newlines ? plain : plain.replaceAll("\n", " ");
}
