/** The character that begins a caret code. */
export const CARET = 0x5e;
/**
 * The characters that follow it in a code. `#` and `%` are also allowed, with six hexadecimal
 * digits.
 */
const LETTERS = "krgybmcwKRGYBMCW01234567d!.UuIi~sl^";
const COLOUR_DIGITS = 6;

const IS_CODE: Uint8Array = new Uint8Array(128);
for (const letter of LETTERS) IS_CODE[letter.charCodeAt(0)] = 1;

/** The length of the caret code at a position, with its caret; 0 if there is none. */
export function caretCodeLength(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (code < 128 && IS_CODE[code] === 1) return 2;
  if (code !== 0x23 && code !== 0x25) return 0;
  for (let digit = 0; digit < COLOUR_DIGITS; digit++) {
    if (!isHex(text.charCodeAt(at + 2 + digit))) return 0;
  }
  return 2 + COLOUR_DIGITS;
}

function isHex(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}
