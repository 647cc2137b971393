import { connectOver } from "../connect/connect.ts";
import type { ConnectEvents } from "../connect/events.ts";
import type { TalkOptions } from "../connect/connect_options.ts";
import type { RemoteServer } from "../connect/remote_server.ts";
import { type ConnectClock, systemClock } from "../connect/timer.ts";
import { SGA } from "../options/sga.ts";
import { throwMisuse } from "../protocol/error.ts";
import { checkBoolean, checkFunction, checkText, throwUnexpected } from "../protocol/validate.ts";
import { checkConnectOptions, settingsOf } from "../connect/setup.ts";
import { stripControls } from "../text/controls.ts";
import { type StandardWebSocket, webSocketConnection } from "../transport/web_socket_object.ts";
import { TOKEN } from "../websocket/http.ts";
import { retryDelay } from "./retries.ts";
import type { Disposable, Screen } from "./screen.ts";

/**
 * How the person types: whole lines; hidden lines, such as a password; or single keys, which are
 * typed into the terminal and echoed by the server.
 */
export type InputMode = "line" | "hidden" | "keys";

/**
 * The state of the connection. `waiting`: it was lost, and is tried again after a delay. `closed`:
 * the server or the page has closed it, and only {@linkcode WebTerminal.reconnect} connects again.
 */
export type LinkState = "connecting" | "open" | "waiting" | "closed";

/** The state of the connection, as reported to the page. */
export interface Link {
  /** The state. */
  readonly state: LinkState;
  /** The delay until the next attempt, in milliseconds; 0 unless the state is `waiting`. */
  readonly delay: number;
}

/** A source of the page's events, such as `window`. */
export interface PageEvents {
  /** Adds a listener. */
  addEventListener(type: string, listener: () => void): void;
  /** Removes a listener. */
  removeEventListener(type: string, listener: () => void): void;
}

/** Where to connect, and which terminal to use. Every handler of `connectOver()` can be given, too. */
export interface WebTerminalOptions extends Omit<TalkOptions, "signal"> {
  /** Where the server is, such as `wss://play.example/`. */
  readonly url: string | URL;
  /** The terminal: xterm.js, or any other of this shape. */
  readonly screen: Screen;
  /** The subprotocol to ask for; `""` asks for none. Default `"telnet.mudstandards.org"`. */
  readonly subprotocol?: string | undefined;
  /** Whether a lost connection is opened again. Default `true`. */
  readonly reconnect?: boolean | undefined;
  /**
   * Whether sent lines are shown on the terminal while the server does not echo. Default `true`.
   */
  readonly localEcho?: boolean | undefined;
  /** Called when the link changes. */
  readonly onLink?: ((terminal: WebTerminal, link: Link) => unknown) | undefined;
  /** Called when the input mode changes. */
  readonly onMode?: ((terminal: WebTerminal, mode: InputMode) => unknown) | undefined;
  /** Makes the WebSocket. Default: the browser's. */
  readonly webSocket?: ((url: string, subprotocols: string[]) => StandardWebSocket) | undefined;
  /**
   * The source of `online` and `visibilitychange`, after which a lost link is tried again at once.
   * Default: the page.
   */
  readonly page?: PageEvents | undefined;
}

/** Codes of a Close frame after which the page does not reconnect by itself. */
const ENDED: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008, 1009, 4008]);
const OPEN = 1;
const CLOSING = 2;
/** The least time between two attempts without a delay. */
const STEADY_MS = 20_000;
/** The maximum columns and rows that are reported. */
const MAX_SIZE = 1000;
/** Ends the row of a connection that is gone, and its colours. */
const END_ROW = "\x1b[0m\r\n";

/**
 * Connects a terminal in a page to a Telnet server over a WebSocket.
 *
 * - **type**: {@linkcode sendLine} in the modes `line` and `hidden`; in the mode `keys` what is typed into
 *   the terminal itself is sent, and {@linkcode sendKeys} sends keys of the page
 * - **observe**: {@linkcode mode}, {@linkcode link}, {@linkcode server}
 * - **end**: {@linkcode close}, {@linkcode reconnect}, {@linkcode dispose}
 */
