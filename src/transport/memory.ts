/**
 * A transport without sockets, for tests: connections are pairs of queues in memory.
 *
 * @example A server under test
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport({ chunkSize: 1 }); // the worst network there is
 * await using server = await TelnetServer.listen({
 *   transport,
 *   onConnect: (client) => client.send("Hello\n"),
 *   onDisconnect: () => {},
 * });
 * const peer = transport.connect(server.port);
 * await server.poll();
 * assertEquals(peer.takeText(), "Hello\r\n");
 *
 * peer.write("look\r\n");
 * const [client] = server.clientList();
 * while (!client?.cmdReady) await server.poll();
 * assertEquals(client.getCommand(), "look");
 * ```
 *
 * @module
 */
import { joinBytes } from "../protocol/bytes.ts";
import { TelnetError, throwMisuse } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import { BaseConnection } from "./base_connection.ts";
import { bindHost, checkDialOptions, checkListenOptions, refused } from "./_errors.ts";
import type {
  Connection,
  ConnectionAcceptor,
  Dialler,
  DialOptions,
  Listener,
  Transport,
  TransportListenOptions,
} from "./transport.ts";
import { checkCount, rejectUnknownKeys } from "../protocol/validate.ts";

export type * from "./encryption.ts";
export type * from "./transport.ts";

/** How the memory network behaves. */
export interface MemoryTransportOptions {
  /**
   * The maximum bytes that the server, or an end that dialled, gets at once; at least 1. Default:
   * no limit.
   */
  readonly chunkSize?: number;
  /**
   * How many bytes can be sent to a peer that does not read, like a socket's buffer; at least 1.
   * Default 65536.
   */
  readonly capacity?: number;
}

/** How to connect in memory. */
export interface MemoryConnectOptions {
  /** Whether the peer stays open when the server has closed. Default `false`. */
  readonly allowHalfOpen?: boolean;
  /** Whether the connection reports itself as encrypted. Default `false`. */
  readonly encrypted?: boolean;
  /**
   * The `identity` of the connection, as a transport sets it whose connections outlive a process.
   * Default: a number.
   */
  readonly identity?: string;
  /** The address from which the peer appears to come. Default `127.0.0.1`. */
  readonly remoteAddress?: string;
}

const FIRST_PORT = 49_152;

/**
 * A network in memory; each instance is separate. To reach a listener, a test calls `connect()` for
 * a {@linkcode MemoryPeer} that plays a person; a client calls `dial()` for a connection that
 * behaves like a socket.
 */
export class MemoryTransport implements Transport, Dialler {
  /** Always `memory`. */
  readonly name = "memory";
  readonly #options: Required<MemoryTransportOptions>;
  readonly #listeners: Map<number, ConnectionAcceptor> = new Map();
  #nextPeerPort = FIRST_PORT;

  /**
   * Makes a network.
   *
   * @param options How it behaves.
   * @throws {TelnetError} `misuse`: a number that is not a whole number, or is 0.
   */
  constructor(options: MemoryTransportOptions = {}) {
    const { chunkSize = Number.MAX_SAFE_INTEGER, capacity = 65_536 } = options;
    rejectUnknownKeys("MemoryTransport", options, { chunkSize: true, capacity: true });
    checkCount("MemoryTransport.chunkSize", chunkSize, 1);
    checkCount("MemoryTransport.capacity", capacity, 1);
    this.#options = { chunkSize, capacity };
  }

