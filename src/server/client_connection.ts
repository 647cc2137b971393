import { checkKeepAlive, type KeepAlive } from "../guard/idle_monitor.ts";
import type { Session } from "../session/session.ts";
import { addHints, NO_HINTS } from "./hints.ts";

/** Makes the `client.connection` of a session. */
export let makeClientConnection: (session: Session) => ClientConnection;

/**
 * The connection of a client: `client.connection`. The person's address and port, and the bytes
 * sent and received, are `client.address`, `client.port`, `client.bytesSent` and
 * `client.bytesReceived`.
 *
 * @example
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport();
 * await using server = await TelnetServer.listen({
 *   transport,
 *   onConnect: (client) => {
 *     client.connection.keepAlive = "nop";
 *     assertEquals(client.connection.encrypted, false);
 *   },
 *   onDisconnect: () => {},
 * });
 * transport.connect(server.port);
 * await server.poll();
 * ```
 */
export class ClientConnection {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static {
    makeClientConnection = (session) => new ClientConnection(session);
  }

  /**
   * Identifies the connection while it exists. If the transport keeps connections open over a
   * restart of the game, `restore` of `TelnetServer.listen()` receives the same value.
   */
  get identity(): string {
    return this.#session.stream.connection.identity;
  }

  /** The IP address at the other end of the socket: that of the proxy, if there is one. */
  get peerAddress(): string {
    return this.#session.stream.connection.remoteAddress;
  }

  /** The port at the other end of the socket. */
  get peerPort(): number {
    return this.#session.stream.connection.remotePort;
  }

  /** Whether the client is connected by WebSocket, usually from a browser. */
  get webSocket(): boolean {
    return this.#session.stream.connection.framed === true;
  }

  /**
   * Whether the connection is encrypted (TLS), here or, as a trusted proxy reports, at the proxy.
   */
  get encrypted(): boolean {
    return this.#session.origin.encrypted;
  }

  /** Whether output to the client is compressed (MCCP2). */
  get compressed(): boolean {
    return this.#session.stream.compressing;
  }

  /** Output bytes that the system has not accepted yet: the client's backlog. */
  get queuedOutput(): number {
    return this.#session.queued;
  }

  /**
   * Estimated bytes that the server holds of what the client sent, typed and reported, including
   * the overhead of storing it, without output. See `limits.memory`.
   */
  get memoryUsed(): number {
    return this.#session.held;
  }

  /** Whether the client is over a rate of `limits`, so that reading from it is paused. */
  get throttled(): boolean {
    return this.#session.gate.throttled;
  }

  /** The Telnet keep-alive of this connection; can be set. Default: `keepAlive` of the server. */
  get keepAlive(): KeepAlive {
    return this.#session.activity.keepAlive;
  }

  set keepAlive(keepAlive: KeepAlive) {
    this.#session.keepAlive(checkKeepAlive(keepAlive));
  }

  /** The error that caused `client.disconnectReason`, if any. */
  get disconnectError(): unknown {
    return this.#session.life.error;
  }
}

addHints(ClientConnection.prototype, "client.connection", NO_HINTS);
