/** Where to listen. */
export interface TransportListenOptions {
  /** The port, 0 to 65535; 0 lets the system choose. */
  readonly port: number;
  /** A name or an IP address of this machine; "" means every IPv4 address. */
  readonly address: string;
  /** Lets several processes listen on the same port. Default `false`. */
  readonly reusePort?: boolean;
  /** Has the system look whether a silent peer is still there (SO_KEEPALIVE). Default `false`. */
  readonly keepAlive?: boolean;
  /**
   * Called when a connection could not be accepted, mostly for a lack of file descriptors. Listening
   * goes on.
   */
  readonly onError?: (error: Error) => void;
  /**
   * Called when a peer was gone before its connection could be accepted. A transport may instead give the connection to
   * the acceptor with an empty address.
   */
  readonly onLost?: () => void;
}

/** What became of a listening socket. */
export interface Listener {
  /** The address that it listens on. */
  readonly address: string;
  /** The real port, also where 0 was asked. */
  readonly port: number;
  /** Stops accepting; the connections live on. */
  close(): Promise<void>;
}

/**
 * The owner of a connection. All its methods are called by the transport, outside of any call that
 * the owner makes, or within `abort()`; none may throw.
 */
export interface ConnectionHandler {
  /** Bytes came. The array is the owner's to keep. */
  onData(chunk: Uint8Array): void;
  /**
   * So many bytes came that belong to the encryption itself. Not every connection reports them, and
   * not every owner wants to know.
   */
  onOverhead?(count: number): void;
  /** The peer has sent its last byte (half-close); writing is still possible. */
  onEnd(): void;
  /** All that was written has been taken by the system. */
  onDrain(): void;
  /**
   * The last call, once for each connection: it is closed. After `close()` it comes as soon as
   * everything written was handed to the system and the end was announced to the peer.
   *
   * @param error Why, where it broke; `undefined` where either end closed it.
   */
  onClose(error?: Error): void;
}

/**
 * Why an end closes: it is done; the server goes away, or restarts and can be dialled again; or the peer did
 * what is not allowed.
 */
export type CloseReason = "done" | "going-away" | "restarting" | "policy";

/** What a connection kept of an owner in another process. */
export interface Resumed {
  /**
   * Why it has another owner.
   *
   * - `restart`: the process of its owner went, or was replaced
   * - `move`: its owner moved it here
   * - `no-zone`: its owner moved it to a place that nobody serves, and it came back
   */
  readonly reason: ResumeReason;
  /** The state of the owner, as it gave it to `commit`. */
  readonly state: Readonly<Record<string, unknown>>;
}

/** Why a connection has another owner. */
export type ResumeReason = "restart" | "move" | "no-zone";

/**
 * A connection that outlives the process of its owner. What is written is held back until `commit`, so
 * that output and state are kept together, or neither is.
 */
export interface DurableConnection {
  /** What was kept of the owner before this one; `undefined`: there was none. */
  readonly resumed: Resumed | undefined;
  /** Whether what is sent to the peer is compressed. */
  readonly compressing: boolean;
  /** The name of the place where its owner is. */
  readonly place: string;
  /** Whether what the peer sends may be held up: then its silence means nothing. */
  readonly stalled: boolean;
  /**
   * Ends a turn: all that was written since the last call goes out, and the state is kept. Input that
   * was handed over by then is not handed over again. Where that is not possible now, the owner's
   * `onDrain` is called when it is.
   *
   * @param state The owner's state, as plain JSON by its parts; those that are left out are as they were.
   * @param unread How many bytes of the input the state does not have, counted from its end.
   */
  commit(state: Readonly<Record<string, unknown>> | undefined, unread: number): void;
  /**
   * Compresses what is written from here on (zlib), or ends that.
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

/** A byte stream to a peer. It means the same on every runtime. */
export interface Connection {
  /** The peer's IP address; IPv4 in its own form even on an IPv6 socket. Empty where the peer is gone already. */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  /**
   * Names the connection for as long as it lives, among all of its transport. A transport whose
   * connections outlive a process gives the same name again afterwards.
   */
  readonly identity: string;
  /** How many written bytes the system has not taken yet. */
  readonly queued: number;
  /** How many bytes came of the peer and wait to be handed over. Default 0. */
  readonly held?: number;
  /** Whether the bytes travel encrypted (TLS). */
  readonly encrypted: boolean;
  /**
   * Whether something else frames the bytes, as a WebSocket does: then nothing is compressed or
   * encrypted within. Default `false`.
   */
  readonly framed?: boolean;
  /** Set where the connection outlives the process of its owner. */
  readonly durable?: DurableConnection;
  /**
   * Gives the connection another owner, which gets all that happens from now on; what is over
   * already is told at once.
   *
   * @param handler The owner.
   */
  attach(handler: ConnectionHandler): void;
  /**
   * Queues bytes. Everything is accepted and counted in `queued`; whoever writes decides how much
   * is too much. Does nothing after `close()` or `abort()`.
   *
   * @param chunk The bytes; the array must not change afterwards.
   */
  write(chunk: Uint8Array): void;
  /** Stops reading, so that the peer's TCP stops sending; `onData` may come once more. */
  pause(): void;
  /** Goes on reading. */
  resume(): void;
  /**
   * Closes in good order: what is queued goes out, then the end is announced (FIN), and what the peer
   * still sends is read and thrown away until it closes too, or a short time has passed; more than a
   * little of it stays in the network. A connection that is paused stays so until the end is announced.
   */
  close(): void;
  /**
   * Says why this end is about to close, where the peer can be told.
   *
   * @param reason Why.
   */
  closesFor?(reason: CloseReason): void;
  /** Closes at once; what is queued is lost. */
  abort(): void;
  /** Whether the socket itself is gone. */
  readonly destroyed: boolean;
  /** Settles when the socket itself is gone, which may be later than `onClose`. Never rejects. */
  readonly closed: Promise<void>;
}

/** Gives a new connection its owner, before any byte arrives. */
export type ConnectionAcceptor = (connection: Connection) => ConnectionHandler;

/** Where to dial. */
export interface DialOptions {
  /** The name or IP address of the host. */
  readonly hostname: string;
  /** The port, 1 to 65535. */
  readonly port: number;
  /** Enables TCP keep-alive. Default `false`. */
  readonly keepAlive?: boolean;
  /** Ends the attempt: `dial` then rejects with the signal's reason. Default: never. */
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
   * @param options Where.
   * @param accept Called with the connection before its first byte arrives.
   * @returns The connection.
   * @throws {TelnetError} `connection-refused`, `address-not-found`, `unreachable`,
   * `permission-denied`, `connection-lost`, `misuse` or `io`.
   */
  dial(options: DialOptions, accept: ConnectionAcceptor): Promise<Connection>;
}

/** A way to accept byte streams; most also dial. */
export interface Transport extends Partial<Pick<Dialler, "dial">> {
  /** Its name, for messages. */
  readonly name: string;
  /** Whether its connections are durable ones. Default `false`. */
  readonly durable?: boolean;
  /**
   * Listens.
   *
   * @param options Where.
   * @param accept Called for each connection.
   * @returns The listener, when it is ready.
   * @throws {TelnetError} `address-in-use`, `address-unavailable`, `address-not-found`,
   * `permission-denied`, `unsupported` or `io`.
   */
  listen(options: TransportListenOptions, accept: ConnectionAcceptor): Promise<Listener>;
}
