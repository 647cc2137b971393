/** An attribute of a cell that SGR changes (ECMA-48, 8.3.117). */
export type Attribute = typeof ATTRIBUTES[number];

/** All attributes, in the order in which they are opened again. */
export const ATTRIBUTES = [
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
/** The parameters that switch an attribute on and off, except colours and underlines. */
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

/**
 * Applies the parameters of an SGR sequence, one after the other.
 *
 * @param codes The attributes in force, each with its code.
 * @param codeOf Returns the code to note for a parameter.
 */
export function applySgr(
  codes: Map<Attribute, string>,
  parameters: string,
  codeOf: (parameter: string) => string,
): void {
  const all = parameters.split(";");
  for (let at = 0; at < all.length; at++) {
    const one = all[at] ?? "";
    const number = Number.parseInt(one) || 0;
    const extended = number === 38 || number === 48 || number === 58;
    // 38;5;n and 38;2;r;g;b are one colour; if written with colons, they are one parameter.
    const more = !extended || one.includes(":") ? 0 : all[at + 1] === "2" ? 4 : 2;
    setAttribute(codes, number, one, codeOf(all.slice(at, at + more + 1).join(";")));
    at += more;
  }
}

function setAttribute(
  codes: Map<Attribute, string>,
  number: number,
  parameter: string,
  code: string,
): void {
  for (const [on, off, attribute] of SWITCHES) {
    if (number === on) {
      codes.delete(attribute); // the last one comes last
      codes.set(attribute, code);
    } else if (number === off) codes.delete(attribute);
  }
  if (number === 0) codes.clear();
  else if (number === 4 && parameter !== "4:0" || number === 21) codes.set("underline", code);
  else if (number === 24 || number === 4) codes.delete("underline");
  else if (number === 39) codes.delete("foreground");
  else if (number === 49) codes.delete("background");
  else if ((number >= 30 && number <= 38) || (number >= 90 && number <= 97)) {
    codes.set("foreground", code);
  } else if ((number >= 40 && number <= 48) || (number >= 100 && number <= 107)) {
    codes.set("background", code);
  } else if (number === 58) codes.set("underlineColour", code);
  else if (number === 59) codes.delete("underlineColour");
}

/** The parameters of an SGR sequence. */
export const SGR: RegExp = /^(?:\x1b\[|\x9b)([\d;:]*)m$/;
/** A hyperlink (OSC 8), and the address in it; an empty one ends the link. */
const LINK = /^(?:\x1b\]|\x9d)8;[^;]*;(.*?)(?:\x07|\x1b\\|\x9c)$/s;
const LINK_END = "\x1b]8;;\x1b\\";
/** Ends all colours and other attributes. */
export const RESET = "\x1b[0m";

/** Whether a sequence begins or ends a hyperlink. */
export function isLink(sequence: string): boolean {
  return LINK.test(sequence);
}

/** The sequences that end a style. */
export function endOfStyle(style: string): string {
  if (style === "") return "";
  return /[\]\x9d]8;/.test(style) ? RESET + LINK_END : RESET;
}

/** The style of the text that a terminal writes: the sequences that set the attributes in force. */
export class Rendition {
  readonly #attributes: Map<Attribute, string> = new Map();
  #colours = "";
  #link = "";
  style = "";

  /** Follows a sequence; sequences that no longer have an effect are left out of the style. */
  follow(sequence: string): void {
    const parameters = SGR.exec(sequence)?.[1];
    if (parameters !== undefined) this.#colour(sequence, parameters);
    else {
      const address = LINK.exec(sequence)?.[1];
      if (address === undefined) return;
      this.#link = address === "" ? "" : sequence;
    }
    this.style = this.#colours + this.#link;
  }

  #colour(sequence: string, parameters: string): void {
    const plain = this.#attributes.size === 0;
    applySgr(this.#attributes, parameters, (parameter) => parameter);
    if (this.#attributes.size === 0) this.#colours = "";
    else if (plain) this.#colours = sequence;
    else {
      const codes = ATTRIBUTES.map((name) => this.#attributes.get(name)).filter(Boolean);
      this.#colours = `\x1b[${codes.join(";")}m`;
    }
  }
}
