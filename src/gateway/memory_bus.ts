import {
  checkCount,
  checkFunction,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import {
  type Bus,
  type BusSubscription,
  type LeaseEntry,
  type LeaseStore,
  systemTimer,
  type Timer,
} from "./bus.ts";

/** Options of a `MemoryBus`. */
export interface MemoryBusOptions {
  /** The share of messages that are lost, from 0 to 1. Default 0. */
  readonly loss?: number;
  /** The share of messages that are delivered twice, from 0 to 1. Default 0. */
  readonly duplicate?: number;
  /**
   * The maximum delay of a message in milliseconds; the delay is random, so messages can overtake
   * each other. Default 0: messages arrive in order, in the next microtask.
   */
  readonly delay?: number;
  /** The clock and timers; replace them in tests. Default: the runtime's. */
  readonly timer?: Timer;
  /** The maximum size of a message in bytes. Default 1048576. */
  readonly maxPayload?: number;
  /** The seed of the random numbers: the same seed gives the same losses. Default 1. */
  readonly seed?: number;
}

const NAMES: Readonly<Record<keyof MemoryBusOptions, true>> = {
  delay: true,
  duplicate: true,
  loss: true,
  maxPayload: true,
  seed: true,
  timer: true,
};

/** How often delayed messages are checked, in milliseconds. */
const TICK_MS = 5;

/** A message on its way. */
interface Message {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly onNobody: (() => void) | undefined;
}

/**
 * A bus in memory, for tests: gateways and workers run in one process. It can lose, duplicate,
 * delay and reorder messages, and be disconnected for a while.
 *
 * @example
 * ```ts
 * import { MemoryBus } from "@miniboa/miniboa/gateway";
 * import { assertEquals } from "@std/assert";
 *
 * const bus = new MemoryBus();
 * const heard: number[] = [];
 * bus.subscribe("a.b", (payload) => void heard.push(payload.length));
 * bus.publish("a.b", new Uint8Array(3));
 * await Promise.resolve();
 * assertEquals(heard, [3]);
 * ```
 */
export class MemoryBus implements Bus {
  /** The maximum size of a message in bytes. */
  readonly maxPayload: number;
  /** Entries that record which worker serves a zone. */
  readonly leases: LeaseStore;
  /** Settles when the bus is closed for good, by {@linkcode close}. */
  readonly closed: Promise<void>;
  /** Whether messages are delivered. Set it to `false` to simulate an unreachable broker. */
  connected: boolean = true;
  /** How many messages were sent. */
  published = 0;
  /** How many of them were lost. */
  lost = 0;
  readonly #loss: number;
  readonly #duplicate: number;
  readonly #delay: number;
  #seed: number;
  readonly #subscribers: Map<string, Set<(payload: Uint8Array) => void>> = new Map();
  readonly #entries: Map<string, LeaseEntry> = new Map();
  #revision = 0;
  readonly #timer: Timer;
  /** Delayed messages, with the time of their delivery. */
  #late: { readonly at: number; readonly message: Message }[] = [];
  #endTicks: (() => void) | undefined;
  #close: () => void = () => {};

  /**
   * Creates a bus.
   *
   * @param options How the bus behaves.
   * @throws {TelnetError} `misuse`: invalid options.
   */
  constructor(options: MemoryBusOptions = {}) {
    rejectUnknownKeys("MemoryBus", options, NAMES);
    const { loss = 0, duplicate = 0, delay = 0, maxPayload = 1_048_576, seed = 1 } = options;
    const { timer = systemTimer } = options;
    checkFunction("MemoryBus.timer.every", timer?.every);
    for (const [name, part] of Object.entries({ loss, duplicate })) {
      if (typeof part !== "number" || !(part >= 0 && part <= 1)) {
        throwUnexpected(`MemoryBus.${name}`, "a number from 0 to 1", part);
      }
    }
    checkCount("MemoryBus.delay", delay);
    checkCount("MemoryBus.maxPayload", maxPayload, 256);
    checkCount("MemoryBus.seed", seed);
    this.#loss = loss;
    this.#duplicate = duplicate;
    this.#delay = delay;
    this.maxPayload = maxPayload;
    this.#seed = seed;
    this.#timer = timer;
    this.closed = new Promise((resolve) => this.#close = resolve);
    this.leases = {
      read: (name) => this.#reach(() => this.#entries.get(name)),
      write: (name, value, revision) => this.#reach(() => this.#write(name, value, revision)),
    };
  }

  /**
   * Sends a message. It is delivered later, or lost.
   *
   * @param subject Its subject.
   * @param payload The message.
   * @param onNobody Called if there is no subscriber.
   * @throws {TelnetError} `misuse`: the message has more than `maxPayload` bytes.
   */
  publish(subject: string, payload: Uint8Array, onNobody?: () => void): void {
    if (payload.length > this.maxPayload) {
      throwUnexpected("the message", `at most ${this.maxPayload} bytes`, payload.length);
    }
    this.published++;
    if (!this.connected || this.#chance() < this.#loss) {
      this.lost++;
      return;
    }
    const message = { subject, payload: payload.slice(), onNobody };
    this.#carry(message);
    if (this.#chance() < this.#duplicate) this.#carry({ ...message, payload: payload.slice() });
  }

  /**
   * Subscribes to a subject.
   *
   * @param subject The whole subject.
   * @param onMessage Receives each message.
   * @returns The subscription.
   */
  subscribe(subject: string, onMessage: (payload: Uint8Array) => void): BusSubscription {
    const subscribers = this.#subscribers.get(subject) ?? new Set();
    this.#subscribers.set(subject, subscribers.add(onMessage));
    return {
      close: () => {
        subscribers.delete(onMessage);
        if (subscribers.size === 0 && this.#subscribers.get(subject) === subscribers) {
          this.#subscribers.delete(subject);
        }
      },
    };
  }

  /** Closes the bus for good: nothing is delivered any more, and {@linkcode closed} settles. */
  close(): void {
    this.connected = false;
    this.#close();
  }

  #carry(message: Message): void {
    const wait = Math.floor(this.#chance() * (this.#delay + 1));
    if (wait === 0) return queueMicrotask(() => this.#deliver(message));
    this.#late.push({ at: this.#timer.now() + wait, message });
    this.#endTicks ??= this.#timer.every(TICK_MS, () => this.#deliverLate());
  }

  #deliverLate(): void {
    const now = this.#timer.now();
    const due = this.#late.filter(({ at }) => at <= now);
    this.#late = this.#late.filter(({ at }) => at > now);
    for (const { message } of due) this.#deliver(message);
    if (this.#late.length > 0) return;
    this.#endTicks?.();
    this.#endTicks = undefined;
  }

  #deliver({ subject, payload, onNobody }: Message): void {
    const subscribers = this.#subscribers.get(subject);
    if (subscribers === undefined) return onNobody?.();
    for (const onMessage of [...subscribers]) onMessage(payload);
  }

  /** Accesses the store; rejects while the bus is disconnected. */
  // deno-lint-ignore require-await
  async #reach<Value>(ask: () => Value): Promise<Value> {
    if (!this.connected) throw new Error("The store cannot be reached");
    return ask();
  }

  #write(name: string, value: Uint8Array, revision: number | undefined): number | undefined {
    if (this.#entries.get(name)?.revision !== revision) return undefined;
    this.#entries.set(name, { value: value.slice(), revision: ++this.#revision });
    return this.#revision;
  }

  /** A random number from 0 to 1, by a linear congruential generator (Numerical Recipes). */
  #chance(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}
