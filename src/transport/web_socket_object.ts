import { TelnetError, throwMisuse } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import {
  checkBoolean,
  checkPort,
  checkText,
  rejectUnknownKeys,
  type Synonyms,
  throwUnexpected,
} from "../protocol/validate.ts";
import { BaseConnection } from "./base_connection.ts";
import type { CloseReason, Connection, ConnectionHandler } from "./transport.ts";

/**
 * The members of a standard WebSocket that are used. Browsers, Deno, Node and npm ws have such
 * WebSockets.
 */
export interface StandardWebSocket {
  /** The type of received binary messages; set to `arraybuffer`. */
  binaryType: string;
  /** 0: connecting, 1: open, 2: closing, 3: closed. */
  readonly readyState: number;
  /** How many bytes wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends a message. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Begins to close. */
  close(code?: number, reason?: string): void;
  /** The handler of the opening; it is set. */
  onopen: unknown;
  /** The handler of messages; it is set. */
  onmessage: unknown;
  /** The handler of errors; it is set. */
  onerror: unknown;
  /** The handler of the end; it is set. */
  onclose: unknown;
  /** Closes at once, if the implementation can. */
  terminate?(): void;
  /** Stops reading, if the implementation can. */
  pause?(): void;
  /** Resumes reading, if the implementation can. */
  resume?(): void;
}

/** Where a WebSocket comes from, if known. */
export interface WebSocketPlace {
  /** The IP address of the other end. Default: none. */
  readonly remoteAddress?: string | undefined;
  /** Its port. Default 0. */
  readonly remotePort?: number | undefined;
  /** Whether it uses `wss:`. Default `false`. */
  readonly encrypted?: boolean | undefined;
}

/** Codes of the Close frame that a program may set. */
const CODES: Readonly<Record<CloseReason, number>> = {
  "done": 1000,
  "going-away": 4001,
  "restarting": 4012,
  "policy": 4008,
};
const OPEN = 1;
/** How often to check whether everything was sent, in milliseconds: no event reports this. */
const LOOK_MS = 20;

/**
 * Makes a connection over an existing WebSocket object: in a server, one that another HTTP server
 * has upgraded; in a browser, one for `connectOver()`. The whole Telnet stream is sent in binary
 * messages.
 *
 * A standard WebSocket cannot pause. If it has no `pause()`, at most 1 MiB of messages is held while
 * reading is paused; a peer that sends more is dropped.
 *
 * @param socket The WebSocket, connecting or open.
 * @param place Where it comes from.
 * @returns The connection.
 * @throws {TelnetError} `misuse`: the object is not a WebSocket, or is closed.
 */
export function webSocketConnection(
  socket: StandardWebSocket,
  place: WebSocketPlace = {},
): Connection {
  if (!isWebSocket(socket)) {
    throwUnexpected(
      "the WebSocket",
      "a standard one, with send(), close() and onmessage (of Hono give `ws.raw`, of Bun the first " +
        "argument of bunWebSocketHandlers())",
      socket,
    );
  }
  if (socket.readyState > OPEN) throwMisuse("Cannot use a WebSocket that is closed");
  rejectUnknownKeys("the place of a WebSocket", place, PLACE_NAMES, PLACE_SYNONYMS);
  const { remoteAddress, remotePort, encrypted } = place;
  if (remoteAddress !== undefined) checkText("remoteAddress", remoteAddress);
  if (remotePort !== undefined) checkPort("remotePort", remotePort);
  if (encrypted !== undefined) checkBoolean("encrypted", encrypted);
  if (used.has(socket)) {
    throwMisuse("Cannot use a WebSocket for two connections: keep the first one");
  }
  used.add(socket);
  return new WebSocketObjectConnection(socket, place);
}

const PLACE_NAMES: Readonly<Record<keyof WebSocketPlace, true>> = {
  remoteAddress: true,
  remotePort: true,
  encrypted: true,
};
const PLACE_SYNONYMS: Synonyms = { address: "remoteAddress", port: "remotePort" };
/** WebSockets that have a connection. */
const used: WeakSet<object> = new WeakSet();

/** Whether an object has the members of a standard WebSocket that are used. */
function isWebSocket(socket: StandardWebSocket): boolean {
  return typeof socket === "object" && socket !== null && typeof socket.send === "function" &&
    typeof socket.close === "function" && typeof socket.readyState === "number" &&
    typeof socket.bufferedAmount === "number" && "onmessage" in socket;
}

/** A WebSocket that cannot pause is closed when it holds more than this, in bytes. */
const MAX_HELD = 1_048_576;
/** The memory that a message takes besides its bytes. */
const MESSAGE_SIZE = 300;
const TOO_MUCH =
  "Lost the connection: the peer sent more than 1 MiB while reading was paused, and " +
  "its WebSocket cannot pause";

