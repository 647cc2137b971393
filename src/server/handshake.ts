import { SlabBuffer, view } from "../protocol/slab_buffer.ts";
import type { SecureContext, SecureHandler } from "../transport/encryption.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import type { AddressSet } from "../guard/addresses.ts";
import type { Origin } from "../guard/origin.ts";
import type { Timed } from "../session/deadlines.ts";
import { beginsTls, TLS_RECORD } from "../guard/protocol_sniffer.ts";
import { decodeProxyHeader, isLocalHeader, neededForHeader } from "../guard/proxy_header.ts";
import type { RefusalKind } from "../guard/refusal.ts";
import { type HttpAnswer, type HttpRequest, readRequest } from "../websocket/http.ts";
import { isUpgrade } from "../websocket/upgrade.ts";
import { forwardedOrigin } from "./forwarded.ts";
import { answerRequest, beginsHttp, type WebSettings } from "./web_requests.ts";

/** Whether a listener uses TLS: never, always, or for clients that start with a TLS handshake. */
export type TlsMode = boolean | "auto";

/** The protocols that a listener accepts besides plain Telnet. */
export interface ListenerMode {
  readonly tls: TlsMode;
  /** How to serve browsers; `undefined`: not at all. */
  readonly web: WebSettings | undefined;
}

/** What a handshake needs from the acceptor. */
export interface HandshakePort {
  readonly handshakeTimeout: number;
  readonly helloTimeout: number;
  readonly context: SecureContext | undefined;
  readonly trustedProxies: AddressSet;
  now(): number;
  /** The time of day, in milliseconds since 1970. */
  timeOfDay(): number;
  timed(timed: Timed, time: number): void;
  /** The proxy has reported the client's address; returns whether the connection is accepted. */
  arrived(handshake: Handshake, request?: HttpRequest): boolean;
  /** Notes that an address has sent an HTTP request. */
  noteBrowser(address: string): void;
  /** When an address last sent one; `-Infinity`: never. */
  browsedAt(address: string): number;
  /** The handshake is complete; returns the connection's new owner. */
  done(handshake: Handshake): ConnectionHandler;
  /** The connection was a proxy's health check; `answer`: to its request. Returns its new owner. */
  checked(handshake: Handshake, answer?: HttpAnswer): ConnectionHandler;
  /** The connection was an HTTP request; `fault`: why it is refused. Returns its new owner. */
  answered(handshake: Handshake, answer: HttpAnswer, fault: string | undefined): ConnectionHandler;
  /** The handshake failed; the connection may already be closed. */
  failed(handshake: Handshake, kind: RefusalKind, detail: string): void;
}

/**
 * The stages before the first Telnet byte of a connection, in this order.
 *
 * - `proxy`: waits for the header of a trusted proxy
 * - `hello`: waits for the first bytes, to detect TLS
 * - `secure`: the TLS handshake
 * - `request`: waits for the first bytes after that, to detect HTTP, and for the request's head
 * - `over`: the handshake has completed or failed
 */
type Stage = "proxy" | "hello" | "secure" | "request" | "over";

const NO_BYTES = new Uint8Array(0);
/**
 * How long after a request of an address its silent connections wait for requests, too: a browser
 * opens connections before it needs them.
 */
const BROWSER_MS = 2_000;
/** How long they wait at most: somebody else may browse at the same address. */
const LONGEST_MS = 4_000;

