import { nawsClient } from "../options/naws.ts";
import { checkBytes, checkText, throwUnexpected } from "../protocol/validate.ts";
import { checkEncoding, type Encoding, type EncodingLabel } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import { PlainRows } from "../text/plain_rows.ts";
import { Device } from "./device.ts";
import type { ExecOptions, LoginOptions } from "./device_options.ts";
import type { ConnectEvents, Ending } from "./events.ts";
import type { Read } from "./inbox.ts";
import { ReadEntry, ReadLine, ReadPrompt, ReadUntil } from "./reads.ts";
import { makeRemoteTelnet, type RemoteTelnet } from "./remote_telnet.ts";
import type { ClientSession, ServerSnapshot } from "./session.ts";
import { checkSize, type ReadOptions, waitOf } from "./read_options.ts";

/** Makes the server's object for a session. */
export let makeRemoteServer: (session: ClientSession, place: Place) => RemoteServer;

/** Where a server is. */
export interface Place {
  /** What was dialled: a name or an IP address. */
  readonly hostname: string;
  /** The port that was dialled. */
  readonly port: number;
  /** The IP address that answered. */
  readonly address: string;
}

/** Something that came from a server, by its name: a line, a prompt, or what an option reports. */
export type ServerEvent =
  | { readonly type: "line"; readonly text: string }
  | {
    readonly type: "prompt";
    readonly text: string;
    /** Whether the server marked it by GA or EOR; else it just stood there. */
    readonly marked: boolean;
  }
  | {
    readonly [Name in Exclude<keyof ConnectEvents, "text" | "line" | "prompt" | "close">]: {
      readonly type: Name;
      readonly value: ConnectEvents[Name];
    };
  }[Exclude<keyof ConnectEvents, "text" | "line" | "prompt" | "close">];

/**
 * A server that this program has dialled.
 *
 * - **say**: {@linkcode send}, {@linkcode sendBytes}, {@linkcode drained}
 * - **read**: {@linkcode lines}, {@linkcode readLine}, {@linkcode prompts}, {@linkcode readPrompt},
 *   {@linkcode readUntil}, {@linkcode events}
 * - **devices**: {@linkcode login}, {@linkcode exec}, {@linkcode execLines}
 * - **the rest**: {@linkcode telnet}, {@linkcode resize}, {@linkcode encoding}
 * - **the end**: {@linkcode close}, {@linkcode abort}, {@linkcode closed}; `await using` closes, too
 *
 * Text waits in order until it is read: a read takes it, and what stands before what it looks for is
 * passed over. If more than `limits.unread` waits, the connection is not read on. With a handler
 * `onText`, `onLine` or `onPrompt` text does not wait: then a read begins with what comes after its
 * call.
 */
export class RemoteServer implements AsyncDisposable {
  readonly #session: ClientSession;
  readonly #place: Place;
  #telnet: RemoteTelnet | undefined;
  #device: Device | undefined;

  private constructor(session: ClientSession, place: Place) {
    this.#session = session;
    this.#place = place;
  }

  static {
    makeRemoteServer = (session, place) => new RemoteServer(session, place);
  }

  // Say.

  /**
   * Sends text. LF becomes CR LF, or what `newline` of `connect()` says. All that is sent in one turn of
   * the event loop goes out together.
   *
   * @param text Any text; end a line with LF.
   * @throws {TelnetError} `connection-closed`: the connection has ended.
   */
  send(text: string): void {
    checkText("text", text);
    this.#session.send(text);
  }

  /**
   * Sends bytes as they are; only 0xFF is doubled.
   *
   * @param bytes The bytes.
   * @throws {TelnetError} `connection-closed`: the connection has ended.
   */
  sendBytes(bytes: Uint8Array): void {
    checkBytes("bytes", bytes);
    this.#session.act("send", () => this.#session.machine.send(bytes));
  }

  /** How many bytes the system has not taken yet. */
  get queued(): number {
    return this.#session.queued;
  }

  /** Settles when the system has taken all that was sent, or the connection has ended. */
  drained(): Promise<void> {
    return this.#session.drained();
  }

  // Read.

  /**
   * The lines as they come, without their ends, until the server closes. Prompts are passed over.
   *
   * @param options `signal` ends the loop with its reason. Without `timeout` it waits as long as it takes.
   * @returns The lines. The iteration throws if the connection breaks.
   */
  lines(options: ReadOptions = {}): AsyncIterableIterator<string> {
    return this.#iterate(() => new ReadLine(), "lines", options);
  }

