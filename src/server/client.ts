import { NAWS } from "../options/naws.ts";
import { SGA } from "../options/sga.ts";
import { TTYPE } from "../options/terminal_type.ts";
import { misuse } from "../protocol/error.ts";
import { colorize } from "../text/caret.ts";
import { checkEncoding, type Encoding } from "../text/charset.ts";
import { wordWrap, type WrapOptions } from "../text/wrap.ts";
import type { DisconnectReason, Session } from "./session.ts";

/** The session of the client that is being made; see {@linkcode makeClient}. */
let sessionInMaking: Session | undefined;

/**
 * A person at the other end. The server makes these; handlers and `clientList()` give them to you,
 * the same object from `onConnect` to `onDisconnect`.
 *
 * - **read**: {@linkcode getCommand} and {@linkcode cmdReady} under a game loop, or
 *   {@linkcode lines}
 * - **write**: {@linkcode send}, {@linkcode sendCc}, {@linkcode sendWrapped}, {@linkcode sendBytes}
 * - **drop**: {@linkcode active} `= false`
 * - **know**: {@linkcode address}, {@linkcode columns}, {@linkcode terminalType},
 *   {@linkcode idle} …
 * - **negotiate**: {@linkcode passwordModeOn}, {@linkcode requestNaws} …
 *
 * To give your clients more, extend this class without a constructor argument and name it at
 * `TelnetServer.listen({ clientClass })`.
 *
 * @example
 * ```ts
 * import { TelnetClient, TelnetServer } from "@miniboa/miniboa";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * class Player extends TelnetClient {
 *   nick = "someone";
 * }
 * const transport = new MemoryTransport();
 * await using server = await TelnetServer.listen({
 *   transport,
 *   clientClass: Player,
 *   onConnect: (player) => player.sendCc(`^GWelcome^~ ${player.nick}\n`),
 *   onDisconnect: () => {},
 * });
 * const peer = transport.connect(server.port);
 * await server.poll();
 * assertEquals(peer.takeText(), "\x1b[1;32mWelcome\x1b[0m someone\r\n");
 * ```
 */
export class TelnetClient {
  readonly #session: Session;

  /**
   * Made by the server only.
   *
   * @throws {TelnetError} `misuse`: made by hand.
   */
  constructor() {
    if (sessionInMaking === undefined) {
      misuse(
        "Cannot make a client by hand: connect to a server, or name your class as clientClass",
      );
    }
    this.#session = sessionInMaking;
  }

  /**
   * Whether the client is served. Set it to `false` to drop the client: output sent so far is
   * still delivered, then it is closed and `onDisconnect` called. It cannot be set back.
   */
  get active(): boolean {
    return this.#session.active;
  }

  set active(active: boolean) {
    if (!active) this.#session.leave("deactivated");
    else if (!this.active) misuse("Cannot activate a client that was dropped: let it reconnect");
  }

  /** The person's IP address. */
  get address(): string {
    return this.#session.connection.remoteAddress;
  }

  /** The person's port. */
  get port(): number {
    return this.#session.connection.remotePort;
  }

  /** Why the client went; `undefined` while it is active. */
  get disconnectReason(): DisconnectReason | undefined {
    return this.#session.reason;
  }

  /** The error behind {@linkcode disconnectReason}, where there is one. */
  get disconnectError(): unknown {
    return this.#session.error;
  }

  /** Bytes handed to the network, negotiations included. */
  get bytesSent(): number {
    return this.#session.bytesSent;
  }

  /** Bytes that came from the network, negotiations included. */
  get bytesReceived(): number {
    return this.#session.bytesReceived;
  }

  /** Bytes sent to the client that the system has not taken yet: its backlog. */
  get queued(): number {
    return this.#session.queued;
  }

  /** Width of the window in characters; 80 until the client tells (RFC 1073). */
  get columns(): number {
    return this.#session.columns;
  }

  /** Height of the window in lines; 24 until the client tells (RFC 1073). */
  get rows(): number {
    return this.#session.rows;
  }

  /** The terminal's name; `"unknown terminal"` until the client tells (RFC 1091). */
  get terminalType(): string {
    return this.#session.terminalType;
  }

  /** Whether {@linkcode sendCc} and {@linkcode sendWrapped} send colours. Default `true`. */
  get useAnsi(): boolean {
    return this.#session.useAnsi;
  }

