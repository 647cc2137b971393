/**
 * Compares the server on all runtimes with the same runtime's sockets without this library. The
 * clients are a C program in its own process, so Linux and a C compiler are needed.
 *
 *     deno task bench:report, or by itself: deno run -A bench/server.ts [runs]
 */
import { sprintf } from "@std/fmt/printf";
import { Program } from "../tests/runtimes/process.ts";
import { findRuntimes, type Runtime } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { compiled } from "./peers.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** One of the two servers. */
export type Side = "miniboa" | "control";
export const SIDES: readonly Side[] = ["miniboa", "control"];

/** The result of a round, from the client program. */
interface Round {
  readonly error?: string;
  readonly done: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** The share of a core that the client program used. */
  readonly load: number;
}

/** The figures that a server reports of its process. */
interface Told {
  readonly rss: number;
  readonly cpu: number;
  readonly clients: number;
}

/** A figure of both servers. */
export interface Pair {
  readonly runtime: string;
  readonly what: string;
  readonly unit: string;
  readonly miniboa: Spread;
  readonly control: Spread;
}

/** The results with a number of connected clients. */
export interface ScalePoint {
  readonly runtime: string;
  readonly side: Side;
  readonly clients: number;
  /** Memory for each idle client, in KiB. */
  readonly kib: number;
  /** The CPU time of an idle server, as a share of a core. */
  readonly idle: number;
  /** The time until each client has sent a line and received its echo, in milliseconds. */
  readonly round: Spread;
  /** The time of a broadcast to all clients, in milliseconds. */
  readonly broadcast: Spread;
}

/** Memory before and after many connects and disconnects. */
export interface Churn {
  readonly runtime: string;
  readonly connects: number;
  readonly firstMib: number;
  readonly lastMib: number;
}

/** The results. */
export interface ServerReport {
  readonly machine: string;
  readonly runs: number;
  readonly pairs: readonly Pair[];
  readonly scale: readonly ScalePoint[];
  readonly churns: readonly Churn[];
  /** The highest share of a core that the client program used while the servers were busy. */
  readonly busiestLoad: number;
}

const SIZES = [100, 1_000, 5_000, 19_000];
const CHURN = 200_000;
const ECHO_MS = 700;

/** Measures the server; `undefined` if the client program cannot be compiled. */
export async function measureServer(
  runs: number,
  sizes: readonly number[] = SIZES,
  churn: number = CHURN,
): Promise<ServerReport | undefined> {
  const load = Deno.build.os === "linux" ? await compiled("load") : undefined;
  if (load === undefined) return undefined;
  const runtimes = await findRuntimes();
  const pairs: Pair[] = [];
  const scale: ScalePoint[] = [];
  const churns: Churn[] = [];
  let busiestLoad = 0;
  for (const runtime of runtimes) {
    await using bench = await Bench.start(runtime, load);
    pairs.push(...await bench.echo(50, runs), ...await bench.echo(500, runs));
    pairs.push(await bench.accept(runs), await bench.broadcast(runs));
    busiestLoad = Math.max(busiestLoad, bench.busiestLoad);
  }
  for (const runtime of runtimes) {
    for (const clients of sizes) {
      for (const side of SIDES) scale.push(await scalePoint(runtime, load, side, clients));
    }
    if (churn > 0) churns.push(await churnOf(runtime, load, churn));
  }
  const machine = await machineLine(runtimes);
  return { machine, runs, pairs, scale, churns, busiestLoad };
}

/** Both servers in one process, and a client program for each. */
export class Bench implements AsyncDisposable {
  busiestLoad = 0;
  readonly #runtime: Runtime;
  readonly #server: Program;
  readonly #people: ReadonlyMap<Side, Program>;

  private constructor(runtime: Runtime, server: Program, people: ReadonlyMap<Side, Program>) {
    this.#runtime = runtime;
    this.#server = server;
    this.#people = people;
  }

