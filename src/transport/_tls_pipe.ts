import type { Duplex as NodeDuplex } from "node:stream";
import { builtIn } from "./_built_in.ts";
import type { Connection, ConnectionHandler } from "./transport.ts";

const { Duplex } = builtIn<typeof import("node:stream")>("node:stream");

/** At most this many encrypted bytes may wait in the connection beneath before TLS makes more. */
const MAX_WAITING = 65_536;
/** How long after the end of the connection the end of TLS may come. */
const CUT_MS = 50;
/** How long the peer may take to receive the last bytes after TLS has ended. */
const LAST_MS = 5_000;

/** Wraps a connection as a Node stream, on which `node:tls` runs. */
export class Pipe implements ConnectionHandler {
  readonly stream: NodeDuplex;
  /** Why the connection beneath broke. */
  error: Error | undefined;
  #closed = false;
  readonly #connection: Connection;
  #finished = false;
  /** Whether reading is paused. Deno's TLS would otherwise read on and buffer the bytes. */
  #held = false;
  /**
   * Calls that wait until TLS has started, which happens by itself. Deno's TLS must not be ended
   * before.
   */
  #waiting: (() => void)[] | undefined = [];
  /** Set while the end of the connection beneath waits for that of TLS. */
  #cut: ReturnType<typeof setTimeout> | undefined;
  /** How many encrypted bytes came. */
  received = 0;
  /** Called when encrypted bytes come, before they are counted. */
  onReceived: (() => void) | undefined;
  /** Called with the first byte that comes. */
  onFirstByte: ((byte: number) => void) | undefined;
  /** Called when no encrypted byte waits any more. */
  onEmpty: (() => void) | undefined;
  /** Called when the connection beneath has taken the bytes that waited. */
  #go: (() => void) | undefined;
  /** The same for the output of TLS for one write, because not every TLS waits for that. */
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
   * Becomes the owner of the connection; TLS starts by itself meanwhile.
   *
   * @param received The bytes of the handshake that came so far.
   */
  open(received: Uint8Array): void {
    if (received.length > 0) this.onData(received);
    this.#connection.attach(this);
    setTimeout(() => this.#start(), 0);
  }

  /** Runs the calls that waited for the start of TLS. */
  #start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const call of waiting) call();
  }

  /** Runs a call as soon as TLS has started. */
  whenStarted(call: () => void): void {
    if (this.#waiting === undefined) call();
    else this.#waiting.push(call);
  }

  /** Stops or resumes reading. */
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
   * Usually TLS ends before the connection does. If Node's TLS saw the end of the connection, it
   * would end its own side, so the end is passed on only if TLS does not end in time.
   */
  onEnd(): void {
    this.#cut = setTimeout(() => {
      if (!this.stream.destroyed) this.stream.push(null);
    }, CUT_MS);
  }

  /** Called when TLS has ended normally. */
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
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.waiting === 0) this.onEmpty?.();
  }

  /** How many encrypted bytes wait to be sent. */
  get waiting(): number {
    return this.#connection.queued + this.stream.writableLength;
  }

  /** Runs a call as soon as no more bytes wait than allowed; never if the connection is closed. */
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

  /**
   * Aborts the connection. If TLS has ended its side, the last bytes and the end are still sent;
   * the peer has a limited time to take them.
   */
  #letGo(): void {
    if (!this.#finished) return this.#connection.abort();
    const timer = setTimeout(() => this.#connection.abort(), LAST_MS);
    void this.#connection.closed.then(() => clearTimeout(timer));
  }

  #write(chunk: Uint8Array, done: () => void): void {
    this.#connection.write(chunk);
    if (this.#connection.queued > MAX_WAITING) {
      this.#go = done;
    } else {
      done();
      this.#checkEmpty();
    }
  }
}
