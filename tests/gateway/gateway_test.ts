/** Gateways and workers: zones, restarts, crashes, and what clients notice. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inflateSync } from "node:zlib";
import { TelnetServer } from "../../mod.ts";
import { Gateway, joinZone, MemoryBus } from "../../src/gateway/mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import { decodeMessage } from "../../src/gateway/messages.ts";
import { natsBus } from "../../src/gateway/nats_bus.ts";
import { message, upgradeRequest } from "../websocket/client.ts";
import { frame } from "../websocket/frames.ts";
import { until } from "../patience.ts";
import { answer, Scene } from "./scene.ts";

/** Collects a client's output. */
function watch(peer: MemoryPeer): { readonly text: string } {
  let text = "";
  return {
    get text() {
      text += peer.takeText();
      return text;
    },
  };
}

Deno.test("a client behind a gateway works like any other, and has its real address", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  const peer = scene.transport.connect(scene.gateway.port, { remoteAddress: "203.0.113.9" });
  const seen = watch(peer);
  peer.write("look\r\n");
  await scene.until(() => seen.text.includes("1/1 look"));
  const [client] = worker.server?.clientList() ?? [];
  assertEquals(client?.address, "203.0.113.9");
  assertEquals(client?.connection.identity, `${scene.gateway.identity}/1`);
  assertEquals(client?.returning, undefined);
  assertEquals(scene.gateway.stats().zones[0]?.worker, worker.zone?.worker);
  assertEquals(worker.zone?.gateways, [scene.gateway.identity]);
  await scene.close();
});

Deno.test("a planned restart: the next worker continues with the input, output and state", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\nha");
  await scene.until(() => seen.text.includes("1/1 one"));
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.zone !== undefined);
  assertEquals(first.zone?.owned, false);
  assert(first.zone?.signal.aborted);
  peer.write("lf\r\n");
  await scene.until(() => seen.text.includes("half"));
  assertEquals(seen.text, "1/1 one\r\n2/2 half\r\n");
  assertEquals(second.log, [`+ ${peer.localPort} restart`]);
  assertEquals(first.log, [`+ ${peer.localPort} new`]); // no disconnect
  await scene.close();
});

Deno.test("a worker keeps its zone if the one that asked for it has crashed", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  await scene.until(() => first.zone !== undefined);
  let asked = false;
  scene.bus.subscribe(`w.${first.zone?.worker}`, (payload) => {
    const message = decodeMessage(payload);
    asked ||= "type" in message && message.type === "yield";
  });
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => asked);
  second.process.kill();
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("1/1 one"));
  assertEquals([first.zone?.owned, second.zone], [true, undefined]);
  const third = scene.worker("c", { takeOver: true });
  await scene.until(() => third.zone !== undefined);
  peer.write("two\r\n");
  await scene.until(() => seen.text.includes("2/2 two"));
  await scene.close();
});

Deno.test("a line that a resumed game took without a word is not delivered again", async () => {
  const scene = await Scene.open({
    play: (client, { name, log }) => {
      if (name !== "a") log.push(`${client.lineNumber + 1} ${client.getCommand()}`);
    },
  });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write("one\r\ntwo\r\n");
  for (let step = 0; step < 10; step++) await scene.step();
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.log.includes("2 two"));
  await scene.step();
  second.process.kill();
  const third = scene.worker("c");
  await scene.until(() => third.log.length > 0);
  peer.write("three\r\n");
  await scene.until(() => third.log.includes("3 three"));
  assertEquals(third.log, [`+ ${peer.localPort} restart`, "3 three"]);
  await scene.close();
});

Deno.test("what a game sets for a resumed client without a word is kept for the next worker", async () => {
  const seen: unknown[] = [];
  const scene = await Scene.open({
    server: {
      onConnect: (client) => {
        const state = (client.state ?? { visits: 0 }) as { visits: number };
        seen.push([client.encoding, state.visits]);
        state.visits++;
        client.state = state; // the same object, changed
        if (client.returning) client.encoding = "latin1";
      },
    },
  });
  scene.worker("a");
  scene.person();
  await scene.until(() => seen.length === 1);
  for (const name of ["b", "c"]) {
    const before = seen.length;
    scene.worker(name, { takeOver: true });
    await scene.until(() => seen.length > before);
    for (let step = 0; step < 10; step++) await scene.step();
  }
  assertEquals(seen, [["utf-8", 0], ["utf-8", 1], ["latin1", 2]]);
  await scene.close();
});

