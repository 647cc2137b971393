import { joinBytes } from "../protocol/bytes.ts";
import type { SecureContext, SecureHandler } from "../transport/encryption.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import type { AddressSet } from "../guard/addresses.ts";
import type { Origin } from "../guard/origin.ts";
import type { Timed } from "../session/deadlines.ts";
import { decodeProxyHeader, isLocalHeader, neededForHeader } from "../guard/proxy_header.ts";
import type { RefusalKind } from "../guard/refusal.ts";
import { readRequest } from "../websocket/http.ts";
import { answerRequest, beginsHttp, forwardedOrigin, type WebSettings } from "./web_requests.ts";

/** Whether a listener speaks TLS: never, always, or with those who begin with it. */
export type TlsMode = boolean | "auto";

/** What a listener speaks beside Telnet. */
export interface ListenerMode {
  readonly tls: TlsMode;
  /** How browsers are served; `undefined`: they are not. */
  readonly web: WebSettings | undefined;
}

/** What a handshake needs of the acceptor. */
export interface HandshakePort {
  readonly handshakeTimeout: number;
  readonly helloTimeout: number;
  readonly context: SecureContext | undefined;
  readonly trustedProxies: AddressSet;
  now(): number;
  timed(timed: Timed, time: number): void;
  /** The proxy told whose connection it is; returns whether it may come in. */
  arrived(handshake: Handshake): boolean;
  /** It is whole; returns the connection's new owner. */
  done(handshake: Handshake): ConnectionHandler;
  /** It is whole, and was only to look whether the server lives; returns the connection's new owner. */
  checked(handshake: Handshake): ConnectionHandler;
  /** It was a request of HTTP, which is answered; `fault`: why it is refused. */
  answered(handshake: Handshake, answer: Uint8Array, fault: string | undefined): ConnectionHandler;
  /** The handshake failed; the connection may already be closed. */
  failed(handshake: Handshake, kind: RefusalKind, detail: string): void;
}

/**
 * What is before a connection's first byte of Telnet, in this order.
 *
 * - `proxy`: the header of a trusted proxy
 * - `hello`: the first bytes, which tell TLS from the rest
 * - `secure`: the handshake of TLS
 * - `request`: the first bytes again, which tell HTTP from Telnet, and the head of a request
 */
type Stage = "proxy" | "hello" | "secure" | "request" | "over";

const NO_BYTES = new Uint8Array(0);
/** A record of TLS that belongs to a handshake; as a key it is Ctrl-V. */
const TLS_RECORD = 0x16;

/** What is before a connection's first byte of Telnet: a proxy's header, TLS, the request of a browser. */
export class Handshake implements SecureHandler, Timed {
  /** The connection that is to be served: another one as soon as it is encrypted, or framed. */
  connection: Connection;
  origin: Origin;
  readonly #mode: ListenerMode;
  readonly #port: HandshakePort;
  readonly #deadline: number;
  #stage: Stage;
  /** When a client that has sent nothing is treated as one of Telnet. */
  #helloBy = Infinity;
  #received: Uint8Array = NO_BYTES;
  /** What came of a header, and how many bytes there must be to tell more. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #needed = 1;
  /** Whether a proxy looks whether the server lives. */
  #check = false;
  /** Whether a trusted proxy came without a header of its own: then a request must tell. */
  #forwards = false;

