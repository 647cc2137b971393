import { BINARY } from "../options/binary.ts";
import { ECHO } from "../options/echo.ts";
import { END_OF_RECORD } from "../options/end_of_record.ts";
import { MCCP2, MCCP3 } from "../options/mccp.ts";
import { MSSP, type MsspStatus, msspText } from "../options/mssp.ts";
import type { OptionNotices } from "../options/option.ts";
import { SGA } from "../options/sga.ts";
import { ABORT, AYT, BRK, EC, EL, EOR, GA, IP, SUSP } from "../protocol/codes.ts";
import { Fifo } from "../protocol/fifo.ts";
import type { OptionEvent, TelnetEvent } from "../protocol/events.ts";
import { TelnetMachine, type TelnetSnapshot } from "../protocol/machine.ts";
import {
  createTextDecoder,
  encodeText,
  type Encoding,
  encodingByName,
  type TextStreamDecoder,
} from "../text/charset.ts";
import { LineInput } from "../text/line_input.ts";
import { NewlineEncoder } from "../text/newline.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import type { Timed } from "./clock.ts";
import { LineQueue } from "./line_queue.ts";
import { AGREED, OptionHost, type OptionPort } from "./option_host.ts";
import type { DisconnectReason, SessionOwner } from "./session_owner.ts";
import { Wire } from "./wire.ts";

/** Input is processed in pieces of this size, so that the limit of lines holds within a chunk. */
const PIECE = 8_192;
/** A client gets so many bytes processed in one poll; the others wait no longer for it. */
const SHARE = 32_768;
/** How long a client is kept whose lines nobody takes: paused, its end would not be noticed. */
const UNREAD_MS = 60_000;
const NO_BYTES = new Uint8Array(0);

/** One connection: bytes to lines on the way in, text to bytes on the way out. */
export class Session implements ConnectionHandler, OptionPort, Timed {
  readonly connection: Connection;
  readonly connectTime: number;
  readonly options: OptionHost;
  useAnsi = true;
  bytesSent = 0;
  bytesReceived = 0;
  lastInputTime: number;
  reason: DisconnectReason | undefined;
  error: unknown;
  readonly #owner: SessionOwner;
  readonly #machine: TelnetMachine;
  readonly #wire: Wire;
  readonly #lines: LineInput;
  readonly #newlines = new NewlineEncoder();
  readonly #inbox = new Fifo<Uint8Array>();
  readonly #commands = new LineQueue();
  #encoding: Encoding;
  #decoder: TextStreamDecoder;
  #inboxBytes = 0;
  #truncated = 0;
  #sawTelnet = false;
  #sawLine = false;
  #marking = false;
  #inflateNext = false;
  #echoing = false;
  #password = false;
  #echoAsked = false;
  #ended = false;
  #closing = false;
  #closeBy = Infinity;
  /** When a client that has left is given up although its lines are not used. */
  #endBy = Infinity;
  #unreadBy = Infinity;
  #slowBy = Infinity;
  #closed = false;