Deno.test("a half-close that a resumed game saw is known to the next worker", async () => {
  const scene = await Scene.open({
    play: (client, { name }) => {
      if (name === "c") answer(client);
    },
  });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write("look\r\n");
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.log.length === 1);
  peer.end();
  for (let step = 0; step < 50; step++) await scene.step();
  const third = scene.worker("c", { takeOver: true });
  await scene.until(() => third.log.length === 2);
  assertEquals(third.log, [
    `+ ${peer.localPort} restart`,
    `- ${peer.localPort} client-closed`,
  ]);
  await scene.close();
});

Deno.test("a crashed worker is replaced at once if the bus reports that nobody listens", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  first.process.kill();
  const before = scene.timer.now();
  const second = scene.worker("b");
  await scene.until(() => second.zone !== undefined);
  assert(scene.timer.now() - before < 1_000, `${scene.timer.now() - before} ms`);
  peer.write("two\r\n");
  await scene.until(() => seen.text.includes("2/2 two"));
  await scene.close();
});

Deno.test("a hung worker is replaced when its lease ends, and its output is ignored when it wakes", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  first.process.stop();
  peer.write("two\r\n");
  const before = scene.timer.now();
  const second = scene.worker("b");
  await scene.until(() => second.zone !== undefined);
  const waited = scene.timer.now() - before;
  assert(waited >= 2_900 && waited <= 4_000, `${waited} ms`);
  await scene.until(() => seen.text.includes("2/2 two"));
  first.process.wake(); // it also has the line, and answers it
  const [ghost] = first.server?.clientList() ?? [];
  ghost?.send("from the grave\n");
  await scene.until(() => first.zone?.owned === false);
  peer.write("three\r\n");
  await scene.until(() => seen.text.includes("3/3 three"));
  assertEquals(seen.text.includes("grave"), false);
  assertEquals(seen.text.match(/two/g)?.length, 1);
  await scene.close();
});

Deno.test("two workers that both think they own the zone: only one's output is sent", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a", {}, { onConnect: (client) => client.send("first\n") });
  const peer = scene.person();
  const seen = watch(peer);
  await scene.until(() => seen.text.includes("first"));
  first.process.stop();
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.zone !== undefined && second.log.length > 0);
  // It continues in the middle of its turn, before it learns of the other.
  const [client] = first.server?.clientList() ?? [];
  client?.send("late\n");
  await first.server?.poll();
  await first.server?.poll();
  first.process.wake();
  peer.write("x\r\n");
  await scene.until(() => seen.text.includes("1/1 x"));
  assertEquals(seen.text, "first\r\n1/1 x\r\n");
  await scene.close();
});

Deno.test("without a worker input is held, and the client gets one message, between complete outputs", async () => {
  const scene = await Scene.open();
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text !== "");
  assertEquals(seen.text, "\r\n[One moment.]\r\n");
  for (let steps = 0; steps < 100; steps++) await scene.step();
  assertEquals(scene.gateway.stats().waiting, 1);
  const worker = scene.worker("a");
  await scene.until(() => seen.text.includes("1/1 one"));
  assertEquals(seen.text, "\r\n[One moment.]\r\n1/1 one\r\n");
  assertEquals(scene.gateway.stats().waiting, 0);
  worker.process.kill();
  peer.write("two\r\n");
  await scene.until(() => seen.text.endsWith("[One moment.]\r\n"), 500);
  await scene.close();
});

