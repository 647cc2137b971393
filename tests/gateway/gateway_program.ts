/**
 * A gateway on NATS, on any runtime: gateway_program.ts <NATS port> [tls]. Commands on standard
 * input: `stats`, `drain`.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect } from "@nats-io/transport-node";
import { Gateway } from "../../src/gateway/mod.ts";
import { natsBus } from "../../src/gateway/nats_bus.ts";

const [port, tls] = process.argv.slice(2);
const nats = await connect({
  servers: `nats://127.0.0.1:${port}`,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 100,
});
const read = (name: string) => readFileSync(new URL(`../tls/${name}`, import.meta.url), "utf8");
const gateway = await Gateway.listen({
  bus: natsBus(nats, { prefix: "test" }),
  name: "door",
  zone: "main",
  port: 0,
  address: "127.0.0.1",
  maxConnections: 10_000,
  webSocket: { origins: "any" },
  moveTimeout: 1_000,
  ...(tls === "tls" && {
    tls: "auto" as const,
    certificate: { cert: read("cert.pem"), key: read("key.pem") },
  }),
});
console.log(`port ${gateway.port}`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "stats") console.log(`stats ${JSON.stringify(gateway.stats())}`);
  else if (line === "drain") {
    await gateway.drain();
    break;
  }
}
process.exit(0);
