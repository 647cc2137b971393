/**
 * Compares the parser on all runtimes with control rows, telnet-stream and libtelnet, in MB/s: the
 * median of several processes, with the runtimes in turn.
 *
 *     deno task bench:report, or by itself: deno run -A bench/parser.ts [runs]
 */
import { sprintf } from "@std/fmt/printf";
import { findRuntimes, type Runtime } from "../tests/runtimes/runtimes.ts";
import { CHUNKS, CORPORA } from "./corpora.ts";
import { machineLine } from "./machine.ts";
import type { Cell } from "./parser_program.ts";
import { compiled, telnetStreamFolder } from "./peers.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** A row of the table: a contender on a runtime. */
export interface ParserRow {
  readonly contender: string;
  /** Its runtime; empty for C. */
  readonly runtime: string;
  readonly chunk: number;
  /** By corpus. */
  readonly cells: ReadonlyMap<string, Spread>;
}

/** The results. */
export interface ParserReport {
  readonly machine: string;
  readonly runs: number;
  readonly rows: readonly ParserRow[];
  /** The contenders that could not be measured here, with the reason. */
  readonly missing: readonly string[];
}

type Samples = Map<string, number[]>;
const keyOf = (contender: string, runtime: string, chunk: number, corpus: string) =>
  [contender, runtime, chunk, corpus].join("|");

/** Measures the parser. */
export async function measureParser(runs: number): Promise<ParserReport> {
  const runtimes = await findRuntimes();
  const telnetStream = await telnetStreamFolder();
  const libtelnet = await compiled("libtelnet_parser", ["telnet"]);
  const samples: Samples = new Map();
  for (let run = 0; run < runs; run++) {
    for (const runtime of runtimes) await runOn(runtime, telnetStream, samples);
    if (libtelnet !== undefined) await runLibtelnet(libtelnet, samples);
  }
  return {
    machine: await machineLine(runtimes),
    runs,
    rows: rowsOf(samples),
    missing: [
      ...(telnetStream === undefined ? ["telnet-stream: npm cannot be had"] : []),
      ...(libtelnet === undefined ? ["libtelnet: no C compiler, or no libtelnet-dev"] : []),
    ],
  };
}

async function runOn(runtime: Runtime, folder: string | undefined, samples: Samples) {
  const program = new URL("./parser_program.ts", import.meta.url).pathname;
  const args = [...runtime.args, program, folder ?? "-"];
  const { stdout } = await new Deno.Command(runtime.path, { args, stderr: "inherit" }).output();
  const cells: Cell[] = JSON.parse(new TextDecoder().decode(stdout));
  for (const { contender, corpus, chunk, megabytesPerSecond } of cells) {
    note(samples, keyOf(contender, runtime.name, chunk, corpus), megabytesPerSecond);
  }
}

async function runLibtelnet(program: string, samples: Samples) {
  const file = await Deno.makeTempFile();
  for (const { size, length } of CHUNKS) {
    for (const corpus of CORPORA) {
      await Deno.writeFile(file, corpus.make(length));
      const args = [file, String(size), String(corpus.connection ?? length)];
      const { stdout } = await new Deno.Command(program, { args }).output();
      const [rate = "NaN"] = new TextDecoder().decode(stdout).split(" ");
      note(samples, keyOf("libtelnet (C)", "", size, corpus.name), Number(rate));
    }
  }
  await Deno.remove(file);
}

function note(samples: Samples, key: string, value: number): void {
  const values = samples.get(key) ?? [];
  values.push(value);
  samples.set(key, values);
}

function rowsOf(samples: Samples): ParserRow[] {
  const rows = new Map<string, { row: ParserRow; cells: Map<string, Spread> }>();
  for (const [key, values] of samples) {
    const [contender = "", runtime = "", chunk = "", corpus = ""] = key.split("|");
    const name = keyOf(contender, runtime, Number(chunk), "");
    const cells = rows.get(name)?.cells ?? new Map<string, Spread>();
    rows.set(name, { row: { contender, runtime, chunk: Number(chunk), cells }, cells });
    cells.set(corpus, spreadOf(values));
  }
  return [...rows.values()].map(({ row }) => row);
}

/** The tables, as Markdown: in each cell the median, the minimum and the maximum. */
export function parserTables({ machine, runs, rows, missing }: ParserReport): string {
  const order = ["miniboa", "libtelnet (C)", "telnet-stream", "scan only", "byte loop"];
  const parts = [`${machine}. MB/s, median (min–max) of ${runs} processes.`];
  for (const { size } of CHUNKS) {
    const names = CORPORA.map(({ name }) => name);
    parts.push("", `Chunks of ${size} ${size === 1 ? "byte" : "bytes"}:`, "");
    parts.push(`| | ${names.join(" | ")} |`, `|---|${"---:|".repeat(names.length)}`);
    for (const contender of order) {
      for (const row of rows.filter((row) => row.chunk === size && row.contender === contender)) {
        const title = [row.contender, row.runtime].filter((part) => part !== "").join(", ");
        const cells = names.map((name) => cellText(row.cells.get(name)));
        parts.push(`| ${title} | ${cells.join(" | ")} |`);
      }
    }
  }
  if (missing.length > 0) parts.push("", `Not measured here: ${missing.join("; ")}.`);
  return parts.join("\n");
}

function cellText(spread: Spread | undefined): string {
  if (spread === undefined) return "–";
  const text = (value: number) => sprintf(value < 10 ? "%.1f" : "%.0f", value);
  return `${text(spread.median)} (${text(spread.least)}–${text(spread.most)})`;
}

if (import.meta.main) console.log(parserTables(await measureParser(Number(Deno.args[0] ?? 5))));
