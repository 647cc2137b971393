/**
 * How long a test waits for an expected event, in milliseconds. It only turns a hang into a
 * failure: no machine is that slow, so no result depends on it.
 */
export const PATIENCE_MS = 60_000;

/** Whether tests take the time that they need: `deno task test:long`, and the other steps of CI. */
export const LONG: boolean = Deno.env.get("MINIBOA_LONG") === "1";

/** Waits for a promise; if it hangs, fails with the name of the expected event. */
export async function inTime<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`It never came: ${what}`)), PATIENCE_MS);
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Runs `turn` until the condition is true; fails if it never is. */
export async function until(condition: () => boolean, turn: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`It never came: ${condition}`);
    await turn();
  }
}
