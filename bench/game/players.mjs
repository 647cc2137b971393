/**
 * The players of the game's benchmark, in one process of Node. Each line on standard input is answered by one
 * line of JSON:
 *
 *     node bench/game/players.mjs PORT plain|tls|mccp2|websocket
 *
 *     connect N           opens N connections, and waits for their prompts
 *     play MS RATE        each player types RATE commands a second; 0: the next as soon as the answer is there
 */
import { connect as connectSocket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { constants, createInflate } from "node:zlib";

const [IAC, SB, SE, DO] = [255, 250, 240, 253];
const [NAWS, EOR, MCCP2, GMCP] = [31, 25, 86, 201];
const MARKER = Buffer.from([IAC, SB, MCCP2, IAC, SE]);
const TICK_MS = 5;
/** Of ten commands, so many are of each kind. */
const COMMANDS = ["look", "look", "look", "look", "look", "look", "say", "say", "say", "move"];
const SAID = "say Has anybody seen the lamp that stood on the table this morning?";

const [port, manner] = [Number(process.argv[2]), process.argv[3]];
const players = [];
let latencies = [];
let running = false;
let rate = 0;

class Player {
  constructor(number) {
    this.number = number;
    this.typed = 0;
    this.expected = "[0]> ";
    this.tail = "";
    this.sentAt = 0;
    this.waiting = true;
    this.due = 0;
    this.compressed = undefined;
    this.ready = new Promise((resolve, reject) => {
      this.entered = resolve;
      this.failed = reject;
    });
    const options = {
      port,
      host: "127.0.0.1",
      localAddress: `127.0.0.${2 + number % 200}`,
      rejectUnauthorized: false,
    };
    this.socket = manner === "tls" ? connectTls(options) : connectSocket(options);
    this.socket.setNoDelay(true);
    this.socket.on(manner === "tls" ? "secureConnect" : "connect", () => this.begin());
    this.socket.on("data", (bytes) => this.receive(bytes));
    this.socket.on("error", (error) => this.failed(error));
    this.socket.on("close", () => this.failed(new Error("closed")));
  }

  begin() {
    const options = [IAC, DO, EOR, IAC, DO, GMCP];
    if (manner === "mccp2") options.push(IAC, DO, MCCP2);
    // WILL NAWS, a window of 80 × 24.
    options.push(IAC, 251, NAWS, IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE);
    if (manner === "websocket") {
      this.socket.write(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      );
    }
    this.send(Buffer.from(options));
  }

  /** A WebSocket's client masks, here with zeros. */
  send(bytes) {
    if (manner !== "websocket") return this.socket.write(bytes);
    const head = bytes.length < 126
      ? [0x82, 0x80 | bytes.length]
      : [0x82, 0xfe, bytes.length >> 8, bytes.length & 255];
    this.socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), bytes]));
  }

  receive(bytes) {
    if (this.compressed !== undefined) return this.compressed.write(bytes);
    const at = manner === "mccp2" ? bytes.indexOf(MARKER) : -1;
    if (at === -1) return this.read(bytes);
    this.read(bytes.subarray(0, at));
    this.compressed = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    this.compressed.on("data", (plain) => this.read(plain));
    this.compressed.on("error", (error) => this.failed(error));
    this.compressed.write(bytes.subarray(at + MARKER.length));
  }

  /** The prompt has the number of the commands that were answered. */
  read(bytes) {
    if (!this.waiting) return;
    const text = this.tail + bytes.latin1Slice();
    if (!text.includes(this.expected)) {
      this.tail = text.slice(-24);
      return;
    }
    this.tail = "";
    this.waiting = false;
    if (this.typed === 0) this.entered();
    else if (running) latencies.push(performance.now() - this.sentAt);
    if (running && rate === 0) this.type();
  }

  type() {
    const command = COMMANDS[(this.number * 7 + this.typed * 3) % COMMANDS.length];
    this.typed++;
    this.expected = `[${this.typed}]> `;
    this.waiting = true;
    this.sentAt = performance.now();
    this.send(Buffer.from(`${command === "say" ? SAID : command}\r\n`));
  }
}

async function connect(count) {
  for (let opened = 0; opened < count;) {
    const some = [];
    for (; opened < count && some.length < 100; opened++) {
      const player = new Player(players.length);
      players.push(player);
      some.push(player.ready);
    }
    await Promise.all(some);
  }
  return { players: players.length };
}

async function play(milliseconds, perSecond) {
  latencies = [];
  rate = perSecond;
  running = true;
  const start = performance.now();
  const cpu = process.cpuUsage();
  let late = 0;
  if (rate === 0) {
    for (const player of players) if (!player.waiting) player.type();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  } else {
    const gap = 1000 / rate;
    for (const [index, player] of players.entries()) {
      player.due = start + gap * index / players.length;
    }
    while (performance.now() - start < milliseconds) {
      const now = performance.now();
      for (const player of players) {
        if (player.due > now) continue;
        player.due += gap;
        if (player.waiting) late++; // the answer to the last command is not there yet
        else player.type();
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }
  running = false;
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const sorted = latencies.sort((one, other) => one - other);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
  // What is under way is answered before the next round.
  const deadline = performance.now() + 20_000;
  while (players.some(({ waiting }) => waiting) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    commands: sorted.length,
    seconds,
    p50: at(0.5),
    p99: at(0.99),
    late,
    load: (user + system) / 1e6 / seconds,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, first, second] = line.split(" ");
  try {
    const result = command === "connect"
      ? await connect(Number(first))
      : await play(Number(first), Number(second));
    console.log(JSON.stringify(result));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
process.exit();
