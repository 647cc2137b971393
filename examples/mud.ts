/**
 * A small MUD: a login dialogue with a hidden password, rooms, talk, a fight, prompts, colours,
 * wrapping, and the options of MUD clients: MTTS, GMCP, MSDP, MSSP, MCCP, CHARSET.
 *
 *     deno run -N examples/mud.ts [--port 7777]
 *     bun run examples/mud.ts [--port 7777]
 *     node examples/mud.ts [--port 7777]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { escapeCaretCodes, TelnetClient, TelnetServer } from "../mod.ts";
import { readPages } from "./web/pages.ts";

const ROOMS: Record<string, { name: string; text: string; exits: Record<string, string> }> = {
  inn: {
    name: "The Wet Boa",
    text:
      "A low room with a warm fire. Somebody has carved a snake into every beam, and no two of them look the same way. The door leads ^!north^. to the bridge.",
    exits: { north: "bridge" },
  },
  bridge: {
    name: "The Old Bridge",
    text: "Planks creak. South lies the inn; to the east the path climbs between ^#8b7355thorns^~.",
    exits: { south: "inn", east: "hill" },
  },
  hill: {
    name: "Kobold Hill",
    text: "A ^Rkobold^~ looks at your purse. You may ^!fight^. it, or go back ^!west^..",
    exits: { west: "bridge" },
  },
};
const MAX_HP = 20;
const startedAt = Math.floor(Date.now() / 1000);
const passwords = new Map<string, string>(); // a real game stores hashes in a file

class Player extends TelnetClient {
  name = "";
  playing = false;
  room = "inn";
  hp = MAX_HP;
}

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7777" },
    page: { type: "string" },
    zone: { type: "string" }, // behind a gateway: see examples/gateway/worker.ts
  },
});
const zone = values.zone && await (await import("./gateway/join.ts")).join(values.zone);
const server = await TelnetServer.listen({
  ...(zone ? { transport: zone.transport, onTurnEnd: keep } : { port: Number(values.port) }),
  webSocket: values.page !== undefined && { pages: await readPages(values.page) },
  clientClass: Player,
  onConnect: welcome,
  onDisconnect: farewell,
  telnetOptions: {
    terminalType: true,
    naws: true,
    charset: true,
    newEnviron: true,
    endOfRecord: true,
    gmcp: true,
    msdp: { variables: { SERVER_ID: { value: () => "Boaville" } } },
    mssp: () => ({
      NAME: "Boaville",
      PLAYERS: playing().length,
      UPTIME: startedAt,
      "UTF-8": true,
    }),
    mccp3: true,
    mccp2: true,
  },
});
console.log(`Boaville on ${zone ? `zone ${zone.name}` : `port ${server.port}`}. Ctrl-C ends it.`);
if (values.page !== undefined) console.log(`Or open http://localhost:${server.port}`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void (zone ? zone.leave() : server.stop()));
}

let nextBreath = Date.now();
while (zone ? zone.owned : server.running) {
  await server.poll();
  for (const player of server.clientsWithInput()) {
    const line = player.playing ? player.getCommand() : undefined; // otherwise the login reads it
    if (line !== undefined) hear(player, line.trim());
  }
  if (Date.now() >= nextBreath) {
    nextBreath = Date.now() + 1000;
    for (const player of playing()) heal(player, 1);
  }
}
if (zone) process.exit(); // the next process continues with all players

async function welcome(player: Player): Promise<void> {
  player.telnet.msdp.declare("HEALTH", { value: () => String(player.hp) });
  player.telnet.msdp.declare("MAX_HEALTH", { value: () => String(MAX_HP) });
  if (player.returning !== undefined) Object.assign(player, player.state);
  if (player.playing) return; // the previous process has greeted it
  await player.ready; // or a second has passed: the negotiation is done
  const { name, colours, screenReader } = player.terminal.profile;
  if (!screenReader) player.sendCc("^G  ~~~~~~~~~~~~~~~~~~~~~~~:>-^~\n");
  player.sendCc(`^YWelcome to Boaville!^~ You come by ${escapeCaretCodes(name ?? "telnet")}, `);
  player.send(`${colours} colours.\n`);
  if (!await login(player)) return; // it has disconnected meanwhile
  const before = playing().find(({ name }) => name === player.name); // perhaps a dead connection
  if (before) before.playing = before.active = false;
  player.playing = true;
  tellRoom(player, `${player.name} comes in.`);
  vitals(player);
  look(player);
  prompt(player);
}

/** Saves the players' state with their connections, for the next process. */
function keep(players: readonly Player[]): void {
  for (const player of players) {
    const { name, playing, room, hp } = player;
    player.state = { name, playing, room, hp };
  }
}

