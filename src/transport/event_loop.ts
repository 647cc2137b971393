/**
 * Deno looks at its sockets when it has nothing else to do, or once in 61 turns of its event loop: a
 * poll that is called again at once, after 20 ms of work, would hear nobody for more than a second.
 */
const TURNS_TO_LOOK = "Deno" in globalThis ? 64 : 0;

const { setImmediate = (callback: () => void) => setTimeout(callback, 0) } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};

/** Lets the runtime's event loop turn: sockets are served, timers run. */
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

/** Lets the runtime look at its sockets. So many turns in a row take 0.05 ms. */
export function lookAtSockets(): Promise<void> {
  return turn(TURNS_TO_LOOK);
}