  /**
   * Starts the servers and the client programs.
   *
   * @param program The program with the servers, and its arguments.
   * @param manner Further arguments of the client programs: how they connect.
   */
  static async start(
    runtime: Runtime,
    load: string,
    [program, ...args]: readonly [string, ...string[]] = ["bench/server_program.ts"],
    manner: readonly string[] = [],
  ): Promise<Bench> {
    const server = Program.start(withGc(runtime), program, args);
    const ports: Record<Side, number> = JSON.parse(await server.line());
    const people = new Map(SIDES.map((side) => [side, peopleOf(load, ports[side], manner)]));
    return new Bench(runtime, server, people);
  }

  /** Measures rounds of echo, with the sides in turn. */
  async echo(clients: number, runs: number): Promise<Pair[]> {
    await this.#both(`connect ${clients}`);
    await this.#both(`echo ${ECHO_MS}`);
    const rounds = await this.#rounds(`echo ${ECHO_MS}`, runs);
    await this.#both("close");
    return [
      this.#pair(`echo, ${clients} clients`, "lines/s", rounds, ({ perSecond }) => perSecond),
      this.#pair(`p99, ${clients} clients`, "ms", rounds, ({ p99 }) => p99),
    ];
  }

  /** Measures clients that connect, echo one line and disconnect, 64 at once. */
  async accept(runs: number): Promise<Pair> {
    await this.#both("churn 2000 64");
    const rounds = await this.#rounds("churn 5000 64", runs);
    return this.#pair("connects, 64 at once", "/s", rounds, ({ perSecond }) => perSecond);
  }

  /** Measures a broadcast to 900 clients. */
  async broadcast(runs: number): Promise<Pair> {
    await this.#both("connect 900");
    await this.#both("echo 0"); // until all are accepted
    await this.#both("broadcast 20");
    const rounds = await this.#rounds("broadcast 40", runs);
    await this.#both("close");
    return this.#pair("broadcast to 900", "ms", rounds, ({ p50 }) => p50);
  }

