import type { ServerLimits } from "./limits.ts";

/** The rates that a client can exceed. */
export type FloodKind =
  | "too-many-lines"
  | "too-many-bytes"
  | "too-many-negotiations"
  | "too-much-drawing"
  | "too-much-work";

/** The cost of each unit of a client's input, in milliseconds: 1000 divided by its rate. */
export interface Rates {
  readonly byte: number;
  readonly line: number;
  readonly negotiation: number;
  /** A byte that is drawn. */
  readonly drawing: number;
  /** A millisecond of work. */
  readonly work: number;
  /** The debt above which the client must wait, in milliseconds. */
  readonly credit: number;
  /** The same for drawing, which takes few bytes of a client: no more than a second. */
  readonly drawingCredit: number;
}

/** The most of drawing that a client may cause at once, as time at its rate. */
const DRAWING_CREDIT_MS = 1_000;
/** If `release` got a time, a pause shorter than this does not end the throttled period. */
const PAUSE_MS = 1_000;
/** A client that owes more work than its rate allows in this time runs after the others. */
const COSTLY_MS = 500;

/** Converts limits to costs. */
export function ratesOf(limits: ServerLimits): Rates {
  return {
    byte: 1000 / limits.byteRate,
    line: 1000 / limits.lineRate,
    negotiation: 1000 / limits.negotiationRate,
    drawing: 1000 / limits.drawRate,
    work: 1000 / limits.workRate,
    credit: limits.burst * 1000,
    drawingCredit: Math.min(limits.burst * 1000, DRAWING_CREDIT_MS),
  };
}

/**
 * GCRA limiters without a timer: each stores the time at which its budget is full again. A client
 * that owes more than the burst waits.
 */
export class RateLimiter {
  /** The start of the current throttled period; `Infinity` if the client is not throttled. */
  heldSince: number = Infinity;
  /** The last throttled period; it continues if the client is throttled again within `PAUSE_MS`. */
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

  /** Counts bytes. */
  bytes(count: number, now: number): void {
    this.#bytes = Math.max(this.#bytes, now) + count * this.#rates.byte;
  }

  /** Counts a line. */
  line(now: number): void {
    this.#lines = Math.max(this.#lines, now) + this.#rates.line;
  }

  /** Counts negotiations, commands and subnegotiations. */
  negotiations(count: number, now: number): void {
    this.#negotiations = Math.max(this.#negotiations, now) + count * this.#rates.negotiation;
  }

  /** Counts bytes that were drawn for typed input. */
  drew(count: number, now: number): void {
    this.#drawing = Math.max(this.#drawing, now) + count * this.#rates.drawing;
  }

  /** Counts milliseconds that were spent on the client's input. */
  worked(milliseconds: number, now: number): void {
    this.#work = Math.max(this.#work, now) + milliseconds * this.#rates.work;
  }

  /** Whether so much was drawn for the client that its further keys must wait. */
  drawsTooMuch(now: number): boolean {
    return this.#drawing - this.#rates.drawingCredit > now;
  }

  /** Whether the client has recently used more than its share of processor time. */
  isCostly(now: number): boolean {
    return this.#work - now > COSTLY_MS;
  }

  /** When reading from the client can continue; at or before `now` if it can at once. */
  get freeAt(): number {
    const { credit, drawingCredit } = this.#rates;
    const owed = Math.max(this.#bytes, this.#lines, this.#negotiations, this.#work);
    return Math.max(owed - credit, this.#drawing - drawingCredit);
  }

  /** Throttles the client; returns whether that starts a new throttled period. */
  hold(now: number): boolean {
    if (this.heldSince !== Infinity) return false;
    const before = this.#heldBefore;
    const goesOn = before !== undefined && now - before.until < PAUSE_MS;
    this.heldSince = goesOn ? before.since : now;
    return !goesOn;
  }

  /**
   * Ends the throttling. With `until`, the current time, the throttled period continues if the
   * client is throttled again within `PAUSE_MS`.
   */
  release(until?: number): void {
    this.#heldBefore = until === undefined || this.heldSince === Infinity
      ? undefined
      : { since: this.heldSince, until };
    this.heldSince = Infinity;
  }

  /** How many lines can be taken before the client must wait; at least one. */
  linesLeft(now: number): number {
    const owed = Math.max(0, this.#lines - now);
    return Math.max(1, (this.#rates.credit - owed) / this.#rates.line);
  }

  /**
   * The rate that the client exceeds most, the amount allowed at once, and the amount above the
   * rate.
   */
  excess(now: number): { kind: FloodKind; limit: number; value: number } {
    const { byte, line, negotiation, drawing, work, credit, drawingCredit } = this.#rates;
    const all: [kind: FloodKind, until: number, cost: number, credit: number][] = [
      ["too-many-lines", this.#lines, line, credit],
      ["too-many-bytes", this.#bytes, byte, credit],
      ["too-many-negotiations", this.#negotiations, negotiation, credit],
      ["too-much-drawing", this.#drawing, drawing, drawingCredit],
      ["too-much-work", this.#work, work, credit],
    ];
    const { freeAt } = this;
    const [kind, until, cost, allowed] =
      all.find(([, until, , credit]) => until - credit === freeAt) ?? all[0] as typeof all[0];
    const units = (milliseconds: number) => Math.round(milliseconds / cost);
    return { kind, limit: units(allowed), value: units(until - now) };
  }
}
