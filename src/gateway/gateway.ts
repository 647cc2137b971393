import type { Origin } from "../guard/origin.ts";
import type { Refusal } from "../guard/refusal.ts";
import { checkCount, checkText, rejectUnknownKeys } from "../protocol/validate.ts";
import { Acceptor, type ListenerInfo } from "../server/acceptor.ts";
import { DeadlineSet } from "../server/deadline_set.ts";
import { openListeners } from "../server/open_listeners.ts";
import { Counters } from "../server/stats.ts";
import { callUserCode } from "../session/call_user_code.ts";
import { encodeText, encodingByName } from "../text/charset.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import { defaultCodec } from "../transport/default.ts";
import type { Certificate } from "../transport/encryption.ts";
import type { Connection, ConnectionHandler } from "../transport/transport.ts";
import { type Bus, type BusSubscription, systemTimer, type Timer } from "./bus.ts";
import {
  checkOptions,
  type GatewayDrainOptions,
  type GatewayMessages,
  type GatewayOptions,
  type GatewaySettings,
  type GatewayStats,
  MESSAGES,
  randomId,
} from "./gateway_options.ts";
import { BusLink, LAST_MS } from "./bus_link.ts";
import { HeldConnection, type HeldEvents } from "./held_connection.ts";
import {
  A_HELLO,
  decodeJson,
  decodeMessage,
  encodeControl,
  encodeJson,
  gatewaySubject,
  GONE,
  HELLO,
  type Hello,
  type Packet,
  WHO,
  workerSubject,
} from "./messages.ts";
import { ByteQueue } from "../protocol/byte_queue.ts";
import { decodeCommit, encodeGatewayRecord } from "./records.ts";
import { afterInput, BusGuard, forEach, onBusClosed, TICK_MS, waitUntil } from "./waiting.ts";
import { WireWriter } from "./wire.ts";
import { ZoneRoute } from "./zone_route.ts";

/** After about this many bytes of records, the first ones are sent, while further ones are encoded. */
const PIECE = 32_768;
/** The interval of heartbeats to workers. */
const BEAT_MS = 1_000;
/** After this long without a message, a worker counts as not serving its zone. */
const SILENCE_MS = 2_500;
/** After this long without a message, the zone of a worker is forgotten, unless it has clients. */
const FORGET_MS = 60_000;
/** The maximum number of forgotten zones whose epoch is remembered. */
const MAX_EPOCHS = 1_024;

/**
 * Holds the connections of clients while the workers that run the game come and go. A gateway
 * handles TLS, WebSocket, the PROXY protocol, compression, and the limits of connections. A worker
 * handles everything else, with a `TelnetServer` on the transport of `joinZone()`.
 *
 * @example A gateway and a worker in one process
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { Gateway, joinZone, MemoryBus } from "@miniboa/miniboa/gateway";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const bus = new MemoryBus();
 * const transport = new MemoryTransport();
 * const gateway = await Gateway.listen({ bus, zone: "main", transport });
 *
 * const zone = await joinZone(bus, "main");
 * const server = await TelnetServer.listen({
 *   transport: zone.transport,
 *   onConnect: (client) => client.send(client.returning ? "The world blinks.\n" : "Hello\n"),
 *   onDisconnect: () => {},
 * });
 * const peer = transport.connect(gateway.port);
 * let seen = "";
 * while (seen === "") {
 *   await server.poll();
 *   seen += peer.takeText();
 * }
 * assertEquals(seen, "Hello\r\n");
 * await zone.leave();
 * await server.stop();
 * await gateway.stop();
 * ```
 */