  constructor(connection: Connection, owner: SessionOwner) {
    const { limits, encoding, codec } = owner.settings;
    this.connection = connection;
    this.#owner = owner;
    this.#encoding = encoding;
    this.#decoder = createTextDecoder(encoding);
    this.#machine = new TelnetMachine({ ...AGREED, stopAfter: [MCCP3], limits });
    this.options = new OptionHost(this.#machine, this);
    this.#wire = new Wire(connection, codec, limits.inflateRatio, {
      onPlain: (bytes) => this.#receivePlain(bytes),
      onUncompressed: () => this.#owner.dirty(this),
      onCorrupt: (error) => this.#corrupt(error),
    });
    this.#lines = new LineInput({ limit: limits.line });
    this.connectTime = this.lastInputTime = owner.now();
  }

  // What the transport reports: it is only noted here, poll() does the work.

  onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.#wire.receive(chunk);
  }

  onEnd(): void {
    this.#ended = true;
    this.#endBy = this.#after(this.#owner.settings.limits.closeTimeout);
    this.#owner.ready(this);
  }

  onDrain(): void {}

  onClose(error?: Error): void {
    this.#closed = true;
    this.#wire.destroy();
    this.leave(error === undefined || this.#ended ? "client-closed" : "connection-lost", error);
    this.options.endWait();
    this.#owner.ready(this);
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
  }

  /** Processes what came, as far as the limits allow. */
  process(): void {
    if (this.reason === undefined) {
      this.#processInbox();
      this.#checkEnd();
    }
    if (this.reason !== undefined) this.#startClosing();
  }

  /** Hands what waits to the transport. */
  flush(): void {
    if (this.#closing || this.#wire.ending) return;
    this.#applyEcho();
    if (this.#machine.outputLength === 0) return;
    if (this.connection.queued > this.#owner.settings.limits.output) {
      this.leave("too-slow");
      this.connection.abort();
      return;
    }
    const bytes = this.#machine.takeOutput();
    this.bytesSent += bytes.length;
    this.#wire.write(bytes);
    if (this.connection.queued > this.#owner.settings.limits.output) {
      this.#slowBy = this.#after(this.#owner.settings.limits.closeTimeout);
    }
  }

  tick(now: number): number | undefined {
    if (this.#closed) return undefined;
    if (this.#closing) {
      if (now >= this.#closeBy) this.connection.abort();
      return this.#closeBy;
    }
    this.#machine.handleTimeout(now);
    this.#takeEvents();
    if (now >= this.options.deadline) this.options.endWait();
    if (now >= this.#endBy) this.leave("client-closed");
    if (now >= this.#unreadBy) this.leave("not-read");
    if (now >= this.#slowBy) this.#checkSlow();
    if (!this.active) return undefined;
    const waits = [this.options.deadline, this.#endBy, this.#unreadBy, this.#slowBy];
    const next = Math.min(this.#machine.nextTimeout() ?? Infinity, ...waits);
    return next === Infinity ? undefined : next;
  }

  /** A time to be asked at again. */
  #after(milliseconds: number): number {
    const time = this.#owner.now() + milliseconds;
    this.#owner.timed(this, time);
    return time;
  }

  /** One text may be larger than the limit, but not for long. */
  #checkSlow(): void {
    this.#slowBy = Infinity;
    if (this.connection.queued <= this.#owner.settings.limits.output) return;
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

  secondsSince(time: number): number {
    return (this.#owner.now() - time) / 1000;
  }

  get encoding(): Encoding {
    return this.#encoding;
  }

  set encoding(encoding: Encoding) {
    if (encoding === this.#encoding) return;
    this.#encoding = encoding;
    this.#decoder = createTextDecoder(encoding);
  }

  get queued(): number {
    return this.#machine.outputLength + this.connection.queued;
  }

  get commandCount(): number {
    return this.#commands.length;
  }

  takeCommand(): string | undefined {
    const command = this.#commands.take();
    if (command === undefined) return undefined;
    if (this.#unreadBy !== Infinity) this.#unreadBy = this.#after(UNREAD_MS);
    if (this.commandCount > 0) this.#owner.unread();
    const held = this.#inbox.length > 0 || this.#ended;
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
    const binary = this.#machine.localEnabled(BINARY);
    this.sendBytes(encodeText(this.#newlines.encode(text, binary), this.#encoding));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.active) return;
    this.#machine.send(bytes);
    this.#owner.dirty(this);
  }

  /**
   * Sends a prompt with its mark: EOR where it was agreed, else GA to who speaks Telnet and has not
   * suppressed it. Once a prompt was marked, all are: Mudlet shows others late.
   */
  sendPrompt(text: string): void {
    this.sendText(text);
    if (!this.active) return;
    const eor = this.#machine.localEnabled(END_OF_RECORD);
    const ga = this.#sawTelnet && !this.#machine.localEnabled(SGA);
    if (!eor && !ga && !this.#marking) return;
    this.#marking = true;
    this.#machine.sendCommand(eor ? EOR : GA);
  }

  /** Sets who shows what is typed: we in full, or nobody while it is a password. */
  setEcho(change: { readonly echoing?: boolean; readonly password?: boolean }): void {
    this.#echoing = change.echoing ?? this.#echoing;
    this.#password = change.password ?? this.#password;
    // It is negotiated at the next flush: off and on again at once costs no word, as some clients
    // stop hiding after a few changes.
    this.#owner.dirty(this);
  }

  /** Turns every option off, for a game that starts anew behind the same connection. */
  prepareReload(): void {
    this.#wire.stopCompressing();
    this.options.disableAll();
  }

  snapshot(): TelnetSnapshot {
    return this.#machine.snapshot();
  }

  // What the options ask for.

  now(): number {
    return this.#owner.now();
  }

  get declared(): ReadonlyMap<number, unknown> {
    return this.#owner.settings.declared;
  }

  written(): void {
    this.#armTimeout();
    this.#owner.dirty(this);
  }

  tell<Name extends keyof OptionNotices>(name: Name, value: OptionNotices[Name]): void {
    this.#owner.tell(this, name, value);
  }

  run(call: () => unknown): void {
    this.#owner.run(this, call);
  }

  useCharset(name: string): boolean {
    const encoding = encodingByName(name);
    if (encoding !== undefined) this.encoding = encoding;
    return encoding !== undefined;
  }

  compress(on: boolean): void {
    if (on) {
      this.options.sendSubnegotiation(MCCP2, NO_BYTES);
      this.flush();
      this.#wire.compress();
    } else {
      this.flush();
      this.#wire.stopCompressing();
    }
  }

  decompress(): void {
    this.#inflateNext = this.#owner.settings.codec !== undefined;
  }

  /** Has the session asked again when a request has waited long enough. */
  #armTimeout(): void {
    const timeout = this.#machine.nextTimeout();
    if (timeout !== undefined) this.#owner.timed(this, timeout);
  }

  #applyEcho(): void {
    const wanted = this.#echoing || this.#password;
    if (wanted === this.#echoAsked) return this.#setEchoMode();
    this.#echoAsked = wanted;
    if (wanted) this.#machine.enableLocal(ECHO, { now: this.#owner.now(), urgent: true });
    else this.#machine.disableLocal(ECHO, { now: this.#owner.now() });
    this.#armTimeout();
    this.#setEchoMode();
  }

  #setEchoMode(): void {
    const mode = this.#password ? "newlines" : this.#echoing ? "all" : "none";
    this.#lines.echo = this.#machine.localEnabled(ECHO) ? mode : "none";
  }

  #receivePlain(bytes: Uint8Array): void {
    this.#inbox.push(bytes);
    this.#inboxBytes += bytes.length;
    if (this.#inboxBytes >= this.#owner.settings.limits.input) this.#wire.pause();
    this.#owner.ready(this);
  }

  #processInbox(): void {
    const { commands, input } = this.#owner.settings.limits;
    let share = SHARE;
    while (this.active && this.commandCount < commands) {
      if (share <= 0) return this.#owner.ready(this);
      const chunk = this.#inbox.peek();
      if (chunk === undefined) break;
      const piece = chunk.length > PIECE ? chunk.subarray(0, PIECE) : chunk;
      const taken = this.#machine.receive(piece, this.#owner.now());
      if (taken === chunk.length) this.#inbox.take();
      else this.#inbox.replaceNext(chunk.subarray(taken));
      this.#inboxBytes -= taken;
      share -= taken;
      this.#takeEvents();
      if (this.#inflateNext) this.#inflateRest();
    }
    if (this.#inboxBytes >= input) {
      if (this.#unreadBy === Infinity) this.#unreadBy = this.#after(UNREAD_MS);
    } else {
      this.#unreadBy = Infinity;
      this.#wire.resume();
    }
  }

  /** All that came behind the marker is compressed. */
  #inflateRest(): void {
    this.#inflateNext = false;
    this.#wire.decompress();
    this.#inboxBytes = 0;
    const rest: Uint8Array[] = [];
    for (let chunk = this.#inbox.take(); chunk !== undefined; chunk = this.#inbox.take()) {
      rest.push(chunk);
    }
    for (const chunk of rest) this.#wire.receive(chunk);
  }

  #corrupt(error: Error): void {
    this.options.disableLocal(MCCP3);
    this.leave("corrupt-data", error);
  }

  #takeEvents(): void {
    for (const event of this.#machine.takeEvents()) this.#take(event);
    this.#armTimeout();
    const echo = this.#lines.takeEcho();
    if (echo !== "") this.sendText(echo);
    if (this.#machine.outputLength > 0) this.#owner.dirty(this);
    if (this.commandCount > 0) this.#commands.wake();
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
        return this.#owner.violation(this, event.kind);
    }
  }

  #takeData(bytes: Uint8Array): void {
    // A lone NUL keeps a connection alive; nobody has typed it.
    if (bytes[0] !== 0 || bytes.some((byte) => byte !== 0)) this.lastInputTime = this.#owner.now();
    this.#lines.push(this.#decoder.decode(bytes), this.#lineSink);
    for (; this.#truncated < this.#lines.truncated; this.#truncated++) {
      this.#owner.violation(this, "line-too-long");
    }
  }

  readonly #lineSink = { push: (line: string) => this.#takeLine(line) };

  /** A crawler without Telnet asks for the status by its first line. */
  #takeLine(line: string): void {
    const status = this.#owner.settings.declared.get(MSSP) as (() => MsspStatus) | undefined;
    const asked = line === "MSSP-REQUEST" && status !== undefined && !this.#sawLine;
    this.#sawLine = true;
    if (asked) this.run(() => this.sendText(msspText(status())));
    else this.#commands.push(line);
  }

  #takeCommand(command: number): void {
    if (command === AYT) this.sendText(`\r\n${this.#owner.settings.areYouThere}\r\n`);
    else if (command === EC) this.#lines.eraseCharacter();
    else if (command === EL) this.#lines.eraseLine();
    else if ([IP, BRK, ABORT, SUSP].includes(command)) this.#lines.eraseLine();
    this.#owner.command(this, command);
  }

  #takeOption(event: OptionEvent): void {
    if (event.side === "local" && event.option === ECHO) this.#setEchoMode();
    this.options.changed(event);
  }

  /** Whether the person has closed and every line is used. */
  #atEnd(): boolean {
    return this.#ended && this.#inbox.length === 0 && this.commandCount === 0;
  }

  /** After a half-close the client stays until its last lines are used and answered. */
  #checkEnd(): void {
    if (!this.#atEnd() || this.#commands.busy) return;
    if (this.#commands.awaited) this.#commands.wake();
    else this.leave("client-closed");
  }

  #startClosing(): void {
    if (this.#closing || this.#closed) return;
    this.flush();
    this.#closing = true;
    this.#inbox.clear();
    this.#closeBy = this.#owner.now() + this.#owner.settings.limits.closeTimeout;
    this.#owner.timed(this, this.#closeBy);
    this.#wire.close();
  }
}
