/** More regressions of the gateway: ends, moves, times, the store of the zones, invalid messages. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TelnetError, TelnetServer } from "../../mod.ts";
import { type Bus, Gateway, joinZone, MemoryBus } from "../../src/gateway/mod.ts";
import { encodeControl, encodeJson, HELLO, workerSubject } from "../../src/gateway/messages.ts";
import { natsBus } from "../../src/gateway/nats_bus.ts";
import { turn } from "../../src/transport/event_loop.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { BusGuard, forEach } from "../../src/gateway/waiting.ts";
import { WireError } from "../../src/gateway/wire.ts";
import { ZoneConnection } from "../../src/gateway/zone_connection.ts";
import { Scene, StepTimer, type Worker } from "./scene.ts";

const QUIET = { messages: { waiting: "" } } as const;

for (const how of ["leaves", "is killed after its commit", "is taken over"] as const) {
  for (const typed of ["quit\r\n", "look\r\nquit\r\n"]) {
    Deno.test(`a client that the game drops as its worker ${how} ends once: ${JSON.stringify(typed)}`, async () => {
      let quit = false;
      const scene = await Scene.open({
        gateway: QUIET,
        play: (client, worker) => {
          const line = client.getCommand();
          if (line !== "quit") return client.send(`<${line}>\n`);
          client.send("Goodbye!\n");
          client.active = false;
          quit = true;
          if (how === "leaves" && worker.name === "a") void worker.zone?.leave();
          if (how === "is killed after its commit" && worker.name === "a") {
            worker.process.messagesLeft = 1;
          }
        },
      });
      const first = scene.worker("a");
      const peer = scene.person();
      await scene.until(() => first.log.length === 1);
      peer.write(typed);
      await scene.until(() => quit);
      const next = scene.worker("b", { takeOver: true });
      await scene.until(() => next.server !== undefined);
      await scene.until(() => peer.ended);
      const text = peer.takeText();
      assertEquals(text.split("Goodbye!").length, 2, text);
      assertEquals(first.errors, []);
      await scene.close();
    });
  }
}

/** A client in "main" that has moved to "desert", whose game says nothing to it. */
async function moved(): Promise<{ scene: Scene; main: Worker; desert: Worker }> {
  const scene = await Scene.open({
    gateway: QUIET,
    play: (client) => {
      if (client.getCommand() === "go") client.moveTo("desert");
    },
  });
  const main = scene.worker("main");
  const desert = scene.worker("desert", { zone: "desert" });
  await scene.until(() => main.server !== undefined && desert.server !== undefined);
  scene.person().write("go\r\n");
  await scene.until(() => desert.log.length === 1);
  for (let steps = 0; steps < 500; steps++) await scene.step();
  return { scene, main, desert };
}

for (const how of ["leaves", "is killed", "hangs"] as const) {
  Deno.test(`a moved client stays in its zone when the worker there ${how}, long after`, async () => {
    const { scene, main, desert } = await moved();
    assertEquals(scene.gateway.stats().waiting, 0);
    if (how === "leaves") void desert.zone?.leave();
    else if (how === "is killed") desert.process.kill();
    else desert.process.stop();
    for (let steps = 0; steps < 135; steps++) await scene.step();
    if (how === "hangs") desert.process.wake();
    const next = how === "hangs"
      ? desert
      : scene.worker("desert2", { zone: "desert", takeOver: true });
    await scene.until(() => next.log.length > 0);
    for (let steps = 0; steps < 50; steps++) await scene.step();
    assertEquals(
      main.log,
      ["+ 50000 new", "- 50000 moved"].map((entry) =>
        entry.replace("50000", main.log[0]?.split(" ")[1] ?? "")
      ),
    );
    if (how !== "hangs") assertEquals(next.log[0]?.split(" ")[2], "restart"); // and not "move" again
    await scene.close();
  });
}

