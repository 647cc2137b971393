/**
 * The transport on `Bun.listen`. `TelnetServer.listen()` picks it by itself on Bun.
 *
 * @module
 */
import { BaseConnection, KEEP_ALIVE_MS } from "./base_connection.ts";
import { bindHost, checkListenOptions, connectionError, listenError } from "./_errors.ts";
import type {
  ConnectionAcceptor,
  Listener,
  Transport,
  TransportListenOptions,
} from "./transport.ts";

export type * from "./encryption.ts";
export type * from "./transport.ts";

/** The members of Bun's `Socket` that are used; the official types stay out of our signatures. */
interface BunSocket {
  data: BunConnection;
  /** Not known where the peer is gone already. */
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

interface BunRuntime {
  listen(options: {
    hostname: string;
    port: number;
    reusePort: boolean;
    exclusive: boolean;
    allowHalfOpen: boolean;
    socket: {
      open(socket: BunSocket): void;
      data(socket: BunSocket, chunk: Uint8Array): void;
      drain(socket: BunSocket): void;
      end(socket: BunSocket): void;
      close(socket: BunSocket, error?: Error): void;
      error(socket: BunSocket, error: Error): void;
    };
  }): BunListener;
}

/** Listens by `Bun.listen`. */
export const bunTransport: Transport = { name: "bun", listen: listenOnBun };

// deno-lint-ignore require-await
async function listenOnBun(
  options: TransportListenOptions,
  accept: ConnectionAcceptor,
): Promise<Listener> {
  checkListenOptions(options);
  const bun = (globalThis as unknown as { Bun: BunRuntime }).Bun;
  const { port, reusePort = false, keepAlive = false } = options;
  try {
    const listener = bun.listen({
      hostname: bindHost(options),
      port,
      reusePort,
      exclusive: !reusePort,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          socket.setNoDelay(true);
          if (keepAlive) socket.setKeepAlive(true, KEEP_ALIVE_MS);
          socket.data = new BunConnection(socket);
          socket.data.attach(accept(socket.data));
        },
        data: (socket, chunk) => socket.data.receive(chunk),
        drain: (socket) => socket.data.writable(),
        end: (socket) => socket.data.peerEnded(),
        close: (socket, error) => socket.data?.failed(error && connectionError(error)),
        error: (socket, error) => socket.data?.failed(connectionError(error)),
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

/** A chunk that is larger is copied, in pieces of this size. */
const LARGE_CHUNK = 65_536;
const PIECE = 16_384;

class BunConnection extends BaseConnection {
  readonly #socket: BunSocket;

  constructor(socket: BunSocket) {
    super(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    this.#socket = socket;
  }

  /**
   * Bun hands over up to half a megabyte at once, and a view of its last bytes would hold all of it:
   * in a flood its collector let hundreds of megabytes wait. What is large is copied in pieces.
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

  /** `terminate` resets the connection, and the peer loses what it has not read. */
  protected destroy(inOrder: boolean): void {
    if (inOrder) this.#socket.end();
    else this.#socket.terminate();
  }

  protected setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
}
