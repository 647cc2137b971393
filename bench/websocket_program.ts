/**
 * The two servers of the WebSocket benchmark in one process: an echo server on `poll()`, and the
 * control, the runtime's own WebSocket server (on Node npm ws, from the given folder). Prints their
 * ports as JSON. Answers each line on standard input with the memory of the process.
 */
import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";
import { TelnetServer } from "../mod.ts";

/** The parts of the runtimes' APIs that are used. */
interface Runtimes {
  Bun?: {
    serve(options: {
      hostname: string;
      port: number;
      fetch(request: Request, server: { upgrade(request: Request): boolean }): undefined;
      websocket: {
        message(socket: { send(data: string | Uint8Array): void }, message: Uint8Array): void;
      };
    }): { port: number };
    gc(force: boolean): void;
  };
  Deno?: {
    serve(
      options: { hostname: string; port: number; onListen(): void },
      handler: (request: Request) => Response,
    ): { addr: { port: number } };
    upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
  };
}

interface WsSocket {
  on(name: "message", handler: (data: Uint8Array, binary: boolean) => void): void;
  send(data: Uint8Array, options: { binary: boolean }): void;
}

const { Bun, Deno, gc } = globalThis as Runtimes & { gc?: () => void };
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  webSocket: true,
  maxConnections: 20_000,
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
console.log(JSON.stringify({ miniboa: server.port, control: await startControl() }));
createInterface({ input: process.stdin }).on("line", tell);

while (true) {
  await server.poll();
  for (const client of server.clientsWithInput()) {
    for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
      client.send(`${line}\n`);
    }
  }
}

async function startControl(): Promise<number> {
  const hostname = "127.0.0.1";
  if (Deno !== undefined) {
    const { serve, upgradeWebSocket } = Deno;
    return serve({ hostname, port: 0, onListen() {} }, (request) => {
      const { socket, response } = upgradeWebSocket(request);
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    }).addr.port;
  }
  if (Bun !== undefined) {
    return Bun.serve({
      hostname,
      port: 0,
      fetch: (request, server) => void server.upgrade(request),
      websocket: { message: (socket, message) => socket.send(message) },
    }).port;
  }
  const { WebSocketServer } = createRequire(`${process.argv[2]}/`)("ws");
  const http = createServer();
  new WebSocketServer({ server: http }).on("connection", (socket: WsSocket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  return await new Promise((resolve) => {
    http.listen(0, hostname, () => resolve((http.address() as { port: number }).port));
  });
}

/** Prints the figures. `memory` first runs the garbage collector, if the runtime exposes it. */
function tell(what: string): void {
  if (what === "memory") Bun?.gc(true);
  if (what === "memory") gc?.();
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({
    rss: process.memoryUsage().rss,
    cpu: (user + system) / 1e6,
    clients: server.connectionCount(),
  }));
}
