import type { KeepAlive } from "../guard/idle_monitor.ts";
import type { Origin } from "../guard/origin.ts";
import { FOREIGN_PROTOCOLS, foreignAnswer, ProtocolSniffer } from "../guard/protocol_sniffer.ts";
import type { DisconnectReason } from "../guard/violations.ts";
import { MCCP3 } from "../options/mccp.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { Key } from "../text/keys.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { Connection } from "../transport/transport.ts";
import type { Activity } from "./activity.ts";
import { Boundaries } from "./boundaries.ts";
import type { ByteStream } from "./byte_stream.ts";
import {
  checkClientSnapshot,
  type ClientSnapshot,
  type SessionSnapshot,
} from "./client_snapshot.ts";
import type { ByteStreamEvents, InflateLimitExceeded } from "./compression_layer.ts";
import { type EffectsMaker, SessionCore } from "./core.ts";
import type { Timed } from "./deadlines.ts";
import type { Dialogue } from "./dialogue.ts";
import type { InputGate } from "./input_gate.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { OptionHost } from "./option_host.ts";
import { Reader } from "./reader.ts";
import type { RecordingSink } from "./recorder.ts";
import type { SessionHost } from "./session_host.ts";
import { Timekeeper } from "./timekeeper.ts";

const NO_BYTES = new Uint8Array(0);
const effectsMaker: EffectsMaker = { make: (core) => new Boundaries(core) };

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
  readonly #host: SessionHost<Session>;
  readonly #core: SessionCore<Session>;
  readonly #reader: Reader;
  readonly #time: Timekeeper;
  /** Looks at the first line; `undefined` before the first byte. */
  #sniffer: ProtocolSniffer | "passed" | undefined;
  /** The final reply to a client of another protocol. */
  #answer: Uint8Array | undefined;
  /** Whether the next poll has to report that START-TLS is done. */
  #secured = false;
  /** How far the client's compressed bytes went over a limit, for the next poll to report. */
  #inflateExcess: InflateLimitExceeded | undefined;

  constructor(connection: Connection, host: SessionHost<Session>, origin: Origin) {
    this.#host = host;
    this.#core = new SessionCore(connection, host, origin, this, effectsMaker);
    this.#reader = new Reader(this.#core);
    this.#time = new Timekeeper(this.#core, this.#reader);
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
    if (this.#sniffer === "passed" || !this.#isForeign(chunk)) this.stream.receive(chunk);
  }

  onEnd(): void {
    this.stream.end();
  }

  onDrain(): void {}

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
    const { declared, readyTimeout } = this.#core.settings;
    if (declared.size > 0) this.options.offer(this.now() + readyTimeout);
    this.#time.schedule();
  }

  /** Goes on where a session of the same client stood before a restart of the game. */
  restore(given: ClientSnapshot): void {
    const snapshot = checkClientSnapshot(given);
    this.dialogue.restore(snapshot);
    this.activity.restore(snapshot, this.now());
    this.#sniffer = "passed";
    this.#core.heard = true;
    if (snapshot.received.length > 0) this.gate.push(Uint8Array.from(snapshot.received), false);
    if (snapshot.ended) this.onPlainEnd();
    this.#host.wake(this, "input");
    this.#core.changed();
    this.#time.schedule();
  }

  /** Processes what came, as far as the limits allow. */
  process(): void {
    const excess = this.#inflateExcess;
    this.#inflateExcess = undefined;
    if (excess !== undefined) this.#core.emit("violation", excess);
    if (this.#secured) this.#core.emit("secure", undefined);
    this.#secured = false;
    if (this.active) this.#reader.read();
    if (this.active) this.#checkEnd();
    if (!this.active) this.#startClosing();
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

  /** Sends text. */
  send(text: string): void {
    if (!this.active) return;
    this.dialogue.send(text);
    this.#host.wake(this, "output");
  }

  /** Takes a line. */
  takeLine(): string | undefined {
    const { dialogue: { input }, gate, taps } = this.#core;
    const line = input.queue.take();
    if (line === undefined) return undefined;
    this.#core.heard = true;
    // Recorded now, not when it came: the game may have asked for a password meanwhile.
    if (taps !== undefined && !line.secret && !input.hidden) taps.line(line.text, !input.byKeys);
    if (gate.unreadBy !== Infinity) gate.lineTaken(this.now());
    const { length } = input.queue;
    this.#host.taken(this, length > 0);
    if (length <= this.#core.settings.limits.commands / 2 || gate.overMemory) this.#readOn();
    return line.text;
  }

  /** Takes a key. */
  takeKey(): Key | undefined {
    const { input } = this.dialogue;
    const key = input.takeKey();
    if (key === undefined) return undefined;
    this.#core.heard = true;
    this.#host.taken(this, input.keyCount > 0);
    this.#readOn();
    return key;
  }

  /** The lines as they come, until the client goes. */
  async *readLines(): AsyncGenerator<string, void, void> {
    const take = () => this.active ? this.takeLine() : undefined;
    try {
      yield* this.dialogue.input.queue.read(take, () => !this.active || this.#atEnd());
    } finally {
      if (this.life.state === "ending") this.#host.wake(this, "input");
    }
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
  mark(label: string): void {
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
    this.dialogue.settle();
    if (this.stream.compressed) {
      throwMisuse(
        "Cannot take a snapshot of a compressed connection: call prepareReload(), or disableOption() " +
          "for MCCP2 and MCCP3, and wait until `compressed` is false",
      );
    }
    const dialogue = this.dialogue.snapshot();
    const received = [...this.gate.buffer.copy()];
    const activity = this.activity.snapshot(this.now());
    return { version: 2, ...dialogue, ...activity, received, ended: this.life.state === "ending" };
  }

  /** Has the server know what waits for the game, and when to ask again. */
  #note(schedules: boolean = true): void {
    const { input } = this.dialogue;
    if (schedules) this.#time.schedule();
    if (input.hasInput) {
      this.#host.wake(this, "typed");
      input.queue.wake();
    }
    if (this.#core.declared.size > 0) this.options.checkReady();
  }

  /** More may be read now that the game has taken something. */
  #readOn(): void {
    const waits = this.#core.unread || this.dialogue.input.hasUnread;
    if (waits || this.life.state === "ending") this.#host.wake(this, "input");
  }

  /** Whether the connection begins as another protocol does; then it is answered in that. */
  #isForeign(chunk: Uint8Array): boolean {
    if (this.#sniffer === "passed") return false;
    const sniffer = this.#sniffer ?? new ProtocolSniffer();
    const protocol = sniffer.push(chunk);
    this.#sniffer = protocol === undefined ? sniffer : "passed";
    if (protocol === undefined || protocol === "telnet") return false;
    const { wrongProtocol } = this.#core.settings.messages;
    this.#answer = wrongProtocol === "" ? NO_BYTES : foreignAnswer(protocol, wrongProtocol);
    this.leave("wrong-protocol", new Error(FOREIGN_PROTOCOLS[protocol]));
    return true;
  }

  /** Whether the person has closed and every line and key is used. */
  #atEnd(): boolean {
    const { input } = this.dialogue;
    const used = !this.#core.unread && !input.hasInput && !input.hasUnread;
    return this.life.state === "ending" && used;
  }

  /** After a half-close the client stays until its last lines are used and answered. */
  #checkEnd(): void {
    const { queue } = this.dialogue.input;
    if (!this.#atEnd() || queue.busy) return;
    if (queue.awaited) queue.wake();
    else this.leave("client-closed");
  }

  #startClosing(): void {
    if (this.life.state !== "leaving") return;
    this.dialogue.input.close();
    if (this.#answer === undefined) this.#core.flush();
    else this.#sendAnswer(this.#answer);
    if (!this.life.on("close")) return;
    this.gate.buffer.takeAll();
    this.#core.deadlines.set("close", this.now() + this.#core.settings.limits.closeTimeout);
    this.#time.schedule();
    this.stream.close();
  }

  /** The final reply in another protocol, in place of what was meant for a person. */
  #sendAnswer(answer: Uint8Array): void {
    this.dialogue.machine.takeOutput();
    this.stream.write(answer);
  }
}