class WebSocketObjectConnection extends BaseConnection {
  /** Always `true`: a WebSocket frames its data. */
  readonly framed = true;
  readonly #socket: StandardWebSocket;
  readonly #encrypted: boolean;
  #reason: CloseReason = "done";
  /** The chunks that were written before it is open. */
  #early: Uint8Array[] | undefined;
  /** The messages that came while reading was paused. */
  readonly #waiting = new Fifo<Uint8Array>();
  #held = 0;
  /** Off until it has an owner: what came before is kept. */
  #reading = false;
  #owned = false;
  /** Whether the peer has closed before those messages were read. */
  #ended = false;
  #looking: ReturnType<typeof setTimeout> | undefined;
  #error: Error | undefined;

  constructor(
    socket: StandardWebSocket,
    { remoteAddress = "", remotePort = 0, encrypted = false }: WebSocketPlace,
  ) {
    super(remoteAddress, remotePort);
    this.#socket = socket;
    this.#encrypted = encrypted;
    socket.binaryType = "arraybuffer";
    if (socket.readyState !== OPEN) this.#early = [];
    socket.onopen = () => this.#opened();
    socket.onmessage = (event: { readonly data: unknown }) => this.#took(event.data);
    socket.onerror = (event: { readonly message?: string }) => {
      const words = event.message ?? "the WebSocket failed";
      this.#error = new TelnetError("connection-lost", `Lost the connection: ${words}`);
    };
    socket.onclose = (event: { readonly wasClean?: boolean }) => {
      const lost = new TelnetError("connection-lost", "Lost the connection: the WebSocket broke");
      this.#gone(event.wasClean === false ? this.#error ?? lost : undefined);
    };
  }

  override attach(handler: ConnectionHandler): void {
    super.attach(handler);
    if (this.#owned) return;
    this.#owned = true;
    if (!this.paused) this.setReading(true);
  }

  override get queued(): number {
    return super.queued + this.#socket.bufferedAmount;
  }

  override get held(): number {
    return this.#held;
  }

  override get encrypted(): boolean {
    return this.#encrypted;
  }

  /**
   * Sets the reason for which this end is about to close.
   *
   * @param reason The reason.
   */
  closesFor(reason: CloseReason): void {
    this.#reason = reason;
  }

  protected transmit(chunk: Uint8Array): number {
    if (this.#early !== undefined) this.#early.push(chunk);
    else if (this.#socket.readyState === OPEN) {
      this.#socket.send(chunk as Uint8Array<ArrayBuffer>);
      this.#look();
    }
    return chunk.length;
  }

  /** The end waits for what the WebSocket has not sent, so that the server waits for it, too. */
  protected override get endWaits(): boolean {
    return this.#socket.readyState === OPEN && this.#socket.bufferedAmount > 0;
  }

  protected shutdown(): void {
    this.#socket.close(CODES[this.#reason]);
  }

  protected destroy(inOrder: boolean): void {
    clearTimeout(this.#looking);
    if (!inOrder && this.#socket.terminate !== undefined) this.#socket.terminate();
    else if (this.#socket.readyState <= OPEN) this.#socket.close(CODES[this.#reason]);
  }

  protected setReading(on: boolean): void {
    this.#reading = on;
    if (!on) return this.#socket.pause?.();
    while (this.#reading) {
      const chunk = this.#waiting.take();
      if (chunk === undefined) break;
      this.#held -= chunk.length + MESSAGE_SIZE;
      this.received(chunk);
    }
    if (!this.#reading) return; // the handler has paused it again
    if (this.#ended) this.#gone(this.#error);
    else this.#socket.resume?.();
  }

  #opened(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const chunk of early) this.#socket.send(chunk as Uint8Array<ArrayBuffer>);
    if (early.length > 0) this.#look();
  }

  #took(data: unknown): void {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data instanceof ArrayBuffer
      ? new Uint8Array(data)
      : new Uint8Array(data as Uint8Array);
    if (bytes.length === 0) return;
    if (this.#reading) return this.received(bytes);
    this.#waiting.push(bytes);
    this.#held += bytes.length + MESSAGE_SIZE;
    if (this.#held <= MAX_HELD || this.destroyed) return;
    this.#reason = "policy";
    this.failed(new TelnetError("connection-lost", TOO_MUCH));
  }

  /** The WebSocket is closed. What was received is read first; then the owner closes. */
  #gone(error: Error | undefined): void {
    this.#ended = true;
    this.#error = error;
    if (this.#waiting.length > 0 && !this.destroyed) return;
    this.peerEnded(error);
  }

  /** Reports when everything has been sent. */
  #look(): void {
    if (this.#looking !== undefined) return;
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      if (this.endWaits) this.#look();
      else this.writable();
    }, LOOK_MS);
  }
}