Deno.test("a worker with another state version refuses the zone, and the old worker continues", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a", { version: "7" });
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  const second = scene.worker("b", { takeOver: true, version: "8" });
  await scene.until(() => second.refused !== undefined);
  assertEquals((second.refused as { code?: string }).code, "unsupported");
  assert(String(second.refused).includes('"7"'));
  assertEquals(first.zone?.owned, true);
  const third = scene.worker("c", { takeOver: true, version: "8", accepts: ["7"] });
  peer.write("two\r\n");
  await scene.until(() => seen.text.includes("2/2 two") && third.zone !== undefined);
  await scene.close();
});

Deno.test("the bus is gone for a while: no client is dropped, and all input arrives", async () => {
  const scene = await Scene.open({ gateway: { messages: { waiting: "" } } });
  const worker = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  scene.bus.connected = false;
  peer.write("two\r\n");
  for (let steps = 0; steps < 1_000; steps++) await scene.step(); // 20 s, many times the lease
  assertEquals([worker.zone?.owned, seen.text], [true, "1/1 one\r\n"]);
  scene.bus.connected = true;
  await scene.until(() => seen.text.includes("2/2 two"));
  assertEquals(worker.log, [`+ ${peer.localPort} new`]);
  assertEquals(worker.zone?.owned, true);
  await scene.close();
});

Deno.test("a gateway that crashes loses its clients, and the worker sees them disconnect", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  scene.gatewayProcess.kill();
  await scene.until(() => worker.log.length === 2);
  assertEquals(worker.log[1], `- ${peer.localPort} connection-lost`);
  await scene.startGateway();
  const again = scene.person();
  const seenAgain = watch(again);
  again.write("hello\r\n");
  await scene.until(() => seenAgain.text.includes("1/1 hello"));
  await scene.close();
});

Deno.test("a gateway restarted under its name makes the worker drop the old clients at once", async () => {
  const scene = await Scene.open({ gateway: { name: "door-1" } });
  const worker = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  scene.gatewayProcess.kill();
  const before = scene.timer.now();
  await scene.startGateway();
  await scene.until(() => worker.log.length === 2);
  assert(scene.timer.now() - before < 1_000, `${scene.timer.now() - before} ms`);
  await scene.close();
});

Deno.test("a gateway that hung too long starts a new link when it wakes, and its clients continue", async () => {
  const scene = await Scene.open({ gateway: { messages: { waiting: "" } } });
  const worker = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  scene.gatewayProcess.stop();
  await scene.until(() => worker.log.length === 2); // the worker has dropped it
  scene.gatewayProcess.wake();
  peer.write("two\r\n");
  await scene.until(() => seen.text.includes("2/2 two"));
  assertEquals(worker.log.slice(2), [`+ ${peer.localPort} restart`]);
  await scene.close();
});

Deno.test('moveTo: the other zone gets the client with its state, and the old zone sees "moved"', async () => {
  const scene = await Scene.open({
    play: (client) => {
      const line = client.getCommand() ?? "";
      client.state = { seen: [...(client.state as { seen?: string[] })?.seen ?? [], line] };
      if (line.startsWith("go ")) client.moveTo(line.slice(3));
      client.send(`${line}: ${JSON.stringify(client.state)}\n`);
    },
  });
  const main = scene.worker("main");
  const desert = scene.worker("desert", { zone: "desert" });
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("go desert\r\nhalf");
  await scene.until(() => desert.log.length === 1);
  peer.write(" line\r\n");
  await scene.until(() => seen.text.includes("half line"));
  assertEquals(seen.text.split("\r\n").at(-2), 'half line: {"seen":["go desert","half line"]}');
  assertEquals(desert.log, [`+ ${peer.localPort} move`]);
  await scene.until(() => main.log.length === 2);
  assertEquals(main.log, [`+ ${peer.localPort} new`, `- ${peer.localPort} moved`]);
  assertEquals(scene.gateway.stats().zones.map(({ zone, connections }) => [zone, connections]), [
    ["main", 0],
    ["desert", 1],
  ]);
  peer.write("go main\r\n");
  await scene.until(() => main.log.length === 3);
  assertEquals(main.log[2], `+ ${peer.localPort} move`);
  await scene.close();
});

