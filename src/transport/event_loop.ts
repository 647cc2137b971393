/**
 * Deno polls its sockets when it is idle, or once in 61 turns of its event loop. If the game polls
 * again at once after 20 ms of work, input would otherwise wait for more than a second.
 */
const TURNS_TO_LOOK = "Deno" in globalThis ? 64 : 0;

/** How many sockets the runtime handles in such a look; the next ones need another. */
export const SOCKETS_PER_LOOK: number = TURNS_TO_LOOK > 0 ? 128 : Infinity;

const { setImmediate = (callback: () => void) => setTimeout(callback, 0) } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};

/** Lets the runtime's event loop run for some turns, so that sockets are served and timers run. */
export function turn(turns: number = 1): Promise<void> {
  return new Promise((resolve) => {
    let left = turns;
    const next = () => {
      if (left-- > 0) setImmediate(next);
      else resolve();
    };
    next();
  });
}

/** Lets the runtime poll its sockets. These turns take about 0.2 ms. */
export function lookAtSockets(): Promise<void> {
  return turn(TURNS_TO_LOOK);
}
