import { joinBytes } from "../protocol/bytes.ts";
import type { SecureContext, SecureHandler } from "../transport/encryption.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import type { Origin } from "../guard/origin.ts";
import type { Timed } from "../session/deadlines.ts";
import { decodeProxyHeader, isLocalHeader, neededForHeader } from "../guard/proxy_header.ts";
import type { RefusalKind } from "../guard/refusal.ts";

/** Whether a listener speaks TLS: never, always, or with those who begin with it. */
export type TlsMode = boolean | "auto";

/** What a handshake needs of the acceptor. */
export interface HandshakePort {
  readonly handshakeTimeout: number;
  readonly helloTimeout: number;
  readonly context: SecureContext | undefined;
  now(): number;
  timed(timed: Timed, time: number): void;
  /** The proxy told whose connection it is; returns whether it may come in. */
  arrived(handshake: Handshake): boolean;
  /** It is whole; returns the connection's new owner. */
  done(handshake: Handshake): ConnectionHandler;
  /** It is whole, and was only to look whether the server lives; returns the connection's new owner. */
  checked(handshake: Handshake): ConnectionHandler;
  /** The handshake failed; the connection may already be closed. */
  failed(handshake: Handshake, kind: RefusalKind, detail: string): void;
}

const NO_BYTES = new Uint8Array(0);
/** A record of TLS that belongs to a handshake; as a key it is Ctrl-V. */
const TLS_RECORD = 0x16;

/** What is before a connection's first byte of Telnet: a proxy's header, the handshake of TLS. */
export class Handshake implements SecureHandler, Timed {
  /** The connection that is to be served: another one as soon as it is encrypted. */
  connection: Connection;
  origin: Origin;
  readonly #tls: TlsMode;
  readonly #port: HandshakePort;
  readonly #deadline: number;
  #stage: "proxy" | "hello" | "secure" | "over";
  /** With `auto`: when a client that has sent nothing is treated as plain. */
  #helloBy = Infinity;
  #received: Uint8Array = NO_BYTES;
  /** What came of a header, and how many bytes there must be to tell more. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #needed = 1;
  /** Whether a proxy looks whether the server lives. */
  #check = false;

  constructor(connection: Connection, proxied: boolean, tls: TlsMode, port: HandshakePort) {
    const { remoteAddress: address, remotePort, encrypted } = connection;
    this.connection = connection;
    this.origin = { address, port: remotePort, encrypted };
    this.#tls = tls;
    this.#port = port;
    this.#deadline = port.now() + port.handshakeTimeout;
    this.#stage = proxied ? "proxy" : "hello";
    port.timed(this, this.#deadline);
    if (!proxied) this.#awaitHello();
  }

  onData(chunk: Uint8Array): void {
    if (this.#stage === "proxy") this.#readHeader(chunk);
    else this.#received = this.#received.length === 0 ? chunk : joinBytes([this.#received, chunk]);
    if (this.#stage === "hello") this.#readHello();
  }

  onEnd(): void {
    // A half-closed peer may still receive.
    if (this.#stage === "hello" && this.#tls === "auto") this.#finish();
    else this.#fail(this.#kind, "the peer has closed");
  }

  onDrain(): void {}

  onClose(error?: Error): void {
    this.#fail(this.#kind, error?.message ?? "the peer has closed");
  }

  onSecure(): void {
    if (this.#stage !== "secure") return;
    this.origin = { ...this.origin, encrypted: true };
    this.#finish();
  }

  /** The server stops. */
  stop(): void {
    this.#fail("stopping", "the server stops");
  }

  tick(now: number): number | undefined {
    if (this.#stage === "hello" && now >= this.#helloBy) this.#finish();
    else if (this.#stage !== "over" && now >= this.#deadline) {
      this.#fail("handshake-timeout", `the handshake did not finish in time (${this.#stage})`);
    }
    if (this.#stage === "over") return undefined;
    return this.#stage === "hello" ? Math.min(this.#helloBy, this.#deadline) : this.#deadline;
  }

  /** Why it fails where the peer goes. */
  get #kind(): RefusalKind {
    return this.#stage === "proxy" ? "proxy-header" : "tls-failed";
  }

  #readHeader(chunk: Uint8Array): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return;
    const received = joinBytes(this.#parts);
    const header = decodeProxyHeader(received);
    if (header === undefined) {
      this.#parts = [received];
      this.#needed = neededForHeader(received);
      return;
    }
    this.#parts = [];
    if ("fault" in header) return this.#fail("proxy-header", header.fault);
    this.#received = received.subarray(header.length);
    const { source, encrypted } = header;
    // A check of version 1 tells the proxy's own connection, of which no person can be the other end.
    const { remoteAddress, remotePort } = this.connection;
    const own = source?.address === remoteAddress && source.port === remotePort;
    this.#check = own || isLocalHeader(received);
    if (source !== undefined && !own) this.origin = { ...source, encrypted };
    this.#stage = "hello";
    if (!this.#port.arrived(this)) this.#stage = "over";
    else if (this.#tls === false) this.#finish();
    else this.#awaitHello();
  }

  #awaitHello(): void {
    if (this.#tls !== "auto") return;
    this.#helloBy = this.#port.now() + this.#port.helloTimeout;
    this.#port.timed(this, this.#helloBy);
  }

  #readHello(): void {
    const [first, second = 3] = this.#received;
    if (first === undefined) return;
    if (this.#tls === true || (first === TLS_RECORD && second === 3)) {
      // One byte alone may be a key.
      if (this.#tls === true || this.#received.length > 1) this.#secure();
    } else this.#finish();
  }

  #secure(): void {
    const { context } = this.#port;
    const received = this.#received;
    if (context === undefined) return this.#fail("tls-failed", "there is no certificate");
    this.#received = NO_BYTES;
    this.#stage = "secure";
    this.connection = context.secure(this.connection, received, this);
  }

  #finish(): void {
    const { connection } = this;
    if (this.#check) {
      this.#stage = "over";
      connection.attach(this.#port.checked(this));
      return;
    }
    const received = this.#received;
    this.#stage = "over";
    this.#received = NO_BYTES;
    const owner = this.#port.done(this);
    if (received.length > 0) owner.onData(received);
    connection.attach(owner);
  }

  #fail(kind: RefusalKind, detail: string): void {
    if (this.#stage === "over") return;
    this.#stage = "over";
    this.#received = NO_BYTES;
    this.#port.failed(this, kind, detail.trim());
  }
}
