import type { BusLink } from "./bus_link.ts";
import type { HeldConnection } from "./held_connection.ts";
import type { Hello } from "./messages.ts";

/** A gateway's view of a zone: its worker, and its connections. */
export class ZoneRoute {
  readonly name: string;
  /** The highest epoch received so far. */
  epoch: number;
  /** The worker that serves it. */
  worker: Hello | undefined;
  /** The link to that worker. */
  link: BusLink<HeldConnection> | undefined;
  /** When the last message of the worker arrived. */
  heardAt: number = -Infinity;
  /** When a worker last served the zone. */
  servedAt: number = -Infinity;
  readonly connections: Map<number, HeldConnection> = new Map();

  constructor(name: string, epoch: number) {
    this.name = name;
    this.epoch = epoch;
  }

  /** Whether a message of the worker arrived within a time. */
  isServed(now: number, within: number): boolean {
    return this.worker !== undefined && now - this.heardAt <= within;
  }
}
