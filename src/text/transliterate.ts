/** Replacements for characters that a set lacks, if everybody understands them. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ...pairs("‘’‚‛′ʼ´", "'"),
  ...pairs("“”„‟″«»¨˝", '"'),
  ...pairs("‐‑‒–—―−¯‾", "-"),
  ...pairs("•·∙●◦▪■", "*"),
  ...pairs("─━═╌╍┄┅┈┉╴╶╸╺", "-"),
  ...pairs("│┃║╎╏┆┇┊┋╵╷╹╻", "|"),
  ...pairs("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╒╓╕╖╘╙╛╜╞╟╡╢╤╥╧╨╪╫╭╮╯╰┏┓┗┛┣┫┳┻╋", "+"),
  ...pairs("░▒▓█▄▀▌▐", "#"),
  ...pairs("←◄‹", "<"),
  ...pairs("→►›", ">"),
  ...pairs("↑▲ˆ", "^"),
  ...pairs("↓▼", "v"),
  ...pairs("\u00a0\u2002\u2003\u2009\u202f\u3000", " "),
  ["ˋ", "`"],
  ["˜", "~"],
  ["¸", ","],
  ["‗", "_"],
  ["⁄", "/"],
  ["µ", "u"],
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
 * @returns Other characters, most often ASCII. What a set lacks of them needs a replacement in turn: ⅝
 * becomes 5⁄8, and that sign a slash. `undefined` if there is no replacement.
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
  // The spacing form of an accent is no blank without its accent.
  const blank = plain !== "" && plain.trim() === "" && character.trim() !== "";
  return plain === character || blank ? undefined : plain;
}

function pairs(characters: string, standIn: string): (readonly [string, string])[] {
  return Array.from(characters, (character) => [character, standIn] as const);
}