Deno.test('moveTo a zone without a worker: the client comes back with "no-zone"', async () => {
  const scene = await Scene.open({
    play: (client) => {
      if (client.getCommand() === "go") client.moveTo("nowhere");
    },
    gateway: { moveTimeout: 2_000, messages: { waiting: "" } },
  });
  const worker = scene.worker("a");
  const peer = scene.person();
  peer.write("go\r\n");
  await scene.until(() => worker.log.length === 3);
  assertEquals(worker.log.map((line) => line.replace(`${peer.localPort} `, "")), [
    "+ new",
    "- moved",
    "+ no-zone",
  ]);
  await scene.close();
});

Deno.test("moveTo an invalid zone name is misuse", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  scene.person();
  await scene.until(() => worker.log.length === 1);
  const [client] = worker.server?.clientList() ?? [];
  assertThrows(() => client?.moveTo("a b"), Error, "letters, digits");
  await scene.close();
});

Deno.test("the gateway compresses MCCP2: the stream continues over a restart of the worker", async () => {
  const scene = await Scene.open({ server: { telnetOptions: { mccp2: true, mccp3: true } } });
  scene.worker("a");
  const peer = scene.person();
  let plain = new Uint8Array(0);
  const take = () => plain = Uint8Array.from([...plain, ...peer.take()]);
  await scene.until(() => take().includes(86));
  assertEquals(plain.includes(87), false); // MCCP3 is not offered
  peer.write(Uint8Array.of(255, 253, 86)); // DO MCCP2
  peer.write("one\r\n");
  const marker = [255, 250, 86, 255, 240];
  const start = () => indexOf(take(), marker);
  const seen = () => {
    const at = start();
    if (at === -1) return "";
    const rest = plain.subarray(at + marker.length);
    try {
      return new TextDecoder().decode(inflateSync(rest, { finishFlush: 2 }));
    } catch {
      return "";
    }
  };
  await scene.until(() => seen().includes("1/1 one"));
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.log.length === 1);
  const [client] = second.server?.clientList() ?? [];
  assertEquals(client?.connection.compressed, true);
  peer.write("two\r\n");
  await scene.until(() => seen().includes("2/2 two"));
  peer.write(Uint8Array.of(255, 254, 86)); // DONT MCCP2: plain bytes follow
  peer.write("three\r\n");
  await scene.until(() => new TextDecoder().decode(take()).endsWith("3/3 three\r\n"));
  await scene.close();
});

function indexOf(bytes: Uint8Array, part: readonly number[]): number {
  return bytes.findIndex((_, at) => part.every((byte, offset) => bytes[at + offset] === byte));
}

Deno.test("disconnectReason tells a half-close, a drop by the game and a reset apart", async () => {
  const scene = await Scene.open({
    play: (client) => {
      const line = client.getCommand();
      client.send(`${line}\n`);
      if (line === "quit") client.active = false;
    },
  });
  const worker = scene.worker("a");
  const [ends, quits, breaks] = [scene.person(), scene.person(), scene.person()];
  const seen = [watch(ends), watch(quits)];
  ends.write("one\r\ntwo\r\n");
  ends.end();
  quits.write("quit\r\n");
  await scene.until(() => ends.ended && quits.ended);
  assertEquals(seen.map(({ text }) => text), ["one\r\ntwo\r\n", "quit\r\n"]);
  breaks.abort();
  await scene.until(() => worker.log.length === 6);
  const ways = new Map(
    worker.log.slice(3).map((line) => line.split(" ").slice(1) as [string, string]),
  );
  assertEquals(ways.get(`${ends.localPort}`), "client-closed");
  assertEquals(ways.get(`${quits.localPort}`), "deactivated");
  assert(["client-closed", "connection-lost"].includes(ways.get(`${breaks.localPort}`) ?? ""));
  await scene.until(() => scene.gateway.connectionCount() === 0);
  await scene.close();
});

