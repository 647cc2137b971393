/**
 * The three-line server: greets each client on port 7777.
 *
 *     deno run -N examples/hello.ts
 *     bun run examples/hello.ts
 *     node examples/hello.ts
 *
 * Then `telnet localhost 7777`.
 */
import { TelnetServer } from "../mod.ts";
const server = await TelnetServer.listen();
while (true) await server.poll();
