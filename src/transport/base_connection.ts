import { Fifo } from "../protocol/fifo.ts";
import type { Connection, ConnectionHandler } from "./transport.ts";

/** The number of identities assigned so far. */
let identities = 0;

/**
 * How long a closed connection keeps reading, so that the peer gets our last bytes instead of a
 * reset.
 */
const LINGER_MS = 2_000;

/** Bytes discarded after close() before we stop reading. */
const LINGER_BYTES = 131_072;

/**
 * How many connections may wait to be accepted: after a game restarts, all clients reconnect at
 * once.
 */
export const BACKLOG = 4_096;

/** How long a peer is silent before the system probes it (TCP keep-alive). */
export const KEEP_ALIVE_MS = 60_000;

/** Small chunks are transmitted together, up to this many bytes. */
const GATHER = 65_536;

/**
 * The base of all adapters: it queues the bytes that the system has not taken, and closes in the
 * right order. To write an adapter, extend it:
 *
 * - **implement** four methods on your socket: `transmit`, `shutdown`, `destroy`, `setReading`
 * - **report** what the socket does: {@linkcode received}, {@linkcode transmitted} or
 *   {@linkcode writable}, {@linkcode peerEnded}, {@linkcode failed}; one that encrypts also
 *   {@linkcode overhead}, and one that counts more bytes as queued, {@linkcode drained}
 * - **check** it with the contract suite of `./transport/contract`
 *
 * @example A connection over a pair of queues
 * ```ts
 * import { BaseConnection } from "@miniboa/miniboa/transport";
 * import { assertEquals } from "@std/assert";
 *
 * class QueueConnection extends BaseConnection {
 *   readonly sent: Uint8Array[] = [];
 *   protected transmit(chunk: Uint8Array): number {
 *     this.sent.push(chunk);
 *     return chunk.length; // the "system" took it all
 *   }
 *   protected shutdown(): void {}
 *   protected destroy(): void {}
 *   protected setReading(): void {}
 * }
 * const connection = new QueueConnection("192.0.2.7", 4000);
 * const heard: Uint8Array[] = [];
 * connection.attach({
 *   onData: (chunk) => heard.push(chunk),
 *   onEnd: () => connection.close(),
 *   onDrain: () => {},
 *   onClose: () => {},
 * });
 * connection.received(Uint8Array.of(1, 2));
 * connection.write(Uint8Array.of(3));
 * assertEquals([heard.length, connection.sent.length, connection.queued], [1, 1, 0]);
 * ```
 */
export abstract class BaseConnection implements Connection {
  /** The peer's IP address; IPv4 in its own form even on an IPv6 socket. */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  /** The chunk that the runtime is sending, or the part of it that it did not take. */
  #sending: Uint8Array | undefined;
  /** The chunks that wait after it. */
  #waiting: Fifo<Uint8Array> | undefined;
  #queued = 0;
  /** Whether bytes were written since the owner's `onDrain` was last called. */
  #wrote = false;
  #handler: ConnectionHandler | undefined;
  #closed: Promise<void> | undefined;
  #settleClosed: (() => void) | undefined;
  #paused = false;
  #closing = false;
  #finSent = false;
  #peerEnded = false;
  #endError: Error | undefined;
  #destroyed = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  /** How many bytes came since `close()`. */
  #unwanted = 0;
  #identity: string | undefined;

  /**
   * Starts with nothing queued; reading is on.
   *
   * @param remoteAddress The peer's IP address, as the system gives it.
   * @param remotePort The peer's port.
   */
  constructor(remoteAddress: string, remotePort: number) {
    this.remoteAddress = plainAddress(remoteAddress);
    this.remotePort = remotePort;
  }

