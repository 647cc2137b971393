/** The clock and timers of a connection; tests can replace them. */
export interface ConnectClock {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Milliseconds since 1970, UTC. Default: the system's clock. */
  timeOfDay?(): number;
  /**
   * Calls a function after a delay.
   *
   * @param milliseconds How long to wait.
   * @param call What to call.
   * @returns A function that cancels the call.
   */
  after(milliseconds: number, call: () => void): () => void;
}

/** The longest delay that the timers of all runtimes support. */
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
