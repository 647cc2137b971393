import type { TLSSocket } from "node:tls";
import { LayeredConnection } from "./layered_connection.ts";
import { connectionError } from "./_errors.ts";
import type { Pipe } from "./_tls_pipe.ts";
import type { SecureHandler } from "./encryption.ts";
import type { Connection } from "./transport.ts";

/** Larger writes are cut, so that `queued` stays true. */
const MAX_WRITE = 16_384;
/** By so much, or less, a write grows when it is encrypted. */
const RECORD_OVERHEAD = 100;

/** What a client of TLS must know of its server. */
export interface ClientSide {
  /** Why the first byte of the server cannot be TLS. */
  checkFirstByte(byte: number): Error | undefined;
  /** Why the server is not trusted, when the handshake is done. */
  verify(socket: TLSSocket): Error | undefined;
  /** Puts into words what broke the handshake; without a cause the server closed. */
  handshakeError(cause: unknown): Error;
}

/** The connection of what is encrypted. */
export class SecureConnection extends LayeredConnection {
  readonly #pipe: Pipe;
  readonly #socket: TLSSocket;
  readonly #client: ClientSide | undefined;
  #secured = false;
  /** What was written before the server is trusted. */
  #held: Uint8Array | undefined;
  /** How many bytes TLS was given and has not passed on. */
  #inHand = 0;
  /** How many encrypted bytes were reported, as what they hold or as overhead. */
  #reported = 0;

  constructor(
    beneath: Connection,
    { pipe, socket, handler, client }: {
      readonly pipe: Pipe;
      readonly socket: TLSSocket;
      readonly handler: SecureHandler;
      /** What a client does that a server does not. */
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
    if (client !== undefined) {
      pipe.onFirstByte = (byte) => {
        const error = client.checkFirstByte(byte);
        if (error !== undefined) this.failed(error);
      };
    }
    socket.on("end", () => {
      if (this.#verifies) return this.#fail(undefined);
      pipe.ended();
      this.peerEnded();
    });
    socket.on("error", (cause) => this.#fail(cause));
    // So Node reports what fails before the handshake is done.
    socket.on("_tlsError", (cause) => this.#fail(cause));
    socket.on("close", () => this.#fail(undefined));
  }

  /** What TLS has in hand waits as it was written, and may wait encrypted already: it counts once. */
  override get queued(): number {
    const twice = this.#inHand === 0 ? 0 : this.#inHand + RECORD_OVERHEAD;
    return super.queued + Math.max(0, this.#pipe.waiting - twice);
  }

  override get encrypted(): boolean {
    return true;
  }

  /** Whether this is a client that does not trust its server yet: nothing may go out. */
  get #verifies(): boolean {
    return this.#client !== undefined && !this.#secured;
  }

  /** By TLS 1.2 a server may ask for another handshake: Bun has it, with all events; Node only these. */
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

  /** TLS reports: it broke, or is gone. */
  #fail(cause: Error | undefined): void {
    if (this.#client !== undefined && !this.#secured) {
      this.failed(this.#client.handshakeError(this.#pipe.error ?? cause));
    } else {
      this.failed(this.#pipe.error ?? (cause && connectionError(cause)));
    }
  }

  /** What came before, and was nothing for the owner, is overhead. */
  #reportOverhead(): void {
    const overhead = this.#pipe.received - this.#reported;
    if (overhead <= 0) return;
    this.#reported += overhead;
    this.overhead(overhead);
  }

  protected transmit(chunk: Uint8Array): undefined {
    if (this.#verifies) this.#held = chunk;
    else this.#transmit(chunk);
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
    // A server that is not trusted yet was sent nothing that would have to arrive.
    if (this.#verifies) this.abort();
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
