/**
 * The server under attack, on any runtime. It has the default limits, except that a flooding client
 * is dropped sooner, so that a short attack shows it. The lines `n 1`, `n 2`, … of a client must
 * arrive in order; each is answered with the server's own count. `more` gets a long answer.
 * Commands on standard input: `tell`, `weigh` and `end`.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { TelnetClient, TelnetServer } from "../../mod.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

/** A client with counters. */
class Person extends TelnetClient {
  heard = 0;
  said = 0;
}

const MUCH = "All work and no play makes Jack a dull boy.\n".repeat(400);

let disordered = 0;
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  maxConnections: 4_000,
  clientClass: Person,
  certificate: CERTIFICATE,
  limits: { floodTimeout: 2_000 },
  listeners: [
    { port: 0, address: "127.0.0.1", tls: true },
    { port: 0, address: "127.0.0.1", webSocket: true },
  ],
  telnetOptions: { mccp3: true, gmcp: true },
  onConnect: (person) => person.send("hello\n"),
  onDisconnect: () => {},
});
const [plain, secure, web] = server.listeners;
console.log(JSON.stringify({ plain: plain?.port, secure: secure?.port, web: web?.port }));

createInterface({ input: process.stdin }).on("line", async (command) => {
  if (command === "weigh") await collect();
  if (command === "end") void server.stop();
  else tell();
});

while (server.running) {
  await server.poll();
  // Take one line per client per turn to keep it fair.
  for (const person of server.clientsWithInput()) answer(person, person.getCommand() ?? "");
}
process.exit();

function answer(person: Person, line: string): void {
  if (line.startsWith("n ")) {
    if (Number(line.slice(2)) !== person.heard++) disordered++;
    person.send(`${line} ${person.said++}\n`);
  } else if (line === "more") {
    person.send(MUCH);
  }
}

/** Runs the garbage collector, if the runtime exposes it. */
async function collect(): Promise<void> {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(force: boolean): void } };
  // Memory outside of the heap is freed by the second run.
  for (let count = 0; count < 2; count++) {
    Bun?.gc(true);
    gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function tell(): void {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { connections, handshakes, closing, refused, disconnected, violations } = server.stats();
  console.log(
    JSON.stringify({
      rss,
      used: heapUsed + external,
      connections,
      waiting: handshakes + closing,
      refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
      dropped: disconnected,
      violations,
      disordered,
    }),
  );
}