Deno.test("a client of another protocol is answered by the worker, and leaves nothing behind", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  await scene.until(() => worker.server !== undefined);
  const peers = [scene.person(), scene.person()];
  const seen = watch(peers[0] as MemoryPeer);
  for (const peer of peers) peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  peers[1]?.abort();
  await scene.until(() => seen.text.startsWith("HTTP/1.1 400"));
  await scene.until(() => scene.gateway.connectionCount() === 0);
  assertEquals(worker.log.filter((line) => line.includes(`${peers[0]?.localPort}`)), []);
  await scene.close();
});

Deno.test("the next worker gets the input and the disconnect of a client that left while there was none", async () => {
  const scene = await Scene.open();
  const first = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  peer.write("one\r\n");
  await scene.until(() => seen.text.includes("one"));
  first.process.kill();
  peer.write("two\r\n");
  peer.end();
  for (let steps = 0; steps < 10; steps++) await scene.step();
  const second = scene.worker("b");
  await scene.until(() => second.log.length === 2);
  assert(seen.text.endsWith("2/2 two\r\n"), seen.text);
  assertEquals(second.log[1], `- ${peer.localPort} client-closed`);
  await scene.until(() => scene.gateway.connectionCount() === 0);
  await scene.close();
});

Deno.test("held input is bounded by the link's window; a slow reader shows in queuedOutput and is dropped", async () => {
  const scene = await Scene.open({
    capacity: 10_000,
    server: { limits: { outputBytes: 50_000, closeTimeout: 100 } },
    gateway: { messages: { waiting: "" } },
  });
  const early = scene.person();
  for (let chunk = 0; chunk < 100; chunk++) early.write(new Uint8Array(10_000).fill(120));
  await scene.until(() => early.queued > 0 && scene.gateway.stats().heldInput >= 65_536);
  assert(scene.gateway.stats().heldInput <= 65_536 + 10_000);
  const sent = scene.bus.published;
  early.abort();
  const worker = scene.worker("a");
  const slow = scene.person();
  await scene.until(() => worker.server?.connectionCount() === 1);
  const [client] = worker.server?.clientList() ?? [];
  client?.send("x".repeat(40_000));
  await scene.until(() => (client?.connection.queuedOutput ?? 0) === 30_000);
  assertEquals(scene.gateway.stats().queuedOutput, 30_000);
  slow.take();
  await scene.until(() => (client?.connection.queuedOutput ?? 0) === 20_000);
  for (let times = 0; times < 4; times++) {
    client?.send("x".repeat(40_000));
    await scene.step();
  }
  await scene.until(() => client?.active === false);
  assertEquals(client?.disconnectReason, "too-slow");
  assert(scene.bus.published - sent < 1_000);
  await scene.until(() => scene.gateway.connectionCount() === 0);
  await scene.close();
});

Deno.test("the editor and password mode survive a restart: the partial line is kept, and stays hidden", async () => {
  const scene = await Scene.open({
    server: {
      onConnect: (client) => {
        if (client.returning !== undefined) return;
        client.useEditor();
        client.prompt("> ");
      },
    },
  });
  scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  await scene.until(() => seen.text.includes("> "));
  peer.write(Uint8Array.of(255, 253, 1, 255, 253, 3)); // DO ECHO, DO SGA
  peer.write("helo\x1b[D");
  await scene.until(() => seen.text.includes("helo"));
  const second = scene.worker("b", { takeOver: true });
  await scene.until(() => second.log.length === 1);
  peer.write("l\r\n");
  await scene.until(() => seen.text.includes("1/1 hello"));
  const third = scene.worker("c", { takeOver: true });
  await scene.until(() => third.log.length === 1);
  peer.write("\x1b[A!\r\n"); // the previous line, from the history
  await scene.until(() => seen.text.includes("2/2 hello!"));
  await scene.close();
});