  /**
   * Gives bytes to the runtime.
   *
   * @param chunk The bytes, which do not change.
   * @returns How many bytes the system took at once; if not all, `writable()` must follow.
   * `undefined`: the runtime keeps all of them, and `transmitted()` must follow when the system has
   * taken them.
   */
  protected abstract transmit(chunk: Uint8Array): number | undefined;
  /** Announces the end (FIN). Called after everything was transmitted. */
  protected abstract shutdown(): void;
  /**
   * Closes the socket at once.
   *
   * @param inOrder Whether the system should still send the bytes that it took; otherwise they may
   * be dropped.
   */
  protected abstract destroy(inOrder: boolean): void;
  /**
   * Stops or resumes reading.
   *
   * @param on Whether to read.
   */
  protected abstract setReading(on: boolean): void;

  /** The name of the connection within this process: a number, assigned on first use. */
  get identity(): string {
    return this.#identity ??= String(++identities);
  }

  /** How many written bytes the system has not taken yet. */
  get queued(): number {
    return this.#queued;
  }

  /** Whether the bytes travel encrypted. An adapter that encrypts overrides it. */
  get encrypted(): boolean {
    return false;
  }

  /**
   * How many received bytes have not been delivered to the owner. An adapter that buffers some
   * overrides it.
   */
  get held(): number {
    return 0;
  }

