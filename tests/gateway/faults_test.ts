/** Regressions of the gateway, and cases close to them. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TelnetError, TelnetServer } from "../../mod.ts";
import { Gateway, joinZone, MemoryBus, type Zone } from "../../src/gateway/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { turn } from "../../src/transport/event_loop.ts";
import { zlibCodec } from "../../src/transport/zlib.ts";
import { Process, Scene } from "./scene.ts";

const QUIET = { messages: { waiting: "" } } as const;

Deno.test("lines() in a handler: a worker killed at its n-th message loses no answer, for every n", async () => {
  for (let left = 0;; left++) {
    const scene = await Scene.open({ gateway: QUIET });
    const processes: Process[] = [];
    const start = async (messages: number) => {
      const process = new Process(scene.bus, scene.timer);
      process.messagesLeft = messages;
      processes.push(process);
      const zone = await joinZone(process.bus, "main", { timer: process.timer });
      const server = await TelnetServer.listen({
        transport: zone.transport,
        timeout: 0,
        onDisconnect: () => {},
        onConnect: async (client) => {
          for await (const line of client.lines()) client.send(`<${client.lineNumber} ${line}>\n`);
        },
      });
      while (zone.owned && process.alive) await server.poll();
    };
    void start(left);
    const peer = scene.person();
    let [text, sent] = ["", 0];
    const answered = () => text.split(">").length - 1;
    await scene.until(() => {
      text += peer.takeText();
      if (sent < 4 && answered() >= sent) peer.write(`line ${++sent}\r\n`);
      if (processes.every(({ alive }) => !alive)) void start(Infinity);
      return answered() >= 4;
    });
    assertEquals(text.match(/\d line \d/g), ["1 line 1", "2 line 2", "3 line 3", "4 line 4"]);
    const survived = processes[0]?.alive === true;
    for (const process of processes) process.kill();
    await scene.close();
    if (survived) break;
    assert(left < 200);
  }
});

Deno.test("a line that an async handler has not finished when its worker leaves goes to the next worker", async () => {
  const scene = await Scene.open({ gateway: QUIET, play: () => {} });
  const { promise: database } = Promise.withResolvers<void>();
  const first = scene.worker("a", {}, {
    onConnect: async (client) => {
      for await (const line of client.lines()) {
        await database;
        client.send(`a ${line}\n`);
      }
    },
  });
  const peer = scene.person();
  peer.write("buy sword\r\n");
  await scene.until(() => first.server?.clientList()[0]?.lineNumber === 1);
  const second = scene.worker("b", { takeOver: true }, {
    onConnect: async (client) => {
      for await (const line of client.lines()) client.send(`b ${client.lineNumber} ${line}\n`);
    },
  });
  let text = "";
  await scene.until(() => (text += peer.takeText()).includes("buy sword"));
  assertEquals(text, "b 1 buy sword\r\n");
  assertEquals(second.errors, []);
  await scene.close();
});

Deno.test("a client taken back from a zone with a hung worker is not served by that worker when it wakes", async () => {
  const scene = await Scene.open({
    gateway: { ...QUIET, moveTimeout: 1_000 },
    play: (client, worker) => {
      const line = client.getCommand() ?? "";
      if (line === "go") client.moveTo("desert");
      client.send(`${worker.name} ${line}\n`);
    },
  });
  const main = scene.worker("main");
  const desert = scene.worker("desert", { zone: "desert", lease: 60_000 });
  await scene.until(() => desert.server !== undefined);
  desert.process.stop();
  const peer = scene.person();
  let text = "";
  peer.write("go\r\n");
  await scene.until(() => main.log.includes(`+ ${peer.localPort} no-zone`));
  desert.process.wake();
  peer.write("one\r\n");
  await scene.until(() => (text += peer.takeText()).includes("main one"));
  await scene.until(() => desert.server?.connectionCount() === 0 && desert.log.length !== 1);
  assertEquals(text.match(/one/g)?.length, 1);
  desert.server?.broadcast("ghost");
  peer.write("go\r\n");
  await scene.until(() => desert.log.includes(`+ ${peer.localPort} move`));
  peer.write("two\r\n");
  await scene.until(() => (text += peer.takeText()).includes("desert two"));
  assertEquals([text.includes("ghost"), desert.server?.connectionCount()], [false, 1]);
  await scene.close();
});

Deno.test("moveTo the client's own zone has no effect", async () => {
  const scene = await Scene.open({
    play: (client) => {
      const line = client.getCommand();
      client.moveTo("main");
      client.send(`${line}\n`);
    },
  });
  const worker = scene.worker("a");
  const peer = scene.person();
  let text = "";
  peer.write("one\r\ntwo\r\n");
  await scene.until(() => (text += peer.takeText()).includes("two"));
  assertEquals([text, worker.log.length], ["one\r\ntwo\r\n", 1]);
  await scene.close();
});

Deno.test("a client that agrees to MCCP2 and disconnects leaves no zlib stream open", async () => {
  let [made, freed] = [0, 0];
  const codec = {
    inflate: zlibCodec.inflate,
    deflate: (handler: Parameters<typeof zlibCodec.deflate>[0]) => {
      made++;
      const stream = zlibCodec.deflate(handler);
      return Object.create(stream, {
        destroy: { value: () => (freed++, stream.destroy()) },
        write: { value: (bytes: Uint8Array) => stream.write(bytes) },
        end: { value: () => stream.end() },
        queued: { get: () => stream.queued },
      });
    },
  };
  const scene = await Scene.open({
    gateway: { codec },
    server: { telnetOptions: { mccp2: true } },
  });
  const worker = scene.worker("a");
  for (let person = 1; person <= 8; person++) {
    const peer = scene.person();
    await scene.until(() => worker.log.length >= 2 * person - 1);
    peer.write(Uint8Array.of(255, 253, 86));
    // Disconnects at several steps around the moment when the worker agrees and the gateway learns
    // of it.
    for (let steps = 0; steps < person % 4; steps++) await turn();
    if (person > 4) await worker.turn();
    if (person === 8) { for (let steps = 0; steps < 5; steps++) await scene.step(); }
    peer.abort();
    await scene.until(() => worker.log.length >= 2 * person);
  }
  await scene.until(() => scene.gateway.connectionCount() === 0);
  assertEquals(freed, made);
  assert(made > 0);
  await scene.close();
});

Deno.test("clients that come and go while the bus is away leave nothing behind, and held data is bounded", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  scene.worker("a");
  await scene.until(() => scene.gateway.stats().zones[0]?.worker !== undefined);
  scene.bus.connected = false;
  for (let round = 0; round < 300; round++) {
    const peer = scene.person();
    peer.write(new Uint8Array(60_000).fill(97));
    await scene.step();
    peer.abort();
  }
  await scene.until(() => scene.gateway.connectionCount() === 0);
  assertEquals(scene.gateway.stats().heldInput, 0);
  const published = scene.bus.published;
  scene.bus.connected = true;
  for (let steps = 0; steps < 200; steps++) await scene.step();
  // After it no more is sent than the link may hold: about 70 of the 300.
  assert(scene.bus.published - published < 1_000);
  await scene.close();
});

Deno.test("many gateways that start at once make no worker drop another gateway", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  scene.person();
  await scene.until(() => worker.log.length === 1);
  const who = new TextEncoder().encode('{"gateway":"x","name":"","wire":1}');
  for (let times = 0; times < 40; times++) scene.bus.publish("who", who);
  for (let steps = 0; steps < 20; steps++) await scene.step();
  assertEquals(worker.log.length, 1);
  await scene.close();
});

Deno.test("a state that is too large drops only its client", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const worker = scene.worker("a");
  const [one, two] = [scene.person(), scene.person()];
  await scene.until(() => worker.log.length === 2);
  const large = worker.server?.clientList().find(({ port }) => port === two.localPort);
  if (large !== undefined) large.state = "x".repeat(34_000_000);
  await scene.until(() => worker.log.length === 3);
  assertEquals(worker.log[2], `- ${two.localPort} handler-failed`);
  assertEquals((worker.errors[0] as { code?: string }).code, "limit-exceeded");
  one.write("still here\r\n");
  let text = "";
  await scene.until(() => (text += one.takeText()).includes("1/1 still here"));
  await scene.close();
});

Deno.test("a client that returns to a zone is announced after its departure", async () => {
  const scene = await Scene.open({
    gateway: QUIET,
    play: (client, { name }) => {
      client.getCommand();
      client.moveTo(name === "main" ? "desert" : "main");
    },
  });
  const main = scene.worker("main", { lease: 60_000 });
  const desert = scene.worker("desert", { zone: "desert" });
  const peer = scene.person();
  peer.write("go\r\n");
  await scene.until(() =>
    scene.gateway.stats().zones.some(({ connections, zone }) =>
      zone === "desert" && connections === 1
    )
  );
  main.process.stop(); // it moved the client, and has had no turn since
  peer.write("back\r\n");
  await scene.until(() => desert.log.length === 2);
  main.process.wake();
  await scene.until(() => main.log.length === 3);
  assertEquals(main.log.map((line) => line.replace(`${peer.localPort} `, "")), [
    "+ new",
    "- moved",
    "+ move",
  ]);
  await scene.close();
});

Deno.test("the bus is away longer than closeTimeout and idleTimeout: output still arrives, and no client is idle", async () => {
  const scene = await Scene.open({
    gateway: QUIET,
    server: { limits: { closeTimeout: 1_000, idleTimeout: 4_000 } },
    play: (client) => {
      const line = client.getCommand();
      client.send(`${line}\n`);
      if (line === "quit") client.active = false;
    },
  });
  // The server uses the scene's clock.
  const clock = { now: () => scene.timer.now() };
  const worker = scene.worker("a", {}, { clock });
  const [quits, types] = [scene.person(), scene.person()];
  await scene.until(() => worker.log.length === 2);
  quits.write("quit\r\n");
  await scene.until(() => worker.server?.clientList().some(({ active }) => !active) === true);
  scene.bus.connected = false;
  for (let steps = 0; steps < 400; steps++) {
    if (steps % 50 === 0) types.write("x");
    await scene.step();
  }
  scene.bus.connected = true;
  let text = "";
  await scene.until(() => (text += quits.takeText()).includes("quit") && quits.ended);
  types.write("\r\n");
  await scene.until(() => types.takeText().includes("xxxxxxxx"));
  await scene.close();
});

Deno.test("a worker whose bus is away merges the turns that it cannot commit", async () => {
  const scene = await Scene.open({ gateway: QUIET, bus: { maxPayload: 20_000 } });
  const worker = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => worker.log.length === 1);
  const [client] = worker.server?.clientList() ?? [];
  if (client === undefined) throw new Error("There is no client");
  scene.bus.connected = false;
  let last = "";
  for (let turn = 0; turn < 300; turn++) {
    last = `turn ${turn} ${"x".repeat(60_000)}`;
    client.state = last;
    await scene.step();
  }
  scene.bus.connected = true;
  peer.write("back\r\n");
  const lost = scene.bus.published;
  await scene.until(() => peer.takeText().includes("back"));
  // 300 turns of 60 KB would be 900 messages.
  assert(scene.bus.published - lost < 500, `${scene.bus.published - lost} messages`);
  await scene.close();
});

Deno.test("a server that stops without leaving its zone releases it when its clients are gone", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  let stopped = false;
  void first.server?.stop().then(() => stopped = true);
  await scene.until(() => stopped && peer.ended);
  const second = scene.worker("b");
  await scene.until(() => second.zone !== undefined);
  const next = scene.person();
  let text = "";
  next.write("hello\r\n");
  await scene.until(() => (text += next.takeText()).includes("1/1 hello"));
  await scene.close();
});

Deno.test("the worker's maxConnections does not refuse clients that the gateway accepted", async () => {
  const scene = await Scene.open({ gateway: QUIET, server: { maxConnections: 1 } });
  const first = scene.worker("a");
  const people = [scene.person(), scene.person()];
  await scene.until(() => first.log.length === 2);
  first.process.kill();
  const second = scene.worker("b");
  await scene.until(() => second.log.length === 2);
  for (const person of people) assertEquals([person.takeText(), person.ended], ["", false]);
  await scene.close();
});

Deno.test("the gateway forgets zones that only moveTo named", async () => {
  const scene = await Scene.open({
    gateway: { ...QUIET, moveTimeout: 40 },
    play: (client) => client.moveTo(client.getCommand() ?? ""),
  });
  const worker = scene.worker("a");
  const peer = scene.person();
  for (let zone = 0; zone < 30; zone++) {
    peer.write(`zone-${zone}\r\n`);
    await scene.until(() => worker.log.length >= 3 + 2 * zone);
  }
  assertEquals(scene.gateway.stats().zones.map(({ zone }) => zone), ["main"]);
  await scene.close();
});

Deno.test("listen() options of the gateway are misuse at a worker", async () => {
  const scene = await Scene.open();
  const zone = await joinZone(scene.bus, "other", { timer: scene.timer });
  const { transport } = zone;
  for (const option of [{ port: 7777 }, { address: "::" }, { webSocket: true }] as const) {
    await assertRejects(
      () => TelnetServer.listen({ transport, ...option }),
      Error,
      "give it to the gateway",
    );
  }
  await scene.settle(zone.leave());
  await assertRejects(() => TelnetServer.listen({ transport }), Error, "no longer serves it");
  await scene.close();
});

Deno.test("a worker whose zone is taken before it listens has a server without clients, and its loop ends", async () => {
  const scene = await Scene.open();
  const first = await joinZone(scene.bus, "other", { timer: scene.timer });
  let second: Zone | undefined;
  const joining = joinZone(scene.bus, "other", { timer: scene.timer, takeOver: true });
  void joining.then((zone) => second = zone);
  await scene.until(() => second !== undefined && !first.owned);
  const server = await TelnetServer.listen({ transport: first.transport });
  while (first.owned) await server.poll();
  assertEquals(server.clientList(), []);
  await server.stop();
  await scene.settle(second?.leave());
  await scene.close();
});

Deno.test("null is a valid state; output of onTurnEnd is sent with its turn", async () => {
  const scene = await Scene.open();
  let wrote = false;
  scene.worker("a", {}, {
    onConnect: (client) => void (client.state = null),
    onTurnEnd: ([client]) => {
      if (!wrote) client?.send("written at the end\n");
      wrote = true;
    },
  });
  const peer = scene.person();
  let text = "";
  await scene.until(() => (text += peer.takeText()) !== "");
  assertEquals(text, "written at the end\r\n");
  const second = scene.worker("b", { takeOver: true }, { onConnect: () => {} });
  await scene.until(() => second.log.length === 1);
  assertEquals(second.server?.clientList()[0]?.state, null);
  await scene.close();
});

Deno.test("a line and its answer take a few messages, and none follow", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const worker = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => worker.log.length === 1);
  for (let steps = 0; steps < 30; steps++) await scene.step(1);
  const sizes: number[] = [];
  const { publish } = scene.bus;
  scene.bus.publish = (subject, payload, onNobody) => {
    if (subject.startsWith("g.")) sizes.push(payload.length);
    publish.call(scene.bus, subject, payload, onNobody);
  };
  peer.write("look\r\n");
  let text = "";
  await scene.until(() => (text += peer.takeText()).includes("1/1 look"));
  for (let steps = 0; steps < 200; steps++) await scene.step(1);
  // One turn; the others are acknowledgements without data.
  assertEquals(sizes.filter((size) => size > 30).length, 1, sizes.join(" "));
  await scene.close();
});

/** A gateway and a worker on one bus, and the errors that they report. */
async function startBoth() {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const bus = new MemoryBus();
  const transport = new MemoryTransport();
  const gateway = await Gateway.listen({ bus, zone: "main", transport, onError });
  return { bus, errors, gateway, zone: await joinZone(bus, "main", { onError }) };
}

Deno.test("a bus that closes for good ends the worker; gateway and worker report it", async () => {
  const { bus, errors, gateway, zone } = await startBoth();
  const waiting = joinZone(bus, "main");
  assertEquals(zone.owned, true);
  bus.close();
  assertEquals((await assertRejects(() => waiting, TelnetError)).code, "connection-lost");
  assertEquals(zone.owned, false);
  assertMatch(String(zone.signal.reason), /"main" was cut off: the bus is closed/);
  const codes = errors.map((error) => (error as TelnetError).code);
  assertEquals(codes, ["connection-lost", "connection-lost"]);
  await zone.leave();
  await gateway.stop();
});

Deno.test("a worker that has left its zone, and a stopped gateway, report no error when the bus closes", async () => {
  const { bus, errors, gateway, zone } = await startBoth();
  await zone.leave();
  await gateway.stop();
  bus.close();
  await bus.closed;
  await turn();
  assertEquals(errors, []);
});
