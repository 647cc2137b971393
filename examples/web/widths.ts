/// <reference lib="dom" />
/**
 * Gives xterm.js the same widths as the server's editor has, so that both agree on the column of the
 * cursor: two columns for emoji, and one emoji for a sequence.
 */
import type { IUnicodeVersionProvider, Terminal } from "@xterm/xterm";
import { clusterWidth } from "../../src/text/mod.ts";

const JOINER = 0x200d;
const EMOJI_STYLE = 0xfe0f;
const isFlagHalf = (code: number) => code >= 0x1f1e6 && code <= 0x1f1ff;
const isSkinTone = (code: number) => code >= 0x1f3fb && code <= 0x1f3ff;

/** What xterm.js remembers of a character for the next one, as bits. */
const [AFTER_JOINER, HALF_FLAG, EMOJI] = [1, 2, 4];
const MAYBE_EMOJI = /\p{Emoji}/u;
const PICTURE = /\p{Extended_Pictographic}/u;

const widths: Map<number, 0 | 1 | 2> = new Map();

function widthOf(code: number): 0 | 1 | 2 {
  const known = widths.get(code);
  if (known !== undefined) return known;
  const width = Math.min(2, clusterWidth(String.fromCodePoint(code))) as 0 | 1 | 2;
  widths.set(code, width);
  return width;
}

const provider: IUnicodeVersionProvider = {
  version: "miniboa",
  wcwidth: widthOf,
  charProperties(code, before) {
    // xterm.js packs the state, the width, and whether the character joins the one before it.
    const pack = (state: number, width: number, joins: boolean) =>
      state << 3 | width << 1 | (joins ? 1 : 0);
    const [state, width] = [before >> 3, before >> 1 & 3];
    const character = String.fromCodePoint(code);
    const own = widthOf(code);
    if (width > 0 && (state & EMOJI) !== 0) {
      if (code === JOINER) return pack(EMOJI | AFTER_JOINER, width, true);
      if (code === EMOJI_STYLE) return pack(EMOJI, 2, true);
      const goesOn = isSkinTone(code) || (state & AFTER_JOINER) !== 0 && PICTURE.test(character);
      if (goesOn) return pack(EMOJI, 2, true);
    }
    if (width > 0 && own === 0) return pack(state & EMOJI, width, true);
    if ((state & HALF_FLAG) !== 0 && isFlagHalf(code)) return pack(EMOJI, 2, true);
    const emoji = MAYBE_EMOJI.test(character) ? EMOJI : 0;
    return pack(isFlagHalf(code) ? HALF_FLAG : emoji, own, false);
  },
};

/** Uses these widths in a terminal. */
export function useServerWidths(terminal: Terminal): void {
  terminal.unicode.register(provider);
  terminal.unicode.activeVersion = provider.version;
}
