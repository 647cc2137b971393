/**
 * The transport on `node:net`. `TelnetServer.listen()` picks it by itself on Node.
 *
 * @module
 */

import { createServer } from "node:net";
import { BaseConnection } from "./_connection.ts";
import {
  bindHost,
  checkListenOptions,
  connectionError,
  listenError,
  unsupported,
} from "./_errors.ts";
import type {
  ConnectionAcceptor,
  Listener,
  Transport,
  TransportListenOptions,
} from "./transport.ts";

/** The members of `net.Socket` that are used; the official types stay out of our signatures. */
interface NodeSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  write(bytes: Uint8Array, done: (error?: Error | null) => void): boolean;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** node:net takes any amount and tells only when all of it is gone; pieces keep `queued` true. */
const LARGEST_WRITE = 65_536;

/** Listens by `node:net`. */
export const nodeTransport: Transport = { name: "node", listen: listenOnNode };

async function listenOnNode(
  options: TransportListenOptions,
  accept: ConnectionAcceptor,
): Promise<Listener> {
  checkListenOptions(options);
  const { port, reusePort = false } = options;
  if (reusePort && !hasReusePort()) throw unsupported("Node before 23.1", "reusePort");
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new NodeConnection(socket);
    connection.attach(accept(connection));
    connection.start();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(listenError(cause, options)));
    server.listen({ port, host: bindHost(options), exclusive: true, reusePort }, resolve);
  });
  // Without a listener a failed accept would end the process; the next one may succeed.
  server.on("error", () => {});
  const address = server.address();
  if (address === null || typeof address === "string") throw unsupported("Node", "a local socket");
  return {
    address: address.address,
    port: address.port,
    // Node's callback waits for every connection to end, which is the server's business.
    // deno-lint-ignore require-await
    async close() {
      server.close();
    },
  };
}

function hasReusePort(): boolean {
  const { process } = globalThis as unknown as { process: { versions: { node: string } } };
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1);
}

class NodeConnection extends BaseConnection {
  readonly #socket: NodeSocket;

  constructor(socket: NodeSocket) {
    super(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    this.#socket = socket;
  }

  start(): void {
    this.#socket.on("data", (chunk) => this.received(chunk));
    this.#socket.on("end", () => this.peerEnded());
    this.#socket.on("error", (cause) => this.failed(connectionError(cause)));
    this.#socket.on("close", () => this.failed(undefined));
  }

  protected transmit(chunk: Uint8Array): undefined {
    const piece = chunk.length > LARGEST_WRITE ? chunk.subarray(0, LARGEST_WRITE) : chunk;
    this.#socket.write(piece, (error) => {
      if (!error) this.transmitted(piece.length);
    });
  }

  protected shutdown(): void {
    this.#socket.end();
  }

  protected destroy(): void {
    this.#socket.destroy();
  }

  protected setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
}
