import { END_OF_RECORD } from "../options/end_of_record.ts";
import { MCCP2, MCCP3 } from "../options/mccp.ts";
import { MSSP, type MsspStatus, msspText } from "../options/mssp.ts";
import type { OptionEvents } from "../options/option.ts";
import { SGA } from "../options/sga.ts";
import { START_TLS, START_TLS_FOLLOWS } from "../options/start_tls.ts";
import { timingMark } from "../options/timing_mark.ts";
import { joinBytes } from "../protocol/bytes.ts";
import { ABORT, AYT, BRK, EC, EL, EOF, EOR, GA, IP, NOP, SUSP } from "../protocol/codes.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { OptionEvent, TelnetEvent, ViolationEvent } from "../protocol/events.ts";
import { TelnetMachine } from "../protocol/machine.ts";
import type { Encoding, TextCodec, TextStreamDecoder } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import type { EditResult } from "../text/line_editor.ts";
import type { SecureHandler } from "../transport/encryption.ts";
import type { Connection } from "../transport/transport.ts";
import { checkClientSnapshot, type ClientSnapshot } from "./client_snapshot.ts";
import type { Timed } from "../server/clock.ts";
import type { EchoChange } from "./echo_control.ts";
import { FOREIGN_PROTOCOLS, foreignAnswer, ProtocolSniffer } from "../guard/protocol_sniffer.ts";
import type { Origin } from "../server/handshake.ts";
import type { EditorOptions } from "./key_input.ts";
import { LineQueue } from "./line_queue.ts";
import { OptionHost, type OptionPort } from "./option_host.ts";
import { Taps } from "./taps.ts";
import { Reception, type ReceptionPort } from "./input_gate.ts";
import type { RecordingSink } from "./recorder.ts";
import type {
  ClientViolation,
  ClientViolationKind,
  DisconnectReason,
  SessionOwner,
} from "./session_host.ts";
import { type LastRow, TextOutput } from "./text_output.ts";
import { Typing, type TypingPort } from "./input_mode.ts";
import { type ActivityView, IdleMonitor, type KeepAlive } from "../guard/idle_monitor.ts";
import {
  type ByteStream,
  type InflateLimitExceeded,
  Wire,
  type WireHandler,
} from "./compression_layer.ts";

const NO_BYTES = new Uint8Array(0);