  ask(side: Side, command: string): Promise<Round> {
    return askPeople(this.#people.get(side), command);
  }

  async tell(what: "memory" | "time" = "memory"): Promise<Told> {
    await this.#server.write(what);
    return JSON.parse(await this.#server.line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const people of this.#people.values()) await people[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  async #both(command: string): Promise<void> {
    for (const side of SIDES) await this.ask(side, command);
  }

  async #rounds(command: string, runs: number): Promise<Record<Side, Round[]>> {
    const rounds: Record<Side, Round[]> = { miniboa: [], control: [] };
    for (let run = 0; run < runs; run++) {
      for (const side of SIDES) rounds[side].push(await this.ask(side, command));
    }
    for (const { load } of rounds.miniboa) this.busiestLoad = Math.max(this.busiestLoad, load);
    return rounds;
  }

  #pair(
    what: string,
    unit: string,
    rounds: Record<Side, Round[]>,
    figure: (round: Round) => number,
  ): Pair {
    const spread = (side: Side) => spreadOf(rounds[side].map(figure));
    const [miniboa, control] = [spread("miniboa"), spread("control")];
    return { runtime: this.#runtime.name, what, unit, miniboa, control };
  }
}

/** Measures one server with many clients, in a new process, as memory is freed late. */
async function scalePoint(
  runtime: Runtime,
  load: string,
  side: Side,
  clients: number,
): Promise<ScalePoint> {
  await using bench = await Bench.start(runtime, load);
  await bench.ask(side, "connect 50"); // warm-up: compiles the code
  await bench.ask(side, "echo 300");
  await bench.tell();
  const before = await bench.tell();
  await bench.ask(side, `connect ${clients - 50}`);
  await bench.ask(side, "echo 0"); // until all are accepted
  await bench.tell();
  const { rss } = await bench.tell();
  const { cpu } = await bench.tell("time");
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const idle = ((await bench.tell("time")).cpu - cpu) / ((performance.now() - start) / 1_000);
  const rounds: number[] = [];
  const broadcasts: number[] = [];
  for (let run = 0; run < 5; run++) {
    rounds.push((await bench.ask(side, "echo 0")).seconds * 1_000);
    broadcasts.push((await bench.ask(side, "broadcast 1")).p50);
  }
  return {
    runtime: runtime.name,
    side,
    clients,
    kib: (rss - before.rss) / 1_024 / (clients - 50),
    idle,
    round: spreadOf(rounds),
    broadcast: spreadOf(broadcasts),
  };
}

/** Measures memory over many connects. The first fifth is warm-up, until the heap has its size. */
async function churnOf(runtime: Runtime, load: string, connects: number): Promise<Churn> {
  await using bench = await Bench.start(runtime, load);
  await bench.ask("miniboa", `churn ${connects / 5} 64`);
  await bench.tell();
  const first = await bench.tell();
  await bench.ask("miniboa", `churn ${connects} 64`);
  await bench.tell();
  const last = await bench.tell();
  const mib = ({ rss }: Told) => rss / 2 ** 20;
  return { runtime: runtime.name, connects, firstMib: mib(first), lastMib: mib(last) };
}

function peopleOf(load: string, port: number, manner: readonly string[]): Program {
  return Program.start({ name: "Deno", path: load, args: [] }, String(port), [...manner]);
}

async function askPeople(people: Program | undefined, command: string): Promise<Round> {
  await people?.write(command);
  const round: Round = JSON.parse(await people?.line() ?? "{}");
  if (round.error !== undefined) throw new Error(`Cannot ${command}: ${round.error}`);
  return round;
}

/** Returns a runtime with an exposed garbage collector, so that memory can be measured. */
function withGc(runtime: Runtime): Runtime {
  if (runtime.name === "Node") return { ...runtime, args: ["--expose-gc", ...runtime.args] };
  if (runtime.name === "Bun") return runtime;
  return { ...runtime, args: [...runtime.args, "--v8-flags=--expose-gc"] };
}

/** The tables, as Markdown. */
export function serverTables(report: ServerReport): string {
  const { machine, runs, pairs, scale, churns, busiestLoad } = report;
  const parts = [
    `${machine}. Median (min–max) of ${runs} rounds, both servers in turn, in one process.`,
    "",
    "| | | with miniboa | control | ratio of medians |",
    "|---|---|---:|---:|---:|",
    ...pairs.map(pairRow),
    "",
    `While the servers were busy, the people needed at most ${sprintf("%.2f", busiestLoad)} of ` +
    "their core: they were not the bottleneck.",
    "",
    "| | clients | KiB a client | idle, % of a core | a line of each, ms | broadcast, ms |",
    "|---|---:|---:|---:|---:|---:|",
    ...scale.map(scaleRow),
    "",
    ...churns.map(({ runtime, connects, firstMib, lastMib }) =>
      `- ${runtime}: after ${connects / 5} connects and disconnects ` +
      `${sprintf("%.0f", firstMib)} MiB, after ${connects} more ${sprintf("%.0f", lastMib)} MiB.`
    ),
  ];
  return parts.join("\n").trimEnd();
}

/** A row of a table of pairs. */
export function pairRow({ runtime, what, unit, miniboa, control }: Pair): string {
  const text = ({ median, least, most }: Spread) =>
    `${figure(median)} (${figure(least)}–${figure(most)})`;
  const ratio = sprintf("%.2f", miniboa.median / control.median);
  return `| ${runtime} | ${what}, ${unit} | ${text(miniboa)} | ${text(control)} | ${ratio} |`;
}

function scaleRow({ runtime, side, clients, kib, idle, round, broadcast }: ScalePoint): string {
  const cells = [sprintf("%.1f", kib), sprintf("%.1f", idle * 100)];
  cells.push(figure(round.median), figure(broadcast.median));
  return `| ${runtime}, ${side} | ${clients} | ${cells.join(" | ")} |`;
}

function figure(value: number): string {
  return sprintf(value < 100 ? "%.2f" : "%.0f", value);
}

if (import.meta.main) {
  const report = await measureServer(Number(Deno.args[0] ?? 7));
  console.log(report === undefined ? "Linux and a C compiler are needed" : serverTables(report));
}
