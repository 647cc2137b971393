/** Joins a zone over NATS, as a game behind a gateway does. */
import { connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";
import process from "node:process";
import { joinZone, type Zone } from "../../src/gateway/mod.ts";
import { natsBus } from "../../src/gateway/nats_bus.ts";

export async function join(name: string): Promise<Zone> {
  const servers = process.env.NATS_URL ?? "nats://127.0.0.1:4222";
  // Reconnect however long the broker is away.
  const nats = await connect({
    servers,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
  });
  const kv = await new Kvm(nats).create("boa_zones", { storage: "file" as never });
  const zone = await joinZone(natsBus(nats, { prefix: "boa", kv }), name, { takeOver: true });
  console.log(`Worker ${zone.epoch} serves zone ${name}`);
  return zone;
}
