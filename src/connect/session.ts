import { BINARY } from "../options/binary.ts";
import { MCCP3 } from "../options/mccp.ts";
import { MXP } from "../options/mxp.ts";
import { ECHO } from "../options/echo.ts";
import { END_OF_RECORD } from "../options/end_of_record.ts";
import { SGA } from "../options/sga.ts";
import type { ClientFacts } from "../options/facts.ts";
import type { Json } from "../options/json.ts";
import type { OptionEffects } from "../options/option.ts";
import type { OptionSet } from "../options/option_set.ts";
import { START_TLS } from "../options/start_tls.ts";
import { EOR, GA } from "../protocol/codes.ts";
import { TelnetError, throwMisuse } from "../protocol/error.ts";
import type { TelnetEvent, ViolationEvent } from "../protocol/events.ts";
import { TelnetMachine, type TelnetSnapshot } from "../protocol/machine.ts";
import { ByteStream } from "../session/byte_stream.ts";
import { callUserCode } from "../session/call_user_code.ts";
import type { ByteStreamEvents, InflateLimitExceeded } from "../session/compression_layer.ts";
import { asksForPassword } from "./standing_rows.ts";
import {
  OptionHost,
  type OptionHostContext,
  type OptionsSnapshot,
} from "../session/option_host.ts";
import { TextOutput, type TextSnapshot } from "../session/text_output.ts";
import { codecOf } from "../text/charset.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { Connection } from "../transport/transport.ts";
import type { ConnectEvents } from "./events.ts";
import { HeldCalls } from "./held_calls.ts";
import { Journal } from "./journal.ts";
import { ReceivedText, type ReceivedTextHost, type ReceivedTextSnapshot } from "./received_text.ts";
import type { ConnectSettings } from "./settings.ts";

/** The saved state of a session with a server, as plain JSON. */
export interface ServerSnapshot {
  /** The format of this snapshot. */
  readonly version: 1;
  /** The parts. */
  readonly [part: string]: Json;
}

interface SnapshotParts extends OptionsSnapshot, ReceivedTextSnapshot {
  readonly version: 1;
  readonly telnet: TelnetSnapshot;
  readonly text: TextSnapshot;
}

/** Receives the events of a session. */
export interface ClientSessionOwner {
  /** Calls the handler of an event; it may throw. */
  handle<Name extends keyof ConnectEvents>(name: Name, value: ConnectEvents[Name]): unknown;
}

const NO_BYTES = new Uint8Array(0);
/** The options of the server that decide how, and whether, it marks prompts. */
const MARKING: ReadonlySet<number> = new Set([SGA, END_OF_RECORD, ECHO]);
/** How long a close may make no progress. */
const STALL_MS = 5_000;
/** How long START-TLS may take until the connection is encrypted. */
const TLS_MS = 10_000;
/** The burst of negotiations that is allowed, as time at `negotiationRate`. */
const BURST_MS = 10_000;

/**
 * The client's end of one connection. Input: `onData` → byte stream (inflates) → machine, event by
 * event → options, or {@linkcode ReceivedText}. Output: `send` → machine → `flush` → byte stream.
 * Every event is handled before the next byte is parsed, because an event can start compression or
 * TLS.
 */
