/**
 * The two servers of the benchmark in one process: an echo server on `poll()`, and the control, an
 * echo server on the same runtime's sockets without this library. Prints their ports as JSON.
 * Answers each line on standard input with the memory and CPU time of the process.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { type TelnetClient, TelnetServer } from "../mod.ts";
import { startControl } from "./control.ts";

const BROADCAST = "x".repeat(62) + "\n"; // 64 bytes on the wire

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  maxConnections: 20_000,
  // All clients connect from one address and send more than people do. The limits are checked, but
  // are too high to be reached.
  limits: {
    connectionsPerAddress: 1e9,
    connectionRate: 1e9,
    lineRate: 1e9,
    byteRate: 1e12,
    negotiationRate: 1e9,
  },
  onConnect: () => {},
  onDisconnect: () => {},
});
const control = await startControl();
console.log(JSON.stringify({ miniboa: server.port, control }));
createInterface({ input: process.stdin }).on("line", tell);

while (true) {
  await server.poll();
  for (const client of server.clientsWithInput()) answer(client);
}

function answer(client: TelnetClient): void {
  for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
    if (line === "broadcast") {
      for (const other of server.clientList()) other.send(BROADCAST);
    } else client.send(`${line}\n`);
  }
}

/** Prints the figures. `memory` first runs the garbage collector, if the runtime exposes it. */
function tell(what: string): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(force: boolean): void } };
  if (what === "memory") Bun?.gc(true);
  if (what === "memory") gc?.();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  console.log(
    JSON.stringify({
      rss,
      heapUsed,
      external,
      arrayBuffers,
      cpu: (user + system) / 1e6,
      clients: server.connectionCount(),
    }),
  );
}