Deno.test("a moved client that no worker has served yet waits, and goes back after moveTimeout", async () => {
  const scene = await Scene.open({
    gateway: { moveTimeout: 3_000, waitingAfter: 1_000 },
    play: (client) => {
      if (client.getCommand() === "go") client.moveTo("nowhere");
    },
  });
  const main = scene.worker("main");
  const peer = scene.person();
  peer.write("go\r\n");
  await scene.until(() => main.log.length === 2);
  await scene.until(() => scene.gateway.stats().waiting === 1);
  await scene.until(() => peer.takeText().includes("[One moment.]"));
  await scene.until(() => main.log.length === 3);
  assertEquals(main.log[2]?.split(" ")[2], "no-zone");
  await scene.step();
  assertEquals(scene.gateway.stats().waiting, 0);
  await scene.close();
});

Deno.test("a short planned restart is not announced, however long the client was silent before", async () => {
  const scene = await Scene.open({ gateway: { waitingAfter: 1_000 } });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  for (let steps = 0; steps < 500; steps++) await scene.step();
  await scene.settle(first.zone?.leave());
  peer.write("look\r\n");
  for (let steps = 0; steps < 25; steps++) await scene.step();
  const next = scene.worker("b", { takeOver: true });
  await scene.until(() => next.log.length === 1);
  for (let steps = 0; steps < 5; steps++) await scene.step();
  assertEquals(peer.takeText(), "1/1 look\r\n");
  await scene.close();
});

Deno.test("a turn that waits for a database is not repeated by a planned restart", async () => {
  const scene = await Scene.open({ gateway: QUIET, play: () => {} });
  const { promise: database, resolve: stored } = Promise.withResolvers<void>();
  const bought: string[] = [];
  let waits = false;
  const loop = async (worker: Worker) => {
    for (const client of worker.server?.clientsWithInput() ?? []) {
      const line = client.getCommand();
      waits = true;
      await database;
      bought.push(`${worker.name} ${line} ${client.lineNumber}`);
      client.send("Bought.\n");
      await worker.server?.poll();
    }
  };
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write("buy sword\r\n");
  await scene.until(() => first.server?.clientsWithInput().length === 1);
  const firstTurn = loop(first);
  await scene.until(() => waits);
  const poll = first.turn;
  first.turn = () => Promise.resolve(); // its loop waits
  const next = scene.worker("b", { takeOver: true });
  for (let steps = 0; steps < 100; steps++) await scene.step(); // two seconds
  assertEquals([first.zone?.owned, next.zone], [true, undefined]);
  stored();
  await firstTurn;
  first.turn = poll;
  await scene.until(() => next.log.length === 1);
  for (let steps = 0; steps < 20; steps++) {
    await scene.step();
    await loop(next);
  }
  assertEquals(bought, ["a buy sword 1"]);
  assertEquals(peer.takeText(), "Bought.\r\n");
  await scene.close();
});

Deno.test("a line that waited in the queue is not repeated either, if its turn waits", async () => {
  const scene = await Scene.open({ gateway: QUIET, play: () => {} });
  const { promise: database, resolve: stored } = Promise.withResolvers<void>();
  const taken: string[] = [];
  const take = (worker: Worker) => {
    const [client] = worker.server?.clientsWithInput() ?? [];
    const line = client?.getCommand();
    if (line !== undefined) taken.push(`${worker.name} ${line}`);
  };
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write("one\r\ntwo\r\n");
  await scene.until(() => first.server?.stats().queuedLines === 2);
  take(first);
  for (let steps = 0; steps < 5; steps++) await scene.step(); // "two" is committed as a waiting line
  take(first);
  const poll = first.turn;
  first.turn = () => database; // its loop waits in this turn
  const next = scene.worker("b", { takeOver: true });
  for (let steps = 0; steps < 20; steps++) {
    scene.timer.advance(20);
    await turn();
  }
  stored();
  first.turn = poll;
  await scene.until(() => next.log.length === 1);
  for (let steps = 0; steps < 20; steps++) {
    await scene.step();
    take(next);
  }
  assertEquals(taken, ["a one", "a two"]);
  await scene.close();
});

