import { FOREIGN_PROTOCOLS, foreignAnswer, ProtocolSniffer } from "../guard/protocol_sniffer.ts";
import type { KeepAlive } from "../guard/idle_monitor.ts";
import type { Origin } from "../guard/origin.ts";
import type { ClientViolation, DisconnectReason } from "../guard/violations.ts";
import { MCCP2, MCCP3 } from "../options/mccp.ts";
import { MSSP, type MsspStatus, msspText } from "../options/mssp.ts";
import type { OptionEffects } from "../options/option.ts";
import { START_TLS, START_TLS_FOLLOWS } from "../options/start_tls.ts";
import { timingMark } from "../options/timing_mark.ts";
import { joinBytes } from "../protocol/bytes.ts";
import { AYT, NOP } from "../protocol/codes.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { TelnetEvent, ViolationEvent } from "../protocol/events.ts";
import type { Key } from "../text/keys.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { Connection } from "../transport/transport.ts";
import { Activity } from "./activity.ts";
import { ByteStream } from "./byte_stream.ts";
import { checkClientSnapshot, type ClientSnapshot } from "./client_snapshot.ts";
import type { ByteStreamEvents, InflateLimitExceeded } from "./compression_layer.ts";
import { type DeadlineName, Deadlines, type Timed } from "./deadlines.ts";
import { Dialogue, type DialogueContext } from "./dialogue.ts";
import { type GateVerdict, InputGate } from "./input_gate.ts";
import type { TypedEvent } from "./input_mode.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { OptionHost } from "./option_host.ts";
import type { SessionEvents, SessionHost, SessionSettings } from "./session_host.ts";
import type { RecordingSink } from "./recorder.ts";
import { Taps } from "./taps.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * One connection. What comes takes one way in, what is sent one way out:
 *
 * - **in**: `onData` → {@linkcode ByteStream} (inflates) → {@linkcode InputGate} (limits) →
 *   `process`: piece by piece through the machine of the {@linkcode Dialogue}, event by event to the
 *   options or the {@linkcode InputMode} → lines and keys, which the game takes
 * - **out**: `dialogue.send` and its like → `flush` → byte stream
 *
 * An event is handled before the next byte is looked at, so nothing depends on how the bytes were cut.
 * The transport's reports are only noted; `process`, `flush` and `tick` do the work within a poll.
 */
