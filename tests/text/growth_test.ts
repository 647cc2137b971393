/** Every function that reads peers' text takes linear time. */
import {
  colorize,
  graphemes,
  KeyDecoder,
  LineInput,
  stripAnsi,
  stripCaretCodes,
  stripControls,
  textWidth,
  wordWrap,
} from "../../src/text/mod.ts";
import { drawRows } from "../../src/text/row_canvas.ts";
import { effectsOf, openPart, rowStart, withoutEffects } from "../../src/text/row_effects.ts";
import { assertGrowth, countSteps } from "../steps.ts";

/** Difficult pieces of text, to be repeated. */
const NASTY: readonly string[] = [
  ..."a,\x1b,\x9b,^,-,a-,é,日,「,\u0301,\u200d,👍,🇩,\x07,\t,\b,\r".split(","),
  ",",
  " ",
  "\n",
  "\n ",
  "\x1b[",
  "\x1b[1;",
  "\x1b[31m",
  "\x1b]",
  "\x1b]0;",
  "\x1b]\x1b",
  "\x1bP\x07",
  "\x1bO",
  "\x1b[M",
  "\x1b[200~",
  "\x1b[200~\r",
  "\x1b7",
  "\x1b7\x1b[1;1Ha",
  "\x1b7\x1b[H\x1b8",
  "^R",
  "^#ff880",
  "^1a ",
  "a\u0301\u0301",
  "👩\u200d",
  "\u202ea",
  "x-y -",
  "^G ^~",
  "\x1b[1m \x1b[0m",
  "^R ^ ",
  "^^ ^R ^",
];

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  wordWrap: (text) => wordWrap(text),
  "wordWrap, narrow": (text) => wordWrap(text, { columns: 3 }),
  "wordWrap, with its lines": (text) => wordWrap(text, { keepLines: true }),
  textWidth: (text) => textWidth(text),
  stripAnsi: (text) => stripAnsi(text),
  stripControls: (text) => stripControls(text),
  stripCaretCodes: (text) => stripCaretCodes(text),
  colorize: (text) => colorize(text, 16),
  graphemes: (text) => graphemes(text),
  "the row of an editor": (text) => drawRows(text, 80),
  "what a prompt does once": (text) => effectsOf(text).effects + withoutEffects(text),
  "where the last row begins": (text) => rowStart(text, true).at + openPart(text),
  "keys, at once": (text) => new KeyDecoder({ runs: true }).push(text, 0),
  "keys, bit by bit": (text) => {
    const decoder = new KeyDecoder({ runs: true });
    for (let at = 0; at < text.length; at += 16) decoder.push(text.slice(at, at + 16), 0);
  },
  "a line": (text) => new LineInput({ limit: 4_096 }).push(text, []),
  "an echo": (text) => {
    const input = new LineInput({ limit: 4_096 });
    input.echo = "all";
    input.place = { columns: 80, known: true, column: 2 };
    input.push(text, []);
  },
};

for (const [name, read] of Object.entries(READERS)) {
  Deno.test(`${name}: four times the text costs at most four times as much, for every difficult input`, () => {
    read("a"); // warms up one-time work
    for (const nasty of NASTY) {
      const cost = (length: number) => {
        const text = nasty.repeat(Math.ceil(length / nasty.length)).slice(0, length);
        // A few more passes over the text do not matter.
        return countSteps(() => read(text)).count + 4 * length;
      };
      try {
        assertGrowth(cost(16_384), cost(4_096), 4);
      } catch (error) {
        throw new Error(`${JSON.stringify(nasty)}: ${error}`);
      }
    }
  });
}
