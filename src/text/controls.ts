import { checkText, rejectUnknownKeys } from "../protocol/validate.ts";
import { withoutSequences } from "./escape_sequences.ts";
import { withoutInvisible } from "./invisible.ts";

const NO_OPTIONS: { readonly newlines?: boolean } = {};
/** Control characters but TAB and LF, and the separators of lines and paragraphs. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;
const ANY = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/;

/**
 * Takes out of a text that came from outside what could act on another person's terminal or deceive that person:
 *
 * - escape sequences and control characters, which move a cursor, set a title or answer for a terminal; TAB stays
 * - characters that do not show: controls of writing direction, zero-width spaces and the like, by which one name
 *   looks like another. Joiners and variation selectors stay where they belong: within emoji, and in the scripts
 *   that need them
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
 * assertEquals(stripControls("\u202eAd\u200bmin"), "Admin");
 * ```
 */
export function stripControls(
  text: string,
  options: { readonly newlines?: boolean } = NO_OPTIONS,
): string {
  checkText("text", text);
  if (options !== NO_OPTIONS) rejectUnknownKeys("stripControls", options, { newlines: true });
  const visible = withoutInvisible(
    ANY.test(text) ? withoutSequences(text).replaceAll(CONTROL, "") : text,
  );
  return options.newlines ? visible : visible.replaceAll("\n", " ");
}
