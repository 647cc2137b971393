import {
  checkBoolean,
  checkCount,
  checkFunction,
  checkList,
  checkSignal,
  checkText,
  checkToken,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import { callUserCode } from "../session/call_user_code.ts";
import type { ConnectionAcceptor, Listener, Transport } from "../transport/transport.ts";
import { TelnetError, throwMisuse } from "../protocol/error.ts";
import { type Bus, type BusSubscription, systemTimer, type Timer } from "./bus.ts";
import { BusLink, LAST_MS } from "./bus_link.ts";
import { checkBus, checkTimer, randomId } from "./gateway_options.ts";
import { Lease } from "./lease.ts";
import {
  A_GONE,
  A_HELLO,
  A_WHO,
  decodeJson,
  decodeMessage,
  encodeControl,
  encodeJson,
  gatewaySubject,
  GONE,
  HELLO,
  type Packet,
  PROBE,
  WHO,
  workerSubject,
} from "./messages.ts";
import {
  type CommitRecord,
  decodeGatewayRecord,
  encodeCommit,
  type OpenRecord,
} from "./records.ts";
import { BusGuard, forEach, onBusClosed, soon, TICK_MS, waitUntil } from "./waiting.ts";
import { WireWriter } from "./wire.ts";
import { ZoneConnection, type ZoneConnectionOwner } from "./zone_connection.ts";

/** How often a worker announces itself. */
const HELLO_MS = 1_000;
/** After this many announcements without a packet, a gateway and its connections count as gone. */
const SILENT_HELLOS = 10;
/** A worker that crashes at its start has done so after this time. */
const START_MS = 60;
/** How long the bus has to report that a worker that asked for the zone has crashed. */
const ANSWER_MS = 40;
/** After this long without a packet, the gateway or the bus may be unreachable. */
const STALLED_MS = 1_500;
/** The maximum size of one client's commit, in bytes. */
const MAX_COMMIT = 33_554_432;
/** The maximum number of dropped gateways that are remembered. */
const MAX_DEAD = 1_024;

/** The maximum length of a version, which is sent once a second. */
const MAX_VERSION = 64;

/** Options of `joinZone()`. */
export interface JoinOptions {
  /**
   * Whether to take over the zone from the worker that serves it, which ends its turn, commits it,
   * and leaves. Otherwise this worker waits until the zone is free. Default `false`.
   */
  readonly takeOver?: boolean | undefined;
  /** The format of `client.state`, a text of at most 64 characters that you choose. Default `"1"`. */
  readonly version?: string | undefined;
  /** Other formats that this game can read. Default: none. */
  readonly accepts?: readonly string[] | undefined;
  /**
   * How long the lease of the zone lasts without a renewal, in milliseconds, at least 300. It is
   * renewed after a third of that time. Default 3000.
   */
  readonly lease?: number | undefined;
  /**
   * How long this worker waits for the end of its turn before it leaves the zone, in milliseconds.
   * The next worker repeats a turn that takes longer. Default 5000.
   */
  readonly turnTimeout?: number | undefined;
  /**
   * Aborts the wait for the zone; `joinZone` then rejects with the signal's reason. Default: none.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called if the bus delivers an invalid message, or is closed for good; then the zone is lost.
   * Default: none.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** The clock and timers; replace them in tests. Default: the runtime's. */
  readonly timer?: Timer | undefined;
}

const NAMES: Readonly<Record<keyof JoinOptions, true>> = {
  accepts: true,
  lease: true,
  onError: true,
  signal: true,
  takeOver: true,
  timer: true,
  turnTimeout: true,
  version: true,
};

/** A worker's view of a gateway. */
interface Peer {
  readonly gateway: string;
  readonly link: BusLink<ZoneConnection>;
  readonly connections: Map<number, ZoneConnection>;
  /**
   * When the last packet of the gateway arrived, how many announcements of its own the worker has
   * received since then, and when it counted the last one.
   */
  heardAt: number;
  silence: number;
  countedAt: number;
}

/**
 * Joins a zone: waits until it is free, or takes it over. From then on, the game's `TelnetServer`
 * receives the zone's connections by `zone.transport`.
 *
 * @param bus The message bus, such as `natsBus()`.
 * @param name The zone, such as `"main"`: letters, digits, `-` and `_`.
 * @param options Every field has a default.
 * @returns The zone, which this worker now serves.
 * @throws {TelnetError} `unsupported`: the saved state has a version that this game does not
 * accept; the worker before continues. `connection-lost`: the bus is closed for good. `misuse`:
 * invalid options.
 *
 * @example
 * ```ts
 * import { TelnetServer } from "@miniboa/miniboa";
 * import { joinZone, MemoryBus } from "@miniboa/miniboa/gateway";
 *
 * const zone = await joinZone(new MemoryBus(), "main", { takeOver: true });
 * const server = await TelnetServer.listen({ transport: zone.transport });
 * // process.once("SIGTERM", () => zone.leave());
 * for (let turn = 0; zone.owned && turn < 3; turn++) await server.poll();
 * await zone.leave();
 * await server.stop();
 * ```
 */
export async function joinZone(
  bus: Bus,
  name: string,
  options: JoinOptions = {},
): Promise<Zone> {
  rejectUnknownKeys("joinZone", options, NAMES);
  checkBus(bus);
  checkToken("the zone", name);
  const { takeOver = false, version = "1", accepts = [], lease: duration = 3_000 } = options;
  const { signal, onError = () => {}, timer = systemTimer, turnTimeout = 5_000 } = options;
  checkBoolean("joinZone.takeOver", takeOver);
  checkText("joinZone.version", version);
  if (version.length > MAX_VERSION) {
    throwUnexpected("joinZone.version", `at most ${MAX_VERSION} characters`, version);
  }
  checkList("joinZone.accepts", accepts);
  for (const format of accepts) checkText("joinZone.accepts", format);
  checkCount("joinZone.lease", duration, 300);
  checkCount("joinZone.turnTimeout", turnTimeout);
  checkTimer("joinZone.timer", timer);
  checkSignal("joinZone.signal", signal);
  checkFunction("joinZone.onError", onError);
  const worker = `worker-${randomId()}`;
  let gone: (worker: string) => void = () => {};
  const faults = new BusGuard(timer, onError);
  const subscriptions = [
    // Whoever asks for a zone must be there to take it.
    bus.subscribe(workerSubject(worker), () => {}),
    bus.subscribe(
      GONE,
      faults.guard((payload) => {
        const message = decodeJson(payload, A_GONE);
        if (message.zone === name) gone(message.worker);
      }),
    ),
    bus.subscribe(
      HELLO,
      faults.guard((payload) => {
        const message = decodeJson(payload, A_HELLO);
        if (message.zone === name && message.left) gone(message.worker);
      }),
    ),
  ];
  const wait = new AbortController();
  const stopWait = () => wait.abort(signal?.reason);
  if (signal?.aborted) stopWait();
  signal?.addEventListener("abort", stopWait);
  const forget = onBusClosed(bus, (error) => wait.abort(error));
  const asked = { bus, timer, zone: name, worker, version, accepts, takeOver, duration, onError };
  const request = { ...asked, signal: wait.signal };
  try {
    const lease = await Lease.acquire({ ...request, onGone: (call) => gone = call });
    return makeZone({
      bus,
      timer,
      name,
      worker,
      version,
      lease,
      duration,
      turnTimeout,
      onError,
    });
  } finally {
    signal?.removeEventListener("abort", stopWait);
    forget();
    for (const subscription of subscriptions) subscription.close();
  }
}

interface ZoneParts {
  readonly bus: Bus;
  readonly timer: Timer;
  readonly name: string;
  readonly worker: string;
  readonly version: string;
  readonly lease: Lease;
  readonly duration: number;
  readonly turnTimeout: number;
  readonly onError: (error: unknown) => void;
}

let makeZone: (parts: ZoneParts) => Zone;

/** A zone that this worker serves. */
export class Zone {
  /** Its name. */
  readonly name: string;
  /** The name of this worker on the bus. */
  readonly worker: string;
  /** The transport by which a `TelnetServer` receives the zone's connections. */
  readonly transport: Transport;
  readonly #parts: ZoneParts;
  readonly #peers: Map<string, Peer> = new Map();
  /** The number of the last link of each dropped gateway. */
  readonly #dead: Map<string, number> = new Map();
  readonly #subscriptions: BusSubscription[] = [];
  readonly #writer: WireWriter = new WireWriter();
  readonly #controller: AbortController = new AbortController();
  /** Connections received before the server listens. */
  readonly #early: Set<ZoneConnection> = new Set();
  #accept: ConnectionAcceptor | undefined;
  /** Whether the server has stopped listening. When its connections are gone, the worker leaves. */
  #closed = false;
  #owned = true;
  /** Whether it was taken over, or this worker was cut off, which the caller cannot prevent. */
  #lost = false;
  /** Called at the end of the next turn while the worker is leaving. */
  #turnEnded: (() => void) | undefined;
  /** Called after each packet while the worker waits for the last acknowledgements. */
  #heard: (() => void) | undefined;
  readonly #flushSoon: () => void = soon(() => this.#endTurn());
  /** Whether anything was committed since the last flush. */
  #committed = false;
  #helloAt = 0;
  #renewAt: number;
  #endTicks: () => void = () => {};
  #forgetBus: () => void = () => {};
  #leaving: Promise<void> | undefined;
  /** Whether another worker has asked for the zone, and the bus may still say that it is gone. */
  #asked = false;

  private constructor(parts: ZoneParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.worker = parts.worker;
    this.#renewAt = parts.timer.now() + parts.duration / 3;
    this.transport = {
      name: `zone ${parts.name}`,
      durable: true,
      listen: (_options, accept) => this.#listen(accept),
    };
    this.#join();
  }

  static {
    makeZone = (parts) => new Zone(parts);
  }

  /** Whether this worker serves the zone. Use it as the condition of your loop. */
  get owned(): boolean {
    return this.#owned;
  }

  /** The epoch of this worker. Each worker of the zone has a higher epoch than the one before. */
  get epoch(): number {
    return this.#parts.lease.epoch;
  }

  /** Aborts when this worker no longer serves the zone: `server.serve({ signal: zone.signal })`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The gateways that are linked to this worker. */
  get gateways(): readonly string[] {
    return [...this.#peers.keys()];
  }

  /**
   * Leaves the zone: waits for the end of the turn, commits it, and releases the zone. No client is
   * disconnected: the next worker continues where this one stopped. Keep polling until `leave()`
   * settles, then stop the server, whose output no longer reaches any client.
   *
   * @returns When the gateways have the last commit.
   */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /**
   * The same as {@linkcode leave}, for `await using`.
   *
   * @returns When the gateways have the last commit.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** Leaves the zone to a worker that asked for it, unless that has crashed meanwhile. */
  async #leaveFor(successor: string): Promise<void> {
    if (this.#asked) return; // a worker that waits asks again and again
    this.#asked = true;
    const { bus, timer } = this.#parts;
    await waitUntil(timer, () => false, timer.now() + START_MS);
    let crashed = false;
    bus.publish(workerSubject(successor), encodeControl(PROBE), () => crashed = true);
    await waitUntil(timer, () => crashed, timer.now() + ANSWER_MS);
    this.#asked = false;
    if (crashed) return;
    this.#lost = true;
    await this.leave();
  }

  async #leave(): Promise<void> {
    if (!this.#owned) return;
    const { timer, lease, worker, name: zone, version, turnTimeout } = this.#parts;
    let ended = false;
    const isOver = () => ended || this.#isSettled || !this.#owned;
    await waitUntil(timer, isOver, timer.now() + turnTimeout, (look) => {
      this.#turnEnded = () => {
        ended = true;
        look();
      };
    });
    this.#turnEnded = undefined;
    if (!this.#owned) return;
    this.#disown("left");
    await this.#told(timer.now() + LAST_MS);
    this.#heard = undefined;
    await lease.release();
    const { bus } = this.#parts;
    bus.publish(HELLO, encodeJson({ worker, zone, epoch: lease.epoch, version, left: true }));
    this.#end();
  }

  /** Whether every connection's turn is over and committed. */
  get #isSettled(): boolean {
    return [...this.#peers.values()].every(({ connections }) =>
      [...connections.values()].every(({ settled }) => settled)
    );
  }

  /** The number of connections that the server has used. */
  get #served(): number {
    let served = 0;
    for (const { connections } of this.#peers.values()) {
      for (const connection of connections.values()) if (connection.taken) served++;
    }
    return served;
  }

  /** Waits until the gateways have all commits. */
  #told(until: number): Promise<void> {
    const { timer } = this.#parts;
    const isTold = () =>
      [...this.#peers.values()].every(({ link: { link } }) => link.backlog === 0);
    return waitUntil(
      timer,
      () => {
        this.#flush();
        return isTold();
      },
      until,
      (look) => this.#heard = look,
    );
  }

  // deno-lint-ignore require-await -- async, so that all errors become rejections
  async #listen(accept: ConnectionAcceptor): Promise<Listener> {
    // Another worker may take the zone over at any time. The server then has no clients.
    if (!this.#owned && !this.#lost) {
      throwMisuse(`Cannot listen on the zone "${this.name}": this worker no longer serves it`);
    }
    if (this.#accept !== undefined) {
      throwMisuse(`Cannot listen twice on the zone "${this.name}": one server serves it`);
    }
    this.#accept = accept;
    for (const connection of this.#early) connection.attach(accept(connection));
    this.#early.clear();
    return {
      address: `zone:${this.name}`,
      port: 0,
      // deno-lint-ignore require-await
      close: async () => {
        this.#accept = REFUSE;
        this.#closed = true;
      },
    };
  }

  #join(): void {
    const { bus, timer, worker } = this.#parts;
    const faults = new BusGuard(timer, this.#parts.onError);
    this.#subscriptions.push(
      bus.subscribe(workerSubject(worker), faults.guard((payload) => this.#receive(payload))),
      bus.subscribe(HELLO, faults.guard((payload) => this.#hearHello(payload))),
      bus.subscribe(WHO, faults.guard((payload) => this.#hearWho(payload))),
    );
    this.#endTicks = timer.every(TICK_MS, () => this.#tick());
    this.#forgetBus = onBusClosed(bus, (error) => {
      if (!this.#owned) return;
      this.#lose("cut off: the bus is closed");
      callUserCode(() => this.#parts.onError(error), () => {});
    });
    this.#hello();
  }

  #hello(): void {
    const { bus, timer, worker, name: zone, version, lease: { epoch } } = this.#parts;
    this.#helloAt = timer.now() + HELLO_MS;
    bus.publish(HELLO, encodeJson({ worker, zone, epoch, version, left: false }));
  }

  #hearHello(payload: Uint8Array): void {
    const { worker, zone, epoch } = decodeJson(payload, A_HELLO);
    if (zone !== this.name) return;
    if (epoch > this.epoch) return this.#lose();
    if (worker !== this.worker) return;
    // The worker receives its own announcements, so the bus works, and a silent gateway is gone.
    const now = this.#parts.timer.now();
    for (const peer of [...this.#peers.values()]) {
      // Do not count additional announcements that answer a gateway's WHO.
      if (now - peer.countedAt < HELLO_MS / 2) continue;
      peer.countedAt = now;
      if (++peer.silence > SILENT_HELLOS) this.#drop(peer);
    }
  }

  #hearWho(payload: Uint8Array): void {
    const { gateway, name } = decodeJson(payload, A_WHO);
    if (!this.#owned) return;
    if (name !== "") {
      for (const peer of [...this.#peers.values()]) {
        const same = peer.gateway.slice(0, peer.gateway.lastIndexOf("-")) === name;
        if (same && peer.gateway !== gateway) this.#drop(peer);
      }
    }
    this.#hello();
  }

  #receive(payload: Uint8Array): void {
    const message = decodeMessage(payload);
    if ("bytes" in message) return this.#receivePacket(message);
    if (message.type === "yield" && message.zone === this.name) void this.#leaveFor(message.to);
    else if (message.type === "fenced" && message.zone === this.name) {
      if (message.epoch > this.epoch) void this.#fencedBy(message.epoch);
    }
  }

  /** Loses the zone to a higher epoch; if there is no such worker, the store has begun anew. */
  async #fencedBy(epoch: number): Promise<void> {
    if (!this.#owned) return;
    const { lease, onError } = this.#parts;
    this.#lose();
    if (!await lease.raise(epoch)) return;
    const error = new TelnetError(
      "connection-lost",
      `Cannot serve the zone "${this.name}": the store of the zones has begun anew, and gateways ` +
        "know a later worker; join again",
    );
    callUserCode(() => onError(error), () => {});
  }

  #receivePacket({ from: gateway, link: number, epoch, bytes }: Packet): void {
    if (epoch !== this.epoch || this.#subscriptions.length === 0) return;
    if (number <= (this.#dead.get(gateway) ?? -1)) return this.#reset(gateway, number);
    const known = this.#peers.get(gateway);
    if (known !== undefined && number < known.link.number) return;
    const peer = known?.link.number === number ? known : this.#begin(gateway, number, known);
    peer.silence = 0;
    const now = peer.heardAt = peer.countedAt = this.#parts.timer.now();
    const messages = peer.link.receive(bytes, now, () => this.#drop(peer));
    try {
      forEach(messages, (message) => this.#take(peer, message));
    } finally {
      peer.link.takeWaiting((connection) => connection.drain());
      this.#flushSoon();
      this.#heard?.();
    }
  }

  #begin(gateway: string, number: number, before: Peer | undefined): Peer {
    if (before !== undefined) this.#drop(before);
    const { bus, name: from } = this.#parts;
    const subject = gatewaySubject(gateway);
    const link = new BusLink<ZoneConnection>(bus, { subject, from, number, epoch: this.epoch });
    const now = this.#parts.timer.now();
    const peer: Peer = {
      gateway,
      link,
      connections: new Map(),
      heardAt: now,
      countedAt: now,
      silence: 0,
    };
    this.#peers.set(gateway, peer);
    return peer;
  }

  /** Drops a gateway that is gone, with its connections. */
  #drop(peer: Peer): void {
    this.#peers.delete(peer.gateway);
    this.#dead.delete(peer.gateway); // the newest comes last
    this.#dead.set(peer.gateway, peer.link.number);
    if (this.#dead.size > MAX_DEAD) {
      const [oldest = ""] = this.#dead.keys();
      this.#dead.delete(oldest);
    }
    const error = new TelnetError("connection-lost", `The gateway ${peer.gateway} is gone`);
    for (const connection of peer.connections.values()) connection.lose(error);
    peer.connections.clear();
  }

  #reset(gateway: string, link: number): void {
    const reset = encodeControl({ type: "reset", zone: this.name, link });
    this.#parts.bus.publish(gatewaySubject(gateway), reset);
  }

  /** Handles a record of a gateway. */
  #take(peer: Peer, message: Uint8Array): void {
    const record = decodeGatewayRecord(message);
    if (record.type === "open") return this.#open(peer, record);
    const connection = peer.connections.get(record.handle);
    if (connection === undefined || !this.#owned) return;
    switch (record.type) {
      case "input":
        return connection.receive(record.bytes);
      case "end":
        return connection.receiveEnd(errorOf(record.error));
      case "taken":
        return connection.noteTaken(record.taken);
      case "closed":
        peer.connections.delete(record.handle);
        return connection.lose(errorOf(record.error));
      case "withdrawn":
        peer.connections.delete(record.handle);
        connection.detach();
        return connection.lose(new Error("The gateway has taken the person back"));
    }
  }

  #open(peer: Peer, open: OpenRecord): void {
    if (!this.#owned) return;
    const connection = new ZoneConnection(open, peer.gateway, this.#ownerFor(peer));
    peer.connections.set(open.handle, connection);
    if (this.#accept === undefined) this.#early.add(connection);
    else connection.attach(this.#accept(connection));
  }

  #ownerFor(peer: Peer): ZoneConnectionOwner {
    const { name, timer } = this.#parts;
    return {
      name,
      get stalled() {
        return timer.now() - peer.heardAt > STALLED_MS;
      },
      ready: (connection) => !peer.link.mustWait(connection),
      commit: (connection, commit) => this.#commit(peer, connection, commit),
    };
  }

  #commit(peer: Peer, connection: ZoneConnection, commit: CommitRecord): void {
    if (!this.#owned || this.#peers.get(peer.gateway) !== peer) return;
    const bytes = encodeCommit(commit, this.#writer);
    if (bytes.length > MAX_COMMIT) {
      throw new TelnetError(
        "limit-exceeded",
        `Cannot keep a turn of ${bytes.length} bytes: the state and the output of one client may have ` +
          `${MAX_COMMIT} together`,
      );
    }
    peer.link.link.send(bytes);
    this.#committed = true;
    if (commit.steps.some(({ type }) => type === "move" || type === "abort")) {
      peer.connections.delete(connection.handle);
      peer.link.stopWaiting(connection);
    }
    this.#flushSoon();
  }

  #tick(): void {
    const now = this.#parts.timer.now();
    this.#flush();
    if (!this.#owned) return;
    if (this.#closed && this.#served === 0) return void this.leave();
    if (now >= this.#helloAt) this.#hello();
    if (now < this.#renewAt) return;
    this.#renewAt = now + this.#parts.duration / 3;
    this.#parts.lease.renewOnce(() => this.#lose());
  }

  /** A turn makes all its commits synchronously, so it is over in the next microtask. */
  #endTurn(): void {
    this.#flush();
    if (this.#committed) this.#turnEnded?.();
    this.#committed = false;
  }

  #flush(): void {
    const now = this.#parts.timer.now();
    for (const { link } of this.#peers.values()) link.flush(now);
  }

  /** Gives up the zone: another worker serves it now, or this one is cut off. */
  #lose(why: string = "taken over"): void {
    if (!this.#owned) return;
    this.#lost = true;
    this.#disown(why);
    this.#end();
  }

  /** Detaches all connections, so that the game's output no longer reaches any client. */
  #disown(why: string): void {
    this.#owned = false;
    for (const { connections } of this.#peers.values()) {
      for (const connection of connections.values()) connection.detach();
      connections.clear();
    }
    this.#early.clear();
    this.#controller.abort(new Error(`The zone "${this.name}" was ${why}`));
  }

  #end(): void {
    this.#endTicks();
    this.#forgetBus();
    for (const subscription of this.#subscriptions.splice(0)) subscription.close();
    this.#peers.clear();
  }
}

function errorOf(message: string): Error | undefined {
  return message === "" ? undefined : new Error(message);
}

/**
 * Ignores connections that arrive after the server has stopped listening; the next worker serves
 * them.
 */
const REFUSE: ConnectionAcceptor = () => ({
  onData() {},
  onEnd() {},
  onDrain() {},
  onClose() {},
});
