/**
 * The transport on `Bun.listen` and `Bun.connect`. `TelnetServer.listen()` uses it by default on
 * Bun.
 *
 * @module
 */
import { addressOf, type Attempt, dialHost, giveOwner, resolveName } from "./_dial.ts";
import { BaseConnection, KEEP_ALIVE_MS } from "./base_connection.ts";
import { bindHost, checkListenOptions, connectionError, listenError } from "./_errors.ts";
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

/** The members of Bun's `Socket` that are used; the official types stay out of our signatures. */
interface BunSocket {
  /** Missing until the socket is open, and if it was closed because it opened too late. */
  data: BunConnection | undefined;
  /** `undefined` if the peer has already disconnected. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  write(bytes: Uint8Array): number;
  setNoDelay(on: boolean): boolean;
  setKeepAlive(on: boolean, initialDelay: number): boolean;
  pause(): void;
  resume(): void;
  shutdown(): void;
  end(): void;
  terminate(): void;
}

interface BunListener {
  readonly hostname: string;
  readonly port: number;
  stop(closeConnections?: boolean): void;
}

interface BunSocketHandlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, chunk: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket, error?: Error): void;
  error(socket: BunSocket, error: Error): void;
}

interface BunRuntime {
  listen(options: {
    hostname: string;
    port: number;
    reusePort: boolean;
    exclusive: boolean;
    allowHalfOpen: boolean;
    socket: BunSocketHandlers;
  }): BunListener;
  connect(options: {
    hostname: string;
    port: number;
    allowHalfOpen: boolean;
    socket: BunSocketHandlers;
  }): Promise<BunSocket>;
}

/** Listens with `Bun.listen`, dials with `Bun.connect`. */
export const bunTransport: Transport & Dialler = {
  name: "bun",
  listen: listenOnBun,
  dial: dialOnBun,
};

async function listenOnBun(
  options: TransportListenOptions,
  accept: ConnectionAcceptor,
): Promise<Listener> {
  checkListenOptions(options);
  const { port, reusePort = false, keepAlive = false } = options;
  try {
    const listener = bunRuntime().listen({
      // Bun reports the address that it was given, not the one of a name.
      hostname: await addressOf(bindHost(options)),
      port,
      reusePort,
      exclusive: !reusePort,
      allowHalfOpen: true,
      socket: {
        ...HANDLERS,
        open(socket) {
          const connection = setUp(socket, keepAlive);
          connection.attach(accept(connection));
        },
      },
    });
    return {
      address: listener.hostname,
      port: listener.port,
      // deno-lint-ignore require-await
      async close() {
        listener.stop(false);
      },
    };
  } catch (cause) {
    throw listenError(cause, options);
  }
}

async function dialOnBun(options: DialOptions, accept: ConnectionAcceptor): Promise<Connection> {
  return await dialHost(options, {
    dialAddress: (attempt) => dialAddress(attempt, accept),
    resolve: resolveName,
  });
}

/**
 * Bun cannot cancel an attempt, so a socket that opens too late is closed. Bun reports an
 * unreachable network as ECONNREFUSED, and so do we.
 */
function dialAddress(
  { hostname, port, keepAlive, claim }: Attempt,
  accept: ConnectionAcceptor,
): Promise<Connection | undefined> {
  return new Promise((resolve, reject) => {
    const open = (socket: BunSocket) => {
      if (!claim()) {
        socket.terminate();
        return resolve(undefined);
      }
      const connection = setUp(socket, keepAlive);
      try {
        giveOwner(connection, accept);
        resolve(connection);
      } catch (error) {
        reject(error);
      }
    };
    bunRuntime().connect({ hostname, port, allowHalfOpen: true, socket: { ...HANDLERS, open } })
      .catch(reject);
  });
}

/** The event handlers of all sockets after they are open. */
const HANDLERS: Omit<BunSocketHandlers, "open"> = {
  data: (socket, chunk) => socket.data?.receive(chunk),
  drain: (socket) => socket.data?.writable(),
  end: (socket) => socket.data?.peerEnded(),
  close: (socket, error) => socket.data?.failed(error && connectionError(error)),
  error: (socket, error) => socket.data?.failed(connectionError(error)),
};

function setUp(socket: BunSocket, keepAlive: boolean): BunConnection {
  socket.setNoDelay(true);
  if (keepAlive) socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket.data = new BunConnection(socket);
}

function bunRuntime(): BunRuntime {
  return (globalThis as unknown as { Bun: BunRuntime }).Bun;
}

/** Larger chunks are copied, in pieces of `PIECE` bytes. */
const LARGE_CHUNK = 65_536;
const PIECE = 16_384;

class BunConnection extends BaseConnection {
  readonly #socket: BunSocket;

  constructor(socket: BunSocket) {
    super(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    this.#socket = socket;
  }

  /**
   * Bun delivers chunks of up to half a megabyte, and a view of the last bytes keeps the whole
   * chunk in memory: during a flood, hundreds of megabytes waited for the garbage collector. So
   * large chunks are copied in pieces.
   */
  receive(chunk: Uint8Array): void {
    if (chunk.length <= LARGE_CHUNK) return this.received(chunk);
    for (let at = 0; at < chunk.length; at += PIECE) this.received(chunk.slice(at, at + PIECE));
  }

  protected transmit(chunk: Uint8Array): number {
    return Math.max(0, this.#socket.write(chunk));
  }

  protected shutdown(): void {
    this.#socket.shutdown();
  }

  /** `terminate` resets the connection, so the peer loses what it has not read. */
  protected destroy(inOrder: boolean): void {
    if (inOrder) this.#socket.end();
    else this.#socket.terminate();
  }

  protected setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
}
