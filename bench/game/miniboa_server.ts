/**
 * The game of the benchmark on this library. Prints its ports as JSON; a line on standard input is answered with
 * the CPU time and the memory of the process.
 *
 *     [runtime] bench/game/miniboa_server.ts [seed]
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { TelnetClient, TelnetServer } from "../../mod.ts";
import { ROOM_SIZE, roomTexts } from "./world.mjs";

class Player extends TelnetClient {
  name = "";
  room: Set<Player> = new Set();
  text = "";
  hp = 100;
  commands = 0;
}

const pem = (name: string) =>
  readFileSync(new URL(`../../tests/tls/${name}.pem`, import.meta.url), "utf8");
const texts = roomTexts(Number(process.argv[2] ?? 1));
const rooms: Set<Player>[] = [];
const unlimited = 1e12;
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  clientClass: Player,
  listeners: [{ port: 0, address: "127.0.0.1", tls: true }],
  certificate: { cert: pem("cert"), key: pem("key") },
  webSocket: true,
  maxConnections: 10_000,
  telnetOptions: { naws: true, gmcp: true, endOfRecord: true, mccp2: true },
  // All players connect from one address, and send more than people do.
  limits: {
    connectionsPerAddress: unlimited,
    connectionRate: unlimited,
    lineRate: unlimited,
    byteRate: unlimited,
    workRate: unlimited,
  },
  onConnect: (player) => {
    player.name = `P${player.port}`;
    enter(player, rooms.find(({ size }) => size < ROOM_SIZE) ?? newRoom());
    prompt(player);
  },
  onDisconnect: (player) => player.room.delete(player),
});
const [plain, secure] = server.listeners.map(({ port }) => port);
console.log(JSON.stringify({ plain, secure }));
createInterface({ input: process.stdin }).on("line", () => {
  const { user, system } = process.cpuUsage();
  const { rss } = process.memoryUsage();
  console.log(JSON.stringify({ cpu: (user + system) / 1e6, rss }));
});

while (true) {
  await server.poll();
  for (const player of server.clientsWithInput()) {
    const line = player.getCommand();
    if (line !== undefined) hear(player, line);
  }
}

function newRoom(): Set<Player> {
  const room = new Set<Player>();
  rooms.push(room);
  return room;
}

function enter(player: Player, room: Set<Player>): void {
  player.room.delete(player);
  player.room = room.add(player);
  player.text = texts[rooms.indexOf(room) % texts.length] ?? "";
}

function hear(player: Player, line: string): void {
  player.commands++;
  if (line === "look") look(player);
  else if (line.startsWith("say ")) {
    player.sendCc(`^cYou say:^~ ${line.slice(4)}\n`);
    const { room } = player;
    server.broadcast(`^c${player.name} says:^~ ${line.slice(4)}\n`, { to: room, except: player });
  } else if (line === "move") {
    const next = rooms[(rooms.indexOf(player.room) + 1) % rooms.length] ?? player.room;
    enter(player, next.size < 2 * ROOM_SIZE ? next : player.room);
    look(player);
  }
  prompt(player);
}

function look(player: Player): void {
  player.sendWrapped(player.text);
  player.telnet.gmcp.send("Char.Vitals", { hp: player.hp, maxhp: 100, mp: 40, maxmp: 60 });
}

function prompt(player: Player): void {
  player.prompt(`[${player.commands}]> `);
}
