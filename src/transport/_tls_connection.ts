import type { TLSSocket } from "node:tls";
import { LayeredConnection } from "./layered_connection.ts";
import { connectionError } from "./_errors.ts";
import type { Pipe } from "./_tls_pipe.ts";
import type { SecureHandler } from "./encryption.ts";
import type { Connection } from "./transport.ts";

/** Larger writes are split, so that `queued` stays accurate. */
const MAX_WRITE = 16_384;
/** Encryption makes a write at most this many bytes longer. */
const RECORD_OVERHEAD = 100;

/** What a TLS client checks about its server. */
export interface ClientSide {
  /** Returns an error if the first byte of the server cannot be TLS. */
  checkFirstByte(byte: number): Error | undefined;
  /** Called after the handshake; returns an error if the server is not trusted. */
  verify(socket: TLSSocket): Error | undefined;
  /** Makes the error for a failed handshake; without a cause, the server closed the connection. */
  handshakeError(cause: unknown): Error;
}

/** The encrypted connection over a plain one: reads and writes plain bytes. */
export class SecureConnection extends LayeredConnection {
  readonly #pipe: Pipe;
  readonly #socket: TLSSocket;
  readonly #client: ClientSide | undefined;
  #secured = false;
  /** Whether the peer has ended, and whether the TLS socket has closed since. */
  #peerEnded = false;
  #over = false;
  /** Bytes that were written before the server is trusted. */
  #held: Uint8Array | undefined;
  /** How many bytes were given to TLS and not passed on yet. */
  #inHand = 0;
  /** How many bytes were reported so far, as data or as overhead. */
  #reported = 0;

  constructor(
    beneath: Connection,
    { pipe, socket, handler, client }: {
      readonly pipe: Pipe;
      readonly socket: TLSSocket;
      readonly handler: SecureHandler;
      /** The checks of a client; not set for a server. */
      readonly client?: ClientSide;
    },
  ) {
    super(beneath);
    this.#pipe = pipe;
    this.#socket = socket;
    this.#client = client;
    this.attach(handler);
    socket.on(
      client === undefined ? "secure" : "secureConnect",
      () => this.#handshakeDone(handler),
    );
    socket.on("data", (chunk: Uint8Array) => {
      if (this.#verifies) return this.#fail(new Error("data came before the handshake was done"));
      this.#reported += chunk.length;
      this.received(chunk);
    });
    pipe.onReceived = () => this.#reportOverhead();
    pipe.onEmpty = () => this.drained();
    if (client !== undefined) {
      pipe.onFirstByte = (byte) => {
        const error = client.checkFirstByte(byte);
        if (error !== undefined) this.failed(error);
      };
    }
    socket.on("end", () => {
      // Bun reports an end, too, when the connection beneath breaks.
      if (this.#verifies || pipe.error !== undefined) return this.#fail(undefined);
      pipe.ended();
      this.#peerEnded = true;
      this.peerEnded();
    });
    socket.on("error", (cause) => this.#fail(cause));
    // Node reports errors during the handshake by this event.
    socket.on("_tlsError", (cause) => this.#fail(cause));
    socket.on("close", () => {
      // Bun closes as soon as the peer has ended; what it has sent before may not be read yet.
      this.#over = this.#peerEnded && pipe.error === undefined && !this.layerDestroyed;
      if (!this.#over) this.#fail(undefined);
      else if (this.#inHand > 0) this.#passedOn(this.#inHand);
    });
  }

  /** Bytes in TLS may also wait in the pipe, already encrypted; they are counted only once. */
  override get queued(): number {
    const twice = this.#inHand === 0 ? 0 : this.#inHand + RECORD_OVERHEAD;
    return super.queued + Math.max(0, this.#pipe.waiting - twice);
  }

  override get encrypted(): boolean {
    return true;
  }

  /** What is encrypted already may still wait in the pipe. */
  protected override get endWaits(): boolean {
    const ends = this.#verifies || this.#over || this.#pipe.error !== undefined;
    return !ends && this.#pipe.waiting > 0;
  }

  /** Whether this is a client that does not trust its server yet: nothing may be sent. */
  get #verifies(): boolean {
    return this.#client !== undefined && !this.#secured;
  }

  /**
   * In TLS 1.2 a server may ask for another handshake: Bun then repeats all events, Node only
   * these.
   */
  #handshakeDone(handler: SecureHandler): void {
    if (this.layerDestroyed) return;
    const error = this.#client?.verify(this.#socket);
    if (error !== undefined) return this.failed(error);
    if (this.#secured) return;
    this.#secured = true;
    handler.onSecure();
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && !this.layerDestroyed) this.#transmit(held);
  }

  /** Called when TLS has failed or closed. */
  #fail(cause: Error | undefined): void {
    if (this.#client !== undefined && !this.#secured) {
      this.failed(this.#client.handshakeError(this.#pipe.error ?? cause));
    } else {
      this.failed(this.#pipe.error ?? (cause && connectionError(cause)));
    }
  }

  /** Reports the bytes that came before and were no data for the owner as overhead. */
  #reportOverhead(): void {
    const overhead = this.#pipe.received - this.#reported;
    if (overhead <= 0) return;
    this.#reported += overhead;
    this.overhead(overhead);
  }

  protected transmit(chunk: Uint8Array): number | undefined {
    if (this.#over) return chunk.length; // nobody can receive it
    if (this.#verifies) this.#held = chunk;
    else this.#transmit(chunk);
    return undefined;
  }

  #transmit(chunk: Uint8Array): void {
    const piece = chunk.length > MAX_WRITE ? chunk.subarray(0, MAX_WRITE) : chunk;
    this.#inHand = piece.length;
    this.#socket.write(piece, (error) => {
      if (!error) this.#pipe.whenTaken(() => this.#passedOn(piece.length));
    });
  }

  #passedOn(count: number): void {
    this.#inHand = 0;
    this.transmitted(count);
  }

  protected shutdown(): void {
    // Nothing was sent to a server that is not trusted, so nothing can be lost.
    if (this.#verifies) this.abort();
    else if (this.#over) this.#fail(undefined);
    else this.#socket.end();
  }

  protected destroy(): void {
    this.#pipe.whenStarted(() => this.#socket.destroy());
  }

  protected setReading(on: boolean): void {
    this.#pipe.setReading(on);
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
}
