import type { BusLink } from "./bus_link.ts";
import type { HeldConnection } from "./held_connection.ts";
import type { Hello } from "./messages.ts";

/** A zone as a gateway knows it: who serves it, and who is in it. */
export class ZoneRoute {
  readonly name: string;
  /** The latest epoch that was heard of. */
  epoch = 0;
  /** The worker that serves it. */
  worker: Hello | undefined;
  /** The link to that worker. */
  link: BusLink | undefined;
  /** When the worker was last heard. */
  heardAt: number = -Infinity;
  readonly connections: Map<number, HeldConnection> = new Map();
  /** Those of which the worker is told when its link has room. */
  readonly behind: Set<HeldConnection> = new Set();

  constructor(name: string) {
    this.name = name;
  }

  /** Whether the worker was heard within a time. */
  isServed(now: number, within: number): boolean {
    return this.worker !== undefined && now - this.heardAt <= within;
  }
}
