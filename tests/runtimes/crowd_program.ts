/**
 * A game that is never idle, and a crowd in another thread. The game counts the turns until it has
 * welcomed all clients that the system has connected. Then it stops until every client has sent a
 * line and the system has it, and counts the turns until it has heard all of them. Prints the
 * counts, those of the lines for some rounds.
 */
import { Worker } from "node:worker_threads";
import { TelnetServer } from "../../mod.ts";

const CROWD = 500;
const ROUNDS = 5;
/** Rounds that are not counted: the engine compiles. */
const WARM_UP = 1;
const WORK_MS = 50;

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  timeout: 0,
  limits: { lineRate: Infinity, byteRate: Infinity, workRate: Infinity, connectionRate: Infinity },
  onConnect: () => {},
  onDisconnect: () => {},
});
/** How many rounds the game asked for, and how many the crowd has sent; -1 until it is connected. */
const rounds = new Int32Array(new SharedArrayBuffer(8));
const [ASKED, SAID] = [0, 1];
rounds[SAID] = -1;
const workerData = { port: server.port, rounds, crowd: CROWD };
new Worker(new URL("./crowd_worker.ts", import.meta.url), { workerData }).unref();

let welcome = 0;
while (Atomics.load(rounds, SAID) === -1) await turn();
for (; server.connectionCount() < CROWD; welcome++) await turn();
const counts: number[] = [];
while (counts.length < WARM_UP + ROUNDS) {
  Atomics.store(rounds, ASKED, counts.length + 1);
  Atomics.notify(rounds, ASKED);
  Atomics.wait(rounds, SAID, counts.length); // until the system has all lines
  let [heard, turns] = [0, 0];
  while (heard < CROWD) {
    heard += await turn();
    turns++;
  }
  counts.push(turns);
}
console.log(`welcome ${welcome} turns ${counts.slice(WARM_UP).join(" ")}`);
await server.stop();

/** One turn of the game; returns how many lines it heard. */
async function turn(): Promise<number> {
  await server.poll();
  let heard = 0;
  for (const client of server.clientsWithInput()) {
    if (client.getCommand() !== undefined) heard++;
  }
  const end = performance.now() + WORK_MS;
  while (performance.now() < end);
  return heard;
}
