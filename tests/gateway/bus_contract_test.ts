/** The contract of a Bus, for MemoryBus and NATS. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";
import { type Bus, MemoryBus } from "../../src/gateway/mod.ts";
import { natsBus, type NatsKv } from "../../src/gateway/nats_bus.ts";
import { inTime, until } from "../patience.ts";
import { Broker } from "./town.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

/** `close` closes the bus for good. */
async function contract(
  context: Deno.TestContext,
  bus: Bus,
  close: () => void | Promise<void>,
): Promise<void> {
  await context.step("every subscriber gets all messages, whole and in order", async () => {
    const [first, second] = [[] as Uint8Array[], [] as Uint8Array[]];
    const subscriptions = [
      bus.subscribe("a.b", (payload) => void first.push(payload)),
      bus.subscribe("a.b", (payload) => void second.push(payload)),
      bus.subscribe("a.c", () => void first.push(bytes(9))),
    ];
    const large = new Uint8Array(bus.maxPayload - 512).fill(7);
    for (let value = 0; value < 50; value++) bus.publish("a.b", bytes(value, 255, 0));
    bus.publish("a.b", large);
    await until(() => first.length === 51 && second.length === 51, soon);
    assertEquals(first.slice(0, 50).map(([value]) => value), [...Array(50).keys()]);
    assertEquals([first[50]?.length, first[50]?.at(-1)], [large.length, 7]);
    for (const payload of first) assert(payload.constructor === Uint8Array);
    for (const subscription of subscriptions) subscription.close();
  });

  await context.step("onNobody is called exactly if a subject has no subscriber", async () => {
    let nobody = 0;
    const subscription = bus.subscribe("heard", () => {});
    bus.publish("heard", bytes(1), () => nobody += 100);
    bus.publish("unheard", bytes(1), () => nobody++);
    await until(() => nobody > 0, soon);
    subscription.close();
    bus.publish("heard", bytes(1), () => nobody++);
    await until(() => nobody > 1, soon);
    assertEquals(nobody, 2);
  });

  await context.step(
    "of two writers with the same revision of an entry only one succeeds",
    async () => {
      const { leases } = bus;
      assertEquals(await leases.read("zone"), undefined);
      const first = await leases.write("zone", bytes(1), undefined);
      assert(first !== undefined);
      assertEquals(await leases.write("zone", bytes(2), undefined), undefined);
      const [one, two] = await Promise.all([
        leases.write("zone", bytes(3), first),
        leases.write("zone", bytes(4), first),
      ]);
      assert((one === undefined) !== (two === undefined));
      const entry = await leases.read("zone");
      assertEquals(entry?.revision, one ?? two);
      assertEquals([...entry?.value ?? []], [one === undefined ? 4 : 3]);
      assert((entry?.revision ?? 0) > first);
      const other = await leases.write("other", bytes(5), undefined);
      assert((other ?? 0) > (entry?.revision ?? 0), "revisions grow over all entries");
      assertEquals(await leases.write("zone", bytes(6), first), undefined);
    },
  );

  await context.step("a closed bus reports it, loses messages, and does not throw", async () => {
    let heard = 0;
    bus.subscribe("a.b", () => heard++);
    let closed = false;
    void bus.closed?.then(() => closed = true);
    await soon();
    assertEquals(closed, false);
    await close();
    await inTime(bus.closed ?? Promise.reject(new Error("no promise")), "the end");
    bus.publish("a.b", bytes(1));
    await soon();
    assertEquals([closed, heard], [true, 0]);
    await assertRejects(() => bus.leases.read("zone"), Error);
  });
}

Deno.test("MemoryBus keeps the contract", (context) => {
  const bus = new MemoryBus();
  return contract(context, bus, () => bus.close());
});

const missing = !Broker.installed;
Deno.test({
  name: `natsBus keeps the contract${missing ? " (not installed)" : ""}`,
  ignore: missing && Deno.env.get("MINIBOA_CLIENTS") !== "required",
  fn: async (context) => {
    await using broker = await Broker.start();
    const nats = await inTime(connect({ servers: `127.0.0.1:${broker.port}` }), "the broker");
    const kv = await new Kvm(nats).create("contract", { storage: "file" as never });
    const bus = natsBus(nats, { prefix: "a.prefix", kv: kv satisfies NatsKv });
    await contract(context, bus, () => nats.close());
  },
});