Deno.test("a client with an unfinished command delays no planned restart", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write(Uint8Array.of(255, 250, 31, ...new Array(100).fill(1))); // IAC SB NAWS
  for (let steps = 0; steps < 20; steps++) await scene.step();
  const begun = scene.timer.now();
  await scene.settle(first.zone?.leave());
  assert(scene.timer.now() - begun < 500, `${scene.timer.now() - begun}`);
  await scene.close();
});

Deno.test("a worker that never ends its turn is replaced after its turnTimeout", async () => {
  const scene = await Scene.open({ gateway: QUIET, play: () => {} });
  const first = scene.worker("a", { turnTimeout: 1_000 });
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write("look\r\n");
  await scene.until(() => first.server?.clientsWithInput().length === 1);
  first.server?.clientsWithInput()[0]?.getCommand();
  first.turn = () => Promise.resolve();
  const next = scene.worker("b", { takeOver: true });
  const begun = scene.timer.now();
  await scene.until(() => next.log.length === 1);
  assert(scene.timer.now() - begun < 3_000, `${scene.timer.now() - begun}`);
  await scene.close();
});

Deno.test("times go on over restarts: how long a client is connected, and how long it is silent", async () => {
  const clock = { now: () => 0 };
  const scene = await Scene.open({ gateway: QUIET, server: { clock } });
  clock.now = () => scene.timer.now();
  let worker = scene.worker("a");
  const peer = scene.person();
  peer.write("look\r\n");
  await scene.until(() => worker.server?.clientList()[0]?.lineNumber === 1);
  const connected = scene.timer.now();
  for (const name of ["b", "c"]) {
    for (let steps = 0; steps < 500; steps++) await scene.step();
    worker = scene.worker(name, { takeOver: true });
    await scene.until(() => worker.log.length === 1);
  }
  const [client] = worker.server?.clientList() ?? [];
  const seconds = Math.floor((scene.timer.now() - connected) / 1_000);
  assert(Math.abs(Number(client?.idle()) - seconds) <= 1, `${client?.idle()} ${seconds}`);
  assert(Number(client?.duration()) >= seconds, `${client?.duration()} ${seconds}`);
  // What was typed while no worker was there counts.
  worker.process.kill();
  peer.write("look\r\n");
  for (let steps = 0; steps < 200; steps++) await scene.step();
  worker = scene.worker("d", { takeOver: true }, { limits: { idleTimeout: 15_000 } });
  await scene.until(() => worker.server?.clientList()[0]?.lineNumber === 2);
  assert(Number(worker.server?.clientList()[0]?.idle()) <= 1);
  await scene.close();
});

Deno.test("a store of zones that has begun anew stops no gateway: the next worker has a higher epoch", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  let { leases } = scene.bus;
  const errors: unknown[] = [];
  const start = async () => {
    const { timer } = scene;
    const bus: Bus = {
      maxPayload: scene.bus.maxPayload,
      publish: (...given) => scene.bus.publish(...given),
      subscribe: (...given) => scene.bus.subscribe(...given),
      leases,
    };
    const zone = await joinZone(bus, "main", { timer, onError: (error) => errors.push(error) });
    const transport = zone.transport;
    const handlers = { onConnect: () => {}, onDisconnect: () => {} };
    const server = await TelnetServer.listen({ transport, timeout: 0, ...handlers });
    return { zone, server };
  };
  const started = async () => {
    let worker: Awaited<ReturnType<typeof start>> | undefined;
    void start().then((ready) => worker = ready);
    await scene.until(() => worker !== undefined);
    return worker as Awaited<ReturnType<typeof start>>;
  };
  for (let times = 0; times < 5; times++) { // the epoch rises
    const { zone } = await started();
    await scene.settle(zone.leave());
  }
  ({ leases } = new MemoryBus());
  const peer = scene.person();
  const fenced = await started();
  await scene.until(() => !fenced.zone.owned && errors.length === 1);
  assertEquals((errors[0] as TelnetError).code, "connection-lost");
  const { zone, server } = await started();
  peer.write("look\r\n");
  await scene.until(() => {
    void server.poll();
    return server.clientsWithInput().length === 1;
  });
  assertEquals([zone.owned, errors.length], [true, 1]);
  await scene.settle(zone.leave());
  await server.stop();
  await scene.close();
});

