import type { Origin } from "../guard/origin.ts";
import type { DisconnectReason } from "../guard/violations.ts";
import type { Json } from "../options/json.ts";
import type { OptionEffects } from "../options/option.ts";
import type { OptionSet } from "../options/option_set.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { Connection, ResumeReason } from "../transport/transport.ts";
import { Activity } from "./activity.ts";
import { ByteStream } from "./byte_stream.ts";
import type { ByteStreamEvents } from "./compression_layer.ts";
import { Deadlines } from "./deadlines.ts";
import { Dialogue, type DialogueContext } from "./dialogue.ts";
import { InputGate } from "./input_gate.ts";
import { LineWaiters } from "./line_waiters.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { OptionHost } from "./option_host.ts";
import type { SessionEvents, SessionHost, SessionSettings, Wake } from "./session_host.ts";
import type { RecordingSink } from "./recorder.ts";
import { Taps } from "./taps.ts";

/** Events that are not input of the person; they do not set `heard`. */
const ABOUT_THE_CLIENT: ReadonlySet<keyof SessionEvents> = new Set([
  "resize",
  "secure",
  "trace",
  "violation",
]);

/** Makes the effects that options have on a connection. */
export interface EffectsMaker {
  make(core: SessionCore): OptionEffects;
}

/**
 * The parts of one connection, and the operations that they share: send, report to the game, drop
 * the client.
 *
 * @typeParam Owner The session that it belongs to.
 */
export class SessionCore<Owner = unknown> implements DialogueContext {
  readonly host: SessionHost<Owner>;
  readonly settings: SessionSettings;
  readonly life: Lifecycle = new Lifecycle();
  /** Whether the client is still served. */
  active = true;
  /** Why the connection broke, if its input is still used. */
  endError: Error | undefined;
  /** Whether the session was started or restored. */
  begun = false;
  /** Whether the game has received any input of the person. */
  heard = false;
  /** The game's own data about the client, kept over a restart. */
  state: Json | undefined;
  /** How many lines of the client the game has taken, including those before a restart. */
  lineNumber = 0;
  /** Why the client existed before its `onConnect`; `undefined` for a new client. */
  returning: ResumeReason | undefined;
  /** How many lines and keys the game has taken, and how many events and calls it got. */
  delivered = 0;
  /** Whether nothing has happened since the client was resumed: its state is as committed. */
  asResumed = false;
  /** Whether a deadline may have changed since the last `schedule()`. */
  timesChanged = false;
  #deadlines: Deadlines | undefined;
  readonly stream: ByteStream;
  readonly gate: InputGate;
  readonly activity: Activity;
  readonly dialogue: Dialogue;
  readonly #effectsMaker: EffectsMaker;
  #effects: OptionEffects | undefined;
  /** The handler of a connection that START-TLS has encrypted. */
  readonly secureHandler: SecureHandler;
  /** The client's address, which a proxy may have reported. */
  origin: Origin;
  /** The size in bytes of the piece whose events are being handled. */
  inHand = 0;
  /** Whether the current piece came out of a compressed stream. */
  inflated = false;
  readonly #owner: Owner;
  /** The game's calls that wait for lines; `undefined` before the first. */
  waiters: LineWaiters | undefined;
  /** Made for the first trace or recording. */
  #taps: Taps | undefined;

  constructor(
    connection: Connection,
    host: SessionHost<Owner>,
    origin: Origin,
    owner: Owner & ByteStreamEvents & SecureHandler,
    effectsMaker: EffectsMaker,
  ) {
    const { settings } = host;
    this.host = host;
    this.settings = settings;
    this.origin = origin;
    this.#owner = owner;
    this.secureHandler = owner;
    this.stream = new ByteStream(connection, settings, owner);
    this.gate = new InputGate(host);
    this.activity = new Activity(settings, host.now());
    this.#effectsMaker = effectsMaker;
    this.dialogue = new Dialogue(this);
    if (host.listens("trace")) this.#trace();
  }

  /** Estimated bytes that are held for the client, without output and the gate's buffer. */
  get held(): number {
    return this.stream.held + this.dialogue.held;
  }

  /** Whether there is input that is not processed. */
  get unread(): boolean {
    return this.gate.buffer.length > 0;
  }

  /** The deadlines; `undefined` before the first was set. */
  get setDeadlines(): Deadlines | undefined {
    return this.#deadlines;
  }

  /** The deadlines, to change one; makes them if needed. */
  get deadlines(): Deadlines {
    this.timesChanged = true;
    return this.#deadlines ??= new Deadlines();
  }

  /** The waiting calls, to add one; makes them if needed. */
  makeWaiters(): LineWaiters {
    return this.waiters ??= new LineWaiters();
  }

  /** The effects that options have on the connection. Made on first use. */
  get effects(): OptionEffects {
    return this.#effects ??= this.#effectsMaker.make(this);
  }

  get queuedInput(): number {
    return this.gate.buffer.length + this.inHand;
  }

  get options(): OptionHost {
    return this.dialogue.options;
  }

  get known(): OptionSet {
    return this.settings.known;
  }

  get declared(): ReadonlyMap<number, unknown> {
    return this.settings.declared;
  }

  get encrypted(): boolean {
    return this.origin.encrypted;
  }

