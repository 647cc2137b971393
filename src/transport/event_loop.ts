/** What a runtime does by itself while a game polls again at once after long work. */
interface Loop {
  /** The turns of its event loop in which it polls its sockets. */
  readonly turns: number;
  /** How many sockets it handles in them; the next ones need another look. */
  readonly sockets: number;
}

/**
 * Deno polls its sockets when it is idle, or once in 61 turns of its event loop: after 20 ms of
 * work in each turn of the game, input would otherwise wait for more than a second. Node accepts
 * one connection in a turn: a crowd that reconnects would come in one by one.
 */
const LOOP: Loop = "Deno" in globalThis
  ? { turns: 64, sockets: 128 }
  : "Bun" in globalThis
  ? { turns: 0, sockets: Infinity }
  : { turns: 1, sockets: 1 };

/** How many sockets the runtime handles in a look; the next ones need another. */
export const SOCKETS_PER_LOOK: number = LOOP.sockets;

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

/**
 * Calls a function when the sockets that have input now were read. Node and Bun run microtasks after
 * each socket, Deno after all of them; its `setImmediate` would come a millisecond later.
 */
export const afterSockets: (call: () => void) => void = "Deno" in globalThis
  ? queueMicrotask
  : (call) => void setImmediate(call);

/** Lets the runtime poll its sockets. On Deno these turns take about 0.2 ms. */
export function lookAtSockets(): Promise<void> {
  return turn(LOOP.turns);
}