export class ClientSession
  implements SecureHandler, ByteStreamEvents, OptionHostContext, ReceivedTextHost {
  readonly settings: ConnectSettings;
  readonly received: ReceivedText;
  readonly journal: Journal;
  readonly effects: OptionEffects;
  machine: TelnetMachine;
  options: OptionHost;
  text: TextOutput;
  /** Settles when the connection has ended. */
  readonly closed: Promise<{ readonly error: unknown }>;
  active = true;
  encrypted = false;
  bytesReceived = 0;
  bytesSent = 0;
  readonly #owner: ClientSessionOwner;
  #stream: ByteStream | undefined;
  /** Whether the TLS handshake is in progress; until it is done, nothing can be sent. */
  #securing = false;
  /** Called when the handshake is done. */
  onEncrypted: (() => void) | undefined;
  readonly #held = new HeldCalls();
  /** The bytes after the current event, and whether they were decompressed. */
  #rest: Uint8Array = NO_BYTES;
  #inflated = false;
  #flushing = false;
  #error: unknown;
  /** Why the connection broke, if what was received before is still read. */
  #endError: Error | undefined;
  /** Whether the connection is gone. */
  #gone = false;
  #settle: (ending: { readonly error: unknown }) => void = () => {};
  /** GA and EOR in the current step; they do not count as negotiations. */
  #prompts = 0;
  /** The time at which the budget for negotiations is full again (GCRA). */
  #paidAt = -Infinity;
  #endAnswerTimer: () => void = () => {};
  #endTlsTimer: () => void = () => {};
  #endCloseTimer: () => void = () => {};
  #endSignal: () => void = () => {};
  readonly #drains: (() => void)[] = [];

  constructor(settings: ConnectSettings, owner: ClientSessionOwner) {
    this.settings = settings;
    this.#owner = owner;
    this.effects = this.#makeEffects();
    this.closed = new Promise((resolve) => this.#settle = resolve);
    this.machine = new TelnetMachine(settings.machine);
    this.options = this.#newOptions();
    this.text = new TextOutput(settings.encoding);
    this.journal = new Journal(settings);
    const { columns } = this.options.facts;
    this.received = new ReceivedText(settings, columns, this.journal, this);
  }

  /** Starts the session over a connection. */
  open(connection: Connection, securing: boolean): void {
    const { limits, codec, signal } = this.settings;
    this.#stream = new ByteStream(connection, { limits, codec }, this);
    this.#securing = securing;
    this.encrypted = connection.encrypted && !securing;
    const abort = () => this.fail(signal?.reason);
    signal?.addEventListener("abort", abort);
    this.#endSignal = () => signal?.removeEventListener("abort", abort);
    if (signal?.aborted) abort();
    this.received.awaitPrompt(); // a restored row may be a prompt
  }

  /** The byte stream; available after `open()`. */
  get stream(): ByteStream {
    return this.#stream as ByteStream;
  }

  // Events of the transport and the byte stream.

  onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.stream.receive(chunk);
  }

  onEnd(error?: Error): void {
    this.#endError = error;
    this.stream.end();
  }

  onDrain(): void {
    for (const resolve of this.#drains.splice(0)) resolve();
  }

  onSecure(): void {
    this.encrypted = true;
    this.#securing = false;
    const again = this.onEncrypted === undefined;
    this.onEncrypted?.();
    if (again) this.emit("secure", undefined);
    this.#held.release();
    this.flush();
  }

  onClose(error?: Error): void {
    this.#end(this.#error ?? error);
    this.#stream?.destroy();
    this.#gone = true;
    this.#endCloseTimer();
    const ending = { error: this.#error };
    this.onDrain();
    callUserCode(() => this.#owner.handle("close", ending), reportFailure);
    this.#settle(ending);
  }

  onPlain(bytes: Uint8Array, inflated: boolean): void {
    if (!this.active) return;
    const now = this.now();
    this.#inflated = inflated;
    this.#rest = bytes;
    while (this.#rest.length > 0 && this.active) {
      const before = this.machine.frameCount;
      const used = this.machine.step(this.#rest, now);
      this.journal.received(this.#rest.subarray(0, used));
      this.#rest = this.#rest.subarray(used);
      this.#prompts = 0;
      this.#takeEvents();
      const frames = this.machine.frameCount - before - this.#prompts;
      if (frames > 0 && this.active && !this.#pay(frames, now)) return;
    }
    this.flush();
    const goesOn = this.received.settle();
    if (this.active) this.stream.reading = goesOn;
  }

  onUnseen(): void {}

  /** The server has closed. Received text stays readable, and this end closes too. */
  onPlainEnd(): void {
    if (!this.active) return;
    this.received.flush();
    this.flushNow();
    this.#end(this.#endError);
    this.stream.close();
    this.#watchClose(Infinity);
  }

  onSent(count: number): void {
    this.bytesSent += count;
  }

  onCorrupt(error: Error, excess?: InflateLimitExceeded): void {
    const limit = excess === undefined
      ? ""
      : `, over limits.${excess.kind === "inflate-ratio" ? "inflateRatio" : "inflateTotal"}`;
    const code = excess === undefined ? "connection-lost" : "limit-exceeded";
    this.fail(
      new TelnetError(code, `Cannot inflate what the server sent: ${error.message}${limit}`),
    );
  }

  // Sending and closing.

  /** Sends text; LF becomes the configured line end. `secret`: leaves the text out of the trace. */
  send(text: string, secret: boolean = false): void {
    this.#checkOpen("send");
    if (this.#holds) return this.#hold(text.length, () => this.send(text, secret));
    this.journal.says(text, secret || this.#hides);
    if (text.includes("\n") && !this.serverEchoes) this.received.leavePrompt();
    const binary = this.machine.localEnabled(BINARY);
    const { newline = binary ? "\n" : "\r\n" } = this.settings;
    if (newline === "\r\n" || !text.includes("\n")) this.text.write(text, this.machine);
    else {
      const { encoding } = this.text;
      this.text.writeBytes(
        codecOf(encoding).encode(text.replaceAll(/\r?\n/g, newline)),
        this.machine,
      );
    }
    this.flush();
  }

  /** Sends bytes as they are; only 0xFF is doubled. */
  sendBytes(bytes: Uint8Array): void {
    this.act("send", () => this.text.writeBytes(bytes, this.machine));
  }

  /** Whether what is sent now is likely a password: the server hides it, or has asked for one. */
  get #hides(): boolean {
    const hidden = this.serverEchoes && !this.machine.remoteEnabled(SGA);
    return hidden || asksForPassword(this.received.question);
  }

  /** Runs a call that sends; throws if the connection has ended. */
  act(what: string, call: () => void): void {
    this.#checkOpen(what);
    if (this.#holds) return this.#hold(1, () => this.act(what, call));
    call();
    this.flush();
  }

  /** Whether the server performs ECHO. */
  get serverEchoes(): boolean {
    return this.serverPerforms(ECHO);
  }

  /** Why the connection broke, if it did. */
  get error(): unknown {
    return this.#error;
  }

  /** The number of sent bytes that the operating system has not accepted yet. */
  get queued(): number {
    return this.#held.length + this.machine.outputLength + (this.#stream?.queued ?? 0);
  }

  /** Settles when the operating system has accepted all sent bytes, or the connection has ended. */
  drained(): Promise<void> {
    this.flushNow();
    if (this.queued === 0 || !this.active) return Promise.resolve();
    return new Promise((resolve) => this.#drains.push(resolve));
  }

  /** Schedules one write of all pending output, in a microtask. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    void Promise.resolve().then(() => {
      this.#flushing = false;
      this.flushNow();
    });
  }

  /** Writes all pending output now. */
  flushNow(): void {
    if (!this.active || this.#stream === undefined || this.machine.outputLength === 0) return;
    const bytes = this.machine.takeOutput();
    this.journal.sent(bytes);
    this.stream.write(bytes);
    this.#scheduleAnswers();
    const { outputBytes } = this.settings.limits;
    if (this.stream.queued <= outputBytes) return;
    this.fail(
      new TelnetError(
        "too-slow",
        `The server does not read: more than limits.outputBytes (${outputBytes}) bytes wait to be sent`,
      ),
    );
  }

  /** Closes after sending pending output. Aborts if the server stops reading. */
  close(): void {
    if (!this.active) return;
    this.flushNow();
    this.#end(undefined);
    this.stream.close();
    this.#watchClose(Infinity);
  }

  #watchClose(before: number): void {
    if (this.#gone) return;
    const { queued } = this.stream;
    if (queued >= before) return this.stream.connection.abort();
    this.#endCloseTimer = this.settings.clock.after(STALL_MS, () => this.#watchClose(queued));
  }

  /** Aborts the connection. Pending reads fail with the error. */
  fail(error: unknown): void {
    if (!this.active) return;
    this.#end(error);
    this.#stream?.connection.abort();
  }

  /** The unread text and the unterminated row, for messages. */
  get unreadText(): string {
    this.flushNow();
    return this.received.unread;
  }

  /** Saves the state of the session, to resume it after a restart. */
  snapshot(): ServerSnapshot {
    if (this.#stream?.compressed) {
      throwMisuse(
        "Cannot take a snapshot of a compressed connection: connect() with telnetOptions: { mccp2: false }",
      );
    }
    if (this.#holds) {
      throwMisuse("Cannot take a snapshot while TLS begins: wait for the event `secure`");
    }
    this.flushNow();
    const parts: SnapshotParts = {
      version: 1,
      telnet: this.machine.snapshot(),
      ...this.options.snapshot(),
      text: this.text.snapshot(),
      ...this.received.snapshot(),
    };
    return parts as unknown as ServerSnapshot;
  }

  /** Restores what `snapshot()` returned. */
  restore(given: ServerSnapshot): void {
    const { telnet, text, ...parts } = given as unknown as SnapshotParts;
    this.machine = TelnetMachine.restore(telnet, this.now());
    this.options = new OptionHost(this.machine, this);
    this.options.restore(parts, this.now());
    this.text.restore(text);
    this.received.restore(parts);
  }

  // Services for the options.

  get known(): OptionSet {
    return this.settings.options.known;
  }

  get framed(): boolean {
    return this.#stream?.connection.framed === true;
  }

  get declared(): ReadonlyMap<number, unknown> {
    return this.settings.options.declared;
  }

  now(): number {
    return this.settings.clock.now();
  }

  utc(): string {
    return new Date(this.settings.clock.timeOfDay()).toISOString();
  }

  settle(): void {}

  changed(): void {
    this.flush();
  }

  negotiated(): void {
    this.flush();
    this.#scheduleAnswers();
  }

  emitOfOption(name: string, value: unknown): void {
    this.emit(name as keyof ConnectEvents, value as never);
  }

  run(call: () => unknown): void {
    callUserCode(call, (error) => this.fail(error));
  }

  shield(call: () => unknown): void {
    callUserCode(call, (error) => this.fail(error));
  }

  #makeEffects(): OptionEffects {
    return {
      useCharset: (name) => this.text.useCharset(name),
      suggestCharset: () => {},
      compress: (on) => this.#compress(on),
      decompress: () => this.#decompress(),
      encrypt: () => this.#encrypt(),
      needEcho: () => {},
      holdInput: () => {},
      leave: () => this.close(),
    };
  }

  /** Starts or stops MCCP3. Everything after the marker is compressed. */
  #compress(on: boolean): void {
    if (!this.stream.canCompress) return;
    if (on) this.machine.sendSubnegotiation(MCCP3, NO_BYTES);
    this.flushNow();
    if (on) this.stream.compress();
    else this.stream.stopCompressing();
  }

  /** Starts MCCP2. Ignores a marker inside a compressed stream. */
  #decompress(): void {
    if (!this.stream.canCompress || this.#inflated) return;
    const rest = this.#takeRest();
    this.stream.decompress(rest.length > 0 ? [rest] : [], false);
  }

  #encrypt(): void {
    const { secureContext } = this.settings;
    if (secureContext === undefined || this.encrypted || this.#securing || this.stream.layered) {
      return;
    }
    this.flushNow();
    this.#securing = true;
    const received = this.#takeRest();
    // Options negotiated before TLS may come from an attacker, so the negotiation starts again.
    this.machine = new TelnetMachine(this.settings.machine);
    this.options = this.#newOptions(this.options);
    this.text.renew(this.settings.encoding);
    this.stream.replace(secureContext.secure(this.stream.connection, received, this));
  }

  #newOptions(before?: OptionHost): OptionHost {
    const options = new OptionHost(this.machine, this, before);
    const { environment, ...facts } = { ...this.settings.facts, ...ownFacts(before?.facts) };
    Object.assign(options.facts, facts);
    for (const [name, value] of environment ?? []) options.facts.environment.set(name, value);
    return options;
  }

  #takeRest(): Uint8Array {
    const rest = this.#rest;
    this.#rest = NO_BYTES;
    return rest;
  }

  // Input.

  #takeEvents(): void {
    while (this.machine.eventCount > 0) {
      const { machine } = this;
      for (const event of machine.takeEvents()) {
        if (!this.active || machine !== this.machine) return;
        this.#handle(event);
      }
    }
  }

  #handle(event: TelnetEvent): void {
    switch (event.type) {
      case "data":
        this.journal.came(event.bytes);
        return this.received.push(this.text.decode(event.bytes));
      case "command":
        if (event.command === GA || event.command === EOR) {
          this.#prompts++;
          return this.received.endPrompt();
        }
        return this.emit("telnetCommand", event.command);
      case "option": {
        const { option, side, change } = event;
        this.options.changed(event);
        if (option === MXP) {
          this.received.readsMxp = this.serverPerforms(MXP) || this.machine.localEnabled(MXP);
        }
        if (option === START_TLS && side === "local") this.#tlsChanged(change === "enabled");
        // Prompts may be marked in another way now, or not at all, as with SGA (RFC 858) or an editor.
        if (side === "remote" && MARKING.has(option)) this.received.unmarked();
        if (this.options.optionOf(option) === undefined) {
          this.emit("option", { option, side, change });
        }
        return;
      }
      case "subnegotiation":
        if (this.options.optionOf(event.option) !== undefined) {
          return this.options.subnegotiation(event.option, event.bytes);
        }
        return this.emit("subnegotiation", {
          option: event.option,
          payload: new Uint8Array(event.bytes),
        });
      case "violation":
        return this.#takeViolation(event);
    }
  }

  /** Reads on if there is room again for unread text. */
  onRead(): void {
    if (!this.active || this.#stream === undefined || this.received.inbox.full) return;
    this.stream.reading = true;
  }

  serverPerforms(option: number): boolean {
    return this.machine.remoteEnabled(option);
  }

  /** Until the TLS handshake is done, nothing is sent. It must begin, as the server has asked for it. */
  #tlsChanged(agreed: boolean): void {
    if (this.encrypted || this.#securing) return;
    if (!agreed) return this.#failTls("The server asked for START-TLS, and then withdrew it");
    this.#endTlsTimer = this.settings.clock.after(TLS_MS, () => {
      if (this.encrypted) return;
      this.#failTls("The server agreed to START-TLS, and then did not begin it");
    });
  }

  #failTls(message: string): void {
    this.fail(new TelnetError("tls-failed", message));
  }

  #takeViolation({ kind, option }: ViolationEvent): void {
    if (kind !== "subnegotiation-too-long") return this.emit("violation", { kind, option });
    const { subnegotiation } = this.settings.limits;
    this.fail(
      new TelnetError(
        "limit-exceeded",
        `The server sent a message of ${
          this.known.nameOf(option)
        } of more than limits.subnegotiation (${subnegotiation}) bytes`,
      ),
    );
  }

  /** Schedules the next timeout of the machine. */
  #scheduleAnswers(): void {
    this.#endAnswerTimer();
    const next = this.machine.nextTimeout();
    if (next === undefined || !this.active) return;
    this.#endAnswerTimer = this.settings.clock.after(Math.max(0, next - this.now()), () => {
      this.machine.handleTimeout(this.now());
      this.#takeEvents();
      this.flush();
      this.#scheduleAnswers();
    });
  }

  /** Charges negotiations to the rate limit. Ends the connection if the server sends too many. */
  #pay(frames: number, now: number): boolean {
    const { negotiationRate } = this.settings.limits;
    this.#paidAt = Math.max(this.#paidAt, now) + frames * 1000 / negotiationRate;
    if (this.#paidAt - now <= BURST_MS) return true;
    this.fail(
      new TelnetError(
        "limit-exceeded",
        `The server negotiates without end: more than limits.negotiationRate (${negotiationRate}) a second`,
      ),
    );
    return false;
  }

  /** Calls the handler of an event, and adds it for reads. */
  emit<Name extends keyof ConnectEvents>(name: Name, value: ConnectEvents[Name]): void {
    if (!this.active) return;
    callUserCode(() => this.#owner.handle(name, value), (error) => this.fail(error));
    if (name === "text" || name === "line" || name === "prompt") return;
    this.received.addEvent({ type: name, value });
  }

  /** Defers a call that sends until the connection is encrypted. */
  #hold(length: number, send: () => void): void {
    this.#held.add(length, send);
    if (this.#held.length <= this.settings.limits.outputBytes) return;
    this.fail(
      new TelnetError(
        "too-slow",
        "TLS did not begin, and more than limits.outputBytes bytes wait to be sent",
      ),
    );
  }

  /** Whether sending must wait for TLS. */
  get #holds(): boolean {
    return this.#securing || (this.machine.localEnabled(START_TLS) && !this.encrypted);
  }

  #checkOpen(what: string): void {
    if (this.active) return;
    throw new TelnetError("connection-closed", `Cannot ${what}: the connection has ended`, {
      cause: this.#error,
    });
  }

  #end(error: unknown): void {
    if (!this.active) return;
    this.active = false;
    this.#error = error;
    this.#held.clear();
    this.#endAnswerTimer();
    this.#endTlsTimer();
    this.#endSignal();
    this.received.end(error);
  }

  /** An error of a read that shows the text received instead of the wanted result. */
  failure(code: "timeout" | "connection-closed" | "limit-exceeded", wanted: string): TelnetError {
    const what = {
      "timeout": `Did not get ${wanted}`,
      "connection-closed": `The connection ended before ${wanted} came`,
      "limit-exceeded": `More than limits.unread came without ${wanted}`,
    }[code];
    return new TelnetError(code, `${what}. ${this.journal.describe(this)}`);
  }
}

/** Logs an error of `onClose`, as there is no connection left to end. */
function reportFailure(error: unknown): void {
  console.error("onClose failed:", error);
}

/** Facts that may have changed since the start: the size of the window, and the variables. */
function ownFacts(facts: ClientFacts | undefined): Partial<ClientFacts> {
  return facts === undefined
    ? {}
    : { columns: facts.columns, rows: facts.rows, environment: facts.environment };
}
