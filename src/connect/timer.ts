/** The time of a connection; a test gives its own. */
export interface ConnectClock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970. Default: the system's. */
  timeOfDay?(): number;
  /**
   * Calls after a time.
   *
   * @param milliseconds How long to wait.
   * @param call What to call.
   * @returns Ends the wait.
   */
  after(milliseconds: number, call: () => void): () => void;
}

/** The longest wait that timers of all runtimes can express. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** The runtime's clock and timers. */
export const systemClock: Required<ConnectClock> = {
  now: () => performance.now(),
  timeOfDay: () => Date.now(),
  after(milliseconds, call) {
    if (milliseconds === Infinity) return () => {};
    const timer = setTimeout(call, Math.min(milliseconds, MAX_WAIT_MS));
    return () => clearTimeout(timer);
  },
};
