/** Where the server takes the time from; a test gives its own. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970. Default: the system's. */
  timeOfDay?(): number;
}

/** The runtime's monotonic clock. */
export const systemClock: Required<Clock> = {
  now: () => performance.now(),
  timeOfDay: () => Date.now(),
};

/** The longest wait that timers of all runtimes can express. */
export const MAX_WAIT_MS: number = 2 ** 31 - 1;

/** Waits. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, MAX_WAIT_MS)));
}

/** Waits for a promise, no longer than a time; no timer is left behind. */
export async function withTimeout(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(milliseconds, MAX_WAIT_MS));
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
