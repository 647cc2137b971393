/** Replacements for characters that a set lacks, if everybody understands them. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ...pairs("‘’‚‛′ʼ", "'"),
  ...pairs("“”„‟″«»", '"'),
  ...pairs("‐‑‒–—―−", "-"),
  ...pairs("•·∙●◦▪■", "*"),
  ...pairs("─━═╌╍┄┅┈┉╴╶╸╺", "-"),
  ...pairs("│┃║╎╏┆┇┊┋╵╷╹╻", "|"),
  ...pairs("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╒╓╕╖╘╙╛╜╞╟╡╢╤╥╧╨╪╫╭╮╯╰┏┓┗┛┣┫┳┻╋", "+"),
  ...pairs("░▒▓█▄▀▌▐", "#"),
  ...pairs("←◄", "<"),
  ...pairs("→►", ">"),
  ...pairs("↑▲", "^"),
  ...pairs("↓▼", "v"),
  ...pairs("\u00a0\u2002\u2003\u2009\u202f\u3000", " "),
  ["…", "..."],
  ["€", "EUR"],
  ["£", "GBP"],
  ["¥", "JPY"],
  ["™", "(TM)"],
  ["©", "(C)"],
  ["®", "(R)"],
  ["°", "deg"],
  ["×", "x"],
  ["÷", "/"],
  ["±", "+-"],
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "!="],
  ["ß", "ss"],
  ["ẞ", "SS"],
  ["æ", "ae"],
  ["Æ", "AE"],
  ["œ", "oe"],
  ["Œ", "OE"],
  ["ø", "o"],
  ["Ø", "O"],
  ["đ", "d"],
  ["Đ", "D"],
  ["ð", "d"],
  ["Ð", "D"],
  ["þ", "th"],
  ["Þ", "TH"],
  ["ł", "l"],
  ["Ł", "L"],
  ["ı", "i"],
  ["½", "1/2"],
  ["¼", "1/4"],
  ["¾", "3/4"],
]);

const MARKS = /\p{M}+/gu;
/** Characters that show nothing, such as a zero-width space. */
const INVISIBLE = /^\p{Default_Ignorable_Code_Point}$/u;

/**
 * Finds a replacement for a character that a set lacks: é without its accent, a plain quote for a
 * curly one, `+`, `-` and `|` for drawn boxes, nothing for an invisible character.
 *
 * @param character One character.
 * @returns ASCII, or characters that may be in the set; `undefined` if there is no replacement.
 *
 * @example
 * ```ts
 * import { transliterate } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["é", "’", "║", "ß", "日"].map(transliterate), ["e", "'", "|", "ss", undefined]);
 * ```
 */
export function transliterate(character: string): string | undefined {
  const known = STAND_INS.get(character);
  if (known !== undefined) return known;
  if (INVISIBLE.test(character)) return "";
  const plain = character.normalize("NFKD").replaceAll(MARKS, "");
  return plain === character ? undefined : plain;
}

function pairs(characters: string, standIn: string): (readonly [string, string])[] {
  return Array.from(characters, (character) => [character, standIn] as const);
}