Deno.test("a store of zones that cannot be read or written is reported while joinZone() waits", async () => {
  for (const method of ["read", "write"] as const) {
    const { timer, bus } = await Scene.open();
    const errors: unknown[] = [];
    const broken: Bus = {
      maxPayload: bus.maxPayload,
      publish: (...given) => bus.publish(...given),
      subscribe: (...given) => bus.subscribe(...given),
      leases: { ...bus.leases, [method]: () => Promise.reject(new Error("stream not found")) },
    };
    const end = new AbortController();
    const joining = joinZone(broken, "main", {
      timer,
      signal: end.signal,
      onError: (error) => errors.push(error),
    });
    for (let steps = 0; steps < 1_000; steps++) {
      timer.advance(20);
      await turn();
    }
    joining.catch(() => {});
    end.abort(new Error("enough"));
    for (let steps = 0; steps < 10; steps++) {
      timer.advance(200);
      await turn();
    }
    await assertRejects(() => joining, Error, "enough");
    assert(errors.length >= 1 && errors.length <= 3, `${errors.length}`);
    assert(errors.every((error) => /stream not found.*bucket/.test(String(error))), `${errors}`);
  }
});

Deno.test("zones whose workers are gone for good are forgotten, but not their epochs", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  for (let index = 0; index < 8; index++) {
    const worker = scene.worker(`w${index}`, { zone: `zone${index}` });
    await scene.until(() => worker.server !== undefined);
    await scene.until(() =>
      scene.gateway.stats().zones.some(({ worker: name }) => name === worker.zone?.worker)
    );
    worker.process.kill();
  }
  assertEquals(scene.gateway.stats().zones.length, 8);
  for (let steps = 0; steps < 3_200; steps++) await scene.step();
  assertEquals(scene.gateway.stats().zones.length, 0);
  const before = scene.bus.published;
  for (let steps = 0; steps < 50; steps++) await scene.step();
  assert(scene.bus.published - before < 10, `${scene.bus.published - before}`);
  await scene.close();
});

Deno.test("a forgotten zone keeps its epoch although a client looks for it", async () => {
  const scene = await Scene.open({
    gateway: { ...QUIET, moveTimeout: 1_000 },
    play: (client) => {
      if (client.getCommand() === "go") client.moveTo("desert");
    },
  });
  const main = scene.worker("main");
  const hello = (worker: string, epoch: number) => {
    const message = { worker, zone: "desert", epoch, version: "1", left: false };
    scene.bus.publish(HELLO, encodeJson(message));
  };
  const desert = () => scene.gateway.stats().zones.find(({ zone }) => zone === "desert");
  for (const worker of ["w9", "w4"]) scene.bus.subscribe(workerSubject(worker), () => {});
  hello("w9", 9);
  await scene.until(() => desert()?.worker === "w9");
  await scene.until(() => desert() === undefined, 5_000);
  const peer = scene.person();
  peer.write("go\r\n");
  await scene.until(() => main.log.length === 3); // new, moved, and back
  await scene.until(() => desert() === undefined, 5_000);
  hello("w4", 4); // an older worker wakes
  await scene.step();
  assertEquals(desert()?.worker, undefined);
  await scene.close();
});

Deno.test("invalid numbers and records on the bus neither stop a gateway or worker, nor deafen it", async () => {
  const errors: unknown[] = [];
  const scene = await Scene.open({ gateway: { ...QUIET, onError: (error) => errors.push(error) } });
  const worker = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => worker.log.length === 1);
  const name = worker.zone?.worker ?? "";
  const text = new TextEncoder();
  const hello = { worker: "evil", zone: "main", version: "1", left: false };
  const json = new TextDecoder().decode(encodeJson({ ...hello, epoch: 7 }));
  for (const epoch of ["1e999", "-1", "2.5", "1e300", '"9"', "null"]) {
    scene.bus.publish(HELLO, text.encode(json.replace('"epoch":7', `"epoch":${epoch}`)));
    await scene.step();
  }
  const fenced = { type: "fenced", zone: "main", epoch: "9e9" } as never;
  scene.bus.publish(workerSubject(name), encodeControl(fenced));
  peer.write("look\r\n");
  let seen = "";
  await scene.until(() => (seen += peer.takeText()).includes("look"));
  assertEquals([worker.zone?.owned, errors.length > 0], [true, true]);
  await scene.close();
});

