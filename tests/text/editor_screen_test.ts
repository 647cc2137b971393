/**
 * The screen of the editor and of the echo equals a plain model, on terminals that disagree on
 * widths.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { clusterWidth, graphemes, KeyDecoder, LineEditor, LineInput } from "../../src/text/mod.ts";
import { isUncertain } from "../../src/text/width.ts";
import { Terminal, type TerminalOptions, UNICODE_VERSIONS } from "./terminal.ts";

const RUNS = Number(Deno.env.get("MINIBOA_FUZZ_RUNS") ?? 15);

/** The cells in the rows of a window, and the cursor. */
interface Model {
  readonly rows: string[][];
  readonly cursor: readonly [row: number, column: number];
}

/** Lays out clusters in rows. `at`: how many are before the cursor. */
function layOut(clusters: readonly string[], at: number, columns: number): Model {
  const rows: string[][] = [[]];
  let width = 0;
  let cursor: [number, number] = [0, 0];
  const mark = () => {
    cursor = width >= columns ? [rows.length, 0] : [rows.length - 1, width];
  };
  for (const [index, cluster] of clusters.entries()) {
    if (index === at) mark();
    if (width + clusterWidth(cluster) > columns) {
      rows.push([]);
      width = 0;
    }
    rows.at(-1)?.push(cluster);
    width += clusterWidth(cluster);
  }
  if (at >= clusters.length) mark();
  return { rows, cursor };
}

/**
 * Checks that each character is in its column; uncertain widths only need the right start column.
 * The first row of the model is in row `top` of the window.
 */
function assertShows(
  terminal: Terminal,
  { rows, cursor }: Model,
  columns: number,
  why: string,
  top: number = 0,
): void {
  for (const [index, clusters] of rows.entries()) {
    const row = top + index;
    let column = 0;
    for (const cluster of clusters) {
      const shown = terminal.at(row, column);
      const width = clusterWidth(cluster);
      const whole = isUncertain(cluster)
        ? shown === "" || shown === " " || cluster.startsWith([...shown][0] ?? "") ||
          column + 6 > columns
        : shown === cluster || (cluster === " " && shown === "");
      assert(whole, `${why}: "${shown}" for "${cluster}" in row ${row}, column ${column}`);
      if (isUncertain(cluster) && width === 2 && column + 6 <= columns) {
        const second = terminal.at(row, column + 1);
        assert(
          second === "" || second === " " || cluster.includes(second),
          `${why}: "${second}" is left`,
        );
      }
      column += width;
    }
    for (; column < columns; column++) {
      const left = terminal.at(row, column);
      assert(
        left === "" || left === " ",
        `${why}: "${left}" is left in row ${row}, column ${column}`,
      );
    }
  }
  assertEquals(terminal.cursor, [top + cursor[0], cursor[1]], why);
}

const CHARACTERS = [
  ..."ab c-",
  "日",
  "本",
  "é",
  "👍",
  "⌚",
  "👩‍🚀",
  "🇫🇷",
  "❤️",
  "✈️",
  "س",
  "न",
  "मु",
  "ที่",
  "e\u0301",
];
/** Characters that show nothing, and that some terminals show as a blank. */
const INVISIBLE = ["\u200b", "\u200f", "\u2060"];
const without = (text: string) => text.replaceAll(/[\u200b\u200f\u2060]/g, "");
/** Characters on whose width all terminals agree: how they reflow a row depends on it. */
const CERTAIN = CHARACTERS.filter((character) => !isUncertain(character));
const KEYS = ["\x1b[D", "\x1b[C", "\x01", "\x05", "\x7f", "\x1b[3~", "\x0b", "\x15"];

/** A list of clusters and a cursor. */
class Line {
  clusters: string[] = [];
  at = 0;

  press(key: string): void {
    const { clusters } = this;
    if (key === "\x1b[D") this.at = Math.max(0, this.at - 1);
    else if (key === "\x1b[C") this.at = Math.min(clusters.length, this.at + 1);
    else if (key === "\x01") this.at = 0;
    else if (key === "\x05") this.at = clusters.length;
    else if (key === "\x7f") this.#backspace();
    else if (key === "\x1b[3~") clusters.splice(this.at, 1);
    else if (key === "\x0b") clusters.splice(this.at);
    else if (key === "\x15") {
      clusters.splice(0, this.at);
      this.at = 0;
    } else clusters.splice(this.at++, 0, key);
  }

