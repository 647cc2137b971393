/** The incremental layout of an edited line equals a full layout. */
import { assert, assertEquals } from "@std/assert";
import { LineLayout } from "../../src/text/line_layout.ts";
import { type Cell, type FrameRow, lineCells } from "../../src/text/screen.ts";
import { graphemes, isUncertain, widthsFor } from "../../src/text/width.ts";
import { countSteps, startCounting } from "../steps.ts";

/** A full layout: rows of cells. */
class Model {
  readonly rows: Cell[][] = [[]];
  row = 0;
  column = 0;
  readonly places: { readonly at: number; readonly row: number; readonly column: number }[] = [];
  #width = 0;
  #forced = false;

  readonly columns: number;

  constructor(columns: number) {
    this.columns = columns;
  }

  add(cell: Cell): void {
    const ended = cell.text === "\n";
    if (ended && !this.#forced) this.#newRow();
    this.#forced = false;
    if (ended) return;
    if (this.#width + cell.width > this.columns) this.#newRow();
    this.rows.at(-1)?.push(cell);
    this.#width += cell.width;
  }

  /** Puts the cursor here; after a full row it is on the next row. */
  mark(): void {
    this.#forced = this.#width >= this.columns;
    if (this.#forced) this.#newRow();
    this.row = this.rows.length - 1;
    this.column = this.#width;
  }

  place(at: number): void {
    const full = this.#width >= this.columns;
    this.places.push({
      at,
      row: this.rows.length - (full ? 0 : 1),
      column: full ? 0 : this.#width,
    });
  }

  #newRow(): void {
    this.rows.push([]);
    this.#width = 0;
  }
}

function whole(columns: number, before: string, line: string, cursor: number): Model {
  const model = new Model(columns);
  for (const cell of lineCells(before)) model.add(cell);
  // A cursor within a cluster splits it.
  const cells = [...lineCells(line.slice(0, cursor)), ...lineCells(line.slice(cursor))];
  const uncut = lineCells(line);
  const joined = uncut.length === cells.length;
  let at = 0;
  for (const cell of joined ? uncut : cells) {
    if (at === cursor) model.mark();
    model.add(cell);
    at += cell.length;
  }
  if (at === cursor) model.mark();
  return model;
}

function climbed(
  columns: number,
  before: string,
  line: string,
  cursor: number,
  step: number,
): number | undefined {
  const model = new Model(columns);
  for (const cell of lineCells(before)) model.add(cell);
  let at = 0;
  model.place(at);
  for (const cell of lineCells(line)) {
    model.add(cell);
    at += cell.length;
    model.place(at);
  }
  const { places } = model;
  const here = places.find((place) => place.at >= cursor) ?? { row: 0, column: 0 };
  const target = here.row + step;
  if (target < (places[0]?.row ?? 0) || target >= model.rows.length) return undefined;
  const start = places.findIndex(({ row }) => row >= target);
  let best = places[start]?.at ?? 0;
  for (const place of places.slice(start)) {
    if (place.row > target || place.column > here.column) break;
    best = place.at;
  }
  return best;
}

function textOf(cells: readonly Cell[]): string {
  return cells.map(({ text }) => text).join("");
}

function textsOf(rows: readonly FrameRow[]): string[] {
  return rows.map(({ cells, text }) => textOf(cells) + text);
}

/** Seeded random numbers. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

const PARTS = [
  ..."abc xyz\n",
  "é",
  "e\u0301",
  "\u0301",
  "日本",
  "👩‍🚀",
  "\u200d",
  "🇩🇪",
  "🇫",
  "❤️",
  "\u{1f3fd}",
  "\u200b",
  "the quick brown fox jumps ",
  "\x01",
];
/** Characters of one column. */
const SIMPLE = [..."abc xyz", "é", "ж", "the quick brown fox jumps "];

Deno.test("an edited line has the same layout as a new one, at any position and width", () => {
  for (let seed = 1; seed <= 600; seed++) {
    const random = numbers(seed);
    // Half of the lines have only characters of one column; some of these get another one late.
    const choices = (step: number) =>
      seed % 2 === 0 || (seed % 3 === 0 && step > 30) ? PARTS : SIMPLE;
    let columns = 2 + random(12);
    const layout = new LineLayout(columns, undefined);
    let [line, before, top] = ["", "> ", 0];
    for (let step = 0; step < 40; step++) {
      const ends = [0];
      for (const cluster of graphemes(line)) ends.push((ends.at(-1) ?? 0) + cluster.length);
      const any = () => ends[random(ends.length)] ?? 0;
      const [start, end] = [any(), any()].toSorted((a, b) => a - b) as [number, number];
      const parts = Array.from({ length: random(4) }, () => {
        const parts = choices(step);
        return parts[random(parts.length)];
      });
      line = line.slice(0, start) + parts.join("") + line.slice(random(2) === 0 ? start : end);
      if (random(15) === 0) {
        before = ["", "> ", "a prompt of some length: ", "x\n> "][random(4)] ?? "";
      }
      if (random(20) === 0) {
        columns = 2 + random(12);
        layout.resize(columns);
      }
      const places = [0];
      for (const cluster of graphemes(line)) places.push((places.at(-1) ?? 0) + cluster.length);
      const cursor = places[random(places.length)] ?? 0;
      const height = 1 + random(5);
      layout.set(before, line, cursor);
      const frame = layout.frame(top, height);
      const model = whole(columns, before, line, cursor);
      if (model.row < top) top = model.row;
      if (model.row >= top + height) top = model.row - height + 1;
      top = Math.max(0, Math.min(top, model.rows.length - height));
      const expected = {
        top,
        row: model.row - top,
        column: model.column,
        rows: model.rows.slice(top, top + height).map(textOf),
      };
      const why = `seed ${seed}, step ${step}: ${
        JSON.stringify({ columns, before, line, cursor })
      }`;
      assertEquals({ ...frame, rows: textsOf(frame.rows) }, expected, why);
      for (const way of [-1, 1] as const) {
        assertEquals(
          layout.climb(way),
          climbed(columns, before, line, cursor, way),
          `${way} ${why}`,
        );
      }
    }
  }
});

Deno.test("LineLayout: text before the line that returns to the start of its last row", () => {
  for (
    const before of ["x".repeat(11) + "\r", "x".repeat(11) + "\b", "ab\r", "\r", "x".repeat(10)]
  ) {
    for (const typed of ["a", "日", "abcdefghijk"]) {
      const layout = new LineLayout(10, undefined);
      for (const line of ["", typed, "", typed, typed.slice(1), ""]) {
        for (const cursor of [line.length, 0]) {
          layout.set(before, line, cursor);
          const { rows, row, column } = layout.frame(0, 9);
          assert(row < rows.length && column < 10, JSON.stringify({ before, line, cursor }));
          const shown = textsOf(rows).slice(Math.floor(before.replace(/[\r\b]/, "").length / 10.5));
          assert(shown.join("").includes(line), JSON.stringify({ before, line, shown }));
        }
      }
    }
  }
});

Deno.test("LineLayout: a character before the line that is wider than the window", () => {
  for (const typed of ["abcd", "abcdefghijklm"]) {
    const layout = new LineLayout(5, undefined);
    layout.set("\u1100\u1100\u1100", typed, typed.length); // one cluster of six columns
    const [first, ...others] = textsOf(layout.frame(0, 9).rows);
    assertEquals([first, others.join("")], ["\u1100\u1100\u1100", typed]);
  }
});

Deno.test("terminals agree on the width of each character of a simple line", () => {
  for (const ambiguousWidth of [1, 2] as const) {
    const widths = widthsFor(ambiguousWidth);
    let simple = 0;
    for (let code = 0; code < 0x10000; code++) {
      const unit = String.fromCharCode(code);
      if (!widths.areOne(unit)) continue;
      simple++;
      assert(widths.ofCluster(unit) === 1 && !isUncertain(unit), code.toString(16));
      for (const other of ["a", "\u0301", "\u200d", unit]) {
        const alone = graphemes(unit + other)[0] === unit;
        assert(
          alone || !widths.areOne(other),
          `${code.toString(16)} joins ${JSON.stringify(other)}`,
        );
      }
    }
    assert(simple > 200, `${simple}`);
  }
});

Deno.test("LineLayout: a key costs in proportion to the visible part, not to the whole line", () => {
  const steps = [4_096, 4 * 4_096].map((length) => {
    const line = "é日".repeat(length / 2);
    const layout = new LineLayout(80, undefined);
    layout.set("> ", line, line.length);
    layout.frame(0, 24);
    const stop = startCounting();
    for (let keys = 1; keys <= 20; keys++) {
      const longer = line + "é".repeat(keys);
      layout.set("> ", longer, longer.length);
      layout.frame(0, 24);
      layout.climb(-1);
    }
    return stop().count;
  });
  const [few = 0, many = 0] = steps;
  assert(many < few * 1.5, `${few} steps, then ${many}`);
});

Deno.test("a very long cluster is laid out and paid for by its length, and in short pieces", () => {
  for (const cluster of ["\u200d", "\u0301", "ᄀ"]) {
    const layout = new LineLayout(80, undefined);
    const line = cluster.repeat(4_000);
    layout.set("> ", line, line.length);
    assert(layout.takeMade() >= line.length, JSON.stringify(cluster));
    const steps = countSteps(() => {
      layout.set("> ", `${line}a`, line.length + 1);
      layout.set("> ", line, line.length);
    });
    assert(layout.takeMade() < 600, JSON.stringify(cluster));
    assert(steps.count < 2_000, `${JSON.stringify(cluster)}: ${steps.count}`);
  }
});
