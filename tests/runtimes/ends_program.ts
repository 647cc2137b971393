/**
 * Meets its own server in unusual ways, and prints a line of JSON: the address of a listener with a
 * name, how many of many refused clients were told why, why a player over TLS has gone whose line
 * broke, the last lines of one who has ended TLS, and how many sockets stay open after one of several listeners failed.
 *
 *     node tests/runtimes/ends_program.ts <certificate> <key>
 */
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { connect as connectTls } from "node:tls";
import { TelnetServer } from "../../mod.ts";

const [cert = "", key = ""] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const FULL = 20;
const REFUSED = 30;

/** Polls until a condition is true. */
async function until(server: TelnetServer, condition: () => boolean): Promise<void> {
  while (!condition()) await server.poll();
}

/** Connects, and counts what is heard. */
function dial(port: number): { readonly socket: Socket; heard: string; closed: boolean } {
  const socket = connect(port, "127.0.0.1");
  const client = { socket, heard: "", closed: false };
  socket.on("data", (bytes) => client.heard += String(bytes));
  socket.on("error", () => {});
  socket.on("close", () => client.closed = true);
  return client;
}

async function tellsTheRefused(): Promise<number> {
  const server = await TelnetServer.listen({
    port: 0,
    address: "127.0.0.1",
    maxConnections: FULL,
    onConnect() {},
    onDisconnect() {},
  });
  const inside = Array.from({ length: FULL }, () => dial(server.port));
  await until(server, () => server.connectionCount() === FULL);
  const outside = Array.from({ length: REFUSED }, () => dial(server.port));
  await until(server, () => outside.every(({ closed }) => closed));
  for (const { socket } of inside) socket.destroy();
  await server.stop();
  return outside.filter(({ heard }) => heard.includes("Sorry")).length;
}

async function reasonOfBrokenTls(): Promise<string> {
  let reason: string | undefined;
  const server = await TelnetServer.listen({
    port: 0,
    address: "127.0.0.1",
    tls: true,
    certificate: { cert, key },
    onConnect: () => void socket.resetAndDestroy(),
    onDisconnect: (client) => reason = client.disconnectReason,
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  connectTls({ socket, rejectUnauthorized: false }).on("error", () => {});
  await until(server, () => reason !== undefined);
  await server.stop();
  return reason ?? "";
}

/** The lines of a client that ends TLS right after them. */
async function lastLines(): Promise<string[]> {
  const lines: string[] = [];
  let gone = false;
  const server = await TelnetServer.listen({
    port: 0,
    address: "127.0.0.1",
    tls: true,
    certificate: { cert, key },
    onConnect: () => {
      socket.write("one\r\ntwo\r\n");
      socket.end();
    },
    onDisconnect: () => gone = true,
  });
  const socket = connectTls({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false });
  socket.on("error", () => {});
  while (!gone) {
    await server.poll();
    for (const client of server.clientsWithInput()) {
      const line = client.getCommand() ?? "";
      lines.push(line);
      client.send(`You said: ${line}\n`);
    }
  }
  await server.stop();
  return lines;
}

async function addressOfName(): Promise<string> {
  const server = await TelnetServer.listen({ port: 0, address: "127.1" });
  const { address } = server;
  await server.stop();
  return address;
}

/** How many sockets stay open of players who dial while the last of several listeners fails. */
async function openAfterFailure(): Promise<number> {
  const busy = createServer().listen(0, "127.0.0.1");
  const probe = createServer().listen(0, "127.0.0.1");
  const portOf = async (server: typeof busy) => {
    if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
    return (server.address() as { port: number }).port;
  };
  const [busyPort, port] = [await portOf(busy), await portOf(probe)];
  await new Promise((resolve) => probe.close(resolve));
  const players: ReturnType<typeof dial>[] = [];
  let dials = true;
  const again = () => {
    const player = dial(port);
    players.push(player);
    player.socket.on("close", () => dials && setTimeout(again, 1));
  };
  for (let count = 0; count < 5; count++) again();
  const listeners = ["localhost", "localhost", "localhost"].map((address) => ({
    port: 0,
    address,
  }));
  const failed = await TelnetServer.listen({
    port,
    address: "127.0.0.1",
    listeners: [...listeners, { port: busyPort, address: "127.0.0.1" }],
  }).then(() => false, () => true);
  dials = false;
  busy.close();
  if (!failed) throw new Error("It did not fail");
  // A socket that nobody closes stays open for ever; the others are closed by now or soon.
  for (let looks = 0; looks < 200 && players.some(({ closed }) => !closed); looks++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return players.filter(({ closed }) => !closed).length;
}

console.log(JSON.stringify({
  address: await addressOfName(),
  told: await tellsTheRefused(),
  reason: await reasonOfBrokenTls(),
  lines: await lastLines(),
  open: await openAfterFailure(),
}));
