/** Moments in which two things meet: a reset and a move, a person and a worker that is away. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type TelnetClient, TelnetError } from "../../mod.ts";
import { DO, IAC, IP, SB, SE } from "../../src/protocol/mod.ts";
import { joinBytes } from "../../src/protocol/bytes.ts";
import { ECHO, GMCP, MSDP, SGA, ZMP } from "../../src/options/mod.ts";
import {
  type CommitRecord,
  encodeGatewayRecord,
  type OpenRecord,
} from "../../src/gateway/records.ts";
import { WireWriter } from "../../src/gateway/wire.ts";
import { ZoneConnection } from "../../src/gateway/zone_connection.ts";
import { Scene, type Worker } from "./scene.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const QUIET = { messages: { waiting: "" } };

async function steps(scene: Scene, count: number): Promise<void> {
  for (let left = count; left > 0; left--) await scene.step();
}

/** Moves to the zone that a line `go` names, and answers each line. */
function walk(client: TelnetClient, worker: Worker): void {
  const line = client.getCommand() ?? "";
  for (const [, zone = ""] of line.matchAll(/go (\w+)/g)) client.moveTo(zone);
  client.send(`<${worker.name} ${line}>\n`);
}

Deno.test("who connects while a worker is cut off from the bus is welcomed when it is back", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const worker = scene.worker("a", {}, { onConnect: (client) => client.send("Welcome!\n") });
  const old = scene.person();
  await scene.until(() => worker.log.length === 1);
  worker.process.cutOff(true);
  await steps(scene, 60);
  const fresh = scene.person();
  await steps(scene, 20);
  worker.process.cutOff(false);
  let text = "";
  await scene.until(() => (text += fresh.takeText()) !== "");
  assertEquals(text, "Welcome!\r\n");
  assertEquals([worker.zone?.owned, worker.log.length], [true, 2]);
  old.write("look\r\n");
  await scene.until(() => old.takeText().includes("1/1 look"));
  await scene.close();
});

Deno.test("a connection that ends while it moves, at any moment, ends in its new zone and is forgotten", async () => {
  for (const text of ["go desert\r\n", "say 1\r\ngo desert\r\nsay 2\r\n"]) {
    for (const end of ["end", "abort"] as const) {
      for (let gap = 0; gap < 4; gap++) {
        const scene = await Scene.open({ gateway: { ...QUIET, moveTimeout: 400 }, play: walk });
        const main = scene.worker("main");
        const desert = scene.worker("desert", { zone: "desert" });
        const peer = scene.person();
        await scene.until(() => main.log.length === 1 && desert.server !== undefined);
        peer.write(text);
        await steps(scene, gap);
        peer[end]();
        await scene.until(() => scene.gateway.connectionCount() === 0);
        await steps(scene, 10);
        const left = [...main.log, ...desert.log].filter((entry) =>
          entry.startsWith("-") && !entry.endsWith("moved")
        );
        assertEquals(
          left.length,
          1,
          `${JSON.stringify(text)} ${end} ${gap}: ${main.log} ${desert.log}`,
        );
        await scene.close();
      }
    }
  }
});

Deno.test("what a game sets in client.state is kept while a command of the client is unfinished", async () => {
  for (const unfinished of [0, 60, 100, 5_000]) {
    const scene = await Scene.open({ gateway: QUIET });
    const first = scene.worker("a");
    const peer = scene.person();
    await scene.until(() => first.log.length === 1);
    peer.write(Uint8Array.of(IAC, SB, 201, ...new Uint8Array(unfinished).fill(97)));
    await steps(scene, 10);
    const state: Record<string, number> = { gold: 100 };
    for (const client of first.server?.clientList() ?? []) client.state = state;
    await steps(scene, 5);
    state.gold = 200; // the same object, changed and set again
    for (const client of first.server?.clientList() ?? []) client.state = state;
    await steps(scene, 5);
    const second = scene.worker("b", { takeOver: true });
    await scene.until(() => second.log.length === 1);
    assertEquals(second.server?.clientList()[0]?.state, { gold: 200 });
    await scene.close();
  }
});

Deno.test("a state that the game removes does not come back", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  const [client] = first.server?.clientList() ?? [];
  assert(client !== undefined);
  client.state = { gold: 1 };
  await steps(scene, 5);
  client.state = undefined;
  await steps(scene, 5);
  first.process.kill();
  const second = scene.worker("b");
  await scene.until(() => second.log.length === 1);
  assertEquals(second.server?.clientList()[0]?.state, undefined);
  peer.abort();
  await scene.close();
});

