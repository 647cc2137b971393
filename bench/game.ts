/**
 * A game under load: players look, talk and walk. Beside this library the same game on what people would use:
 * Twisted (which Evennia is built on), telnet-stream and ranvier-telnet. All servers and the players run on one
 * machine, so a server has about one core.
 *
 *     deno task bench:game [players …]
 *
 * The default is 500 and 5000. The players are a program of Node.
 */
import { sprintf } from "@std/fmt/printf";
import { Program } from "../tests/runtimes/process.ts";
import { findRuntimes, type Runtime } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { gamePackagesFolder } from "./peers.ts";
import { roomTexts } from "./game/world.mjs";

/** How the players are connected. */
type Manner = "plain" | "tls" | "mccp2" | "websocket";

/** A server under test. */
interface Contender {
  readonly name: string;
  readonly manners: readonly Manner[];
  start(): Program;
}

/** A round, as the players report it. */
interface Round {
  readonly error?: string;
  readonly commands: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly late: number;
  /** The share of a core that the players used. */
  readonly load: number;
}

interface Usage {
  readonly cpu: number;
  readonly rss: number;
}

/** The results with a number of players. */
export interface GameRow {
  readonly name: string;
  readonly manner: Manner;
  readonly players: number;
  readonly steady: Round & { readonly microseconds: number };
  readonly busy: Round & { readonly microseconds: number };
  /** Memory for each player, in KiB. */
  readonly kib: number;
}

const ALL: readonly Manner[] = ["plain", "mccp2", "websocket", "tls"];
const PYTHON = "/usr/bin/python3";
const ROUND_MS = 4_000;
const WARM_UP_MS = 2_000;
/** Commands a second of a player. */
const PACE = 2;

/** Measures the game; a new seed makes new texts for all. */
export async function measureGame(
  sizes: readonly number[],
  only: RegExp = /./,
): Promise<{ readonly machine: string; readonly rows: readonly GameRow[] }> {
  const runtimes = await findRuntimes();
  const seed = 1 + Math.floor(Math.random() * 1e6);
  const node = runtimes.find(({ name }) => name === "Node");
  if (node === undefined) {
    throw new Error("Cannot measure the game without Node: it runs the players");
  }
  const contenders = (await contendersOf(runtimes, node, seed)).filter(({ name }) =>
    only.test(name)
  );
  const rows: GameRow[] = [];
  for (const players of sizes) {
    for (const contender of contenders) {
      for (const manner of contender.manners) {
        const row = await measure(contender, manner, players, node).catch((error) => String(error));
        if (typeof row === "string") {
          console.error(`${contender.name}, ${manner}, ${players}: ${row}`);
        } else {
          rows.push(row);
          console.error(rowOf(row));
        }
      }
    }
  }
  return { machine: await machineLine(runtimes), rows };
}

async function contendersOf(
  runtimes: readonly Runtime[],
  node: Runtime,
  seed: number,
): Promise<Contender[]> {
  const contenders: Contender[] = runtimes.map((runtime) => ({
    name: `miniboa, ${runtime.name}`,
    manners: ALL,
    start: () => Program.start(runtime, "bench/game/miniboa_server.ts", [String(seed)]),
  }));
  const packages = await gamePackagesFolder();
  if (packages !== undefined) {
    for (
      const [name, file] of [["telnet-stream", "telnet_stream"], ["ranvier-telnet", "ranvier"]]
    ) {
      const args = [packages, String(seed)];
      const start = () => Program.start(node, `bench/game/${file}_server.mjs`, args);
      contenders.push({ name: `${name}, Node`, manners: ["plain"], start });
    }
  }
  if (await hasTwisted()) {
    const texts = await Deno.makeTempFile({ suffix: ".json" });
    await Deno.writeTextFile(texts, JSON.stringify(roomTexts(seed)));
    const python: Runtime = { name: "Node", path: PYTHON, args: [] };
    const start = () => Program.start(python, "bench/game/twisted_server.py", [texts]);
    contenders.push({ name: "Twisted, Python", manners: ["plain"], start });
  }
  return contenders;
}

async function hasTwisted(): Promise<boolean> {
  const command = new Deno.Command(PYTHON, {
    args: ["-c", "import twisted.conch.telnet"],
    stderr: "null",
  });
  return await command.output().then(({ success }) => success, () => false);
}

async function measure(
  contender: Contender,
  manner: Manner,
  players: number,
  node: Runtime,
): Promise<GameRow> {
  await using server = contender.start();
  const ports = JSON.parse(await server.line());
  const port = manner === "tls" ? ports.secure : ports.plain;
  await using people = Program.start(node, "bench/game/players.mjs", [String(port), manner]);
  const ask = async (command: string): Promise<Round> => {
    await people.write(command);
    const round: Round = JSON.parse(await people.line());
    if (round.error !== undefined) throw new Error(`Cannot ${command}: ${round.error}`);
    return round;
  };
  const usage = async (): Promise<Usage> => {
    await server.write("usage");
    return JSON.parse(await server.line());
  };
  const play = async (pace: number) => {
    const before = await usage();
    const round = await ask(`play ${ROUND_MS} ${pace}`);
    const after = await usage();
    return { ...round, microseconds: 1e6 * (after.cpu - before.cpu) / round.commands };
  };
  await ask("connect 20");
  await ask(`play ${WARM_UP_MS} 0`);
  const { rss } = await usage();
  await ask(`connect ${players - 20}`);
  await ask(`play 1000 ${PACE}`);
  const grown = (await usage()).rss - rss;
  return {
    name: contender.name,
    manner,
    players,
    steady: await play(PACE),
    busy: await play(0),
    kib: grown / 1_024 / (players - 20),
  };
}

/** The table, as Markdown. */
export function gameTable(machine: string, rows: readonly GameRow[]): string {
  return [
    `${machine}. Rounds of ${ROUND_MS / 1000} s.`,
    "",
    `| | players | ${PACE} commands a second each: p50, p99 | µs a command | as fast as they can: commands/s | p50, p99 | µs a command | KiB a player |`,
    "|---|---:|---:|---:|---:|---:|---:|---:|",
    ...rows.map(rowOf),
  ].join("\n");
}

function rowOf({ name, manner, players, steady, busy, kib }: GameRow): string {
  const times = ({ p50, p99 }: Round) => `${figure(p50)}, ${figure(p99)} ms`;
  // A server that cannot keep up skips commands.
  const skipped = steady.late / (steady.late + steady.commands);
  const late = skipped > 0.01 ? ` (${sprintf("%.0f", 100 * skipped)} % not sent)` : "";
  const cells = [
    `${name}${manner === "plain" ? "" : `, ${manner.toUpperCase()}`}`,
    String(players),
    times(steady) + late,
    sprintf("%.0f", steady.microseconds),
    sprintf("%.0f", busy.commands / busy.seconds),
    times(busy),
    sprintf("%.0f", busy.microseconds),
    sprintf("%.1f", kib),
  ];
  return `| ${cells.join(" | ")} |`;
}

function figure(value: number): string {
  return sprintf(value < 10 ? "%.1f" : "%.0f", value);
}

if (import.meta.main) {
  const sizes = Deno.args.filter((argument) => /^\d+$/.test(argument)).map(Number);
  const only = new RegExp(Deno.args.find((argument) => !/^\d+$/.test(argument)) ?? ".");
  const { machine, rows } = await measureGame(sizes.length > 0 ? sizes : [500, 5_000], only);
  console.log(gameTable(machine, rows));
}
