/** What is kept of a client's messages must not keep the whole messages in memory. */
import { assert } from "@std/assert";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { TelnetServer } from "../../mod.ts";
import { DO, IAC, SB, SE, WILL } from "../../src/protocol/mod.ts";
import { ECHO, encodeEnvironIs, GMCP, NEW_ENVIRON, SGA } from "../../src/options/mod.ts";
import { connectOver } from "../../src/connect/mod.ts";
import { BaseConnection } from "../../src/transport/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const frame = (option: number, payload: Uint8Array) =>
  Uint8Array.of(IAC, SB, option, ...payload, IAC, SE);
const LONG = "x".repeat(7_500);

/** Messages that are long, and of which a server keeps a little. */
const MESSAGES: Readonly<Record<string, (number: number) => Uint8Array>> = {
  "environment variables": (number) => {
    const value = `${"é".repeat(100)}日${LONG}`;
    return frame(NEW_ENVIRON, encodeEnvironIs([{ name: `V${number % 64}`, value, user: true }]));
  },
  "the name and version of GMCP": () =>
    frame(GMCP, utf8(`Core.Hello {"client":"a ${LONG}","version":"b ${LONG}"}`)),
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

for (const [name, message] of Object.entries(MESSAGES)) {
  Deno.test(`a server keeps little memory for ${name}`, async () => {
    const transport = new MemoryTransport();
    const server = await TelnetServer.listen({
      transport,
      timeout: 0,
      onConnect: () => {},
      onDisconnect: () => {},
      telnetOptions: { gmcp: true, newEnviron: true },
      limits: { byteRate: Infinity, negotiationRate: Infinity, workRate: Infinity },
    });
    const count = name.startsWith("the ") ? 1 : 64;
    const peers = Array.from(
      { length: count === 1 ? 40 : 12 },
      () => transport.connect(server.port),
    );
    for (const peer of peers) {
      peer.write(Uint8Array.of(IAC, DO, GMCP, IAC, WILL, NEW_ENVIRON));
    }
    /** Polls until all input is read, and returns the used memory. */
    const settle = async () => {
      for (let left = 20; left > 0; left--) await server.poll();
      for (const peer of peers) peer.take();
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await settle();
    for (let number = 0; number < count; number++) {
      for (const peer of peers) peer.write(message(number));
      for (let left = 20; left > 0; left--) await server.poll();
    }
    const used = (await settle() - before) / peers.length;
    const most = count === 1 ? 10_000 : 150_000;
    assert(used < most, `${Math.round(used)} bytes for each client`);
    await server.stop();
  });
}

Deno.test("the rows of a text in an editor are counted", async () => {
  const transport = new MemoryTransport();
  const server = await TelnetServer.listen({
    transport,
    timeout: 0,
    onConnect: (client) => client.useEditor({ multiline: true }),
    onDisconnect: () => {},
    limits: { byteRate: Infinity, drawRate: Infinity, workRate: Infinity },
  });
  const peers = Array.from({ length: 20 }, () => transport.connect(server.port));
  for (const peer of peers) peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, SGA));
  const poll = async (times: number) => {
    for (let left = times; left > 0; left--) {
      await server.poll();
      for (const peer of peers) peer.take();
    }
  };
  await poll(20);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const peer of peers) peer.write("a\r".repeat(1_900));
  do await poll(20); while (server.stats().queuedInput > 0);
  collect();
  const real = (process.memoryUsage().heapUsed - before) / peers.length;
  const counted = server.clientList()[0]?.connection.memoryUsed ?? 0;
  assert(real < counted, `${real} bytes, and ${counted} are counted`);
  for (const peer of peers) peer.abort();
  await server.stop();
});

Deno.test("what an editor can undo does not keep the lines of their time", async () => {
  const transport = new MemoryTransport();
  const server = await TelnetServer.listen({
    transport,
    timeout: 0,
    onConnect: (client) => client.useEditor(),
    onDisconnect: () => {},
    limits: { byteRate: Infinity, drawRate: Infinity, workRate: Infinity },
  });
  const peers = Array.from({ length: 10 }, () => transport.connect(server.port));
  const poll = async () => {
    do {
      await server.poll();
      for (const peer of peers) peer.take();
    } while (server.stats().queuedInput > 0);
  };
  for (const peer of peers) peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, SGA));
  for (let left = 20; left > 0; left--) await poll();
  const keys = `${"日".repeat(3_900)} abcdefghijklmnop qrstuvwxyzabcdefg`;
  for (const peer of peers) peer.write(keys);
  await poll();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let times = 0; times < 420; times++) {
    for (const peer of peers) peer.write("\x1bb\x1bu\x1bb\x1bl");
    if (times % 4 === 0) await poll();
  }
  await poll();
  collect();
  const used = (process.memoryUsage().heapUsed - before) / peers.length;
  assert(used < 200_000, `${Math.round(used)} bytes for each client`);
  for (const peer of peers) peer.abort();
  await server.stop();
});

Deno.test("a corrected line does not keep the packet that it came in", async () => {
  const transport = new MemoryTransport();
  const server = await TelnetServer.listen({
    transport,
    timeout: 0,
    onConnect: () => {},
    onDisconnect: () => {},
    limits: { queuedLines: 2_048, byteRate: Infinity, lineRate: Infinity, workRate: Infinity },
  });
  const peers = Array.from({ length: 4 }, () => transport.connect(server.port));
  for (let left = 5; left > 0; left--) await server.poll();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let times = 0; times < 300; times++) {
    const line = utf8(`x\b日abcdefghijklmn\r${"\0".repeat(3_000)}`);
    for (const peer of peers) peer.write(line);
    do await server.poll(); while (server.stats().queuedInput > 0);
  }
  collect();
  const used = (process.memoryUsage().heapUsed - before) / peers.length;
  assert(used < 300_000, `${Math.round(used)} bytes for each client`);
  for (const peer of peers) peer.abort();
  await server.stop();
});

Deno.test("connect() keeps of unread lines no more than the lines", () => {
  class Quiet extends BaseConnection {
    protected transmit = (chunk: Uint8Array) => chunk.length;
    protected shutdown(): void {}
    protected destroy(): void {}
    protected setReading(): void {}
  }
  for (const stripControls of [true, false]) {
    const connection = new Quiet("192.0.2.1", 23);
    const remote = connectOver(connection, { stripControls });
    collect();
    const before = process.memoryUsage().heapUsed;
    const rest = "\x1b[0m".repeat(5_000);
    for (let times = 0; times < 200; times++) {
      connection.received(utf8(`a line of text\n${stripControls ? rest : ""}`));
      if (!stripControls) connection.received(utf8(`b\n${"c".repeat(20_000)}\n`));
    }
    collect();
    const used = process.memoryUsage().heapUsed - before;
    const most = stripControls ? 500_000 : 9_000_000;
    assert(used < most, `${Math.round(used)} bytes, stripControls: ${stripControls}`);
    remote.abort();
  }
});
