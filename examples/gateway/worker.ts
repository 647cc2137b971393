/**
 * The MUD of mud.ts behind a gateway. Start it again while people play: the new process takes over,
 * the previous one ends, and no player is disconnected.
 *
 *     deno run -A examples/gateway/worker.ts
 *     bun run examples/gateway/worker.ts
 *     node examples/gateway/worker.ts
 *
 * With Bun or Node, first: npm install --no-save @nats-io/transport-node@3.4.0 @nats-io/kv@3.4.0
 */
import process from "node:process";

process.argv.push("--zone", "main");
await import("../mud.ts");
