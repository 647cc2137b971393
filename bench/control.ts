/** Control: an echo server on the runtime's own sockets, without this library. */
import { createServer, type Socket } from "node:net";

const BROADCAST = new TextEncoder().encode("x".repeat(62) + "\r\n");
const B = 0x62; // no other line begins with it

/** The parts of the runtimes' APIs that are used. */
interface BunSocket {
  write(bytes: Uint8Array): number;
}
interface DenoConn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay(on: boolean): void;
  close(): void;
}
interface Runtimes {
  Bun?: {
    listen(options: {
      hostname: string;
      port: number;
      socket: {
        open(socket: BunSocket): void;
        data(socket: BunSocket, chunk: Uint8Array): void;
        close(socket: BunSocket): void;
        error(): void;
      };
    }): { port: number };
  };
  Deno?: {
    listen(options: { hostname: string; port: number }): AsyncIterable<DenoConn> & {
      addr: { port: number };
    };
  };
}

/** Starts the server; returns its port. */
export function startControl(): number | Promise<number> {
  const { Bun, Deno } = globalThis as Runtimes;
  if (Deno !== undefined) return denoControl(Deno);
  return Bun !== undefined ? bunControl(Bun) : nodeControl();
}

function nodeControl(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("data", (chunk) => {
      if (chunk[0] === B) { for (const other of sockets) other.write(BROADCAST); }
      else socket.write(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

function bunControl(bun: NonNullable<Runtimes["Bun"]>): number {
  const sockets = new Set<BunSocket>();
  return bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void sockets.add(socket),
      data(socket, chunk) {
        if (chunk[0] === B) { for (const other of sockets) other.write(BROADCAST); }
        else socket.write(chunk);
      },
      close: (socket) => void sockets.delete(socket),
      error() {},
    },
  }).port;
}

function denoControl(deno: NonNullable<Runtimes["Deno"]>): number {
  const conns = new Set<DenoConn>();
  const listener = deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (conn: DenoConn) => {
    const buffer = new Uint8Array(512);
    try {
      for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
        if (buffer[0] === B) {
          await Promise.all(Array.from(conns, (other) => other.write(BROADCAST)));
        } else await conn.write(buffer.subarray(0, count));
      }
    } catch {
      // the connection is lost
    }
    conns.delete(conn);
    conn.close();
  };
  const accept = async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      conns.add(conn);
      void serve(conn);
    }
  };
  void accept();
  return listener.addr.port;
}
