/** Below what systems give to who asks for any port: nobody else takes one of these meanwhile. */
const [FIRST, COUNT] = [20_000, 10_000];

/** A port of this machine that nobody listens on. */
export function freePort(): number {
  for (let tries = 0;; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ port, hostname: "127.0.0.1" }).close();
      return port;
    } catch (error) {
      // It is taken, or the system keeps it for itself.
      if (tries === 100) throw error;
    }
  }
}
