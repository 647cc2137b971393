/**
 * Holds the connections of players while the workers that run the game come and go, over NATS.
 *
 *     nats-server -c examples/gateway/nats.conf
 *     deno run -A examples/gateway/gateway.ts [--port 7777]
 *     bun run examples/gateway/gateway.ts [--port 7777]
 *     node examples/gateway/gateway.ts [--port 7777]
 *     deno run -A examples/gateway/worker.ts      and again, to deploy a new version
 *
 * With Bun or Node, first: npm install --no-save @nats-io/transport-node@3.4.0 @nats-io/kv@3.4.0
 */
import { connect } from "@nats-io/transport-node";
import process from "node:process";
import { parseArgs } from "node:util";
import { Gateway } from "../../src/gateway/mod.ts";
import { natsBus } from "../../src/gateway/nats_bus.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "7777" } } });
const servers = process.env.NATS_URL ?? "nats://127.0.0.1:4222";
// Reconnect however long the broker is away.
const nats = await connect({
  servers,
  waitOnFirstConnect: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 500,
});
const gateway = await Gateway.listen({
  bus: natsBus(nats, { prefix: "boa" }),
  name: "gateway-1",
  zone: "main",
  port: Number(values.port),
  webSocket: true,
});
console.log(`Gateway on port ${gateway.port}. Ctrl-C ends it, and all who play with it.`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await gateway.drain({ grace: 2_000 });
    await nats.close();
  });
}
