import { NAWS } from "../options/naws.ts";
import { SGA } from "../options/sga.ts";
import { terminalType, TTYPE } from "../options/terminal_type.ts";
import { throwMisuse } from "../protocol/error.ts";
import {
  checkBoolean,
  checkBytes,
  checkCount,
  checkText,
  checkToken,
  rejectUnknownKeys,
} from "../protocol/validate.ts";
import type { ColourDepth } from "../text/colour.ts";
import { checkEncoding, type Encoding, type EncodingLabel } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import type { Key } from "../text/key.ts";
import type { WrapOptions } from "../text/wrap.ts";
import { colouredFor, wrapFor, type WrapWindow } from "./wrapped_texts.ts";
import type { DisconnectReason } from "../guard/violations.ts";
import { checkPlain, type Json } from "../options/json.ts";
import type { ClientSnapshot } from "../session/client_snapshot.ts";
import type { ResumeReason } from "../transport/transport.ts";
import { checkEditorOptions, type EditorOptions } from "../session/key_input.ts";
import { coloursFor } from "../session/profile.ts";
import type { Session } from "../session/session.ts";
import { type ClientConnection, makeClientConnection } from "./client_connection.ts";
import { type ClientTelnet, makeClientTelnet } from "./client_telnet.ts";
import { addHints, CLIENT_HINTS } from "./hints.ts";
import { type ClientTerminal, makeClientTerminal } from "./client_terminal.ts";

/** Options of `readLine()`. */
export interface ReadLineOptions {
  /** How long to wait, in milliseconds. Default `Infinity`: until the client disconnects. */
  readonly timeout?: number | undefined;
}

/** Options of `ask()`. */
export interface AskOptions extends ReadLineOptions {
  /** Whether to hide the answer while it is typed, as for a password. Default `false`. */
  readonly hidden?: boolean | undefined;
}

/** Names that other libraries use for the options of `ask()`. */
const ASK_SYNONYMS = {
  hide: "hidden",
  password: "hidden",
  secret: "hidden",
  mask: "hidden",
  masked: "hidden",
  noEcho: "hidden",
};

/** The groups of a client, each created on first use. */
interface Groups {
  telnet?: ClientTelnet;
  terminal?: ClientTerminal;
  connection?: ClientConnection;
}

/** The session of the client that is being made; see {@linkcode makeClient}. */
let sessionInMaking: Session | undefined;

/** The session of a client. */
export let sessionOf: (client: TelnetClient) => Session;

/** The window and the character set for which text of a client is wrapped. */
export let windowOf: (client: TelnetClient) => WrapWindow;

/** The number of colours that text for a client can use. */
export let colourDepthOf: (client: TelnetClient) => ColourDepth;

