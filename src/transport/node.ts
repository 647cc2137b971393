/**
 * The transport on `node:net`. `TelnetServer.listen()` uses it by default on Node.
 *
 * @module
 */
import { type Attempt, dialHost, giveOwner, resolveName } from "./_dial.ts";
import { builtIn } from "./_built_in.ts";
import { BACKLOG, BaseConnection, KEEP_ALIVE_MS } from "./base_connection.ts";
import {
  acceptError,
  bindHost,
  checkListenOptions,
  connectionError,
  listenError,
  unsupported,
} from "./_errors.ts";
import type {
  Connection,
  ConnectionAcceptor,
  Dialler,
  DialOptions,
  Listener,
  Transport,
  TransportListenOptions,
} from "./transport.ts";

export type * from "./encryption.ts";
export type * from "./transport.ts";

const { connect, createServer } = builtIn<typeof import("node:net")>("node:net");

/** The property of a socket that holds its connection. */
const OWNER: unique symbol = Symbol("owner");

/** The members of `net.Socket` that are used; the official types stay out of our signatures. */
interface NodeSocket {
  [OWNER]?: NodeConnection;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  on(event: "data", listener: (this: NodeSocket, chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: (this: NodeSocket) => void): unknown;
  on(event: "error", listener: (this: NodeSocket, error: Error) => void): unknown;
  readonly writableLength: number;
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  destroy(): unknown;
}

/**
 * node:net takes any amount, but reports only when all of it is sent; pieces keep `queued`
 * accurate.
 */
const MAX_WRITE = 65_536;

/** An empty write; its callback reports that the bytes before it are sent. */
const NOTHING = new Uint8Array(0);

/** Listens and dials with `node:net`. */
export const nodeTransport: Transport & Dialler = {
  name: "node",
  listen: listenOnNode,
  dial: dialOnNode,
};

async function listenOnNode(
  options: TransportListenOptions,
  accept: ConnectionAcceptor,
): Promise<Listener> {
  checkListenOptions(options);
  const { port, reusePort = false, keepAlive = false, onError } = options;
  if (reusePort && !hasReusePort()) throw unsupported("Node before 22.12", "reusePort");
  const server = createServer(settings(keepAlive), (socket) => {
    const connection = new NodeConnection(socket);
    connection.attach(accept(connection));
    connection.start();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(listenError(cause, options)));
    server.listen(
      { port, host: bindHost(options), exclusive: true, reusePort, backlog: BACKLOG },
      resolve,
    );
  });
  // Without a listener, a failed accept would end the process; the next one may succeed. If there
  // was no file descriptor for a connection, libuv has closed it already.
  server.on("error", (cause) => onError?.(acceptError(cause)));
  const address = server.address();
  if (address === null || typeof address === "string") throw unsupported("Node", "a local socket");
  return {
    address: address.address,
    port: address.port,
    // Does not wait for Node's callback: that comes only after every connection has ended, which
    // the server decides.
    // deno-lint-ignore require-await
    async close() {
      server.close();
    },
  };
}

async function dialOnNode(options: DialOptions, accept: ConnectionAcceptor): Promise<Connection> {
  return await dialHost(options, {
    dialAddress: (attempt) => dialAddress(attempt, accept),
    resolve: resolveName,
  });
}

function dialAddress(
  { hostname, port, keepAlive, signal, claim }: Attempt,
  accept: ConnectionAcceptor,
): Promise<Connection | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, ...settings(keepAlive) });
    const giveUp = () => {
      socket.destroy();
      resolve(undefined);
    };
    signal.addEventListener("abort", giveUp);
    socket.once("error", reject);
    socket.once("connect", () => {
      signal.removeEventListener("abort", giveUp);
      if (!claim()) return giveUp();
      const connection = new NodeConnection(socket);
      connection.start();
      socket.off("error", reject);
      try {
        giveOwner(connection, accept);
        resolve(connection);
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** The options of every socket. */
function settings(keepAlive: boolean): {
  allowHalfOpen: boolean;
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveInitialDelay: number;
} {
  return {
    allowHalfOpen: true,
    noDelay: true,
    keepAlive,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
}

function hasReusePort(): boolean {
  const { process } = globalThis as unknown as { process: { versions: { node: string } } };
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const first: Readonly<Record<number, number>> = { 22: 12, 23: 1 };
  return major > 23 || minor >= (first[major] ?? Infinity);
}

class NodeConnection extends BaseConnection {
  readonly #socket: NodeSocket;
  #written = 0;
  /** One callback for all writes, because only one is pending at a time. */
  #onWritten: ((error?: Error | null) => void) | undefined;

  constructor(socket: NodeSocket) {
    super(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    this.#socket = socket;
    socket[OWNER] = this;
  }

  start(): void {
    this.#socket.on("data", onData);
    this.#socket.on("end", onEnd);
    this.#socket.on("error", onError);
    this.#socket.on("close", onClose);
  }

  protected transmit(chunk: Uint8Array): number | undefined {
    const piece = chunk.length > MAX_WRITE ? chunk.subarray(0, MAX_WRITE) : chunk;
    this.#socket.write(piece);
    // Usually the system takes it at once; a callback for each write would be costly.
    if (piece === chunk && this.#socket.writableLength === 0) return chunk.length;
    this.#written = piece.length;
    this.#onWritten ??= (error) => {
      if (!error) this.transmitted(this.#written);
    };
    this.#socket.write(NOTHING, this.#onWritten);
    return undefined;
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

// Shared by all sockets: node:net passes the socket as `this`. A closure for each would cost
// memory.

function onData(this: NodeSocket, chunk: Uint8Array): void {
  this[OWNER]?.received(chunk);
}

function onEnd(this: NodeSocket): void {
  this[OWNER]?.peerEnded();
}

function onError(this: NodeSocket, cause: Error): void {
  this[OWNER]?.failed(connectionError(cause));
}

function onClose(this: NodeSocket): void {
  this[OWNER]?.failed(undefined);
}
