/**
 * The attacks. Each has a bounded number of connections, and runs until it is stopped. They come
 * from their own loopback addresses.
 *
 *     attackers.ts <plain port> <TLS port> <WebSocket port> <share>
 *
 * Then a line on standard input starts each attack by name, and `stop` ends it. `share` is the part
 * of the attackers that takes part, 1 for all.
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { deflateSync } from "node:zlib";
import { delay } from "../../src/server/clock.ts";

const [plain = 0, secure = 0, web = 0, share = 1] = process.argv.slice(2).map(Number);

const [IAC, DO, WILL, SB, SE, GMCP, MCCP3, NAWS] = [255, 253, 251, 250, 240, 201, 87, 31];

const UPGRADE =
  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A small botnet: in the larger attacks its addresses reach their limits. */
const ADDRESSES = 50;
/** The open sockets. */
const open = new Set<Socket>();
let attacker = 0;
let dialled = 0;

/** An attack runs while this returns `true`. */
type Going = () => boolean;

/** The attacks by name. */
const ATTACKS: Record<string, (going: Going) => Promise<void>> = {
  "half-open peers": halfOpen,
  "RST in the middle of everything": resets,
  "one-byte writers": oneByteWriters,
  "slow readers": slowReaders,
  "flood of connects": connects,
  "flood of negotiations": (going) =>
    flood(going, Uint8Array.of(IAC, WILL, NAWS, IAC, DO, 3, IAC, 252, NAWS)),
  "flood of lines": (going) => flood(going, ascii("look at me\r\n")),
  "flood of broken UTF-8": (going) =>
    flood(going, Uint8Array.of(0xc3, 0x28, 0xf0, 0x9f, 0xed, 0xa0, 0x80, 0xfe, 0x0d, 0x0a)),
  "flood of subnegotiations": (going) =>
    flood(
      going,
      Uint8Array.of(IAC, DO, GMCP, IAC, SB, GMCP, ...ascii(`A ${"[".repeat(8_000)}`), IAC, SE),
    ),
  "zlib bombs": bombs,
  "10,000 connect and vanish": vanish,
  "TLS handshakes that never end": handshakes,
  "upgrades that never end": upgrades,
  "flood of WebSocket pings": (going) => webSocketFlood(going, frame(0x89, "are you there")),
  "flood of tiny fragments": (going) =>
    webSocketFlood(
      going,
      Uint8Array.of(...frame(0x02, ""), ...frame(0x00, "x"), ...frame(0x80, "")),
    ),
};

let going = false;

console.log(JSON.stringify(Object.keys(ATTACKS)));
for await (const line of createInterface({ input: process.stdin })) {
  const attack = ATTACKS[line];
  if (line === "stop") going = false;
  else if (attack === undefined) break;
  else void carryOut(attack);
}
process.exit();

async function carryOut(attack: (going: Going) => Promise<void>): Promise<void> {
  going = true;
  dialled = 0;
  await attack(() => going);
  for (const socket of open) socket.destroy();
  while (open.size > 0) await delay(5);
  console.log(JSON.stringify({ dialled }));
}