  #backspace(): void {
    if (this.at === 0) return;
    const points = [...this.clusters[this.at - 1] ?? ""];
    const picture = /[\p{Extended_Pictographic}\p{RI}]/u.test(points.join(""));
    if (picture || points.length === 1) this.clusters.splice(--this.at, 1);
    else this.clusters[this.at - 1] = points.slice(0, -1).join("");
  }
}

const TERMINALS: TerminalOptions[] = UNICODE_VERSIONS.flatMap((unicode) =>
  [true, false].map((reflow) => ({ unicode, reflow }))
);

for (const options of TERMINALS) {
  const kind = `Unicode ${options.unicode}, ${options.reflow ? "with" : "without"} reflow`;
  Deno.test(`the editor's screen equals a plain model after each key: ${kind}`, async () => {
    const key = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...CHARACTERS) },
      { weight: 2, arbitrary: fc.constantFrom(...KEYS) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(key, { maxLength: 40 }),
        fc.integer({ min: 8, max: 30 }),
        async (keys, columns) => {
          const terminal = new Terminal(columns, 40, options);
          const editor = new LineEditor({ columns, rows: 40 });
          const decoder = new KeyDecoder();
          const line = new Line();
          editor.prompt = "> ";
          for (const [index, pressed] of keys.entries()) {
            line.press(pressed);
            for (const one of [...decoder.push(pressed, 0), ...decoder.flush(1000)]) {
              editor.key(one);
            }
            await terminal.write(editor.takeOutput());
            const model = layOut(
              ["> ", ..."", ...line.clusters].flatMap((one) => graphemes(one)),
              line.at + 2,
              columns,
            );
            assertShows(
              terminal,
              model,
              columns,
              JSON.stringify({ columns, keys: keys.slice(0, index + 1) }),
            );
          }
        },
      ),
      { seed: 20_261_126, numRuns: RUNS },
    );
  });
}

for (const options of TERMINALS) {
  const kind = `Unicode ${options.unicode}, ${options.reflow ? "with" : "without"} reflow`;
  Deno.test(`the line is whole after each change of the window's width: ${kind}`, async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...CERTAIN, "some words ") },
      { weight: 2, arbitrary: fc.constantFrom(...KEYS) },
      { weight: 1, arbitrary: fc.integer({ min: 8, max: 40 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let columns = 20;
        const terminal = new Terminal(columns, 40, options);
        const editor = new LineEditor({ columns, rows: 40 });
        const decoder = new KeyDecoder();
        const line = new Line();
        editor.print("above\n");
        editor.prompt = "> ";
        await terminal.write(editor.takeOutput());
        let model = layOut(["> "], 1, columns);
        let kept = options.reflow === true;
        for (const [index, one] of steps.entries()) {
          if (typeof one === "number") {
            columns = one;
            // The editor expects that all rows reflow; xterm.js cuts off the row of the cursor.
            const own = model.rows[model.cursor[0]] ?? [];
            kept &&= own.reduce((sum, cluster) => sum + clusterWidth(cluster), 0) <= columns;
            terminal.resize(columns, 40);
            editor.resize(columns, 40);
          } else {
            for (const part of one.startsWith("\x1b") ? [one] : graphemes(one)) line.press(part);
            for (const key of [...decoder.push(one, 0), ...decoder.flush(1000)]) editor.key(key);
          }
          await terminal.write(editor.takeOutput());
          const clusters = ["> ", ...line.clusters].flatMap((text) => graphemes(text));
          model = layOut(clusters, line.at + 2, columns);
          const why = JSON.stringify(steps.slice(0, index + 1));
          const top = terminal.cursor[0] - model.cursor[0];
          assertShows(terminal, model, columns, why, top);
          const rows = terminal.screen;
          assertEquals(rows.slice(top + model.rows.length).join(""), "", `${why}: rows below`);
          if (kept) assertEquals(rows.slice(0, top).join(""), "above", why);
        }
      }),
      { seed: 20_261_127, numRuns: 2 * RUNS },
    );
  });
}

