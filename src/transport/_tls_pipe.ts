import type { Duplex as NodeDuplex } from "node:stream";
import { builtIn } from "./_built_in.ts";
import type { Connection, ConnectionHandler } from "./transport.ts";

const { Duplex } = builtIn<typeof import("node:stream")>("node:stream");

/** Up to so many encrypted bytes may wait in the connection beneath before TLS makes more. */
const MAX_WAITING = 65_536;
/** How long the end of TLS may come behind that of the connection. */
const CUT_MS = 50;
/** How long the peer may take for the last bytes when TLS has ended. */
const LAST_MS = 5_000;

/** A connection as a stream of Node's, for `node:tls` to sit on. */
export class Pipe implements ConnectionHandler {
  readonly stream: NodeDuplex;
  /** Why the connection beneath broke. */
  error: Error | undefined;
  #closed = false;
  readonly #connection: Connection;
  #finished = false;
  /** Whether nothing is to be read: Deno's TLS would read on, and keep it. */
  #held = false;
  /** What waits until TLS has started, which it does by itself: Deno's must not be ended before. */
  #waiting: (() => void)[] | undefined = [];
  /** Set while the end of the connection beneath waits for that of TLS. */
  #cut: ReturnType<typeof setTimeout> | undefined;
  /** How many encrypted bytes came, and who is told before more do. */
  received = 0;
  onReceived: (() => void) | undefined;
  /** Called with the first byte that comes. */
  onFirstByte: ((byte: number) => void) | undefined;
  /** Called when the connection beneath has taken what waited. */
  #go: (() => void) | undefined;
  /** The same for what TLS made of a write: not every TLS waits with it. */
  #taken: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.stream = new Duplex({
      allowHalfOpen: true,
      read: () => {
        if (!this.#held) connection.resume();
      },
      write: (chunk: Uint8Array, _encoding, done) => this.#write(chunk, done),
      final: (done) => {
        this.#finished = true;
        connection.close();
        done();
      },
      destroy: (_error, done) => {
        clearTimeout(this.#cut);
        this.#letGo();
        done(null);
      },
    });
    this.stream.on("error", () => {});
  }

  /**
   * Takes the connection over; TLS starts by itself meanwhile.
   *
   * @param received What came of the handshake so far.
   */
  open(received: Uint8Array): void {
    if (received.length > 0) this.onData(received);
    this.#connection.attach(this);
    setTimeout(() => this.#start(), 0);
  }

  /** TLS has started. */
  #start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const call of waiting) call();
  }

  /** Calls when TLS has started. */
  whenStarted(call: () => void): void {
    if (this.#waiting === undefined) call();
    else this.#waiting.push(call);
  }

  /** Stops or goes on reading. */
  setReading(on: boolean): void {
    this.#held = !on;
    if (on) this.#connection.resume();
    else this.#connection.pause();
  }

  onData(chunk: Uint8Array): void {
    if (this.received === 0 && chunk[0] !== undefined) this.onFirstByte?.(chunk[0]);
    this.onReceived?.();
    this.received += chunk.length;
    this.whenStarted(() => {
      if (!this.stream.destroyed && !this.stream.push(chunk)) this.#connection.pause();
    });
  }

  /**
   * Mostly the end of TLS came before that of the connection. To be told of the latter would have
   * Node's TLS end its own side, so it is told only to one that knows of no end.
   */
  onEnd(): void {
    this.#cut = setTimeout(() => {
      if (!this.stream.destroyed) this.stream.push(null);
    }, CUT_MS);
  }

  /** TLS has ended in good order. */
  ended(): void {
    clearTimeout(this.#cut);
  }

  onDrain(): void {
    const go = this.#go;
    this.#go = undefined;
    go?.();
    if (this.waiting > MAX_WAITING) return;
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  /** How many encrypted bytes wait. */
  get waiting(): number {
    return this.#connection.queued + this.stream.writableLength;
  }

  /** Calls when no more wait than may; never where the connection is closed, which takes nothing. */
  whenTaken(call: () => void): void {
    if (this.#closed) return;
    if (this.waiting <= MAX_WAITING) call();
    else this.#taken = call;
  }

  onClose(error?: Error): void {
    this.error = error;
    this.#closed = true;
    this.#taken = undefined;
    this.onDrain();
    this.whenStarted(() => this.stream.destroy());
  }

  /** What was handed over is on its way, as the end is; who does not take it is given up in time. */
  #letGo(): void {
    if (!this.#finished) return this.#connection.abort();
    const timer = setTimeout(() => this.#connection.abort(), LAST_MS);
    void this.#connection.closed.then(() => clearTimeout(timer));
  }

  #write(chunk: Uint8Array, done: () => void): void {
    this.#connection.write(chunk);
    if (this.#connection.queued > MAX_WAITING) this.#go = done;
    else done();
  }
}
