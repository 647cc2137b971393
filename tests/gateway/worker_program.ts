/**
 * A worker on NATS, on any runtime: a game that numbers its output, and checks that the numbers in
 * its input have no gap. worker_program.ts <NATS port | "direct"> [version] [takeOver].
 */
import process from "node:process";
import { connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";
import { type ListenOptions, TelnetClient, TelnetServer } from "../../mod.ts";
import { joinZone, type Zone } from "../../src/gateway/mod.ts";
import { natsBus } from "../../src/gateway/nats_bus.ts";

/** How often a slice of the clients gets unrequested output, and how many slices there are. */
const TICK_MS = 50;
const SLOTS = 40;

interface State {
  /** The number of the last line, and of the last unrequested output. */
  readonly line: number;
  readonly tick: number;
  readonly hidden: boolean;
}

class Player extends TelnetClient {
  get kept(): State {
    return this.state as State;
  }
}

let [faults, joined, gone, returned] = [0, 0, 0, 0];

function hear(player: Player, line: string): void {
  const { kept } = player;
  const [, word, number] = /^(\w+) ?(\w*)/.exec(line) ?? [];
  if (word === "big") return void player.send(`${"=".repeat(3_000_000)}<big>\n`);
  if (word === "go") return player.moveTo(number ?? "");
  if (word === "kind") {
    if (number === "editor") player.useEditor();
    return void player.send("<ready>\n");
  }
  if (Number(number) !== kept.line + 1) {
    faults++;
    console.log(`fault ${player.port}: after ${kept.line} came ${JSON.stringify(line)}`);
  }
  const hidden = word === "p" ? !kept.hidden : kept.hidden;
  if (hidden && !kept.hidden) player.passwordModeOn();
  else if (!hidden && kept.hidden) player.passwordModeOff();
  player.state = { ...kept, line: Number(number), hidden };
  player.send(`<a ${number}>\n`);
}

const options: ListenOptions<Player> = {
  clientClass: Player,
  timeout: 1,
  maxConnections: 10_000,
  telnetOptions: { mccp2: true },
  limits: { outputBytes: 16_777_216 },
  onConnect: (player) => {
    if (player.returning === undefined) {
      player.state = { line: 0, tick: 0, hidden: false };
      joined++;
    } else returned++;
    if (player.returning === "no-zone") player.send("<back>\n");
  },
  onDisconnect: (player) => {
    if (player.disconnectReason !== "moved") gone++;
  },
  onError: (error) => {
    faults++;
    console.log("fault", error);
  },
};

const [port = "", version = "1", takeOver] = process.argv.slice(2);
let zone: Zone | undefined;
let server: TelnetServer<Player>;
if (port === "direct") {
  const own = { port: 0, address: "127.0.0.1", webSocket: { origins: "any" } } as const;
  server = await TelnetServer.listen({ ...options, ...own });
  console.log(`port ${server.port}`);
} else {
  const nats = await connect({
    servers: `nats://127.0.0.1:${port}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  const kv = await new Kvm(nats).create("test_zones", { storage: "file" as never });
  const bus = natsBus(nats, { prefix: "test", kv });
  console.log("joining");
  try {
    zone = await joinZone(bus, "main", { takeOver: takeOver === "takeOver", version });
  } catch (error) {
    console.log(`refused ${(error as { code?: string }).code}`);
    process.exit(3);
  }
  server = await TelnetServer.listen({ ...options, transport: zone.transport });
  console.log(`owns ${zone.epoch}`);
}
process.on("SIGTERM", () => void (zone ? zone.leave() : server.stop()));
process.on(
  "SIGUSR2",
  () => console.log(`counts ${JSON.stringify({ faults, joined, gone, returned })}`),
);

let next = performance.now() + TICK_MS;
let slot = 0;
while (zone === undefined ? server.running : zone.owned) {
  await server.poll();
  for (const player of server.clientsWithInput()) {
    const line = player.getCommand();
    if (line !== undefined) hear(player, line);
  }
  if (performance.now() < next) continue;
  next = Math.max(next + TICK_MS, performance.now());
  slot = (slot + 1) % SLOTS;
  for (const [index, player] of server.clientList().entries()) {
    if (index % SLOTS !== slot) continue;
    const tick = player.kept.tick + 1;
    player.state = { ...player.kept, tick };
    player.send(`<t ${tick}>\n`);
  }
}
await zone?.leave();
console.log(`left ${JSON.stringify({ faults, joined, gone, returned })}`);
process.exit(0);
