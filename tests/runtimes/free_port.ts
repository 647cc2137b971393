/** Below what systems give to who asks for any port: nobody else takes one of these meanwhile. */
const [FIRST, COUNT] = [20_000, 10_000];

/** A port of this machine that nobody listens on. */
export function freePort(): number {
  while (true) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ port, hostname: "127.0.0.1" }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