export class Session
  implements SecureHandler, ByteStreamEvents, DialogueContext, OptionEffects, Timed {
  readonly life: Lifecycle = new Lifecycle();
  readonly stream: ByteStream;
  readonly gate: InputGate;
  readonly dialogue: Dialogue;
  readonly activity: Activity;
  /** Where it comes from, which a proxy may have told. */
  origin: Origin;
  bytesSent = 0;
  bytesReceived = 0;
  /** Whether the server has it in its lists of those to process, to flush, or with something typed. */
  readonly listed: Record<"input" | "output" | "typed", boolean> = {
    input: false,
    output: false,
    typed: false,
  };
  readonly #host: SessionHost<Session>;
  readonly #deadlines = new Deadlines();
  /** When the next `tick` is due, as far as the server knows. */
  #timedAt = Infinity;
  /** Looks at the first line; `undefined` before the first byte. */
  #sniffer: ProtocolSniffer | "passed" | undefined;
  /** The final reply to a client of another protocol. */
  #answer: Uint8Array | undefined;
  /** Made where something watches. */
  #taps: Taps | undefined;
  /** How far the client's compressed bytes went over a limit, for the next poll to report. */
  #inflateExcess: InflateLimitExceeded | undefined;
  /** How many bytes were processed. */
  #position = 0;
  /** Whether something typed is being handled, and what follows is read after it. */
  #handling = false;
  /** Whether the bytes at work came out of a compressed stream. */
  #inflated = false;

  constructor(connection: Connection, host: SessionHost<Session>, origin: Origin) {
    const { settings } = host;
    this.#host = host;
    this.origin = origin;
    this.stream = new ByteStream(connection, settings, this);
    this.gate = new InputGate(settings.limits, settings.rates, host.clock);
    this.activity = new Activity(settings, host.now());
    this.dialogue = new Dialogue(this);
    if (host.listens("trace")) this.#trace();
  }

  // What the transport and the byte stream report: it is only noted here.

  onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.#host.counters.bytesReceived += chunk.length;
    if (!this.#isForeign(chunk)) this.stream.receive(chunk);
  }

  onEnd(): void {
    this.stream.end();
  }

  onDrain(): void {}

  /** The handshake of START-TLS is done: Telnet begins anew, and nobody else can listen. */
  onSecure(): void {
    this.#deadlines.clear("secure");
    this.origin = { ...this.origin, encrypted: true };
    if (this.active) this.start();
  }

  onClose(error?: Error): void {
    const lost = error !== undefined && this.life.state !== "ending";
    this.leave(lost ? "connection-lost" : "client-closed", error);
    this.life.on("gone");
    this.stream.destroy();
    this.options.endWait();
    this.#host.wake(this, "input");
  }

  onPlain(bytes: Uint8Array, inflated: boolean): void {
    this.gate.push(bytes, inflated);
    if (!this.gate.reading) this.stream.reading = false;
    this.#host.wake(this, "input");
  }

  onPlainEnd(): void {
    if (!this.life.on("peer ends")) return;
    this.#waitFor("end", this.settings.limits.closeTimeout);
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
    const { declared, readyTimeout } = this.settings;
    if (declared.size > 0) this.options.offer(this.now() + readyTimeout);
    this.#schedule();
  }

  /** Goes on where a session of the same client stood before a restart of the game. */
  restore(snapshot: ClientSnapshot): void {
    checkClientSnapshot(snapshot);
    this.dialogue.restore(snapshot);
    this.#sniffer = "passed";
    if (snapshot.received.length > 0) this.gate.push(Uint8Array.from(snapshot.received), false);
    if (snapshot.ended) this.onPlainEnd();
    this.#host.wake(this, "input");
    this.changed();
    this.#schedule();
  }

  /** Processes what came, as far as the limits allow. */
  process(): void {
    const excess = this.#inflateExcess;
    this.#inflateExcess = undefined;
    if (excess !== undefined) this.emit("violation", excess);
    if (this.active) this.#read();
    if (this.active) this.#checkEnd();
    if (!this.active) this.#startClosing();
    this.#schedule();
  }

  /** Hands what waits to the transport. */
  flush(): void {
    if (this.life.state === "closing" || this.life.state === "closed") return;
    const { output, closeTimeout } = this.settings.limits;
    const bytes = this.dialogue.takeOutput();
    if (bytes.length > 0) {
      if (this.stream.queued > output) return this.#tooSlow();
      this.#taps?.sent(bytes);
      this.stream.write(bytes);
      // One text may be larger than the limit, but not for long.
      if (this.stream.queued > output) this.#waitFor("slow", closeTimeout);
    }
    this.#takeEvents(); // what was asked for may have come to something at once
    this.#schedule();
  }

  tick(now: number): number | undefined {
    if (this.life.state === "closed") return undefined;
    for (const name of this.#deadlines.takeDue(now, this.#unread)) this.#expire(name, now);
    if (this.#deadlines.at("close") === Infinity && !this.active) return undefined;
    this.#timedAt = Infinity;
    this.#schedule(false);
    this.#timedAt = this.#deadlines.next(this.#unread);
    return this.#timedAt === Infinity ? undefined : this.#timedAt;
  }

  // What the game asks for.

  /** Whether the client is still served. */
  get active(): boolean {
    return this.life.active;
  }

  /** Starts the end; the first reason counts. Also LOGOUT ends it so. */
  leave(reason: DisconnectReason = "client-closed", error?: unknown): void {
    if (!this.life.leave(reason, error)) return;
    this.dialogue.input.queue.wake();
    this.#host.wake(this, "input");
  }

  get options(): OptionHost {
    return this.dialogue.options;
  }

  /** Bytes that the system has not taken yet. */
  get queued(): number {
    return this.dialogue.machine.outputLength + this.stream.queued;
  }

  /** Takes a line. */
  takeLine(): string | undefined {
    const { queue, hidden, byKeys } = this.dialogue.input;
    const line = queue.take();
    if (line === undefined) return undefined;
    // Recorded now, not when it came: the game may have asked for a password meanwhile.
    if (!line.secret && !hidden) this.#taps?.line(line.text, !byKeys);
    this.gate.lineTaken(this.now());
    this.#host.taken(this, queue.length > 0);
    if (queue.length <= this.settings.limits.commands / 2) this.#readOn();
    return line.text;
  }

  /** Takes a key. */
  takeKey(): Key | undefined {
    const { input } = this.dialogue;
    const key = input.takeKey();
    if (key === undefined) return undefined;
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

  /** Does something to the dialogue, unless the client is dropped. */
  act(what: (dialogue: Dialogue) => void): void {
    if (!this.active) return;
    what(this.dialogue);
    this.changed();
    if (!this.#handling) this.#readQuietly();
  }

  /** Says a line by itself. */
  say(message: string): void {
    if (message !== "") this.act((dialogue) => dialogue.send(`${message}\n`));
  }

  /** Turns every option off, for a game that starts anew behind the same connection. */
  reset(): void {
    if (!this.active) return;
    this.dialogue.reset();
    this.flush();
    this.stream.stopCompressing();
  }

  snapshot(): ClientSnapshot {
    this.#takeEvents();
    this.dialogue.settle();
    if (this.stream.compressed) {
      throwMisuse(
        "Cannot take a snapshot of a compressed connection: call prepareReload(), or disableOption() " +
          "for MCCP2 and MCCP3, and wait until `compressed` is false",
      );
    }
    const received = [...this.gate.buffer.copy()];
    return {
      version: 2,
      ...this.dialogue.snapshot(),
      received,
      ended: this.life.state === "ending",
    };
  }

  /** Sets what keeps the connection alive while it is silent. */
  keepAlive(keepAlive: KeepAlive): void {
    this.activity.keepAlive = keepAlive;
    this.#schedule();
  }

  /** Records what the person sees from now on; `undefined` ends it. */
  record(sink: RecordingSink | undefined, title: string | undefined): void {
    const { columns, rows, terminalType: terminal } = this.options.facts;
    const timestamp = Math.floor(this.#host.timeOfDay() / 1000);
    this.taps.record(sink, { columns, rows, terminal, timestamp, title, now: this.now() });
  }

  /** What watches it. */
  get taps(): Taps {
    this.#taps ??= new Taps(() => this.now(), (error) => this.#host.report(this, error));
    return this.#taps;
  }

  // What the dialogue and its options ask for.

  get settings(): SessionSettings {
    return this.#host.settings;
  }

  get declared(): ReadonlyMap<number, unknown> {
    return this.settings.declared;
  }

  get encrypted(): boolean {
    return this.origin.encrypted;
  }

  get effects(): OptionEffects {
    return this;
  }

  get queuedInput(): number {
    return this.gate.buffer.length;
  }

  now(): number {
    return this.#host.now();
  }

  utc(): string {
    return new Date(this.#host.timeOfDay()).toISOString();
  }

  settle(): void {
    this.dialogue.settle();
  }

  changed(): void {
    this.#host.wake(this, "output");
  }

  shows(text: string): void {
    this.#taps?.output(text);
  }

  emit<Name extends keyof SessionEvents>(name: Name, value: SessionEvents[Name]): void {
    if (name === "resize") this.#resized();
    else if (name === "pong") this.activity.answered();
    // A dropped client is silent; what its end costs is still reported.
    if (this.active || name === "violation") this.#host.emit(this, name, value);
  }

  run(call: () => unknown): void {
    this.#host.run(this, call);
  }

  useCharset(name: string): boolean {
    return this.dialogue.text.useCharset(name);
  }

  suggestCharset(name: string): void {
    if (this.options.facts.charset === undefined) this.useCharset(name);
  }

  needEcho(): void {
    this.dialogue.setEcho({ needed: true });
  }

  holdInput(until: number): void {
    this.gate.heldUntil = until;
    this.#deadlines.set("hold", until);
  }

  /** A boundary: all before the marker leaves plain, nothing behind it does. */
  compress(on: boolean): void {
    if (on) this.options.sendSubnegotiation(MCCP2, NO_BYTES);
    this.flush();
    if (on) this.stream.compress();
    else this.stream.stopCompressing();
  }

  /** A boundary: all that follows is compressed. A marker within a compressed stream changes nothing. */
  decompress(): void {
    if (!this.stream.canCompress || this.#inflated) return;
    const ended = this.life.on("end retracted");
    this.stream.decompress(this.gate.buffer.takeAll(), ended);
  }

  /** A boundary: all that follows belongs to TLS, and what was agreed or typed before counts no more. */
  encrypt(): void {
    const { secureContext } = this.#host;
    const under = this.encrypted || this.stream.layered;
    if (secureContext === undefined || under || this.#deadlines.at("secure") !== Infinity) return;
    this.options.sendSubnegotiation(START_TLS, Uint8Array.of(START_TLS_FOLLOWS));
    this.flush();
    const received = joinBytes(this.gate.buffer.takeAll());
    this.dialogue.renew();
    this.#waitFor("secure", this.settings.limits.handshakeTimeout);
    this.stream.replace(secureContext.secure(this.stream.connection, received, this));
  }

  // The way in.

  #read(): void {
    const { gate, dialogue: { input } } = this;
    const now = this.now();
    gate.begin(now, input);
    this.#readTyped();
    while (this.active) {
      const piece = gate.next(now, input);
      if (piece === undefined) break;
      this.#receive(piece, now);
    }
    gate.end(now, input);
    for (const verdict of gate.takeVerdicts()) this.#obey(verdict);
    this.stream.reading = gate.reading;
    if (gate.again) this.#host.wake(this, "input");
  }

  /** Takes bytes up to the first that mean something, and acts on that. */
  #receive(piece: Uint8Array, now: number): void {
    const { gate, dialogue: { machine, input } } = this;
    const before = machine.frameCount;
    this.activity.lastReceivedTime = now;
    this.#inflated = gate.buffer.inflated;
    const used = machine.step(piece, now);
    this.#taps?.received(used === piece.length ? piece : piece.subarray(0, used));
    const frames = machine.frameCount - before;
    this.#host.counters.negotiations += frames;
    gate.used(used, frames, now);
    this.#takeEvents();
    this.#position += used;
    input.moveTo(this.#position);
  }

  #takeEvents(): void {
    const { machine } = this.dialogue;
    for (const event of machine.takeEvents()) {
      // Behind START-TLS nothing of before counts; a dropped client is silent.
      if (!this.active || machine !== this.dialogue.machine) return;
      this.#handle(event);
    }
    if (machine.outputLength > 0) this.changed();
  }

  #handle(event: TelnetEvent): void {
    switch (event.type) {
      case "data":
        return this.#takeData(event.bytes);
      case "command":
        return this.#takeCommand(event.command);
      case "option":
        this.options.changed(event);
        this.dialogue.input.optionChanged(event);
        return this.#readTyped();
      case "subnegotiation":
        return this.options.subnegotiation(event.option, event.bytes);
      case "violation":
        return this.emit("violation", this.#violationOf(event));
    }
  }

  #takeData(bytes: Uint8Array): void {
    const now = this.now();
    // A lone NUL keeps a connection alive; nobody has typed it.
    if (bytes[0] !== 0 || bytes.some((byte) => byte !== 0)) this.activity.lastInputTime = now;
    this.dialogue.input.feed(this.dialogue.text.decode(bytes), now);
    this.#readTyped();
  }

  /** Reads what was typed, each line or key at its place: the game may change the mode at any. */
  #readTyped(): void {
    const { input } = this.dialogue;
    const outer = this.#handling;
    this.#handling = true;
    while (this.active) {
      const event = input.next();
      this.dialogue.echo();
      if (event === undefined) break;
      this.#takeTyped(event);
    }
    this.#handling = outer;
  }

  /** After a change of mode, what was typed ahead is there at once, but for what only a poll may report. */
  #readQuietly(): void {
    const { input } = this.dialogue;
    while (this.active && input.hasUnread) {
      const event = input.next();
      this.dialogue.echo();
      if (event === undefined) break;
      const quiet = event.type === "line" || (event.type === "key" && !this.#host.listens("key"));
      if (quiet) {
        this.#takeTyped(event);
        continue;
      }
      input.putBack(event);
      this.#host.wake(this, "input");
      break;
    }
    this.#schedule();
  }

  #takeTyped(event: TypedEvent): void {
    switch (event.type) {
      case "line":
        if (event.length > event.text.length) this.#tooLong(event.length);
        return this.#takeTypedLine(event.text, event.secret);
      case "key":
        if (!event.secret) this.#taps?.key(event.key);
        if (this.#host.listens("key")) this.emit("key", event.key);
        else this.dialogue.input.keepKey(event.key);
        return;
      case "command":
        return this.emit("command", event.command);
      case "complete":
        return this.run(event.call);
    }
  }

  #tooLong(value: number): void {
    const { limits: { line: limit }, messages } = this.settings;
    this.say(messages.lineTooLong);
    this.emit("violation", { kind: "line-too-long", limit, value });
  }

  /** A crawler without Telnet asks for the status by its first line that is not empty. */
  #takeTypedLine(text: string, secret: boolean): void {
    const first = !this.dialogue.sawLine;
    this.dialogue.sawLine ||= text !== "";
    this.gate.countLine(this.now());
    this.#host.counters.lines++;
    const status = this.declared.get(MSSP) as (() => MsspStatus) | undefined;
    if (status === undefined || !first || text.toUpperCase() !== "MSSP-REQUEST") {
      return this.dialogue.input.queue.push({ text, secret });
    }
    this.run(() => this.act((dialogue) => dialogue.send(msspText(status()))));
  }

  #takeCommand(command: number): void {
    const { areYouThere } = this.settings.messages;
    if (command === AYT && areYouThere !== "") {
      this.act((dialogue) => dialogue.send(`\r\n${areYouThere}\r\n`));
    }
    this.dialogue.input.command(command);
    this.#readTyped();
    this.emit("command", command);
  }

  #violationOf({ kind, option }: ViolationEvent): ClientViolation {
    const { subnegotiation, repeats } = this.settings.limits;
    if (kind === "subnegotiation-too-long") return { kind, option, limit: subnegotiation };
    return kind === "repeat-limit" ? { kind, option, limit: repeats } : { kind, option };
  }

  #obey({ violation, drop }: GateVerdict): void {
    this.emit("violation", violation);
    if (drop === "flooding") this.say(this.settings.messages.flooding);
    if (drop !== undefined) this.leave(drop);
  }

  /** More may be read now that the game has taken something. */
  #readOn(): void {
    const waits = this.queuedInput > 0 || this.dialogue.input.hasUnread;
    if (waits || this.life.state === "ending") this.#host.wake(this, "input");
  }

  /** Whether the connection begins as another protocol does; then it is answered in that. */
  #isForeign(chunk: Uint8Array): boolean {
    const sniffer = this.#sniffer ?? new ProtocolSniffer();
    if (sniffer === "passed") return false;
    const protocol = sniffer.push(chunk);
    this.#sniffer = protocol === undefined ? sniffer : "passed";
    if (protocol === undefined || protocol === "telnet") return false;
    const { wrongProtocol } = this.settings.messages;
    this.#answer = wrongProtocol === "" ? NO_BYTES : foreignAnswer(protocol, wrongProtocol);
    this.leave("wrong-protocol", new Error(FOREIGN_PROTOCOLS[protocol]));
    return true;
  }

  // Its end.

  /** Whether the person has closed and every line and key is used. */
  #atEnd(): boolean {
    const { input } = this.dialogue;
    return this.life.state === "ending" && !this.#unread && !input.hasInput && !input.hasUnread;
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
    if (this.#answer === undefined) this.flush();
    else this.#sendAnswer(this.#answer);
    if (!this.life.on("close")) return;
    this.gate.buffer.takeAll();
    this.#waitFor("close", this.settings.limits.closeTimeout);
    this.stream.close();
  }

  /** The final reply in another protocol, in place of what was meant for a person. */
  #sendAnswer(answer: Uint8Array): void {
    this.dialogue.machine.takeOutput();
    this.stream.write(answer);
  }

  #tooSlow(): void {
    const { output: limit } = this.settings.limits;
    this.emit("violation", { kind: "too-slow", limit, value: this.stream.queued });
    this.leave("too-slow");
    this.stream.connection.abort();
  }

  // Its time.

  /** Whether input waits to be read. */
  get #unread(): boolean {
    return this.gate.buffer.length > 0;
  }

  /** Sets a deadline that is so many milliseconds away. */
  #waitFor(name: DeadlineName, milliseconds: number): void {
    this.#deadlines.set(name, this.now() + milliseconds);
    this.#schedule();
  }

  /** Has the server call `tick` in time, and know what waits for the game. */
  #schedule(tell: boolean = true): void {
    this.#setDeadlines();
    const next = this.#deadlines.next(this.#unread);
    if (tell && next < this.#timedAt) this.#host.timed(this, this.#timedAt = next);
    const { input } = this.dialogue;
    if (input.hasInput) {
      this.#host.wake(this, "typed");
      input.queue.wake();
    }
    this.options.checkReady();
  }

  /** The deadlines that others keep. */
  #setDeadlines(): void {
    const { gate, dialogue, options } = this;
    if (!this.active) return;
    this.#deadlines.set("answer", dialogue.machine.nextTimeout() ?? Infinity);
    this.#deadlines.set("escape", dialogue.input.timeout);
    this.#deadlines.set("offers", options.deadline);
    this.#deadlines.set("unread", gate.unreadBy);
    this.#deadlines.set("release", gate.releaseAt);
    this.#deadlines.set("idle", this.activity.next());
  }

  #expire(name: DeadlineName, now: number): void {
    switch (name) {
      case "answer":
        this.dialogue.machine.handleTimeout(now);
        return this.#takeEvents();
      case "escape":
        this.dialogue.input.expire(now);
        return this.#readTyped();
      case "offers":
        if (now >= this.options.deadline) this.options.endWait();
        return;
      case "hold":
      case "release":
        return this.#host.wake(this, "input");
      case "end":
        return this.#endLate();
      case "unread":
        if (now < this.gate.unreadBy) return;
        this.gate.expireUnread(now);
        return this.gate.takeVerdicts().forEach((verdict) => this.#obey(verdict));
      case "slow":
        if (this.stream.queued > this.settings.limits.output) this.#tooSlow();
        return;
      case "secure":
        return this.#endInsecure();
      case "idle":
        return this.#checkIdle(now);
      case "close":
        return this.#breakOff();
    }
  }

  /** Drops a half-closed client whose lines the game did not read in time, unless a rate holds it. */
  #endLate(): void {
    if (this.gate.throttled) this.#waitFor("end", this.settings.limits.closeTimeout);
    else this.leave("client-closed");
  }

  #endInsecure(): void {
    const { handshakeTimeout: limit } = this.settings.limits;
    this.emit("violation", { kind: "handshake-timeout", limit, value: limit });
    this.leave("connection-lost", new Error("The handshake of TLS was not done in time"));
    this.stream.connection.abort();
  }

  /** A client that does not take its last output in time loses it. */
  #breakOff(): void {
    const { closeTimeout: limit } = this.settings.limits;
    this.emit("violation", { kind: "close-timeout", limit, value: limit });
    this.stream.connection.abort();
  }

  #checkIdle(now: number): void {
    const { activity, settings: { limits, messages } } = this;
    // Input that is held back counts as activity.
    if (this.gate.isHolding(this.dialogue.input)) activity.note(now);
    switch (activity.check(now)) {
      case "warn":
        return this.say(messages.idleWarning);
      case "idle": {
        const value = now - activity.lastInputTime;
        this.say(messages.idle);
        this.emit("violation", { kind: "idle", limit: limits.idleTimeout, value });
        return this.leave("idle");
      }
      case "probe":
        return this.#probe();
      case "gone":
        return this.leave("no-answer");
    }
  }

  /** A client that never spoke Telnet would show the command on its screen. */
  #probe(): void {
    if (!this.dialogue.speaksTelnet) return;
    if (this.activity.keepAlive === "nop") this.act((dialogue) => dialogue.sendCommand(NOP));
    else this.options.stateOf(timingMark).ping();
  }

  #resized(): void {
    const { columns, rows } = this.options.facts;
    this.dialogue.input.resize(columns, rows);
    this.#taps?.resize(columns, rows);
  }

  #trace(): void {
    this.taps.trace(this.settings.limits.subnegotiation, (direction, words) => {
      this.#host.emit(this, "trace", { direction, words });
    });
  }
}
