import { inspect, throwMisuse } from "../protocol/error.ts";
import { checkCount } from "../protocol/limits.ts";
import { defaultTransport } from "../transport/default.ts";
import type { Certificate } from "../transport/encryption.ts";
import type { Connection } from "../transport/transport.ts";
import { callUserCode } from "../session/call_user_code.ts";
import { makeClient, type TelnetClient } from "./client.ts";
import { DeadlineSet, delay, PollWaiter, type Timed, withTimeout } from "./clock.ts";
import { Acceptor, type AcceptorOwner, type ListenerInfo } from "./acceptor.ts";
import { greet, printError, printLoss } from "./default_handlers.ts";
import type { Origin } from "./handshake.ts";
import type { DrainOptions, ListenOptions, ServeOptions } from "./listen_options.ts";
import { rejectUnknownKeys } from "../guard/validate.ts";
import { Session } from "../session/session.ts";
import type { SessionOwner } from "../session/session_host.ts";
import { checkSettings, type Settings, withStatus } from "./settings.ts";
import { Counters, type ServerStats } from "./stats.ts";

/** A client with more bytes than this waiting is served behind those with less. */
const LIGHT_BYTES = 1_024;
/** And for so long in a poll, all such together. */
const HEAVY_MS = 2;
/** Nobody waits: what an event-driven server waits for is a signal. */
const FOREVER = Infinity;

