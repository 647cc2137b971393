/// <reference lib="dom" />
/** Makes web addresses in the text clickable. */
import type { Terminal } from "@xterm/xterm";

/** An address, without the punctuation after it that ends a sentence. */
const ADDRESS = /https?:\/\/[^\s"'<>`\\^{|}]*[^\s"'<>`\\^{|}.,:;!?)\]]/g;

/** Underlines addresses under the mouse, and opens them in another tab. */
export function linkAddresses(terminal: Terminal): void {
  terminal.registerLinkProvider({
    provideLinks(row, callback) {
      // An address may go on in the next rows.
      let first = row - 1;
      const { active } = terminal.buffer;
      while (active.getLine(first)?.isWrapped) first--;
      let text = "";
      /** The cell of each UTF-16 unit. */
      const cells: { x: number; y: number }[] = [];
      for (let at = first; at === first || active.getLine(at)?.isWrapped; at++) {
        for (let x = 0; x < terminal.cols; x++) {
          const cell = active.getLine(at)?.getCell(x);
          if (cell === undefined || cell.getWidth() === 0) continue;
          const shown = cell.getChars() || " ";
          text += shown;
          for (let unit = 0; unit < shown.length; unit++) cells.push({ x: x + 1, y: at + 1 });
        }
      }
      const place = (index: number) => cells[index] ?? { x: 1, y: row };
      callback(Array.from(text.matchAll(ADDRESS), ({ 0: address, index }) => ({
        text: address,
        range: { start: place(index), end: place(index + address.length - 1) },
        activate: () => void open(address, "_blank", "noopener,noreferrer"),
      })));
    },
  });
}
