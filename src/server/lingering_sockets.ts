import { MAX_WAIT_MS } from "./clock.ts";
import type { Timed } from "../session/deadlines.ts";
import type { Connection } from "../transport/transport.ts";

/** How long a connection that closes may take to send its last words when room is needed. */
const LAST_WORDS_MS = 250;
/** However slowly a peer reads its last words, it gets them for so many close timeouts. */
const SLOWEST = 12;

/** How the sending of the last words goes. */
interface Progress {
  /** When the server finished with the connection. */
  readonly since: number;
  /** How many bytes waited at the last look, and when they last became fewer. */
  queued: number;
  at: number;
}

/** What the sockets need from the server. */
export interface LingeringOwner {
  now(): number;
  timed(timed: Timed, time: number): void;
}

/**
 * Sockets that are still open although the server has finished with their connections: their last
 * words are on the way. A peer that does not take them for `closeTimeout` milliseconds is cut off.
 */
export class LingeringSockets implements Timed {
  readonly #sockets: Map<Connection, Progress> = new Map();
  readonly #owner: LingeringOwner;
  readonly #closeTimeout: number;

  constructor(owner: LingeringOwner, closeTimeout: number) {
    this.#owner = owner;
    this.#closeTimeout = closeTimeout;
  }

  /** How many there are. */
  get count(): number {
    return this.#sockets.size;
  }

  /** Keeps track of a socket until it is closed. */
  add(connection: Connection): void {
    if (connection.destroyed) return;
    const now = this.#owner.now();
    this.#sockets.set(connection, { since: now, queued: connection.queued, at: now });
    void connection.closed.then(() => void this.#sockets.delete(connection));
    if (connection.queued > 0) this.#owner.timed(this, now + this.#closeTimeout);
  }

  /** Cuts off peers that take nothing, or too little. */
  tick(now: number): number | undefined {
    let next: number | undefined;
    for (const [connection, progress] of this.#sockets) {
      const { queued } = connection;
      if (queued === 0) continue; // the transport limits how long its end may take
      if (queued < progress.queued) [progress.queued, progress.at] = [queued, now];
      const due = Math.min(
        progress.at + this.#closeTimeout,
        progress.since + SLOWEST * this.#closeTimeout,
      );
      if (due <= now) this.#abort(connection);
      else next = Math.min(due, next ?? Infinity);
    }
    return next;
  }

  /** Aborts the oldest sockets until at most `most` are left. */
  makeRoom(most: number): void {
    for (const [connection, { since }] of this.#sockets) {
      if (this.count <= most) return;
      // Its last words may still be on their way to the system.
      if (connection.queued > 0 && this.#owner.now() - since < LAST_WORDS_MS) continue;
      this.#abort(connection);
    }
  }

  /** Waits until all are closed, and aborts them after `timeout` milliseconds. */
  async settle(timeout: number): Promise<void> {
    const abort = () => [...this.#sockets.keys()].forEach((connection) => connection.abort());
    const timer = setTimeout(abort, Math.min(timeout, MAX_WAIT_MS));
    await Promise.all(Array.from(this.#sockets.keys(), (connection) => connection.closed));
    clearTimeout(timer);
  }

  #abort(connection: Connection): void {
    this.#sockets.delete(connection);
    connection.abort();
  }
}
