import type { KeepAlive } from "../guard/idle_monitor.ts";
import type { Origin } from "../guard/origin.ts";
import type { DisconnectReason } from "../guard/violations.ts";
import { MCCP3 } from "../options/mccp.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { Connection } from "../transport/transport.ts";
import type { Activity } from "./activity.ts";
import { ConnectionEffects } from "./connection_effects.ts";
import { Continuity } from "./continuity.ts";
import type { ByteStream } from "./byte_stream.ts";
import type { ClientSnapshot } from "./client_snapshot.ts";
import type { ByteStreamEvents, InflateLimitExceeded } from "./compression_layer.ts";
import { type EffectsMaker, SessionCore } from "./core.ts";
import type { Timed } from "./deadlines.ts";
import { Delivery, hasLine, serveWaiters } from "./delivery.ts";
import type { Dialogue } from "./dialogue.ts";
import { checkEnd, startClosing } from "./ending.ts";
import { ForeignProtocol } from "./foreign_protocol.ts";
import type { InputGate } from "./input_gate.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { OptionHost } from "./option_host.ts";
import { Reader } from "./reader.ts";
import type { RecordingSink } from "./recorder.ts";
import type { SharedText } from "./shared_text.ts";
import type { SessionHost } from "./session_host.ts";
import { restoreSnapshot } from "./session_snapshot.ts";
import { Timekeeper } from "./timekeeper.ts";

const effectsMaker: EffectsMaker = { make: (core) => new ConnectionEffects(core) };

/**
 * One connection. Input and output each take one path:
 *
 * - **in**: `onData` → byte stream (inflates) → input gate (limits) → `process`: {@linkcode Reader}
 *   feeds pieces to the machine of the {@linkcode Dialogue}, and its events to the options or the
 *   input mode → lines and keys, which the game takes
 * - **out**: `dialogue.send` and similar calls → `flush` → byte stream
 *
 * The transport's callbacks only note events; `process`, `flush` and `tick` do the work in a poll.
 */
export class Session implements SecureHandler, ByteStreamEvents, Timed {
  bytesSent = 0;
  bytesReceived = 0;
  /** Whether the session is in the scheduler's lists: pending input, output, lines or keys. */
  listedInput = false;
  listedOutput = false;
  listedTyped = false;
  /** Whether `onDisconnect` was called, or the client was refused before `onConnect`. */
  finished = false;
  readonly #host: SessionHost<Session>;
  readonly #core: SessionCore<Session>;
  readonly #reader: Reader;
  readonly #time: Timekeeper;
  #delivery: Delivery | undefined;
  /** Checks the first bytes for another protocol; `undefined` before the first byte. */
  #first: ForeignProtocol | "passed" | undefined;
  /** Whether the next poll must report that START-TLS is complete. */
  #secured = false;
  #continuity: Continuity | undefined;
  /** A decompression limit that the client exceeded, to be reported by the next poll. */
  #inflateExcess: InflateLimitExceeded | undefined;

  constructor(connection: Connection, host: SessionHost<Session>, origin: Origin) {
    this.#host = host;
    this.#core = new SessionCore(connection, host, origin, this, effectsMaker);
    this.#reader = new Reader(this.#core);
    this.#time = new Timekeeper(this.#core, this.#reader);
    if (connection.durable?.resumed !== undefined) this.#first = "passed";
  }

  // Parts of the session.

  get dialogue(): Dialogue {
    return this.#core.dialogue;
  }

  get options(): OptionHost {
    return this.#core.options;
  }

  get stream(): ByteStream {
    return this.#core.stream;
  }

  get gate(): InputGate {
    return this.#core.gate;
  }

  get life(): Lifecycle {
    return this.#core.life;
  }

  get activity(): Activity {
    return this.#core.activity;
  }

  get origin(): Origin {
    return this.#core.origin;
  }

  /** What of the client outlives the process. Made on first use. */
  get continuity(): Continuity {
    return this.#continuity ??= new Continuity(this.#core, this.#reader);
  }

  // Callbacks of the transport and the byte stream; they only note events.

  onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.#host.counters.bytesReceived += chunk.length;
    if (this.#first === "passed" || !this.#isForeign(chunk)) this.stream.receive(chunk);
  }

