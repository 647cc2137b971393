/**
 * Compares the text functions on all runtimes with wrap-ansi, string-width, slice-ansi and
 * iconv-lite, in µs: the median of several processes, with the runtimes in turn, and other texts
 * for each process.
 *
 *     deno task bench:report, or by itself: deno run -A bench/text.ts [runs [seed]]
 */
import { sprintf } from "@std/fmt/printf";
import { findRuntimes } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { textPackagesFolder } from "./peers.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import type { TextCell } from "./text_program.ts";

/** The figures of a contender for one task. */
export interface TextRow {
  readonly work: string;
  readonly subject: string;
  readonly contender: string;
  /** By runtime. */
  readonly cells: ReadonlyMap<string, Spread>;
}

/** The results. */
export interface TextReport {
  readonly machine: string;
  readonly runs: number;
  /** The seed of the first process; each later process uses the next number. */
  readonly seed: number;
  readonly runtimes: readonly string[];
  readonly rows: readonly TextRow[];
}

/** Measures the text functions; `undefined` if npm is not available. */
export async function measureText(runs: number, seed: number): Promise<TextReport | undefined> {
  const folder = await textPackagesFolder();
  if (folder === undefined) return undefined;
  const runtimes = await findRuntimes();
  const samples = new Map<string, number[]>();
  for (let run = 0; run < runs; run++) {
    for (const runtime of runtimes) {
      const program = new URL("./text_program.ts", import.meta.url).pathname;
      const args = [...runtime.args, program, folder, String(seed + run)];
      const { stdout } = await new Deno.Command(runtime.path, { args, stderr: "inherit" }).output();
      const cells: TextCell[] = JSON.parse(new TextDecoder().decode(stdout));
      for (const { work, subject, contender, microseconds } of cells) {
        const key = [work, subject, contender, runtime.name].join("|");
        samples.set(key, [...samples.get(key) ?? [], microseconds]);
      }
    }
  }
  return {
    machine: await machineLine(runtimes),
    runs,
    seed,
    runtimes: runtimes.map(({ name }) => name),
    rows: rowsOf(samples),
  };
}

function rowsOf(samples: ReadonlyMap<string, readonly number[]>): TextRow[] {
  const rows = new Map<string, TextRow & { readonly cells: Map<string, Spread> }>();
  for (const [key, values] of samples) {
    const [work = "", subject = "", contender = "", runtime = ""] = key.split("|");
    const name = [work, subject, contender].join("|");
    const row = rows.get(name) ?? { work, subject, contender, cells: new Map<string, Spread>() };
    rows.set(name, row);
    row.cells.set(runtime, spreadOf(values));
  }
  return [...rows.values()];
}

/** The tables, as Markdown: in each cell the median, the minimum and the maximum; and the ratio. */
export function textTables({ machine, runs, seed, runtimes, rows }: TextReport): string {
  const parts = [
    `${machine}. µs, median (min–max) of ${runs} processes; seeds ${seed} to ${seed + runs - 1}.`,
  ];
  for (const work of new Set(rows.map((row) => row.work))) {
    const own = rows.filter((row) => row.work === work);
    const heads = runtimes.flatMap((runtime) => [runtime, "×"]);
    parts.push("", `**${work}**`, "", `| | | ${heads.join(" | ")} |`);
    parts.push(`|---|---|${"---:|".repeat(heads.length)}`);
    for (const row of own) {
      const ours = own.find((other) => other.subject === row.subject);
      const cells = runtimes.flatMap((runtime) => {
        const cell = row.cells.get(runtime);
        const base = ours?.cells.get(runtime)?.median ?? NaN;
        return [cellText(cell), row === ours ? "" : ratioText((cell?.median ?? NaN) / base)];
      });
      parts.push(`| ${row.subject} | ${row.contender} | ${cells.join(" | ")} |`);
    }
  }
  return parts.join("\n");
}

function cellText(spread: Spread | undefined): string {
  if (spread === undefined) return "–";
  const text = (value: number) => sprintf(value < 10 ? "%.2f" : "%.0f", value);
  return `${text(spread.median)} (${text(spread.least)}–${text(spread.most)})`;
}

function ratioText(ratio: number): string {
  return Number.isNaN(ratio) ? "–" : sprintf(ratio < 10 ? "%.1f" : "%.0f", ratio);
}

if (import.meta.main) {
  const [runs = "3", seed = String(Date.now() % 1_000_000)] = Deno.args;
  const report = await measureText(Number(runs), Number(seed));
  console.log(report === undefined ? "npm cannot be had" : textTables(report));
}
