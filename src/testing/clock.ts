import type { ConnectClock } from "../connect/timer.ts";
import { checkCount } from "../protocol/validate.ts";

interface Timer {
  readonly due: number;
  readonly call: () => void;
}

/** A clock that only a test advances, for a server, `connect()`, and a game. */
export class TestClock implements Required<ConnectClock> {
  #now = 0;
  #timers: Timer[] = [];
  readonly #start: number;

  /**
   * Starts at 0.
   *
   * @param timeOfDay The time of day at the start, in milliseconds since 1970.
   */
  constructor(timeOfDay: number = 0) {
    this.#start = timeOfDay;
  }

  /** Milliseconds since the start. */
  now(): number {
    return this.#now;
  }

  /** Milliseconds since 1970. */
  timeOfDay(): number {
    return this.#start + this.#now;
  }

  /**
   * Calls a function after a delay, during `advance()`.
   *
   * @param milliseconds The delay.
   * @param call The function.
   * @returns A function that cancels the call.
   */
  after(milliseconds: number, call: () => void): () => void {
    const timer: Timer = { due: this.#now + milliseconds, call };
    if (milliseconds !== Infinity) this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /**
   * Advances the clock, and makes the calls that become due, in order of their time.
   *
   * @param milliseconds By how much.
   * @throws {TelnetError} `misuse`: a time that is not a whole number of at least 0.
   */
  advance(milliseconds: number): void {
    checkCount("the milliseconds of advance()", milliseconds);
    const end = this.#now + milliseconds;
    while (true) {
      const due = this.#timers.filter((timer) => timer.due <= end);
      const [first] = due.sort((a, b) => a.due - b.due);
      if (first === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== first);
      this.#now = Math.max(this.#now, first.due);
      first.call();
    }
    // A timer may have advanced the clock, too.
    this.#now = Math.max(this.#now, end);
  }
}
