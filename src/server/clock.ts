/** Where the server takes the time from; a test gives its own. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
}

/** The runtime's monotonic clock. */
export const systemClock: Clock = { now: () => performance.now() };

const { setImmediate = (callback: () => void) => setTimeout(callback, 0) } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};

/**
 * Deno looks at its sockets when it has nothing else to do, or once in 61 turns of its event loop: a
 * poll that is called again at once, after 20 ms of work, would hear nobody for more than a second.
 */
const TURNS_TO_LOOK = "Deno" in globalThis ? 64 : 0;
/** So many turns in a row take 0.05 ms: they are due after this time. */
const LOOK_MS = 4;

/** Lets the runtime's event loop turn: sockets are served, timers run. */
function turn(turns: number): Promise<void> {
  return new Promise((resolve) => {
    let left = turns;
    const next = () => {
      if (left-- > 0) setImmediate(next);
      else resolve();
    };
    next();
  });
}

/** The longest wait that timers of all runtimes can express. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Waits. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, LONGEST_WAIT_MS)));
}

/** Waits for a promise, no longer than a time; no timer is left behind. */
export async function withTimeout(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(milliseconds, LONGEST_WAIT_MS));
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Where a poll waits: until something happens, or the time is up. */
export class PollWaiter {
  #signalled = false;
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

  /**
   * Waits, and lets the event loop turn in any case: once before the wait, as mostly something has
   * happened by then, and once after it, so that all sockets that are ready at once are seen.
   */
  async wait(milliseconds: number): Promise<void> {
    await turn(1);
    const sleeps = milliseconds > 0 && !this.#signalled;
    if (sleeps) {
      await this.#sleep(Math.min(milliseconds, LONGEST_WAIT_MS));
      await turn(1);
    }
    const now = performance.now();
    if (sleeps) this.#lookedAt = now;
    else if (now - this.#lookedAt >= LOOK_MS) {
      await turn(TURNS_TO_LOOK);
      this.#lookedAt = now;
    }
    this.#signalled = false;
  }

  /** Lets no timer keep the process alive. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #sleep(milliseconds: number): Promise<void> {
    const due = performance.now() + milliseconds;
    // A timer for each wait would be dear: one that is set already serves if it is not too late.
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

/** Who waits for a time. */
export interface Timed {
  /**
   * Does what is due.
   *
   * @returns When it wants to be asked next, `undefined` for not at all.
   */
  tick(now: number): number | undefined;
}

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
