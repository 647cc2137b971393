import type { ConnectClock } from "../connect/timer.ts";
import { checkCount } from "../protocol/validate.ts";

interface Timer {
  readonly due: number;
  readonly call: () => void;
}

/** A clock that stands still until a test moves it on: for a server, for `connect()`, and for a game. */
export class TestClock implements Required<ConnectClock> {
  #now = 0;
  #timers: Timer[] = [];
  readonly #start: number;

  /**
   * Starts at 0.
   *
   * @param timeOfDay What the time of day is then, in milliseconds since 1970.
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
   * Calls after a time, within `advance()`.
   *
   * @param milliseconds How long to wait.
   * @param call What to call.
   * @returns Ends the wait.
   */
  after(milliseconds: number, call: () => void): () => void {
    const timer: Timer = { due: this.#now + milliseconds, call };
    if (milliseconds !== Infinity) this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /**
   * Moves on, and calls what is due on the way, in order.
   *
   * @param milliseconds How far.
   * @throws {TelnetError} `misuse`: a time that is no whole number of at least 0.
   */
  advance(milliseconds: number): void {
    checkCount("milliseconds", milliseconds);
    const end = this.#now + milliseconds;
    while (true) {
      const due = this.#timers.filter((timer) => timer.due <= end);
      const [first] = due.sort((a, b) => a.due - b.due);
      if (first === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== first);
      this.#now = Math.max(this.#now, first.due);
      first.call();
    }
    this.#now = end;
  }
}