for (const unicode of UNICODE_VERSIONS) {
  Deno.test(`characters that show nothing change nothing on the screen: Unicode ${unicode}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("ab", "cdefgh", "日", ...INVISIBLE), { maxLength: 8 }),
        fc.boolean(),
        fc.constantFrom("", "> "),
        async (parts, pasted, prompt) => {
          const shown = async (text: string) => {
            const terminal = new Terminal(8, 10, { unicode });
            const editor = new LineEditor({ columns: 8, rows: 10 });
            editor.prompt = prompt;
            const typed = pasted ? `\x1b[200~${text}\x1b[201~` : text;
            for (const key of new KeyDecoder().push(typed, 0)) {
              editor.key(key);
              await terminal.write(editor.takeOutput());
            }
            await terminal.write(editor.takeOutput());
            const rows = terminal.screen.map((row) => without(row).trimEnd());
            return [...rows, String(terminal.cursor)];
          };
          const text = parts.join("");
          assertEquals(
            await shown(text),
            await shown(text.replaceAll(/[\u200b\u200f\u2060]/g, "")),
          );
        },
      ),
      { seed: 20_261_128, numRuns: 2 * RUNS },
    );
  });
}

/** Parts of prompts and unfinished lines, with everything that moves a cursor within a row. */
const ROW_PARTS = [
  ..."ab> ",
  "\t",
  "\r",
  "\r\n",
  "\b",
  "日",
  "\x1b[31m",
  "\x1b[0m",
  "\x1b[K",
  "\x1b[2C",
  "loading",
  "12%",
  "\x1b[D",
  "é",
];

for (const unicode of UNICODE_VERSIONS) {
  Deno.test(`text in the editor's row shows as on a terminal without an editor: Unicode ${unicode}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...ROW_PARTS), { maxLength: 12 }),
        fc.array(fc.constantFrom(...ROW_PARTS), { maxLength: 8 }),
        fc.array(fc.constantFrom(..."xyz ", "日"), { maxLength: 8 }),
        fc.integer({ min: 12, max: 24 }),
        async (row, prompt, typed, columns) => {
          const raw = new Terminal(columns, 30, { unicode });
          await raw.write(row.join("") + prompt.join("") + typed.join(""));
          const terminal = new Terminal(columns, 30, { unicode });
          const editor = new LineEditor({ columns, rows: 30 });
          editor.print(row.join(""));
          editor.prompt = prompt.join("");
          const decoder = new KeyDecoder();
          for (const key of decoder.push(typed.join(""), 0)) {
            editor.key(key);
            await terminal.write(editor.takeOutput());
          }
          await terminal.write(editor.takeOutput());
          const trimmed = (rows: string[]) => rows.map((one) => one.trimEnd());
          assertEquals(trimmed(terminal.screen), trimmed(raw.screen));
          const [rawRow, rawColumn] = raw.cursor;
          const full = rawColumn === columns;
          assertEquals(terminal.cursor, full ? [rawRow + 1, 0] : raw.cursor);
        },
      ),
      { seed: 20_261_126, numRuns: 5 * RUNS },
    );
  });
}

/** Parts of texts that clear the screen, and that draw in its first row and go back. */
const PLACE_PARTS = [
  ..."ab> ",
  "日",
  "line\r\n",
  "\x1b[2J\x1b[4;1H",
  "\x1b[2J\x1b[3;5H",
  "\x1b[5;3f\x1b[2J",
  "\x1b[3;1H\x1b[J",
  "\x1b[2;20r\x1b[2J\x1b[6;9H",
  "\x1b7\x1b[1;1HHP 10\x1b[K\x1b8",
  "\x1b7ab\x1b8",
  "\x1b[s\x1b[1;9H\x1b[31mMP 日\x1b[0m\x1b[K\x1b[u",
];

