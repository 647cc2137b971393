import { CARET, caretCodeLength } from "./caret_codes.ts";
import { beginsSequence, sequenceEnd } from "./escape_sequences.ts";

/**
 * Backgrounds and other attributes that colour empty cells. Terminals fill erased and scrolled cells with them, so
 * each line closes them, and the next line opens them again.
 */

/** An attribute that a code changes. */
type Attribute = typeof ATTRIBUTES[number];

/** All attributes, in the order in which they are opened again. */
const ATTRIBUTES = [
  "foreground",
  "background",
  "intensity",
  "faint",
  "italic",
  "underline",
  "underlineColour",
  "blink",
  "inverse",
  "hidden",
  "strike",
  "overline",
] as const;
/** The parameters of SGR that switch an attribute on and off, except colours and underlines. */
const SWITCHES: readonly (readonly [on: number, off: number, Attribute])[] = [
  [1, 22, "intensity"],
  [2, 22, "faint"],
  [3, 23, "italic"],
  [5, 25, "blink"],
  [6, 25, "blink"],
  [7, 27, "inverse"],
  [8, 28, "hidden"],
  [9, 29, "strike"],
  [53, 55, "overline"],
];
/** Longer sequences are ignored: they would be repeated in each line. */
const MAX_SEQUENCE = 64;
/** The attributes that also show in cells without text. */
const PAINTING: readonly Attribute[] = ["background", "underline", "inverse"];
/** A quick check: the text may contain a code for such an attribute. */
const MAYBE_PAINTS = /\^[%0-7IU]|[\x1b\x9b]/;
const SGR = /^(?:\x1b\[|\x9b)([\d;:]*)m$/;
const CODE = /[\^\x1b\x80-\x9f]/g;

/** Whether a text may colour empty cells. */
export function paints(text: string): boolean {
  return MAYBE_PAINTS.test(text);
}

/** Closes the colours of each line at its end and opens them again in the next. */
export function closeColours(lines: readonly string[]): string[] {
  const state = new ColourState();
  return lines.map((line) => {
    const opened = state.opening;
    state.follow(line);
    const margin = line.search(/[^ ]/);
    if (margin === -1 || !state.hasText) return line;
    // A lone caret at the end must not form a code with the closing one.
    const caret = state.closing !== "" && endsWithCaret(line) ? "^" : "";
    return line.slice(0, margin) + opened + line.slice(margin) + caret + state.closing;
  });
}

/** Whether a text ends with a caret that belongs to no code, and to no sequence. */
export function endsWithCaret(text: string): boolean {
  const last = text.length - 1;
  if (text.charCodeAt(last) !== CARET) return false;
  for (let at = 0; at <= last;) {
    CODE.lastIndex = at;
    at = CODE.test(text) ? CODE.lastIndex - 1 : text.length;
    if (at > last) return false;
    const length = beginsSequence(text.charCodeAt(at))
      ? sequenceEnd(text, at, "program") - at
      : caretCodeLength(text, at);
    if (length === 0 && at === last) return true;
    at += Math.max(1, length);
  }
  return false;
}

/** Tracks the codes in force, and whether a line has visible text. */
class ColourState {
  readonly #codes: Map<Attribute, string> = new Map();
  /** Whether the line has anything but codes. */
  hasText = false;

  get #painting(): boolean {
    return PAINTING.some((attribute) => this.#codes.has(attribute));
  }

  /** The codes that open again all attributes in force after `closing`. */
  get opening(): string {
    if (!this.#painting) return "";
    const codes = new Map(this.#codes);
    const front = codes.get("foreground") ?? "";
    // An upper-case letter is the bright colour of the lower-case letter.
    if (/^\^[a-z]$/.test(front) && codes.get("intensity") === "^!") {
      codes.set("foreground", front.toUpperCase());
      codes.delete("intensity");
    }
    // The letter of a colour resets the brightness, so the brightness comes after it.
    return ATTRIBUTES.map((attribute) => codes.get(attribute) ?? "").join("");
  }

  /** The code that closes all attributes. */
  get closing(): string {
    if (!this.#painting) return "";
    return [...this.#codes.values()].some((code) => !code.startsWith("^")) ? "\x1b[0m" : "^~";
  }

  /** Follows the codes in a line. */
  follow(line: string): void {
    this.hasText = false;
    for (let at = 0; at < line.length;) {
      CODE.lastIndex = at;
      const next = CODE.test(line) ? CODE.lastIndex - 1 : line.length;
      this.hasText ||= line.slice(at, next).trim() !== "";
      if (next === line.length) return;
      at = this.#take(line, next);
    }
  }

  #take(line: string, at: number): number {
    if (beginsSequence(line.charCodeAt(at))) {
      const end = sequenceEnd(line, at, "program");
      const sequence = end - at <= MAX_SEQUENCE ? line.slice(at, end) : "";
      const [, parameters] = SGR.exec(sequence) ?? [];
      if (parameters !== undefined) this.#render(parameters);
      return end;
    }
    const length = caretCodeLength(line, at);
    if (length === 0) {
      this.hasText = true;
      return at + 1;
    }
    this.#caret(line.slice(at, at + length));
    return at + length;
  }

  #caret(code: string): void {
    const sign = code.charAt(1);
    if (sign === "^") this.hasText = true;
    else if (sign === "~") this.#codes.clear();
    else if (sign === "d") this.#end("foreground", "background");
    else if (sign === "!") this.#codes.set("intensity", code);
    else if (sign === ".") this.#end("intensity", "faint");
    else if (sign === "U") this.#codes.set("underline", code);
    else if (sign === "u") this.#codes.delete("underline");
    else if (sign === "I") this.#codes.set("inverse", code);
    else if (sign === "i") this.#codes.delete("inverse");
    else if (/[0-7%]/.test(sign)) this.#codes.set("background", code);
    else if (/[a-z]/i.test(sign) && !/[sl]/.test(sign)) {
      // The letter of a colour also sets the brightness.
      this.#end("intensity", "faint");
      this.#codes.set("foreground", code.toLowerCase());
      if (sign < "a") this.#codes.set("intensity", "^!");
    } else if (sign === "#") this.#codes.set("foreground", code);
  }

  /** Takes the parameters of SGR, one after the other. */
  #render(parameters: string): void {
    const all = parameters.split(";");
    for (let at = 0; at < all.length; at++) {
      const one = all[at] ?? "";
      const number = Number.parseInt(one) || 0;
      const extended = number === 38 || number === 48 || number === 58;
      // 38;5;n and 38;2;r;g;b are one colour; if written with colons, they are one parameter.
      const more = !extended || one.includes(":") ? 0 : all[at + 1] === "2" ? 4 : 2;
      const code = `\x1b[${all.slice(at, at + more + 1).join(";")}m`;
      at += more;
      this.#attribute(number, one, code);
    }
  }

  #attribute(number: number, parameter: string, code: string): void {
    for (const [on, off, attribute] of SWITCHES) {
      if (number === on) this.#codes.set(attribute, code);
      else if (number === off) this.#codes.delete(attribute);
    }
    if (number === 0) this.#codes.clear();
    else if (number === 4 && parameter !== "4:0" || number === 21) {
      this.#codes.set("underline", code);
    } else if (number === 24 || number === 4) this.#codes.delete("underline");
    else if (number === 39) this.#codes.delete("foreground");
    else if (number === 49) this.#codes.delete("background");
    else if ((number >= 30 && number <= 38) || (number >= 90 && number <= 97)) {
      this.#codes.set("foreground", code);
    } else if ((number >= 40 && number <= 48) || (number >= 100 && number <= 107)) {
      this.#codes.set("background", code);
    } else if (number === 58) this.#codes.set("underlineColour", code);
    else if (number === 59) this.#codes.delete("underlineColour");
  }

  #end(...attributes: readonly Attribute[]): void {
    for (const attribute of attributes) this.#codes.delete(attribute);
  }
}
