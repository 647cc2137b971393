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

/** What xterm.js remembers of a character for the next one. */
const [PLAIN, AFTER_JOINER, HALF_FLAG] = [0, 1, 2];

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
    if (code === JOINER && width > 0) return pack(AFTER_JOINER, width, true);
    if (code === EMOJI_STYLE && width > 0) return pack(PLAIN, 2, true);
    const own = widthOf(code);
    const joins = width > 0 &&
      (own === 0 || state === AFTER_JOINER && own === 2 || isSkinTone(code) && width === 2 ||
        state === HALF_FLAG && isFlagHalf(code));
    if (joins) return pack(PLAIN, isFlagHalf(code) ? 2 : width, true);
    return pack(isFlagHalf(code) ? HALF_FLAG : PLAIN, own, false);
  },
};

/** Uses these widths in a terminal. */
export function useServerWidths(terminal: Terminal): void {
  terminal.unicode.register(provider);
  terminal.unicode.activeVersion = provider.version;
}