Deno.test("text that places the cursor, or draws elsewhere and goes back, shows as without an editor", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...PLACE_PARTS), { maxLength: 8 }),
      fc.array(fc.nat(60), { maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom("", "> ", "\x1b[2J\x1b[3;3H> "),
      async (parts, cuts, drawn, prompt) => {
        const text = `one\r\ntwo\r\nthree\r\n${parts.join("")}`;
        const raw = new Terminal(30, 24);
        await raw.write(`${text}${prompt}xyz`);
        const terminal = new Terminal(30, 24);
        const editor = new LineEditor({ columns: 30, rows: 24 });
        // Within a turn it may come in any pieces.
        const places = cuts.toSorted((one, other) => one - other);
        const pieces = [...places, text.length].map((cut, at) =>
          text.slice(places[at - 1] ?? 0, cut)
        );
        for (const piece of drawn ? ["one\ntwo\nthree\n", ...parts] : pieces) {
          editor.print(piece.replaceAll("\r", ""));
          if (drawn) await terminal.write(editor.takeOutput());
        }
        editor.prompt = prompt;
        for (const key of new KeyDecoder().push("xyz", 0)) editor.key(key);
        await terminal.write(editor.takeOutput());
        const trimmed = (rows: string[]) => rows.map((one) => one.trimEnd());
        assertEquals(trimmed(terminal.screen), trimmed(raw.screen));
        assertEquals(terminal.cursor, raw.cursor);
      },
    ),
    { seed: 20_261_128, numRuns: 6 * RUNS },
  );
});

Deno.test("text after a saved cursor shows, even if nothing goes back to it", async () => {
  const terminal = new Terminal(30, 5);
  const editor = new LineEditor({ columns: 30, rows: 5 });
  const shown = async () => {
    await terminal.write(editor.takeOutput());
    return terminal.screen.map((row) => row.trimEnd());
  };
  editor.print("\x1b7Name: ");
  assertEquals((await shown())[0], "Name:");
  editor.print("\x1b[s\x1b[3;1HYour name: ");
  await shown(); // the way back could come with the next packet
  assertEquals((await shown())[2], "Your name:");
  assertEquals(terminal.cursor, [2, 11]);
  // Back to the saved cursor within the row.
  const other = new LineEditor({ columns: 30, rows: 5 });
  const plain = new Terminal(30, 5);
  other.print("\x1b[s50%\x1b[u");
  other.prompt = "> ";
  await plain.write(other.takeOutput());
  assertEquals(plain.screen[0], "> %");
});

Deno.test("what is drawn elsewhere may be cut between two turns, and by any other way to leave the row", async () => {
  const texts = [
    "\x1b7\x1b[1;1HHP 10\x1b8",
    "\x1b[s\x1b[1;1HHP 10\x1b[u",
    "\x1b7\x1b[1d\x1b[1GHP 10\x1b8",
    "\x1b7\x1b[4A\x1b[1GHP 10\x1b8",
    "\x1b7\x1b[4FHP 10\x1b8",
    "\x1b7\x1bM\x1bM\x1bM\x1bM\x1b[1GHP 10\x1b8",
  ];
  for (const text of texts) {
    for (let cut = 0; cut <= text.length; cut++) {
      const terminal = new Terminal(30, 8);
      const editor = new LineEditor({ columns: 30, rows: 8 });
      editor.print("one\ntwo\nthree\nfour\n");
      editor.prompt = "> ";
      await terminal.write(editor.takeOutput());
      for (const piece of [text.slice(0, cut), text.slice(cut)]) {
        editor.print(piece);
        await terminal.write(editor.takeOutput());
      }
      const shown = terminal.screen.slice(0, 5).map((row) => row.trimEnd());
      assertEquals(shown, ["HP 10", "two", "three", "four", ">"], JSON.stringify([text, cut]));
      assertEquals(terminal.cursor, [4, 2]);
    }
  }
});

Deno.test("an editor that is hidden holds nothing back, and does not draw its line again", async () => {
  const terminal = new Terminal(30, 5);
  const editor = new LineEditor({ columns: 30, rows: 5 });
  editor.print("one\ntwo\n");
  editor.prompt = "> ";
  for (const key of new KeyDecoder().push("look", 0)) editor.key(key);
  await terminal.write(editor.takeOutput());
  editor.print("\x1b7\x1b[1;1HHP");
  editor.hide();
  await terminal.write(editor.takeOutput());
  assertEquals(terminal.screen.map((row) => row.trimEnd()), ["one", "two", "", "", ""]);
  assertEquals(editor.row, "HP");
});