export class WebTerminal {
  readonly #options: WebTerminalOptions;
  readonly #clock: ConnectClock;
  readonly #screen: Screen;
  readonly #owned: Disposable[] = [];
  #server: RemoteServer | undefined;
  #socket: StandardWebSocket | undefined;
  #link: Link = { state: "closed", delay: 0 };
  #mode: InputMode = "line";
  /** How many attempts in a row have failed. */
  #failures = 0;
  /** When a lost connection was last tried again without a delay. */
  #triedAt = -Infinity;
  /** Whether code of the page has thrown. */
  #broken = false;
  #endTimer: () => void = () => {};
  #disposed = false;
  /** Whether the last row on the terminal has no end, such as a prompt. */
  #rowOpen = false;

  /**
   * Connects.
   *
   * @param options Where to, and with which terminal.
   * @throws {TelnetError} `misuse`: invalid options.
   */
  constructor(options: WebTerminalOptions) {
    checkOptions(options);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { screen, page } = options;
    this.#screen = screen;
    this.#owned.push(
      screen.onData((typed) => void this.sendKeys(typed)),
      screen.onResize((size) => {
        const { columns, rows } = sizeOf(size);
        if (this.#server?.active) this.#server.resize(columns, rows);
      }),
    );
    for (const name of ["online", "visibilitychange"]) {
      // `visibilitychange` is sent at the document and bubbles up to the window.
      const target = page ?? globalThis as Partial<PageEvents>;
      const handler = () => this.#pageWoke();
      target.addEventListener?.(name, handler);
      this.#owned.push({ dispose: () => target.removeEventListener?.(name, handler) });
    }
    try {
      this.#connect();
    } catch (error) {
      this.#socket?.close();
      for (const owned of this.#owned) owned.dispose();
      throw error;
    }
  }

  /** The server, as `connectOver()` returns it; another one after each reconnection. */
  get server(): RemoteServer | undefined {
    return this.#server;
  }

  /** The state of the connection. */
  get link(): Link {
    return this.#link;
  }

  /** The current input mode. */
  get mode(): InputMode {
    return this.#mode;
  }

  /**
   * Sends a line, and shows it on the terminal in the mode `line`; in other modes the server echoes
   * what should show.
   *
   * @param line The line, without its end.
   * @returns Whether it was sent; `false` while there is no connection.
   * @throws {TelnetError} `misuse`: not a text, or one with a line end.
   */
  sendLine(line: string): boolean {
    checkText("the line", line);
    if (/[\r\n]/.test(line)) throwMisuse("Cannot send this as a line: split it at its line ends");
    const server = this.#server;
    if (this.#link.state !== "open" || !server?.active) return false;
    this.#updateMode();
    if (this.#mode === "line" && this.#options.localEcho !== false) {
      this.#show(`${stripControls(line)}\r\n`);
    }
    server.send(`${line}\n`);
    return true;
  }

  /**
   * Sends keys in the mode `keys`, as if they were typed into the terminal: for buttons that a page
   * shows beside an on-screen keyboard.
   *
   * @param keys What a terminal sends for them, such as `"\x1b[A"` for the arrow up.
   * @returns Whether they were sent; `false` in other modes, and while there is no connection.
   * @throws {TelnetError} `misuse`: not a text.
   */
  sendKeys(keys: string): boolean {
    checkText("the keys", keys);
    this.#updateMode();
    if (this.#mode !== "keys" || this.#link.state !== "open" || !this.#server?.active) return false;
    this.#server.send(keys);
    return true;
  }

  /** Reconnects at once; an open connection is closed first. */
  reconnect(): void {
    if (this.#disposed) throwMisuse("Cannot reconnect a terminal after dispose(): make another");
    this.#drop();
    this.#failures = 0;
    this.#broken = false;
    this.#connect();
  }

  /** Closes the connection, without reconnecting. */
  close(): void {
    this.#drop();
    this.#setLink("closed");
  }

  /** Closes the connection, and removes all handlers from the terminal and the page. */
  dispose(): void {
    if (this.#disposed) return;
    this.close();
    this.#disposed = true;
    for (const owned of this.#owned) owned.dispose();
  }

  #connect(): void {
    const { url, subprotocol = "telnet.mudstandards.org", timeout = 30_000 } = this.#options;
    this.#endTimer();
    const make = this.#options.webSocket ??
      ((url, subprotocols) => new WebSocket(url, subprotocols) as unknown as StandardWebSocket);
    const socket = make(String(url), subprotocol === "" ? [] : [subprotocol]);
    /** The server's close code; `undefined` if the connection never opened. */
    let code: number | undefined;
    let opened = false;
    // Added before the connection's own handlers: the same event ends the connection.
    hear(socket, "open", () => opened = true);
    hear(socket, "close", (event) => code = opened ? event.code : undefined);
    this.#socket = socket;
    const server = connectOver(webSocketConnection(socket), this.#talkOptions(socket));
    this.#server = server;
    this.#endTimer = this.#clock.after(timeout, () => server.abort());
    hear(socket, "open", () => {
      if (this.#socket !== socket) return;
      this.#endTimer();
      this.#setLink("open");
    });
    server.closed.then(() => {
      if (this.#socket === socket) this.#lost(code);
    });
    this.#setLink("connecting");
  }

  /**
   * The options of the session: those of the caller, and handlers that call ours before the
   * caller's.
   */
  #talkOptions(socket: StandardWebSocket): TalkOptions {
    const {
      url: _url,
      screen,
      subprotocol: _subprotocol,
      reconnect: _reconnect,
      localEcho: _localEcho,
      onLink: _onLink,
      onMode: _onMode,
      webSocket: _webSocket,
      page: _page,
      ...talk
    } = this.#options;
    const isCurrent = () => this.#socket === socket;
    const page = this.#watched(talk, isCurrent);
    return {
      ...page,
      terminal: { type: "xterm-256color", ...talk.terminal, ...sizeOf(screen) },
      onText: (server: RemoteServer, text: string) => {
        if (!isCurrent()) return undefined;
        // A server that greets and then fails must not be tried again at once each time.
        if (this.#clock.now() - this.#triedAt >= STEADY_MS) this.#failures = 0;
        this.#show(text);
        this.#updateMode();
        return page.onText?.(server, text);
      },
      onEcho: (server: RemoteServer, value: ConnectEvents["echo"]) => {
        // SGA, which distinguishes keys from a hidden line, may follow immediately.
        if (isCurrent()) queueMicrotask(() => isCurrent() && this.#updateMode());
        return page.onEcho?.(server, value);
      },
    };
  }

  /**
   * The options of the page, with handlers that report what they throw. It ends the connection, and a
   * new one would fail in the same way. `onClose` comes after the end.
   */
  #watched(talk: TalkOptions, isCurrent: () => boolean): TalkOptions {
    const failed = (error: unknown) => {
      this.#broken ||= isCurrent();
      console.error(error);
      throw error;
    };
    const watch = (handler: (...given: unknown[]) => unknown) => (...given: unknown[]) => {
      try {
        const result = handler(...given);
        return result instanceof Promise ? result.catch(failed) : result;
      } catch (error) {
        return failed(error);
      }
    };
    const watched: Record<string, unknown> = { ...talk };
    for (const [name, handler] of Object.entries(talk)) {
      const isHandler = name.startsWith("on") && name !== "onClose" &&
        typeof handler === "function";
      if (isHandler) watched[name] = watch(handler as (...given: unknown[]) => unknown);
    }
    return watched as TalkOptions;
  }

  #lost(code: number | undefined): void {
    this.#endTimer();
    this.#endRow();
    this.#setMode("line");
    const again = this.#options.reconnect !== false && !ENDED.has(code ?? 0);
    if (!again || this.#broken || this.#disposed) return this.#setLink("closed");
    const delay = retryDelay(this.#failures++, Math.random());
    if (delay === 0) this.#triedAt = this.#clock.now();
    this.#setLink("waiting", delay);
    this.#endTimer = this.#clock.after(delay, () => this.#connect());
  }

  /** Closes the current connection and forgets it. */
  #drop(): void {
    this.#endTimer();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined && socket.readyState < CLOSING) {
      if (socket.readyState === OPEN) void this.#server?.close();
      else this.#server?.abort();
    }
    this.#endRow();
    this.#setMode("line");
  }

  #show(text: string): void {
    if (text === "") return;
    this.#screen.write(text);
    const seen = stripControls(text, { newlines: true });
    if (seen !== "") this.#rowOpen = !seen.endsWith("\n");
  }

  /** Ends an open row, so that text of the next connection begins on its own row. */
  #endRow(): void {
    if (!this.#rowOpen) return;
    this.#screen.write(END_ROW);
    this.#rowOpen = false;
  }

  /** Retries at once when the page is visible again or the network is back. */
  #pageWoke(): void {
    if (this.#link.state !== "waiting" || isHidden()) return;
    this.#failures = 0;
    this.#connect();
  }

  #updateMode(): void {
    const server = this.#server;
    if (!server?.serverEchoes) return this.#setMode("line");
    this.#setMode(server.telnet.optionEnabled(SGA, "remote") ? "keys" : "hidden");
  }

  #setMode(mode: InputMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#options.onMode?.(this, mode);
  }

  #setLink(state: LinkState, delay: number = 0): void {
    if (state === this.#link.state && delay === this.#link.delay) return;
    this.#link = { state, delay };
    this.#options.onLink?.(this, this.#link);
  }
}

/**
 * The size that is reported, within valid limits: a hidden terminal may have none, or an invalid
 * one.
 */
function sizeOf(
  { cols, rows }: { readonly cols: number; readonly rows: number },
): { readonly columns: number; readonly rows: number } {
  const within = (count: number) => Math.max(1, Math.min(MAX_SIZE, Math.trunc(count) || 1));
  return { columns: within(cols), rows: within(rows) };
}

/** Adds a listener to a WebSocket, in addition to the handlers that the connection sets. */
function hear(
  socket: StandardWebSocket,
  name: string,
  handler: (event: { readonly code?: number }) => void,
): void {
  const target = socket as unknown as {
    addEventListener?(name: string, handler: (event: { readonly code?: number }) => void): void;
  } | null;
  if (typeof target?.addEventListener !== "function") {
    throwUnexpected("webSocket", "a function that makes a WebSocket", socket);
  }
  target.addEventListener(name, handler);
}

/** Whether the page is in the background. */
function isHidden(): boolean {
  const { document } = globalThis as { document?: { readonly visibilityState?: string } };
  return document?.visibilityState === "hidden";
}

const OWN_NAMES: Readonly<Record<Exclude<keyof WebTerminalOptions, keyof TalkOptions>, true>> = {
  url: true,
  screen: true,
  subprotocol: true,
  reconnect: true,
  localEcho: true,
  onLink: true,
  onMode: true,
  webSocket: true,
  page: true,
};
const PROTOCOL = /^(?:ws|http)s?:$/;

/** Whether a WebSocket can be opened at a URL, which may be relative to the page. */
function isWebSocketUrl(url: unknown): boolean {
  if (typeof url !== "string" && !(url instanceof URL)) return false;
  const { location } = globalThis as { location?: { readonly href?: string } };
  const base = location?.href;
  return URL.canParse(String(url), base) && PROTOCOL.test(new URL(String(url), base).protocol);
}

/** Checks all options before anything is done with them. */
function checkOptions(options: WebTerminalOptions): void {
  if (typeof options !== "object" || options === null) {
    throwUnexpected("the options of a WebTerminal", "an object with `url` and `screen`", options);
  }
  checkConnectOptions(options as TalkOptions, true, OWN_NAMES);
  settingsOf(options as TalkOptions, {
    codec: undefined,
    secureContext: undefined,
    startTls: false,
  });
  const { url, screen, subprotocol, reconnect, localEcho, onLink, onMode, webSocket } = options;
  const { page } = options;
  if (!isWebSocketUrl(url)) {
    throwUnexpected("url", 'a URL such as "wss://play.example/"', url);
  }
  if (page !== undefined) {
    checkFunction("page.addEventListener", page?.addEventListener);
    checkFunction("page.removeEventListener", page.removeEventListener);
  }
  for (const method of ["write", "onData", "onResize"] as const) {
    if (typeof screen?.[method] !== "function") {
      throwUnexpected("screen", "a terminal such as that of xterm.js", screen);
    }
  }
  if (subprotocol !== undefined) checkText("subprotocol", subprotocol);
  if (subprotocol !== undefined && subprotocol !== "" && !TOKEN.test(subprotocol)) {
    throwUnexpected("subprotocol", 'a name such as "telnet", or ""', subprotocol);
  }
  if (reconnect !== undefined) checkBoolean("reconnect", reconnect);
  if (localEcho !== undefined) checkBoolean("localEcho", localEcho);
  const handlers = { onLink, onMode, webSocket };
  for (const [name, handler] of Object.entries(handlers)) {
    if (handler !== undefined) checkFunction(name, handler);
  }
}
