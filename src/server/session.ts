import { ECHO } from "../options/echo.ts";
import { BINARY } from "../options/binary.ts";
import type { OptionSession } from "../options/option.ts";
import { optionByCode, OPTIONS } from "../options/registry.ts";
import { ABORT, AYT, BRK, EC, EL, IP, SUSP } from "../protocol/codes.ts";
import type { OptionEvent, TelnetEvent, ViolationKind } from "../protocol/events.ts";
import { TelnetMachine } from "../protocol/machine.ts";
import {
  createTextDecoder,
  encodeText,
  type Encoding,
  type TextStreamDecoder,
} from "../text/charset.ts";
import { LineInput } from "../text/line_input.ts";
import { NewlineEncoder } from "../text/newline.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import type { Timed } from "./clock.ts";
import { Fifo } from "./fifo.ts";
import type { ServerLimits } from "./limits.ts";

/**
 * Why a client went.
 *
 * - `client-closed`: the person left
 * - `connection-lost`: the connection broke; see the error
 * - `deactivated`: `active = false`
 * - `handler-failed`: a handler threw, or its promise was rejected; see the error
 * - `too-slow`: it did not read what was sent to it
 * - `server-stopped`: `stop()`
 */
export type DisconnectReason =
  | "client-closed"
  | "connection-lost"
  | "deactivated"
  | "handler-failed"
  | "too-slow"
  | "server-stopped";

/** A fault of a client: of the protocol, or a line over the limit. */
export type ClientViolation = ViolationKind | "line-too-long";

/** What a session asks of its server. */
export interface SessionOwner {
  readonly limits: ServerLimits;
  now(): number;
  /** The session has something to process. */
  ready(session: Session): void;
  /** The session has something to send. */
  dirty(session: Session): void;
  /** A line was taken and more wait: the next poll shall not wait for the network. */
  unread(): void;
  /** The session wants `tick` at a time. */
  timed(session: Session, time: number): void;
  /** The person sent a command such as IP. */
  command(session: Session, command: number): void;
  /** The person broke a rule. */
  violation(session: Session, kind: ClientViolation): void;
}

/** Input is processed in pieces of this size, so that the limit of lines holds within a chunk. */
const PIECE = 16_384;
const YES = "\r\n[Yes, I am here]\r\n";
const agreeing = (side: "agreeLocal" | "agreeRemote") =>
  OPTIONS.filter((option) => option[side]).map((option) => option.code);
const LOCAL = agreeing("agreeLocal");
const REMOTE = agreeing("agreeRemote");

/** One connection: bytes to lines on the way in, text to bytes on the way out. */
export class Session implements ConnectionHandler, OptionSession, Timed {
  readonly connection: Connection;
  readonly connectTime: number;
  columns = 80;
  rows = 24;
  terminalType = "unknown terminal";
  useAnsi = true;
  bytesSent = 0;
  bytesReceived = 0;
  lastInputTime: number;
  reason: DisconnectReason | undefined;
  error: unknown;
  readonly #owner: SessionOwner;
  readonly #machine: TelnetMachine;
  readonly #lines: LineInput;
  readonly #newlines = new NewlineEncoder();
  #encoding: Encoding;
  #decoder: TextStreamDecoder;
  readonly #inbox = new Fifo<Uint8Array>();
  #inboxBytes = 0;
  readonly #commands = new Fifo<string>();
  #truncated = 0;
  #echoing = false;
  #password = false;
  #ended = false;
  #closing = false;
  #closeBy = Infinity;
  #closed = false;
  #reader: "none" | "busy" | (() => void) = "none";

  constructor(connection: Connection, owner: SessionOwner, encoding: Encoding) {
    this.connection = connection;
    this.#owner = owner;
    this.#encoding = encoding;
    this.#decoder = createTextDecoder(encoding);
    this.#machine = new TelnetMachine({ local: LOCAL, remote: REMOTE, limits: owner.limits });
    this.#lines = new LineInput({ limit: owner.limits.line });
    this.connectTime = this.lastInputTime = owner.now();
  }

