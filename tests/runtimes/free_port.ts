/** Below the ephemeral ports, so that no other process is given one of these meanwhile. */
const [FIRST, COUNT] = [20_000, 10_000];

/** Returns a port of this machine without a listener. */
export function freePort(): number {
  for (let tries = 0;; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ port, hostname: "127.0.0.1" }).close();
      return port;
    } catch (error) {
      // In use, or reserved by the system.
      if (tries === 100) throw error;
    }
  }
}
