/** The server's source of time; tests can replace it. */
export interface Clock {
  /** Returns milliseconds on a monotonic clock. */
  now(): number;
  /** Returns milliseconds since 1970. Default: the system's time. */
  timeOfDay?(): number;
}

/** The runtime's monotonic clock. */
export const systemClock: Required<Clock> = {
  now: () => performance.now(),
  timeOfDay: () => Date.now(),
};

/** The longest delay that the timers of all runtimes support. */
export const MAX_WAIT_MS: number = 2 ** 31 - 1;

/** Waits for a time, at most `MAX_WAIT_MS`. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, MAX_WAIT_MS)));
}

/** Waits for a promise, but no longer than a time, and leaves no timer running. */
export async function withTimeout(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(milliseconds, MAX_WAIT_MS));
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
