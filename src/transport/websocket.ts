/**
 * A WebSocket (RFC 6455) as a connection over another connection, for the server's end. The whole Telnet
 * stream travels in messages of bytes: each write is one, so no Telnet command is cut in two.
 */
import { TelnetError } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import { ACCEPT_GUID, upgradeResponse } from "../websocket/upgrade.ts";
import { WebSocketMachine } from "../websocket/machine.ts";
import { LayeredConnection } from "./layered_connection.ts";
import { builtIn } from "./_built_in.ts";
import { lookAtSockets } from "./event_loop.ts";
import type { WebSocketOpener } from "./framing.ts";
import type { CloseReason, Connection, ConnectionHandler } from "./transport.ts";

/** Proxies cut a connection that is silent for a minute. */
const PING_MS = 30_000;
/** So long a peer has to read what is queued when all is over, in milliseconds. */
const CLOSE_MS = 2_000;
/** While so much waits, pings of the peer are not answered. */
const MAX_WAITING = 65_536;
/** So many frames are worked off in one turn of the event loop: a chunk can hold a hundred thousand. */
const FRAMES = 128;

/** The codes of the Close frame. */
const CODES: Readonly<Record<CloseReason, number>> = {
  "done": 1000,
  "going-away": 1001,
  "restarting": 1012,
  "policy": 1008,
};

/** Connections that are pinged now and then, by one timer for all. */
const pinged = new Set<WebSocketConnection>();
let pinging: ReturnType<typeof setInterval> | undefined;

/**
 * The value of `Sec-WebSocket-Accept`.
 *
 * @param key What the client sent as `Sec-WebSocket-Key`.
 */
function acceptOf(key: string): string {
  const { createHash } = builtIn<typeof import("node:crypto")>("node:crypto");
  return createHash("sha1").update(key + ACCEPT_GUID).digest("base64");
}

/** Speaks WebSocket on a connection whose upgrade request was read. */
export const openWebSocket: WebSocketOpener = (connection, key, protocol) =>
  new WebSocketConnection(connection, key, protocol);

/** The connection of what travels in messages. */
export class WebSocketConnection extends LayeredConnection implements ConnectionHandler {
  /** Always: a WebSocket frames what is sent. */
  readonly framed = true;
  readonly #machine = new WebSocketMachine();
  /** Whether the peer has answered since the last ping. */
  #alive = true;
  #reason: CloseReason = "done";
  /** Whether the peer's end was announced, or it broke a rule. */
  #over = false;
  /** How many bytes the owner has written since the last drain. */
  #written = 0;
  /** What came and was not worked off; while there is any, nothing more is read. */
  readonly #coming = new Fifo<Uint8Array>();
  /** Whether the owner, or the order of closing, wants more. */
  #reads = true;
  /** Whether the rest is worked off in the next turn. */
  #goesOn = false;
  /** The end of the connection beneath came before the rest was worked off. */
  #ended = false;
  /** Why this end breaks off. */
  #violation: TelnetError | undefined;

  /**
   * Answers the upgrade request; what the connection beneath reports then belongs to this one.
   *
   * @param beneath The connection. It gets another owner when the caller attaches it to this one.
   * @param key The key of the request.
   * @param protocol The subprotocol that is agreed to.
   */
  constructor(beneath: Connection, key: string, protocol: string | undefined) {
    super(beneath);
    beneath.write(upgradeResponse(acceptOf(key), protocol));
    pinged.add(this);
    pinging ??= setInterval(pingAll, PING_MS);
    unref(pinging);
  }

  override get queued(): number {
    // Without the headers of frames, as the owner counts.
    return super.queued + Math.min(this.#written, this.beneath.queued);
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
   * Says why this end is about to close.
   *
   * @param reason Why.
   */
  closesFor(reason: CloseReason): void {
    this.#reason = reason;
  }

  /** Sends a ping; a peer that has not answered the last one is gone. */
  ping(): void {
    if (!this.#alive) {
      return this.failed(new TelnetError("connection-lost", "Lost the connection: no pong came"));
    }
    this.#alive = false;
    this.#machine.ping();
    this.#send();
  }

  // What the connection beneath reports.

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
    if (this.#written === 0) return; // it was the answer to the request, or a pong
    this.#written = 0;
    this.writable();
  }

  onClose(error?: Error): void {
    this.failed(this.#violation ?? error);
  }

  protected transmit(chunk: Uint8Array): number {
    this.#machine.send(chunk);
    this.#written += chunk.length;
    this.#send();
    return chunk.length;
  }

  /** The peer answers with a Close frame of its own, and then with the end of the connection. */
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
    if (this.#violation !== undefined) return; // it closes by itself, when the peer was told
    if (!inOrder) return this.beneath.abort();
    this.#machine.close(CODES[this.#reason]);
    this.#send();
    this.#closeBeneath();
  }

  protected setReading(on: boolean): void {
    this.#reads = on;
    if (!on) this.beneath.pause();
    else if (this.#coming.length === 0) this.beneath.resume();
    else this.#goOn();
  }

  /** Works off some frames of what came. The rest waits for the next turn, and for the owner. */
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

  /** Works on in the next turn of the event loop. */
  #goOn(): void {
    if (this.#goesOn) return;
    this.#goesOn = true;
    void lookAtSockets().then(() => {
      this.#goesOn = false;
      if (this.#reads) this.#work();
    });
  }

  /** Reports what came of so many bytes. */
  #report(count: number): void {
    let data = 0;
    for (const event of this.#machine.takeEvents()) {
      if (event.type === "data") {
        data += event.bytes.length;
        if (event.bytes.length > 0) this.received(event.bytes);
      } else if (event.type === "close") this.#peerEnds();
      else if (event.type === "violation") this.#violated(event.code, event.reason);
    }
    // A peer that floods pings and reads nothing gets no answers.
    if (this.beneath.queued < MAX_WAITING || this.#over) this.#send();
    else this.#machine.takeOutput();
    if (count > data) this.overhead(count - data);
  }

  /**
   * The peer sends no more. A Close frame is a half-close: what came before it is used, and the answer comes
   * when we close.
   */
  #peerEnds(): void {
    if (this.#over) return;
    this.#over = true;
    this.peerEnded();
  }

  /** What was asked before is answered first. */
  #violated(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const words = `Lost the connection: it is no valid WebSocket, as ${reason}`;
    this.#violation = new TelnetError("connection-lost", words);
    this.#machine.close(code, reason);
    this.#send();
    this.#closeBeneath();
  }

  /** What is queued still goes out, in some time: a peer that reads nothing would be held for ever. */
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

/** A timer that waits for people does not keep a process alive. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
}
