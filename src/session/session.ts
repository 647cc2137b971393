import type { KeepAlive } from "../guard/idle_monitor.ts";
import type { Origin } from "../guard/origin.ts";
import type { DisconnectReason } from "../guard/violations.ts";
import { throwMisuse } from "../protocol/error.ts";
import { MCCP3 } from "../options/mccp.ts";
import type { Json } from "../options/json.ts";
import type { Key } from "../text/key.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { TelnetSnapshot } from "../protocol/machine.ts";
import type { Connection, ResumeReason } from "../transport/transport.ts";
import type { Activity } from "./activity.ts";
import { ConnectionEffects } from "./connection_effects.ts";
import type { ByteStream } from "./byte_stream.ts";
import type { ClientSnapshot, SessionSnapshot } from "./client_snapshot.ts";
import type { ByteStreamEvents, InflateLimitExceeded } from "./compression_layer.ts";
import { type EffectsMaker, SessionCore } from "./core.ts";
import type { Timed } from "./deadlines.ts";
import { Delivery, serveWaiters, takeKey, takeLine } from "./delivery.ts";
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
import { partsOf, restoreSnapshot, snapshotOf, takeSnapshot } from "./session_snapshot.ts";
import { Timekeeper } from "./timekeeper.ts";

/** So many bytes of a command that is not whole are small beside the rest of a state. */
const UNFINISHED_BYTES = 64;

const effectsMaker: EffectsMaker = { make: (core) => new ConnectionEffects(core) };

/**
 * One connection. What comes takes one way in, what is sent one way out:
 *
 * - **in**: `onData` → byte stream (inflates) → input gate (limits) → `process`: {@linkcode Reader},
 *   piece by piece through the machine of the {@linkcode Dialogue}, event by event to the options or
 *   the input mode → lines and keys, which the game takes
 * - **out**: `dialogue.send` and its like → `flush` → byte stream
 *
 * The transport's reports are only noted; `process`, `flush` and `tick` do the work within a poll.
 */
export class Session implements SecureHandler, ByteStreamEvents, Timed {
  bytesSent = 0;
  bytesReceived = 0;
  /** Whether the server has it in its lists of those to process, to flush, or with something typed. */
  listedInput = false;
  listedOutput = false;
  listedTyped = false;
  /** Whether the game has heard that the client is gone. */
  finished = false;
  readonly #host: SessionHost<Session>;
  readonly #core: SessionCore<Session>;
  readonly #reader: Reader;
  readonly #time: Timekeeper;
  #delivery: Delivery | undefined;
  /** Looks at the first line; `undefined` before the first byte. */
  #first: ForeignProtocol | "passed" | undefined;
  /** Whether it was started, or goes on where another stood. */
  #begun = false;
  /** Whether the next poll has to report that START-TLS is done. */
  #secured = false;
  /** The part of the state that was committed last, and is the largest. */
  #committed: TelnetSnapshot | undefined;
  #committedBytes = -1;
  /** Where the client goes at the end of the turn. */
  #movesTo: string | undefined;
  /** How far the client's compressed bytes went over a limit, for the next poll to report. */
  #inflateExcess: InflateLimitExceeded | undefined;

  constructor(connection: Connection, host: SessionHost<Session>, origin: Origin) {
    this.#host = host;
    this.#core = new SessionCore(connection, host, origin, this, effectsMaker);
    this.#reader = new Reader(this.#core);
    this.#time = new Timekeeper(this.#core, this.#reader);
    if (connection.durable?.resumed !== undefined) this.#first = "passed";
  }

  // Its parts.

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

  // What the transport and the byte stream report: it is only noted here.

  onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.#host.counters.bytesReceived += chunk.length;
    if (this.#first === "passed" || !this.#isForeign(chunk)) this.stream.receive(chunk);
  }

  onEnd(): void {
    this.stream.end();
  }

  /** A durable connection can be committed again. */
  onDrain(): void {
    if (this.stream.connection.durable !== undefined) this.#core.changed();
  }

