import { callUserCode } from "../session/call_user_code.ts";
import { TelnetError } from "../protocol/error.ts";
import { afterSockets } from "../transport/event_loop.ts";
import type { Bus, Timer } from "./bus.ts";

/** The interval at which conditions and timeouts are checked, in milliseconds. */
export const TICK_MS = 20;
/** The minimum time between two reports of invalid messages, in milliseconds. */
const REPORT_MS = 10_000;

/**
 * Waits until a condition is true, or a time is reached.
 *
 * @param timer The clock.
 * @param isSo The condition.
 * @param until The time at which the wait ends in any case.
 * @param started Receives a function that checks the condition at once, for callers that know when
 * it changes.
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

/** Calls a function with each item, also after it has thrown; then throws the first of the errors. */
export function forEach<Item>(items: readonly Item[], call: (item: Item) => void): void {
  const errors: unknown[] = [];
  for (const item of items) {
    try {
      call(item);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Returns a function that runs `call` in a microtask, once for all calls until then. */
export function soon(call: () => void): () => void {
  return once(call, queueMicrotask);
}

/** Returns a function that runs `call` once for all calls until every socket with input was read. */
export function afterInput(call: () => void): () => void {
  return once(call, afterSockets);
}

function once(call: () => void, schedule: (run: () => void) => void): () => void {
  let scheduled = false;
  const run = () => {
    scheduled = false;
    call();
  };
  return () => {
    if (scheduled) return;
    scheduled = true;
    schedule(run);
  };
}

/**
 * Calls a function with an error when the bus is closed for good.
 *
 * @returns A function that forgets the call: a bus may outlive its gateways and zones.
 */
export function onBusClosed(bus: Bus, call: (error: TelnetError) => void): () => void {
  let wanted: typeof call | undefined = call;
  const closed = () =>
    wanted?.(
      new TelnetError(
        "connection-lost",
        "The bus is closed for good: connect anew, with `maxReconnectAttempts: -1` on NATS",
      ),
    );
  void bus.closed?.then(closed, closed);
  return () => wanted = undefined;
}

/**
 * Ignores messages that cannot be handled, and reports some of them: any program on the bus can
 * publish. An exception would end the bus's client.
 */
export class BusGuard {
  readonly #timer: Timer;
  readonly #onError: (error: unknown) => void;
  #reportedAt = -Infinity;

  constructor(timer: Timer, onError: (error: unknown) => void) {
    this.#timer = timer;
    this.#onError = onError;
  }

  /** Wraps a handler of messages that may throw. */
  guard(take: (payload: Uint8Array) => void): (payload: Uint8Array) => void {
    return (payload) => {
      try {
        take(payload);
      } catch (error) {
        this.#report(error);
      }
    };
  }

  #report(error: unknown): void {
    const now = this.#timer.now();
    if (now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    callUserCode(() => this.#onError(error), () => {});
  }
}
