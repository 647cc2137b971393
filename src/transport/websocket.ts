/**
 * The server's end of a WebSocket (RFC 6455), as a connection over another connection. The whole
 * Telnet stream is sent in binary messages: each write is one, so no Telnet command is cut in two.
 */
import { TelnetError } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import { ACCEPT_GUID, upgradeResponse } from "../websocket/upgrade.ts";
import { WebSocketMachine } from "../websocket/machine.ts";
import { LayeredConnection } from "./layered_connection.ts";
import { builtIn } from "./_built_in.ts";
import { lookAtSockets, turn } from "./event_loop.ts";
import type { WebSocketOpener } from "./framing.ts";
import type { CloseReason, Connection, ConnectionHandler } from "./transport.ts";

/** Proxies cut a connection that is silent for a minute. */
const PING_MS = 30_000;
/** How long a peer may take to read what is queued after the close, in milliseconds. */
const CLOSE_MS = 2_000;
/** While at least this many bytes wait to be sent, pings of the peer are not answered. */
const MAX_WAITING = 65_536;
/**
 * The maximum number of frames processed in one turn of the event loop: a chunk can contain a
 * hundred thousand.
 */
const FRAMES = 128;

/** The codes of the Close frame. */
const CODES: Readonly<Record<CloseReason, number>> = {
  "done": 1000,
  "going-away": 1001,
  "restarting": 1012,
  "policy": 1008,
};

/** All connections; one timer pings them regularly. */
const pinged = new Set<WebSocketConnection>();
let pinging: ReturnType<typeof setInterval> | undefined;

/**
 * The value of `Sec-WebSocket-Accept`.
 *
 * @param key The value of `Sec-WebSocket-Key` from the client.
 */
function acceptOf(key: string): string {
  const { createHash } = builtIn<typeof import("node:crypto")>("node:crypto");
  return createHash("sha1").update(key + ACCEPT_GUID).digest("base64");
}

/** Opens a WebSocket on a connection whose upgrade request was read. */
export const openWebSocket: WebSocketOpener = (connection, key, protocol) =>
  new WebSocketConnection(connection, key, protocol);

/** A connection whose bytes are sent in WebSocket messages. */
export class WebSocketConnection extends LayeredConnection implements ConnectionHandler {
  /** Always `true`: a WebSocket frames its data. */
  readonly framed = true;
  readonly #machine = new WebSocketMachine();
  /** Whether the peer has answered since the last ping. */
  #alive = true;
  #reason: CloseReason = "done";
  /** Whether the peer's end was reported, or the peer violated the protocol. */
  #over = false;
  /** How many bytes the owner has written since the last drain. */
  #written = 0;
  /** Received chunks that are not processed yet; while there are any, nothing more is read. */
  readonly #coming = new Fifo<Uint8Array>();
  /** Whether the owner, or the closing of the connection, wants more input. */
  #reads = true;
  /** Whether the rest is scheduled for the next turn. */
  #goesOn = false;
  /** Whether the connection beneath has ended; reported after the rest is processed. */
  #ended = false;
  /** The payload of the last ping, if its pong waits until the peer has read what was sent. */
  #unanswered: Uint8Array | undefined;
  /** The protocol violation for which this end closes the connection. */
  #violation: TelnetError | undefined;

  /**
   * Answers the upgrade request. Afterwards this connection takes the events of the one beneath.
   *
   * @param beneath The connection; the caller must then attach this one to it as its owner.
   * @param key The key of the request.
   * @param protocol The accepted subprotocol.
   */
  constructor(beneath: Connection, key: string, protocol: string | undefined) {
    super(beneath);
    beneath.write(upgradeResponse(acceptOf(key), protocol));
    pinged.add(this);
    pinging ??= setInterval(pingAll, PING_MS);
    unref(pinging);
  }