Deno.test("a line that the game took beside an unfinished command is not delivered again", async () => {
  const heard: string[] = [];
  const scene = await Scene.open({
    gateway: QUIET,
    play: (client, worker) => heard.push(`${worker.name} ${client.getCommand()}`), // no answer
  });
  const first = scene.worker("a");
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  peer.write(joinBytes([utf8("hello\r\n"), Uint8Array.of(IAC, SB, 201), new Uint8Array(100)]));
  await scene.until(() => heard.length === 1);
  await steps(scene, 10);
  first.process.kill();
  const second = scene.worker("b");
  await scene.until(() => second.log.length === 1);
  await steps(scene, 20);
  assertEquals(heard, ["a hello"]);
  await scene.close();
});

Deno.test("an event that the game got beside an unfinished command is not delivered again", async () => {
  const request = [IAC, SB, GMCP, ...utf8("Shop.Buy"), IAC, SE];
  const variable = [IAC, SB, MSDP, 1, ...utf8("HP"), 2, ...utf8("10"), IAC, SE];
  const call = [IAC, SB, ZMP, ...utf8("shop.buy"), 0, IAC, SE];
  const inputs: readonly (readonly number[])[] = [
    request,
    variable,
    call,
    [97], // a key
    [IAC, IP],
    [9], // asks for completions
  ];
  for (const input of inputs) {
    const heard: string[] = [];
    const note = (name: string) => void heard.push(name);
    const scene = await Scene.open({
      gateway: QUIET,
      server: {
        telnetOptions: {
          gmcp: true,
          msdp: { variables: { HP: { value: () => 1, configurable: true } } },
          zmp: true,
        },
        onConnect: (client) => {
          if (input[0] === 9) client.useEditor({ complete: () => (note("complete"), []) });
          else if (input.length === 1) client.enterCharacterMode();
        },
        onGmcp: () => note("gmcp"),
        onMsdp: () => note("msdp"),
        onZmp: () => note("zmp"),
        onKey: () => note("key"),
        onTelnetCommand: () => note("command"),
      },
    });
    const first = scene.worker("a");
    const peer = scene.person();
    await scene.until(() => first.server?.clientList().length === 1);
    peer.write(Uint8Array.from([GMCP, MSDP, ZMP, ECHO, SGA].flatMap((code) => [IAC, DO, code])));
    await steps(scene, 10);
    peer.write(Uint8Array.of(...input, IAC, SB, GMCP, ...new Uint8Array(100)));
    await scene.until(() => heard.length >= 1);
    await steps(scene, 10);
    const before = [...heard];
    first.process.kill();
    const second = scene.worker("b");
    await scene.until(() => second.server?.clientList().length === 1);
    await steps(scene, 20);
    assertEquals(heard, before, String(input));
    peer.abort();
    await scene.close();
  }
});

Deno.test("a subnegotiation may be longer than the window of a gateway, if the limit allows it", async () => {
  // Each 0xFF takes two bytes of the window.
  for (
    const [size, letter] of [[60_000, 120], [70_000, 120], [150_000, 120], [50_000, 255]] as const
  ) {
    const got: number[] = [];
    const scene = await Scene.open({
      gateway: QUIET,
      capacity: 1_000_000,
      server: {
        limits: { subnegotiation: 200_000, byteRate: Infinity, workRate: Infinity },
        telnetOptions: { gmcp: true },
        onGmcp: (_, { value }) => void got.push(String(value).length),
      },
    });
    const worker = scene.worker("a");
    const peer = scene.person();
    await scene.until(() => worker.log.length === 1);
    peer.write(Uint8Array.of(IAC, DO, GMCP));
    await steps(scene, 5);
    const value = letter === 255 ? [255, 255] : [letter];
    const data = new Uint8Array(size * value.length).map((_, at) => value[at % value.length] ?? 0);
    const payload = joinBytes([utf8('Ide.Upload "'), data, utf8('"')]);
    const all = joinBytes([Uint8Array.of(IAC, SB, GMCP), payload, Uint8Array.of(IAC, SE)]);
    for (let at = 0; at < all.length; at += 16_384) {
      peer.write(all.subarray(at, at + 16_384));
      await scene.step();
    }
    peer.write("look\r\n");
    let text = "";
    await scene.until(() => (text += peer.takeText()).includes("look"));
    assertEquals(got, [size]);
    await scene.close();
  }
});

Deno.test("a standby waits as long as the lease of the worker that holds the zone", async () => {
  const scene = await Scene.open({ gateway: QUIET });
  const first = scene.worker("first", { lease: 15_000 });
  const peer = scene.person();
  await scene.until(() => first.log.length === 1);
  const standby = scene.worker("standby");
  await steps(scene, 2_000);
  assert(first.zone?.owned);
  assertEquals(standby.server, undefined);
  first.process.kill();
  await scene.until(() => standby.log.length === 1);
  peer.abort();
  await scene.close();
});

