import { canonicalAddress } from "../guard/addresses.ts";
import type { TelnetOption } from "../options/option.ts";
import { throwMisuse } from "../protocol/error.ts";
import type { Origin } from "../guard/origin.ts";
import type { Timed } from "../session/deadlines.ts";
import { Session } from "../session/session.ts";
import type { Certificate } from "../transport/encryption.ts";
import { turn } from "../transport/event_loop.ts";
import type { Connection } from "../transport/transport.ts";
import { Acceptor, type AcceptorOwner, type ListenerInfo } from "./acceptor.ts";
import { Broadcast, type BroadcastOptions, checkBroadcast } from "./broadcast.ts";
import { makeClient, sessionOf, type TelnetClient } from "./client.ts";
import { checkClientFields } from "./client_class.ts";
import { delay, withTimeout } from "./clock.ts";
import { DeadlineSet } from "./deadline_set.ts";
import { greet, printLoss } from "./default_handlers.ts";
import {
  type AcceptedFrom,
  type ClientHandler,
  type CustomOptions,
  type DrainOptions,
  listenOptionNames,
  type ListenOptions,
  type ServeOptions,
} from "./listen_options.ts";
import { addHints, SERVER_CLASS_HINTS, SERVER_HINTS } from "./hints.ts";
import { openListeners } from "./open_listeners.ts";
import { PollWaiter } from "./poll_waiter.ts";
import { Scheduler } from "./scheduler.ts";
import { ServerHost } from "./server_host.ts";
import { checkSettings, checkTimeout, type Settings, withMsspDefaults } from "./settings.ts";
import { Counters, type ServerStats } from "./stats.ts";
import { UserCode } from "./user_code.ts";
import {
  checkBoolean,
  checkCount,
  checkFunction,
  checkPort,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";

/** Names that other libraries use for the options of `drain()`. */
const DRAIN_SYNONYMS = { timeout: "grace", delay: "grace", reason: "message", text: "message" };

/** serve() has no poll timeout; it waits for a signal. */
const FOREVER = Infinity;

/**
 * A Telnet server that your own loop polls.
 *
 * - **start**: {@linkcode TelnetServer.listen}
 * - **run**: {@linkcode poll} in your loop, or {@linkcode serve} without one
 * - **inspect**: {@linkcode clientList}, {@linkcode connectionCount}, {@linkcode port},
 *   {@linkcode stats}
 * - **end**: {@linkcode stop}, {@linkcode drain}, or `await using`
 *
 * Handlers run only within `poll()`, `serve()`, `drain()` and `stop()`, never at the same time as
 * your other code. They can be async; the server does not await them. If a handler throws, or its
 * promise is rejected, only that client is dropped; see `onError`. Catch errors of your own loop
 * yourself.
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
  #onConnect: ClientHandler<Client>;
  #onDisconnect: ClientHandler<Client>;
  #timeout: number;
  readonly #settings: Settings<Client>;
  readonly #waiter: PollWaiter = new PollWaiter();
  readonly #deadlines: DeadlineSet = new DeadlineSet((timed, now) => this.#tick(timed, now));
  readonly #clients: Map<Session, Client> = new Map();
  readonly #counters: Counters;
  readonly #acceptor: Acceptor;
  readonly #scheduler: Scheduler;
  readonly #userCode: UserCode<Client>;
  readonly #host: ServerHost<Client>;
  #accepted: Session[] = [];
  /** The time of the current poll; the clock is read once for all clients. */
  #time: number | undefined;
  #draining: Promise<void> | undefined;
  #polling: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(options: ListenOptions<Client>, settings: Settings<Client>) {
    if (settings === undefined) {
      throwMisuse(
        "Cannot use `new TelnetServer()`: write `await TelnetServer.listen({ port: 7777 })`",
      );
    }
    const { clock } = settings;
    this.#onConnect = options.onConnect ?? greet;
    this.#onDisconnect = options.onDisconnect ?? printLoss;
    this.#timeout = options.timeout ?? 5;
    const players = () => this.connectionCount();
    const listeners = () => this.listeners;
    const declared = withMsspDefaults(settings.declared, players, listeners, clock.timeOfDay());
    this.#settings = { ...settings, declared };
    this.#counters = new Counters(clock.now());
    this.#userCode = new UserCode(
      this.#clients,
      settings.onError,
      () => this.#waiter.signal(),
      clock.now,
    );
    this.#acceptor = new Acceptor(this.#settings, this.#makeAcceptorOwner());
    this.#scheduler = new Scheduler({
      clock: clock.now,
      userTime: () => this.#userCode.time,
      tracksChanges: settings.onTurnEnd !== undefined || usesDurable(options),
      // Each poll flushes at its start and at its end, so only a waiting one must know of output.
      signal: (what) => what === "input" ? this.#waiter.signal() : this.#waiter.interrupt(),
      failed: (session, error) => void this.#dropAfterError(session, error),
      closed: (session) => this.#finish(session),
    });
    this.#host = new ServerHost({
      settings: this.#settings,
      counters: this.#counters,
      scheduler: this.#scheduler,
      timed: (session, time) => {
        this.#deadlines.add(session, time);
        if (this.#time === undefined) this.#waiter.interrupt();
      },
      userCode: this.#userCode,
      clock: clock.now,
      timeOfDay: clock.timeOfDay,
      now: () => this.#time ?? clock.now(),
      secureContext: () => this.#acceptor.context,
      draining: () => this.#draining !== undefined,
    });
  }

  /**
   * Starts a server. Connections wait until the first {@linkcode poll}.
   *
   * @param options Listeners, handlers and settings; every field has a default.
   * @returns The listening server.
   * @typeParam Client Your client class, inferred from `clientClass`.
   * @typeParam Options Your own Telnet options, inferred from `customOptions`.
   * @throws {TelnetError} `address-in-use`, `address-unavailable`, `address-not-found`,
   * `permission-denied`, `unsupported`, `io`; `misuse` for an invalid option.
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
  static async listen<
    Client extends TelnetClient = TelnetClient,
    const Options extends readonly TelnetOption[] = readonly TelnetOption[],
  >(
    options?: ListenOptions<Client> & CustomOptions<Client, Options>,
  ): Promise<TelnetServer<Client>> {
    const given: ListenOptions<Client> = options === undefined ? {} : options;
    const server = new TelnetServer<Client>(given, await checkSettings(given));
    try {
      await openListeners(server.#acceptor, given);
    } catch (error) {
      // Some may have come by the listeners that were open for a moment.
      for (const { stream } of server.#accepted) stream.connection.abort();
      throw error;
    }
    return server;
  }

  /**
   * Adds a connection that other code has accepted, such as a WebSocket that your own HTTP server
   * has upgraded. The connection limits apply to it. `onConnect` is called at the next poll.
   *
   * @param connection The connection, for example from `webSocketConnection()`. The server attaches
   * its own handler to it.
   * @param from The origin of the connection. Default: the values of `connection`. A connection
   * with an empty address does not count towards the limits per address.
   * @returns Whether the connection was accepted. If not, it is closed, and `onRefuse` is called at
   * the next poll.
   * @throws {TelnetError} `misuse`: not a connection, or the server has stopped.
   */
  accept(connection: Connection, from: AcceptedFrom = {}): boolean {
    if (typeof connection?.attach !== "function") {
      throwUnexpected(
        "the connection",
        "a Connection, such as one of webSocketConnection()",
        connection,
      );
    }
    rejectUnknownKeys("accept", from, { address: true, port: true, encrypted: true });
    if (!this.running) throwMisuse("Cannot accept a connection: the server has stopped");
    const { remoteAddress, remotePort } = connection;
    const { address = remoteAddress, port = remotePort, encrypted = connection.encrypted } = from;
    checkText("accept.address", address);
    const canonical = canonicalAddress(address.replace(/%.*/, ""));
    // Each port would count as an address of its own.
    if (canonical === undefined && /[:[\]]/.test(address)) {
      throwUnexpected("accept.address", "an IP address without a port and brackets", address);
    }
    checkPort("accept.port", port);
    checkBoolean("accept.encrypted", encrypted);
    if (accepted.has(connection)) {
      throwMisuse("Cannot accept a connection twice: it has a client already");
    }
    accepted.add(connection);
    return this.#acceptor.admit(connection, { address: canonical ?? address, port, encrypted });
  }

  /** Called within `poll()` for each new client; can be set. */
  get onConnect(): ClientHandler<Client> {
    return this.#onConnect;
  }

  set onConnect(onConnect: ClientHandler<Client>) {
    checkFunction("onConnect", onConnect);
    this.#onConnect = onConnect;
  }

  /** Called within `poll()` for each client that has disconnected; can be set. */
  get onDisconnect(): ClientHandler<Client> {
    return this.#onDisconnect;
  }

  set onDisconnect(onDisconnect: ClientHandler<Client>) {
    checkFunction("onDisconnect", onDisconnect);
    this.#onDisconnect = onDisconnect;
  }

  /** How long {@linkcode poll} waits for something to happen, in milliseconds; can be set. */
  get timeout(): number {
    return this.#timeout;
  }

  set timeout(timeout: number) {
    checkTimeout(timeout);
    this.#timeout = timeout;
  }

  /** The port that the server listens on; if 0 was given, the port that the system chose. */
  get port(): number {
    return this.#acceptor.listeners[0]?.port ?? 0;
  }

  /** The address that the server listens on. */
  get address(): string {
    return this.#acceptor.listeners[0]?.address ?? "";
  }

  /** `true` until {@linkcode stop} is called: the condition for your loop. */
  get running(): boolean {
    return this.#stopping === undefined;
  }

  /** All listeners; the first one has {@linkcode port} and {@linkcode address}. */
  get listeners(): readonly ListenerInfo[] {
    return [...this.#acceptor.listeners];
  }

  /** Whether {@linkcode drain} was called; the server then accepts no more clients. */
  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /**
   * Statistics: clients, queues, bytes, rates, refusals by kind. The cost grows with the number of
   * clients.
   *
   * @returns The current numbers.
   */
  stats(): ServerStats {
    let [throttled, queuedOutput, queuedInput, memoryUsed, queuedLines] = [0, 0, 0, 0, 0];
    for (const session of this.#clients.keys()) {
      if (session.gate.throttled) throttled++;
      queuedOutput += session.queued;
      queuedInput += session.queuedInput;
      memoryUsed += session.held;
      queuedLines += session.dialogue.input.queue.length;
    }
    return {
      ...this.#counters.take(this.#settings.clock.now()),
      connections: this.#clients.size,
      handshakes: this.#acceptor.handshakeCount,
      closing: this.#acceptor.lingeringCount,
      throttled,
      queuedOutput,
      queuedInput,
      memoryUsed,
      queuedLines,
    };
  }

  /**
   * Replaces the certificate, for example after a renewal. Existing connections are not affected.
   *
   * @param certificate The certificate and its key, as PEM text.
   * @throws {TelnetError} `misuse`: the texts are not PEM, or the key does not match (the previous
   * certificate then stays in use), or the server was started without a certificate.
   */
  setCertificate(certificate: Certificate): void {
    this.#acceptor.setCertificate(certificate);
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
   * The clients that have a line or a key waiting, in the order in which it arrived. Unlike a loop
   * over {@linkcode clientList}, the cost does not grow with the number of silent clients.
   *
   * @returns A new array.
   */
  clientsWithInput(): Client[] {
    return this.#scheduler.withInput(this.#clients);
  }

  /**
   * Runs one poll: sends queued output, waits up to {@linkcode timeout} until there is input,
   * processes it, and calls the handlers. Output that other code sends during the wait also ends
   * it. It always yields to the runtime's event loop. A call during another poll or
   * {@linkcode serve} only waits for that poll, at most {@linkcode timeout}.
   *
   * @returns Resolves when the poll is done. An error of a client or a handler never rejects it.
   */
  poll(): Promise<void> {
    checkServer(this, "poll");
    if (!this.running) return delay(this.timeout);
    if (this.#polling === undefined) return this.#poll(this.timeout);
    return withTimeout(this.#polling, this.timeout);
  }

  /**
   * Sends lines to all clients, or to some. The lines start on a new row, even if text or a prompt
   * is on the current row; a prompt is shown again below them. The text is coloured, wrapped and
   * encoded once for all clients that need the same bytes.
   *
   * @param text Text with caret codes; a missing last line end is added. Pass text that people
   * typed through `escapeCaretCodes` first.
   * @param options Which clients to include or exclude, and how to wrap.
   * @throws {TelnetError} `misuse`: not text, or invalid options.
   *
   * @example
   * ```ts
   * import { TelnetServer } from "@miniboa/miniboa";
   * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
   * import { assertEquals } from "@std/assert";
   *
   * const transport = new MemoryTransport();
   * await using server = await TelnetServer.listen({
   *   transport,
   *   onConnect: (client) => client.prompt("> "),
   *   onDisconnect: () => {},
   * });
   * const peer = transport.connect(server.port);
   * await server.poll();
   * server.broadcast("The sun rises.");
   * await server.poll();
   * assertEquals(peer.takeText(), "> \r\nThe sun rises.\r\n> ");
   * ```
   */
  broadcast(text: string, options: BroadcastOptions<Client> = {}): void {
    const { to, includes } = checkBroadcast(text, options);
    const broadcast = new Broadcast(text, options.wrap);
    const sendTo = (session: Session, client: Client) => {
      if (!includes(client)) return;
      const notice = broadcast.textFor(client);
      this.#userCode.shield(session, () => session.notice(notice));
    };
    if (to === undefined) {
      return this.#clients.forEach((client, session) => sendTo(session, client));
    }
    for (const one of to) {
      const session = sessionOf(one);
      const client = this.#clients.get(session);
      if (client !== undefined) sendTo(session, client); // else it is gone
    }
  }

  /**
   * Runs the server until it is stopped, for programs without their own loop. Handlers then read
   * with `client.lines()`, `client.readLine()` or `client.ask()`. Output is sent at once.
   *
   * @param options `signal`: stops the server when it aborts.
   * @returns Resolves when the server has stopped.
   * @throws {TelnetError} `misuse`: an unknown option, or a signal that is no `AbortSignal`.
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
  async serve(options: ServeOptions = {}): Promise<void> {
    checkServer(this, "serve");
    rejectUnknownKeys("serve", options, { signal: true });
    const { signal } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throwUnexpected("serve.signal", "an AbortSignal", signal);
    }
    const wake = () => this.#waiter.signal();
    signal?.addEventListener("abort", wake);
    try {
      while (this.running && signal?.aborted !== true) await this.#poll(FOREVER);
    } finally {
      signal?.removeEventListener("abort", wake);
    }
    await this.stop();
  }

  /**
   * Stops the server: it accepts no more clients, delivers queued output, closes all clients and
   * calls `onDisconnect` for each. A client that does not read delays this by at most
   * `limits.closeTimeout`. Further calls wait for the same stop.
   *
   * @returns Resolves when the last socket is closed.
   */
  stop(): Promise<void> {
    checkServer(this, "stop");
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * The same as {@linkcode stop}, for `await using`.
   *
   * @returns Resolves when the last socket is closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Stops the server gracefully, for a restart: it accepts no more clients, sends all clients a
   * message, lets them stay for `grace`, then calls {@linkcode stop}. It polls by itself; your loop
   * can continue to poll, and {@linkcode running} stays `true` until the end of the grace. Further
   * calls wait for the same drain, and their options have no effect. Call {@linkcode stop} to end it
   * early.
   *
   * @param options The message, and the grace period in milliseconds.
   * @returns Resolves when the last socket is closed.
   * @throws {TelnetError} `misuse`, at the call itself: a grace that is not a whole number, a message
   * that is not text, or an unknown option.
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
  drain(options: DrainOptions = {}): Promise<void> {
    // Not async: the caller may not wait for the promise, and would not see its rejection.
    rejectUnknownKeys("drain", options, { message: true, grace: true }, DRAIN_SYNONYMS);
    const { message = this.#settings.messages.draining, grace = 0 } = options;
    checkText("drain.message", message);
    checkCount("drain.grace", grace);
    if (this.running) this.#draining ??= this.#drain(message, grace);
    return Promise.resolve(this.#draining).then(() => this.stop());
  }

  async #drain(message: string, grace: number): Promise<void> {
    const { clock } = this.#settings;
    const deadline = clock.now() + grace;
    // This deadline wakes any poll that is waiting, whatever its timeout.
    this.#deadlines.add({ tick: () => undefined }, deadline);
    await this.#stopAccepting();
    if (message !== "") {
      for (const session of this.#clients.keys()) {
        this.#userCode.shield(session, () => {
          if (grace === 0) session.farewell(`${message}\n`);
          else session.notice(`${message}\n`);
        });
      }
    }
    while (this.running && this.#clients.size > 0 && clock.now() < deadline) {
      await this.#poll(this.timeout);
    }
  }

  /** Stops accepting, then admits the connections already accepted. */
  async #stopAccepting(): Promise<void> {
    await this.#acceptor.close();
    this.#waiter.signal();
    await this.#poll(0);
  }

  async #stop(): Promise<void> {
    await Promise.resolve(); // until `running` is false, for the code that is woken below
    await this.#stopAccepting();
    const { clock, limits: { closeTimeout } } = this.#settings;
    const deadline = clock.now() + closeTimeout;
    for (const session of this.#clients.keys()) session.leave("server-stopped");
    while (this.#clients.size > 0 || this.#userCode.waiting) await this.#poll(FOREVER);
    this.#waiter.end();
    this.#reportRefusals();
    this.#userCode.stop();
    this.#endTurn();
    await this.#acceptor.settle(Math.max(0, deadline - clock.now()));
  }

  #poll(timeout: number): Promise<void> {
    this.#polling ??= this.#work(timeout);
    return this.#polling;
  }

  async #work(timeout: number): Promise<void> {
    const { clock } = this.#settings;
    // If async game code got a line, let it run now: its output and changes belong to this turn.
    if (this.#scheduler.anyChanged((session) => session.delivery.takeHanded())) await turn();
    this.#scheduler.flush();
    this.#endTurn();
    const waiting = this.#scheduler.takeWaiting() || this.#accepted.length > 0 ||
      this.#userCode.waiting || this.#acceptor.waiting;
    const due = this.#deadlines.next === Infinity ? Infinity : this.#deadlines.next - clock.now();
    await this.#waiter.wait(waiting ? 0 : Math.min(timeout, due));
    this.#time = clock.now();
    try {
      this.#userCode.reportWaiting();
      this.#takeAccepted();
      if (this.#acceptor.waiting) this.#reportRefusals();
      this.#counters.measure(this.#time);
      // Check the deadlines after the input: what arrived in time must count.
      this.#scheduler.process(this.#time);
      this.#deadlines.tick(this.#time);
      this.#scheduler.flush();
      this.#scheduler.sweep(this.#clients);
    } finally {
      this.#time = undefined;
      this.#polling = undefined;
    }
  }

  /** Ends a turn after its output was flushed: calls `onTurnEnd`, commits changed sessions. */
  #endTurn(): void {
    const { onTurnEnd } = this.#settings;
    const changed = this.#scheduler.takeChanged();
    if (changed.size === 0) return;
    if (onTurnEnd !== undefined) {
      const clients = this.#clientsOf(changed);
      if (clients.length > 0) this.#userCode.call(() => onTurnEnd(clients));
      this.#scheduler.flush();
      // A `client.state` that `onTurnEnd` has set belongs to this turn.
      for (const session of this.#scheduler.takeChanged()) changed.add(session);
    }
    for (const session of changed) this.#scheduler.charge(session, () => this.#commit(session));
  }

  /** Commits the state of a durable connection; if that throws, only this client is dropped. */
  #commit(session: Session): void {
    try {
      session.commit();
    } catch (error) {
      this.#dropAfterError(session, error);
    }
  }

  #makeAcceptorOwner(): AcceptorOwner {
    const { clock, onRefuse } = this.#settings;
    return {
      counters: this.#counters,
      reportsRefusals: onRefuse !== undefined,
      now: () => this.#time ?? clock.now(),
      timeOfDay: () => clock.timeOfDay(),
      timed: (timed, time) => {
        this.#deadlines.add(timed, time);
        this.#waiter.signal();
      },
      untimed: (timed) => this.#deadlines.delete(timed),
      welcome: (connection, origin) => this.#welcome(connection, origin),
      wake: () => this.#waiter.signal(),
    };
  }

  /** Makes a session for an accepted connection; `onConnect` is called at the next poll. */
  #welcome(connection: Connection, origin: Origin): Session {
    const session = new Session(connection, this.#host, origin);
    this.#accepted.push(session);
    this.#waiter.signal();
    return session;
  }

  /** Calls `onListenError` and `onRefuse` for everything since the last call. */
  #reportRefusals(): void {
    const { onRefuse, onListenError } = this.#settings;
    const error = this.#acceptor.takeAcceptError();
    if (error !== undefined) this.#userCode.call(() => onListenError(error));
    if (onRefuse === undefined) return;
    for (const refusal of this.#acceptor.takeRefusals()) {
      this.#userCode.call(() => onRefuse(refusal));
    }
  }

  #takeAccepted(): void {
    const accepted = this.#accepted;
    if (accepted.length === 0) return;
    this.#accepted = [];
    if (accepted.some(({ stream }) => stream.connection.durable !== undefined)) {
      this.#scheduler.processGone((session) => this.#clients.has(session));
    }
    for (const session of accepted) {
      if (session.life.reason === "wrong-protocol") {
        this.#refuseForeign(session);
        continue;
      }
      if (!this.#createClient(session)) continue;
      this.#counters.accepted++;
      this.#userCode.run(session, () => this.#startOrRestore(session));
      this.#userCode.run(session, (client) => this.onConnect(client));
    }
  }

  /** Refuses a client that speaks another protocol, before `onConnect` is called for it. */
  #refuseForeign(session: Session): void {
    session.process();
    session.finished = true;
    this.#scheduler.changed(session);
    const { origin: { address, port }, life: { error } } = session;
    const detail = error instanceof Error ? error.message : "";
    this.#acceptor.report({ kind: "wrong-protocol", address, port, detail });
    this.#acceptor.left(session.stream.connection, session.origin);
  }

  /** Makes the client; if its constructor throws, only that connection is closed. */
  #createClient(session: Session): boolean {
    try {
      const client = makeClient(this.#settings.clientClass, session);
      if (this.#counters.accepted === 0) checkClientFields(client);
      this.#clients.set(session, client);
      return true;
    } catch (error) {
      const { connection } = session.stream;
      connection.abort();
      this.#acceptor.left(connection, session.origin);
      this.#userCode.report(error, undefined);
      return false;
    }
  }

  /** Restores the client's state from before a restart, or else offers the declared options. */
  #startOrRestore(session: Session): void {
    if (session.resume()) return;
    const { origin: { address, port }, stream: { connection: { identity } } } = session;
    const snapshot = this.#settings.restore?.({ identity, address, port });
    if (snapshot === undefined) session.start();
    else session.restore(snapshot);
  }

  #tick(timed: Timed, now: number): number | undefined {
    if (timed instanceof Session) this.#scheduler.changed(timed);
    try {
      return timed.tick(now);
    } catch (error) {
      return this.#dropAfterError(timed, error);
    }
  }

  /**
   * Last resort: an unexpected throw, for example in the game's own `TextCodec`, drops only this
   * client.
   */
  #dropAfterError(timed: Timed, error: unknown): undefined {
    const session = timed instanceof Session ? timed : undefined;
    this.#userCode.report(error, session && this.#clients.get(session));
    session?.leave("handler-failed", error);
    session?.stream.connection.abort();
  }

  #finish(session: Session): void {
    const client = this.#clients.get(session);
    if (client === undefined) return;
    this.#userCode.run(session, () => this.onDisconnect(client));
    session.finished = true;
    this.#scheduler.changed(session);
    this.#clients.delete(session);
    this.#deadlines.delete(session);
    this.#counters.disconnected[session.life.reason ?? "client-closed"]++;
    this.#acceptor.left(session.stream.connection, session.origin);
  }

  #clientsOf(sessions: Iterable<Session>): Client[] {
    const clients: Client[] = [];
    for (const session of sessions) {
      const client = this.#clients.get(session);
      if (client !== undefined) clients.push(client);
    }
    return clients;
  }
}

/** Whether any listener has durable connections, which outlive this process. */
function usesDurable(
  { transport, listeners = [] }: Pick<ListenOptions<never>, "transport" | "listeners">,
): boolean {
  return [transport, ...listeners.map((listener) => listener.transport)]
    .some((one) => one?.durable === true);
}

/** The connections that were given to `accept()` of a server. */
const accepted: WeakSet<Connection> = new WeakSet();

/** Rejects a call without `this`, as in `setInterval(server.poll)`. */
function checkServer(server: unknown, name: string): void {
  if (server instanceof TelnetServer) return;
  throwMisuse(`Cannot call ${name} without its server: write () => server.${name}()`);
}

const GIVEN_TO_LISTEN = listenOptionNames(undefined);
addHints(
  TelnetServer.prototype,
  "server",
  SERVER_HINTS,
  (name) => Object.hasOwn(GIVEN_TO_LISTEN, name) ? "give it to TelnetServer.listen()" : undefined,
);
addHints(TelnetServer, "TelnetServer", SERVER_CLASS_HINTS);
