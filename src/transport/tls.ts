/**
 * TLS by `node:tls`, which all three runtimes have. It works on any connection, whatever adapter it
 * came by: so a connection may begin plain. Loaded where a certificate is given.
 */
import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import { throwMisuse } from "../protocol/error.ts";
import { BaseConnection } from "./base_connection.ts";
import { connectionError } from "./_errors.ts";
import type { Certificate, Encryption, SecureContext, SecureHandler } from "./encryption.ts";
import type { Connection, ConnectionHandler } from "./transport.ts";

/** Up to so many encrypted bytes may wait in the connection beneath before TLS makes more. */
const MAX_WAITING = 65_536;
/** How long the end of TLS may come behind that of the connection. */
const CUT_MS = 50;
/** How long the peer may take for the last bytes when TLS has ended. */
const LAST_MS = 5_000;
/** Larger writes are cut, so that `queued` stays true. */
const MAX_WRITE = 16_384;

/** The platform's TLS. */
export const tlsEncryption: Encryption = { context };

function context(certificate: Certificate): SecureContext {
  const secureContext = readCertificate(certificate);
  return {
    secure(connection, received, handler) {
      const pipe = new Pipe(connection);
      const socket = new TLSSocket(
        pipe.stream,
        {
          isServer: true,
          secureContext,
          allowHalfOpen: true,
        } as ConstructorParameters<typeof TLSSocket>[1],
      );
      const secure = new SecureConnection(connection, pipe, socket, handler);
      if (received.length > 0) pipe.onData(received);
      connection.attach(pipe);
      setTimeout(() => pipe.start(), 0);
      return secure;
    },
  };
}

/** Deno's TLS takes anything for a certificate, until somebody comes. */
function readCertificate({ cert, key }: Certificate): ReturnType<typeof createSecureContext> {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new Error("the key belongs to another certificate");
    }
    // Only OpenSSL knows renegotiation, which lets a client have handshakes without end.
    const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
    return createSecureContext({ cert, key, minVersion: "TLSv1.2", secureOptions });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throwMisuse(`Cannot use a certificate and key, give both as PEM text that fits: ${why}`);
  }
}

/** A connection as a stream of Node's, for `node:tls` to sit on. */
class Pipe implements ConnectionHandler {
  readonly stream: Duplex;
  /** Why the connection beneath broke. */
  error: Error | undefined;
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

  /** TLS has started. */
  start(): void {
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

  /** Calls when no more wait than may. */
  whenTaken(call: () => void): void {
    if (this.waiting <= MAX_WAITING) call();
    else this.#taken = call;
  }

  onClose(error?: Error): void {
    this.error = error;
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

/** The connection of what is encrypted. */
class SecureConnection extends BaseConnection {
  readonly #beneath: Connection;
  readonly #pipe: Pipe;
  readonly #socket: TLSSocket;
  /** How many encrypted bytes were reported, as what they hold or as overhead. */
  #reported = 0;

  constructor(beneath: Connection, pipe: Pipe, socket: TLSSocket, handler: SecureHandler) {
    super(beneath.remoteAddress, beneath.remotePort);
    this.#beneath = beneath;
    this.#pipe = pipe;
    this.#socket = socket;
    this.attach(handler);
    let error: Error | undefined;
    const fail = (cause: Error) => {
      error ??= connectionError(cause);
      this.failed(pipe.error ?? error);
    };
    socket.on("secure", () => {
      if (!this.destroyed) handler.onSecure();
    });
    socket.on("data", (chunk: Uint8Array) => {
      this.#reported += chunk.length;
      this.received(chunk);
    });
    pipe.onReceived = () => this.#reportOverhead();
    socket.on("end", () => {
      pipe.ended();
      this.peerEnded();
    });
    socket.on("error", fail);
    // So Node reports what fails before the handshake is done.
    socket.on("_tlsError", fail);
    socket.on("close", () => this.failed(pipe.error ?? error));
  }

  override get queued(): number {
    return super.queued + this.#pipe.waiting;
  }

  override get identity(): string {
    return this.#beneath.identity;
  }

  override get encrypted(): boolean {
    return true;
  }

  override get destroyed(): boolean {
    return super.destroyed && this.#beneath.destroyed;
  }

  override get closed(): Promise<void> {
    return super.closed.then(() => this.#beneath.closed);
  }

  override abort(): void {
    super.abort();
    this.#beneath.abort();
  }

  /** What came before, and was nothing for the owner, is overhead. */
  #reportOverhead(): void {
    const overhead = this.#pipe.received - this.#reported;
    if (overhead <= 0) return;
    this.#reported += overhead;
    this.overhead(overhead);
  }

  protected transmit(chunk: Uint8Array): undefined {
    const piece = chunk.length > MAX_WRITE ? chunk.subarray(0, MAX_WRITE) : chunk;
    this.#socket.write(piece, (error) => {
      if (!error) this.#pipe.whenTaken(() => this.transmitted(piece.length));
    });
  }

  protected shutdown(): void {
    this.#socket.end();
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
