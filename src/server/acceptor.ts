import { throwMisuse } from "../protocol/error.ts";
import { encodeText } from "../text/charset.ts";
import type { Certificate, Encryption, SecureContext } from "../transport/encryption.ts";
import type {
  Connection,
  ConnectionHandler,
  Listener,
  Transport,
  TransportListenOptions,
} from "../transport/transport.ts";
import { checkCertificate } from "./certificate.ts";
import { AddressLimits } from "../guard/address_limits.ts";
import type { AddressSet } from "../guard/addresses.ts";
import type { Origin } from "../guard/origin.ts";
import type { Timed } from "../session/deadlines.ts";
import { Handshake, type HandshakePort, type ListenerMode, type TlsMode } from "./handshake.ts";
import type { HttpAnswer, HttpRequest } from "../websocket/http.ts";
import { unavailable } from "./web_requests.ts";
import { LingeringSockets } from "./lingering_sockets.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { ServerMessages } from "../guard/messages.ts";
import type { Refusal, RefusalKind } from "../guard/refusal.ts";
import type { Counters } from "./stats.ts";

/** The most refusals that are being sent at once; more are closed without a reply. */
const MAX_REFUSALS = 64;
/** The most refusals that wait to be reported; more are only counted. */
const MAX_REPORTED = 1_024;

/** A listener of a server. */
export interface ListenerInfo {
  /** The address. */
  readonly address: string;
  /** The port; if 0 was given, the port that the system chose. */
  readonly port: number;
  /** Whether it uses TLS: never, always, or for clients that start with a TLS handshake. */
  readonly tls: TlsMode;
  /** Whether browsers are served. */
  readonly webSocket: boolean;
}

/** The settings that decide which connections are accepted. */
export interface AcceptorSettings {
  readonly limits: ServerLimits;
  /** The limits for addresses of this machine. */
  readonly loopbackLimits: ServerLimits;
  readonly messages: ServerMessages;
  readonly maxConnections: number;
  readonly trustedProxies: AddressSet;
  readonly encryption: Encryption | undefined;
  readonly certificate: Certificate | undefined;
}

/** What the acceptor needs from the server. */
export interface AcceptorOwner {
  readonly counters: Counters;
  /** Whether the game has a handler for refusals. */
  readonly reportsRefusals: boolean;
  now(): number;
  /** The time of day, in milliseconds since 1970. */
  timeOfDay(): number;
  timed(timed: Timed, time: number): void;
  untimed(timed: Timed): void;
  /** Makes a session for a connection; returns the connection's owner. */
  welcome(connection: Connection, origin: Origin): ConnectionHandler;
  /** Called when there is something to report at the next poll. */
  wake(): void;
}

/** Accepts connections: runs the listeners, applies the connection limits, runs the handshakes. */
export class Acceptor implements HandshakePort {
  /** The number of open clients. */
  open = 0;
  /** The open listeners. */
  readonly listeners: ListenerInfo[] = [];
  readonly #settings: AcceptorSettings;
  readonly #owner: AcceptorOwner;
  readonly #addresses: AddressLimits;
  readonly #listeners: Listener[] = [];
  readonly #handshakes: Map<Handshake, ListenerMode> = new Map();
  readonly #lingering: LingeringSockets;
  #context: SecureContext | undefined;
  #refusals = 0;
  /** Refusals that are not yet reported to the game. */
  #unreported: Refusal[] = [];
  #acceptError: Error | undefined;
  #closed = false;

  constructor(settings: AcceptorSettings, owner: AcceptorOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#lingering = new LingeringSockets(owner, settings.limits.closeTimeout);
    this.#addresses = new AddressLimits(settings.limits, settings.loopbackLimits);
    if (settings.certificate !== undefined) this.setCertificate(settings.certificate);
  }