  /**
   * Reads the next line.
   *
   * @param options How long to wait.
   * @returns The line without its end; `undefined` when the server has closed.
   * @throws {TelnetError} `timeout`, `connection-lost`, `limit-exceeded` or `misuse`.
   */
  readLine(options: ReadOptions = {}): Promise<string | undefined> {
    return this.#read(new ReadLine(), "readLine", options);
  }

  /**
   * The prompts as they come, until the server closes: rows that the server marks by GA or EOR or, if it
   * marks none, rows that stand for `promptTimeout` without their end. Lines are passed over.
   *
   * @param options `signal` ends the loop with its reason. Without `timeout` it waits as long as it takes.
   * @returns The prompts. The iteration throws if the connection breaks.
   */
  prompts(options: ReadOptions = {}): AsyncIterableIterator<string> {
    return this.#iterate(() => new ReadPrompt(), "prompts", options);
  }

  /**
   * Reads the next prompt, and passes over lines.
   *
   * @param options How long to wait.
   * @returns The prompt; `undefined` when the server has closed.
   * @throws {TelnetError} `timeout`, `connection-lost`, `limit-exceeded` or `misuse`.
   */
  readPrompt(options: ReadOptions = {}): Promise<string | undefined> {
    return this.#read(new ReadPrompt(), "readPrompt", options);
  }

  /**
   * Reads up to a text. `$` in a pattern matches at the end of what has come so far, and at a marked
   * prompt.
   *
   * @param pattern The text, or a pattern that matches no more than 4096 characters.
   * @param options How long to wait.
   * @returns All text through the match, lines ended by LF. What follows stays.
   * @throws {TelnetError} `timeout` or `connection-closed`: the message shows what came instead; also
   * `connection-lost`, `limit-exceeded` or `misuse`.
   */
  readUntil(pattern: RegExp | string, options: ReadOptions = {}): Promise<string> {
    const isPattern = pattern instanceof RegExp || (typeof pattern === "string" && pattern !== "");
    if (!isPattern) throwUnexpected("the pattern", "a RegExp, or text that is not empty", pattern);
    return this.#read(new ReadUntil(pattern), "readUntil", options);
  }