Deno.test("whatever a handler of bus messages throws is reported, and each record is handled", () => {
  const errors: unknown[] = [];
  const guard = new BusGuard(new StepTimer(), (error) => errors.push(error));
  const handled: number[] = [];
  const take = guard.guard((payload) =>
    forEach([...payload], (byte) => {
      handled.push(byte);
      if (byte === 1) throw new TypeError("a fault of our own");
    })
  );
  take(Uint8Array.of(0, 1, 2));
  assertEquals([handled, errors.length], [[0, 1, 2], 1]);
  const open = {
    type: "open",
    handle: 1,
    number: 1,
    address: "",
    port: 1,
    acked: 0,
    connectedFor: 0,
  } as const;
  const flags = { encrypted: false, framed: false, compressing: false, inputWaits: false };
  const parts = new Map([["text", "{"]]);
  assertThrows(
    () => new ZoneConnection({ ...open, ...flags, reason: "restart", parts }, "door", {} as never),
    WireError,
  );
});

Deno.test("misuse of a gateway, a zone and a bus throws at once, and says what to do", async () => {
  const bus = new MemoryBus();
  const wrong: [() => unknown, RegExp][] = [
    [() => joinZone(bus, "main", { takeOver: "yes" as never }), /takeOver: expected true or false/],
    [() => joinZone(bus, "main", { accepts: [5 as never] }), /accepts: expected text, got 5/],
    [() => joinZone(bus, "main", { turnTimeout: -1 }), /turnTimeout: expected a whole number/],
    [() => joinZone(bus, "main", { timer: {} as never }), /timer\.now: expected a function/],
    [
      () => joinZone(bus, "main", { signal: new AbortController() as never }),
      /expected an AbortSignal/,
    ],
    [
      () => joinZone({ publish() {}, leases: bus.leases } as never, "main"),
      /expected a Bus|a Bus, such as/,
    ],
    [() => new MemoryBus({ loss: "0.5" as never }), /a number from 0 to 1/],
    [
      () => natsBus({ publish() {}, subscribe() {} } as never, { prefix: 5 as never }),
      /words of letters/,
    ],
    [
      () => natsBus({ publish() {}, subscribe() {} } as never, { kv: { update() {} } as never }),
      /kv\.get: expected a function/,
    ],
    [() => Gateway.listen({ bus, zone: "main", codec: {} as never }), /codec\.deflate/],
    [() => Gateway.listen({ bus, zone: "main", timer: {} as never }), /timer\.now/],
  ];
  for (const [call, message] of wrong) {
    const failed = async () => await call();
    const error = await assertRejects(failed, TelnetError);
    assertEquals([error.code, message.test(error.message)], ["misuse", true], error.message);
  }
  const closed = {
    isClosed: () => true,
    publish() {},
    subscribe(): never {
      throw new Error("closed");
    },
  };
  const transport = new MemoryTransport();
  const options = { bus: natsBus(closed), zone: "main", transport };
  assertEquals(
    (await assertRejects(() => Gateway.listen(options), TelnetError)).code,
    "connection-lost",
  );
});

Deno.test("two games on one bucket have zones of their own, by their prefixes", async () => {
  const entries = new Map<string, string>();
  const kv = {
    get: () => Promise.resolve(null),
    create: (key: string) => Promise.resolve(entries.set(key, "").size),
    update: () => Promise.resolve(1),
  };
  const nats = { publish() {}, subscribe: () => ({ unsubscribe() {} }) };
  for (const prefix of ["alpha", "beta"]) {
    await natsBus(nats, { prefix, kv }).leases.write("main", new Uint8Array(0), undefined);
  }
  assertEquals([...entries.keys()], ["alpha.main", "beta.main"]);
  assertThrows(() => natsBus(nats, { prefix: "a b" }), TelnetError);
});