Deno.test("a large map between saving the cursor and going back is drawn, in any pieces", async () => {
  const rows = Array.from({ length: 20 }, (_, at) => `\x1b[${at + 1};1H${"#".repeat(150)}`).join(
    "",
  );
  const text = `\x1b7${rows}\x1b8`;
  for (const size of [1, 7, 1_500, 4_000]) {
    const terminal = new Terminal(160, 24);
    await terminal.write("\x1b[24;1H");
    const editor = new LineEditor({ columns: 160, rows: 24 });
    editor.prompt = "> ";
    for (let at = 0; at < text.length; at += size) editor.print(text.slice(at, at + size));
    await terminal.write(editor.takeOutput());
    assertEquals(terminal.screen[0], "#".repeat(150));
    assertEquals(
      terminal.screen.slice(20),
      ["", "", "", "> "].map((row) => row.trimEnd()),
      `${size}`,
    );
  }
});

Deno.test("a prompt with a TAB and a BEL is redrawn in place, and rings only once", async () => {
  const terminal = new Terminal(40, 5);
  const editor = new LineEditor({ columns: 40, rows: 5 });
  editor.prompt = "a\tb\x07> ";
  for (const key of new KeyDecoder().push("abcdefgh\x01X", 0)) {
    editor.key(key);
    await terminal.write(editor.takeOutput());
  }
  assertEquals(terminal.screen[0], "a       b> Xabcdefgh");
  assertEquals(terminal.bells, 1);
  editor.print("\x07hello ");
  await terminal.write(editor.takeOutput());
  editor.print("there\n");
  await terminal.write(editor.takeOutput());
  assertEquals(terminal.bells, 2);
  assertEquals(terminal.screen.slice(0, 2), ["hello there", "a       b> Xabcdefgh"]);
});

Deno.test("after a prompt that clears the screen, later output and typing show correctly", async () => {
  const terminal = new Terminal(40, 5);
  await terminal.write("old\r\n");
  const editor = new LineEditor({ columns: 40, rows: 5 });
  editor.print("gone\n");
  editor.prompt = "ab\x1b[2J> ";
  await terminal.write(editor.takeOutput());
  for (const key of new KeyDecoder().push("look", 0)) {
    editor.key(key);
    await terminal.write(editor.takeOutput());
  }
  assertEquals(terminal.everything.filter((row) => row !== ""), ["  > look"]);
  editor.print("a line\n");
  await terminal.write(editor.takeOutput());
  assertEquals(terminal.everything.filter((row) => row !== ""), ["a line", "  > look"]);
});

for (const options of TERMINALS.filter(({ reflow }) => reflow)) {
  for (const known of [true, false]) {
    Deno.test(`the echo without an editor shows the line: Unicode ${options.unicode}, ${known ? "known" : "guessed"} width`, async () => {
      const key = fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...CHARACTERS, "\t") },
        { weight: 2, arbitrary: fc.constantFrom("\x7f") },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(key, { maxLength: 50 }),
          fc.integer({ min: 8, max: 30 }),
          async (keys, columns) => {
            const terminal = new Terminal(columns, 40, options);
            const input = new LineInput({ limit: 1000 });
            input.echo = "all";
            input.place = { columns, known, column: 2 };
            await terminal.write("> ");
            const line = new Line();
            for (const pressed of keys) {
              line.press(pressed);
              input.push(pressed, []);
              await terminal.write(input.takeEcho());
            }
            assertEquals(input.partial, line.clusters.join(""));
            const { rows } = layOut(spread(["> ", ...line.clusters], columns), 0, columns);
            const { cursor } = terminal;
            assertShows(terminal, { rows, cursor }, columns, JSON.stringify({ columns, keys }));
            if (!known) return;
            // The next character appears after it.
            input.push("x", []);
            await terminal.write(input.takeEcho());
            const longer = layOut(spread(["> ", ...line.clusters, "x"], columns), 0, columns);
            assertShows(
              terminal,
              { ...longer, cursor: terminal.cursor },
              columns,
              JSON.stringify({ columns, keys }),
            );
            // Without that character Enter leaves no empty row, also if the row before is full.
            input.push("\x7f\r", []);
            await terminal.write(`${input.takeEcho().replaceAll("\n", "\r\n")}next`);
            const next = terminal.screen.indexOf("next");
            assertEquals(next, rows.length, JSON.stringify({ columns, keys }));
          },
        ),
        { seed: 20_261_126, numRuns: 2 * RUNS },
      );
    });
  }
}