  override get queued(): number {
    // Frame headers are not counted: the owner counts only its own bytes.
    return super.queued + Math.min(this.#written, this.beneath.queued);
  }

  /** The time for the Close frame begins when the peer has read what comes before it. */
  protected override get endWaits(): boolean {
    // After a violation the connection beneath is closing, and reports no more drains.
    return this.#violation === undefined && this.queued > 0;
  }

  override get held(): number {
    let held = this.beneath.held ?? 0;
    for (const chunk of this.#coming.items()) held += chunk.length;
    return held;
  }

  override get encrypted(): boolean {
    return this.beneath.encrypted;
  }

  /**
   * Sets the reason for which this end is about to close.
   *
   * @param reason The reason.
   */
  closesFor(reason: CloseReason): void {
    this.#reason = reason;
  }

  /** Sends a ping; a peer that has not answered the last one is gone. */
  ping(): void {
    if (!this.#alive) {
      return this.failed(new TelnetError("connection-lost", "Lost the connection: no pong came"));
    }
    // While reading is paused, no pong can arrive.
    this.#alive = !this.#reads;
    this.#machine.ping();
    this.#send();
  }

  // Events of the connection beneath.

  onData(chunk: Uint8Array): void {
    this.#alive = true;
    this.#coming.push(chunk);
    if (!this.#goesOn && this.#reads) this.#work();
  }

  onOverhead(count: number): void {
    this.overhead(count);
  }

  onEnd(): void {
    this.#ended = true;
    if (this.#coming.length === 0) this.#peerEnds();
  }

  onDrain(): void {
    const ping = this.#unanswered;
    this.#unanswered = undefined;
    if (ping !== undefined && !this.#over) {
      this.#machine.pong(ping);
      this.#send();
    }
    if (this.#written === 0) return; // it was the answer to the request, or a pong
    this.#written = 0;
    this.writable();
  }

  onClose(error?: Error): void {
    // After a violation the owner closes, once it has used what came before it.
    if (this.#violation === undefined) this.failed(error);
  }

  protected transmit(chunk: Uint8Array): number {
    this.#machine.send(chunk);
    this.#written += chunk.length;
    this.#send();
    return chunk.length;
  }

  /** Sends a Close frame. The peer answers with its own, and then ends the connection. */
  protected shutdown(): void {
    this.#machine.close(CODES[this.#reason]);
    this.#send();
    this.beneath.close();
  }

  protected destroy(inOrder: boolean): void {
    pinged.delete(this);
    if (pinged.size === 0) {
      clearInterval(pinging);
      pinging = undefined;
    }
    if (this.#violation !== undefined) return; // it closes after the Close frame
    if (!inOrder) return this.beneath.abort();
    this.#machine.close(CODES[this.#reason]);
    this.#send();
    this.#closeBeneath();
  }

  protected setReading(on: boolean): void {
    this.#reads = on;
    if (!on) this.#alive = true; // its pong may wait to be read
    if (!on) this.beneath.pause();
    else if (this.#coming.length === 0) this.beneath.resume();
    else this.#goOn();
  }

  /**
   * Processes some of the received frames. The rest waits for the next turn, and until the owner
   * reads.
   */
  #work(): void {
    const chunk = this.#coming.peek();
    if (chunk === undefined || this.layerDestroyed) return;
    const taken = this.#machine.receive(chunk, FRAMES);
    if (this.#machine.over) this.#coming.clear();
    else if (taken < chunk.length) this.#coming.replaceNext(chunk.subarray(taken));
    else this.#coming.take();
    this.#report(taken);
    if (this.#coming.length > 0) {
      this.beneath.pause();
      if (this.#reads) this.#goOn();
    } else if (this.#ended) this.#peerEnds();
    else if (this.#reads) this.beneath.resume();
  }

  /** Continues when the event loop has turned and every other socket has had its chance. */
  #goOn(): void {
    if (this.#goesOn) return;
    this.#goesOn = true;
    void turn().then(lookAtSockets).then(() => {
      this.#goesOn = false;
      if (this.#reads) this.#work();
    });
  }

  /** Reports the events of `count` processed bytes. */
  #report(count: number): void {
    let data = 0;
    let ping: Uint8Array | undefined;
    for (const event of this.#machine.takeEvents()) {
      if (event.type === "data") {
        data += event.bytes.length;
        if (event.bytes.length > 0) this.received(event.bytes);
      } else if (event.type === "ping") ping = event.payload;
      else if (event.type === "close") this.#peerEnds();
      else if (event.type === "violation") this.#violated(event.code, event.reason);
    }
    if (this.beneath.queued < MAX_WAITING || this.#over) this.#send();
    else if (ping !== undefined) {
      // When the peer reads again, only its last ping is answered (RFC 6455, 5.5.3).
      this.#machine.takeOutput();
      this.#unanswered = ping.slice();
    }
    if (count > data) this.overhead(count - data);
  }

  /**
   * The peer sends no more. A Close frame counts as a half-close: data before it is used, and our
   * Close frame follows when we close.
   */
  #peerEnds(): void {
    if (this.#over) return;
    this.#over = true;
    this.peerEnded();
  }

  /** Closes because of a violation; pongs for earlier pings are sent first. */
  #violated(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const words = `Lost the connection: it is no valid WebSocket, as ${reason}`;
    this.#violation = new TelnetError("connection-lost", words);
    this.#machine.close(code, reason);
    this.#send();
    this.#closeBeneath();
    this.peerEnded(this.#violation);
  }

  /**
   * Closes the connection beneath. Queued bytes are still sent, but only for a limited time: a peer
   * that reads nothing would keep the connection for ever.
   */
  #closeBeneath(): void {
    this.beneath.close();
    if (this.beneath.destroyed) return;
    const timer = setTimeout(() => this.beneath.abort(), CLOSE_MS);
    void this.beneath.closed.then(() => clearTimeout(timer));
  }

  #send(): void {
    if (this.#machine.outputLength > 0) this.beneath.write(this.#machine.takeOutput());
  }
}

function pingAll(): void {
  for (const connection of [...pinged]) connection.ping();
}

/** Lets the process end while the timer is set. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
}
