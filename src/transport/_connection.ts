import { Fifo } from "../protocol/fifo.ts";
import type { Connection, ConnectionHandler } from "./transport.ts";

/** How long a closed connection reads on, so that the peer gets our last bytes and no reset. */
export const LINGER_MS = 2_000;

/** Up to so many bytes of small chunks are transmitted as one. */
const GATHER = 65_536;

/**
 * What all adapters share: the queue of what the system has not taken, and the order of closing.
 * An adapter implements the `protected` part on its runtime's socket and reports by the methods
 * `received`, `transmitted`, `writable`, `peerEnded` and `failed`.
 */
export abstract class BaseConnection implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly closed: Promise<void>;
  readonly #chunks = new Fifo<Uint8Array>();
  #queued = 0;
  #handler: ConnectionHandler | undefined;
  #settleClosed: () => void = () => {};
  #busy = false;
  #paused = false;
  #closing = false;
  #finSent = false;
  #peerEnded = false;
  #destroyed = false;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(remoteAddress: string, remotePort: number) {
    this.remoteAddress = plainAddress(remoteAddress);
    this.remotePort = remotePort;
    this.closed = new Promise((resolve) => this.#settleClosed = resolve);
  }

  /**
   * Gives bytes to the runtime.
   *
   * @returns How many it took at once: if not all, `writable()` follows. `undefined`: it has them
   * all in hand, and `transmitted()` follows when the system took them.
   */
  protected abstract transmit(chunk: Uint8Array): number | undefined;
  /** Announces the end (FIN); everything was transmitted. */
  protected abstract shutdown(): void;
  /**
   * Closes the socket at once.
   *
   * @param inOrder Whether the system shall go on sending what it took; else it may be dropped.
   */
  protected abstract destroy(inOrder: boolean): void;
  /** Stops or goes on reading. */
  protected abstract setReading(on: boolean): void;

  get queued(): number {
    return this.#queued;
  }

  /** Whether the owner wants no more bytes for now. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the socket is gone. */
  get destroyed(): boolean {
    return this.#destroyed;
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    // It may have been aborted before it had an owner.
    if (this.#destroyed) this.#report(undefined);
  }

  write(chunk: Uint8Array): void {
    if (this.#closing || this.#destroyed || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#queued += chunk.length;
    this.#pump();
  }

  pause(): void {
    if (this.#paused || this.#closing || this.#destroyed) return;
    this.#paused = true;
    this.setReading(false);
  }

  resume(): void {
    if (!this.#paused || this.#destroyed) return;
    this.#paused = false;
    this.setReading(true);
  }

  close(): void {
    if (this.#closing || this.#destroyed) return;
    this.#closing = true;
    this.resume();
    this.#pump();
  }

  abort(): void {
    this.#destroy(undefined);
  }

  /** Bytes came from the peer. */
  received(chunk: Uint8Array): void {
    if (!this.#closing && !this.#destroyed) this.#handler?.onData(chunk);
  }

  /** The system took what `transmit` was given. */
  transmitted(count: number): void {
    this.#consume(count);
    this.writable();
  }

  /** The system takes bytes again. */
  writable(): void {
    this.#busy = false;
    this.#pump();
    if (this.#queued === 0 && !this.#closing && !this.#destroyed) this.#handler?.onDrain();
  }

  /** The peer announced its end (FIN). */
  peerEnded(): void {
    if (this.#peerEnded || this.#destroyed) return;
    this.#peerEnded = true;
    if (this.#finSent) this.#destroy(undefined);
    else if (!this.#closing) this.#handler?.onEnd();
  }

  /** The socket broke, or is gone. */
  failed(error: Error | undefined): void {
    this.#destroy(error);
  }

  #pump(): void {
    while (!this.#busy && !this.#destroyed) {
      const chunk = this.#next();
      if (chunk === undefined) return this.#announceEnd();
      this.#busy = true;
      const taken = this.transmit(chunk);
      if (taken === undefined) return;
      this.#consume(taken);
      if (taken < chunk.length) return;
      this.#busy = false;
    }
  }

  #announceEnd(): void {
    if (!this.#closing || this.#finSent) return;
    this.#finSent = true;
    this.shutdown();
    if (this.#peerEnded) return this.#destroy(undefined);
    this.#report(undefined);
    if (!this.#destroyed) this.#linger = setTimeout(() => this.#destroy(undefined), LINGER_MS);
  }

  /** What to transmit next: small chunks that had to wait go out together. */
  #next(): Uint8Array | undefined {
    const first = this.#chunks.peek();
    if (first === undefined || this.#chunks.length === 1 || first.length >= GATHER) return first;
    const gathered = new Uint8Array(Math.min(this.#queued, GATHER));
    let length = 0;
    for (let chunk = this.#chunks.peek(); chunk !== undefined; chunk = this.#chunks.peek()) {
      if (length + chunk.length > gathered.length) break;
      gathered.set(chunk, length);
      length += chunk.length;
      this.#chunks.take();
    }
    if (length === 0) return first;
    const whole = gathered.subarray(0, length);
    this.#chunks.unshift(whole);
    return whole;
  }

  #consume(count: number): void {
    this.#queued -= count;
    const chunk = this.#chunks.peek();
    if (chunk === undefined) return;
    if (count >= chunk.length) this.#chunks.take();
    else this.#chunks.replaceNext(chunk.subarray(count));
  }

  #report(error: Error | undefined): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose(error);
  }

  #destroy(error: Error | undefined): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#chunks.clear();
    this.#queued = 0;
    clearTimeout(this.#linger);
    this.destroy(this.#finSent);
    this.#settleClosed();
    this.#report(error);
  }
}

/** IPv4 addresses as IPv6 sockets show them, in their own form; a zone is left out. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}
