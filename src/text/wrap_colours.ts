import { CARET, caretCodeLength } from "./caret_codes.ts";
import { beginsSequence, sequenceEnd } from "./escape_sequences.ts";
import { applySgr, type Attribute, ATTRIBUTES, RESET, SGR } from "./rendition.ts";

/**
 * Backgrounds and other attributes that colour empty cells. Terminals fill erased and scrolled cells with them, so
 * each line closes them, and the next line opens them again.
 */

/** Longer sequences are ignored: they would be repeated in each line. */
const MAX_SEQUENCE = 64;
/** The attributes that also show in cells without text. */
const PAINTING: readonly Attribute[] = ["background", "underline", "inverse"];
/** A quick check: the text may contain a code for such an attribute. */
const MAYBE_PAINTS = /\^[%0-7IU]|[\x1b\x9b]/;
const CODE = /[\^\x1b\x80-\x9f]/g;

/** Whether a text may colour empty cells. */
export function paints(text: string): boolean {
  return MAYBE_PAINTS.test(text);
}

/**
 * Closes the colours of each line at its end and opens them again in the next.
 *
 * @param margins How many spaces before each line are not coloured.
 */
export function closeColours(lines: readonly string[], margins: readonly number[]): string[] {
  const state = new ColourState();
  return lines.map((line, index) => {
    const opened = state.opening;
    const margin = margins[index] ?? 0;
    state.follow(line.slice(margin));
    if (!state.hasText) return line;
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
  /** Whether `^!` has turned bold on. */
  #bold = false;
  /** Whether the colour is that of an upper-case letter, and bold ends with it unless `#bold`. */
  #letter = false;
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
    if (this.#letter && /^\^[a-z]$/.test(front) && codes.get("intensity") === "^!") {
      codes.set("foreground", front.toUpperCase());
      if (!this.#bold) codes.delete("intensity");
    }
    // A colour may change the brightness, so they keep their order. After a letter comes bold.
    if (front.startsWith("^#")) return [...codes.values()].join("");
    return ATTRIBUTES.map((attribute) => codes.get(attribute) ?? "").join("");
  }

  /** The code that closes all attributes. */
  get closing(): string {
    if (!this.#painting) return "";
    return [...this.#codes.values()].some((code) => !code.startsWith("^")) ? RESET : "^~";
  }

  /** Follows the codes in a line. */
  follow(line: string): void {
    this.hasText = false;
    for (let at = 0; at < line.length;) {
      CODE.lastIndex = at;
      const next = CODE.test(line) ? CODE.lastIndex - 1 : line.length;
      this.hasText ||= next > at;
      if (next === line.length) return;
      at = this.#take(line, next);
    }
  }

  #take(line: string, at: number): number {
    if (beginsSequence(line.charCodeAt(at))) {
      const end = sequenceEnd(line, at, "program");
      const sequence = end - at <= MAX_SEQUENCE ? line.slice(at, end) : "";
      const [, parameters] = SGR.exec(sequence) ?? [];
      if (parameters !== undefined) applySgr(this.#codes, parameters, (one) => `\x1b[${one}m`);
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
    else if (sign === "~") {
      this.#bold = this.#letter = false;
      this.#codes.clear();
    } else if (sign === "d") this.#end("foreground", "background");
    else if (sign === "!") {
      this.#bold = true;
      this.#begin("intensity", code);
    } else if (sign === ".") this.#endBold();
    else if (sign === "U") this.#codes.set("underline", code);
    else if (sign === "u") this.#codes.delete("underline");
    else if (sign === "I") this.#codes.set("inverse", code);
    else if (sign === "i") this.#codes.delete("inverse");
    else if (/[0-7%]/.test(sign)) this.#codes.set("background", code);
    else if (/[a-z]/i.test(sign) && !/[sl]/.test(sign)) {
      // The letter of a colour also sets the brightness.
      this.#end("intensity", "faint");
      this.#codes.set("foreground", code.toLowerCase());
      this.#letter = sign < "a";
      if (this.#letter) this.#begin("intensity", "^!");
      else this.#bold = false;
    } else if (sign === "#") {
      const dimmed = this.#codes.get("intensity") === "^.";
      if (dimmed || (this.#letter && !this.#bold)) this.#end("intensity");
      this.#letter = false;
      this.#begin("foreground", code);
    }
  }

  #endBold(): void {
    this.#bold = this.#letter = false;
    this.#end("intensity", "faint");
    // With 16 colours, a bright one would begin bold again.
    if (this.#codes.get("foreground")?.startsWith("^#")) this.#begin("intensity", "^.");
  }

  /** Notes a code; the last one comes last. */
  #begin(attribute: Attribute, code: string): void {
    this.#codes.delete(attribute);
    this.#codes.set(attribute, code);
  }

  #end(...attributes: readonly Attribute[]): void {
    for (const attribute of attributes) this.#codes.delete(attribute);
  }
}