  constructor(connection: Connection, proxied: boolean, mode: ListenerMode, port: HandshakePort) {
    const { remoteAddress: address, remotePort, encrypted } = connection;
    this.connection = connection;
    this.origin = { address, port: remotePort, encrypted };
    this.#mode = mode;
    this.#port = port;
    this.#deadline = port.now() + port.handshakeTimeout;
    this.#stage = proxied ? "proxy" : "hello";
    port.timed(this, this.#deadline);
    if (!proxied) this.#greet();
  }

  onData(chunk: Uint8Array): void {
    if (this.#stage === "proxy") return this.#readHeader(chunk);
    this.#received = this.#received.length === 0 ? chunk : joinBytes([this.#received, chunk]);
    if (this.#stage === "hello") this.#readHello();
    else if (this.#stage === "request") this.#readRequest();
  }

  onEnd(): void {
    // A half-closed peer may still receive.
    const waits = this.#stage === "hello" ? this.#mode.tls === "auto" : this.#stage === "request";
    if (waits && !this.#forwards && beginsHttp(this.#received) !== true) this.#finish();
    else this.#fail(this.#kind, "the peer has closed");
  }

  onDrain(): void {}

  onClose(error?: Error): void {
    this.#fail(this.#kind, error?.message ?? "the peer has closed");
  }

  onSecure(): void {
    if (this.#stage !== "secure") return;
    this.origin = { ...this.origin, encrypted: true };
    this.#awaitRequest();
  }

  /** The server stops. */
  stop(): void {
    this.#fail("stopping", "the server stops");
  }

  tick(now: number): number | undefined {
    const waits = this.#stage === "hello" || this.#stage === "request";
    if (waits && now >= this.#helloBy) this.#speaksTelnet();
    else if (this.#stage !== "over" && now >= this.#deadline) {
      this.#fail("handshake-timeout", `the handshake did not finish in time (${this.#stage})`);
    }
    if (this.#stage === "over") return undefined;
    return waits ? Math.min(this.#helloBy, this.#deadline) : this.#deadline;
  }

  /** Why it fails where the peer goes. */
  get #kind(): RefusalKind {
    if (this.#stage === "request") return "http-refused";
    return this.#stage === "proxy" ? "proxy-header" : "tls-failed";
  }

  #readHeader(chunk: Uint8Array): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return;
    const received = joinBytes(this.#parts);
    if (this.#isForwarded(received)) return;
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
    else this.#greet();
  }

  /** A proxy of HTTP has no header before the request; TLS between it and us is none of the person's. */
  #isForwarded(received: Uint8Array): boolean {
    if (this.#mode.web?.forwardedHeader === undefined) return false;
    const isTls = received[0] === TLS_RECORD && this.#mode.tls !== false;
    if (!isTls && beginsHttp(received) !== true) return false;
    this.#forwards = true;
    this.#parts = [];
    this.#received = received;
    this.#stage = "hello";
    this.#greet();
    return true;
  }

  /** Awaits the first bytes, where they decide anything. */
  #greet(): void {
    if (this.#mode.tls === false) return this.#awaitRequest();
    if (this.#mode.tls === "auto") this.#awaitHello();
    this.#readHello();
  }

  #awaitHello(): void {
    this.#helloBy = this.#port.now() + this.#port.helloTimeout;
    this.#port.timed(this, this.#helloBy);
  }

  #readHello(): void {
    const { tls } = this.#mode;
    const [first, second = 3] = this.#received;
    if (first === undefined) return;
    if (tls === true || (first === TLS_RECORD && second === 3)) {
      // One byte alone may be a key.
      if (tls === true || this.#received.length > 1) this.#secure();
    } else this.#awaitRequest();
  }

  #secure(): void {
    const { context } = this.#port;
    const received = this.#received;
    if (context === undefined) return this.#fail("tls-failed", "there is no certificate");
    this.#received = NO_BYTES;
    this.#stage = "secure";
    this.connection = context.secure(this.connection, received, this);
  }

  /** Awaits a browser's request, where browsers are served. */
  #awaitRequest(): void {
    if (this.#mode.web === undefined || this.#check) return this.#finish();
    // Behind `hello` who is silent has waited already.
    const waited = this.#stage === "hello" && this.#helloBy !== Infinity;
    this.#stage = "request";
    if (!waited || this.#received.length > 0) this.#awaitHello();
    this.#readRequest();
  }

  #readRequest(): void {
    const { web } = this.#mode;
    const isHttp = beginsHttp(this.#received);
    if (isHttp === undefined || web === undefined) return;
    if (!isHttp) return this.#speaksTelnet();
    this.#helloBy = Infinity;
    const request = readRequest(this.#received);
    if (request === undefined) return;
    if (this.#forwards && !("status" in request)) {
      const { forwardedHeader = "" } = web;
      const origin = forwardedOrigin(request, forwardedHeader, this.#port.trustedProxies);
      if (origin === undefined) {
        return this.#fail("proxy-header", `the request has no valid header "${forwardedHeader}"`);
      }
      this.origin = origin;
      if (!this.#port.arrived(this)) {
        this.#stage = "over";
        return;
      }
    }
    const answer = answerRequest(request, web);
    if (answer.kind === "upgrade") {
      const { key, protocol } = answer.upgrade;
      const rest = this.#received.subarray("length" in request ? request.length : 0);
      return this.#frame(web.open(this.connection, key, protocol), rest);
    }
    this.#stage = "over";
    const fault = answer.kind === "refused" ? answer.fault.reason : undefined;
    this.connection.attach(this.#port.answered(this, answer.bytes, fault));
  }

  /** Goes on over a WebSocket. */
  #frame(framed: Connection & ConnectionHandler, rest: Uint8Array): void {
    const beneath = this.connection;
    this.connection = framed;
    this.#stage = "over";
    this.#received = NO_BYTES;
    framed.attach(this.#port.done(this));
    beneath.attach(framed);
    if (rest.length > 0) framed.onData(new Uint8Array(rest));
  }

  /** No request comes: it is a client of Telnet, unless a proxy of HTTP brought it. */
  #speaksTelnet(): void {
    if (this.#forwards) return this.#fail("proxy-header", "the proxy sent no request");
    this.#finish();
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