Deno.test("the echo assumes that a terminal reflows its rows when the width changes", () => {
  const input = new LineInput({ limit: 100 });
  input.echo = "all";
  input.place = { columns: 20, known: true, column: 2 };
  input.push("abcdefghijklmnopqrstuvwx", []);
  assertEquals(input.takeEcho(), "abcdefghijklmnopqr \rstuvwx");
  input.place = { columns: 30, known: true, column: 2 };
  input.push("\x7f".repeat(7), []);
  assertEquals(input.takeEcho(), "\b \b".repeat(7));
});

/** Clusters, with each TAB as the blanks that it shows. */
function spread(texts: readonly string[], columns: number): string[] {
  const shown: string[] = [];
  let column = 0;
  for (const cluster of texts.flatMap((text) => graphemes(text))) {
    const blanks = cluster === "\t" ? Math.min(8 - column % 8, columns - column) : 0;
    const width = blanks || clusterWidth(cluster);
    if (column + width > columns) column = 0;
    if (blanks > 0) shown.push(...Array(blanks).fill(" "));
    else shown.push(cluster);
    column = (column + width) % columns;
  }
  return shown;
}

Deno.test("printed colours show as on a terminal without an editor, also after line ends, and the typed line has none", async () => {
  const [columns, rows] = [20, 12];
  const part = fc.constantFrom(
    "You are hit!",
    " ouch",
    "\n",
    "\n\n",
    "\x1b[1;31m",
    "\x1b[44m",
    "\x1b[4m",
    "\x1b[7m",
    "\x1b[0m",
    "\x1b[39m",
    "\x1b[38;5;200m",
    "日本",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(part, { maxLength: 5 }), { maxLength: 5 }),
      async (texts) => {
        const [plain, edited] = [new Terminal(columns, rows), new Terminal(columns, rows)];
        const editor = new LineEditor({ columns, rows });
        for (const text of texts) {
          await plain.write(text.join("").replaceAll("\n", "\r\n"));
          editor.print(text.join(""));
          await edited.write(editor.takeOutput());
        }
        assertEquals(edited.screen, plain.screen);
        for (const [row, line] of plain.screen.entries()) {
          for (let column = 0; column < line.length; column++) {
            if (plain.at(row, column).trim() === "") continue;
            assertEquals(
              edited.styleAt(row, column),
              plain.styleAt(row, column),
              `row ${row}, column ${column} of ${JSON.stringify(texts)}`,
            );
          }
        }
        for (const key of new KeyDecoder().push("X", 0)) editor.key(key);
        await edited.write(editor.takeOutput());
        const [row, column] = edited.cursor;
        // After a full row the cursor is in the next one.
        const place = column > 0 ? [row, column - 1] as const : [row - 1, columns - 1] as const;
        assertEquals([edited.at(...place), edited.styleAt(...place)], ["X", [-1, -1, 0, 0, 0]]);
      },
    ),
    { numRuns: 10 * RUNS },
  );
});

Deno.test("text without a line end is shown whole, however long it is", async () => {
  const words = Array.from({ length: 1_200 }, (_, index) => `w${index}`);
  const text = words.map((word, index) => index % 7 === 0 ? `\x1b[3${index % 8}m${word}` : word);
  for (const size of [text.length, 100, 1]) {
    const terminal = new Terminal(40, 20);
    const editor = new LineEditor({ columns: 40, rows: 20 });
    editor.prompt = "> ";
    for (let at = 0; at < text.length; at += size) {
      editor.print(text.slice(at, at + size).map((word) => `${word} `).join(""));
      await terminal.write(editor.takeOutput());
    }
    const plain = new Terminal(40, 20);
    await plain.write(`${text.join(" ")} > `);
    for (const [row, line] of plain.everything.entries()) {
      assertEquals(terminal.everything[row], line);
    }
  }
});

