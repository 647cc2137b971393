/** Where to listen. */
export interface TransportListenOptions {
  /** The port, 0 to 65535; 0 lets the system choose. */
  readonly port: number;
  /** A name or an IP address of this machine; "" means every IPv4 address. */
  readonly address: string;
  /** Lets several processes listen on the same port. Default `false`. */
  readonly reusePort?: boolean;
  /** Enables TCP keep-alive (SO_KEEPALIVE). Default `false`. */
  readonly keepAlive?: boolean;
  /**
   * Called when a connection could not be accepted, usually for lack of file descriptors. Listening
   * continues.
   */
  readonly onError?: (error: Error) => void;
  /**
   * Called when a peer was gone before its connection could be accepted. A transport may instead give the connection to
   * the acceptor with an empty address.
   */
  readonly onLost?: () => void;
}

/** A listening socket. */
export interface Listener {
  /** The address that it listens on. */
  readonly address: string;
  /** The actual port, even if 0 was requested. */
  readonly port: number;
  /** Stops accepting; existing connections stay open. */
  close(): Promise<void>;
}

/**
 * The owner of a connection. The transport calls its methods, but never within a call that the
 * owner makes, except within `abort()`. None of them may throw.
 */
export interface ConnectionHandler {
  /** Bytes came. The owner may keep the array. */
  onData(chunk: Uint8Array): void;
  /**
   * `count` bytes came that belong to the encryption itself. Not every connection reports them, and
   * an owner can leave this out.
   */
  onOverhead?(count: number): void;
  /**
   * The peer has sent its last byte (half-close). Usually writing is still possible.
   *
   * @param error Why the connection broke. Then what is written is lost, but what was received can
   * still be used; `close()` ends the connection.
   */
  onEnd(error?: Error): void;
  /** The system has taken everything that was written: `queued` is 0. */
  onDrain(): void;
  /**
   * The connection is closed. This is the last call, made once for each connection. After `close()`
   * it comes as soon as everything written was handed to the system and the end was announced to
   * the peer.
   *
   * @param error Why it broke; `undefined` if either end closed it.
   */
  onClose(error?: Error): void;
}

/**
 * Why an end closes: it is done; the server goes away; the server restarts and can be dialled
 * again; or the peer did something that is not allowed.
 */
export type CloseReason = "done" | "going-away" | "restarting" | "policy";

/** What a connection kept from an owner in another process. */
export interface Resumed {
  /**
   * Why it has another owner.
   *
   * - `restart`: the process of its owner ended or was replaced
   * - `move`: its owner moved it here
   * - `no-zone`: its owner moved it to a place that no process serves, so it came back
   */
  readonly reason: ResumeReason;
  /** The state of the owner, as it was passed to `commit`. */
  readonly state: Readonly<Record<string, unknown>>;
  /** How long the client is connected, in milliseconds. */
  readonly connectedFor: number;
  /** Whether input of the client has come that no commit covers. */
  readonly inputWaits: boolean;
}

/** Why a connection has another owner. */
export type ResumeReason = "restart" | "move" | "no-zone";

/**
 * A connection that outlives the process of its owner. Written bytes are held back until `commit`,
 * so that output and state are kept together or not at all.
 */
export interface DurableConnection {
  /** What was kept from the previous owner; `undefined` if there was none. */
  readonly resumed: Resumed | undefined;
  /** Whether the output to the peer is compressed. */
  readonly compressing: boolean;
  /** The name of the place where its owner is. */
  readonly place: string;
  /**
   * Whether input from the peer may be delayed: then silence does not mean that the peer is idle.
   */
  readonly stalled: boolean;
  /** Set by the owner: whether anything has happened since its last turn ended. */
  inTurn: boolean;
  /**
   * Ends a turn: sends everything written since the last call, and saves the state. Input that was
   * delivered before is not delivered again. If this is not possible now, the owner's `onDrain` is
   * called when it is.
   *
   * @param state The parts of the owner's state by name, as plain JSON. Parts that are left out
   * stay as they were.
   * @param unread How many bytes at the end of the input are not part of the state yet.
   */
  commit(state: Readonly<Record<string, unknown>> | undefined, unread: number): void;
  /**
   * Starts or stops the compression (zlib) of what is written from now on.
   *
   * @param on Whether to compress.
   */
  compress(on: boolean): void;
  /**
   * Gives the connection to an owner at another place, with the next commit.
   *
   * @param place The name of the place.
   */
  moveTo(place: string): void;
}