  /**
   * Listens on a port of this network.
   *
   * @param options Where; the address is not used, only reported.
   * @param accept Called for each connection.
   * @returns The listener.
   * @throws {TelnetError} `address-in-use` or `misuse`.
   */
  // deno-lint-ignore require-await
  async listen(options: TransportListenOptions, accept: ConnectionAcceptor): Promise<Listener> {
    checkListenOptions(options);
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (this.#listeners.has(port) && options.reusePort !== true) {
      throw new TelnetError("address-in-use", `Cannot listen on memory port ${port}: it is taken`);
    }
    this.#listeners.set(port, accept);
    return {
      address: bindHost(options),
      port,
      // deno-lint-ignore require-await
      close: async () => {
        if (this.#listeners.get(port) === accept) this.#listeners.delete(port);
      },
    };
  }

  /**
   * Connects to a listener of this network.
   *
   * @param port The listener's port.
   * @param options How; each field has its default.
   * @returns This end of the connection.
   * @throws {TelnetError} `connection-refused`: nobody listens there.
   */
  connect(port: number, options: MemoryConnectOptions = {}): MemoryPeer {
    rejectUnknownKeys("connect", options, CONNECT_NAMES);
    const accept = this.#listeners.get(port);
    if (accept === undefined) {
      throw new TelnetError(
        "connection-refused",
        `Cannot connect to memory port ${port}: no listener`,
      );
    }
    const connection = new MemoryConnection(this.#nextPeerPort++, this.#options, options);
    connection.attach(accept(connection));
    return new MemoryPeer(connection);
  }

  /**
   * Dials a listener of this network. Both ends are connections that behave as sockets do.
   *
   * @param options Where; the hostname is only reported, as the address of the peer.
   * @param accept Called with this end of the connection.
   * @returns This end of the connection.
   * @throws {TelnetError} `connection-refused`: nobody listens there; or `misuse`.
   */
  async dial(options: DialOptions, accept: ConnectionAcceptor): Promise<Connection> {
    checkDialOptions(options);
    const { hostname, port, signal } = options;
    signal?.throwIfAborted();
    await Promise.resolve(); // as on sockets, `accept` is not called within this call
    signal?.throwIfAborted();
    const acceptPeer = this.#listeners.get(port);
    if (acceptPeer === undefined) throw refused(options);
    const near = new MemoryEnd(hostname, port, this.#options);
    const far = new MemoryEnd("127.0.0.1", this.#nextPeerPort++, this.#options);
    near.peer = far;
    far.peer = near;
    far.attach(acceptPeer(far));
    try {
      near.attach(accept(near));
    } catch (error) {
      near.abort();
      throw error;
    }
    return near;
  }

  #freePort(): number {
    let port = FIRST_PORT;
    while (this.#listeners.has(port)) port++;
    return port;
  }
}

const CONNECT_NAMES: Readonly<Record<keyof MemoryConnectOptions, true>> = {
  allowHalfOpen: true,
  encrypted: true,
  identity: true,
  remoteAddress: true,
};

/** The server's end. */
class MemoryConnection extends BaseConnection {
  readonly #chunkSize: number;
  readonly #capacity: number;
  readonly #allowHalfOpen: boolean;
  readonly #encrypted: boolean;
  readonly #name: string | undefined;
  readonly #toOwner: Uint8Array[] = [];
  #toPeer: Uint8Array[] = [];
  #toPeerLength = 0;
  #peerClosing = false;
  #scheduled = false;
  ended = false;
  onChange: () => void = () => {};

  constructor(
    port: number,
    { chunkSize, capacity }: Required<MemoryTransportOptions>,
    { allowHalfOpen = false, encrypted = false, remoteAddress = "127.0.0.1", identity }:
      MemoryConnectOptions,
  ) {
    super(remoteAddress, port);
    this.#chunkSize = chunkSize;
    this.#capacity = capacity;
    this.#allowHalfOpen = allowHalfOpen;
    this.#encrypted = encrypted;
    this.#name = identity;
  }

  override get identity(): string {
    return this.#name ?? super.identity;
  }

  override get encrypted(): boolean {
    return this.#encrypted;
  }

  /** Takes bytes from the peer, for the owner. */
  deliver(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.#chunkSize) {
      this.#toOwner.push(bytes.slice(at, at + this.#chunkSize));
    }
    this.#schedule();
  }

  deliverEnd(): void {
    this.#peerClosing = true;
    this.#schedule();
  }

  /** How many bytes wait for the owner. */
  get undelivered(): number {
    return this.#toOwner.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Takes the bytes that the peer can read, which makes room for more. */
  takeForPeer(): Uint8Array[] {
    const chunks = this.#toPeer;
    const wasFull = this.#toPeerLength >= this.#capacity;
    this.#toPeer = [];
    this.#toPeerLength = 0;
    if (wasFull) this.writable();
    return chunks;
  }

  protected transmit(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, this.#capacity - this.#toPeerLength);
    if (taken > 0) this.#toPeer.push(chunk.slice(0, taken));
    this.#toPeerLength += taken;
    this.onChange();
    return taken;
  }

  protected shutdown(): void {
    this.ended = true;
    if (!this.#allowHalfOpen) this.deliverEnd();
    this.onChange();
  }

  protected destroy(): void {
    this.ended = true;
    this.#toOwner.length = 0;
    this.onChange();
  }

  protected setReading(on: boolean): void {
    if (on) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#hand();
    });
  }

  #hand(): void {
    while (!this.paused && !this.destroyed) {
      const chunk = this.#toOwner.shift();
      if (chunk === undefined) break;
      this.received(chunk);
    }
    if (this.#toOwner.length === 0 && this.#peerClosing) this.peerEnded();
  }
}

/**
 * One end of a dialled connection; the other end is a `MemoryEnd`, too. Written bytes wait in
 * `#sent`, which stands for the network, until the other end reads them.
 */
class MemoryEnd extends BaseConnection {
  readonly #options: Required<MemoryTransportOptions>;
  readonly #sent: Fifo<Uint8Array> = new Fifo();
  #sentLength = 0;
  /** Whether the end (FIN) follows what was sent. */
  #ended = false;
  #reading = true;
  #scheduled = false;
  /** The other end; set before any call. */
  peer: MemoryEnd | undefined;

  constructor(
    remoteAddress: string,
    remotePort: number,
    options: Required<MemoryTransportOptions>,
  ) {
    super(remoteAddress, remotePort);
    this.#options = options;
  }

  protected transmit(chunk: Uint8Array): number {
    const { capacity, chunkSize } = this.#options;
    this.peer?.scheduleRead();
    if (this.peer?.destroyed) return this.#transmitToNobody(chunk.length);
    const taken = Math.min(chunk.length, capacity - this.#sentLength);
    for (let at = 0; at < taken; at += chunkSize) {
      this.#sent.push(chunk.slice(at, Math.min(at + chunkSize, taken)));
    }
    this.#sentLength += taken;
    return taken;
  }

  protected shutdown(): void {
    this.#ended = true;
    this.peer?.scheduleRead();
  }

  protected destroy(): void {
    this.shutdown();
  }

  protected setReading(on: boolean): void {
    this.#reading = on;
    if (on) this.scheduleRead();
  }

  /** Reads later: an owner is never called within a call that an owner makes. */
  scheduleRead(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.peer !== undefined) this.#readFrom(this.peer);
    });
  }

  #readFrom(peer: MemoryEnd): void {
    while (this.#reading && !this.destroyed) {
      const chunk = peer.#sent.take();
      if (chunk === undefined) break;
      peer.#sentLength -= chunk.length;
      this.received(chunk);
    }
    if (peer.queued > 0 && peer.#sentLength < this.#options.capacity) peer.writable();
    // If the peer closed without reading everything, it answers with a reset, as in TCP.
    const unread = this.queued + this.#sentLength;
    if (peer.destroyed && unread > 0) this.failed(lostByReset());
    else if (this.#reading && peer.#ended && peer.#sent.length === 0) this.peerEnded();
  }

  #transmitToNobody(length: number): number {
    this.#sentLength += length;
    this.scheduleRead();
    return length;
  }
}

/** The dialling end of a connection in memory, with which a test plays a person. */
export class MemoryPeer {
  readonly #connection: MemoryConnection;
  #waiting: (() => void)[] = [];

