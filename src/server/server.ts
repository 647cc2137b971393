import { encodeText } from "../text/charset.ts";
import { defaultTransport } from "../transport/default.ts";
import type { Connection, ConnectionHandler, Listener } from "../transport/transport.ts";
import { makeClient, type TelnetClient } from "./client.ts";
import { delay, TimerSet, Turnstile } from "./clock.ts";
import { greet, printError, printLoss } from "./handlers.ts";
import type { ListenOptions, ServeOptions } from "./listen_options.ts";
import { Session } from "./session.ts";
import type { SessionOwner } from "./session_owner.ts";
import { checkSettings, type Settings, withStatus } from "./settings.ts";

/** So many refused connections may be on their way out; more are closed without a word. */
const MAX_REFUSALS = 64;
/** Nobody waits: what an event-driven server waits for is a signal. */
const FOREVER = Infinity;

/**
 * A Telnet server that runs under your loop.
 *
 * - **start**: {@linkcode TelnetServer.listen}
 * - **run**: {@linkcode poll} in your loop, or {@linkcode serve} without one
 * - **look**: {@linkcode clientList}, {@linkcode connectionCount}, {@linkcode port}
 * - **end**: {@linkcode stop}, or `await using`
 *
 * Handlers run only within `poll()`, `serve()` and `stop()`, never at the same time as other code
 * of yours. They may be async: nobody waits for them. One that throws, or whose promise is
 * rejected, costs the one client, not the server; see `onError`. What your own loop throws is
 * yours to catch.
 *
 * @example
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 *
 * const server = await TelnetServer.listen({ port: 0, address: "127.0.0.1" });
 * await server.poll(); // in your game: while (true) await server.poll();
 * await server.stop();
 * ```
 */
export class TelnetServer<Client extends TelnetClient = TelnetClient> {
  /** Called within `poll()` for each new client. */
  onConnect: (client: Client) => void;
  /** Called within `poll()` for each client that went. */
  onDisconnect: (client: Client) => void;
  /** The longest that {@linkcode poll} waits for something to happen, in milliseconds. */
  timeout: number;
  readonly #settings: Settings<Client>;
  readonly #owner: SessionOwner;
  readonly #turnstile: Turnstile = new Turnstile();
  readonly #timers: TimerSet = new TimerSet();
  readonly #clients: Map<Session, Client> = new Map();
  /** Sockets that are closed for us, and not yet gone. */
  readonly #lingering: Set<Connection> = new Set();
  #accepted: Session[] = [];
  #ready: Session[] = [];
  #dirty: Session[] = [];
  /** Those that had lines waiting, and maybe have still. */
  #talking: Session[] = [];
  /** When to look through them. */
  #mostTalking = 64;
  #failures: (() => void)[] = [];
  #unread = false;
  #open = 0;
  #refusals = 0;
  #refused = 0;
  /** The time of the poll that is at work: one look at the clock serves all its clients. */
  #time: number | undefined;
  #listener: Listener | undefined;
  #polling: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #stopped = false;