Deno.test("a hundred restarts leave nothing behind: no extra clients, links or held input", async () => {
  const scene = await Scene.open();
  scene.worker("0");
  const peer = scene.person();
  const seen = watch(peer);
  let published = 0;
  for (let round = 1; round <= 100; round++) {
    const next = scene.worker(`${round}`, { takeOver: true });
    peer.write(`line ${round}\r\n`);
    await scene.until(() =>
      seen.text.includes(`${round}/${round} line ${round}`) && next.zone?.owned === true
    );
    const [before] = scene.workers.splice(0, 1);
    await before?.server?.stop();
    published = scene.bus.published;
  }
  const { connections, heldInput, waiting } = scene.gateway.stats();
  assertEquals([connections, heldInput, waiting], [1, 0, 0]);
  for (let steps = 0; steps < 100; steps++) await scene.step(10);
  assert(scene.bus.published - published < 20, "a silent second has a few messages");
  await scene.close();
});

Deno.test("drain: clients get the message and the grace, and the worker sees them disconnect", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  await scene.until(() => worker.log.length === 1);
  let done = false;
  void scene.gateway.drain({ grace: 500 }).then(() => done = true);
  await scene.until(() => seen.text.includes("restarts"));
  peer.write("last words\r\n");
  await scene.until(() => seen.text.includes("1/1 last words"));
  await scene.until(() => done);
  assert(peer.ended);
  await scene.until(() => worker.log.length === 2);
  assertEquals(worker.log[1], `- ${peer.localPort} client-closed`);
  await scene.close();
});

Deno.test("invalid messages on the bus are reported, and have no other effect", async () => {
  const errors: unknown[] = [];
  const scene = await Scene.open({ gateway: { onError: (error) => void errors.push(error) } });
  const worker = scene.worker("a");
  const peer = scene.person();
  const seen = watch(peer);
  await scene.until(() => worker.log.length === 1);
  const subjects = [
    "hello",
    "who",
    "gone",
    `g.${scene.gateway.identity}`,
    `w.${worker.zone?.worker}`,
  ];
  const nonsense = [
    "",
    "{",
    "[]",
    "null",
    '{"wire":1}',
    '{"wire":9}',
    "P",
    "P\x01\x05",
    "C{}",
    "\xff\xff",
  ];
  for (const subject of subjects) {
    for (const text of nonsense) scene.bus.publish(subject, new TextEncoder().encode(text));
  }
  peer.write("still here\r\n");
  await scene.until(() => seen.text.includes("1/1 still here"));
  assert(errors.length > 0);
  await scene.close();
});

Deno.test("setting a state that is not JSON is misuse; a state that becomes such drops its client", async () => {
  const scene = await Scene.open();
  const worker = scene.worker("a");
  scene.person();
  await scene.until(() => worker.log.length === 1);
  const [client] = worker.server?.clientList() ?? [];
  if (client === undefined) throw new Error("There is no client");
  assertThrows(() => client.state = new Map(), Error, "plain objects");
  assertThrows(() => client.state = () => {}, Error, "plain objects");
  const circular: { self?: unknown } = {};
  client.state = circular;
  circular.self = circular;
  await scene.until(() => worker.log.length === 2);
  assertEquals(worker.log[1]?.endsWith("handler-failed"), true);
  assertEquals(worker.errors.length, 1);
  await scene.close();
});

Deno.test("the gateway's misuse errors say what to do", async () => {
  const bus = new MemoryBus();
  await assertRejects(() => Gateway.listen({ zone: "main" } as never), Error, "the bus");
  await assertRejects(
    () => Gateway.listen({ bus, zone: "a b", port: 0 }),
    Error,
    "letters, digits",
  );
  await assertRejects(() => Gateway.listen({ bus, zone: "a", prot: 0 } as never), Error, "port");
  await assertRejects(
    () => Gateway.listen({ bus, zone: "a", tls: true, port: 0 }),
    Error,
    "certificate",
  );
  await assertRejects(() => joinZone(bus, "main", { lease: 10 }), Error, "lease");
  await assertRejects(() => joinZone(bus, "main", { takeover: true } as never), Error, "takeOver");
  await assertRejects(() => joinZone(bus, "ma.in"), Error, "letters, digits");
  assertThrows(() => natsBus({} as never), Error, "transport-node");
  assertThrows(() => new MemoryBus({ loss: 2 }), Error, "0 to 1");
  const nats = { publish() {}, subscribe: () => ({ unsubscribe() {} }) };
  await assertRejects(() => joinZone(natsBus(nats), "main"), Error, "Kvm");
  assertThrows(() => natsBus(nats, { prefix: "a b" }), Error, "words");
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => joinZone(bus, "main", { signal }), Error, "enough");
  const zone = await joinZone(bus, "main");
  const server = await TelnetServer.listen({ transport: zone.transport });
  await assertRejects(
    () => TelnetServer.listen({ transport: zone.transport }),
    Error,
    "one server",
  );
  await zone.leave();
  await server.stop();
});

