import type { Timed } from "../session/deadlines.ts";

/** So many milliseconds may pass between two looks at the timers. */
const GRAIN_MS = 20;

/** Timers without a timer each: a set that is looked through when its earliest time has come. */
export class DeadlineSet {
  readonly #waiting: Map<Timed, number> = new Map();
  readonly #tick: (timed: Timed, now: number) => number | undefined;
  #next = Infinity;

  /** `tick`: asks one, and throws nothing. */
  constructor(tick: (timed: Timed, now: number) => number | undefined) {
    this.#tick = tick;
  }

  /** When the next look is due. */
  get next(): number {
    return this.#next;
  }

  /** Has `timed` asked at a time, or earlier if it waits for an earlier one. */
  add(timed: Timed, time: number): void {
    this.#waiting.set(timed, Math.min(time, this.#waiting.get(timed) ?? Infinity));
    this.#next = Math.min(this.#next, time);
  }

  /** Forgets `timed`. */
  delete(timed: Timed): void {
    this.#waiting.delete(timed);
  }

  /** Asks all whose time has come. */
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