  private constructor(options: ListenOptions<Client>, settings: Settings<Client>) {
    this.onConnect = options.onConnect ?? greet;
    this.onDisconnect = options.onDisconnect ?? printLoss;
    this.timeout = options.timeout ?? 5;
    this.#settings = {
      ...settings,
      declared: withStatus(settings.declared, () => this.connectionCount()),
    };
    this.#owner = this.#makeOwner(this.#settings);
  }

  /**
   * Starts a server. Connections wait until the first {@linkcode poll}.
   *
   * @param options Where to listen and what to do; every field has a default.
   * @returns The server, listening.
   * @throws {TelnetError} `address-in-use`, `address-unavailable`, `address-not-found`,
   * `permission-denied`, `unsupported`, `io`; `misuse` for a value that cannot be right.
   *
   * @example
   * ```ts
   * import { isTelnetError, TelnetServer } from "@miniboa/miniboa";
   * import { assert } from "@std/assert";
   *
   * await using first = await TelnetServer.listen({ port: 0, address: "127.0.0.1" });
   * try {
   *   await TelnetServer.listen({ port: first.port, address: "127.0.0.1" });
   * } catch (error) {
   *   assert(isTelnetError(error) && error.code === "address-in-use");
   * }
   * ```
   */
  static async listen<Client extends TelnetClient = TelnetClient>(
    options: ListenOptions<Client> = {},
  ): Promise<TelnetServer<Client>> {
    const { port = 7777, address = "", reusePort = false } = options;
    const server = new TelnetServer<Client>(options, await checkSettings(options));
    const transport = options.transport ?? await defaultTransport();
    server.#listener = await transport.listen(
      { port, address, reusePort },
      (connection) => server.#accept(connection),
    );
    return server;
  }

  /** The port that the server listens on: the real one where 0 was asked. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** The address that the server listens on. */
  get address(): string {
    return this.#listener?.address ?? "";
  }

  /** Whether the server has not been stopped: the condition for your loop. */
  get running(): boolean {
    return this.#stopping === undefined;
  }

  /** How many clients were refused because of `maxConnections`. */
  get refusedCount(): number {
    return this.#refused;
  }

  /**
   * How many clients are connected.
   *
   * @returns The length of {@linkcode clientList}.
   */
  connectionCount(): number {
    return this.#clients.size;
  }

  /**
   * The clients from their `onConnect` to their `onDisconnect`, in order of arrival.
   *
   * @returns A new array, yours to keep.
   */
  clientList(): Client[] {
    return [...this.#clients.values()];
  }

  /**
   * The clients that have a line or a key waiting, in the order in which they got it. Unlike a look at all of
   * {@linkcode clientList} this costs nothing for those who are silent.
   *
   * @returns A new array, yours to keep.
   */
  readyClients(): Client[] {
    this.#dropSilent();
    const clients: Client[] = [];
    for (const session of this.#talking) {
      const client = this.#clients.get(session);
      if (client !== undefined) clients.push(client);
    }
    return clients;
  }

  /**
   * Does all that is due: sends what you have written, takes what came, calls the handlers. Returns
   * at once when there is work, else waits up to {@linkcode timeout}. The runtime's event loop
   * turns in any case. A call while another poll is under way, or {@linkcode serve}, only waits for
   * that, no longer than its timeout.
   *
   * @returns When it is done. It is never rejected by a fault of a client or of a handler.
   */
  poll(): Promise<void> {
    if (!this.running) return delay(this.timeout);
    if (this.#polling === undefined) return this.#poll(this.timeout);
    return Promise.race([this.#polling, delay(this.timeout)]);
  }

  /**
   * Serves until it is told to stop, for programs without a loop of their own: handlers then read
   * by `client.lines()`. Sends what is written at once.
   *
   * @param options `signal`: ends the serving.
   * @returns When the server has stopped.
   *
   * @example
   * ```ts
   * import { TelnetServer } from "@miniboa/miniboa";
   *
   * const server = await TelnetServer.listen({
   *   port: 0,
   *   onConnect: async (client) => {
   *     for await (const line of client.lines()) client.send(`You said: ${line}\n`);
   *   },
   * });
   * await server.serve({ signal: AbortSignal.timeout(10) });
   * ```
   */
  async serve({ signal }: ServeOptions = {}): Promise<void> {
    const wake = () => this.#turnstile.signal();
    signal?.addEventListener("abort", wake);
    try {
      while (this.running && signal?.aborted !== true) await this.#poll(FOREVER);
    } finally {
      signal?.removeEventListener("abort", wake);
    }
    await this.stop();
  }

  /**
   * Stops: no more clients are accepted, queued output is delivered, all are closed and
   * `onDisconnect` is called for each. A client that takes nothing holds it up for
   * `limits.closeTimeout` at most. Further calls wait for the same end.
   *
   * @returns When the last socket is closed.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * The same as {@linkcode stop}, for `await using`.
   *
   * @returns When the last socket is closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    await Promise.resolve(); // until `running` is false, for whoever is woken below
    this.#turnstile.signal();
    await this.#polling;
    await this.#listener?.close();
    this.#takeAccepted();
    for (const session of this.#clients.keys()) session.leave("server-stopped");
    while (this.#clients.size > 0 || this.#failures.length > 0) await this.#poll(FOREVER);
    this.#turnstile.end();
    this.#stopped = true;
    const abort = () => this.#lingering.forEach((connection) => connection.abort());
    const timer = setTimeout(abort, this.#settings.limits.closeTimeout);
    await Promise.all(Array.from(this.#lingering, (connection) => connection.closed));
    clearTimeout(timer);
  }

  #poll(timeout: number): Promise<void> {
    this.#polling ??= this.#work(timeout);
    return this.#polling;
  }

  async #work(timeout: number): Promise<void> {
    const { clock } = this.#settings;
    this.#flush();
    const waiting = this.#accepted.length > 0 || this.#ready.length > 0 ||
      this.#failures.length > 0 || this.#unread;
    this.#unread = false;
    const due = this.#timers.next === Infinity ? Infinity : this.#timers.next - clock.now();
    await this.#turnstile.wait(waiting ? 0 : Math.min(timeout, due));
    this.#time = clock.now();
    try {
      if (this.#failures.length > 0) { for (const fail of this.#failures.splice(0)) fail(); }
      this.#takeAccepted();
      this.#timers.tick(this.#time);
      this.#processReady();
      this.#flush();
      // Nobody may ever ask for those with lines.
      if (this.#talking.length > this.#mostTalking) this.#dropSilent();
    } finally {
      this.#time = undefined;
      this.#polling = undefined;
    }
  }

  #makeOwner(settings: Settings<Client>): SessionOwner {
    return {
      settings,
      now: () => this.#time ?? settings.clock.now(),
      ready: (session) => {
        if (!session.inReady) this.#ready.push(session);
        session.inReady = true;
        this.#turnstile.signal();
      },
      dirty: (session) => {
        if (!session.inDirty) this.#dirty.push(session);
        session.inDirty = true;
        // Within a poll it is flushed at its end.
        if (this.#time === undefined) this.#turnstile.signal();
      },
      talking: (session) => {
        if (!session.inTalking) this.#talking.push(session);
        session.inTalking = true;
      },
      unread: () => this.#unread = true,
      run: (session, call) => this.#run(session, call),
      timed: (session, time) => this.#timers.add(session, time),
      command: (session, command) =>
        this.#run(session, (client) => settings.onCommand(client, command)),
      key: (session, key) => {
        const { onKey } = settings;
        if (onKey !== undefined) this.#run(session, (client) => onKey(client, key));
        return onKey !== undefined;
      },
      tell: (session, name, value) => {
        const handler = settings.notices[name];
        if (handler !== undefined) this.#run(session, (client) => handler(client, value));
      },
      violation: (session, kind) =>
        this.#run(session, (client) => settings.onViolation(client, kind)),
    };
  }

  /** Takes a connection from the transport; the handler of the client waits for the next poll. */
  #accept(connection: Connection): ConnectionHandler {
    if (this.#open >= this.#settings.maxConnections || !this.running) {
      return this.#refuse(connection);
    }
    this.#open++;
    const session = new Session(connection, this.#owner);
    this.#accepted.push(session);
    this.#turnstile.signal();
    return session;
  }

  #refuse(connection: Connection): ConnectionHandler {
    this.#refused++;
    if (++this.#refusals <= MAX_REFUSALS) {
      connection.write(encodeText("Sorry, the server is full. Try again later.\r\n", "utf-8"));
      connection.close();
    } else {
      connection.abort();
    }
    this.#awaitEnd(connection).then(() => this.#refusals--);
    return { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
  }

  /** The socket may live on for a while when the client is gone for us. */
  #awaitEnd(connection: Connection): Promise<void> {
    this.#lingering.add(connection);
    return connection.closed.then(() => void this.#lingering.delete(connection));
  }

  #takeAccepted(): void {
    const accepted = this.#accepted;
    if (accepted.length === 0) return;
    this.#accepted = [];
    for (const session of accepted) {
      if (!this.#welcome(session)) continue;
      this.#run(session, () => this.#begin(session));
      this.#run(session, (client) => this.onConnect(client));
    }
  }

  /** Makes the client; where its constructor throws, that one connection is closed. */
  #welcome(session: Session): boolean {
    try {
      this.#clients.set(session, makeClient(this.#settings.clientClass, session));
      return true;
    } catch (error) {
      this.#open--;
      session.connection.abort();
      this.#report(error, undefined);
      return false;
    }
  }

  /** Offers what is declared, unless the client is known from before a restart. */
  #begin(session: Session): void {
    const { remoteAddress: address, remotePort: port } = session.connection;
    const snapshot = this.#settings.restore?.({ address, port });
    if (snapshot === undefined) session.start();
    else session.restore(snapshot);
  }

  #processReady(): void {
    if (this.#ready.length === 0) return;
    const ready = this.#ready;
    this.#ready = [];
    for (const session of ready) {
      session.inReady = false;
      session.process();
      if (session.closed) this.#finish(session);
    }
  }

  #finish(session: Session): void {
    const client = this.#clients.get(session);
    if (client === undefined) return;
    this.#run(session, () => this.onDisconnect(client));
    this.#clients.delete(session);
    this.#timers.delete(session);
    this.#open--;
    if (!session.connection.destroyed) void this.#awaitEnd(session.connection);
  }

  #flush(): void {
    if (this.#dirty.length === 0) return;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const session of dirty) {
      session.inDirty = false;
      session.flush();
    }
  }

  /** Keeps in the list of the talking only those with lines. */
  #dropSilent(): void {
    const talking = this.#talking;
    let kept = 0;
    for (const session of talking) {
      session.inTalking = session.hasInput && this.#clients.has(session);
      if (session.inTalking) talking[kept++] = session;
    }
    talking.length = kept;
    this.#mostTalking = 64 + 2 * kept;
  }

  /** Calls a handler; if it fails, the one client is dropped and the server lives. */
  #run(session: Session, handler: (client: Client) => unknown): void {
    const client = this.#clients.get(session);
    if (client === undefined) return;
    const fail = (error: unknown) => this.#fail(session, client, error);
    try {
      const result = handler(client);
      if (isThenable(result)) result.then(undefined, (error) => this.#failLater(() => fail(error)));
    } catch (error) {
      fail(error);
    }
  }

  #fail(session: Session, client: Client, error: unknown): void {
    this.#report(error, client);
    session.leave("handler-failed", error);
  }

  /** A rejected promise is reported by the next poll, as every handler is called by one. */
  #failLater(fail: () => void): void {
    if (this.#stopped) return fail(); // no poll follows
    this.#failures.push(fail);
    this.#turnstile.signal();
  }

  #report(error: unknown, client: Client | undefined): void {
    const printSecond = (secondError: unknown) => printError(secondError, client);
    try {
      const result: unknown = this.#settings.onError(error, client);
      if (isThenable(result)) result.then(undefined, printSecond);
    } catch (secondError) {
      printSecond(secondError);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