  onEnd(error?: Error): void {
    this.#core.endError = error;
    this.stream.end();
  }

  /** Lets a durable connection be committed again. */
  onDrain(): void {
    if (this.stream.connection.durable !== undefined) this.#core.changed();
  }

  /** Restarts Telnet after the handshake of START-TLS: from now on everything is encrypted. */
  onSecure(): void {
    this.#core.deadlines.clear("secure");
    this.#core.origin = { ...this.origin, encrypted: true };
    this.#secured = true;
    this.#host.wake(this, "input");
    if (this.active) this.start();
  }

  onClose(error?: Error): void {
    const lost = error !== undefined && this.life.state !== "ending";
    this.leave(lost ? "connection-lost" : "client-closed", error);
    this.life.on("gone");
    this.stream.destroy();
    // A non-Telnet client needs nothing more than its final reply, which is already sent.
    if (this.life.reason === "wrong-protocol") this.stream.connection.abort();
    this.options.endWait();
    this.#host.wake(this, "input");
  }

  onPlain(bytes: Uint8Array, inflated: boolean): void {
    this.gate.push(bytes, inflated);
    this.#arrived();
  }

  /** Counts bytes that belong to TLS itself. */
  onOverhead(count: number): void {
    this.onUnseen(count);
  }

  onUnseen(count: number): void {
    this.gate.unseen(count, this.now());
    this.#arrived();
  }