/** A byte stream to a peer. It behaves the same on every runtime. */
export interface Connection {
  /**
   * The peer's IP address; IPv4 in its own form even on an IPv6 socket. Empty if the peer has
   * already disconnected.
   */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  /**
   * Names the connection as long as it lives; unique within its transport. A transport whose
   * connections outlive a process uses the same name again afterwards.
   */
  readonly identity: string;
  /** How many written bytes the system has not taken yet. */
  readonly queued: number;
  /** How many bytes from the peer wait to be delivered to the owner. Default 0. */
  readonly held?: number;
  /** Whether the bytes travel encrypted (TLS). */
  readonly encrypted: boolean;
  /**
   * Whether another protocol frames the bytes, as WebSocket does. Then no compression or encryption
   * is used inside it. Default `false`.
   */
  readonly framed?: boolean;
  /** Set if the connection outlives the process of its owner. */
  readonly durable?: DurableConnection;
  /**
   * Gives the connection another owner, which receives all events from now on. If the peer has
   * ended or the connection is closed, this is reported at once.
   *
   * @param handler The owner.
   */
  attach(handler: ConnectionHandler): void;
  /**
   * Queues bytes. Everything is accepted and counted in `queued`; the caller decides how much is
   * too much. Does nothing after `close()` or `abort()`.
   *
   * @param chunk The bytes; the array must not change afterwards.
   */
  write(chunk: Uint8Array): void;
  /** Stops reading, so that the peer's TCP stops sending; `onData` may be called once more. */
  pause(): void;
  /** Resumes reading. */
  resume(): void;
  /**
   * Closes gracefully: sends what is queued, then announces the end (FIN). Reads and discards what
   * the peer still sends, until it closes too or a short time has passed; after a small amount it
   * stops reading. A paused connection stays paused until the end is announced.
   */
  close(): void;
  /**
   * Sets the reason for which this end is about to close; it is sent to the peer if the protocol
   * allows it.
   *
   * @param reason The reason.
   */
  closesFor?(reason: CloseReason): void;
  /** Closes at once; what is queued is lost. */
  abort(): void;
  /** Whether the socket itself is gone. */
  readonly destroyed: boolean;
  /** Settles when the socket itself is gone, which may be later than `onClose`. Never rejects. */
  readonly closed: Promise<void>;
}

/** Returns the owner of a new connection. Called before any byte arrives. */
export type ConnectionAcceptor = (connection: Connection) => ConnectionHandler;

/** Where to dial. */
export interface DialOptions {
  /** The name or IP address of the host. */
  readonly hostname: string;
  /** The port, 1 to 65535. */
  readonly port: number;
  /** Enables TCP keep-alive. Default `false`. */
  readonly keepAlive?: boolean;
  /** Cancels the attempt: `dial` then rejects with the signal's reason. Default: never. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens byte streams to other hosts. */
export interface Dialler {
  /** Its name, for messages. */
  readonly name: string;
  /**
   * Dials a host. A name that has several addresses, IPv6 and IPv4, is dialled at each of them until
   * one answers.
   *
   * @param options Where to dial.
   * @param accept Called with the connection before its first byte arrives.
   * @returns The connection.
   * @throws {TelnetError} `connection-refused`, `address-not-found`, `unreachable`,
   * `permission-denied`, `connection-lost`, `misuse` or `io`.
   */
  dial(options: DialOptions, accept: ConnectionAcceptor): Promise<Connection>;
}

/** Accepts byte streams; most transports can also dial. */
export interface Transport extends Partial<Pick<Dialler, "dial">> {
  /** Its name, for messages. */
  readonly name: string;
  /** Whether its connections are durable. Default `false`. */
  readonly durable?: boolean;
  /**
   * Listens.
   *
   * @param options Where to listen.
   * @param accept Called for each connection.
   * @returns The listener, when it is ready.
   * @throws {TelnetError} `address-in-use`, `address-unavailable`, `address-not-found`,
   * `permission-denied`, `unsupported` or `io`.
   */
  listen(options: TransportListenOptions, accept: ConnectionAcceptor): Promise<Listener>;
}
