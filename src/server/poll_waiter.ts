import { lookAtSockets, SOCKETS_PER_LOOK, turn } from "../transport/event_loop.ts";
import { MAX_WAIT_MS } from "./clock.ts";

/** How often to check the sockets while polls do not wait, in milliseconds. */
const LOOK_MS = 2;
/** For how long sockets may be left out while each poll finds as many as a look can. */
const LEFT_OUT_MS = 20;
/** How many looks in a row may find few sockets: not every look is one for the runtime. */
const MAX_MISSES = 4;
/** The share of the time of a turn that further looks may take. */
const LOOK_SHARE = 0.25;

/** Lets a poll wait until something happens or the time is up. */
export class PollWaiter {
  /** The number of signals since the last wait ended. */
  #signals = 0;
  #waits = false;
  #wake: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires. */
  #timerDue = Infinity;
  /** When the last wait ended, before it looked at the sockets. */
  #endedAt = 0;
  /** When the runtime is known to have last checked its sockets. */
  #lookedAt = 0;

  /** Ends the current wait, or the next one if there is none. */
  signal(): void {
    this.#signals++;
    this.#wake?.();
  }

  /** Ends only a current wait, because a new deadline may be earlier than its end. */
  interrupt(): void {
    if (this.#waits) this.signal();
  }

  /**
   * Waits, and in any case lets the event loop turn: once before the wait, because something has
   * usually happened by then, and once after it, so that all ready sockets are handled.
   */
  async wait(milliseconds: number): Promise<void> {
    this.#waits = true;
    await turn();
    const sleeps = milliseconds > 0 && this.#signals === 0;
    if (sleeps) {
      await this.#sleep(Math.min(milliseconds, MAX_WAIT_MS));
      await turn();
    }
    const now = performance.now();
    // A sleep has looked, but may have left sockets out.
    const full = this.#signals >= SOCKETS_PER_LOOK;
    if (sleeps && !full) this.#lookedAt = now;
    else if (now - this.#lookedAt >= (sleeps ? LEFT_OUT_MS : LOOK_MS)) {
      const before = this.#signals;
      await lookAtSockets();
      if (this.#signals - before >= SOCKETS_PER_LOOK) await this.#lookOn(now);
      this.#lookedAt = now;
    }
    this.#signals = 0;
    this.#waits = false;
    this.#endedAt = now;
  }

  /**
   * Looks on after a look that found as many sockets as it can, until some looks in a row do not: the
   * sockets that are left out would wait for long, and not always in turn. A look costs time, so all of
   * them take at most a share of what the game's last turn took.
   */
  async #lookOn(now: number): Promise<void> {
    const until = now + LOOK_SHARE * (now - this.#endedAt);
    for (let misses = 0; misses < MAX_MISSES && performance.now() < until;) {
      const before = this.#signals;
      await lookAtSockets();
      misses = this.#signals - before >= SOCKETS_PER_LOOK ? 0 : misses + 1;
    }
  }

  /** Clears the timer, so that it does not keep the process alive. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #sleep(milliseconds: number): Promise<void> {
    const due = performance.now() + milliseconds;
    // A timer for each wait is costly: reuse the current one if it fires early enough.
    if (due < this.#timerDue) this.#arm(due, milliseconds);
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #arm(due: number, milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => {
      this.#timerDue = Infinity;
      this.#wake?.();
    }, milliseconds);
  }
}
