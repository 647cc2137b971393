/** PlainRows and RawRows: screen output as plain lines. */
import { Terminal } from "./terminal.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PlainRows, RawRows } from "../../src/text/mod.ts";
import { countSteps } from "../steps.ts";

/** The lines of a text in pieces, and its unfinished row. */
function read(text: string, columns: number, size: number = text.length): string[] {
  const rows = new PlainRows(columns);
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += Math.max(1, size)) {
    rows.push(text.slice(at, at + Math.max(1, size)), (line) => lines.push(line));
  }
  return [...lines, rows.tail(1_000)];
}

const CASES:
  readonly (readonly [what: string, text: string, lines: readonly string[], columns?: number])[] = [
    ["line ends of all kinds", "a\r\nb\nc\n\rd\r\0\r\ne", ["a", "b", "c", "d", "e"]],
    [
      "colours, titles and strings",
      "\x1b[1;31mred\x1b[0m\x1b]0;title > \x07 and\x1b(B\x1bP1$q\x1b\\x\n",
      ["red andx", ""],
    ],
    [
      "a pager that erases itself by backspaces",
      "--More--\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\bnext\n",
      ["next", ""],
    ],
    ["a pager that is written over", "--More--\r        \rnext\n--More--\r\x1b[Knext\n", [
      "next",
      "next",
      "",
    ]],
    ["a pager that moves the cursor", "  ---- More ----\x1b[16D                \x1b[16Dnext\n", [
      "next",
      "",
    ]],
    ["progress", "10%\r50%\r100%\n", ["100%", ""]],
    ["a blank and CR at the width, as readline does", "12345678 \r9\n", ["123456789", ""], 8],
    ["a long line is one line", "1234567890123456789\n", ["1234567890123456789", ""], 8],
    ["backspaces up to the row's start", "ab\b\b\b\bxy\n", ["xy", ""]],
    ["tabs stay", "a\tb\tc\n\tx\n", ["a\tb\tc", "\tx", ""]],
    ["wide and combining characters", "\u4e2d\u6587e\u0301\r\u65e5\n", ["\u65e5\u6587e\u0301", ""]],
    ["half of a wide character is gone", "\u4e2d\rx\n", ["x", ""]],
    [
      "characters that are inserted and deleted",
      "abcd\x1b[3D\x1b[@X\x1b[2Pz\n",
      ["aXz", ""],
    ],
    ["another place of the screen begins a line", "status\x1b[5;1Hprompt> ", [
      "status",
      "prompt> ",
    ]],
    ["a cursor that is saved measures the window", "ab\x1b7\x1b[999;999H\x1b[6n\x1b8c\n", [
      "abc",
      "",
    ]],
    ["a saved cursor can be restored several times", "ab\x1b7cd\x1b8X\x1b8\x1b[5;1H\x1b8Y\n", [
      "abXd",
      "Y",
      "",
    ]],
    ["a full row is not erased from its end", "12345678\x1b[Kab\x1b[J\n", ["12345678ab", ""], 8],
    ["text over a part of a TAB", "a\tb\r\x1b[3Cxy\n\tz\rQ\n", ["a  xy   b", "Q       z", ""]],
    ["a character that is repeated", "-\x1b[5b+=\x1b[2b\u4e2d\x1b[b\n", [
      "------+===\u4e2d\u4e2d",
      "",
    ]],
    ["moves to the right, and by tab stops", "a\x1b[2ab\x1b[Zx\x1b[2Iy\n", ["x  b    \ty", ""]],
    ["a sequence that is broken by another", "a\x1b[12\x1b[1mb\x1b\x1b[0mc\n", ["abc", ""]],
    ["trailing blanks of a prompt stay", "login: ", ["login: "]],
  ];

for (const [what, text, lines, columns = 80] of CASES) {
  Deno.test(`plain rows: ${what}, split in pieces of any size`, () => {
    for (let size = text.length; size > 0; size--) {
      assertEquals(read(text, columns, size), lines, `pieces of ${size}`);
    }
  });
}

