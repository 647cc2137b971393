/**
 * Compares WebSockets on all runtimes with the runtime's own server (npm ws on Node, `Deno.serve`,
 * `Bun.serve`): echo, memory, and framing without I/O. Linux, a C compiler and npm are needed.
 *
 *     deno task bench:report 5 websocket, or by itself: deno run -A bench/websocket.ts [runs]
 */
import { sprintf } from "@std/fmt/printf";
import { findRuntimes, type Runtime } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { compiled, wsFolder } from "./peers.ts";
import { Bench, type Pair, pairRow, type Side, SIDES } from "./server.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** The results. */
export interface WebSocketReport {
  readonly machine: string;
  readonly runs: number;
  readonly pairs: readonly Pair[];
  /** MB/s of each operation, for each runtime. */
  readonly framing: ReadonlyMap<string, ReadonlyMap<string, Spread>>;
}

const IDLE = 8_000;
const HAND_SHAKEN = 50;

/** Measures WebSockets; `undefined` if the client program cannot be compiled, or npm is missing. */
export async function measureWebSocket(runs: number): Promise<WebSocketReport | undefined> {
  const load = Deno.build.os === "linux" ? await compiled("load") : undefined;
  const folder = load && await wsFolder();
  if (load === undefined || folder === undefined) return undefined;
  const runtimes = await findRuntimes();
  const pairs: Pair[] = [];
  const framing = new Map<string, ReadonlyMap<string, Spread>>();
  for (const runtime of runtimes) {
    {
      await using bench = await start(runtime, load, folder);
      pairs.push(...await bench.echo(50, runs), ...await bench.echo(500, runs));
    }
    pairs.push(await idle(runtime, load, folder, Math.min(runs, 3)));
    framing.set(runtime.name, await measureFraming(runtime, runs));
  }
  return { machine: await machineLine(runtimes), runs, pairs, framing };
}

function start(runtime: Runtime, load: string, folder: string): Promise<Bench> {
  return Bench.start(runtime, load, ["bench/websocket_program.ts", folder], ["ws"]);
}

/** Measures the memory of each idle connection, in a new process, as memory is freed late. */
async function idle(runtime: Runtime, load: string, folder: string, runs: number): Promise<Pair> {
  const kib: Record<Side, number[]> = { miniboa: [], control: [] };
  for (let run = 0; run < runs; run++) {
    for (const side of SIDES) {
      await using bench = await start(runtime, load, folder);
      await bench.ask(side, `connect ${HAND_SHAKEN}`); // warm-up: compiles the code
      await bench.ask(side, "echo 300");
      await bench.tell();
      const before = await bench.tell();
      await bench.ask(side, `connect ${IDLE}`);
      await bench.ask(side, "echo 0");
      await bench.tell();
      kib[side].push(((await bench.tell()).rss - before.rss) / 1_024 / IDLE);
    }
  }
  const [miniboa, control] = [spreadOf(kib.miniboa), spreadOf(kib.control)];
  return { runtime: runtime.name, what: `an idle one of ${IDLE}`, unit: "KiB", miniboa, control };
}

async function measureFraming(
  runtime: Runtime,
  runs: number,
): Promise<ReadonlyMap<string, Spread>> {
  const figures = new Map<string, number[]>();
  for (let run = 0; run < runs; run++) {
    const { stdout } = await new Deno.Command(runtime.path, {
      args: [...runtime.args, "bench/framing_program.ts"],
    }).output();
    const rows: Record<string, number> = JSON.parse(new TextDecoder().decode(stdout));
    for (const [name, figure] of Object.entries(rows)) {
      figures.set(name, [...figures.get(name) ?? [], figure]);
    }
  }
  return new Map([...figures].map(([name, values]) => [name, spreadOf(values)]));
}

/** The tables, as Markdown. */
export function webSocketTables({ machine, runs, pairs, framing }: WebSocketReport): string {
  const runtimes = [...framing.keys()];
  const names = [...framing.values().next().value?.keys() ?? []];
  const cell = (spread: Spread | undefined) =>
    spread === undefined
      ? ""
      : sprintf("%.0f (%.0f–%.0f)", spread.median, spread.least, spread.most);
  return [
    `${machine}. Median (min–max) of ${runs} rounds, both servers in turn, in one process; memory in ` +
    "processes of their own.",
    "",
    "| | | with miniboa | control | ratio of medians |",
    "|---|---|---:|---:|---:|",
    ...pairs.map(pairRow),
    "",
    "Frames by themselves, MB/s of payload, by bytes of a message:",
    "",
    `| | ${runtimes.join(" | ")} |`,
    `|---|${"---:|".repeat(runtimes.length)}`,
    ...names.map((name) =>
      `| ${name} | ${
        runtimes.map((runtime) => cell(framing.get(runtime)?.get(name))).join(" | ")
      } |`
    ),
  ].join("\n");
}

if (import.meta.main) {
  const report = await measureWebSocket(Number(Deno.args[0] ?? 5));
  console.log(report === undefined ? "Linux, cc and npm are needed" : webSocketTables(report));
}