  set useAnsi(useAnsi: boolean) {
    this.#session.useAnsi = useAnsi;
  }

  /** The character set of the connection; what is set counts from the next byte on. */
  get encoding(): Encoding {
    return this.#session.encoding;
  }

  set encoding(encoding: Encoding) {
    this.#session.encoding = checkEncoding(encoding);
  }

  /** Whether {@linkcode getCommand} has a line. */
  get cmdReady(): boolean {
    return this.#session.commandCount > 0;
  }

  /**
   * Takes the next line that the person sent.
   *
   * @returns The line without its end and without control characters; `undefined` if there is none.
   */
  getCommand(): string | undefined {
    return this.#session.takeCommand();
  }

  /**
   * The lines as they come, for those who want no game loop; see `TelnetServer.serve()`. Ends when
   * the client goes. Takes from the same queue as {@linkcode getCommand}.
   *
   * @returns An iterable for `for await`.
   */
  lines(): AsyncIterableIterator<string> {
    return this.#session.readLines();
  }

  /**
   * Sends text. `\n` becomes CR LF; a character that the client's set lacks becomes `?`. It leaves
   * at the next `poll()`. Does nothing once the client is dropped.
   *
   * @param text Any text.
   */
  send(text: string): void {
    this.#session.sendText(text);
  }

  /**
   * Sends text with caret codes, as colours or, where {@linkcode useAnsi} is off, without them.
   *
   * @param text Text with caret codes; see `colorize`.
   */
  sendCc(text: string): void {
    this.send(colorize(text, this.useAnsi));
  }

  /**
   * Sends text with caret codes, wrapped to the width of the client's window, each line ended.
   *
   * @param text Text with caret codes.
   * @param options Other margins than those of `wordWrap`, or another width.
   */
  sendWrapped(text: string, options: WrapOptions = {}): void {
    const lines = wordWrap(text, { columns: this.columns, ...options });
    this.sendCc(lines.map((line) => line + "\n").join(""));
  }

  /**
   * Sends bytes as they are; only 0xFF is doubled (RFC 854).
   *
   * @param bytes Any bytes.
   */
  sendBytes(bytes: Uint8Array): void {
    this.#session.sendBytes(bytes);
  }

  /**
   * The address and port in one.
   *
   * @returns `"192.0.2.7:4000"`, or `"[2001:db8::7]:4000"`.
   */
  addrport(): string {
    return this.address.includes(":")
      ? `[${this.address}]:${this.port}`
      : `${this.address}:${this.port}`;
  }

  /**
   * How long the person has typed nothing.
   *
   * @returns Seconds, with fractions.
   */
  idle(): number {
    return this.#session.secondsSince(this.#session.lastInputTime);
  }

  /**
   * How long the client has been connected.
   *
   * @returns Seconds, with fractions.
   */
  duration(): number {
    return this.#session.secondsSince(this.#session.connectTime);
  }

  /**
   * Hides what the person types, until {@linkcode passwordModeOff}: we claim to echo (WILL ECHO,
   * RFC 857), but return only the line ends. A client that does not know ECHO goes on showing it.
   */
  passwordModeOn(): void {
    this.#session.setEcho({ password: true });
  }

  /** Shows what the person types again. */
  passwordModeOff(): void {
    this.#session.setEcho({ password: false });
  }

  /** Asks the client to suppress go-aheads (DO SGA, RFC 858). */
  requestDoSga(): void {
    this.#session.enableRemote(SGA);
  }

  /** Takes over the echo: the client stops showing what is typed, we send it back (RFC 857). */
  requestWillEcho(): void {
    this.#session.setEcho({ echoing: true });
  }

  /** Gives the echo back to the client (WONT ECHO, RFC 857). */
  requestWontEcho(): void {
    this.#session.setEcho({ echoing: false });
  }

  /** Asks for the size of the window, now and whenever it changes (DO NAWS, RFC 1073). */
  requestNaws(): void {
    this.#session.enableRemote(NAWS);
  }

  /** Asks for the terminal's name (DO TERMINAL-TYPE, RFC 1091). */
  requestTerminalType(): void {
    this.#session.enableRemote(TTYPE);
  }
}

/** Makes a client of the server's class for a session. */
export function makeClient<Client extends TelnetClient>(
  clientClass: new () => Client,
  session: Session,
): Client {
  sessionInMaking = session;
  try {
    return new clientClass();
  } finally {
    sessionInMaking = undefined;
  }
}