/** Connects from the next address; errors and closes are ignored. */
function dial(port: number = plain): Socket {
  const localAddress = `127.2.0.${attacker++ % ADDRESSES + 1}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
  dialled++;
  open.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => open.delete(socket));
  // The first established connection reports that the attack has begun.
  if (dialled === 1) socket.on("connect", () => console.log(JSON.stringify("under way")));
  return socket;
}

/** Keeps `size` connections open, each running `work`. */
async function crowd(
  going: Going,
  size: number,
  work: (socket: Socket) => void,
  port: number = plain,
): Promise<void> {
  while (going()) {
    for (let count = 0; count < 20 && open.size < size * share; count++) {
      const socket = dial(port);
      socket.on("connect", () => work(socket));
    }
    await delay(10);
  }
}

function halfOpen(going: Going): Promise<void> {
  let turn = 0;
  return crowd(going, 500, (socket) => {
    // Stops within a subnegotiation, within a line, or after closing one direction.
    const kind = turn++ % 3;
    if (kind === 0) socket.write(Uint8Array.of(IAC, SB, GMCP, 0x41, 0x41));
    else if (kind === 1) socket.write("say hel");
    else socket.end("more\r\n");
    if (kind === 2) socket.pause();
  });
}

function resets(going: Going): Promise<void> {
  let turn = 0;
  return crowd(going, 200, (socket) => {
    const parts = [
      Uint8Array.of(IAC, SB, GMCP, 0x41),
      Uint8Array.of(IAC),
      ascii("say he"),
      ascii("more\r\nmore\r\n"),
      ascii("look\r\n"),
      new Uint8Array(0),
    ];
    socket.write(parts[turn % parts.length] ?? "");
    setTimeout(() => socket.resetAndDestroy(), turn++ % 30);
  });
}

function oneByteWriters(going: Going): Promise<void> {
  const bytes = Uint8Array.of(...ascii("say hello\r\n"), IAC, SB, GMCP, 0x41, IAC, SE, IAC, DO, 3);
  return crowd(going, 200, (socket) => {
    socket.resume();
    let at = 0;
    const timer = setInterval(() => {
      socket.write(bytes.subarray(at, at + 1));
      at = (at + 1) % bytes.length;
    }, 20);
    socket.on("close", () => clearInterval(timer));
  });
}

function slowReaders(going: Going): Promise<void> {
  return crowd(going, 10, (socket) => {
    socket.pause();
    socket.write("more\r\n".repeat(1_000));
  });
}

function connects(going: Going): Promise<void> {
  return crowd(going, 2_000, (socket) => socket.resume());
}

/** Sends `opening` once, then the same bytes repeatedly, as fast as they are read. */
function flood(
  going: Going,
  words: Uint8Array,
  port: number = plain,
  opening: string = "",
): Promise<void> {
  const many = Math.ceil(16_384 / words.length);
  const block = new Uint8Array(words.length * many);
  for (let count = 0; count < many; count++) block.set(words, count * words.length);
  return crowd(going, 60, (socket) => {
    socket.resume();
    socket.write(opening);
    const more = () => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on("drain", more);
    more();
  }, port);
}

/** Upgrades, then sends the same frames repeatedly. */
function webSocketFlood(going: Going, frames: Uint8Array): Promise<void> {
  return flood(going, frames, web, UPGRADE);
}

/** A client's frame with a mask of zeros. */
function frame(first: number, text: string): Uint8Array {
  return Uint8Array.of(first, 0x80 | text.length, 0, 0, 0, 0, ...ascii(text));
}

function bombs(going: Going): Promise<void> {
  const bomb = deflateSync(new Uint8Array(30_000_000).fill(0x41));
  return crowd(going, 30, (socket) => {
    socket.resume();
    socket.write(Uint8Array.of(IAC, DO, MCCP3, IAC, SB, MCCP3, IAC, SE, ...bomb));
  });
}

/** Up to ten thousand connections; fewer if the attack is stopped earlier. */
async function vanish(going: Going): Promise<void> {
  while (dialled < 10_000 && going()) {
    for (let count = 0; count < 25; count++) {
      const socket = dial();
      socket.on("connect", () => socket.destroy());
    }
    await delay(10);
    while (open.size > 200) await delay(5);
  }
}

function handshakes(going: Going): Promise<void> {
  let turn = 0;
  return crowd(going, 500, (socket) => {
    socket.resume();
    const hello = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);
    if (turn++ % 2 === 0) socket.write(hello);
    else socket.write(new Uint8Array(200).fill(0x41));
  }, secure);
}

function upgrades(going: Going): Promise<void> {
  let turn = 0;
  return crowd(going, 500, (socket) => {
    socket.resume();
    const head = UPGRADE.slice(0, -2);
    if (turn++ % 2 === 0) socket.write(head.slice(0, 40));
    else socket.write(head + "X-More: and more\r\n".repeat(300));
  }, web);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