  /** The handshake of START-TLS is done: Telnet begins anew, and nobody else can listen. */
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
    // To who speaks another protocol nothing is owed but the answer, which is on its way.
    if (this.life.reason === "wrong-protocol") this.stream.connection.abort();
    this.options.endWait();
    this.#host.wake(this, "input");
  }

  onPlain(bytes: Uint8Array, inflated: boolean): void {
    this.gate.push(bytes, inflated);
    if (!this.gate.reading) this.stream.reading = false;
    this.#host.wake(this, "input");
  }

  /** Bytes came that belong to TLS itself. */
  onOverhead(count: number): void {
    this.onUnseen(count);
  }

  onUnseen(count: number): void {
    this.gate.unseen(count, this.now());
    if (!this.gate.reading) this.stream.reading = false;
    this.#host.wake(this, "input");
  }

  onPlainEnd(): void {
    if (!this.life.on("peer ends")) return;
    const { closeTimeout } = this.#core.settings.limits;
    this.#core.deadlines.set("end", this.now() + closeTimeout);
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

  // What a poll does.

  /** Offers what the game declares. */
  start(): void {
    this.#begun = true;
    this.#core.changed();
    const { declared, readyTimeout } = this.#core.settings;
    if (declared.size > 0) this.options.offer(this.now() + readyTimeout);
    this.#time.schedule();
  }

  /** Goes on where a session of the same client stood before a restart of the game. */
  restore(given: ClientSnapshot): void {
    this.#begun = true;
    this.#first = "passed";
    if (restoreSnapshot(this.#core, given).ended) this.onPlainEnd();
    this.#host.wake(this, "input");
    this.#core.changed();
    this.#time.schedule();
  }

  /** Goes on where a durable connection stood when its owner before this one went; returns whether it did. */
  resume(): boolean {
    const resumed = this.stream.connection.durable?.resumed;
    if (resumed === undefined) return false;
    this.restore(snapshotOf(resumed.state));
    this.#core.returning = resumed.reason;
    return true;
  }

  /** Ends a turn of a durable connection: what was written goes out, and the state is kept with it. */
  commit(): void {
    const { durable } = this.stream.connection;
    if (durable === undefined) return;
    // Before it has begun there is nothing to keep, and what was kept must not be lost. That it is gone
    // is known once the game has heard of it.
    if (this.active ? !this.#begun : this.life.state === "closed" && !this.finished) return;
    if (!this.active) return durable.commit(undefined, 0);
    // A command that is not whole stays where it came from: a turn of nothing else keeps nothing.
    const idle = this.bytesSent === this.#committedBytes && this.#movesTo === undefined;
    if (idle && this.dialogue.machine.unfinishedLength > UNFINISHED_BYTES) return;
    this.#committedBytes = this.bytesSent;
    const snapshot = this.snapshot();
    const unread = this.queuedInput;
    // What is not read stays where it came from; the end stands behind it.
    const ended = snapshot.ended && unread === 0;
    if (this.#movesTo !== undefined) {
      durable.moveTo(this.#movesTo);
      this.leave("moved");
    }
    const { telnet, ...others } = partsOf(snapshot);
    const same = telnet === this.#committed; // the machine makes another object when it changes
    this.#committed = telnet as TelnetSnapshot;
    const state = { ...others, received: [], ended };
    durable.commit(same ? state : { ...state, telnet }, unread);
  }

  /** Has another place go on with a durable connection, from the end of the turn on. */
  moveTo(place: string): void {
    if (this.stream.connection.durable === undefined) {
      throwMisuse("Cannot move a client to another zone: its server does not run behind a gateway");
    }
    if (!this.active || place === this.stream.connection.durable.place) return;
    this.#movesTo = place;
    this.#core.changed();
  }

  /** Processes what came, as far as the limits allow. */
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

  /** Hands what waits to the transport. */
  flush(): void {
    this.#core.flush();
    // What was asked for may have come to something at once.
    if (this.dialogue.machine.eventCount > 0) this.#reader.takeEvents();
    if (this.#core.timesChanged) this.#time.schedule();
  }

  tick(now: number): number | undefined {
    const next = this.#time.tick(now);
    this.#note(false);
    return next;
  }

  // What the game asks for.

  /** Whether the client is still served. */
  get active(): boolean {
    return this.#core.active;
  }

  /** Starts the end; the first reason counts. */
  leave(reason: DisconnectReason, error?: unknown): void {
    this.#core.leave(reason, error);
  }

  now(): number {
    return this.#host.now();
  }

  /** Bytes that the system has not taken yet. */
  get queued(): number {
    return this.dialogue.machine.outputLength + this.stream.queued;
  }

  /** How many bytes are held of the client, output aside, about. */
  get held(): number {
    return this.#core.held + this.gate.buffer.held;
  }

  /** How many bytes wait to be processed. */
  get queuedInput(): number {
    return this.gate.buffer.length;
  }

  /** Does something to the dialogue, unless the client is dropped. */
  act(what: (dialogue: Dialogue) => void): void {
    if (!this.active) return;
    what(this.dialogue);
    this.#core.changed();
    if (!this.dialogue.input.hasUnread) return;
    this.#reader.readQuietly();
    this.#note(false);
  }

  /** Whether code of the game that goes on later was called since the last call of this. */
  takeHanded(): boolean {
    const { waiters } = this.#core;
    const handed = waiters?.handed === true;
    if (waiters !== undefined) waiters.handed = false;
    return handed;
  }

  /** What the game keeps of the client over a restart. */
  get state(): Json | undefined {
    return this.#core.state;
  }

  set state(state: Json | undefined) {
    this.#core.state = state;
    this.#core.changed();
  }

  get lineNumber(): number {
    return this.#core.lineNumber;
  }

  get returning(): ResumeReason | undefined {
    return this.#core.returning;
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

  /** Sets whether what is typed is a secret; a question for a password that is open does not undo it. */
  setPassword(password: boolean): void {
    if (this.#core.waiters !== undefined) this.#core.waiters.hides = false;
    this.act((dialogue) => dialogue.setEcho({ password }));
  }

  /** Whether the game finds a line or a key. */
  get hasInput(): boolean {
    return this.hasLine || this.dialogue.input.keyCount > 0;
  }

  /** Whether the game finds a line. */
  get hasLine(): boolean {
    return this.dialogue.input.queue.length > 0 && this.#core.waiters?.reserved !== true;
  }

  /** Takes a line, for a game that asks when it likes. */
  getLine(): string | undefined {
    return this.#core.waiters?.reserved ? undefined : takeLine(this.#core);
  }

  /** Takes a key. */
  getKey(): Key | undefined {
    return takeKey(this.#core);
  }

  /** Hands the game lines as they come. Made when it waits for one. */
  get delivery(): Delivery {
    return this.#delivery ??= new Delivery(this.#core, () => this.#time.schedule());
  }

  /** Sets what keeps the connection alive while it is silent. */
  keepAlive(keepAlive: KeepAlive): void {
    this.activity.keepAlive = keepAlive;
    this.#time.schedule();
  }

  /** Records what the person sees from now on; `undefined` ends it. */
  record(sink: RecordingSink | undefined, title: string | undefined): void {
    const { columns, rows, terminalType: terminal } = this.options.facts;
    const timestamp = Math.floor(this.#host.timeOfDay() / 1000);
    const start = { columns, rows, terminal, timestamp, title, now: this.now() };
    this.#core.makeTaps().record(sink, start);
  }

  /** Marks a place in the recording. */
  addRecordingMarker(label: string): void {
    this.#core.taps?.mark(label);
  }

  /** Turns every option off, for a game that starts anew behind the same connection. */
  reset(): void {
    if (!this.active) return;
    this.dialogue.reset();
    this.flush();
    this.stream.stopCompressing();
  }

  /** Where things stand, as plain JSON. */
  snapshot(): SessionSnapshot {
    this.#reader.takeEvents();
    return takeSnapshot(this.#core);
  }

  /** Has the server know what waits for the game, and when to ask again. */
  #note(schedules: boolean = true): void {
    const { input } = this.dialogue;
    if (schedules) this.#time.schedule();
    if (input.hasInput) {
      if (this.#core.waiters?.awaited) serveWaiters(this.#core);
      if (this.hasInput) this.#host.wake(this, "typed");
    }
    if (this.#core.declared.size > 0) this.options.checkReady();
  }

  /** Whether the connection begins as another protocol does. */
  #isForeign(chunk: Uint8Array): boolean {
    const first = this.#first ?? new ForeignProtocol();
    if (first === "passed") return false;
    const found = first.push(chunk, this.#core);
    this.#first = found === "passed" ? found : first;
    return found === "foreign";
  }
}
