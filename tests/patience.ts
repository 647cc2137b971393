/**
 * How long a test waits for what must come, in milliseconds. It only turns a hang into a failure: no
 * machine is so busy. Nothing is judged by it.
 */
export const PATIENCE_MS = 60_000;

/** Waits for a promise; where it hangs it fails, with what was waited for. */
export async function inTime<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`It never came: ${what}`)), PATIENCE_MS);
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Looks again and again, each time after `turn`, until something is so; where it never is it fails. */
export async function until(condition: () => boolean, turn: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`It never came: ${condition}`);
    await turn();
  }
}