Deno.test("moveTo() of the client's own zone cancels a move of the same turn", async () => {
  const scene = await Scene.open({ gateway: QUIET, play: walk });
  const main = scene.worker("main");
  const desert = scene.worker("desert", { zone: "desert" });
  const peer = scene.person();
  await scene.until(() => main.log.length === 1 && desert.server !== undefined);
  peer.write("go desert go main\r\n");
  await steps(scene, 10);
  assertEquals([main.log, desert.log], [["+ " + peer.localPort + " new"], []]);
  await scene.close();
});

const OPEN: OpenRecord = {
  type: "open",
  handle: 1,
  number: 1,
  address: "192.0.2.1",
  port: 4000,
  encrypted: false,
  framed: false,
  compressing: false,
  acked: 0,
  reason: undefined,
  connectedFor: 0,
  inputWaits: false,
  parts: new Map(),
};

/** A client's connection at a worker whose link has `room()`; commits are added to a list. */
function connectionOf(commits: CommitRecord[], room: () => boolean = () => true): ZoneConnection {
  return new ZoneConnection(OPEN, "gateway", {
    name: "main",
    stalled: false,
    ready: room,
    commit: (_, commit) => void commits.push(commit),
  });
}

Deno.test("parts that changed while the link was full are committed when there is room", () => {
  let room = false;
  const commits: CommitRecord[] = [];
  const connection = connectionOf(commits, () => room);
  connection.commit({ telnet: "new", input: "a", gone: "soon" }, 0);
  connection.commit({ input: "ab", gone: undefined }, 0);
  room = true;
  connection.commit({ input: "abc" }, 0);
  assertEquals(commits.map(({ changes }) => Object.fromEntries(changes)), [
    // `gone` has never been there
    { telnet: { head: 0, tail: 0, text: '"new"' }, input: { head: 0, tail: 0, text: '"abc"' } },
  ]);
});

Deno.test("a state is limited as a whole, however little of it a turn changes", () => {
  const commits: CommitRecord[] = [];
  const connection = connectionOf(commits);
  const million = "日".repeat(1_000_000);
  for (let count = 1; count < 10; count++) connection.commit({ state: million.repeat(count) }, 0);
  assertEquals(commits.length, 9);
  assertThrows(() => connection.commit({ state: million.repeat(10) }, 0), TelnetError, "10000000");
  // A gateway can send the largest state to the next worker.
  const parts = new Map([["state", JSON.stringify(million.repeat(9))]]);
  const { length } = encodeGatewayRecord({ ...OPEN, parts }, new WireWriter());
  assert(length < 33_554_432, String(length));
  connection.commit({ state: "small" }, 0);
  assertEquals(commits.length, 10);
});

Deno.test("what a worker holds for a client that it does not read is counted, and small", () => {
  const connection = connectionOf([]);
  let [read, chunks, ends] = [0, 0, 0];
  connection.attach({
    onData: (bytes) => {
      chunks++;
      for (const byte of bytes) assertEquals(byte, read++ % 256);
    },
    onEnd: () => ends++,
    onDrain: () => {},
    onClose: () => {},
  });
  connection.pause();
  const count = 60_000;
  for (let at = 0; at < count; at++) connection.receive(Uint8Array.of(at % 256));
  connection.receiveEnd();
  assertEquals([read, ends], [0, 0]);
  assert(connection.held >= count && connection.held < 1.5 * count, String(connection.held));
  connection.resume();
  assertEquals([read, ends, connection.held], [count, 1, 0]);
  assert(chunks < count / 100, String(chunks));
});

Deno.test("with little memory allowed, a worker reads on when the game takes lines again", async () => {
  for (const memory of [65_536, 98_304]) {
    let [taken, taking] = [0, false];
    const scene = await Scene.open({
      gateway: QUIET,
      server: {
        limits: {
          memory,
          inputBytes: 1_024,
          queuedLines: 4,
          lineRate: Infinity,
          byteRate: Infinity,
          workRate: Infinity,
        },
      },
      play: (client) => {
        if (taking && client.getCommand() !== undefined) taken++;
      },
    });
    const worker = scene.worker("a");
    const peer = scene.person();
    await scene.until(() => worker.log.length === 1);
    const count = 240;
    for (let line = 0; line < count; line++) {
      peer.write(`${"x".repeat(518)}\r\n`);
      await scene.step();
    }
    taking = true;
    await scene.until(() => taken === count);
    assertEquals(worker.log.length, 1);
    peer.abort();
    await scene.close();
  }
});