Deno.test("plain rows: any text gives the same lines however it is split", () => {
  const part = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      "\r",
      "\n",
      "\b",
      "\t",
      "\x1b[",
      "\x1b[K",
      "\x1b[3D",
      "\x1b[2C",
      "\x1b]0;t\x07",
    ),
    fc.constantFrom(
      "\x1b7",
      "\x1b8",
      "\x1b[A",
      "\x1b[2J",
      "\x9b1m",
      "\u4e2d",
      "e\u0301",
      "\x1bP",
      "\x1b\\",
    ),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      (parts, size) => {
        const text = parts.join("");
        // Clusters split between pieces are joined as terminals do, so skip texts with combining
        // marks.
        if (/[\u0300-\u036f]/.test(text)) return;
        assertEquals(read(text, 10, size), read(text, 10));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("plain rows: an endless row is returned in pieces, with the same work for each", () => {
  const rows = new PlainRows(80);
  for (let count = 0; count < 20_000; count++) rows.push("x", () => {});
  assertEquals([rows.length, rows.tail(5)], [20_000, "xxxxx"]);
  assertEquals(rows.endRow().length, 20_000);
});

Deno.test("raw rows: lines are unchanged, without their ends", () => {
  const rows = new RawRows();
  const lines: string[] = [];
  for (const piece of ["\x1b[1mo", "ne\r", "\ntwo\n", "> "]) {
    rows.push(piece, (line) => lines.push(line));
  }
  assertEquals([...lines, rows.endRow(), rows.endRow()], ["\x1b[1mone", "two", "> ", ""]);
});

/** What draws in a row, moves within it, and erases parts of it. */
const ROW_PARTS = [
  ..."abc ",
  "hello",
  "日",
  "\t",
  "\r",
  "\b",
  ..."K 1K 2K 2C D 3G 7G I 2Z s u 2X P 2P 2@ @".split(" ").map((one) => `\x1b[${one}`),
  "\x1b7",
  "\x1b8",
  "x\x1b[3b",
  "日\x1b[2b",
];

Deno.test("a row shows as on a terminal, also if wide characters and TABs are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...ROW_PARTS), { maxLength: 10 }),
      async (parts) => {
        const text = `\x1b7${parts.join("")}`;
        const terminal = new Terminal(100, 4, { unicode: "11" });
        await terminal.write(text);
        const rows = new PlainRows(100);
        rows.push(text, () => {});
        const again = new Terminal(100, 4, { unicode: "11" });
        await again.write(rows.endRow());
        assertEquals(again.everything, terminal.everything);
      },
    ),
    { seed: 20_261_128, numRuns: 300 },
  );
});

Deno.test("PlainRows: a repeated character costs no more with a thousand marks, and its units count", () => {
  const costs = [10, 1_000, 4_000].map((marks) => {
    const rows = new PlainRows(80);
    const start = `a${"\u0301".repeat(marks)}`;
    rows.push(start, () => {});
    return countSteps(() => {
      for (let times = 0; times < 20; times++) rows.push("\x1b[80b\r", () => {});
    }).count;
  });
  assert((costs[2] ?? 0) <= 2 * (costs[0] ?? 0), costs.join());
  const rows = new PlainRows(80);
  let longest = 0;
  const text = `é${"\u0301".repeat(16_000)}\x1b[80b\x1b[80b`;
  rows.push(text, (line) => longest = Math.max(longest, line.length));
  const { length } = rows;
  assert(rows.tail(Infinity).length <= length, `${length}`);
  // What was overwritten does not count for ever.
  const spinner = new PlainRows(80);
  for (let times = 0; times < 10_000; times++) spinner.push("\r👩‍🚀", () => {});
  assert(spinner.length < 10_000, `${spinner.length}`);
});
