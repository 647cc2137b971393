/**
 * The transport on `Deno.listen` and `Deno.connect`. `TelnetServer.listen()` uses it by default on
 * Deno.
 *
 * @module
 */
import { SlabBuffer } from "../protocol/slab_buffer.ts";
import { BACKLOG, BaseConnection } from "./base_connection.ts";
import { type Attempt, dialHost, giveOwner, resolveName } from "./_dial.ts";
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

/** The members of `Deno.TcpConn` that are used; the official types stay out of our signatures. */
interface DenoConn {
  readonly remoteAddr: { readonly hostname: string; readonly port: number };
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean): void;
  close(): void;
}

interface DenoListener {
  readonly addr: { readonly hostname: string; readonly port: number };
  accept(): Promise<DenoConn>;
  close(): void;
}

interface DenoRuntime {
  listen(options: {
    hostname: string;
    port: number;
    reusePort?: boolean;
    tcpBacklog?: number;
  }): DenoListener;
  connect(options: { hostname: string; port: number; signal: AbortSignal }): Promise<DenoConn>;
  readonly permissions: {
    querySync(descriptor: { name: "net" }): { readonly state: string };
  };
}

/** An idle connection holds a buffer of this size, so it is small; a busy one grows it. */
const FIRST_READ = 512;
const MAX_READ = 65_536;
/** The errors that `accept` throws if the peer has already disconnected. */
const LOST = /^(NotConnected|ConnectionAborted|ConnectionReset)$/;
/**
 * How long to wait after another failure of accept, usually for lack of file descriptors. The wait
 * doubles each time.
 */
const ACCEPT_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1_000;

/** Listens with `Deno.listen`, dials with `Deno.connect`. */
export const denoTransport: Transport & Dialler = {
  name: "deno",
  listen: listenOnDeno,
  dial: dialOnDeno,
};

// deno-lint-ignore require-await
async function listenOnDeno(
  options: TransportListenOptions,
  accept: ConnectionAcceptor,
): Promise<Listener> {
  checkListenOptions(options);
  const deno = denoRuntime();
  const { port, reusePort = false } = options;
  // Without --unstable-net, Deno ends the process if reusePort is set. `listenDatagram` exists only
  // with that flag.
  if (reusePort && !("listenDatagram" in deno)) {
    throw unsupported("Deno without --unstable-net", "reusePort");
  }
  let listener: DenoListener;
  try {
    listener = deno.listen({
      hostname: bindHost(options),
      port,
      reusePort,
      tcpBacklog: BACKLOG,
    });
  } catch (cause) {
    throw listenError(cause, options);
  }
  const accepting = acceptAll(listener, accept, options);
  return {
    address: listener.addr.hostname,
    port: listener.addr.port,
    async close() {
      accepting.stop();
      await accepting.done;
    },
  };
}

function acceptAll(
  listener: DenoListener,
  accept: ConnectionAcceptor,
  { keepAlive = false, onError, onLost }: TransportListenOptions,
): { stop(): void; done: Promise<void> } {
  let open = true;
  let pause = ACCEPT_PAUSE_MS;
  const loop = async () => {
    while (open) {
      try {
        if (!take(await listener.accept(), accept, keepAlive)) onLost?.();
        pause = ACCEPT_PAUSE_MS;
      } catch (cause) {
        // Either the listener was closed, or this connection was lost before it was accepted. The
        // latter must not delay the next one.
        const lost = cause instanceof Error && LOST.test(cause.name);
        if (open && lost) onLost?.();
        if (!open || lost) continue;
        onError?.(acceptError(cause));
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, MAX_PAUSE_MS);
      }
    }
  };
  const done = loop();
  return {
    stop() {
      if (!open) return;
      open = false;
      listener.close();
    },
    done,
  };
}

/** Takes an accepted connection; returns whether its peer is still connected. */
function take(conn: DenoConn, accept: ConnectionAcceptor, keepAlive: boolean): boolean {
  try {
    setUp(conn, keepAlive);
  } catch {
    return false;
  }
  const connection = new DenoConnection(conn);
  connection.attach(accept(connection));
  connection.start();
  return true;
}