/** One connection: bytes to lines on the way in, text to bytes on the way out. */
export class Session
  implements
    SecureHandler,
    OptionPort,
    WireHandler,
    TypingPort,
    Timed,
    ActivityView,
    ReceptionPort {
  /** The connection; another one once it is encrypted. */
  connection: Connection;
  /** Whose it is, which a proxy may have told. */
  origin: Origin;
  readonly connectTime: number;
  options: OptionHost;
  useAnsi = true;
  bytesSent = 0;
  bytesReceived = 0;
  lastInputTime: number;
  /** When anything last came, as far as a poll has seen it. */
  lastReceivedTime: number;
  reason: DisconnectReason | undefined;
  error: unknown;
  // Whether the server has it in its list of those to process, to flush, or with lines waiting.
  inReady = false;
  inDirty = false;
  inTalking = false;
  readonly #owner: SessionOwner;
  #machine: TelnetMachine;
  /** The connection itself, or the wire once something is compressed. */
  #stream: ByteStream;
  #wire: Wire | undefined;
  readonly #typing: Typing;
  readonly #text: TextOutput;
  readonly #reception: Reception;
  readonly #commands = new LineQueue();
  #decoder: TextStreamDecoder;
  #keepAlive: KeepAlive;
  /** Made where somebody is watched over. */
  #vigil: IdleMonitor | undefined;
  /** Looks at the first line; `undefined` before the first byte. */
  #guard: ProtocolSniffer | "passed" | undefined;
  /** The last that is sent to who speaks something else. */
  #answer: Uint8Array | undefined;
  /** Made where somebody looks on. */
  #onlookers: Taps | undefined;
  /** How far the client's compressed bytes went, to be told by the next poll. */
  #excess: InflateLimitExceeded | undefined;
  #truncated = 0;
  /** How many lines the game has taken. */
  #taken = 0;
  /** Which lines were typed as a secret, by their number. */
  #secrets: Set<number> | undefined;
  #sawTelnet = false;
  #sawLine = false;
  #marking = false;
  #inflateNext = false;
  #encryptNext = false;
  #ended = false;
  #closing = false;
  #closeBy = Infinity;
  /** When a client that has left is given up although its lines are not used. */
  #endBy = Infinity;
  #slowBy = Infinity;
  /** When the handshake of START-TLS is due to be done. */
  #secureBy = Infinity;
  #closed = false;

  constructor(connection: Connection, owner: SessionOwner, origin: Origin) {
    const { limits, encoding, machine, stripControls, keepAlive } = owner.settings;
    this.connection = this.#stream = connection;
    this.origin = origin;
    this.#keepAlive = keepAlive;
    this.#owner = owner;
    this.#text = new TextOutput(encoding);
    this.#decoder = this.#text.createDecoder();
    this.#machine = new TelnetMachine(machine);
    this.options = new OptionHost(this.#machine, this);
    this.#typing = new Typing(this, { limit: limits.line, stripControls });
    this.connectTime = this.lastInputTime = this.lastReceivedTime = owner.now();
    this.#reception = new Reception(owner.settings, this);
    const { trace } = owner;
    if (trace !== undefined) {
      this.#onlookers = new Taps(this);
      this.#onlookers.trace(
        limits.subnegotiation,
        (direction, words) => trace(this, direction, words),
      );
    }
  }

  // What the transport reports: it is only noted here, poll() does the work.

  onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.#owner.counters.bytesReceived += chunk.length;
    if (this.#isForeign(chunk)) return;
    if (this.#wire === undefined) this.onPlain(chunk, false);
    else this.#wire.receive(chunk);
  }

  onEnd(): void {
    if (this.#wire === undefined) this.onPlainEnd();
    else this.#wire.end();
  }

  onDrain(): void {}

  /** The handshake of START-TLS is done: Telnet begins anew, and nobody else can listen. */
  onSecure(): void {
    this.#secureBy = Infinity;
    this.origin = { ...this.origin, encrypted: true };
    if (this.active) this.start();
  }

  onClose(error?: Error): void {
    this.#closed = true;
    this.#wire?.destroy();
    this.leave(error === undefined || this.#ended ? "client-closed" : "connection-lost", error);
    this.options.endWait();
    this.#owner.ready(this);
  }

  onPlain(bytes: Uint8Array, inflated: boolean): void {
    this.#reception.push(bytes, inflated);
  }

  onPlainEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endBy = this.#after(this.#owner.settings.limits.closeTimeout);
    this.#owner.ready(this);
  }

  onSent(count: number): void {
    this.bytesSent += count;
    this.#owner.counters.bytesSent += count;
  }

  onCorrupt(error: Error, excess?: InflateLimitExceeded): void {
    this.#excess = excess;
    this.options.disableLocal(MCCP3);
    this.leave("corrupt-data", error);
  }

  // What poll() does.

  /** Whether the connection is gone and only onDisconnect is left to call. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Offers what the game declares. */
  start(): void {
    const { declared, readyTimeout } = this.#owner.settings;
    if (declared.size > 0) this.options.offer(this.#after(readyTimeout));
    this.#watch();
  }

  /** Goes on where a session of the same client stood before a restart of the game. */
  restore(snapshot: ClientSnapshot): void {
    checkClientSnapshot(snapshot);
    this.#machine = TelnetMachine.restore(snapshot.telnet, this.#owner.now());
    this.options = new OptionHost(this.#machine, this);
    this.options.restore(snapshot.options, snapshot.facts);
    // A codec of the game's own is the game's to set again.
    this.useCharset(snapshot.encoding);
    this.#typing.restore(snapshot.echo, this.#machine);
    this.#marking = snapshot.marking;
    this.#sawTelnet = snapshot.sawTelnet;
    this.#sawLine = true;
    this.#watch();
    this.written();
  }

  /** Processes what came, as far as the limits allow. */
  process(): void {
    if (this.#excess !== undefined) {
      const { kind, limit, value } = this.#excess;
      this.#excess = undefined;
      this.violate(kind, limit, value);
    }
    if (this.reason === undefined) {
      this.#reception.process();
      this.#checkEnd();
    }
    if (this.reason !== undefined) this.#startClosing();
  }

  /** Hands what waits to the transport. */
  flush(): void {
    if (this.#closing) return;
    if (this.#typing.changed && this.#typing.apply(this.#machine, this.active)) this.#takeEvents();
    this.#sendTypingOutput();
    if (this.#machine.outputLength === 0) return;
    const { output, closeTimeout } = this.#owner.settings.limits;
    if (this.#stream.queued > output) return this.#tooSlow();
    const bytes = this.#machine.takeOutput();
    if (this.#wire === undefined) this.onSent(bytes.length);
    this.#onlookers?.sent(bytes);
    this.#stream.write(bytes);
    // One text may be larger than the limit, but not for long.
    if (this.#stream.queued > output) this.#slowBy = this.#after(closeTimeout);
  }

  tick(now: number): number | undefined {
    if (this.#closed) return undefined;
    if (this.#closing) return this.#awaitClose(now);
    this.#machine.handleTimeout(now);
    this.#typing.tick(now);
    this.#takeEvents();
    if (now >= this.options.deadline) this.options.endWait();
    if (now >= this.#endBy) this.#endLate();
    if (now >= this.#reception.unreadBy) this.#reception.giveUp();
    if (now >= this.#slowBy) this.#checkSlow();
    if (now >= this.#secureBy) this.#insecure();
    const freeAt = this.#reception.releaseAt(now);
    this.#keepWatch(now);
    if (!this.active) return undefined;
    const { timeout } = this.#typing;
    const { unreadBy } = this.#reception;
    const waits = [this.options.deadline, this.#endBy, unreadBy, this.#slowBy, timeout];
    waits.push(this.#secureBy, freeAt, this.#vigil?.next(this) ?? Infinity);
    const next = Math.min(this.#machine.nextTimeout() ?? Infinity, ...waits);
    return next === Infinity ? undefined : next;
  }

  /** Whoever does not take the last output in time loses it. */
  #awaitClose(now: number): number {
    if (now >= this.#closeBy) {
      const { closeTimeout } = this.#owner.settings.limits;
      this.violate("close-timeout", closeTimeout, now - this.#closeBy + closeTimeout);
      this.connection.abort();
    }
    return this.#closeBy;
  }

  /** The client has left, and its lines were not used in time; unless it is we who let them wait. */
  #endLate(): void {
    if (this.throttled) this.#endBy = this.#after(this.#owner.settings.limits.closeTimeout);
    else this.leave("client-closed");
  }

  /** Whether the client is slowed down by a rate. */
  get throttled(): boolean {
    return this.#reception.throttled;
  }

  // Who is silent.

  get keepAlive(): KeepAlive {
    return this.#keepAlive;
  }

  set keepAlive(keepAlive: KeepAlive) {
    this.#keepAlive = keepAlive;
    this.#watch();
  }

  #watch(): void {
    const { limits, keepAliveInterval } = this.#owner.settings;
    if (this.#keepAlive === "off" && limits.idleTimeout === Infinity) return;
    this.#vigil ??= new IdleMonitor(limits, keepAliveInterval);
    this.#owner.timed(this, this.#vigil.next(this));
  }

  #keepWatch(now: number): void {
    const { limits, messages } = this.#owner.settings;
    // Who is not heard is not silent.
    if (this.#reception.waiting) this.lastReceivedTime = this.lastInputTime = now;
    switch (this.active ? this.#vigil?.look(this, now) : undefined) {
      case "warn":
        return this.say(messages.idleWarning);
      case "idle":
        this.say(messages.idle);
        this.violate("idle", limits.idleTimeout, now - this.lastInputTime);
        return this.leave("idle");
      case "probe":
        if (this.#keepAlive === "nop") this.sendCommand(NOP);
        else this.options.handlerOf(timingMark).ping();
        return;
      case "gone":
        return this.leave("no-answer");
    }
  }

  /** Says a line by itself. */
  say(message: string): void {
    if (message !== "") this.sendText(`${message}\n`);
  }

  /** A time to be asked at again. */
  #after(milliseconds: number): number {
    const time = this.#owner.now() + milliseconds;
    this.#owner.timed(this, time);
    return time;
  }

  #checkSlow(): void {
    this.#slowBy = Infinity;
    if (this.#stream.queued > this.#owner.settings.limits.output) this.#tooSlow();
  }

  #tooSlow(): void {
    this.violate("too-slow", this.#owner.settings.limits.output, this.#stream.queued);
    this.leave("too-slow");
    this.connection.abort();
  }

  // What the client asks for.

  /** Whether the client is still served. */
  get active(): boolean {
    return this.reason === undefined;
  }

  /** Starts the end; the first reason counts. */
  leave(reason: DisconnectReason = "client-closed", error?: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.error = error;
    this.#commands.wake();
    this.#owner.ready(this);
  }

  /** Tells the game of a limit that the client came to. */
  violate(kind: ClientViolationKind, limit: number, value: number): void {
    this.#owner.violation(this, { kind, limit, value });
  }

  secondsSince(time: number): number {
    return (this.#owner.now() - time) / 1000;
  }

  get encoding(): Encoding | TextCodec {
    return this.#text.encoding;
  }

  set encoding(encoding: Encoding | TextCodec) {
    if (this.#text.set(encoding)) this.#decoder = this.#text.createDecoder();
  }

  get queued(): number {
    return this.#machine.outputLength + this.#stream.queued;
  }

  /** How many bytes wait to be processed. */
  get queuedInput(): number {
    return this.#reception.inbox.length;
  }

  /** Whether something waits for the game. */
  get hasInput(): boolean {
    return this.#commands.length > 0 || this.keyCount > 0;
  }

  get commandCount(): number {
    return this.#commands.length;
  }

  takeCommand(): string | undefined {
    const command = this.#commands.take();
    if (command === undefined) return undefined;
    const secret = this.#secrets?.delete(this.#taken++) === true;
    if (this.#onlookers !== undefined && !secret) this.#showLine(command);
    this.#reception.used();
    if (this.commandCount > 0) this.#owner.unread();
    const held = this.queuedInput > 0 || this.#ended;
    const { commands } = this.#owner.settings.limits;
    if (held && this.commandCount <= commands / 2) this.#owner.ready(this);
    return command;
  }

  /** The lines as they come, until the client goes. */
  async *readLines(): AsyncGenerator<string, void, void> {
    const take = () => this.active ? this.takeCommand() : undefined;
    try {
      yield* this.#commands.read(take, () => !this.active || this.#atEnd());
    } finally {
      if (this.#ended) this.#owner.ready(this);
    }
  }

  sendText(text: string): void {
    if (!this.active) return;
    const { editor } = this.#typing;
    if (editor !== undefined) {
      editor.print(text);
    } else {
      this.#sendTypingOutput();
      this.#text.note(text);
      this.#write(text);
    }
    this.#owner.dirty(this);
  }

  /** What the editor, or one that was in use before, has for the terminal. */
  #sendTypingOutput(): void {
    this.#write(this.#typing.takeOutput());
  }

  /** All text goes out here. */
  #write(text: string): void {
    this.#text.write(text, this.#machine);
    this.#onlookers?.output(text);
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.active) return;
    this.#sendTypingOutput();
    this.#machine.send(bytes);
    this.#onlookers?.output(this.#text.createDecoder().decode(bytes));
    this.#owner.dirty(this);
  }

  sendCommand(command: number): void {
    if (!this.active) return;
    this.#machine.sendCommand(command);
    this.#owner.dirty(this);
  }

  /**
   * Sends a prompt with its mark: EOR where it was agreed, else GA to who speaks Telnet and has not
   * suppressed it. Once a prompt was marked, all are: Mudlet shows others late.
   */
  sendPrompt(text: string): void {
    const { editor } = this.#typing;
    if (editor !== undefined) {
      editor.prompt = text;
      return this.edited();
    }
    this.#sendTypingOutput();
    this.#text.notePrompt(text);
    this.sendBare(text);
    const eor = this.#machine.localEnabled(END_OF_RECORD);
    const ga = this.#sawTelnet && !this.#machine.localEnabled(SGA);
    if (!eor && !ga && !this.#marking) return;
    this.#marking = true;
    this.sendCommand(eor ? EOR : GA);
  }

  /** Text past any editor. */
  sendBare(text: string): void {
    if (!this.active) return;
    this.#write(text);
    this.#owner.dirty(this);
  }

  /** Sets who shows what is typed; it is negotiated at the next flush. */
  setEcho(change: EchoChange): void {
    this.#typing.setEcho(change);
  }

  /** Has the client send each key, for an editor of lines or for the game itself. */
  useKeys(options: EditorOptions | undefined): void {
    this.#typing.useKeys(options);
  }

  /** Has the client send lines again. */
  endKeys(): void {
    this.#write(this.#typing.endKeys());
    this.#owner.dirty(this);
  }

  /** Whether the client sends each key. */
  get characterMode(): boolean {
    return this.#typing.byKeys;
  }

  /** Whether lines are edited here. */
  get editing(): boolean {
    return this.#typing.editor !== undefined;
  }

  get keyCount(): number {
    return this.#typing.keyCount;
  }

  takeKey(): Key | undefined {
    const key = this.#typing.takeKey();
    if (key === undefined) return undefined;
    if (this.keyCount > 0) this.#owner.unread();
    if (this.queuedInput > 0 || this.#ended) this.#owner.ready(this);
    return key;
  }

  // What the keys report.

  edited(): void {
    this.#owner.dirty(this);
  }

  result(result: EditResult): void {
    if (result.type === "line") this.push(result.text);
    else this.#owner.command(this, result.type === "cancel" ? IP : EOF);
  }

  pressed(key: Key): boolean {
    if (!this.#typing.secret) this.#onlookers?.key(key);
    return this.#owner.key(this, key);
  }

  shown(text: string): string {
    return this.#text.shown(text);
  }

  get lastRow(): LastRow {
    return this.#text.lastRow;
  }

  /** Turns every option off, for a game that starts anew behind the same connection. */
  prepareReload(): void {
    if (!this.active) return;
    this.endKeys();
    this.#typing.reset();
    this.#marking = false;
    this.options.disableAll();
    this.flush();
    this.#wire?.stopCompressing();
    this.#takeEvents();
  }

  /** Offers anew what the game declares. */
  offerOptions(): void {
    if (this.active) this.start();
  }

  /** Whether what we send is compressed. */
  get compressed(): boolean {
    return this.#wire?.compressing === true;
  }

  snapshot(): ClientSnapshot {
    this.#takeEvents();
    if (this.compressed || this.#wire?.decompressing) {
      throwMisuse(
        "Cannot take a snapshot of a compressed connection: call prepareReload(), or disableOption() " +
          "for MCCP2 and MCCP3, and wait until `compressed` is false",
      );
    }
    const { facts, saved: options } = this.options.snapshot();
    return {
      version: 1,
      telnet: this.#machine.snapshot(),
      options,
      facts,
      encoding: this.#text.name,
      echo: this.#typing.snapshot(),
      marking: this.#marking,
      sawTelnet: this.#sawTelnet,
    };
  }

  // What the options ask for.

  now(): number {
    return this.#owner.now();
  }

  utc(): string {
    return new Date().toISOString();
  }

  get encrypted(): boolean {
    return this.origin.encrypted;
  }

  get declared(): ReadonlyMap<number, unknown> {
    return this.#owner.settings.declared;
  }

  written(): void {
    this.#armTimeout();
    this.#owner.dirty(this);
  }

  tell<Name extends keyof OptionEvents>(name: Name, value: OptionEvents[Name]): void {
    if (name === "resize") {
      const { columns, rows } = this.options.facts;
      this.#typing.resize(columns, rows);
      this.#onlookers?.resize(columns, rows);
    } else if (name === "pong") this.#vigil?.answered();
    this.#owner.tell(this, name, value);
  }

  run(call: () => unknown): void {
    this.#owner.run(this, call);
  }

  report(error: unknown): void {
    this.#owner.report(this, error);
  }

  useCharset(name: string): boolean {
    const before = this.encoding;
    const inUse = this.#text.useCharset(name);
    if (this.encoding !== before) this.#decoder = this.#text.createDecoder();
    return inUse;
  }

  /** What the client tells by the way counts where neither it nor the game has said it outright. */
  suggestCharset(name: string): void {
    if (this.options.facts.charset === undefined) this.useCharset(name);
  }

  compress(on: boolean): void {
    if (on) {
      this.options.sendSubnegotiation(MCCP2, NO_BYTES);
      this.flush();
      this.#wired()?.compress();
    } else {
      this.flush();
      this.#wire?.stopCompressing();
    }
  }

  /** A marker within a compressed stream changes nothing. */
  decompress(): void {
    this.#inflateNext = this.#owner.settings.codec !== undefined && !this.#reception.inbox.inflated;
  }

  /** The client's next byte belongs to the handshake of TLS. */
  encrypt(): void {
    this.#encryptNext = this.#owner.secureContext !== undefined && !this.encrypted &&
      this.#wire === undefined && this.#secureBy === Infinity;
  }

  needEcho(): void {
    this.setEcho({ needed: true });
  }

  #wired(): Wire | undefined {
    const { codec, limits } = this.#owner.settings;
    if (this.#wire !== undefined || codec === undefined) return this.#wire;
    this.#stream = this.#wire = new Wire(this.connection, codec, limits, this);
    return this.#wire;
  }

  /** Has the session asked again when a request has waited long enough. */
  #armTimeout(): void {
    const timeout = this.#machine.nextTimeout();
    if (timeout !== undefined) this.#owner.timed(this, timeout);
  }

  // What the reception asks for.

  get keysFull(): boolean {
    return this.#typing.full;
  }

  setReading(on: boolean): void {
    if (on) this.#stream.resume();
    else this.#stream.pause();
  }

  ready(): void {
    this.#owner.ready(this);
  }

  timed(time: number): void {
    this.#owner.timed(this, time);
  }

  receive(piece: Uint8Array, now: number): number {
    this.lastReceivedTime = now;
    const before = this.#machine.frameCount;
    const taken = this.#machine.receive(piece, now);
    this.#onlookers?.received(taken === piece.length ? piece : piece.subarray(0, taken));
    const frames = this.#machine.frameCount - before;
    if (frames > 0) {
      this.#reception.countNegotiations(frames);
      this.#owner.counters.negotiations += frames;
    }
    this.#takeEvents();
    this.#reception.inbox.take(taken);
    this.#typing.processed(taken);
    if (this.#inflateNext) this.#inflateRest();
    if (this.#encryptNext) this.#encryptRest();
    return taken;
  }

  /** All that came behind the marker is compressed. */
  #inflateRest(): void {
    this.#inflateNext = false;
    const wire = this.#wired();
    wire?.decompress();
    for (const chunk of this.#reception.inbox.takeAll()) wire?.receive(chunk);
    if (this.#ended) {
      this.#ended = false;
      wire?.end();
    }
  }

  /**
   * All that came behind the end of START-TLS belongs to TLS. What was agreed or typed before counts
   * no more: whoever is in between may have put it there.
   */
  #encryptRest(): void {
    const { secureContext, settings } = this.#owner;
    this.#encryptNext = false;
    if (secureContext === undefined || !this.active) return;
    this.options.sendSubnegotiation(START_TLS, Uint8Array.of(START_TLS_FOLLOWS));
    this.flush();
    const received = joinBytes(this.#reception.inbox.takeAll());
    this.#machine = new TelnetMachine(settings.machine);
    this.options = new OptionHost(this.#machine, this, this.options);
    this.#write(this.#typing.renew());
    this.#truncated = 0;
    this.#taken += this.#commands.drop();
    this.#secrets = undefined;
    this.#sawTelnet = this.#marking = false;
    this.#text.renew(settings.encoding);
    this.#decoder = this.#text.createDecoder();
    this.#secureBy = this.#after(settings.limits.handshakeTimeout);
    const plain = this.connection;
    this.connection = this.#stream = secureContext.secure(plain, received, this);
  }

  #insecure(): void {
    const { handshakeTimeout } = this.#owner.settings.limits;
    const waited = this.now() - this.#secureBy + handshakeTimeout;
    this.#secureBy = Infinity;
    this.violate("handshake-timeout", handshakeTimeout, waited);
    this.leave("connection-lost", new Error("The handshake of TLS was not done in time"));
    this.connection.abort();
  }

  #takeEvents(): void {
    for (const event of this.#machine.takeEvents()) this.#take(event);
    this.#armTimeout();
    const echo = this.#typing.lines.takeEcho();
    // What is recorded of it is the line, when the game takes it: it may turn out to be a secret.
    if (echo !== "") this.#text.write(echo, this.#machine);
    if (this.#machine.outputLength > 0) this.#owner.dirty(this);
    if (this.hasInput) {
      this.#owner.talking(this);
      this.#commands.wake();
    }
    this.options.checkReady();
  }

  #take(event: TelnetEvent): void {
    switch (event.type) {
      case "data":
        return this.#takeData(event.bytes);
      case "command":
        this.#sawTelnet = true;
        return this.#takeCommand(event.command);
      case "option":
        this.#sawTelnet = event.change !== "unanswered" || this.#sawTelnet;
        return this.#takeOption(event);
      case "subnegotiation":
        return this.options.subnegotiation(event.option, event.bytes);
      case "violation":
        return this.#owner.violation(this, this.#violationOf(event));
    }
  }

  #violationOf({ kind, option }: ViolationEvent): ClientViolation {
    const { subnegotiation, repeats } = this.#owner.settings.limits;
    if (kind === "subnegotiation-too-long") return { kind, option, limit: subnegotiation };
    return kind === "repeat-limit" ? { kind, option, limit: repeats } : { kind, option };
  }

  /** Whether the connection begins as another protocol does; then it is answered in that. */
  #isForeign(chunk: Uint8Array): boolean {
    const guard = this.#guard ?? new ProtocolSniffer();
    if (guard === "passed") return false;
    const protocol = guard.push(chunk);
    this.#guard = protocol === undefined ? guard : "passed";
    if (protocol === undefined || protocol === "telnet") return false;
    const { wrongProtocol } = this.#owner.settings.messages;
    this.#answer = wrongProtocol === "" ? NO_BYTES : foreignAnswer(protocol, wrongProtocol);
    this.leave("wrong-protocol", new Error(FOREIGN_PROTOCOLS[protocol]));
    return true;
  }

  #takeData(bytes: Uint8Array): void {
    // A lone NUL keeps a connection alive; nobody has typed it.
    if (bytes[0] !== 0 || bytes.some((byte) => byte !== 0)) this.lastInputTime = this.#owner.now();
    this.#typing.push(this.#decoder.decode(bytes), this);
    const { timeout } = this.#typing;
    if (timeout !== Infinity) this.#owner.timed(this, timeout);
    const { truncated, overlong } = this.#typing.lines;
    if (this.#truncated === truncated) return;
    const { limits, messages } = this.#owner.settings;
    this.say(messages.lineTooLong);
    for (; this.#truncated < truncated; this.#truncated++) {
      this.violate("line-too-long", limits.line, overlong);
    }
  }

  /** Takes a line. A crawler without Telnet asks for the status by its first. */
  push(line: string): void {
    this.#reception.countLine();
    this.#owner.counters.lines++;
    const first = !this.#sawLine;
    this.#sawLine = true;
    if (!first || line !== "MSSP-REQUEST" || !this.declared.has(MSSP)) {
      if (this.#typing.secret) this.#keepSecret();
      this.#typing.lineEnded();
      this.#commands.push(line);
      return;
    }
    this.#typing.lineEnded();
    const status = this.declared.get(MSSP) as () => MsspStatus;
    this.run(() => this.sendText(msspText(status())));
  }

  /** The next line is no business of a recording, whenever the game takes it. */
  #keepSecret(): void {
    (this.#secrets ??= new Set()).add(this.#taken + this.commandCount);
  }

  #takeCommand(command: number): void {
    const { areYouThere } = this.#owner.settings.messages;
    if (command === AYT && areYouThere !== "") this.sendText(`\r\n${areYouThere}\r\n`);
    else if (command === EC) this.#typing.lines.eraseCharacter();
    else if (command === EL) this.#typing.lines.eraseLine();
    else if ([IP, BRK, ABORT, SUSP].includes(command)) this.#typing.lines.eraseLine();
    this.#owner.command(this, command);
  }

  #takeOption(event: OptionEvent): void {
    this.options.changed(event);
    this.#typing.optionChanged(event.option, this.#machine);
  }

  /** Whether the person has closed and every line and key is used. */
  #atEnd(): boolean {
    return this.#ended && this.queuedInput === 0 && !this.hasInput;
  }

  /** After a half-close the client stays until its last lines are used and answered. */
  #checkEnd(): void {
    if (!this.#atEnd() || this.#commands.busy) return;
    if (this.#commands.awaited) this.#commands.wake();
    else this.leave("client-closed");
  }

  #startClosing(): void {
    if (this.#closing || this.#closed) return;
    this.#typing.close();
    if (this.#answer === undefined) this.flush();
    else this.#sendAnswer(this.#answer);
    this.#closing = true;
    this.#reception.inbox.takeAll();
    this.#closeBy = this.#owner.now() + this.#owner.settings.limits.closeTimeout;
    this.#owner.timed(this, this.#closeBy);
    this.#stream.close();
  }

  /** Another protocol's last word, in place of what was meant for a person. */
  #sendAnswer(answer: Uint8Array): void {
    this.#machine.takeOutput();
    this.onSent(answer.length);
    this.#stream.write(answer);
  }

  // Who looks on.

  /** Records what the person sees from now on; `undefined` ends it. */
  record(sink: RecordingSink | undefined, title: string | undefined): void {
    const { columns, rows, terminalType: terminal } = this.options.facts;
    const timestamp = Math.floor(Date.now() / 1000);
    this.#onlookers ??= new Taps(this);
    this.#onlookers.record(sink, { columns, rows, terminal, timestamp, title, now: this.now() });
  }

  /** Marks a place in the recording. */
  mark(label: string): void {
    this.#onlookers?.mark(label);
  }

  /**
   * A line is recorded when the game takes it, not when it comes: only then is it known whether the
   * game had asked for a password meanwhile.
   */
  #showLine(line: string): void {
    if (!this.#typing.hidden) this.#onlookers?.line(line, this.#typing.plainlyShown);
  }
}
