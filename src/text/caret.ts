import { checkText } from "../protocol/validate.ts";
import { caretCodeLength } from "./caret_codes.ts";
import { type ColourDepth, colourSequence } from "./colour.ts";
import { stripControls } from "./controls.ts";

const COLOURS = "krgybmcw";

/** The codes that turn bold off. */
const BOLD_OFF = COLOURS + ".~";
/** The codes after which no bright `^#rrggbb` is in force, or bold is not only its own. */
const ENDS_BRIGHT: string = BOLD_OFF + COLOURS.toUpperCase() + "d!";

const SEQUENCES: ReadonlyMap<string, string> = new Map([
  ...Array.from(COLOURS, (code, index) => [code, `\x1b[22;3${index}m`] as const),
  ...Array.from(COLOURS.toUpperCase(), (code, index) => [code, `\x1b[1;3${index}m`] as const),
  ...Array.from("01234567", (code) => [code, `\x1b[4${code}m`] as const),
  ["d", "\x1b[39;49m"],
  ["!", "\x1b[1m"],
  [".", "\x1b[22m"],
  ["U", "\x1b[4m"],
  ["u", "\x1b[24m"],
  ["I", "\x1b[7m"],
  ["i", "\x1b[27m"],
  ["~", "\x1b[0m"],
  ["s", "\x1b[2J"],
  ["l", "\x1b[2K"],
  ["^", "^"],
]);

/**
 * Replaces caret codes with ANSI sequences, or removes them. A caret before any other character
 * stays as it is. The codes are those of Miniboa, plus a few more:
 *
 * | code | meaning | code | meaning |
 * |---|---|---|---|
 * | `^k ^r ^g ^y ^b ^m ^c ^w` | black red green yellow blue magenta cyan white | `^K` … `^W` | the same, bright |
 * | `^0` … `^7` | background, in the same order | `^d` | default colours |
 * | `^!` `^.` | bold on, off | `^U` `^u` | underline on, off |
 * | `^I` `^i` | inverse on, off | `^~` | reset all |
 * | `^s` | clear the screen | `^l` | clear the line |
 * | `^#rrggbb` | foreground, any colour | `^%rrggbb` | background, any colour |
 * | `^^` | a caret | | |
 *
 * @param text Text with caret codes.
 * @param ansi `false` or 0 removes the codes, as {@linkcode stripCaretCodes} does. A number says
 * how many colours the terminal shows; all colours are reduced to these. Default `true`: 16.
 * @returns Text for a terminal.
 *
 * @example
 * ```ts
 * import { colorize } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(colorize("^RFire^~ and 2^^8"), "\x1b[1;31mFire\x1b[0m and 2^8");
 * assertEquals(colorize("^RFire^~ and 2^^8", false), "Fire and 2^8");
 * ```
 */
export function colorize(text: string, ansi: boolean | ColourDepth = true): string {
  checkText("text", text);
  if (!ansi) return stripCaretCodes(text);
  const depth = ansi === true ? 16 : ansi;
  if (text.includes("^#")) {
    const codes = new ColourCodes(depth);
    return replaceCodes(text, (code) => codes.sequence(code));
  }
  return replaceCodes(text, (code) => SEQUENCES.get(code) ?? colourSequence(code, depth));
}

/**
 * The sequences of a text with `^#rrggbb`. Bold shows bright colours: those of upper-case letters,
 * and with 16 colours some `^#rrggbb`. It must end with the colour, unless `^!` has asked for it in
 * the same text.
 */
class ColourCodes {
  readonly #depth: ColourDepth;
  /** Whether `^!` has turned bold on. */
  #bold = false;
  /** Whether the current colour is a bright `^#rrggbb`. */
  #bright = false;

  constructor(depth: ColourDepth) {
    this.#depth = depth;
  }

  sequence(code: string): string {
    const sequence = SEQUENCES.get(code) ?? colourSequence(code, this.#depth);
    if (code.startsWith("#")) return this.#colour(sequence);
    const endsBright = code === "d" && this.#bright && !this.#bold;
    if (code === "!") this.#bold = true;
    else if (BOLD_OFF.includes(code)) this.#bold = false;
    if (ENDS_BRIGHT.includes(code)) this.#bright = false;
    return endsBright ? "\x1b[22;39;49m" : sequence;
  }

  #colour(sequence: string): string {
    this.#bright = sequence.startsWith("\x1b[1;");
    if (this.#depth === 16) return this.#bold ? sequence.replace("\x1b[22;", "\x1b[") : sequence;
    // A bright letter may have turned bold on in an earlier text.
    return this.#bold ? sequence : sequence.replace("\x1b[", "\x1b[22;");
  }
}

/** Replaces each caret code; `replacement` gets the code without its caret. */
function replaceCodes(text: string, replacement: (code: string) => string): string {
  let replaced = "";
  let from = 0;
  for (let at = text.indexOf("^"); at !== -1;) {
    const end = at + caretCodeLength(text, at);
    if (end > at) {
      replaced += text.slice(from, at) + replacement(text.slice(at + 1, end));
      from = end;
    }
    at = text.indexOf("^", Math.max(end, at + 1));
  }
  return from === 0 ? text : replaced + text.slice(from);
}

/**
 * Removes caret codes; `^^` becomes a caret.
 *
 * @param text Text with caret codes.
 * @returns The text without them.
 *
 * @example
 * ```ts
 * import { stripCaretCodes } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stripCaretCodes("^gokay^d, ^^g is green"), "okay, ^g is green");
 * ```
 */
export function stripCaretCodes(text: string): string {
  checkText("text", text);
  return replaceCodes(text, (code) => code === "^" ? "^" : "");
}

/**
 * Doubles the carets of a text, so that a person's input shows as typed. Also removes escape
 * sequences and control characters except TAB and LF, see `stripControls`.
 *
 * @param text Text from outside.
 * @returns Text for {@linkcode colorize} and other functions that read caret codes.
 *
 * @example
 * ```ts
 * import { colorize, escapeCaretCodes } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(colorize(escapeCaretCodes("^R^_^")), "^R^_^");
 * ```
 */
export function escapeCaretCodes(text: string): string {
  return stripControls(text, { newlines: true }).replaceAll("^", "^^");
}