export class Gateway {
  readonly #bus: Bus;
  readonly #id: string;
  readonly #name: string;
  readonly #zone: string;
  readonly #timer: Timer;
  readonly #codec: CompressionCodec;
  readonly #messages: GatewayMessages;
  readonly #waitingAfter: number;
  readonly #moveTimeout: number;
  readonly #closeTimeout: number;
  readonly #onRefuse: ((refusal: Refusal) => void) | undefined;
  readonly #onListenError: (error: Error) => void;
  readonly #onError: (error: unknown) => void;
  readonly #counters: Counters;
  readonly #acceptor: Acceptor;
  readonly #deadlines: DeadlineSet;
  readonly #held: Map<number, HeldConnection> = new Map();
  /** The same connections by their handles on the links. */
  readonly #byHandle: Map<number, HeldConnection> = new Map();
  #handles = 0;
  readonly #routes: Map<string, ZoneRoute> = new Map();
  /** The last epochs of zones whose worker is silent for long. */
  readonly #epochs: Map<string, number> = new Map();
  readonly #subscriptions: BusSubscription[] = [];
  readonly #writer: WireWriter = new WireWriter();
  readonly #heldEvents: HeldEvents;
  /** Connections whose accepted output may not be reported to the worker yet. */
  readonly #taken: Set<HeldConnection> = new Set();
  #connections = 0;
  #links = 0;
  readonly #flushSoon: () => void = afterInput(() => this.#flush());
  #beatAt = 0;
  #endTicks: () => void = () => {};
  #forgetBus: () => void = () => {};
  #draining: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(
    options: GatewayOptions,
    { settings, codec }: { readonly settings: GatewaySettings; readonly codec: CompressionCodec },
  ) {
    const { bus, zone, name = "", timer = systemTimer } = options;
    const { waitingAfter = 1_000, moveTimeout = 5_000 } = options;
    this.#bus = bus;
    this.#zone = zone;
    this.#name = name;
    this.#id = name === "" ? `gateway${randomId()}` : `${name}-${randomId()}`;
    this.#timer = timer;
    this.#codec = codec;
    this.#messages = { ...MESSAGES, ...options.messages };
    this.#waitingAfter = waitingAfter;
    this.#moveTimeout = moveTimeout;
    this.#closeTimeout = settings.limits.closeTimeout;
    this.#onRefuse = options.onRefuse;
    this.#onListenError = settings.onListenError;
    this.#onError = options.onError ?? ((error) => settings.onError(error, undefined));
    const now = timer.now();
    this.#counters = new Counters(now);
    this.#deadlines = new DeadlineSet((timed, at) => timed.tick(at));
    this.#heldEvents = {
      onNews: (held) => this.#tell(held),
      onReceived: (count) => this.#counters.bytesReceived += count,
      onGone: (held) => this.#gone(held),
      onTaken: (held) => this.#taken.add(held),
      onSent: (count) => this.#counters.bytesSent += count,
    };
    this.#acceptor = new Acceptor(settings, {
      counters: this.#counters,
      reportsRefusals: options.onRefuse !== undefined,
      now: () => timer.now(),
      timeOfDay: () => Date.now(),
      timed: (timed, time) => this.#deadlines.add(timed, time),
      untimed: (timed) => this.#deadlines.delete(timed),
      welcome: (connection, origin) => this.#welcome(connection, origin),
      wake: () => queueMicrotask(() => this.#report()),
    });
  }

  /**
   * Starts a gateway. Clients wait until a worker serves the zone.
   *
   * @param options The bus, the zone, and where to listen.
   * @returns The gateway, listening.
   * @throws {TelnetError} As `TelnetServer.listen()`.
   */
  static async listen(options: GatewayOptions): Promise<Gateway> {
    const settings = await checkOptions(options);
    const codec = options.codec ?? await defaultCodec();
    const gateway = new Gateway(options, { settings, codec });
    gateway.#join();
    try {
      await openListeners(gateway.#acceptor, options);
    } catch (error) {
      gateway.#leave();
      throw error;
    }
    return gateway;
  }

  /** The port of the first listener: the actual one if 0 was requested. */
  get port(): number {
    return this.#acceptor.listeners[0]?.port ?? 0;
  }

  /** The address of the first listener. */
  get address(): string {
    return this.#acceptor.listeners[0]?.address ?? "";
  }

  /** All listeners; `port` and `address` are those of the first. */
  get listeners(): readonly ListenerInfo[] {
    return [...this.#acceptor.listeners];
  }

  /** The unique name of the gateway on the bus: its `name`, or `gateway`, with a random suffix. */
  get identity(): string {
    return this.#id;
  }

  /**
   * Statistics. The cost grows with the number of clients.
   *
   * @returns The current numbers.
   */
  stats(): GatewayStats {
    let [waiting, heldInput, queuedOutput] = [0, 0, 0];
    for (const held of this.#held.values()) {
      if (held.waits) waiting++;
      heldInput += held.heldInput;
      queuedOutput += held.queued;
    }
    const { bytesReceived, bytesSent, refused } = this.#counters;
    return {
      connections: this.#held.size,
      handshakes: this.#acceptor.handshakeCount,
      waiting,
      heldInput,
      queuedOutput,
      refused: { ...refused },
      bytesReceived,
      bytesSent,
      zones: Array.from(this.#routes.values(), ({ name, worker, epoch, connections }) => ({
        zone: name,
        worker: worker?.worker,
        epoch,
        connections: connections.size,
      })),
    };
  }

  /**
   * How many clients are connected.
   *
   * @returns Their number.
   */
  connectionCount(): number {
    return this.#held.size;
  }

  /**
   * Replaces the certificate, for example after a renewal. Existing connections are not affected.
   *
   * @param certificate The certificate and its key, as PEM text.
   * @throws {TelnetError} `misuse`: as `TelnetServer.setCertificate()`.
   */
  setCertificate(certificate: Certificate): void {
    this.#acceptor.setCertificate(certificate);
  }

  /**
   * Stops gracefully: accepts no new connections, sends all clients a line, waits for `grace`, and
   * then closes all connections.
   *
   * @param options The line, and how long clients can stay.
   * @returns When the last socket is closed.
   * @throws {TelnetError} `misuse`, at the call itself: invalid options.
   */
  drain(options: GatewayDrainOptions = {}): Promise<void> {
    // Not async: the caller may not wait for the promise, and would not see its rejection.
    rejectUnknownKeys("drain", options, { message: true, grace: true });
    const { message = this.#messages.draining, grace = 0 } = options;
    checkText("drain.message", message);
    checkCount("drain.grace", grace);
    if (this.#stopping === undefined) this.#draining ??= this.#drain(message, grace);
    return Promise.resolve(this.#draining).then(() => this.stop());
  }

  /**
   * Stops: closes all connections once their output is delivered, and informs the workers.
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

  async #drain(message: string, grace: number): Promise<void> {
    await this.#acceptor.close();
    if (message !== "") { for (const held of this.#held.values()) this.#say(held, message); }
    const until = this.#timer.now() + grace;
    await waitUntil(
      this.#timer,
      () => this.#held.size === 0 || this.#stopping !== undefined,
      until,
    );
  }

  async #stop(): Promise<void> {
    await this.#acceptor.close();
    const now = this.#timer.now();
    for (const held of this.#held.values()) held.close();
    const gone = () => Array.from(this.#held.values()).every((held) => held.gone);
    await waitUntil(this.#timer, gone, now + this.#closeTimeout);
    for (const held of this.#held.values()) held.connection.abort();
    // Inform the workers of the closed connections.
    this.#flush();
    await waitUntil(this.#timer, () => this.#allTold, this.#timer.now() + LAST_MS);
    await this.#acceptor.settle(Math.max(0, now + this.#closeTimeout - this.#timer.now()));
    this.#leave();
  }

  /** Whether the workers have acknowledged all records, or no worker is left. */
  get #allTold(): boolean {
    const now = this.#timer.now();
    return Array.from(this.#routes.values()).every(({ link }) =>
      link === undefined || link.link.backlog === 0
    ) || !Array.from(this.#routes.values()).some((route) => route.isServed(now, SILENCE_MS));
  }

  #join(): void {
    const guard = new BusGuard(this.#timer, this.#onError);
    this.#subscriptions.push(
      this.#bus.subscribe(HELLO, guard.guard((payload) => this.#hear(payload))),
      this.#bus.subscribe(
        gatewaySubject(this.#id),
        guard.guard((payload) => this.#receive(payload)),
      ),
    );
    this.#endTicks = this.#timer.every(TICK_MS, () => this.#tick());
    this.#forgetBus = onBusClosed(this.#bus, (error) => {
      if (this.#stopping === undefined) callUserCode(() => this.#onError(error), () => {});
    });
    this.#bus.publish(WHO, encodeJson({ gateway: this.#id, name: this.#name }));
  }

  #leave(): void {
    this.#endTicks();
    this.#forgetBus();
    for (const subscription of this.#subscriptions) subscription.close();
  }

  #report(): void {
    const error = this.#acceptor.takeAcceptError();
    const failed = (thrown: unknown) => callUserCode(() => this.#onError(thrown), () => {});
    if (error !== undefined) callUserCode(() => this.#onListenError(error), failed);
    for (const refusal of this.#acceptor.takeRefusals()) {
      callUserCode(() => this.#onRefuse?.(refusal), failed);
    }
  }

  #routeOf(zone: string): ZoneRoute {
    let route = this.#routes.get(zone);
    if (route === undefined) {
      this.#routes.set(zone, route = new ZoneRoute(zone, this.#epochs.get(zone) ?? 0));
      this.#epochs.delete(zone);
    }
    return route;
  }

  // Connections.

  #welcome(connection: Connection, origin: Origin): ConnectionHandler {
    const number = ++this.#connections;
    const how = { codec: this.#codec, now: this.#timer.now(), events: this.#heldEvents };
    const held = new HeldConnection(number, connection, origin, this.#zone, how);
    this.#held.set(number, held);
    const route = this.#routeOf(this.#zone);
    route.connections.set(number, held);
    this.#open(route, held);
    return held;
  }

  #gone(held: HeldConnection): void {
    this.#acceptor.left(held.connection, held.origin);
  }

  #forget(held: HeldConnection): void {
    this.#close(held);
    this.#held.delete(held.number);
    this.#taken.delete(held);
    const route = this.#routes.get(held.zone);
    route?.connections.delete(held.number);
    route?.link?.stopWaiting(held);
    if (route !== undefined) this.#dropRoute(route);
  }

  /** Invalidates the handle of a connection, so that later records with it are ignored. */
  #close(held: HeldConnection): void {
    this.#byHandle.delete(held.handle);
    held.handle = 0;
  }

  /**
   * Removes the route of a zone without connections and without a worker. `silent`: also if the
   * worker may come back.
   */
  #dropRoute({ name, connections, link, epoch }: ZoneRoute, silent: boolean = false): void {
    if (connections.size > 0 || name === this.#zone || link !== undefined && !silent) return;
    this.#routes.delete(name);
    if (epoch === 0) return;
    this.#epochs.set(name, epoch); // a fenced worker may wake
    if (this.#epochs.size <= MAX_EPOCHS) return;
    const [oldest = ""] = this.#epochs.keys();
    this.#epochs.delete(oldest);
  }

  /** Reports the news of a connection to the worker of its zone. */
  #tell(held: HeldConnection): void {
    this.#open(this.#routeOf(held.zone), held);
    if (held.done) this.#forget(held);
  }

  /**
   * Sends the worker what it does not know of a connection, if the link has room. The rest stays in
   * the held connection.
   */
  #open(route: ZoneRoute, held: HeldConnection): void {
    const { link, worker } = route;
    if (link === undefined || worker === undefined && !held.opened) return;
    if (link.mustWait(held)) return;
    if (!held.opened) {
      // The connection ended before any worker knew it.
      if (held.closing || held.done) return;
      const handle = ++this.#handles;
      this.#byHandle.set(handle, held);
      link.link.send(encodeGatewayRecord(held.open(handle, this.#timer.now()), this.#writer));
    }
    for (const record of held.takeNews()) {
      link.link.send(encodeGatewayRecord(record, this.#writer));
    }
    this.#flushSoon();
  }

  /** Sends what was held back when the link has room again. */
  #catchUp(route: ZoneRoute): void {
    route.link?.takeWaiting((held) => this.#open(route, held));
  }

  // Messages of workers.

  #hear(payload: Uint8Array): void {
    const hello = decodeJson<Hello>(payload, A_HELLO);
    const { zone, worker, epoch, left } = hello;
    const route = this.#routeOf(zone);
    if (epoch < route.epoch) return this.#fence(worker, route);
    if (left) return this.#end(route, epoch);
    const isBack = route.worker === undefined;
    route.heardAt = this.#timer.now();
    route.epoch = epoch;
    route.worker = hello;
    if (route.link?.epoch !== epoch) return this.#begin(route, hello);
    if (!isBack) return;
    for (const held of route.connections.values()) {
      if (!held.opened) this.#open(route, held);
    }
  }

  /** Handles that a worker has left. Its late announcements are ignored, as the epoch is raised. */
  #end(route: ZoneRoute, epoch: number): void {
    route.epoch = epoch + 1;
    route.worker = route.link = undefined;
    for (const held of route.connections.values()) this.#close(held);
    this.#dropRoute(route);
  }

  /** Informs a worker that another one serves the zone now. */
  #fence(worker: string, { name, epoch }: ZoneRoute): void {
    const fenced = encodeControl({ type: "fenced", zone: name, epoch });
    this.#bus.publish(workerSubject(worker), fenced);
  }

  /** Opens a link to a worker, and sends it all connections of its zone. */
  #begin(route: ZoneRoute, { worker, epoch }: Hello): void {
    route.link = new BusLink(this.#bus, {
      subject: workerSubject(worker),
      from: this.#id,
      number: ++this.#links,
      epoch,
      onNobody: () => this.#lost(route, worker),
    });
    const { link } = route;
    const now = this.#timer.now();
    let sent = link.link.end;
    for (const held of [...route.connections.values()]) {
      this.#close(held);
      if (held.done) this.#forget(held);
      else this.#open(route, held);
      if (link.link.end - sent < PIECE) continue;
      // The worker reads the first connections while the next ones are encoded.
      sent = link.link.end;
      link.flush(now); // nothing can have been acknowledged meanwhile
    }
    // A worker without connections from this gateway must know the gateway, too.
    if (route.connections.size === 0) route.link.beat();
  }

  /** Reports that a worker is gone, as nothing subscribes to its subject: its zone is free now. */
  #lost(route: ZoneRoute, worker: string): void {
    if (route.worker?.worker !== worker) return;
    route.worker = undefined;
    this.#bus.publish(GONE, encodeJson({ worker, zone: route.name }));
  }

  #receive(payload: Uint8Array): void {
    const message = decodeMessage(payload);
    if ("bytes" in message) return this.#receivePacket(message);
    if (message.type !== "reset") return;
    const route = this.#routes.get(message.zone);
    const { worker, link } = route ?? {};
    if (route === undefined || worker === undefined || link?.number !== message.link) return;
    this.#begin(route, worker);
  }

  #receivePacket({ from: zone, link: number, epoch, bytes }: Packet): void {
    const route = this.#routes.get(zone);
    const link = route?.link;
    // Ignore a packet of an older epoch, or of a closed link.
    if (route === undefined || link === undefined) return;
    if (link.epoch !== epoch || link.number !== number) return;
    const now = this.#timer.now();
    route.heardAt = now;
    const { worker } = route;
    const startAgain = () => worker && this.#begin(route, worker);
    const messages = link.receive(bytes, now, startAgain);
    try {
      forEach(messages, (message) => this.#apply(route, message, now));
    } finally {
      this.#catchUp(route);
      this.#flushSoon();
    }
  }

  #apply(route: ZoneRoute, message: Uint8Array, now: number): void {
    const commit = decodeCommit(message);
    const held = this.#byHandle.get(commit.handle);
    if (held === undefined || held.zone !== route.name) return;
    const zone = held.apply(commit, now);
    if (held.done) return this.#forget(held);
    this.#taken.add(held);
    if (held.closing && held.closeBy === Infinity) held.closeBy = now + this.#closeTimeout;
    if (zone !== undefined) this.#move(held, zone, "move", now);
  }

  /** Moves a connection to another zone. */
  #move(held: HeldConnection, zone: string, reason: "move" | "no-zone", now: number): void {
    const from = held.zone;
    const before = this.#routes.get(from);
    before?.connections.delete(held.number);
    before?.link?.stopWaiting(held);
    // A worker that hangs must not serve the connection when it continues.
    if (reason === "no-zone" && held.opened) {
      const withdrawn = encodeGatewayRecord(
        { type: "withdrawn", handle: held.handle },
        this.#writer,
      );
      before?.link?.link.send(withdrawn);
    }
    this.#close(held);
    held.zone = zone;
    held.reason = reason;
    held.waitsSince = now;
    if (reason === "move") held.back = { zone: from, by: now + this.#moveTimeout };
    else held.back = undefined;
    const route = this.#routeOf(zone);
    route.connections.set(held.number, held);
    this.#open(route, held);
    if (before !== undefined) this.#dropRoute(before);
  }

  // Timers.

  #flush(): void {
    const now = this.#timer.now();
    for (const { link } of this.#routes.values()) link?.flush(now);
  }

  #tick(): void {
    const now = this.#timer.now();
    this.#deadlines.tick(now);
    this.#tellTaken();
    const beats = now >= this.#beatAt;
    if (beats) this.#beatAt = now + BEAT_MS;
    for (const route of this.#routes.values()) {
      if (beats) route.link?.beat();
      route.link?.flush(now);
      this.#catchUp(route);
      if (route.isServed(now, SILENCE_MS)) route.servedAt = now;
      else this.#lookAtWaiting(route, now);
      if (now - Math.max(route.heardAt, route.servedAt) > FORGET_MS) this.#dropRoute(route, true);
    }
  }

  #tellTaken(): void {
    for (const held of this.#taken) {
      const record = held.takeTaken();
      if (record !== undefined && held.opened) {
        this.#routes.get(held.zone)?.link?.link.send(encodeGatewayRecord(record, this.#writer));
      }
      if (this.#timer.now() >= held.closeBy) held.connection.abort();
      if (held.queued === 0 && !held.closing) this.#taken.delete(held);
    }
  }

  /** If no worker serves a zone, informs its clients, or moves them back to their previous zone. */
  #lookAtWaiting(route: ZoneRoute, now: number): void {
    const { servedAt } = route;
    for (const held of [...route.connections.values()]) {
      const { back, waitsSince } = held;
      if (back !== undefined && now >= Math.max(back.by, servedAt + this.#moveTimeout)) {
        this.#move(held, back.zone, "no-zone", now);
      } else if (
        !held.told && held.waits && now - Math.max(waitsSince, servedAt) >= this.#waitingAfter
      ) {
        held.told = true;
        if (this.#messages.waiting !== "") this.#say(held, this.#messages.waiting);
      }
    }
  }

  /** Sends a line between outputs of the worker. */
  #say(held: HeldConnection, text: string): void {
    const bytes = encodeText(`\r\n${text}\r\n`, encodingByName(held.encoding) ?? "utf-8");
    const queue = new ByteQueue();
    queue.pushEscaped(bytes);
    held.say(queue.take());
  }
}