  /**
   * All that comes, in order: lines, prompts, and what options report.
   *
   * @param options `signal` ends the loop with its reason. Without `timeout` it waits as long as it takes.
   * @returns The events. The iteration throws if the connection breaks.
   */
  events(options: ReadOptions = {}): AsyncIterableIterator<ServerEvent> {
    const entries = this.#iterate(() => new ReadEntry(), "events", options);
    const iterator: AsyncIterableIterator<ServerEvent> = {
      async next() {
        const { done, value } = await entries.next();
        if (done) return { done: true, value: undefined };
        const event = value.type === "event" ? value.event as ServerEvent : value;
        return { done: false, value: event };
      },
      async return() {
        await entries.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** How many characters wait to be read, overhead included. */
  get unread(): number {
    return this.#session.inbox.held;
  }

  // Devices.

  /**
   * Logs in to a device or a shell: answers the usual questions for a user name and a password, goes past
   * banners, and learns the prompt from what comes then and after an empty line.
   *
   * @param options The user name and the password, as far as they are asked for.
   * @returns What the device said from its start to its prompt.
   * @throws {TelnetError} `login-refused`, `timeout`, `connection-closed` or `connection-lost`. The
   * message of a timeout shows what came instead.
   */
  login(options: LoginOptions = {}): Promise<string> {
    return this.#deviceOf().login(options);
  }

  /**
   * Sends a command and returns what it printed, without its echo, the prompt, pagers and colours.
   * Several calls at once are carried out one after the other.
   *
   * @param command One line.
   * @param options How long to wait, and what to answer to questions.
   * @returns The output: lines joined by LF, without blank lines at both ends.
   * @throws {TelnetError} `timeout`, `connection-closed` or `connection-lost`. The message of a timeout
   * shows what came instead.
   */
  exec(command: string, options: ExecOptions = {}): Promise<string> {
    return this.#deviceOf().exec(command, options);
  }

  /**
   * The same, line by line as the device prints it.
   *
   * @param command One line.
   * @param options How long to wait, and what to answer to questions.
   * @returns The lines. The iteration throws what `exec` would throw.
   */
  execLines(command: string, options: ExecOptions = {}): AsyncIterableIterator<string> {
    return this.#deviceOf().execLines(command, options);
  }

  /** The prompt that `login()` or `exec()` has learned; `undefined` before. */
  get learnedPrompt(): string | undefined {
    return this.#device?.prompt;
  }

  // The rest.

  /** The Telnet options: GMCP, MSDP, and any other. */
  get telnet(): RemoteTelnet {
    return this.#telnet ??= makeRemoteTelnet(this.#session);
  }

  /** Whether the server shows what is typed, or hides it: then this end shows nothing. */
  get serverEchoes(): boolean {
    return this.#session.serverEchoes;
  }

  /** The character set. */
  get encoding(): Encoding | TextCodec {
    return this.#session.text.encoding;
  }

  /** Sets the character set; what the server names counts no more. */
  set encoding(encoding: EncodingLabel | TextCodec) {
    this.#session.text.set(checkEncoding(encoding));
  }

  /** The width of the window in characters. */
  get columns(): number {
    return this.#session.options.facts.columns;
  }

  /** The height of the window in lines. */
  get rows(): number {
    return this.#session.options.facts.rows;
  }

  /**
   * The window has another size; the server is told if it asked for that.
   *
   * @param columns Its width in characters, 1 to 1000.
   * @param rows Its height in lines, 1 to 1000.
   * @throws {TelnetError} `misuse`: a size that is none.
   */
  resize(columns: number, rows: number): void {
    checkSize("columns", columns);
    checkSize("rows", rows);
    const { options, inbox } = this.#session;
    options.facts.columns = columns;
    options.facts.rows = rows;
    if (inbox.rows instanceof PlainRows) inbox.rows.columns = columns;
    if (this.active) this.#session.act("resize", () => options.stateOf(nawsClient).update());
  }

  /** What was dialled: a name or an IP address. */
  get hostname(): string {
    return this.#place.hostname;
  }

  /** The port that was dialled. */
  get port(): number {
    return this.#place.port;
  }

  /** The IP address that answered. */
  get address(): string {
    return this.#place.address;
  }

  /** Whether the bytes travel encrypted. */
  get encrypted(): boolean {
    return this.#session.encrypted;
  }

  /** How many bytes came, as they were on the wire. */
  get bytesReceived(): number {
    return this.#session.bytesReceived;
  }

  /** How many bytes went out. */
  get bytesSent(): number {
    return this.#session.bytesSent;
  }

  // The end.

  /** Whether the connection is open. What came can be read also after its end. */
  get active(): boolean {
    return this.#session.active;
  }

  /** Settles when the connection is gone: with the error that broke it, or none. Never rejects. */
  get closed(): Promise<Ending> {
    return this.#session.closed;
  }

  /** Closes: what was sent goes out first. Settles when the connection is gone. */
  async close(): Promise<void> {
    this.#session.close();
    await this.#session.closed;
  }

  /** Ends the connection at once; what is queued is lost. */
  abort(): void {
    this.#session.fail(undefined);
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Where things stand, as plain JSON, for {@linkcode connectOver} in another process that takes over
   * the connection. Events of options that wait to be read are not in it.
   *
   * @returns A snapshot.
   */
  snapshot(): ServerSnapshot {
    return this.#session.snapshot();
  }

  #deviceOf(): Device {
    return this.#device ??= new Device(this.#session);
  }

  #read<Result>(read: Read<Result>, what: string, options: ReadOptions): Promise<Result> {
    return this.#session.inbox.read(read, waitOf(what, options, this.#session.settings));
  }

  #iterate<Item>(
    read: () => Read<Item | undefined>,
    what: string,
    options: ReadOptions,
  ): AsyncIterableIterator<Item> {
    const { inbox, settings } = this.#session;
    const wait = waitOf(what, { timeout: Infinity, ...options }, settings);
    let done = false;
    const iterator: AsyncIterableIterator<Item> = {
      async next() {
        const value = done ? undefined : await inbox.read(read(), wait);
        if (value !== undefined) return { done: false, value };
        done = true;
        return { done: true, value: undefined };
      },
      return() {
        done = true;
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}
