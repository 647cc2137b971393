/**
 * An echoing game with 10 ms of work and some output in each turn, so that its polls never wait. In
 * the middle of a turn it asks a client in another thread for a line, and continues once the system
 * has the line. So it can count the turns until the line arrives. After twenty lines it prints the
 * counts.
 */
import { Worker } from "node:worker_threads";
import { TelnetServer } from "../../mod.ts";

const WORK_MS = 10;
const LINES = 20;
/** It asks for a line every fifth turn. */
const EACH_TURNS = 5;

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  onConnect: () => {},
  onDisconnect: () => {},
});

/** How many lines the game asked for, and how many the speaker sent; -1 until it is connected. */
const lines = new Int32Array(new SharedArrayBuffer(8));
const [ASKED, SAID] = [0, 1];
lines[SAID] = -1;
const speaker = new Worker(new URL("./speaker_worker.ts", import.meta.url), {
  workerData: { port: server.port, lines },
});
speaker.unref();
console.log(`port ${server.port}`);

const turns: number[] = [];
let [turn, saidIn] = [0, -1];
while (true) {
  await server.poll();
  turn++;
  for (const client of server.clientList()) {
    const line = client.getCommand();
    client.send(line === undefined ? "." : `\necho ${line}\n`);
    if (line === "from the speaker") hear();
  }
  const end = performance.now() + WORK_MS;
  while (performance.now() < end);
  if (saidIn === -1 && turns.length < LINES && turn % EACH_TURNS === 0) ask();
}

/** Asks the speaker for a line, and waits until the system has it. */
function ask(): void {
  const asked = Atomics.load(lines, ASKED);
  if (Atomics.load(lines, SAID) !== asked) return; // the last one is still on its way
  Atomics.store(lines, ASKED, asked + 1);
  Atomics.notify(lines, ASKED);
  Atomics.wait(lines, SAID, asked);
  saidIn = turn;
}

function hear(): void {
  turns.push(turn - saidIn);
  saidIn = -1;
  if (turns.length === LINES) console.log(`turns ${turns.join(" ")}`);
}