async function login(player: Player): Promise<boolean> {
  for (let name: string | undefined = ""; player.name === "";) {
    name = (await player.ask("Your name? "))?.trim();
    if (name === undefined) return false;
    if (!/^[A-Za-z]{2,12}$/.test(name)) player.send("Two to twelve letters, please.\n");
    else player.name = name.charAt(0).toUpperCase() + name.slice(1).toLowerCase();
  }
  while (true) {
    const password = await player.ask("Your password? ", { hidden: true });
    if (password === undefined) return false;
    if (password !== "" && password === (passwords.get(player.name) ?? password)) {
      passwords.set(player.name, password);
      return true;
    }
    player.send("That is not it.\n");
  }
}

function farewell(player: Player): void {
  console.log(`-- ${player.name || player.addrport()} ${player.disconnectReason}`);
  if (player.playing) tellRoom(player, `${player.name} fades away.`);
}

function prompt(player: Player): void {
  player.prompt(`^g${player.hp}/${MAX_HP}hp^~> `);
}

function hear(player: Player, line: string): void {
  command(player, line);
  if (player.active) prompt(player);
}

function command(player: Player, line: string): void {
  const [, verb = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(line) ?? [];
  const exits = ROOMS[player.room]?.exits ?? {};
  const way = Object.hasOwn(exits, verb) ? exits[verb] : undefined;
  if (line === "") return;
  if (way !== undefined) go(player, verb, way);
  else if (verb === "look" || verb === "l") look(player);
  else if (verb === "say") say(player, rest);
  else if (verb === "who") player.send(`${playing().map(({ name }) => name).join(", ")}\n`);
  else if (verb === "fight" && player.room === "hill") fight(player);
  else if (verb === "quit") player.active = false;
  else player.send("You can: look, say, who, fight, quit, or go where a way leads.\n");
}

function look(player: Player): void {
  const room = ROOMS[player.room];
  if (room === undefined) return;
  player.sendCc(`^C${room.name}^~\n`);
  player.sendWrapped(room.text);
  const others = playing().filter((other) => other !== player && other.room === player.room);
  for (const other of others) player.sendCc(`^y${other.name}^~ is here.\n`);
  player.telnet.gmcp.send("Room.Info", { name: room.name, exits: room.exits });
}

function go(player: Player, direction: string, to: string): void {
  tellRoom(player, `${player.name} goes ${direction}.`);
  player.room = to;
  tellRoom(player, `${player.name} comes in.`);
  look(player);
}

function say(player: Player, words: string): void {
  player.sendWrapped(`^cYou say:^~ ${escapeCaretCodes(words)}`, { indent: 0 });
  tellRoom(player, `^c${player.name} says:^~ ${escapeCaretCodes(words)}`);
}

function fight(player: Player): void {
  const wound = 1 + Math.floor(Math.random() * 6);
  player.sendCc(`You strike at the ^Rkobold^~, and it bites you for ^R${wound}^~.\n`);
  heal(player, -wound);
  if (player.hp > 0) return;
  player.send("All goes dark. You wake by the fire.\n");
  player.room = "inn";
  heal(player, MAX_HP);
  look(player);
}

function heal(player: Player, points: number): void {
  const before = player.hp;
  player.hp = Math.max(0, Math.min(MAX_HP, player.hp + points));
  if (player.hp !== before) vitals(player);
}

function vitals(player: Player): void {
  player.telnet.gmcp.send("Char.Vitals", { hp: player.hp, maxhp: MAX_HP });
  player.telnet.msdp.update("HEALTH");
}

function tellRoom(from: Player, text: string): void {
  const where = (player: Player) => player.playing && player.room === from.room;
  server.broadcast(text, { except: from, where, wrap: { indent: 0 } });
}

function playing(): Player[] {
  return server.clientList().filter((player) => player.active && player.playing);
}
