import type { ClientFacts } from "../options/facts.ts";
import { flowControl, type FlowControlHandler } from "../options/flow_control.ts";
import { gmcp, type GmcpHandler } from "../options/gmcp.ts";
import { msdp, type MsdpHandler } from "../options/msdp.ts";
import { linemode, type LinemodeHandler } from "../options/linemode.ts";
import { NAWS } from "../options/naws.ts";
import { SGA } from "../options/sga.ts";
import { terminalType, TTYPE } from "../options/terminal_type.ts";
import { timingMark } from "../options/timing_mark.ts";
import { zmp, type ZmpHandler } from "../options/zmp.ts";
import { inspect, throwMisuse } from "../protocol/error.ts";
import type { Side } from "../protocol/events.ts";
import { colorize } from "../text/caret.ts";
import { checkEncoding, type Encoding, type TextCodec } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import { wordWrap, type WrapOptions } from "../text/wrap.ts";
import type { ClientSnapshot } from "../session/client_snapshot.ts";
import type { EditorOptions } from "../session/key_input.ts";
import { rejectUnknownKeys } from "../guard/validate.ts";
import { type ClientProfile, profileOf } from "../session/profile.ts";
import type { Session } from "../session/session.ts";
import type { DisconnectReason } from "../guard/violations.ts";
import { checkKeepAlive, type KeepAlive } from "../guard/idle_monitor.ts";

