/**
 * A game that has 10 ms to do in each turn of its loop, and something to say: its polls never wait. It
 * echoes what it hears. A client in a thread of its own says a line whenever the game asks it to, in the
 * middle of a turn, which goes on when the system has the line: so the turns until it is heard can be
 * counted. After twenty lines their numbers of turns are printed.
 */
import { Worker } from "node:worker_threads";
import { TelnetServer } from "../../mod.ts";

const WORK_MS = 10;
const LINES = 20;
/** The game may have to do other things first. */
const EACH_TURNS = 5;

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  onConnect: () => {},
  onDisconnect: () => {},
});

/** How many lines the speaker was asked for, and how many it has said; -1 until it is connected. */
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

/** Has the speaker say a line, and waits until the system has it. */
function ask(): void {
  const asked = Atomics.load(lines, ASKED);
  if (Atomics.load(lines, SAID) !== asked) return; // it is on its way
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
