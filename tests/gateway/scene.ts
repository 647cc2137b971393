/** A gateway, workers that can be killed, and clients, over one MemoryBus and one stepped clock. */
import { type ListenOptions, type TelnetClient, TelnetServer } from "../../mod.ts";
import {
  type Bus,
  Gateway,
  type GatewayOptions,
  type JoinOptions,
  joinZone,
  MemoryBus,
  type MemoryBusOptions,
  type Timer,
  type Zone,
} from "../../src/gateway/mod.ts";
import { turn } from "../../src/transport/event_loop.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";

/** A clock that the test advances. */
export class StepTimer implements Timer {
  #now = 0;
  readonly #calls: Set<{ due: number; readonly every: number; readonly call: () => void }> =
    new Set();

  now(): number {
    return this.#now;
  }

  every(milliseconds: number, call: () => void): () => void {
    const entry = { due: this.#now + milliseconds, every: milliseconds, call };
    this.#calls.add(entry);
    return () => void this.#calls.delete(entry);
  }

  /** Advances the clock, and runs the timers that are due. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + 10);
      for (const entry of [...this.#calls]) {
        if (entry.due > this.#now || !this.#calls.has(entry)) continue;
        entry.due = this.#now + entry.every;
        entry.call();
      }
    }
  }
}

/** The bus and the clock of a simulated process that can be killed or stopped. */
export class Process {
  readonly bus: Bus;
  readonly timer: Timer;
  alive = true;
  /** It is killed after this many more messages. */
  messagesLeft: number = Infinity;
  /** The calls delayed while it is stopped; `undefined` if it runs. */
  #stopped: (() => void)[] | undefined;
  readonly #closers: Set<() => void> = new Set();
  /** Its subscriptions; each subscribes again after the process was cut off. */
  readonly #subscriptions: Set<{ open(): void; close(): void }> = new Set();
  #cutOff = false;

  constructor(bus: MemoryBus, timer: StepTimer) {
    const never = new Promise<never>(() => {});
    this.bus = {
      maxPayload: bus.maxPayload,
      publish: (subject, payload, onNobody) => {
        if (this.messagesLeft-- === 0) this.kill();
        if (!this.alive || this.#cutOff) return;
        bus.publish(subject, payload, onNobody && (() => this.#run(onNobody)));
      },
      subscribe: (subject, onMessage) => {
        const call = (payload: Uint8Array) => this.#run(() => onMessage(payload));
        let current = bus.subscribe(subject, call);
        const subscription = {
          open: () => void (current = bus.subscribe(subject, call)),
          close: () => current.close(),
        };
        this.#subscriptions.add(subscription);
        const close = () => {
          this.#subscriptions.delete(subscription);
          current.close();
        };
        this.#closers.add(close);
        return { close };
      },
      leases: {
        read: (name) => this.#reach(() => bus.leases.read(name)) ?? never,
        write: (...given) => this.#reach(() => bus.leases.write(...given)) ?? never,
      },
    };
    this.timer = {
      now: () => timer.now(),
      every: (milliseconds, call) => {
        const close = timer.every(milliseconds, () => {
          if (this.#stopped === undefined) call();
        });
        this.#closers.add(close);
        return close;
      },
    };
  }

  /** Whether it is neither killed nor stopped. */
  get runs(): boolean {
    return this.alive && this.#stopped === undefined;
  }

  /** Ends it at once, as `kill -9` does. */
  kill(): void {
    this.alive = false;
    for (const close of this.#closers) close();
  }

  /** Cuts its connection to the bus, which forgets its subscriptions; `false`: connects it again. */
  cutOff(on: boolean): void {
    if (on === this.#cutOff) return;
    this.#cutOff = on;
    for (const one of this.#subscriptions) on ? one.close() : one.open();
  }

  #reach<Result>(call: () => Promise<Result>): Promise<Result> | undefined {
    if (!this.alive) return undefined;
    return this.#cutOff ? Promise.reject(new Error("cut off")) : call();
  }

  /** Stops it, as SIGSTOP does. */
  stop(): void {
    this.#stopped ??= [];
  }

  /** Resumes it, as SIGCONT does. */
  wake(): void {
    const calls = this.#stopped ?? [];
    this.#stopped = undefined;
    for (const call of calls) this.#run(call);
  }

  #run(call: () => void): void {
    if (!this.alive) return;
    if (this.#stopped === undefined) call();
    else this.#stopped.push(call);
  }
}

/** A process with a game server. */
export class Worker {
  readonly name: string;
  readonly process: Process;
  zone: Zone | undefined;
  server: TelnetServer | undefined;
  /** The error if it could not join. */
  refused: unknown;
  /** Unexpected errors. */
  readonly errors: unknown[] = [];
  /** Connects and disconnects of clients, in order. */
  readonly log: string[] = [];
  readonly #play: (client: TelnetClient, worker: Worker) => void;

  constructor(
    name: string,
    process: Process,
    play: (client: TelnetClient, worker: Worker) => void,
  ) {
    this.name = name;
    this.process = process;
    this.#play = play;
  }

  async start(zone: string, join: JoinOptions, options: Partial<ListenOptions>): Promise<void> {
    const { bus, timer } = this.process;
    try {
      this.zone = await joinZone(bus, zone, { ...join, timer });
    } catch (error) {
      this.refused = error;
      return;
    }
    this.server = await TelnetServer.listen({
      timeout: 0,
      onDisconnect: (client) => void this.log.push(`- ${client.port} ${client.disconnectReason}`),
      onError: (error) => void this.errors.push(error),
      ...options,
      onConnect: (client) => {
        this.log.push(`+ ${client.port} ${client.returning ?? "new"}`);
        return options.onConnect?.(client);
      },
      transport: this.zone.transport,
    });
  }

  /** Runs one turn of the game loop, if the process runs and owns its zone. */
  async turn(): Promise<void> {
    if (!this.process.runs || this.server === undefined || this.zone?.owned !== true) return;
    await this.server.poll();
    if (!this.process.runs) return;
    for (const client of this.server.clientsWithInput()) this.#play(client, this);
  }
}

export interface SceneOptions {
  readonly bus?: MemoryBusOptions;
  readonly gateway?: Partial<GatewayOptions>;
  readonly server?: Partial<ListenOptions>;
  readonly play?: (client: TelnetClient, worker: Worker) => void;
  readonly capacity?: number;
}

/** Answers one line, and counts the lines in the client's state. */
export function answer(client: TelnetClient): void {
  const line = client.getCommand();
  if (line === undefined) return;
  const { count = 0 } = (client.state ?? {}) as { count?: number };
  client.state = { count: count + 1 };
  client.send(`${count + 1}/${client.lineNumber} ${line}\n`);
}

export class Scene {
  readonly timer: StepTimer = new StepTimer();
  readonly bus: MemoryBus;
  readonly transport: MemoryTransport;
  readonly workers: Worker[] = [];
  readonly #options: SceneOptions;
  gateway!: Gateway;
  gatewayProcess!: Process;

  private constructor(options: SceneOptions) {
    this.#options = options;
    this.bus = new MemoryBus({ ...options.bus, timer: this.timer });
    this.transport = new MemoryTransport({ capacity: options.capacity ?? 65_536 });
  }

  static async open(options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(options);
    await scene.startGateway();
    return scene;
  }

  async startGateway(more: Partial<GatewayOptions> = {}): Promise<void> {
    this.gatewayProcess = new Process(this.bus, this.timer);
    const { bus, timer } = this.gatewayProcess;
    this.gateway = await Gateway.listen({
      bus,
      timer,
      zone: "main",
      port: 0,
      transport: this.transport,
      ...this.#options.gateway,
      ...more,
    });
  }

  /** Starts a worker; it joins in the following steps. */
  worker(
    name: string,
    { zone = "main", ...join }: JoinOptions & { zone?: string } = {},
    more: Partial<ListenOptions> = {},
  ): Worker {
    const process = new Process(this.bus, this.timer);
    const worker = new Worker(name, process, this.#options.play ?? answer);
    this.workers.push(worker);
    void worker.start(zone, join, { ...this.#options.server, ...more });
    return worker;
  }

  person(): MemoryPeer {
    return this.transport.connect(this.gateway.port);
  }

  /** Advances the clock, and runs a turn of each worker. */
  async step(milliseconds: number = 20): Promise<void> {
    this.timer.advance(milliseconds);
    for (const worker of this.workers) await worker.turn();
    await turn();
  }

  /** Steps until a condition is true. */
  async until(condition: () => boolean, steps: number = 2_000): Promise<void> {
    for (let left = steps; !condition(); left--) {
      if (left === 0) throw new Error(`It never came: ${condition}`);
      await this.step();
    }
  }

  /** Steps until a promise is settled, and returns its value. */
  async settle<Value>(promise: Promise<Value> | undefined): Promise<Value> {
    if (promise === undefined) throw new Error("There is nothing to wait for");
    let settled = false;
    const done = () => void (settled = true);
    promise.then(done, done);
    await this.until(() => settled);
    return promise;
  }

  /** Stops the gateway and the workers. */
  async close(): Promise<void> {
    for (const { process } of this.workers) process.wake();
    const ending = this.gateway.stop();
    if (this.gatewayProcess.runs) await this.settle(ending);
    for (const { process, zone, server } of this.workers) {
      if (!process.alive || zone === undefined || server === undefined) continue;
      await this.settle(zone.leave());
      await server.stop();
    }
  }
}