  /**
   * Settles when the socket is gone. The promise is created on first use: one for each connection
   * would be costly.
   */
  get closed(): Promise<void> {
    this.#closed ??= this.#destroyed
      ? Promise.resolve()
      : new Promise((resolve) => this.#settleClosed = resolve);
    return this.#closed;
  }

  /** Whether reading is paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the socket itself is gone. */
  get destroyed(): boolean {
    return this.#destroyed;
  }

  /**
   * Gives the connection another owner.
   *
   * @param handler The owner.
   */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    // It may have ended, or been aborted, before it had this owner.
    if (this.#destroyed) this.#report(undefined);
    else if (this.#peerEnded && !this.#closing) handler.onEnd(this.#endError);
  }

  /**
   * Queues bytes; see `Connection`.
   *
   * @param chunk The bytes; the array must not change afterwards.
   */
  write(chunk: Uint8Array): void {
    if (this.#closing || this.#destroyed || chunk.length === 0) return;
    this.#queued += chunk.length;
    this.#wrote = true;
    if (this.#sending === undefined) this.#pump(chunk);
    else (this.#waiting ??= new Fifo()).push(chunk);
  }

  /** Stops reading. */
  pause(): void {
    if (this.#paused || this.#closing || this.#destroyed) return;
    this.#paused = true;
    this.setReading(false);
  }

  /** Resumes reading. */
  resume(): void {
    if (!this.#paused || this.#destroyed) return;
    this.#paused = false;
    this.setReading(true);
  }

  /** Closes gracefully; see `Connection`. */
  close(): void {
    if (this.#closing || this.#destroyed) return;
    this.#closing = true;
    if (this.#sending === undefined && !this.endWaits) this.#announceEnd();
  }

  /** Closes at once; what is queued is lost. */
  abort(): void {
    this.#destroy(undefined);
  }

  /**
   * Called by the adapter when bytes came from the peer.
   *
   * @param chunk The bytes; the owner may keep the array.
   */
  received(chunk: Uint8Array): void {
    if (this.#closing) this.#discard(chunk.length);
    else if (!this.#destroyed) this.#handler?.onData(chunk);
  }

  /**
   * Called by the adapter when bytes came that belong to the encryption itself.
   *
   * @param count How many.
   */
  overhead(count: number): void {
    if (this.#closing) this.#discard(count);
    else if (!this.#destroyed) this.#handler?.onOverhead?.(count);
  }

  /**
   * Called by the adapter when the system took bytes from the start of what `transmit` was given.
   *
   * @param count How many bytes.
   */
  transmitted(count: number): void {
    const sent = this.#sending;
    if (sent === undefined) return;
    this.#queued -= count;
    this.#pump(count < sent.length ? sent.subarray(count) : this.#next());
    this.drained();
  }

  /** Called by the adapter when the system takes bytes again. */
  writable(): void {
    if (this.#sending !== undefined) this.#pump(this.#sending);
    this.drained();
  }

  /**
   * Tells the owner once that everything it wrote was taken, if `queued` is 0. An adapter that
   * overrides `queued` calls it when its own bytes are gone.
   */
  protected drained(): void {
    if (this.queued > 0 || this.#destroyed) return;
    if (this.#closing) return this.#sending === undefined ? this.#announceEnd() : undefined;
    if (!this.#wrote) return;
    this.#wrote = false;
    this.#handler?.onDrain();
  }

  /**
   * Whether the end must wait for bytes that the adapter itself holds; when they are gone, it calls
   * {@linkcode drained}.
   */
  protected get endWaits(): boolean {
    return false;
  }

  /**
   * Called by the adapter when the peer announced its end (FIN), or when the connection broke in a
   * way that leaves what was received before it.
   *
   * @param error Why it broke.
   */
  peerEnded(error?: Error): void {
    if (this.#peerEnded || this.#destroyed) return;
    this.#peerEnded = true;
    this.#endError = error;
    if (this.#finSent) this.#destroy(undefined);
    else if (!this.#closing) this.#handler?.onEnd(error);
  }

  /**
   * Called by the adapter when the connection broke or closed.
   *
   * @param error Why it broke; `undefined` if it closed.
   */
  failed(error: Error | undefined): void {
    this.#destroy(error);
  }

  /** Transmits a chunk and the chunks that wait after it, as far as the runtime takes them. */
  #pump(first: Uint8Array | undefined): void {
    let chunk = first;
    while (chunk !== undefined && !this.#destroyed) {
      this.#sending = chunk;
      const taken = this.transmit(chunk);
      if (taken === undefined) return;
      this.#queued -= taken;
      if (taken < chunk.length) {
        this.#sending = chunk.subarray(taken);
        return;
      }
      chunk = this.#next();
    }
    this.#sending = undefined;
    if (this.#closing && !this.endWaits) this.#announceEnd();
  }

  #discard(count: number): void {
    this.#unwanted += count;
    if (this.#unwanted <= LINGER_BYTES || this.#destroyed) return;
    this.setReading(false); // queued bytes still go out, and no reset discards them
  }

  #announceEnd(): void {
    if (this.#finSent || this.#destroyed) return;
    this.#finSent = true;
    // If the peer has ended too, closing the socket is enough.
    if (this.#peerEnded) return this.#destroy(undefined);
    this.shutdown();
    this.#report(undefined);
    this.resume();
    if (!this.#destroyed) this.#linger = setTimeout(() => this.#destroy(undefined), LINGER_MS);
  }

  /** Takes what to transmit next: small waiting chunks are joined. */
  #next(): Uint8Array | undefined {
    const waiting = this.#waiting;
    const first = waiting?.take();
    if (first === undefined || waiting?.length === 0 || first.length >= GATHER) return first;
    const gathered = new Uint8Array(Math.min(this.#queued, GATHER));
    gathered.set(first);
    let length = first.length;
    for (let chunk = waiting?.peek(); chunk !== undefined; chunk = waiting?.peek()) {
      if (length + chunk.length > gathered.length) break;
      gathered.set(chunk, length);
      length += chunk.length;
      waiting?.take();
    }
    return gathered.subarray(0, length);
  }

  #report(error: Error | undefined): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose(error);
  }

  #destroy(error: Error | undefined): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#sending = undefined;
    this.#waiting = undefined;
    this.#queued = 0;
    clearTimeout(this.#linger);
    this.destroy(this.#finSent);
    this.#settleClosed?.();
    this.#report(error);
  }
}

/** Converts an IPv4-mapped IPv6 address to IPv4, and removes the zone of an IPv6 address. */
export function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*/, "");
}