  /** Made by {@linkcode MemoryTransport.connect}. */
  constructor(connection: Connection) {
    if (!(connection instanceof MemoryConnection)) {
      throwMisuse("Cannot make a MemoryPeer by hand: call connect() of a MemoryTransport");
    }
    this.#connection = connection;
    connection.onChange = () => this.#wake();
  }

  /** The port of this end, as the server sees it. */
  get localPort(): number {
    return this.#connection.remotePort;
  }

  /** How many written bytes the server has not taken yet. */
  get queued(): number {
    return this.#connection.undelivered;
  }

  /** Whether the server has closed; what it sent before can still be taken. */
  get ended(): boolean {
    return this.#connection.ended;
  }

  /**
   * Sends to the server; it arrives when the caller next awaits.
   *
   * @param data Bytes, or text as UTF-8.
   */
  write(data: Uint8Array | string): void {
    this.#connection.deliver(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /**
   * Takes what the server has sent since the last call. A peer that does not call it is a slow
   * reader.
   *
   * @returns The bytes; empty if nothing came.
   */
  take(): Uint8Array {
    return joinBytes(this.takeChunks());
  }

  /**
   * Takes what the server has sent since the last call, as separate writes.
   *
   * @returns The writes.
   */
  takeChunks(): Uint8Array[] {
    return this.#connection.takeForPeer();
  }

  /**
   * Takes what the server has sent, as UTF-8.
   *
   * @returns The text.
   */
  takeText(): string {
    return new TextDecoder().decode(this.take());
  }

  /** Settles when the server next sends something or closes. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Announces the end (FIN): nothing more will be sent, but what comes can be taken. */
  end(): void {
    this.#connection.deliverEnd();
  }

  /** Breaks the connection (RST). */
  abort(): void {
    this.#connection.failed(lostByReset());
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function lostByReset(): TelnetError {
  return new TelnetError("connection-lost", "Lost the connection: reset by the memory peer");
}