  /** Opens a listener. */
  async listen(
    transport: Transport,
    options: TransportListenOptions,
    mode: ListenerMode,
  ): Promise<void> {
    const onError = (error: Error) => this.#acceptFailed(error);
    const listener = await transport.listen(
      { ...options, onError, onLost: () => this.#lost() },
      (connection) => this.#arrive(connection, mode),
    );
    this.#listeners.push(listener);
    const { tls, web } = mode;
    const { address, port } = listener;
    this.listeners.push({ address, port, tls, webSocket: web !== undefined });
  }

  /** Adds a connection that other code has accepted; returns whether it is within the limits. */
  admit(connection: Connection, origin: Origin): boolean {
    this.#makeRoom();
    const { address, port } = origin;
    const excess = this.#excess(connection, address);
    if (excess !== undefined) {
      this.report({ ...excess, address, port });
      connection.attach(NULL_HANDLER);
      connection.closesFor?.("policy");
      connection.close();
      connection.durable?.commit(undefined, 0);
      this.linger(connection);
      return false;
    }
    this.open++;
    connection.attach(this.#owner.welcome(connection, origin));
    return true;
  }

  /** Replaces the certificate; existing connections are not affected. */
  setCertificate(certificate: Certificate): void {
    const { encryption } = this.#settings;
    if (encryption === undefined) {
      throwMisuse(
        "Cannot set a certificate on a server that began without one: pass `certificate` to listen()",
      );
    }
    checkCertificate(certificate);
    this.#context = encryption.context(certificate);
  }

  /** Closes the listeners, and aborts connections that are still in their handshake. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const handshake of [...this.#handshakes.keys()]) handshake.stop();
  }

  /** Waits for the sockets that are still open, and aborts them after `timeout` milliseconds. */
  async settle(timeout: number): Promise<void> {
    await this.#lingering.settle(timeout);
  }

  /** Notes that a client's connection has ended. */
  left(connection: Connection, { address }: Origin): void {
    this.open--;
    if (connection.durable === undefined) this.#leave(address);
    this.linger(connection);
  }

  /** Keeps track of a socket that may stay open for a while after its client has ended. */
  linger(connection: Connection): void {
    this.#lingering.add(connection);
  }

  get handshakeCount(): number {
    return this.#handshakes.size;
  }

  get lingeringCount(): number {
    return this.#lingering.count;
  }

  /** Counts a refusal, and reports it at the next poll. */
  report(refusal: Refusal): void {
    this.#owner.counters.refused[refusal.kind]++;
    if (!this.#owner.reportsRefusals || this.#unreported.length >= MAX_REPORTED) return;
    this.#unreported.push(refusal);
    this.#owner.wake();
  }

  /** Takes the refusals that are not yet reported to the game. */
  takeRefusals(): Refusal[] {
    return this.#unreported.splice(0);
  }

  /** Takes the last accept error of the system; earlier ones are only counted. */
  takeAcceptError(): Error | undefined {
    const error = this.#acceptError;
    this.#acceptError = undefined;
    return error;
  }

  /** Whether there is something to report. */
  get waiting(): boolean {
    return this.#unreported.length > 0 || this.#acceptError !== undefined;
  }

  // HandshakePort.

  get handshakeTimeout(): number {
    return this.#settings.limits.handshakeTimeout;
  }

  get helloTimeout(): number {
    return this.#settings.limits.helloTimeout;
  }

  get trustedProxies(): AddressSet {
    return this.#settings.trustedProxies;
  }

  get context(): SecureContext | undefined {
    return this.#context;
  }

  now(): number {
    return this.#owner.now();
  }

  timed(timed: Timed, time: number): void {
    this.#owner.timed(timed, time);
  }

  timeOfDay(): number {
    return this.#owner.timeOfDay();
  }

  arrived(handshake: Handshake, request?: HttpRequest): boolean {
    const { connection, origin: { address, port } } = handshake;
    const excess = this.#enter(address);
    if (excess === undefined) return true;
    const { tls = true } = this.#handshakes.get(handshake) ?? {};
    this.#forget(handshake);
    connection.attach(NULL_HANDLER);
    this.#refuse(connection, tls, { ...excess, address, port }, request);
    return false;
  }

  noteBrowser(address: string): void {
    this.#addresses.noteBrowser(address, this.now());
  }

  browsedAt(address: string): number {
    return this.#addresses.browsedAt(address);
  }

  done(handshake: Handshake): ConnectionHandler {
    const { connection, origin } = handshake;
    this.#forget(handshake);
    this.open++;
    return this.#owner.welcome(connection, origin);
  }

  failed(handshake: Handshake, kind: RefusalKind, detail: string): void {
    const { connection, origin } = handshake;
    this.#forget(handshake);
    this.#leave(origin.address);
    connection.abort();
    this.report({ kind, address: origin.address, port: origin.port, detail });
  }

  /** Counts a proxy's health check, and closes its connection. */
  checked(handshake: Handshake, answer?: HttpAnswer): ConnectionHandler {
    this.#owner.counters.healthChecks++;
    return this.#dismiss(handshake, answer);
  }

  /** Sends the answer to an HTTP request, and closes the connection. */
  answered(handshake: Handshake, answer: HttpAnswer, fault: string | undefined): ConnectionHandler {
    const { address, port } = handshake.origin;
    this.#owner.counters.httpRequests++;
    const owner = this.#dismiss(handshake, answer);
    if (fault !== undefined) this.report({ kind: "http-refused", address, port, detail: fault });
    return owner;
  }

  /** Closes a connection that never becomes a client; returns its new owner. */
  #dismiss(handshake: Handshake, answer: HttpAnswer = []): ConnectionHandler {
    const { connection, origin } = handshake;
    this.#forget(handshake);
    this.#leave(origin.address);
    for (const part of answer) connection.write(part);
    connection.close();
    this.linger(connection);
    return NULL_HANDLER;
  }

  /** Reports a peer that closed before its connection was accepted. */
  #lost(): void {
    this.report({ kind: "lost", address: "", port: 0, detail: "the peer was gone already" });
  }

  #forget(handshake: Handshake): void {
    this.#handshakes.delete(handshake);
    this.#owner.untimed(handshake);
  }

