/// <reference lib="dom" />
/** Makes web addresses in the text clickable. */
import type { Terminal } from "@xterm/xterm";

const ADDRESS = /https?:\/\/[^\s"'<>`\\^{|}]+/g;
/** Punctuation after an address that ends a sentence. */
const SENTENCE_END = /[.,:;!?)\]]+$/;

/** Underlines addresses under the mouse, and opens them in another tab. */
export function linkAddresses(terminal: Terminal): void {
  terminal.registerLinkProvider({
    provideLinks(row, callback) {
      // An address may go on in the next rows.
      let first = row - 1;
      const { active } = terminal.buffer;
      while (active.getLine(first)?.isWrapped) first--;
      let text = "";
      for (let at = first; at === first || active.getLine(at)?.isWrapped; at++) {
        text += active.getLine(at)?.translateToString(false) ?? "";
      }
      const place = (index: number) => ({
        x: index % terminal.cols + 1,
        y: first + 1 + Math.floor(index / terminal.cols),
      });
      callback(Array.from(text.matchAll(ADDRESS), ({ 0: found, index }) => {
        const address = found.replace(SENTENCE_END, "");
        return {
          text: address,
          range: { start: place(index), end: place(index + address.length - 1) },
          activate: () => void open(address, "_blank", "noopener,noreferrer"),
        };
      }));
    },
  });
}