/** Text is wrapped to no fewer columns: in a window of one, a page of text would cost all the others. */
const MIN_COLUMNS = 20;

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
 * Five properties can be set: `active` (drop the client), `useAnsi` (send colours, default `true`),
 * `encoding` (the character set, default that of the server), `keepAlive`, and what your own class
 * adds.
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
  #useAnsi = true;

  /**
   * Made by the server only.
   *
   * @throws {TelnetError} `misuse`: made by hand.
   */
  constructor() {
    if (sessionInMaking === undefined) {
      throwMisuse(
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
    else if (!this.active) {
      throwMisuse("Cannot activate a client that was dropped: let it reconnect");
    }
  }

  /** The person's IP address, also where a trusted proxy told it. */
  get address(): string {
    return this.#session.origin.address;
  }

  /**
   * Names the connection for as long as it lives: `restore` of `TelnetServer.listen()` gets it again
   * after a restart of the game, where the transport carries connections over.
   */
  get identity(): string {
    return this.#session.stream.connection.identity;
  }

  /** The person's port. */
  get port(): number {
    return this.#session.origin.port;
  }

  /** The IP address at the other end of the socket: the proxy's where there is one. */
  get peerAddress(): string {
    return this.#session.stream.connection.remoteAddress;
  }

  /** The port at the other end of the socket. */
  get peerPort(): number {
    return this.#session.stream.connection.remotePort;
  }

  /** Why the client went; `undefined` while it is active. */
  get disconnectReason(): DisconnectReason | undefined {
    return this.#session.life.reason;
  }

  /** The error behind {@linkcode disconnectReason}, where there is one. */
  get disconnectError(): unknown {
    return this.#session.life.error;
  }

  /** Bytes handed to the network, negotiations included: as compressed, before encryption. */
  get bytesSent(): number {
    return this.#session.bytesSent;
  }

  /** Bytes that came from the network, negotiations included: as compressed, after decryption. */
  get bytesReceived(): number {
    return this.#session.bytesReceived;
  }

  /** Bytes sent to the client that the system has not taken yet: its backlog. */
  get queued(): number {
    return this.#session.queued;
  }

  /**
   * How many bytes the server holds of what the client sent, typed and told, with what they cost
   * beside the bytes, about; output is not in it. See `limits.memory`.
   */
  get memoryUsed(): number {
    return this.#session.held;
  }

  /** Width of the window in characters; 80 until the client tells (RFC 1073). */
  get columns(): number {
    return this.#session.options.facts.columns;
  }

  /** Height of the window in lines; 24 until the client tells (RFC 1073). */
  get rows(): number {
    return this.#session.options.facts.rows;
  }

  /** The terminal's name; `"unknown terminal"` until the client tells (RFC 1091). */
  get terminalType(): string {
    return this.#session.options.facts.terminalType;
  }

  /** Whether {@linkcode sendCc} and {@linkcode sendWrapped} send colours. Default `true`. */
  get useAnsi(): boolean {
    return this.#useAnsi;
  }

  set useAnsi(useAnsi: boolean) {
    this.#useAnsi = useAnsi;
  }

  /**
   * The character set of the connection, or a codec of your own; what is set counts from the next
   * byte on. CHARSET, MTTS and the locale in NEW-ENVIRON set it by themselves, until you have.
   */
  get encoding(): Encoding | TextCodec {
    return this.#session.dialogue.text.encoding;
  }

  set encoding(encoding: Encoding | TextCodec) {
    this.#session.dialogue.text.set(checkEncoding(encoding));
  }

  /** Whether {@linkcode getCommand} has a line. */
  get cmdReady(): boolean {
    return this.#session.dialogue.input.queue.length > 0;
  }

  /**
   * Takes the next line that the person sent. What was typed without Enter when the person left is
   * not a line.
   *
   * @returns The line without its end, and without control characters unless `stripControls` is
   * `false`; `undefined` if there is none.
   */
  getCommand(): string | undefined {
    return this.#session.takeLine();
  }

  /** Whether {@linkcode getKey} has a key. */
  get keyReady(): boolean {
    return this.#session.dialogue.input.keyCount > 0;
  }

  /**
   * Takes the next key of a client in character mode. What a person sees as one character is one key,
   * unless its code points come one after the other, as combining marks do that are typed by themselves.
   *
   * @returns The key; `undefined` if there is none.
   */
  getKey(): Key | undefined {
    return this.#session.takeKey();
  }

  /**
   * Asks the client to send each key at once (WILL ECHO and WILL SGA): then keys come by
   * {@linkcode getKey} or `onKey`, and what is typed shows only where you send it. A client that does
   * not agree goes on sending lines; see {@linkcode inCharacterMode}.
   */
  characterMode(): void {
    this.#session.act((dialogue) => dialogue.useKeys(undefined));
  }

  /** Asks the client to send lines again, and ends {@linkcode useEditor}. */
  lineMode(): void {
    this.#session.act((dialogue) => dialogue.useKeys(false));
  }

  /** Whether the client sends each key. */
  get inCharacterMode(): boolean {
    return this.#session.dialogue.input.byKeys;
  }

  /**
   * Edits the client's lines here, with history and completion, where the client can be brought to
   * send each key; finished lines come by {@linkcode getCommand} as ever. What you send shows above
   * the line that is typed; text without a line end, and {@linkcode prompt}, become its prompt. A
   * client that stays in line mode, or edits by itself (LINEMODE), notices nothing. Ctrl-C and Ctrl-D
   * come as the commands IP and EOF of `onCommand`.
   *
   * @param options Each field has its default.
   * @throws {TelnetError} `misuse`: a key map of no actions, a limit that is no whole number, or over
   * `limits.line`.
   */
  useEditor(options: EditorOptions = {}): void {
    this.#session.act((dialogue) => dialogue.useKeys(options));
  }

  /** Whether the client's lines are edited here. */
  get editing(): boolean {
    return this.#session.dialogue.input.editor !== undefined;
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
    if (typeof text !== "string") throwMisuse(`Cannot send what is no text: ${inspect(text)}`);
    this.#session.send(text);
  }

  /**
   * Sends text with caret codes, as colours or, where {@linkcode useAnsi} is off, without them.
   * What people typed goes through `escapeCaretCodes` first, or they paint other people's screens.
   *
   * @param text Text with caret codes; see `colorize` for the table.
   */
  sendCc(text: string): void {
    if (typeof text !== "string") throwMisuse(`Cannot send what is no text: ${inspect(text)}`);
    this.send(this.#colorize(text));
  }

  /**
   * Sends text with caret codes, wrapped to the width of the client's window, each line ended. As
   * in `wordWrap` a line end in the text is a space and a blank line starts a paragraph, which shows
   * by its indentation alone. What people typed goes through `escapeCaretCodes` first.
   *
   * @param text Text with caret codes.
   * @param options Other margins than those of `wordWrap`, or another width.
   */
  sendWrapped(text: string, options: WrapOptions = {}): void {
    if (typeof text !== "string") throwMisuse(`Cannot send what is no text: ${inspect(text)}`);
    const columns = Math.max(MIN_COLUMNS, this.columns);
    const lines = wordWrap(text, { columns, ...options });
    this.sendCc(lines.map((line) => line + "\n").join(""));
  }

  /**
   * Sends bytes as they are; only 0xFF is doubled (RFC 854).
   *
   * @param bytes Any bytes.
   */
  sendBytes(bytes: Uint8Array): void {
    this.#session.act((dialogue) => dialogue.sendBytes(bytes));
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
    return this.#secondsSince(this.#session.activity.lastInputTime);
  }

  /**
   * How long the client has been connected.
   *
   * @returns Seconds, with fractions.
   */
  duration(): number {
    return this.#secondsSince(this.#session.activity.connectTime);
  }

  /**
   * Hides what the person types, until {@linkcode passwordModeOff}: we claim to echo (WILL ECHO,
   * RFC 857), but return only the line ends. A client that does not know ECHO goes on showing it.
   */
  passwordModeOn(): void {
    this.#session.act((dialogue) => dialogue.setEcho({ password: true }));
  }

  /** Shows what the person types again. */
  passwordModeOff(): void {
    this.#session.act((dialogue) => dialogue.setEcho({ password: false }));
  }

  /** Asks the client to suppress go-aheads (DO SGA, RFC 858). */
  requestDoSga(): void {
    this.#session.options.enableRemote(SGA);
  }

  /**
   * Takes over the echo: the client stops showing what is typed, we send it back (RFC 857). A client
   * that goes on sending whole lines shows each of them only after Enter; for a password use
   * {@linkcode passwordModeOn}.
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
   * Settles when the client has answered what `options` offer, or `readyTimeout` has passed: never
   * later. Whoever greets after it greets a known client.
   */
  get ready(): Promise<void> {
    return this.#session.options.ready;
  }

  /** What the client turned out to be, as far as it has told. */
  get profile(): ClientProfile {
    return profileOf(this.#session.options.facts, this.#session.options.mudOptions);
  }

  /** All that the client has told of itself, option by option. */
  get facts(): Readonly<ClientFacts> {
    return this.#session.options.facts;
  }

  /** GMCP with this client. */
  get gmcp(): GmcpHandler {
    return this.#session.options.stateOf(gmcp);
  }

  /** MSDP with this client. */
  get msdp(): MsdpHandler {
    return this.#session.options.stateOf(msdp);
  }

  /** ZMP with this client. */
  get zmp(): ZmpHandler {
    return this.#session.options.stateOf(zmp);
  }

  /** LINEMODE with this client: how it edits, and by which keys. */
  get linemode(): LinemodeHandler {
    return this.#session.options.stateOf(linemode);
  }

  /** XON and XOFF of this client. */
  get flowControl(): FlowControlHandler {
    return this.#session.options.stateOf(flowControl);
  }

  /**
   * Whether an option is in force.
   *
   * @param option Its code.
   * @param side Who performs it: `local` is the server.
   * @returns Whether both ends agree to it.
   */
  optionEnabled(option: number, side: Side): boolean {
    return side === "local"
      ? this.#session.options.localEnabled(option)
      : this.#session.options.remoteEnabled(option);
  }

  /**
   * Sends a prompt, without a line end, and marks it: by EOR where the client agreed to it, else by
   * GA, to who speaks Telnet and has not suppressed it. Once marked, all prompts are marked.
   *
   * @param text The prompt, with caret codes.
   */
  prompt(text: string): void {
    const prompt = this.#colorize(text);
    this.#session.act((dialogue) => dialogue.prompt(prompt));
  }

  /** Measures the round trip by TIMING-MARK (RFC 860); see `onPong`. */
  ping(): void {
    this.#session.options.stateOf(timingMark).ping();
  }

  /**
   * Asks for an option, or offers it, by its code, also one that this library does not know.
   *
   * @param option Its code, such as `MCCP2` of `./options`.
   * @param side Who shall perform it: `local` is the server.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  enableOption(option: number, side: Side): void {
    if (side === "local") this.#session.options.enableLocal(option);
    else this.#session.options.enableRemote(option);
  }

  /**
   * Stops an option; for MCCP2 and MCCP3 that ends the compression.
   *
   * @param option Its code.
   * @param side Who performs it: `local` is the server.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  disableOption(option: number, side: Side): void {
    if (side === "local") this.#session.options.disableLocal(option);
    else this.#session.options.disableRemote(option);
  }

  /**
   * Sends a command that stands alone, such as NOP to keep the connection alive.
   *
   * @param command The command byte; see `./protocol`.
   * @throws {TelnetError} `misuse`: not such a command.
   */
  sendCommand(command: number): void {
    this.#session.act((dialogue) => dialogue.sendCommand(command));
  }

  /**
   * Sends a payload of an option; the encoders are in `./options`.
   *
   * @param option The option's code.
   * @param payload The bytes between `IAC SB option` and `IAC SE`; 0xFF is doubled.
   * @returns Whether the option is in force on a side; else nothing is sent.
   * @throws {TelnetError} `misuse`: the option is not a byte.
   */
  sendSubnegotiation(option: number, payload: Uint8Array): boolean {
    const { options } = this.#session;
    const inForce = options.localEnabled(option) || options.remoteEnabled(option);
    if (inForce) options.sendSubnegotiation(option, payload);
    return inForce;
  }

  /** Whether what is sent to the client is compressed (MCCP2). */
  get compressed(): boolean {
    return this.#session.stream.compressing;
  }

  /** Whether the connection is encrypted (TLS), here or, as a trusted proxy tells, at the proxy. */
  get encrypted(): boolean {
    return this.#session.origin.encrypted;
  }

  /** What keeps the connection alive while it is silent; can be set. Default that of the server. */
  get keepAlive(): KeepAlive {
    return this.#session.activity.keepAlive;
  }

  set keepAlive(keepAlive: KeepAlive) {
    this.#session.keepAlive(checkKeepAlive(keepAlive));
  }

  /** Whether the client is over a rate of `limits`, and not read on for the moment. */
  get throttled(): boolean {
    return this.#session.gate.throttled;
  }

  /**
   * Records what the person sees from now on, and what they send, as asciicast version 2, which
   * asciinema plays. What comes in password mode is never recorded, nor the rest of a line that was
   * begun in it. A line is recorded when you
   * take it, so that one that was typed ahead of the question is not either; only an editor, and
   * character mode, show typed-ahead text before you have asked, and the recording has it as shown.
   *
   * @param sink Takes each line of the recording, its end included: append it to a file. One that
   * throws, or whose promise is rejected, ends the recording, not the client; `onError` tells.
   * `undefined` ends the recording.
   * @param options `title`: the title of the recording.
   */
  record(
    sink: ((line: string) => unknown) | undefined,
    options: { readonly title?: string } = {},
  ): void {
    rejectUnknownKeys("record", options, { title: true });
    if (sink !== undefined && typeof sink !== "function") {
      throwMisuse(`Cannot record to what is no function: ${inspect(sink)}`);
    }
    this.#session.record(sink, options.title);
  }

  /**
   * Marks a place in the recording, where there is one.
   *
   * @param label What it is.
   */
  mark(label: string): void {
    this.#session.mark(label);
  }

  /**
   * Turns every option off, and forgets what the client told, before the game starts anew behind
   * the same connection: a client that thinks an option on does not answer when it is offered again.
   * Then {@linkcode offerOptions}.
   */
  prepareReload(): void {
    this.#session.reset();
  }

  /** Offers anew what `options` declare; {@linkcode ready} waits for the new answers. */
  offerOptions(): void {
    if (this.active) this.#session.start();
  }

  /**
   * Where things stand with this client, as plain JSON, to be carried over a restart of the game:
   * see `restore` of `TelnetServer.listen()`. Take it between polls, or in `onTurnEnd`: within another
   * handler the event that is being handled is not in it.
   *
   * @returns The snapshot.
   * @throws {TelnetError} `misuse`: the connection is compressed; end that first.
   */
  snapshot(): ClientSnapshot {
    return this.#session.snapshot() as unknown as ClientSnapshot;
  }

  #secondsSince(time: number): number {
    return (this.#session.now() - time) / 1000;
  }

  #colorize(text: string): string {
    // Text without codes is the same in all colours.
    if (!text.includes("^")) return text;
    return colorize(text, this.useAnsi ? this.profile.colours || 16 : 0);
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
