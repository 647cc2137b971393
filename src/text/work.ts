/**
 * What work counts as, in drawn bytes: `limits.drawRate` limits both. The weights follow the time
 * that the work takes.
 */

/** Laying out a character, or finding out whether it joins the next one. */
export const LAID_OUT: number = 1 / 4;
/** Reading a completion candidate. */
export const READ: number = 1 / 4;
/** Searching a character of the history, or of a word. */
export const SEARCHED: number = 1 / 64;

/** Counts work until it is taken. */
export class Work {
  #done = 0;

  /** Counts work. */
  add(units: number, weight: number): void {
    this.#done += units * weight;
  }

  /** Takes the work since the last call. */
  take(): number {
    const done = this.#done;
    this.#done = 0;
    return done;
  }
}