/**
 * A Telnet server that runs under your loop.
 *
 * - **start**: {@linkcode TelnetServer.listen}
 * - **run**: {@linkcode poll} in your loop, or {@linkcode serve} without one
 * - **look**: {@linkcode clientList}, {@linkcode connectionCount}, {@linkcode port},
 *   {@linkcode stats}
 * - **end**: {@linkcode stop}, {@linkcode drain}, or `await using`
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
  readonly #turnstile: PollWaiter = new PollWaiter();
  readonly #timers: DeadlineSet = new DeadlineSet((timed, now) => {
    try {
      return timed.tick(now);
    } catch (error) {
      return this.#breakOff(timed, error);
    }
  });
  readonly #clients: Map<Session, Client> = new Map();
  readonly #counters: Counters;
  readonly #door: Acceptor;
  #accepted: Session[] = [];
  #ready: Session[] = [];
  #dirty: Session[] = [];
  /** Those that had lines waiting, and maybe have still. */
  #talking: Session[] = [];
  /** When to look through them. */
  #mostTalking = 64;
  #failures: (() => void)[] = [];
  #unread = false;
  /** The time of the poll that is at work: one look at the clock serves all its clients. */
  #time: number | undefined;
  #draining: Promise<void> | undefined;
  #polling: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #stopped = false;

  private constructor(options: ListenOptions<Client>, settings: Settings<Client>) {
    this.onConnect = options.onConnect ?? greet;
    this.onDisconnect = options.onDisconnect ?? printLoss;
    this.timeout = options.timeout ?? 5;
    const players = () => this.connectionCount();
    this.#settings = {
      ...settings,
      declared: withStatus(settings.declared, players, () => this.listeners),
    };
    this.#counters = new Counters(settings.clock.now());
    this.#door = new Acceptor(this.#settings, this.#makeDoorOwner());
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
    const server = new TelnetServer<Client>(options, await checkSettings(options));
    const transport = options.transport ?? await defaultTransport();
    const { tcpKeepAlive: keepAlive = true } = options;
    try {
      for (const listener of [options, ...options.listeners ?? []]) {
        const { port = 7777, address = "", reusePort = false, tls = false } = listener;
        await server.#door.listen(transport, { port, address, reusePort, keepAlive }, tls);
      }
    } catch (error) {
      await server.#door.close();
      throw error;
    }
    return server;
  }

  /** The port that the server listens on: the real one where 0 was asked. */
  get port(): number {
    return this.#door.listeners[0]?.port ?? 0;
  }

  /** The address that the server listens on. */
  get address(): string {
    return this.#door.listeners[0]?.address ?? "";
  }

  /** Whether the server has not been stopped: the condition for your loop. */
  get running(): boolean {
    return this.#stopping === undefined;
  }

  /** Where the server listens: the first is `port` and `address`. */
  get listeners(): readonly ListenerInfo[] {
    return [...this.#door.listeners];
  }

  /** Whether {@linkcode drain} was called: no more clients come. */
  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /**
   * How the server does: clients, queues, bytes, what was refused and why. Costs a look at each
   * client.
   *
   * @returns The numbers of this moment.
   */
  stats(): ServerStats {
    let [throttled, queuedOutput, queuedInput, queuedCommands] = [0, 0, 0, 0];
    for (const session of this.#clients.keys()) {
      if (session.throttled) throttled++;
      queuedOutput += session.queued;
      queuedInput += session.queuedInput;
      queuedCommands += session.commandCount;
    }
    return {
      ...this.#counters.take(this.#settings.clock.now()),
      connections: this.#clients.size,
      handshakes: this.#door.handshakeCount,
      closing: this.#door.lingeringCount,
      throttled,
      queuedOutput,
      queuedInput,
      queuedCommands,
    };
  }

  /**
   * Uses another certificate from now on: a renewed one, say. Who is connected notices nothing.
   *
   * @param certificate The certificate and its key, as PEM text.
   * @throws {TelnetError} `misuse`: they are no PEM, or do not fit, and the one before stays in use;
   * or the server was started without one.
   */
  setCertificate(certificate: Certificate): void {
    this.#door.setCertificate(certificate);
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
    return withTimeout(this.#polling, this.timeout);
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

  /**
   * Ends for a restart: no more clients are accepted, everybody is told, and may go on for `grace`;
   * who is still there then is closed as by {@linkcode stop}, which this ends with. Your loop may go on
   * polling meanwhile, or not: it is polled in any case. Further calls wait for the same end; to end
   * it early, stop.
   *
   * @param options What to say, and how long to wait.
   * @returns When the last socket is closed.
   * @throws {TelnetError} `misuse`: a grace that is no whole number, a message that is no text, or
   * something else.
   *
   * @example
   * ```ts
   * import { TelnetServer } from "@miniboa/miniboa";
   *
   * const server = await TelnetServer.listen({ port: 0, address: "127.0.0.1" });
   * // process.once("SIGTERM", () => server.drain({ grace: 30_000 }));
   * await server.drain({ message: "Back in a minute!" });
   * ```
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    rejectUnknownKeys("drain", options, { message: true, grace: true });
    const { message = this.#settings.messages.draining, grace = 0 } = options;
    if (typeof message !== "string") throwMisuse(`Cannot say what is no text: ${inspect(message)}`);
    checkCount("grace", grace);
    if (this.running) this.#draining ??= this.#drain(message, grace);
    await this.#draining;
    await this.stop();
  }

  async #drain(message: string, grace: number): Promise<void> {
    const { clock } = this.#settings;
    const deadline = clock.now() + grace;
    // Whatever polls meanwhile, and however long it would wait, is awake at the deadline.
    this.#timers.add({ tick: () => undefined }, deadline);
    await this.#closeDoor();
    if (message !== "") {
      for (const session of this.#clients.keys()) {
        this.#run(session, (client) => client.send(`${message}\n`));
      }
    }
    while (this.running && this.#clients.size > 0 && clock.now() < deadline) {
      await this.#poll(this.timeout);
    }
  }

  /** Takes in who has come so far, and nobody more. */
  async #closeDoor(): Promise<void> {
    await this.#door.close();
    this.#turnstile.signal();
    await this.#poll(0);
  }

  async #stop(): Promise<void> {
    await Promise.resolve(); // until `running` is false, for whoever is woken below
    await this.#closeDoor();
    const { clock, limits: { closeTimeout } } = this.#settings;
    const deadline = clock.now() + closeTimeout;
    for (const session of this.#clients.keys()) session.leave("server-stopped");
    while (this.#clients.size > 0 || this.#failures.length > 0) await this.#poll(FOREVER);
    this.#turnstile.end();
    this.#tell();
    this.#stopped = true;
    await this.#door.settle(Math.max(0, deadline - clock.now()));
  }

  #poll(timeout: number): Promise<void> {
    this.#polling ??= this.#work(timeout);
    return this.#polling;
  }

  async #work(timeout: number): Promise<void> {
    const { clock } = this.#settings;
    this.#flush();
    const waiting = this.#accepted.length > 0 || this.#ready.length > 0 ||
      this.#failures.length > 0 || this.#unread || this.#door.waiting;
    this.#unread = false;
    const due = this.#timers.next === Infinity ? Infinity : this.#timers.next - clock.now();
    await this.#turnstile.wait(waiting ? 0 : Math.min(timeout, due));
    this.#time = clock.now();
    try {
      if (this.#failures.length > 0) { for (const fail of this.#failures.splice(0)) fail(); }
      this.#takeAccepted();
      if (this.#door.waiting) this.#tell();
      this.#counters.measure(this.#time);
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

  #makeDoorOwner(): AcceptorOwner {
    const { clock, onRefuse } = this.#settings;
    return {
      counters: this.#counters,
      tellsRefusals: onRefuse !== undefined,
      now: () => this.#time ?? clock.now(),
      timed: (timed, time) => {
        this.#timers.add(timed, time);
        this.#turnstile.signal();
      },
      untimed: (timed) => this.#timers.delete(timed),
      welcome: (connection, origin) => this.#welcome(connection, origin),
      wake: () => this.#turnstile.signal(),
    };
  }

  #makeOwner(settings: Settings<Client>): SessionOwner {
    const { onTrace } = settings;
    const door = this.#door;
    return {
      settings,
      counters: this.#counters,
      get secureContext() {
        return door.context;
      },
      trace: onTrace && ((session, direction, words) => {
        this.#run(session, (client) => onTrace(client, direction, words));
      }),
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
      report: (session, error) => {
        this.#failLater(() => this.#report(error, this.#clients.get(session)));
      },
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
      violation: (session, violation) => {
        this.#counters.violation(violation.kind);
        this.#run(session, (client) => settings.onViolation(client, violation));
      },
    };
  }

  /** Takes a connection from the door; the handler of the client waits for the next poll. */
  #welcome(connection: Connection, origin: Origin): Session {
    const session = new Session(connection, this.#owner, origin);
    this.#accepted.push(session);
    this.#turnstile.signal();
    return session;
  }

  /** Tells who was refused, and what the system could not accept. */
  #tell(): void {
    const { onRefuse, onListenError } = this.#settings;
    const error = this.#door.takeAcceptError();
    if (error !== undefined) this.#call(() => onListenError(error));
    if (onRefuse === undefined) return;
    for (const refusal of this.#door.takeTold()) this.#call(() => onRefuse(refusal));
  }

  /** Calls a handler that no client is to blame for. */
  #call(handler: () => unknown): void {
    callUserCode(handler, (error) => this.#report(error, undefined));
  }

  #takeAccepted(): void {
    const accepted = this.#accepted;
    if (accepted.length === 0) return;
    this.#accepted = [];
    for (const session of accepted) {
      if (session.reason === "wrong-protocol") {
        this.#turnAway(session);
        continue;
      }
      if (!this.#introduce(session)) continue;
      this.#counters.accepted++;
      this.#run(session, () => this.#begin(session));
      this.#run(session, (client) => this.onConnect(client));
    }
  }

  /** Somebody speaks another protocol, and was known by it before the game was told. */
  #turnAway(session: Session): void {
    session.process();
    const { address, port } = session.origin;
    const detail = session.error instanceof Error ? session.error.message : "";
    this.#door.tell({ kind: "wrong-protocol", address, port, detail });
    this.#door.left(session.connection, session.origin);
  }

  /** Makes the client; where its constructor throws, that one connection is closed. */
  #introduce(session: Session): boolean {
    try {
      this.#clients.set(session, makeClient(this.#settings.clientClass, session));
      return true;
    } catch (error) {
      session.connection.abort();
      this.#door.left(session.connection, session.origin);
      this.#report(error, undefined);
      return false;
    }
  }

  /** Offers what is declared, unless the client is known from before a restart. */
  #begin(session: Session): void {
    const { address, port } = session.origin;
    const snapshot = this.#settings.restore?.({ address, port });
    if (snapshot === undefined) session.start();
    else session.restore(snapshot);
  }

  #processReady(): void {
    if (this.#ready.length === 0) return;
    const ready = this.#ready;
    this.#ready = [];
    let heavy: Session[] | undefined;
    for (const session of ready) {
      if (session.queuedInput > LIGHT_BYTES) (heavy ??= []).push(session);
      else this.#process(session);
    }
    if (heavy !== undefined) this.#processHeavy(heavy);
  }

  /** Those who sent much, as far as the time goes; the others are the first of the next poll. */
  #processHeavy(heavy: Session[]): void {
    const { clock } = this.#settings;
    const deadline = clock.now() + HEAVY_MS;
    for (const [index, session] of heavy.entries()) {
      this.#process(session);
      if (clock.now() < deadline) continue;
      this.#ready = heavy.slice(index + 1).concat(this.#ready);
      return;
    }
  }

  #process(session: Session): void {
    session.inReady = false;
    try {
      session.process();
    } catch (error) {
      this.#breakOff(session, error);
    }
    if (session.closed) this.#finish(session);
  }

  /** What throws in spite of all, such as a game's own character set, costs one client at most. */
  #breakOff(timed: Timed, error: unknown): undefined {
    const session = timed instanceof Session ? timed : undefined;
    this.#report(error, session && this.#clients.get(session));
    session?.leave("handler-failed", error);
    session?.connection.abort();
  }

  #finish(session: Session): void {
    const client = this.#clients.get(session);
    if (client === undefined) return;
    this.#run(session, () => this.onDisconnect(client));
    this.#clients.delete(session);
    this.#timers.delete(session);
    this.#counters.disconnected[session.reason ?? "client-closed"]++;
    this.#door.left(session.connection, session.origin);
  }

  #flush(): void {
    if (this.#dirty.length === 0) return;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const session of dirty) {
      session.inDirty = false;
      try {
        session.flush();
      } catch (error) {
        this.#breakOff(session, error);
      }
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
    callUserCode(() => handler(client), fail, (error) => this.#failLater(() => fail(error)));
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
    callUserCode(
      () => this.#settings.onError(error, client),
      (secondError) => printError(secondError, client),
    );
  }
}