Deno.test("a line that exactly fills its row leaves no empty row after Enter", async () => {
  for (
    const [prompt, line] of [["> ", "x".repeat(18)], ["", "日".repeat(10)], ["", "x".repeat(40)]]
  ) {
    const terminal = new Terminal(20, 10);
    const editor = new LineEditor({ columns: 20, rows: 10 });
    editor.prompt = prompt ?? "";
    for (const key of new KeyDecoder().push(`${line}\r`, 0)) editor.key(key);
    await terminal.write(editor.takeOutput());
    editor.print("done\n");
    await terminal.write(editor.takeOutput());
    const shown = [...`${prompt}${line}`];
    const size = line?.startsWith("日") ? 10 : 20;
    const rows = Array.from(
      { length: shown.length / size },
      (_, row) => shown.slice(row * size, row * size + size).join(""),
    );
    assertEquals(terminal.everything, [...rows, "done"]);
  }
});

Deno.test("a hyperlink in a prompt stays around its text, each time it is drawn", () => {
  const [begin, end] = ["\x1b]8;;https://example.org\x1b\\", "\x1b]8;;\x1b\\"];
  const editor = new LineEditor();
  editor.prompt = `${begin}help${end}> `;
  assertEquals(editor.takeOutput(), `${begin}help\x1b[0m${end}> `);
  editor.print("Bob waves.\n");
  assertEquals(editor.takeOutput(), `\r\x1b[JBob waves.\r\n${begin}help\x1b[0m${end}> `);
  editor.print(`${begin}a link`);
  editor.print(` and more${end}\n`);
  assertEquals(
    editor.takeOutput(),
    `\r\x1b[J${begin}a link and more${end}\r\n${begin}help\x1b[0m${end}> `,
  );
});

Deno.test("a row that is overwritten again and again stays one row", async () => {
  const terminal = new Terminal(60, 10);
  const editor = new LineEditor({ columns: 60, rows: 10 });
  editor.prompt = "> ";
  for (let percent = 0; percent <= 100; percent++) {
    const bar = "#".repeat(percent / 5).padEnd(20);
    editor.print(`\r\x1b[1;32m[${bar}]\x1b[0m ${percent}% loading the world`);
    await terminal.write(editor.takeOutput());
  }
  assertEquals(terminal.everything, [`[${"#".repeat(20)}] 100% loading the world>`]);
  for (let turn = 0; turn < 3_000; turn++) {
    editor.print(`\b${"|/-\\"[turn % 4]}`);
    if (turn % 10 === 0) await terminal.write(editor.takeOutput());
  }
  editor.print("\b done\n");
  await terminal.write(editor.takeOutput());
  assertEquals(terminal.everything, [`[${"#".repeat(20)}] 100% loading the worl done`, ">"]);
});

Deno.test("a long row of many colours is broken only where the window ends", async () => {
  const terminal = new Terminal(80, 24);
  const editor = new LineEditor();
  let text = "";
  for (let index = 0; index < 240; index++) text += `\x1b[38;2;${index};100;200mo`;
  editor.print(`${text}\x1b[0m`);
  await terminal.write(editor.takeOutput());
  assertEquals(terminal.everything.map((row) => row.length), [80, 80, 80]);
  const short = new LineEditor({
    columns: 20,
    rows: 6,
    show: (one) => one.replaceAll("…", "..."),
  });
  short.print("h… ".repeat(40));
  const shown = new Terminal(20, 6);
  await shown.write(short.takeOutput().replaceAll("…", "..."));
  assertEquals(shown.everything, Array(10).fill("h... h... h... h..."));
});

Deno.test("text goes on at its place in a full row that was shortened", async () => {
  const terminal = new Terminal(20, 10);
  const editor = new LineEditor({ columns: 20, rows: 10 });
  editor.print(`\r${"a".repeat(20)}\r12345${"\x1b[31m\x1b[39m".repeat(500)}`);
  editor.print("6");
  await terminal.write(editor.takeOutput());
  assertEquals(terminal.everything, ["123456aaaaaaaaaaaaaa"]);
});

Deno.test("a hyperlink of eight-bit controls ends with its text", () => {
  const editor = new LineEditor();
  editor.prompt = "\x9d8;;https://example.org\x9chelp\x9d8;;\x9c> ";
  assertEquals(
    editor.takeOutput(),
    "\x9d8;;https://example.org\x9chelp\x1b[0m\x1b]8;;\x1b\\> ",
  );
});