/** Handles what precedes Telnet on a connection: PROXY header, TLS, HTTP request. */
export class Handshake implements SecureHandler, Timed {
  /** The connection to serve: replaced by the TLS or WebSocket connection on top of it. */
  connection: Connection;
  origin: Origin;
  readonly #mode: ListenerMode;
  readonly #port: HandshakePort;
  readonly #deadline: number;
  #stage: Stage;
  /** When a client that has sent nothing is treated as a Telnet client. */
  #helloBy = Infinity;
  /** When that must be so, however often its address sends requests. */
  #patientUntil: number | undefined;
  #received: Uint8Array = NO_BYTES;
  /** Holds these bytes, once there are several chunks of them. */
  #store: SlabBuffer | undefined;
  /** How many of them were searched for the end of a request. */
  #looked = 0;
  /** At how many bytes to read the PROXY header again. */
  #needed = 1;
  /** Whether the connection is a proxy's health check. */
  #check = false;
  /** Whether a trusted proxy sent no PROXY header: then the HTTP request must name the client. */
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
    this.#append(chunk);
    if (this.#stage === "proxy") this.#readHeader();
    else if (this.#stage === "hello") this.#readHello();
    else if (this.#stage === "request") this.#readRequest();
  }

  #append(chunk: Uint8Array): void {
    if (this.#received.length === 0) {
      this.#received = chunk;
      return;
    }
    if (this.#store === undefined) {
      this.#store = new SlabBuffer();
      this.#store.push(this.#received, 0, this.#received.length);
    }
    this.#store.push(chunk, 0, chunk.length);
    const { buffer, start, end } = this.#store;
    this.#received = view(buffer, start, end);
  }

  /** Frees the bytes received so far. */
  #forget(): void {
    this.#received = NO_BYTES;
    this.#store = undefined;
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

  /** Ends the handshake because the server stops. */
  stop(): void {
    this.#fail("stopping", "the server stops");
  }

  tick(now: number): number | undefined {
    const waits = this.#stage === "hello" || this.#stage === "request";
    if (waits && now >= this.#helloBy) this.#overdue(now);
    else if (this.#stage !== "over" && now >= this.#deadline) {
      this.#fail("handshake-timeout", `the handshake did not finish in time (${this.#stage})`);
    }
    if (this.#stage === "over") return undefined;
    return waits ? Math.min(this.#helloBy, this.#deadline) : this.#deadline;
  }

  /** The peer has sent nothing so far: a Telnet client, unless its address has just browsed. */
  #overdue(now: number): void {
    this.#patientUntil ??= Math.min(now + LONGEST_MS, this.#deadline);
    const until = this.#mode.web === undefined
      ? now
      : Math.min(this.#port.browsedAt(this.origin.address) + BROWSER_MS, this.#patientUntil);
    if (now >= until || this.#received.length > 0) this.#speaksTelnet();
    else this.#helloBy = until;
  }

  /** The reason to report if the peer closes now. */
  get #kind(): RefusalKind {
    if (this.#stage === "request") return "http-refused";
    return this.#stage === "proxy" ? "proxy-header" : "tls-failed";
  }

  #readHeader(): void {
    const received = this.#received;
    if (received.length < this.#needed || this.#isForwarded(received)) return;
    if (this.#mayForward(received)) return;
    const header = decodeProxyHeader(received);
    if (header === undefined) {
      this.#needed = neededForHeader(received);
      return;
    }
    if ("fault" in header) return this.#fail("proxy-header", header.fault);
    this.#forget();
    this.#received = received.subarray(header.length);
    const { source, encrypted } = header;
    // A version 1 health check names the proxy's own connection as the source.
    const { remoteAddress, remotePort } = this.connection;
    const own = source?.address === remoteAddress && source.port === remotePort;
    this.#check = own || isLocalHeader(received);
    if (!own) this.origin = { ...this.origin, ...source, encrypted };
    this.#stage = "hello";
    if (!this.#port.arrived(this)) this.#stage = "over";
    else this.#greet();
  }

  /** Whether the next bytes decide whether an HTTP proxy has connected. */
  #mayForward(received: Uint8Array): boolean {
    return this.#mode.web?.forwardedHeader !== undefined && beginsHttp(received) === undefined;
  }

  /**
   * Detects an HTTP proxy, which sends no PROXY header before its request. TLS between the proxy
   * and this server does not count as encryption of the client's connection.
   */
  #isForwarded(received: Uint8Array): boolean {
    if (this.#mode.web?.forwardedHeader === undefined) return false;
    const isTls = received[0] === TLS_RECORD && this.#mode.tls !== false;
    if (!isTls && beginsHttp(received) !== true) return false;
    this.#forwards = true;
    this.#stage = "hello";
    this.#greet();
    return true;
  }

  /** Waits for the first bytes, if they decide between protocols. */
  #greet(): void {
    if (this.#mode.tls === false) return this.#awaitRequest();
    if (this.#mode.tls === "auto") this.#awaitHello();
    this.#readHello();
  }

  #awaitHello(): void {
    this.#helloBy = Math.min(this.#port.now() + this.#port.helloTimeout, this.#deadline);
    this.#port.timed(this, this.#helloBy);
  }

  #readHello(): void {
    if (this.#received.length === 0) return;
    const secure = this.#mode.tls === true || beginsTls(this.#received);
    if (secure === true) this.#secure();
    else if (secure === false) this.#awaitRequest();
  }

  #secure(): void {
    const { context } = this.#port;
    const received = this.#received;
    if (context === undefined) return this.#fail("tls-failed", "there is no certificate");
    this.#forget();
    this.#stage = "secure";
    this.connection = context.secure(this.connection, received, this);
  }

  /** Waits for an HTTP request, if browsers are served. */
  #awaitRequest(): void {
    if (this.#mode.web === undefined || this.#check) return this.#finish();
    // A client that was silent during `hello` has already waited.
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
    const request = readRequest(this.#received, this.#looked);
    this.#looked = this.#received.length;
    if (request === undefined) return;
    this.#port.noteBrowser(this.origin.address);
    if (this.#forwards && !("status" in request)) {
      const { forwardedHeader = "" } = web;
      // A proxy's own request has no such header.
      this.#check = !request.headers.has(forwardedHeader) && !isUpgrade(request);
      const origin = this.#check
        ? this.origin
        : forwardedOrigin(request, forwardedHeader, this.#port.trustedProxies);
      if (origin === undefined) {
        return this.#fail("proxy-header", `the request has no valid header "${forwardedHeader}"`);
      }
      this.origin = origin;
      if (!this.#port.arrived(this, request)) {
        this.#stage = "over";
        return;
      }
    }
    const answer = answerRequest(request, web, this.#port.timeOfDay());
    if (answer.kind === "upgrade") {
      const { key, protocol } = answer.upgrade;
      const rest = this.#received.subarray("length" in request ? request.length : 0);
      return this.#frame(web.open(this.connection, key, protocol), rest);
    }
    this.#stage = "over";
    const fault = answer.kind === "refused" ? answer.fault.reason : undefined;
    this.connection.attach(
      this.#check
        ? this.#port.checked(this, answer.parts)
        : this.#port.answered(this, answer.parts, fault),
    );
  }

  /** Switches to a WebSocket connection; `rest` are the bytes after the request. */
  #frame(framed: Connection & ConnectionHandler, rest: Uint8Array): void {
    const beneath = this.connection;
    this.connection = framed;
    this.#stage = "over";
    this.#forget();
    framed.attach(this.#port.done(this));
    beneath.attach(framed);
    if (rest.length > 0) framed.onData(new Uint8Array(rest));
  }

  /** The peer sends no request: it is a Telnet client, or an error if it is an HTTP proxy. */
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
    this.#forget();
    const owner = this.#port.done(this);
    if (received.length > 0) owner.onData(received);
    connection.attach(owner);
  }

  #fail(kind: RefusalKind, detail: string): void {
    if (this.#stage === "over") return;
    // A health check may end anywhere, also in the middle of TLS.
    if (this.#check && kind !== "stopping") return this.#finish();
    this.#stage = "over";
    this.#forget();
    this.#port.failed(this, kind, detail.trim());
  }
}