  #arrived(): void {
    if (!this.gate.reading) this.stream.reading = false;
    this.#host.wake(this, "input");
  }

  onPlainEnd(): void {
    if (!this.life.on("peer ends")) return;
    this.#core.asResumed = false;
    this.#core.deadlines.set("end", this.now() + this.#core.settings.limits.closeTimeout);
    this.#time.schedule();
    this.#host.wake(this, "input");
  }

  onSent(count: number): void {
    this.bytesSent += count;
    this.#host.counters.bytesSent += count;
  }

  onCorrupt(error: Error, excess?: InflateLimitExceeded): void {
    this.#inflateExcess = excess;
    this.options.disableLocal(MCCP3);
    this.leave("corrupt-data", error);
  }

  // Called by the server within a poll.

  /** Offers the options that the game declares. */
  start(): void {
    this.#core.begun = true;
    this.#core.changed();
    const { declared, readyTimeout } = this.#core.settings;
    if (declared.size > 0) this.options.offer(this.now() + readyTimeout);
    this.#time.schedule();
  }

  /** Restores the state of the same client from before a restart of the game. */
  restore(given: ClientSnapshot): void {
    this.#core.begun = true;
    this.#first = "passed";
    if (restoreSnapshot(this.#core, given).ended) this.onPlainEnd();
    this.#host.wake(this, "input");
    this.#core.changed();
    this.#time.schedule();
  }

  /** Restores the state that the previous owner of a durable connection committed, if any. */
  resume(): boolean {
    const resumed = this.stream.connection.durable?.resumed;
    if (resumed === undefined) return false;
    this.restore(this.continuity.committed(resumed));
    this.continuity.resumed(resumed);
    return true;
  }

  /** Tells a durable connection that its owner has something to commit. */
  beginTurn(): void {
    const { durable } = this.stream.connection;
    if (durable !== undefined) durable.inTurn = true;
  }

  /** Ends a turn of a durable connection: commits its output together with its state. */
  commit(): void {
    this.continuity.commit(this.bytesSent, this.finished);
  }

  /** Processes pending input, as far as the limits allow. */
  process(): void {
    if (this.#core.waiters !== undefined) this.delivery.beginPoll();
    const excess = this.#inflateExcess;
    this.#inflateExcess = undefined;
    if (excess !== undefined) this.#core.emit("violation", excess);
    if (this.#secured) this.#core.emit("secure", undefined);
    this.#secured = false;
    if (this.active) this.#reader.read();
    if (this.active) checkEnd(this.#core);
    if (!this.active) {
      startClosing(this.#core, typeof this.#first === "object" ? this.#first.answer : undefined);
    }
    this.#note();
  }

  /** Hands queued output to the transport. */
  flush(): void {
    this.#core.flush();
    // A request to the machine may have caused events at once.
    if (this.dialogue.machine.eventCount > 0) {
      this.#reader.takeEvents();
      this.#noteLater();
    }
    if (this.#core.timesChanged) this.#time.schedule();
  }

  tick(now: number): number | undefined {
    const next = this.#time.tick(now);
    this.#note(false);
    return next;
  }

  // Called for the game.

  /** Whether the client is still served. */
  get active(): boolean {
    return this.#core.active;
  }

  /** Drops the client; the first reason counts. */
  leave(reason: DisconnectReason, error?: unknown): void {
    this.#core.leave(reason, error);
  }

  now(): number {
    return this.#host.now();
  }

  /** Output bytes that the system has not accepted yet. */
  get queued(): number {
    return this.dialogue.machine.outputLength + this.stream.queued;
  }

  /** Estimated bytes that are held for the client, without output. */
  get held(): number {
    return this.#core.held + this.gate.buffer.held;
  }

  /** Input bytes that are not processed yet. */
  get queuedInput(): number {
    return this.gate.buffer.length;
  }

  /** Calls `what` with the dialogue, unless the client is dropped. */
  act(what: (dialogue: Dialogue) => void): void {
    if (!this.active) return;
    what(this.dialogue);
    this.#core.changed();
    if (!this.dialogue.input.hasUnread) return;
    this.#reader.readQuietly();
    this.#noteLater();
  }

  /** Sends text. */
  send(text: string): void {
    if (!this.active) return;
    this.dialogue.send(text);
    this.#host.wake(this, "output");
  }

  /** Sends lines that do not answer the person's own input. */
  notice(text: string | SharedText): void {
    if (!this.active) return;
    this.dialogue.notice(text);
    this.#host.wake(this, "output");
  }

  /** Sends the last lines before the client is dropped. */
  farewell(text: string): void {
    if (!this.active) return;
    this.dialogue.farewell(text);
    this.#host.wake(this, "output");
  }

  /** Sets password mode; a hidden question that is open then no longer ends it. */
  setPassword(password: boolean): void {
    if (this.#core.waiters !== undefined) this.#core.waiters.hides = false;
    this.act((dialogue) => dialogue.setEcho({ password }));
  }

  /** Whether a line or a key is available to the game. */
  get hasInput(): boolean {
    return this.active && (hasLine(this.#core) || this.dialogue.input.keyCount > 0);
  }

  /** Delivers lines and keys to the game. Made on first use. */
  get delivery(): Delivery {
    return this.#delivery ??= new Delivery(this.#core, this.#time);
  }

  /** Sets the Telnet keep-alive. */
  keepAlive(keepAlive: KeepAlive): void {
    this.activity.keepAlive = keepAlive;
    this.#core.changed();
    this.#time.schedule();
  }

  /** Starts a recording of the client; without a sink it ends the recording. */
  record(sink: RecordingSink | undefined, title: string | undefined): void {
    this.#core.record(sink, title);
  }

  /** Adds a marker to the recording. */
  addRecordingMarker(label: string): void {
    this.#core.taps?.mark(label);
  }

  /** Turns every option off, for a game that restarts on the same connection. */
  reset(): void {
    if (!this.active) return;
    this.dialogue.reset();
    this.flush();
    this.stream.stopCompressing();
  }

  /** Serves waiting calls, and reports available input and the next deadline to the server. */
  #note(schedules: boolean = true): void {
    const { input } = this.dialogue;
    if (schedules) this.#time.schedule();
    if (input.hasInput) {
      if (this.#core.waiters?.awaited) serveWaiters(this.#core);
      if (this.hasInput) this.#host.wake(this, "typed");
    }
    if (this.#core.declared.size > 0) this.options.checkReady();
  }

  /** The same outside of `process`: the next poll must not wait if there is input for the game. */
  #noteLater(): void {
    this.#note(false);
    if (this.hasInput) this.#host.wake(this, "input");
  }

  /** Whether the first bytes belong to a protocol other than Telnet. */
  #isForeign(chunk: Uint8Array): boolean {
    const first = this.#first ?? new ForeignProtocol();
    if (first === "passed") return false;
    const found = first.push(chunk, this.#core);
    this.#first = found === "passed" ? found : first;
    return found === "foreign";
  }
}
