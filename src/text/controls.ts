import { checkText, rejectUnknownKeys } from "../protocol/validate.ts";
import { withoutSequences } from "./escape_sequences.ts";
import { withoutInvisible } from "./invisible.ts";

const NO_OPTIONS: { readonly newlines?: boolean } = {};
/** Control characters except TAB and LF, and the line and paragraph separators of Unicode. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;
const ANY = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/;

/**
 * Removes from untrusted text what could control another person's terminal or deceive that person:
 *
 * - escape sequences and control characters, which can move the cursor, set a title or make the
 *   terminal send a reply; TAB stays
 * - invisible characters, such as direction controls and zero-width spaces, which can make one name
 *   look like another. Joiners and variation selectors stay where they are needed: within emoji,
 *   and in some scripts
 *
 * @param text Untrusted text: typed by a person, or sent by their client.
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

const EVERY_CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/** The text without C0 and C1 controls, line ends included. */
export function withoutControls(text: string): string {
  return text.replaceAll(EVERY_CONTROL, "");
}
