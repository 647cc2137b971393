import { IdleMonitor, type IdleVerdict, type KeepAlive } from "../guard/idle_monitor.ts";
import type { SessionSettings } from "./session_host.ts";

/** When a client was last heard of, and what becomes of a silent one. */
export class Activity {
  connectTime: number;
  /** When the person last typed. */
  lastInputTime: number;
  /** When anything last came, as far as a poll has seen it. */
  lastReceivedTime: number;
  /** What keeps the connection alive while it is silent. */
  keepAlive: KeepAlive;
  readonly #settings: SessionSettings;
  /** Made where a client is watched. */
  #monitor: IdleMonitor | undefined;

  constructor(settings: SessionSettings, now: number) {
    this.#settings = settings;
    this.keepAlive = settings.keepAlive;
    this.connectTime = this.lastInputTime = this.lastReceivedTime = now;
  }

  /** How things stand, as plain JSON. */
  snapshot(now: number): { connectedFor: number; idleFor: number; keepAlive: KeepAlive } {
    const connectedFor = Math.round(now - this.connectTime);
    const idleFor = Math.round(now - this.lastInputTime);
    return { connectedFor, idleFor, keepAlive: this.keepAlive };
  }

  /** Restores what `snapshot` returned. */
  restore(
    { connectedFor, idleFor, keepAlive }: ReturnType<Activity["snapshot"]>,
    now: number,
  ): void {
    this.connectTime = now - connectedFor;
    this.lastInputTime = now - idleFor;
    this.keepAlive = keepAlive;
  }

  /** Something counts as typed and received. */
  note(now: number): void {
    this.lastInputTime = this.lastReceivedTime = now;
  }

  /** A probe was answered. */
  answered(): void {
    this.#monitor?.answered();
  }

  /** When to check next; `Infinity` where nothing is watched. */
  next(): number {
    const { limits, keepAliveInterval } = this.#settings;
    if (this.keepAlive === "off" && limits.idleTimeout === Infinity) return Infinity;
    this.#monitor ??= new IdleMonitor(limits, keepAliveInterval);
    return this.#monitor.next(this);
  }

  /** What is due now. */
  check(now: number): IdleVerdict | undefined {
    return this.next() <= now ? this.#monitor?.check(this, now) : undefined;
  }
}
