import {
  IdleMonitor,
  type IdleSnapshot,
  type IdleVerdict,
  type KeepAlive,
} from "../guard/idle_monitor.ts";
import type { SessionSettings } from "./session_host.ts";

/** When a client was last active, as plain JSON. */
export interface ActivitySnapshot {
  readonly connectedFor: number;
  readonly idleFor: number;
  readonly keepAlive: KeepAlive;
  /** `null` and no value: it was never silent for long. */
  readonly idle?: IdleSnapshot | null | undefined;
}

/** Records when a client was last active, and decides what to do with a silent one. */
export class Activity {
  connectTime: number;
  /** When the person last typed. */
  lastInputTime: number;
  /** When a poll last processed received bytes. */
  lastReceivedTime: number;
  /** The Telnet keep-alive. */
  keepAlive: KeepAlive;
  readonly #settings: SessionSettings;
  /** Made when the client is first monitored. */
  #monitor: IdleMonitor | undefined;

  constructor(settings: SessionSettings, now: number) {
    this.#settings = settings;
    this.keepAlive = settings.keepAlive;
    this.connectTime = this.lastInputTime = this.lastReceivedTime = now;
  }

  /** Returns the state, as plain JSON. */
  snapshot(now: number): ActivitySnapshot {
    const connectedFor = Math.round(now - this.connectTime);
    // Their difference does not depend on `now`.
    const typedAt = Math.round(this.lastInputTime - this.connectTime);
    const idle = this.#monitor?.snapshot(this) ?? null;
    return { connectedFor, idleFor: connectedFor - typedAt, keepAlive: this.keepAlive, idle };
  }

  /** Restores what `snapshot` returned. */
  restore({ connectedFor, idleFor, keepAlive, idle }: ActivitySnapshot, now: number): void {
    this.connectTime = now - connectedFor;
    this.lastInputTime = now - idleFor;
    this.keepAlive = keepAlive;
    if (idle) this.#monitored.restore(idle, this);
  }

  /** Counts as input at this time. */
  note(now: number): void {
    this.lastInputTime = this.lastReceivedTime = now;
  }

  /** Notes that the client answered a keep-alive. */
  answered(): void {
    this.#monitor?.answered();
  }

  /** When to check next; `Infinity` if neither idle time nor keep-alive is used. */
  next(): number {
    const { limits } = this.#settings;
    if (this.keepAlive === "off" && limits.idleTimeout === Infinity) return Infinity;
    return this.#monitored.next(this);
  }

  get #monitored(): IdleMonitor {
    const { limits, keepAliveInterval } = this.#settings;
    return this.#monitor ??= new IdleMonitor(limits, keepAliveInterval);
  }

  /** Returns what to do now, if anything is due. */
  check(now: number): IdleVerdict | undefined {
    return this.next() <= now ? this.#monitor?.check(this, now) : undefined;
  }
}