/** Sets the socket's options; throws and closes it if the peer is gone already. */
function setUp(conn: DenoConn, keepAlive: boolean): void {
  try {
    conn.setNoDelay(true);
    // Deno cannot set the time before the first probe; the system decides it.
    if (keepAlive) conn.setKeepAlive(true);
  } catch (cause) {
    conn.close();
    throw cause;
  }
}

async function dialOnDeno(options: DialOptions, accept: ConnectionAcceptor): Promise<Connection> {
  return await dialHost(options, {
    dialAddress: (attempt) => dialAddress(attempt, accept),
    resolve: resolveIfAllowed,
  });
}

async function dialAddress(
  { hostname, port, keepAlive, signal, claim }: Attempt,
  accept: ConnectionAcceptor,
): Promise<Connection | undefined> {
  const conn = await denoRuntime().connect({ hostname, port, signal });
  setUp(conn, keepAlive);
  if (!claim()) {
    conn.close();
    return undefined;
  }
  const connection = new DenoConnection(conn);
  giveOwner(connection, accept);
  connection.start();
  return connection;
}

/**
 * If a program may dial only some hosts, it was granted their names, not their addresses: then Deno
 * dials by name and tries the addresses itself. The query avoids a prompt for each address.
 */
async function resolveIfAllowed(hostname: string): Promise<readonly string[]> {
  const { state } = denoRuntime().permissions.querySync({ name: "net" });
  if (state !== "granted") return [hostname];
  try {
    return await resolveName(hostname);
  } catch (cause) {
    // Denied by --deny-net: dial by name, because Deno's own error then names the flag.
    if ((cause as { code?: string }).code === "EPERM") return [hostname];
    throw cause;
  }
}

function denoRuntime(): DenoRuntime {
  return (globalThis as unknown as { Deno: DenoRuntime }).Deno;
}

class DenoConnection extends BaseConnection {
  readonly #conn: DenoConn;
  #reading = true;
  #wake: (() => void) | undefined;
  /** One callback for all writes, because only one is pending at a time. */
  #onWritten: ((count: number) => void) | undefined;
  #onFailed: ((cause: unknown) => void) | undefined;

  constructor(conn: DenoConn) {
    const { hostname, port } = conn.remoteAddr;
    super(hostname, port);
    this.#conn = conn;
  }

  start(): void {
    void this.#readAll();
  }

  protected transmit(chunk: Uint8Array): undefined {
    this.#onWritten ??= (count) => this.transmitted(count);
    this.#onFailed ??= (cause) => this.failed(connectionError(cause));
    this.#conn.write(chunk).then(this.#onWritten, this.#onFailed);
  }

  protected shutdown(): void {
    this.#conn.closeWrite().catch((cause) => this.failed(connectionError(cause)));
  }

  protected destroy(): void {
    this.#conn.close();
    this.#wake?.();
  }

  protected setReading(on: boolean): void {
    this.#reading = on;
    if (on) this.#wake?.();
  }

  async #readAll(): Promise<void> {
    let buffer = new Uint8Array(FIRST_READ);
    // Small chunks share one piece of memory, because an array for each would be costly.
    const chunk = new SlabBuffer();
    try {
      while (!this.destroyed) {
        const count = await this.#conn.read(buffer);
        if (count === null) return this.peerEnded();
        chunk.push(buffer, 0, count);
        this.received(chunk.take());
        if (!this.#reading) await this.#resumed();
        if (count === buffer.length || buffer.length > FIRST_READ) buffer = fit(buffer, count);
      }
    } catch (cause) {
      this.failed(connectionError(cause));
    }
  }

  #resumed(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}

/** Returns the next buffer: a larger one after a full read, the small one after a short read. */
function fit(buffer: Uint8Array<ArrayBuffer>, used: number): Uint8Array<ArrayBuffer> {
  if (used === buffer.length && used < MAX_READ) {
    return new Uint8Array(Math.min(used * 8, MAX_READ));
  }
  return used < FIRST_READ && buffer.length > FIRST_READ ? new Uint8Array(FIRST_READ) : buffer;
}