  // What the transport reports: it is only noted here, poll() does the work.

  onData(chunk: Uint8Array): void {
    this.#inbox.push(chunk);
    this.#inboxBytes += chunk.length;
    this.bytesReceived += chunk.length;
    if (this.#inboxBytes >= this.#owner.limits.input) this.connection.pause();
    this.#owner.ready(this);
  }

  onEnd(): void {
    this.#ended = true;
    this.#owner.ready(this);
  }

  onDrain(): void {}

  onClose(error?: Error): void {
    this.#closed = true;
    this.leave(error === undefined || this.#ended ? "client-closed" : "connection-lost", error);
    this.#owner.ready(this);
  }

  // What poll() does.

  /** Whether the connection is gone and only onDisconnect is left to call. */
  get closed(): boolean {
    return this.#closed;
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
    if (this.#machine.outputLength === 0 || this.#closing) return;
    if (this.connection.queued > this.#owner.limits.output) {
      this.leave("too-slow");
      this.connection.abort();
      return;
    }
    const bytes = this.#machine.takeOutput();
    this.bytesSent += bytes.length;
    this.connection.write(bytes);
  }

  tick(now: number): number | undefined {
    if (this.#closed) return undefined;
    if (this.#closing) {
      if (now >= this.#closeBy) this.connection.abort();
      return this.#closeBy;
    }
    this.#machine.handleTimeout(now);
    this.#takeEvents();
    return this.#machine.nextTimeout();
  }

  // What the client asks for.

  /** Whether the client is still served. */
  get active(): boolean {
    return this.reason === undefined;
  }

  /** Starts the end; the first reason counts. */
  leave(reason: DisconnectReason, error?: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.error = error;
    this.#wakeReader();
    this.#owner.ready(this);
  }

  secondsSince(time: number): number {
    return (this.#owner.now() - time) / 1000;
  }

  get encoding(): Encoding {
    return this.#encoding;
  }

  set encoding(encoding: Encoding) {
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
    if (this.commandCount > 0) this.#owner.unread();
    const held = this.#inbox.length > 0 || this.#ended;
    if (held && this.commandCount <= this.#owner.limits.commands / 2) this.#owner.ready(this);
    return command;
  }

  /** The lines as they come, until the client goes. */
  async *readLines(): AsyncGenerator<string, void, void> {
    this.#reader = "busy";
    try {
      while (true) {
        const command = this.active ? this.takeCommand() : undefined;
        if (command !== undefined) yield command;
        else if (!this.active || this.#atEnd()) return;
        else await new Promise<void>((resolve) => this.#reader = resolve);
      }
    } finally {
      this.#reader = "none";
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

  sendSubnegotiation(option: number, payload: Uint8Array): void {
    this.#machine.sendSubnegotiation(option, payload);
    this.#owner.dirty(this);
  }

  enableLocal(option: number): void {
    this.#negotiate((now) => this.#machine.enableLocal(option, { now, urgent: option === ECHO }));
  }

  disableLocal(option: number): void {
    this.#negotiate((now) => this.#machine.disableLocal(option, { now }));
  }

  /** Asks for an option of the client, or for its facts anew where it is on already. */
  enableRemote(option: number): void {
    if (this.#machine.remoteEnabled(option)) optionByCode(option)?.remoteEnabled?.(this);
    else this.#negotiate((now) => this.#machine.enableRemote(option, { now }));
  }

  /** Sets who shows what is typed: we in full, or nobody while it is a password. */
  setEcho(change: { readonly echoing?: boolean; readonly password?: boolean }): void {
    this.#echoing = change.echoing ?? this.#echoing;
    this.#password = change.password ?? this.#password;
    if (this.#echoing || this.#password) this.enableLocal(ECHO);
    else this.disableLocal(ECHO);
    this.#applyEcho();
  }

  #negotiate(request: (now: number) => void): void {
    if (!this.active) return;
    request(this.#owner.now());
    const timeout = this.#machine.nextTimeout();
    if (timeout !== undefined) this.#owner.timed(this, timeout);
    this.#owner.dirty(this);
  }

  #applyEcho(): void {
    const mode = this.#password ? "newlines" : this.#echoing ? "all" : "none";
    this.#lines.echo = this.#machine.localEnabled(ECHO) ? mode : "none";
  }

  #processInbox(): void {
    const { commands, input } = this.#owner.limits;
    while (this.active && this.commandCount < commands) {
      const chunk = this.#inbox.peek();
      if (chunk === undefined) break;
      const piece = chunk.length > PIECE ? chunk.subarray(0, PIECE) : chunk;
      if (piece === chunk) this.#inbox.take();
      else this.#inbox.replaceNext(chunk.subarray(PIECE));
      this.#inboxBytes -= piece.length;
      this.#machine.receive(piece, this.#owner.now());
      this.#takeEvents();
    }
    if (this.#inboxBytes < input) this.connection.resume();
  }

  #takeEvents(): void {
    for (const event of this.#machine.takeEvents()) this.#take(event);
    const timeout = this.#machine.nextTimeout();
    if (timeout !== undefined) this.#owner.timed(this, timeout);
    const echo = this.#lines.takeEcho();
    if (echo !== "") this.sendText(echo);
    if (this.#machine.outputLength > 0) this.#owner.dirty(this);
    if (this.commandCount > 0) this.#wakeReader();
  }

  #take(event: TelnetEvent): void {
    switch (event.type) {
      case "data":
        return this.#takeData(event.bytes);
      case "command":
        return this.#takeCommand(event.command);
      case "option":
        return this.#takeOption(event);
      case "subnegotiation":
        if (this.#machine.remoteEnabled(event.option) || this.#machine.localEnabled(event.option)) {
          optionByCode(event.option)?.subnegotiation?.(event.bytes, this);
        }
        return;
      case "violation":
        return this.#owner.violation(this, event.kind);
    }
  }

  #takeData(bytes: Uint8Array): void {
    this.lastInputTime = this.#owner.now();
    this.#lines.push(this.#decoder.decode(bytes), this.#commands);
    for (; this.#truncated < this.#lines.truncated; this.#truncated++) {
      this.#owner.violation(this, "line-too-long");
    }
  }

  #takeCommand(command: number): void {
    if (command === AYT) this.sendText(YES);
    else if (command === EC) this.#lines.eraseCharacter();
    else if (command === EL) this.#lines.eraseLine();
    else if ([IP, BRK, ABORT, SUSP].includes(command)) this.#lines.eraseLine();
    this.#owner.command(this, command);
  }

  #takeOption(event: OptionEvent): void {
    if (event.side === "local" && event.option === ECHO) this.#applyEcho();
    if (event.side === "remote" && event.change === "enabled") {
      optionByCode(event.option)?.remoteEnabled?.(this);
    }
  }

  /** Whether the person has closed and every line is used. */
  #atEnd(): boolean {
    return this.#ended && this.#inbox.length === 0 && this.commandCount === 0;
  }

  /** After a half-close the client stays until its last lines are used and answered. */
  #checkEnd(): void {
    if (!this.#atEnd() || this.#reader === "busy") return;
    if (this.#reader === "none") this.leave("client-closed");
    else this.#wakeReader();
  }

  #wakeReader(): void {
    if (typeof this.#reader !== "function") return;
    const resume = this.#reader;
    this.#reader = "busy";
    resume();
  }

  #startClosing(): void {
    if (this.#closing || this.#closed) return;
    this.flush();
    this.#closing = true;
    this.#inbox.clear();
    this.#closeBy = this.#owner.now() + this.#owner.limits.closeTimeout;
    this.#owner.timed(this, this.#closeBy);
    this.connection.close();
  }
}
