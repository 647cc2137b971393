import { isLoopback, prefixOf } from "./addresses.ts";
import type { ServerLimits } from "./limits.ts";
import type { RefusalKind } from "./refusal.ts";

/** The connections of an address or a network. */
interface Visits {
  /** The number of open connections. */
  open: number;
  /** The time at which the budget of new connections is full again (GCRA). */
  paid: number;
  /** When it last sent an HTTP request; `-Infinity`: never. */
  browsedAt: number;
}

/** The limit that an address or a network would exceed with another connection. */
export interface AddressLimitExceeded {
  readonly kind: RefusalKind;
  readonly limit: number;
  readonly value: number;
}

/** The growth of the map after which unused entries are removed, at least. */
const SWEEP = 4_096;

/** Limits how many connections each address and each /64 of IPv6 has, and how often it connects. */
export class AddressLimits {
  readonly #limits: ServerLimits;
  readonly #loopbackLimits: ServerLimits;
  readonly #visits: Map<string, Visits> = new Map();
  #sweepAt = SWEEP;

  constructor(limits: ServerLimits, loopbackLimits: ServerLimits = limits) {
    this.#limits = limits;
    this.#loopbackLimits = loopbackLimits;
  }

  /** How many addresses and networks are remembered. */
  get size(): number {
    return this.#visits.size;
  }

  /** Counts a connection, or returns the limit that it would exceed. */
  enter(address: string, now: number): AddressLimitExceeded | undefined {
    const limits = isLoopback(address) ? this.#loopbackLimits : this.#limits;
    const { connectionsPerAddress, connectionsPerPrefix, connectionRate, burst } = limits;
    if (this.#visits.size >= this.#sweepAt) this.#sweep(now);
    const prefix = prefixOf(address);
    const own = this.#visitsOf(address, now);
    const network = prefix === undefined ? own : this.#visitsOf(prefix, now);
    // Refused attempts count, so retrying does not help.
    const cost = 1000 / connectionRate;
    const owed = Math.max(0, network.paid - now);
    if (owed + cost > burst * 1000) {
      const limit = connectionRate * burst;
      return { kind: "too-many-connects", limit, value: Math.floor(owed / cost) + 1 };
    }
    network.paid = now + owed + cost;
    if (own.open >= connectionsPerAddress) {
      return { kind: "address-full", limit: connectionsPerAddress, value: own.open + 1 };
    }
    if (prefix !== undefined && network.open >= connectionsPerPrefix) {
      return { kind: "prefix-full", limit: connectionsPerPrefix, value: network.open + 1 };
    }
    own.open++;
    if (network !== own) network.open++;
    return undefined;
  }

  /** Removes a connection that was counted. */
  leave(address: string): void {
    for (const key of [address, prefixOf(address)]) {
      const visits = key === undefined ? undefined : this.#visits.get(key);
      if (visits !== undefined) visits.open--;
    }
  }

  /** Notes that a connection of an address has sent an HTTP request. */
  noteBrowser(address: string, now: number): void {
    const visits = this.#visits.get(address);
    if (visits !== undefined) visits.browsedAt = now;
  }

  /** When an address last sent an HTTP request; `-Infinity`: never, as far as is remembered. */
  browsedAt(address: string): number {
    return this.#visits.get(address)?.browsedAt ?? -Infinity;
  }

  #visitsOf(key: string, now: number): Visits {
    let visits = this.#visits.get(key);
    if (visits === undefined) {
      visits = { open: 0, paid: now, browsedAt: -Infinity };
      this.#visits.set(key, visits);
    }
    return visits;
  }

  #sweep(now: number): void {
    for (const [key, { open, paid }] of this.#visits) {
      if (open === 0 && paid <= now) this.#visits.delete(key);
    }
    this.#sweepAt = SWEEP + 2 * this.#visits.size;
  }
}
