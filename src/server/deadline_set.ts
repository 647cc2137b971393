import type { Timed } from "../session/deadlines.ts";

/** The shortest time between two scans of the deadlines, in milliseconds. */
const GRAIN_MS = 20;

/** Deadlines without a timer each: the set is scanned when the earliest one is due. */
export class DeadlineSet {
  readonly #waiting: Map<Timed, number> = new Map();
  readonly #tick: (timed: Timed, now: number) => number | undefined;
  #next = Infinity;

  /** `tick`: calls one entry's `tick`; it must not throw. */
  constructor(tick: (timed: Timed, now: number) => number | undefined) {
    this.#tick = tick;
  }

  /** When the next scan is due. */
  get next(): number {
    return this.#next;
  }

  /** Has `timed` called at a time, or earlier if an earlier time is set for it. */
  add(timed: Timed, time: number): void {
    this.#waiting.set(timed, Math.min(time, this.#waiting.get(timed) ?? Infinity));
    this.#next = Math.min(this.#next, time);
  }

  /** Forgets `timed`. */
  delete(timed: Timed): void {
    this.#waiting.delete(timed);
  }

  /** Calls every entry that is due. */
  tick(now: number): void {
    if (now < this.#next) return;
    let next = Infinity;
    this.#next = Infinity;
    for (const [timed, time] of this.#waiting) {
      const again = time > now ? time : this.#tick(timed, now);
      if (again === undefined) {
        this.#waiting.delete(timed);
      } else {
        this.#waiting.set(timed, again);
        next = Math.min(next, again);
      }
    }
    this.#next = Math.min(this.#next, Math.max(next, now + GRAIN_MS));
  }
}
