import { lookAtSockets, turn } from "../transport/event_loop.ts";
import { MAX_WAIT_MS } from "./clock.ts";

/** The sockets are looked at this often, in milliseconds, while polls do not wait. */
const LOOK_MS = 2;

/** Where a poll waits: until something happens, or the time is up. */
export class PollWaiter {
  #signalled = false;
  #waits = false;
  #wake: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires. */
  #timerDue = Infinity;
  /** When the runtime has looked at its sockets, as far as is known. */
  #lookedAt = 0;

  /** Ends the wait, or the next one if nobody waits. */
  signal(): void {
    this.#signalled = true;
    this.#wake?.();
  }

  /** Ends a wait that is under way: it may be too long by now. */
  interrupt(): void {
    if (this.#waits) this.signal();
  }

  /**
   * Waits, and lets the event loop turn in any case: once before the wait, as mostly something has
   * happened by then, and once after it, so that all sockets that are ready at once are seen.
   */
  async wait(milliseconds: number): Promise<void> {
    this.#waits = true;
    await turn();
    const sleeps = milliseconds > 0 && !this.#signalled;
    if (sleeps) {
      await this.#sleep(Math.min(milliseconds, MAX_WAIT_MS));
      await turn();
    }
    const now = performance.now();
    if (sleeps) this.#lookedAt = now;
    else if (now - this.#lookedAt >= LOOK_MS) {
      await lookAtSockets();
      this.#lookedAt = now;
    }
    this.#signalled = this.#waits = false;
  }

  /** Lets no timer keep the process alive. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #sleep(milliseconds: number): Promise<void> {
    const due = performance.now() + milliseconds;
    // A timer for each wait would be costly: one that is set already serves if it is not too late.
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
