import { callUserCode } from "../session/call_user_code.ts";
import type { Timer } from "./bus.ts";
import { WireError } from "./wire.ts";

/** How often something that is waited for is looked at, in milliseconds. */
export const TICK_MS = 20;
/** A fault of the bus is reported once in so many milliseconds. */
const REPORT_MS = 10_000;

/**
 * Waits until something is so, or a time has come.
 *
 * @param timer The clock.
 * @param isSo What is waited for.
 * @param until When the wait ends in any case.
 * @param started Gets what looks at it at once, for who knows that it may be so by now.
 */
export function waitUntil(
  timer: Timer,
  isSo: () => boolean,
  until: number,
  started: (look: () => void) => void = () => {},
): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo() && timer.now() < until) return;
      end();
      resolve();
    };
    const end = timer.every(TICK_MS, look);
    started(look);
    look();
  });
}

/** Whoever may publish on the bus may publish nonsense: it is reported now and then, and harms nobody. */
export class BusGuard {
  readonly #timer: Timer;
  readonly #onError: (error: unknown) => void;
  #reportedAt = -Infinity;

  constructor(timer: Timer, onError: (error: unknown) => void) {
    this.#timer = timer;
    this.#onError = onError;
  }

  /** Makes a handler of messages of one that may throw. */
  guard(take: (payload: Uint8Array) => void): (payload: Uint8Array) => void {
    return (payload) => {
      try {
        take(payload);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.#report(error);
      }
    };
  }

  #report(error: WireError): void {
    const now = this.#timer.now();
    if (now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    callUserCode(() => this.#onError(error), () => {});
  }
}
