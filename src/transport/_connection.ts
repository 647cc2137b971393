import { Fifo } from "../protocol/fifo.ts";
import type { Connection, ConnectionHandler } from "./transport.ts";

/** How many connections were asked for their identity. */
let identities = 0;

/** How long a closed connection reads on, so that the peer gets our last bytes and no reset. */
export const LINGER_MS = 2_000;

/** And how much: to who goes on flooding nothing is owed. */
const LINGER_BYTES = 131_072;

/** So many connections may wait to be accepted: after a restart of a game all come at once. */
export const BACKLOG = 4_096;

/** A peer that is silent for so long is asked by the system whether it is still there. */
export const KEEP_ALIVE_MS = 60_000;

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
  /** What the runtime has in hand, or did not take. */
  #sending: Uint8Array | undefined;
  /** What waits behind it. */
  #waiting: Fifo<Uint8Array> | undefined;
  #queued = 0;
  #handler: ConnectionHandler | undefined;
  #closed: Promise<void> | undefined;
  #settleClosed: (() => void) | undefined;
  #paused = false;
  #closing = false;
  #finSent = false;
  #peerEnded = false;
  #destroyed = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  /** What came since `close()`. */
  #unwanted = 0;
  #identity: string | undefined;

  constructor(remoteAddress: string, remotePort: number) {
    this.remoteAddress = plainAddress(remoteAddress);
    this.remotePort = remotePort;
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

  /** A number is enough for what lives no longer than the process; made when asked for. */
  get identity(): string {
    return this.#identity ??= String(++identities);
  }

  get queued(): number {
    return this.#queued;
  }

  get encrypted(): boolean {
    return false;
  }

  /** Made when asked for: a promise for each connection would be dear. */
  get closed(): Promise<void> {
    this.#closed ??= this.#destroyed
      ? Promise.resolve()
      : new Promise((resolve) => this.#settleClosed = resolve);
    return this.#closed;
  }

  /** Whether the owner wants no more bytes for now. */
  get paused(): boolean {
    return this.#paused;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    // It may have ended, or been aborted, before it had this owner.
    if (this.#destroyed) this.#report(undefined);
    else if (this.#peerEnded && !this.#closing) handler.onEnd();
  }

  write(chunk: Uint8Array): void {
    if (this.#closing || this.#destroyed || chunk.length === 0) return;
    this.#queued += chunk.length;
    if (this.#sending === undefined) this.#pump(chunk);
    else (this.#waiting ??= new Fifo()).push(chunk);
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
    if (this.#sending === undefined) this.#announceEnd();
  }

  abort(): void {
    this.#destroy(undefined);
  }

  /** Bytes came from the peer. */
  received(chunk: Uint8Array): void {
    if (this.#closing) this.#discard(chunk.length);
    else if (!this.#destroyed) this.#handler?.onData(chunk);
  }

  /** The system took what `transmit` was given, from its start. */
  transmitted(count: number): void {
    const sent = this.#sending;
    if (sent === undefined) return;
    this.#queued -= count;
    this.#pump(count < sent.length ? sent.subarray(count) : this.#next());
    this.#drained();
  }

  /** The system takes bytes again. */
  writable(): void {
    if (this.#sending !== undefined) this.#pump(this.#sending);
    this.#drained();
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

  /** Transmits a chunk and all that waits behind it, as far as the runtime takes it. */
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
    if (this.#closing) this.#announceEnd();
  }

  #discard(count: number): void {
    this.#unwanted += count;
    if (this.#unwanted <= LINGER_BYTES || this.#destroyed) return;
    this.setReading(false); // what is queued for it still goes out, and is not cut off by a reset
  }

  #drained(): void {
    if (this.#queued === 0 && !this.#closing && !this.#destroyed) this.#handler?.onDrain();
  }

  #announceEnd(): void {
    if (this.#finSent || this.#destroyed) return;
    this.#finSent = true;
    // Where the peer has ended too, to close the socket says all.
    if (this.#peerEnded) return this.#destroy(undefined);
    this.shutdown();
    this.#report(undefined);
    this.resume();
    if (!this.#destroyed) this.#linger = setTimeout(() => this.#destroy(undefined), LINGER_MS);
  }

  /** What to transmit next: small chunks that had to wait go out together. */
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

/** IPv4 addresses as IPv6 sockets show them, in their own form; a zone is left out. */
export function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}
