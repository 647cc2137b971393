import { TelnetError, throwMisuse } from "../protocol/error.ts";
import { throwUnexpected } from "../protocol/validate.ts";
import { BaseConnection } from "./base_connection.ts";
import type { CloseReason, Connection } from "./transport.ts";

/** What is used of a standard WebSocket: that of browsers and Deno, of Node's `WebSocket`, and of npm ws. */
export interface StandardWebSocket {
  /** What messages of bytes come as; set to `arraybuffer`. */
  binaryType: string;
  /** 0: connecting, 1: open, 2: closing, 3: closed. */
  readonly readyState: number;
  /** How many bytes wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends a message. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Begins to close. */
  close(code?: number, reason?: string): void;
  /** Its handler of the opening, which is set. */
  onopen: unknown;
  /** Its handler of messages, which is set. */
  onmessage: unknown;
  /** Its handler of errors, which is set. */
  onerror: unknown;
  /** Its handler of the end, which is set. */
  onclose: unknown;
  /** Closes at once, where the implementation can. */
  terminate?(): void;
  /** Stops reading, where the implementation can. */
  pause?(): void;
  /** Goes on reading, where the implementation can. */
  resume?(): void;
}

/** Where a WebSocket comes from, as far as that is known. */
export interface WebSocketPlace {
  /** The IP address of the other end. Default: none. */
  readonly remoteAddress?: string | undefined;
  /** Its port. Default 0. */
  readonly remotePort?: number | undefined;
  /** Whether it is a `wss:` one. Default `false`. */
  readonly encrypted?: boolean | undefined;
}

/** Codes of the Close frame that a program may give. */
const CODES: Readonly<Record<CloseReason, number>> = {
  "done": 1000,
  "going-away": 4001,
  "restarting": 4012,
  "policy": 4008,
};
const OPEN = 1;
/** How often it is looked whether what was sent has gone, in milliseconds: no event tells it. */
const LOOK_MS = 20;

/**
 * A connection over a WebSocket object that exists: at a server that another HTTP server has upgraded, or in
 * a browser, for `connectOver()`. The whole Telnet stream travels in messages of bytes.
 *
 * A standard WebSocket cannot pause: where it has no `pause()`, a peer that floods is held by the limits of
 * memory alone, and then dropped.
 *
 * @param socket The WebSocket, connecting or open.
 * @param place Where it comes from.
 * @returns The connection.
 * @throws {TelnetError} `misuse`: what is given is no WebSocket, or is closed.
 */
export function webSocketConnection(
  socket: StandardWebSocket,
  place: WebSocketPlace = {},
): Connection {
  if (typeof socket?.send !== "function" || typeof socket.close !== "function") {
    throwUnexpected("the WebSocket", "an object with send(), close() and onmessage", socket);
  }
  if (socket.readyState > OPEN) throwMisuse("Cannot use a WebSocket that is closed");
  return new WebSocketObjectConnection(socket, place);
}

class WebSocketObjectConnection extends BaseConnection {
  /** Always: a WebSocket frames what is sent. */
  readonly framed = true;
  readonly #socket: StandardWebSocket;
  readonly #encrypted: boolean;
  #reason: CloseReason = "done";
  /** What is written before it is open. */
  #early: Uint8Array[] | undefined;
  /** What came while nothing was wanted. */
  #held: Uint8Array[] = [];
  #reading = true;
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

  override get queued(): number {
    return super.queued + this.#socket.bufferedAmount;
  }

  override get encrypted(): boolean {
    return this.#encrypted;
  }

  /**
   * Says why this end is about to close.
   *
   * @param reason Why.
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
    for (const chunk of this.#held.splice(0)) this.received(chunk);
    this.#socket.resume?.();
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
    if (this.#reading) this.received(bytes);
    else this.#held.push(bytes);
  }

  #gone(error: Error | undefined): void {
    if (error === undefined) this.peerEnded();
    this.failed(error);
  }

  /** Reports when all that was sent has gone. */
  #look(): void {
    if (this.#looking !== undefined) return;
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      if (this.#socket.bufferedAmount > 0) this.#look();
      else this.writable();
    }, LOOK_MS);
  }
}
