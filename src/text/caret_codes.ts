/** The sign that begins a caret code. */
export const CARET = 0x5e;
/** What may follow it: colours, styles and the like; `#` and `%` are followed by six digits. */
const LETTERS = "krgybmcwKRGYBMCW01234567d!.UuIi~sl^";
const COLOUR = /[#%][0-9a-fA-F]{6}/y;

const IS_CODE: Uint8Array = new Uint8Array(128);
for (const letter of LETTERS) IS_CODE[letter.charCodeAt(0)] = 1;

/** How long the caret code is that begins at a place, with its caret; 0 where none does. */
export function caretCodeLength(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (code < 128 && IS_CODE[code] === 1) return 2;
  if (code !== 0x23 && code !== 0x25) return 0;
  COLOUR.lastIndex = at + 1;
  return COLOUR.test(text) ? 8 : 0;
}
