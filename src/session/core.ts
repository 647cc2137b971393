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
import { Taps } from "./taps.ts";

/** What the game hears that no person has done. */
const ABOUT_THE_CLIENT: ReadonlySet<keyof SessionEvents> = new Set([
  "resize",
  "secure",
  "trace",
  "violation",
]);

/** Makes what options do to a connection. */
export interface EffectsMaker {
  make(core: SessionCore): OptionEffects;
}

/**
 * The parts of one connection, and what each of them may do to the others: send, report to the game,
 * drop the client.
 *
 * @typeParam Owner The session that it belongs to, as its host knows it.
 */
export class SessionCore<Owner = unknown> implements DialogueContext {
  readonly host: SessionHost<Owner>;
  readonly settings: SessionSettings;
  readonly life: Lifecycle = new Lifecycle();
  /** Whether the client is still served. */
  active = true;
  /** Whether the game has heard anything of what the person does. */
  heard = false;
  /** What the game keeps of the client over a restart. */
  state: Json | undefined;
  /** How many lines of the client the game has taken, in this process and before it. */
  lineNumber = 0;
  /** Why the client is not new to the game; `undefined` where it is. */
  returning: ResumeReason | undefined;
  /** Whether a deadline may have changed since they were last looked at. */
  timesChanged = false;
  #deadlines: Deadlines | undefined;
  readonly stream: ByteStream;
  readonly gate: InputGate;
  readonly activity: Activity;
  readonly dialogue: Dialogue;
  readonly #effectsMaker: EffectsMaker;
  #effects: OptionEffects | undefined;
  /** What the transport of an encrypted connection reports to. */
  readonly secureHandler: SecureHandler;
  /** Where it comes from, which a proxy may have told. */
  origin: Origin;
  /** How many bytes the event that is being handled consists of. */
  inHand = 0;
  /** Whether the bytes at work came out of a compressed stream. */
  inflated = false;
  readonly #owner: Owner;
  /** Which of the game's code waits for lines; `undefined` where none ever did. */
  waiters: LineWaiters | undefined;
  /** Made where something watches. */
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

  /** How many bytes are held of the client, but for those that wait at the gate, about. */
  get held(): number {
    return this.stream.held + this.dialogue.held;
  }

  /** Whether input waits to be read. */
  get unread(): boolean {
    return this.gate.buffer.length > 0;
  }

  /** The deadlines that are set; `undefined` where none ever was. */
  get setDeadlines(): Deadlines | undefined {
    return this.#deadlines;
  }

  /** The deadlines that are set, to set one. */
  get deadlines(): Deadlines {
    this.timesChanged = true;
    return this.#deadlines ??= new Deadlines();
  }

  /** The same, for one more. */
  makeWaiters(): LineWaiters {
    return this.waiters ??= new LineWaiters();
  }

  /** What options do to the connection. Made when one does. */
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

  /** There is something for the next poll. */
  wake(what: Wake): void {
    this.host.wake(this.#owner, what);
  }

  /** The game took a line or key; `more` wait. */
  taken(more: boolean): void {
    this.host.taken(this.#owner, more);
  }

  /** More may be read now that the game has taken something. */
  readOn(): void {
    if (this.unread || this.dialogue.input.hasUnread || this.life.state === "ending") {
      this.wake("input");
    }
  }

  /** Whether the person has closed and every line and key is used. */
  get atEnd(): boolean {
    const { input } = this.dialogue;
    const used = !this.unread && !input.hasInput && !input.hasUnread;
    return this.life.state === "ending" && used;
  }

  /** Starts the end; the first reason counts. */
  leave(reason: DisconnectReason, error?: unknown): void {
    if (!this.life.leave(reason, error)) return;
    this.active = false;
    this.waiters?.end();
    this.wake("input");
  }

  /** Reports to the game. Of a dropped client nothing more is reported, except violations as it closes. */
  emit<Name extends keyof SessionEvents>(name: Name, value: SessionEvents[Name]): void {
    if (name === "resize") this.#resized();
    else if (name === "pong") this.activity.answered();
    this.heard ||= !ABOUT_THE_CLIENT.has(name);
    if (this.active || name === "violation") this.host.emit(this.#owner, name, value);
  }

  /** An option reports; its own event, by its name. */
  emitOfOption(name: string, value: unknown): void {
    this.emit(name as keyof SessionEvents, value as never);
  }

  /** Calls other code of the game. */
  run(call: () => unknown): void {
    this.host.run(this.#owner, call);
  }

  /** Calls code that may throw. */
  shield(call: () => unknown): void {
    this.host.shield(this.#owner, call);
  }

  /** Has `tick` called at a time. */
  timed(time: number): void {
    this.host.timed(this.#owner, time);
  }

  /** Says a line by itself; `always`: on another row, even where nothing stands on the last one. */
  say(message: string, always: boolean = false): void {
    if (message === "" || !this.active) return;
    this.dialogue.notice(`${message}\n`, always);
    this.changed();
  }

  settle(): void {
    this.dialogue.settle();
  }

  changed(): void {
    this.wake("output");
  }

  negotiated(): void {
    this.timesChanged = true;
    this.wake("output");
  }

  drew(count: number): void {
    this.gate.drew(count, this.now());
  }

  shows(text: string): void {
    this.#taps?.output(text);
  }

  /** What watches it, where something does. */
  get taps(): Taps | undefined {
    return this.#taps;
  }

  /** What watches it, made where nothing does. */
  makeTaps(): Taps {
    return this.#taps ??= new Taps(
      () => this.now(),
      (error) => this.host.report(this.#owner, error),
    );
  }

  /** Hands what waits to the transport. */
  flush(): void {
    if (this.life.state === "closing" || this.life.state === "closed") return;
    const { outputBytes: output, closeTimeout } = this.settings.limits;
    if (this.dialogue.input.echoChanges) this.timesChanged = true;
    const bytes = this.dialogue.takeOutput();
    if (bytes.length === 0) return;
    if (this.stream.queued > output) return this.tooSlow();
    this.#taps?.sent(bytes);
    this.stream.write(bytes);
    // One text may be larger than the limit, but not for long.
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