Deno.test("the gateway handles TLS, WebSocket and the PROXY protocol, and the worker sees their facts", async () => {
  const read = (name: string) => Deno.readTextFileSync(new URL(`../tls/${name}`, import.meta.url));
  const bus = new MemoryBus();
  const gateway = await Gateway.listen({
    bus,
    zone: "main",
    port: 0,
    address: "127.0.0.1",
    tls: "auto",
    certificate: { cert: read("cert.pem"), key: read("key.pem") },
    webSocket: true,
    trustedProxies: ["127.0.0.1"],
  });
  const zone = await joinZone(bus, "main");
  const server = await TelnetServer.listen({
    transport: zone.transport,
    onConnect: ({ address, connection: { encrypted, webSocket } }) => {
      seen.push(`${address} ${encrypted} ${webSocket}`);
    },
    onDisconnect: () => {},
  });
  const seen: string[] = [];
  const serving = server.serve({ signal: zone.signal });
  const { port } = gateway;
  const header = (address: string) =>
    new TextEncoder().encode(`PROXY TCP4 ${address} 127.0.0.1 1000 ${port}\r\n`);
  const open = async (address: string) => {
    const socket = await Deno.connect({ port, hostname: "127.0.0.1" });
    await socket.write(header(address));
    return socket;
  };
  const plain = await open("192.0.2.1");
  await plain.write(new TextEncoder().encode("hi\r\n"));
  await until(() => seen.length === 1, () => new Promise((resolve) => setTimeout(resolve, 5)));
  const secure = await Deno.startTls(await open("192.0.2.2"), {
    hostname: "localhost",
    caCerts: [read("cert.pem")],
  });
  await secure.handshake();
  await secure.write(new TextEncoder().encode("hi\r\n"));
  await until(() => seen.length === 2, () => new Promise((resolve) => setTimeout(resolve, 5)));
  const browser = await open("192.0.2.3");
  const request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  await browser.write(new TextEncoder().encode(request));
  await until(() => seen.length === 3, () => new Promise((resolve) => setTimeout(resolve, 5)));
  assertEquals(seen, ["192.0.2.1 false false", "192.0.2.2 true false", "192.0.2.3 false true"]);
  for (const socket of [plain, secure, browser]) socket.close();
  await zone.leave();
  await serving;
  await gateway.stop();
});

Deno.test("a WebSocket that breaks the protocol: the worker gets the line before, and why it ended", async () => {
  const bus = new MemoryBus();
  const transport = new MemoryTransport();
  const gateway = await Gateway.listen({ bus, zone: "main", transport, webSocket: true });
  const zone = await joinZone(bus, "main");
  const lines: string[] = [];
  const gone: unknown[] = [];
  const server = await TelnetServer.listen({
    transport: zone.transport,
    onConnect: async (client) => {
      for await (const line of client.lines()) lines.push(line);
    },
    onDisconnect: (client) => void gone.push(client.disconnectReason),
  });
  const serving = server.serve({ signal: zone.signal });
  const peer = transport.connect(gateway.port);
  peer.write(upgradeRequest());
  peer.write(message("save\r\n"));
  peer.write(frame(3, "?"));
  await until(() => gone.length === 1, () => new Promise((resolve) => setTimeout(resolve, 5)));
  assertEquals([lines, gone], [["save"], ["connection-lost"]]);
  await zone.leave();
  await serving;
  await gateway.stop();
});