  get framed(): boolean {
    return this.stream.connection.framed === true;
  }

  get durable(): boolean {
    return this.stream.connection.durable !== undefined;
  }

  now(): number {
    return this.host.now();
  }

  utc(): string {
    return new Date(this.host.timeOfDay()).toISOString();
  }

  /** Tells the server that the session has work for the next poll. */
  wake(what: Wake): void {
    this.host.wake(this.#owner, what);
  }

  /** Tells the server that the game took a line or key; `more`: whether more are waiting. */
  taken(more: boolean): void {
    this.delivered++;
    this.asResumed = false;
    this.host.taken(this.#owner, more);
  }

  /** Continues to read, now that the game has taken a line or key. */
  readOn(): void {
    if (this.unread || this.dialogue.input.hasUnread || this.life.state === "ending") {
      this.wake("input");
    }
  }

  /** Whether the peer has half-closed, and all of its input is read and taken. */
  get atEnd(): boolean {
    const { input } = this.dialogue;
    const used = !this.unread && !input.hasInput && !input.hasUnread;
    return this.life.state === "ending" && used;
  }

  /** Drops the client; the first reason counts. */
  leave(reason: DisconnectReason, error?: unknown): void {
    if (!this.life.leave(reason, error)) return;
    this.active = false;
    this.waiters?.end();
    this.wake("input");
  }

  /** Reports an event to the game; for a dropped client only violations. */
  emit<Name extends keyof SessionEvents>(name: Name, value: SessionEvents[Name]): void {
    if (name === "resize") this.#resized();
    else if (name === "pong") this.activity.answered();
    this.heard ||= !ABOUT_THE_CLIENT.has(name);
    if (!this.active && name !== "violation") return;
    if (this.host.listens(name)) this.delivered++;
    this.host.emit(this.#owner, name, value);
  }

  /** Reports an event of an option, by its name. */
  emitOfOption(name: string, value: unknown): void {
    this.emit(name as keyof SessionEvents, value as never);
  }

  /** Calls other code of the game, unless the client is dropped. */
  run(call: () => unknown): void {
    if (!this.active) return;
    this.delivered++;
    this.host.run(this.#owner, call);
  }

  /** Calls code that may throw. */
  shield(call: () => unknown): void {
    this.host.shield(this.#owner, call);
  }

  /** Has the session's `tick` called at a time. */
  timed(time: number): void {
    this.host.timed(this.#owner, time);
  }

  /** Sends the server's own message as a line; `always`: on a new row in any case. */
  say(message: string, always: boolean = false): void {
    if (message === "" || !this.active) return;
    this.dialogue.notice(`${message}\n`, always);
    this.changed();
  }

  settle(): void {
    this.dialogue.settle();
  }

  changed(): void {
    this.asResumed = false;
    this.wake("output");
  }

  negotiated(): void {
    this.timesChanged = true;
    this.wake("output");
  }

  drew(bytes: number, work: number): void {
    this.gate.drew(bytes, work, this.now());
  }

  mayTakeKey(): boolean {
    return this.gate.mayTakeKey(this.now());
  }

  shows(text: string): void {
    this.#taps?.output(text);
  }

  /** The trace and the recording, if there are any. */
  get taps(): Taps | undefined {
    return this.#taps;
  }

  /** The same; makes them if needed. */
  makeTaps(): Taps {
    return this.#taps ??= new Taps(
      () => this.now(),
      (error) => this.host.report(this.#owner, error),
    );
  }

  /** Starts a recording of the client; without a sink it ends the recording. */
  record(sink: RecordingSink | undefined, title: string | undefined): void {
    const { columns, rows, terminalType: terminal } = this.options.facts;
    const timestamp = Math.floor(this.host.timeOfDay() / 1000);
    const start = { columns, rows, terminal, timestamp, title, now: this.now() };
    this.makeTaps().record(sink, start);
  }

  /** Hands queued output to the transport. */
  flush(): void {
    if (this.life.state === "closing" || this.life.state === "closed") return;
    const { outputBytes: output, closeTimeout } = this.settings.limits;
    if (this.dialogue.input.echoChanges) this.timesChanged = true;
    const bytes = this.dialogue.takeOutput();
    if (bytes.length === 0) return;
    if (this.stream.queued > output) return this.tooSlow();
    this.#taps?.sent(bytes);
    this.stream.write(bytes);
    // A single text may exceed the limit, but only for `closeTimeout`.
    if (this.stream.queued > output) this.deadlines.set("slow", this.now() + closeTimeout);
  }

  /** Drops a client that does not read what is sent to it. */
  tooSlow(): void {
    const { outputBytes: limit } = this.settings.limits;
    this.emit("violation", { kind: "too-slow", limit, value: this.stream.queued });
    this.leave("too-slow");
    this.stream.connection.abort();
  }

  #resized(): void {
    const { columns, rows } = this.options.facts;
    this.dialogue.input.resize(columns, rows);
    this.#taps?.resize(columns, rows);
  }

  #trace(): void {
    const { limits: { subnegotiation }, known } = this.settings;
    const nameOf = (code: number) => known.nameOf(code);
    this.makeTaps().trace(subnegotiation, nameOf, (direction, words) => {
      if (this.active) this.host.emit(this.#owner, "trace", { direction, words });
    });
  }
}