  #arrive(connection: Connection, mode: ListenerMode): ConnectionHandler {
    const { tls, web } = mode;
    const { remoteAddress: address, remotePort: port } = connection;
    const { trustedProxies } = this.#settings;
    if (address === "") {
      this.#lost();
      connection.abort();
      return NULL_HANDLER;
    }
    this.#makeRoom();
    const proxied = connection.durable === undefined && trustedProxies.has(address);
    const excess = this.#excess(connection, address);
    if (excess !== undefined) {
      return this.#refuse(connection, tls, { ...excess, address, port });
    }
    if (!proxied && tls === false && web === undefined) {
      this.open++;
      return this.#owner.welcome(connection, connectionOrigin(connection));
    }
    const handshake = new Handshake(connection, proxied, mode, this);
    this.#handshakes.set(handshake, mode);
    return handshake;
  }

  /** Why a connection is refused; `undefined`: it is accepted, and counted for its address. */
  #excess(
    connection: Connection,
    address: string,
  ): Omit<Refusal, "address" | "port"> | undefined {
    // A gateway has counted it for its address already; it may be older than this process.
    if (connection.durable !== undefined) return this.#stopped;
    const { maxConnections } = this.#settings;
    if (this.#closed) return this.#stopped;
    const there = this.open + this.#handshakes.size;
    if (there < maxConnections) return this.#enter(address);
    return { kind: "server-full", limit: maxConnections, value: there + 1 };
  }

  get #stopped(): Omit<Refusal, "address" | "port"> | undefined {
    return this.#closed ? { kind: "stopping" } : undefined;
  }

  /** Aborts the oldest lingering sockets while all sockets exceed `maxConnections` by a tenth. */
  #makeRoom(): void {
    const { maxConnections } = this.#settings;
    const most = maxConnections + Math.max(1, Math.floor(maxConnections / 10));
    // The connection that arrives needs a place, too.
    this.#lingering.makeRoom(most - 1 - this.open - this.#handshakes.size);
  }

  /** Counts a connection of an address; trusted proxies are not counted or limited. */
  #enter(address: string): ReturnType<AddressLimits["enter"]> {
    if (this.#isUncounted(address)) return undefined;
    return this.#addresses.enter(address, this.#owner.now());
  }

  #leave(address: string): void {
    if (!this.#isUncounted(address)) this.#addresses.leave(address);
  }

  /** Whether the address limits do not apply: to proxies, and to an empty address in `accept()`. */
  #isUncounted(address: string): boolean {
    return address === "" || this.#settings.trustedProxies.has(address);
  }

  /** Refuses a connection with one line, or without a reply if it expects TLS or many wait. */
  #refuse(
    connection: Connection,
    tls: TlsMode,
    refusal: Refusal,
    request?: HttpRequest,
  ): ConnectionHandler {
    this.report(refusal);
    const text = tls === true && request === undefined ? "" : this.#words(refusal.kind);
    if (text === "" || this.#refusals >= MAX_REFUSALS) {
      connection.abort();
      return NULL_HANDLER;
    }
    this.#refusals++;
    const said = encodeText(`${text}\r\n`, "utf-8");
    const parts = request === undefined
      ? [said]
      : unavailable(said, this.timeOfDay(), request.method !== "HEAD");
    for (const part of parts) connection.write(part);
    connection.close();
    connection.durable?.commit(undefined, 0);
    void connection.closed.then(() => this.#refusals--);
    this.linger(connection);
    return NULL_HANDLER;
  }

  #words(kind: RefusalKind): string {
    const { messages } = this.#settings;
    switch (kind) {
      case "server-full":
        return messages.serverFull;
      case "address-full":
      case "prefix-full":
        return messages.addressFull;
      case "too-many-connects":
        return messages.tooManyConnects;
      default:
        return "";
    }
  }

  #acceptFailed(error: Error): void {
    this.#owner.counters.acceptErrors++;
    this.#acceptError = error;
    this.#owner.wake();
  }
}

/** The owner of a refused connection. */
const NULL_HANDLER: ConnectionHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

function connectionOrigin({ remoteAddress, remotePort, encrypted }: Connection): Origin {
  return { address: remoteAddress, port: remotePort, encrypted };
}
