/**
 * Draws the picture of the README from a real session: three people play examples/mud.ts.
 *
 *     deno task picture
 *
 * What the terminals show is what the server sent to three clients; only the typing has a made-up speed.
 */
import headless from "@xterm/headless";
import { connect, type RemoteServer } from "../src/connect/mod.ts";
import { Program } from "../tests/runtimes/process.ts";
import { type Cell, drawAnimation, type Panel } from "./animation.ts";

const COLUMNS = 46;
const ROWS = 15;
const KEY_MS = 70;
const READ_MS = 900;
/** How long the last picture stays. */
const END_MS = 4_000;

/** What they do, in order. `null` types the password, which is hidden. */
const SCRIPT: readonly (readonly [person: string, line: string | null, until: string])[] = [
  ["Ada", "Ada", "password? "],
  ["Ada", null, "> "],
  ["Ben", "Ben", "password? "],
  ["Ben", null, "> "],
  ["Ada", "say Hello, Ben!", "> "],
  ["Cleo", "Cleo", "password? "],
  ["Cleo", null, "> "],
  ["Ben", "say North, anyone?", "> "],
  ["Cleo", "north", "> "],
  ["Ben", "north", "> "],
  ["Cleo", "say Mind the ^Rkobold^~.", "> "],
];

/** A person with a terminal, and what it showed at each moment. */
class Player {
  readonly name: string;
  readonly panel: Panel;
  readonly #terminal = new headless.Terminal({
    cols: COLUMNS,
    rows: ROWS,
    allowProposedApi: true,
  });
  readonly #server: RemoteServer;
  #text = "";

  constructor(name: string, server: RemoteServer) {
    this.name = name;
    this.#server = server;
    this.panel = { title: `${name}: telnet localhost 7777`, frames: [] };
  }

  static async enter(name: string, port: number): Promise<Player> {
    const entered: { player?: Player } = {};
    const early: string[] = [];
    const server = await connect({
      hostname: "127.0.0.1",
      port,
      terminal: { name: "XTERM", columns: COLUMNS, rows: ROWS, mtts: { ansi: true, utf8: true } },
      onText: (_server, text) => {
        if (entered.player === undefined) early.push(text);
        else entered.player.#hear(text);
      },
    });
    const player = entered.player = new Player(name, server);
    for (const text of early) player.#hear(text);
    return player;
  }

  #hear(text: string): void {
    this.#text += text;
    this.#terminal.write(text);
  }

  /** Types a line at a person's speed; `null`: a password, which does not show. Returns the time after it. */
  async type(line: string | null, time: number): Promise<number> {
    let now = time;
    for (const character of line ?? "") {
      this.#terminal.write(character);
      await this.record(now += KEY_MS);
    }
    if (line === null) now += 8 * KEY_MS;
    this.#text = "";
    this.#terminal.write("\r\n");
    this.#server.send(`${line ?? "correct horse"}\n`);
    return now;
  }

  async until(text: string): Promise<void> {
    while (!this.#text.endsWith(text)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Keeps what the terminal shows now. */
  async record(time: number): Promise<void> {
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
    const { active } = this.#terminal.buffer;
    const rows: Cell[][] = [];
    for (let y = 0; y < ROWS; y++) {
      const line = active.getLine(active.viewportY + y);
      const cells: Cell[] = [];
      for (let x = 0; x < COLUMNS; x++) {
        const cell = line?.getCell(x);
        const colour = cell?.isFgPalette() ? cell.getFgColor() : undefined;
        cells.push({ text: cell?.getChars() || " ", colour, bold: cell?.isBold() === 1 });
      }
      rows.push(cells);
    }
    const cursor = { x: active.cursorX, y: active.cursorY };
    this.panel.frames.push({ time, rows, cursor });
  }

  leave(): void {
    this.#server.abort();
    this.#terminal.dispose();
  }
}

const deno = { name: "Deno", path: Deno.execPath(), args: ["run", "-A"] } as const;
await using program = Program.start(deno, "examples/mud.ts", ["--port", "0"]);
const [, port] = await program.match(/port (\d+)/);
const players = new Map<string, Player>();
let time = 0;
const recordAll = async () => {
  // What others see of it arrives within a turn or two.
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const player of players.values()) await player.record(time);
};
for (const [name, line, until] of SCRIPT) {
  let player = players.get(name);
  if (player === undefined) {
    player = await Player.enter(name, Number(port));
    players.set(name, player);
    await player.until("name? ");
    await recordAll();
    time += READ_MS;
  }
  time = await player.type(line, time);
  await player.until(until);
  await recordAll();
  time += READ_MS;
}
const panels = [...players.values()].map(({ panel }) => panel);
const svg = drawAnimation(panels, { columns: COLUMNS, rows: ROWS, duration: time + END_MS });
await Deno.writeTextFile(new URL("../docs/players.svg", import.meta.url), svg);
for (const player of players.values()) player.leave();
console.log(`docs/players.svg: ${svg.length} bytes, ${Math.round((time + END_MS) / 1000)} s`);
Deno.exit();
