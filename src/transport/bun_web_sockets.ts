import { checkFunction } from "../protocol/validate.ts";
import type { StandardWebSocket } from "./web_socket_object.ts";

/** The members of the WebSockets of `Bun.serve` that are used. */
export interface BunServerWebSocket {
  /** 0: connecting, 1: open, 2: closing, 3: closed. */
  readonly readyState: number;
  /** The IP address of the other end. */
  readonly remoteAddress: string;
  /** How many bytes wait to be sent. */
  getBufferedAmount(): number;
  /** Sends a message; returns 0 if it was dropped. */
  send(data: Uint8Array<ArrayBuffer>): number;
  /** Begins to close. */
  close(code?: number, reason?: string): void;
  /** Closes at once. */
  terminate(): void;
}

/** The handlers for `websocket` of `Bun.serve`. */
export interface BunWebSocketHandlers<Socket> {
  /**
   * How many bytes may wait for a slow browser before Bun drops messages: more than any limit of a
   * server.
   */
  readonly backpressureLimit: number;
  /** A WebSocket is open. */
  open(socket: Socket): void;
  /** A message came. */
  message(socket: Socket, message: string | Uint8Array): void;
  /** A WebSocket has ended. */
  close(socket: Socket, code: number): void;
}

const BACKPRESSURE_LIMIT = 256 * 1024 * 1024;

/**
 * Wraps each WebSocket that `Bun.serve` upgrades as a standard WebSocket, because Bun reports
 * events to handlers of the server, not of the socket.
 *
 * @param accept Called with each WebSocket, for example
 * `server.accept(webSocketConnection(socket, { remoteAddress }))`.
 * @returns The handlers, for `websocket` of `Bun.serve`.
 * @throws {TelnetError} `misuse`: `accept` is not a function.
 */
export function bunWebSocketHandlers<Socket extends BunServerWebSocket>(
  accept: (socket: StandardWebSocket, native: Socket) => void,
): BunWebSocketHandlers<Socket> {
  checkFunction("accept", accept);
  const sockets = new WeakMap<Socket, BunSocket>();
  return {
    backpressureLimit: BACKPRESSURE_LIMIT,
    open(native) {
      const socket = new BunSocket(native);
      sockets.set(native, socket);
      accept(socket, native);
    },
    message(native, message) {
      call(sockets.get(native)?.onmessage, { data: message });
    },
    close(native, code) {
      const socket = sockets.get(native);
      const { lost } = socket ?? {};
      if (lost !== undefined) call(socket?.onerror, { message: lost });
      // 1006: the connection ended without a Close frame.
      call(socket?.onclose, { code, wasClean: lost === undefined && code !== 1006 });
    },
  };
}

class BunSocket implements StandardWebSocket {
  readonly #native: BunServerWebSocket;
  /** Why messages were lost. */
  lost: string | undefined;
  binaryType = "arraybuffer";
  onopen: unknown;
  onmessage: unknown;
  onerror: unknown;
  onclose: unknown;

  constructor(native: BunServerWebSocket) {
    this.#native = native;
  }

  get readyState(): number {
    return this.#native.readyState;
  }

  get bufferedAmount(): number {
    return this.#native.getBufferedAmount();
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.#native.send(data) !== 0 || data.length === 0) return;
    // A lost message breaks the Telnet stream, so the connection is closed with an error.
    this.lost = "Bun has dropped what was sent";
    this.#native.terminate();
  }

  close(code?: number, reason?: string): void {
    this.#native.close(code, reason);
  }

  terminate(): void {
    this.#native.terminate();
  }
}

function call(handler: unknown, event: object): void {
  if (typeof handler === "function") handler(event);
}