/**
 * A connected client. The server creates it. Handlers and `clientList()` return the same object
 * from `onConnect` to `onDisconnect`.
 *
 * - **read**: {@linkcode getCommand} and {@linkcode cmdReady} under a game loop; {@linkcode ask},
 *   {@linkcode readLine} and {@linkcode lines} in an async function
 * - **write**: {@linkcode send}, {@linkcode sendCc}, {@linkcode sendWrapped}, {@linkcode prompt}
 * - **disconnect**: {@linkcode active} `= false`
 * - **inspect**: {@linkcode address}, {@linkcode columns}, {@linkcode terminalType},
 *   {@linkcode idle} …
 * - **edit lines, read keys**: {@linkcode useEditor}, {@linkcode enterCharacterMode}
 * - **groups**: {@linkcode telnet} (options, GMCP, MSDP, ZMP), {@linkcode terminal} (the client's
 *   profile, recordings), {@linkcode connection} (encryption, backlog, keep-alive)
 *
 * Four properties can be set: `active` (drop the client), `useAnsi` (send colours, default `true`),
 * `encoding` (the character set, default that of the server) and `state` (your own data, kept over
 * a restart).
 *
 * To add your own fields and methods, extend this class, without constructor arguments, and pass
 * the subclass as `TelnetServer.listen({ clientClass })`.
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
  #groups: Groups | undefined;

  /**
   * Called by the server only.
   *
   * @throws {TelnetError} `misuse`: called by other code.
   */
  constructor() {
    if (sessionInMaking === undefined) {
      throwMisuse(
        "Cannot make a client by hand: connect to a server, or pass your class as clientClass",
      );
    }
    this.#session = sessionInMaking;
  }

  static {
    sessionOf = (client) => client.#session;
    windowOf = (client) => client.#window;
    colourDepthOf = (client) => client.#colourDepth;
  }

  // Write.

  /**
   * Sends text. `\n` becomes CR LF. A character that the client's character set lacks is
   * transliterated, or becomes `?`. The text is sent by the next `poll()`. Does nothing once the
   * client is dropped.
   *
   * If the person is typing after a {@linkcode prompt}, the text starts on a new row, and the
   * prompt is shown again below it.
   *
   * @param text Any text.
   * @throws {TelnetError} `misuse`: not text.
   */
  send(text: string): void {
    checkText("the text", text);
    this.#session.send(text);
  }

  /**
   * Sends text with caret codes. They become colours, or are removed if {@linkcode useAnsi} is
   * `false`. Pass text that people typed through `escapeCaretCodes` first; otherwise they can
   * change other people's screens.
   *
   * @param text Text with caret codes; see `colorize` for the table.
   * @throws {TelnetError} `misuse`: not text.
   */
  sendCc(text: string): void {
    checkText("the text", text);
    this.#session.send(this.#colorize(text));
  }

  /**
   * Sends text with caret codes, wrapped to the width of the client's window. Each line is ended.
   * As in `wordWrap`, a line end in the text counts as a space, and a blank line starts a
   * new paragraph: no blank line is sent, only the indentation shows it. Pass text that people
   * typed through `escapeCaretCodes` first.
   *
   * @param text Text with caret codes.
   * @param options Other margins (default: 4 for the first line, 2 for the others), or another width
   * (default: the client's window, at least 20 columns).
   * @throws {TelnetError} `misuse`: not text, or invalid options.
   */
  sendWrapped(text: string, options: WrapOptions = {}): void {
    this.sendCc(wrapFor(this.#window, text, options));
  }

  /**
   * Sends a prompt without a line end, and marks its end: with EOR if the client agreed to
   * END-OF-RECORD, else with GA if the client speaks Telnet and GA is not suppressed. Once one
   * prompt is marked, all later prompts are marked.
   *
   * @param text The prompt, with caret codes.
   * @throws {TelnetError} `misuse`: not text.
   */
  prompt(text: string): void {
    checkText("the prompt", text);
    const prompt = this.#colorize(text);
    this.#session.act((dialogue) => dialogue.prompt(prompt));
  }

  /**
   * Sends bytes as they are; only 0xFF is doubled (RFC 854).
   *
   * @param bytes Any bytes.
   * @throws {TelnetError} `misuse`: not a `Uint8Array`.
   */
  sendBytes(bytes: Uint8Array): void {
    checkBytes("bytes", bytes);
    this.#session.act((dialogue) => dialogue.sendBytes(bytes));
  }

  // Read.

  /** Whether {@linkcode getCommand} has a line. */
  get cmdReady(): boolean {
    return this.#session.delivery.hasLine;
  }

  /**
   * Takes the next line that the person sent, unless {@linkcode readLine} waits for it. Text that
   * was typed without Enter before the client disconnected is not a line.
   *
   * @returns The line without its end, and without control characters other than TAB unless
   * `stripControls` is `false`; `undefined` if there is none.
   */
  getCommand(): string | undefined {
    return this.#session.delivery.getLine();
  }

  /**
   * Waits for the next line, with or without a game loop; {@linkcode getCommand} does not return
   * that line. Until the next `poll()`, further lines that were typed ahead are reserved for the
   * next `readLine()` or {@linkcode ask}.
   *
   * @param options Every field has a default.
   * @returns The line; `undefined` if the client disconnects or the timeout expires.
   * @throws {TelnetError} `misuse`: an unknown option, an invalid timeout, a client in character mode,
   * more than 512 calls that wait at once, or more than 64 calls after the client is gone.
   */
  readLine(options: ReadLineOptions = {}): Promise<string | undefined> {
    rejectUnknownKeys("readLine", options, { timeout: true });
    return this.#session.delivery.readLine(checkTimeout("readLine", options.timeout));
  }

  /**
   * Asks a question: shows it as a {@linkcode prompt} and waits for the answer, one line.
   *
   * @param question The question, with caret codes, such as `"Name? "`.
   * @param options `hidden: true` for a password; `timeout` in milliseconds.
   * @returns The line; `undefined` if the client disconnects or the timeout expires.
   * @throws {TelnetError} `misuse`: as for {@linkcode readLine}, or a question that is not text.
   *
   * @example
   * ```ts
   * import { type TelnetClient, TelnetServer } from "@miniboa/miniboa";
   * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
   * import { assertEquals } from "@std/assert";
   *
   * const transport = new MemoryTransport();
   * await using server = await TelnetServer.listen({ transport, onConnect, onDisconnect: () => {} });
   * async function onConnect(client: TelnetClient): Promise<void> {
   *   const name = await client.ask("Name? ");
   *   const password = await client.ask("Password: ", { hidden: true, timeout: 60_000 });
   *   if (name === undefined || password === undefined) return void (client.active = false);
   *   client.send(`Welcome, ${name}!\n`);
   * }
   *
   * const peer = transport.connect(server.port);
   * peer.write("Ann\r\nsecret\r\n");
   * let seen = "";
   * while (!seen.includes("Welcome")) {
   *   await server.poll();
   *   seen += peer.takeText();
   * }
   * assertEquals(seen.endsWith("Welcome, Ann!\r\n"), true);
   * ```
   */
  ask(question: string, options: AskOptions = {}): Promise<string | undefined> {
    checkText("the question", question);
    rejectUnknownKeys("ask", options, { hidden: true, timeout: true }, ASK_SYNONYMS);
    const { hidden = false } = options;
    checkBoolean("ask.hidden", hidden);
    const timeout = checkTimeout("ask", options.timeout);
    return this.#session.delivery.ask(this.#colorize(question), timeout, hidden);
  }

  /**
   * Iterates over the client's lines as they arrive, for programs without a game loop; see
   * `TelnetServer.serve()`. Ends when the client disconnects. Takes lines from the same queue as
   * {@linkcode getCommand}.
   *
   * @returns An iterable for `for await`.
   * @throws {TelnetError} `misuse`: another loop already takes the lines.
   */
  lines(): AsyncIterableIterator<string> {
    return this.#session.delivery.readLines();
  }

  /** Whether {@linkcode getKey} has a key. */
  get hasKey(): boolean {
    return this.active && this.#session.dialogue.input.keyCount > 0;
  }

  /**
   * Takes the next key of a client in character mode. One grapheme cluster is one key, unless its
   * code points arrive separately, such as combining marks that are typed by themselves.
   *
   * @returns The key; `undefined` if there is none.
   */
  getKey(): Key | undefined {
    return this.#session.delivery.getKey();
  }

  // Inspect the client, and control how the person types.

  /**
   * Whether the client is served. Set it to `false` to drop the client: output sent so far is still
   * delivered, then the connection is closed and `onDisconnect` is called. It cannot be set back to
   * `true`: that throws `misuse`.
   */
  get active(): boolean {
    return this.#session.active;
  }

  set active(active: boolean) {
    checkBoolean("active", active);
    if (!active) this.#session.leave("deactivated");
    else if (!this.active) {
      throwMisuse("Cannot activate a client that was dropped: let it reconnect");
    }
  }

  /** The person's IP address; behind a trusted proxy, the address that the proxy reports. */
  get address(): string {
    return this.#session.origin.address;
  }

  /** The person's port. */
  get port(): number {
    return this.#session.origin.port;
  }

  /**
   * The address and port in one string.
   *
   * @returns `"192.0.2.7:4000"`, or `"[2001:db8::7]:4000"`.
   */
  addrport(): string {
    return this.address.includes(":")
      ? `[${this.address}]:${this.port}`
      : `${this.address}:${this.port}`;
  }

  /**
   * The time since the person last typed.
   *
   * @returns Seconds, with fractions.
   */
  idle(): number {
    return this.#secondsSince(this.#session.activity.lastInputTime);
  }

  /**
   * The time since the client connected.
   *
   * @returns Seconds, with fractions.
   */
  duration(): number {
    return this.#secondsSince(this.#session.activity.connectTime);
  }

  /** Width of the window in characters; 80 until the client reports it (RFC 1073). */
  get columns(): number {
    return this.#session.options.facts.columns;
  }

  /** Height of the window in lines; 24 until the client reports it (RFC 1073). */
  get rows(): number {
    return this.#session.options.facts.rows;
  }

  /** The terminal's name; `"unknown terminal"` until the client reports it (RFC 1091). */
  get terminalType(): string {
    return this.#session.options.facts.terminalType;
  }

  /** Bytes sent, including negotiations; counted after compression and before encryption. */
  get bytesSent(): number {
    return this.#session.bytesSent;
  }

  /** Bytes received, including negotiations; counted after decryption and before decompression. */
  get bytesReceived(): number {
    return this.#session.bytesReceived;
  }

  /**
   * Turns on the server's line editor, with history and completion, if the client agrees to send
   * each key. {@linkcode getCommand} returns finished lines as before. Text that you send is shown
   * above the line being typed; text without a line end, and {@linkcode prompt}, become the prompt
   * of that line. For a client that stays in line mode, or edits by itself (LINEMODE), nothing
   * changes. Ctrl-C and Ctrl-D are reported to `onTelnetCommand` as IP and EOF.
   *
   * @param options Every field has a default.
   * @throws {TelnetError} `misuse`: an unknown option, a key map with unknown keys or actions, or a
   * limit that is not a whole number or is over `limits.line`.
   */
  useEditor(options: EditorOptions = {}): void {
    checkEditorOptions(options);
    this.#session.act((dialogue) => dialogue.useKeys(options));
  }

  /**
   * Asks the client to send each key at once (WILL ECHO and WILL SGA). Read keys with
   * {@linkcode getKey} or `onKey`; typed keys are not echoed unless you send them. A client that
   * does not agree continues to send lines; see `terminal.inCharacterMode`. Half a line, also one in
   * the editor, comes as keys.
   */
  enterCharacterMode(): void {
    this.#session.act((dialogue) => dialogue.useKeys(undefined));
  }

  /**
   * Asks the client to send lines again, and ends {@linkcode useEditor}. The half line in the editor
   * is removed from the screen and dropped. Keys that the client has sent since then are read as
   * lines.
   */
  enterLineMode(): void {
    this.#session.act((dialogue) => dialogue.useKeys(false));
  }

  /**
   * Hides what the person types until {@linkcode passwordModeOff}: the server offers to echo (WILL
   * ECHO, RFC 857) but echoes only line ends. A client that does not support ECHO still shows what
   * is typed.
   */
  passwordModeOn(): void {
    this.#session.setPassword(true);
  }

  /** Shows what the person types again. */
  passwordModeOff(): void {
    this.#session.setPassword(false);
  }

  /** Whether {@linkcode sendCc} and {@linkcode sendWrapped} send colours. Default `true`. */
  get useAnsi(): boolean {
    return this.#session.dialogue.text.useAnsi;
  }

  set useAnsi(useAnsi: boolean) {
    checkBoolean("useAnsi", useAnsi);
    this.#session.act(({ text }) => text.useAnsi = useAnsi);
  }

  /**
   * The character set of the connection, or your own codec. A new value applies from the next byte
   * on. You can also set other labels of the Encoding Standard, such as `"UTF8"`. CHARSET, MTTS and
   * the locale in NEW-ENVIRON set it automatically until your code sets it. An unknown label throws
   * `misuse`.
   */
  get encoding(): Encoding | TextCodec {
    return this.#session.dialogue.text.encoding;
  }

  set encoding(encoding: EncodingLabel | TextCodec) {
    const known = checkEncoding(encoding);
    this.#session.dialogue.changeText((text) => text.set(known));
  }

  /** Asks the client to suppress go-aheads (DO SGA, RFC 858). */
  requestDoSga(): void {
    this.#session.options.enableRemote(SGA);
  }

  /**
   * Makes the server echo: the client stops its local echo, and the server sends typed text back
   * (RFC 857). A client that still sends whole lines shows each line only after Enter. For a
   * password use {@linkcode passwordModeOn}.
   */
  requestWillEcho(): void {
    this.#session.act((dialogue) => dialogue.setEcho({ echoing: true }));
  }

  /** Gives the echo back to the client (WONT ECHO, RFC 857). */
  requestWontEcho(): void {
    this.#session.act((dialogue) => dialogue.setEcho({ echoing: false }));
  }

  /** Asks for the size of the window, now and whenever it changes (DO NAWS, RFC 1073). */
  requestNaws(): void {
    this.#session.options.enableRemote(NAWS);
  }

  /** Asks for the terminal's name (DO TERMINAL-TYPE, RFC 1091). */
  requestTerminalType(): void {
    if (this.#session.options.remoteEnabled(TTYPE)) {
      this.#session.options.stateOf(terminalType).ask();
    } else this.#session.options.enableRemote(TTYPE);
  }

  /**
   * Resolves when the client has answered all offers of `telnetOptions`, or after `readyTimeout` at
   * the latest. Await it before you read `terminal.profile`.
   */
  get ready(): Promise<void> {
    return this.#session.options.ready;
  }

  /** Why the client was disconnected; `undefined` while it is active. */
  get disconnectReason(): DisconnectReason | undefined {
    return this.#session.life.reason;
  }

  /**
   * Returns the state of this client as plain JSON, to restore it after a restart of the game; see
   * `restore` of `TelnetServer.listen()`. Call it between polls or in `onTurnEnd`. In any other
   * handler the snapshot does not contain the event that is being handled.
   *
   * @returns The snapshot.
   * @throws {TelnetError} `misuse`: the connection is compressed; turn off compression first.
   */
  snapshot(): ClientSnapshot {
    return this.#session.continuity.snapshot() as unknown as ClientSnapshot;
  }

  // Restarts and zones.

  /**
   * Your own data about this client, as plain JSON. It survives a restart of the game as part of
   * {@linkcode snapshot}, or in the gateway if there is one. After you change something inside it,
   * assign it again to save the change with this turn; otherwise the change is saved with the
   * client's next input or output. What JSON has no form for throws `misuse`. Default `undefined`.
   */
  get state(): unknown {
    return this.#session.continuity.state;
  }

  set state(state: unknown) {
    if (state !== undefined) checkPlain("client.state", state);
    this.#session.continuity.state = state as Json | undefined;
  }

  /**
   * Why the client existed before its `onConnect`: the game restarted (`"restart"`), another zone
   * moved it here (`"move"`), or it was moved to a zone that no worker serves and came back
   * (`"no-zone"`). `undefined` for a new client.
   */
  get returning(): ResumeReason | undefined {
    return this.#session.continuity.returning;
  }

  /**
   * The number of lines that the game has taken from this client, including those before a restart.
   * Store it with the changes that a line makes elsewhere, for example in a database: if the game
   * crashes in the middle of a turn, the line arrives again with the same number.
   */
  get lineNumber(): number {
    return this.#session.continuity.lineNumber;
  }

  /**
   * Moves the client to the server of another zone at the end of this turn. `onDisconnect` is
   * called here (reason `"moved"`), and `onConnect` there, with {@linkcode state} and
   * {@linkcode returning}. If no worker serves that zone within the gateway's `moveTimeout`, the
   * client comes back.
   *
   * @param zone The name of the zone.
   * @throws {TelnetError} `misuse`: there is no gateway, or the name is invalid.
   */
  moveTo(zone: string): void {
    checkToken("the zone", zone);
    this.#session.continuity.moveTo(zone);
  }

  // The groups.

  /** The client's Telnet options: GMCP, MSDP, ZMP, LINEMODE, and any other option by its code. */
  get telnet(): ClientTelnet {
    const groups = this.#groups ??= {};
    return groups.telnet ??= makeClientTelnet(this.#session);
  }

  /** The client's terminal: profile, reported facts, input mode, recordings. */
  get terminal(): ClientTerminal {
    const groups = this.#groups ??= {};
    return groups.terminal ??= makeClientTerminal(this.#session);
  }

  /** The client's connection: encryption, compression, backlog, keep-alive. */
  get connection(): ClientConnection {
    const groups = this.#groups ??= {};
    return groups.connection ??= makeClientConnection(this.#session);
  }

  #secondsSince(time: number): number {
    return (this.#session.now() - time) / 1000;
  }

  get #window(): WrapWindow {
    const { text } = this.#session.dialogue;
    const { columns } = this;
    return { columns, ambiguousWidth: text.ambiguousWidth, shown: (part) => text.shown(part) };
  }

  get #colourDepth(): ColourDepth {
    return this.useAnsi ? coloursFor(this.#session.options.facts) : 0;
  }

  #colorize(text: string): string {
    // Text without caret codes needs no work.
    return text.includes("^") ? colouredFor(text, this.#colourDepth) : text;
  }
}

addHints(TelnetClient.prototype, "client", CLIENT_HINTS, (name, value) => {
  const isKept = name === "keepAlive" && ["off", "nop", "timing-mark"].includes(String(value));
  return isKept ? "use client.connection.keepAlive" : undefined;
});

function checkTimeout(what: string, timeout: number = Infinity): number {
  if (timeout !== Infinity) checkCount(`${what}.timeout`, timeout, 0, ", or Infinity");
  return timeout;
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
