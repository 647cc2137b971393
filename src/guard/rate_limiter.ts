import type { ServerLimits } from "./limits.ts";

/** What a client may send too much of. */
export type FloodKind =
  | "too-many-lines"
  | "too-many-bytes"
  | "too-many-negotiations"
  | "too-much-drawing"
  | "too-much-work";

/** What each thing that a client sends costs, in milliseconds of its rate. */
export interface Rates {
  readonly byte: number;
  readonly line: number;
  readonly negotiation: number;
  /** A character that is drawn. */
  readonly drawing: number;
  /** A millisecond of work. */
  readonly work: number;
  /** How much may be owed before the client has to wait. */
  readonly credit: number;
}

/** A client that rests for less than this goes on being slowed down, where `release` got a time. */
const PAUSE_MS = 1_000;
/** Who owes as much work as its share of this time is served behind the others. */
const COSTLY_MS = 500;

/** The rates that limits amount to. */
export function ratesOf(limits: ServerLimits): Rates {
  return {
    byte: 1000 / limits.byteRate,
    line: 1000 / limits.lineRate,
    negotiation: 1000 / limits.negotiationRate,
    drawing: 1000 / limits.drawRate,
    work: 1000 / limits.workRate,
    credit: limits.burst * 1000,
  };
}

/**
 * GCRA limiters without a timer: each stores the time at which its budget is full again. A client
 * that owes more than the burst waits.
 */
export class RateLimiter {
  /** Since when the client has been slowed down without coming to a rest; `Infinity`: it is not. */
  heldSince: number = Infinity;
  /** When it was slowed down last: a client that starts again at once has made no pause. */
  #heldBefore: { readonly since: number; readonly until: number } | undefined;
  readonly #rates: Rates;
  #bytes = 0;
  #lines = 0;
  #negotiations = 0;
  #drawing = 0;
  #work = 0;

  constructor(rates: Rates) {
    this.#rates = rates;
  }

  /** Bytes were taken. */
  bytes(count: number, now: number): void {
    this.#bytes = Math.max(this.#bytes, now) + count * this.#rates.byte;
  }

  /** A line was taken. */
  line(now: number): void {
    this.#lines = Math.max(this.#lines, now) + this.#rates.line;
  }

  /** Negotiations, commands or subnegotiations were taken. */
  negotiations(count: number, now: number): void {
    this.#negotiations = Math.max(this.#negotiations, now) + count * this.#rates.negotiation;
  }

  /** So many characters were drawn for what was typed. */
  drew(count: number, now: number): void {
    this.#drawing = Math.max(this.#drawing, now) + count * this.#rates.drawing;
  }

  /** It took so many milliseconds to process what the client sent. */
  worked(milliseconds: number, now: number): void {
    this.#work = Math.max(this.#work, now) + milliseconds * this.#rates.work;
  }

  /** Whether the client has lately used more than its share of time. */
  isCostly(now: number): boolean {
    return this.#work - now > COSTLY_MS;
  }

  /** When the client may be read on; at or before `now` where it may at once. */
  get free(): number {
    return this.#owed - this.#rates.credit;
  }

  /** The client is over a rate; returns whether it was not a moment ago. */
  hold(now: number): boolean {
    if (this.heldSince !== Infinity) return false;
    const before = this.#heldBefore;
    const goesOn = before !== undefined && now - before.until < PAUSE_MS;
    this.heldSince = goesOn ? before.since : now;
    return !goesOn;
  }

  /** The client has come to a rest; with `until` it counts as one only if it lasts. */
  release(until?: number): void {
    this.#heldBefore = until === undefined || this.heldSince === Infinity
      ? undefined
      : { since: this.heldSince, until };
    this.heldSince = Infinity;
  }

  /** How many lines may be taken before the client has to wait; one at least. */
  linesLeft(now: number): number {
    const owed = Math.max(0, this.#lines - now);
    return Math.max(1, (this.#rates.credit - owed) / this.#rates.line);
  }

  /** What the client sent too much of: how much may come at once, and how much there is. */
  excess(now: number): { kind: FloodKind; limit: number; value: number } {
    const { byte, line, negotiation, drawing, work, credit } = this.#rates;
    const owed = this.#owed;
    const all: [FloodKind, number, number][] = [
      ["too-many-lines", this.#lines, line],
      ["too-many-bytes", this.#bytes, byte],
      ["too-many-negotiations", this.#negotiations, negotiation],
      ["too-much-drawing", this.#drawing, drawing],
      ["too-much-work", this.#work, work],
    ];
    const [kind, , cost] = all.find(([, until]) => until === owed) ?? all[0] as typeof all[0];
    const units = (milliseconds: number) => Math.round(milliseconds / cost);
    return { kind, limit: units(credit), value: units(owed - now) };
  }

  get #owed(): number {
    return Math.max(this.#bytes, this.#lines, this.#negotiations, this.#drawing, this.#work);
  }
}
