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

/** The text of a server that nobody has read. */
export let unreadTextOf: (server: RemoteServer) => string;

/** Creates the `RemoteServer` of a session; its constructor is private. */
export let makeRemoteServer: (session: ClientSession, place: Place) => RemoteServer;

/** The address of a server. */
export interface Place {
  /** The host name or IP address that was dialled. */
  readonly hostname: string;
  /** The port that was dialled. */
  readonly port: number;
  /** The IP address of the server. */
  readonly address: string;
}

/** An event from a server: a line, a prompt, or the event of an option. */
export type ServerEvent =
  | { readonly type: "line"; readonly text: string }
  | {
    readonly type: "prompt";
    readonly text: string;
    /** Whether the server marked it with GA or EOR. If not, this end guessed it. */
    readonly marked: boolean;
  }
  | {
    readonly [Name in Exclude<keyof ConnectEvents, "text" | "line" | "prompt" | "close">]: {
      readonly type: Name;
      readonly value: ConnectEvents[Name];
    };
  }[Exclude<keyof ConnectEvents, "text" | "line" | "prompt" | "close">];

/**
 * A server that this program is connected to.
 *
 * - **send**: {@linkcode send}, {@linkcode sendBytes}, {@linkcode drained}
 * - **read**: {@linkcode lines}, {@linkcode readLine}, {@linkcode prompts}, {@linkcode readPrompt},
 *   {@linkcode readUntil}, {@linkcode events}
 * - **devices**: {@linkcode login}, {@linkcode exec}, {@linkcode execLines}
 * - **options and terminal**: {@linkcode telnet}, {@linkcode resize}, {@linkcode encoding}
 * - **close**: {@linkcode close}, {@linkcode abort}, {@linkcode closed}; `await using` closes, too
 *
 * Received text is queued in order until it is read. A read removes what it returns and whatever it
 * skips before that. While more than `limits.unread` characters are queued, the connection is not
 * read. With a handler `onText`, `onLine` or `onPrompt`, text is not queued: a read then
 * returns only text that arrives after its call.
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
    unreadTextOf = (server) => server.#session.unreadText;
    makeRemoteServer = (session, place) => new RemoteServer(session, place);
  }

  // Sending.

  /**
   * Sends text. LF becomes CR LF, or the line end set by `newline` of `connect()`. All text sent in
   * one turn of the event loop is written together.
   *
   * @param text Any text; end a line with LF.
   * @throws {TelnetError} `connection-closed`: the connection has ended; `misuse`: not a text.
   */
  send(text: string): void {
    checkText("the text", text);
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
    this.#session.sendBytes(bytes);
  }

  /** The number of sent bytes that the operating system has not accepted yet. */
  get queued(): number {
    return this.#session.queued;
  }

  /** Settles when the operating system has accepted all sent bytes, or the connection has ended. */
  drained(): Promise<void> {
    return this.#session.drained();
  }

  // Reading.

  /**
   * Iterates over the lines, without their line ends, until the server closes. Skips prompts.
   *
   * @param options `signal` aborts the loop with its reason. `timeout` limits the wait for each
   * line; default: no limit.
   * @returns The lines. The iteration throws if the connection breaks.
   */
  lines(options: ReadOptions = {}): AsyncIterableIterator<string> {
    return this.#iterate(() => new ReadLine(), "lines", options);
  }

  /**
   * Reads the next line.
   *
   * @param options How long to wait.
   * @returns The line without its line end; `undefined` when the server has closed. A last row without
   * a line end, such as a prompt, is returned as a line before that.
   * @throws {TelnetError} `timeout`, `connection-lost`, `limit-exceeded` or `misuse`.
   */
  readLine(options: ReadOptions = {}): Promise<string | undefined> {
    return this.#read(new ReadLine(), "readLine", options);
  }

  /**
   * Iterates over the prompts until the server closes. A prompt is a row that the server marks with
   * GA or EOR or, if it marks none, a row that stays without a line end for `promptTimeout`. Skips
   * lines.
   *
   * @param options `signal` aborts the loop with its reason. `timeout` limits the wait for each
   * prompt; default: no limit.
   * @returns The prompts. The iteration throws if the connection breaks.
   */
  prompts(options: ReadOptions = {}): AsyncIterableIterator<string> {
    return this.#iterate(() => new ReadPrompt(), "prompts", options);
  }

  /**
   * Reads the next prompt. Skips lines.
   *
   * @param options How long to wait.
   * @returns The prompt; `undefined` when the server has closed.
   * @throws {TelnetError} `timeout`, `connection-lost`, `limit-exceeded` or `misuse`.
   */
  readPrompt(options: ReadOptions = {}): Promise<string | undefined> {
    return this.#read(new ReadPrompt(), "readPrompt", options);
  }

  /**
   * Reads up to and including a text. `$` in a pattern matches at the end of the text received so
   * far, and at the end of a marked prompt.
   *
   * @param pattern The text, or a pattern that matches no more than 4096 characters.
   * @param options How long to wait.
   * @returns All text up to and including the match, with LF as the line end. Later text stays
   * queued.
   * @throws {TelnetError} `timeout` or `connection-closed`: the message shows the text received
   * instead; also `connection-lost`, `limit-exceeded` or `misuse`.
   */
  readUntil(pattern: RegExp | string, options: ReadOptions = {}): Promise<string> {
    const isPattern = pattern instanceof RegExp || (typeof pattern === "string" && pattern !== "");
    if (!isPattern) throwUnexpected("the pattern", "a RegExp, or text that is not empty", pattern);
    return this.#read(new ReadUntil(pattern), "readUntil", options);
  }

  /**
   * Iterates over everything received, in order: lines, prompts and option events.
   *
   * @param options `signal` aborts the loop with its reason. `timeout` limits the wait for each
   * event; default: no limit.
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

  /** The number of unread characters, plus a fixed overhead for each line, prompt and event. */
  get unread(): number {
    return this.#session.received.inbox.held;
  }

  // Devices.

  /**
   * Logs in to a device or a shell. Answers the usual questions for a user name and a password,
   * skips banners, and learns the prompt from the row that follows and from the reply to an empty
   * line.
   *
   * @param options The user name and the password, if the device asks for them.
   * @returns The text that the device sent before its prompt.
   * @throws {TelnetError} `login-refused`, `timeout` or `connection-closed`: the message shows the
   * text received instead; also `connection-lost`, `limit-exceeded` or `misuse`.
   */
  login(options: LoginOptions = {}): Promise<string> {
    return this.#deviceOf().login(options);
  }

  /**
   * Sends a command and returns its output, without the echo, the prompt, pager prompts and
   * colours. Concurrent calls run one after the other.
   *
   * @param command One line.
   * @param options How long to wait, and the answers to questions of the command.
   * @returns The output: lines joined by LF, without blank lines at the start and the end.
   * @throws {TelnetError} `timeout` or `connection-closed`: the message shows the text received
   * instead; also `connection-lost`, `limit-exceeded` or `misuse`.
   */
  exec(command: string, options: ExecOptions = {}): Promise<string> {
    return this.#deviceOf().exec(command, options);
  }

  /**
   * Like {@linkcode exec}, but yields each line as the device prints it.
   *
   * @param command One line.
   * @param options How long to wait, and the answers to questions of the command.
   * @returns The lines. The iteration throws the same errors as `exec`.
   */
  execLines(command: string, options: ExecOptions = {}): AsyncIterableIterator<string> {
    return this.#deviceOf().execLines(command, options);
  }

  /** The prompt that `login()` or `exec()` has learned; `undefined` before the first of them. */
  get learnedPrompt(): string | undefined {
    return this.#device?.prompt;
  }

  // Options, terminal and connection.

  /** The Telnet options, such as GMCP and MSDP. */
  get telnet(): RemoteTelnet {
    return this.#telnet ??= makeRemoteTelnet(this.#session);
  }

  /** Whether the server performs ECHO. If so, do not show typed text yourself. */
  get serverEchoes(): boolean {
    return this.#session.serverEchoes;
  }

  /** The character set. */
  get encoding(): Encoding | TextCodec {
    return this.#session.text.encoding;
  }

  /** Sets the character set. Later CHARSET requests of the server no longer change it. */
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
   * Sets the size of the window, and sends it to the server if NAWS is enabled.
   *
   * @param columns Its width in characters, 1 to 1000.
   * @param rows Its height in lines, 1 to 1000.
   * @throws {TelnetError} `misuse`: a size that is not a whole number from 1 to 1000.
   */
  resize(columns: number, rows: number): void {
    checkSize("columns", columns);
    checkSize("rows", rows);
    const { options, received: { rows: shown } } = this.#session;
    options.facts.columns = columns;
    options.facts.rows = rows;
    if (shown instanceof PlainRows) shown.columns = columns;
    if (this.active) this.#session.act("resize", () => options.stateOf(nawsClient).update());
  }

  /** The host name or IP address that was dialled. */
  get hostname(): string {
    return this.#place.hostname;
  }

  /** The port that was dialled. */
  get port(): number {
    return this.#place.port;
  }

  /** The IP address of the server. */
  get address(): string {
    return this.#place.address;
  }

  /** Whether the connection is encrypted. */
  get encrypted(): boolean {
    return this.#session.encrypted;
  }

  /** The number of bytes received, before decompression. */
  get bytesReceived(): number {
    return this.#session.bytesReceived;
  }

  /** The number of bytes sent, after compression. */
  get bytesSent(): number {
    return this.#session.bytesSent;
  }

  // Closing.

  /** Whether the connection is open. Received text can still be read after it has ended. */
  get active(): boolean {
    return this.#session.active;
  }

  /**
   * Resolves when the connection has ended, with the error that broke it, or none if it was closed.
   * Never rejects.
   */
  get closed(): Promise<Ending> {
    return this.#session.closed;
  }

  /** Sends all queued data, then closes. Settles when the connection has ended. */
  async close(): Promise<void> {
    this.#session.close();
    await this.#session.closed;
  }

  /** Ends the connection at once; queued data is lost. */
  abort(): void {
    this.#session.fail(undefined);
  }

  /** Same as {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Saves the state of the session as plain JSON, so that another process can take over the
   * connection with {@linkcode connectOver}. Unread option events are not included.
   *
   * @returns A snapshot.
   * @throws {TelnetError} `misuse`: the connection is compressed, or TLS is about to begin.
   */
  snapshot(): ServerSnapshot {
    return this.#session.snapshot();
  }

  #deviceOf(): Device {
    return this.#device ??= new Device(this.#session);
  }

  #read<Result>(read: Read<Result>, what: string, options: ReadOptions): Promise<Result> {
    return this.#session.received.inbox.read(read, waitOf(what, options, this.#session.settings));
  }

  #iterate<Item>(
    read: () => Read<Item | undefined>,
    what: string,
    options: ReadOptions,
  ): AsyncIterableIterator<Item> {
    const { received: { inbox }, settings } = this.#session;
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
