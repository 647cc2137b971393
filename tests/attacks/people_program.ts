/**
 * The honest clients: each sends a numbered line a second, and checks that no answer is missing or
 * out of order. `measure <milliseconds> <answers>` on standard input measures for at least that
 * time and that many answers, and prints a line of JSON.
 *
 *     people_program.ts <port> <how many>
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { delay } from "../../src/server/clock.ts";
import { PATIENCE_MS } from "../patience.ts";

const [port = 0, count = 1] = process.argv.slice(2).map(Number);
/** How many clients share an address. */
const HOUSEHOLD = 16;
const EACH_MS = 1_000;

let lost = 0;
let disordered = 0;
let delays: number[] = [];

/** An honest client. */
class Person {
  readonly socket: Socket;
  readonly sentAt: number[] = [];
  #said = 0;
  #heard = 0;
  #unread = "";
  gone = false;

  constructor(index: number) {
    const household = Math.floor(index / HOUSEHOLD);
    const localAddress = `127.1.${Math.floor(household / 250)}.${household % 250 + 1}`;
    this.socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
    this.socket.on("data", (bytes: Uint8Array) => this.#hear(bytes));
    this.socket.on("error", () => {});
    this.socket.on("close", () => this.gone = true);
  }

  /** How many answers are still missing. */
  get due(): number {
    return this.#said - this.#heard;
  }

  say(): void {
    if (this.gone) return;
    this.sentAt.push(performance.now());
    this.socket.write(`n ${this.#said++}\r\n`);
  }

  #hear(bytes: Uint8Array): void {
    this.#unread += String.fromCharCode(...bytes);
    const lines = this.#unread.split("\r\n");
    this.#unread = lines.pop() ?? "";
    for (const line of lines) {
      const [, echoed, numbered] = /n (\d+) (\d+)$/.exec(line) ?? [];
      if (echoed === undefined) continue;
      if (Number(echoed) !== this.#heard || Number(numbered) !== this.#heard) disordered++;
      this.#heard++;
      delays.push(performance.now() - (this.sentAt.shift() ?? 0));
    }
  }
}

const people: Person[] = [];
for (let index = 0; index < count; index++) {
  const person = new Person(index);
  people.push(person);
  await new Promise((resolve) => person.socket.once("data", resolve));
}
console.log("ready");

// Spread evenly over the second, in small groups.
const TICK_MS = 5;
const ticks = EACH_MS / TICK_MS;
let tick = 0;
let talking = true;
setInterval(() => {
  if (!talking) return;
  for (let index = tick; index < people.length; index += ticks) people[index]?.say();
  tick = (tick + 1) % ticks;
}, TICK_MS);

for await (const line of createInterface({ input: process.stdin })) {
  const [command, milliseconds, least] = line.split(" ");
  if (command === "measure") await measure(Number(milliseconds), Number(least));
  else break;
}
process.exit();

async function measure(milliseconds: number, least: number): Promise<void> {
  delays = [];
  await delay(milliseconds);
  const patience = performance.now() + PATIENCE_MS;
  while (delays.length < least && performance.now() < patience) await delay(5);
  // Wait for the answers to lines already sent: they must not count as lost.
  talking = false;
  while (people.some((person) => person.due > 0 && !person.gone) && performance.now() < patience) {
    await delay(5);
  }
  lost = people.reduce((sum, person) => sum + person.due, 0);
  const sorted = delays.sort((one, other) => one - other);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  const gone = people.filter((person) => person.gone).length;
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)];
  console.log(JSON.stringify({ lines: sorted.length, p50, p95, p99, lost, disordered, gone }));
  talking = true;
}
