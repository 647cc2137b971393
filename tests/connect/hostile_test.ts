/** Hostile servers: each ends with an error code or does no harm, and memory is bounded. */
import { assert, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import {
  connect,
  type ConnectOptions,
  isTelnetError,
  type RemoteServer,
} from "../../src/connect/mod.ts";
import { inTime } from "../patience.ts";
import { DO, IAC, RawServer, SB, SE, settle, WILL } from "./raw_server.ts";

const TTYPE = 24, MCCP2 = 86, GMCP = 201;

async function attack(
  options: ConnectOptions,
  write: (raw: RawServer) => unknown,
  code: string | undefined,
  words: string = "",
): Promise<void> {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, timeout: Infinity, ...options });
  await write(raw);
  const { error } = await inTime(remote.closed, "the end");
  assert(isTelnetError(error), String(error));
  assertEquals(error.code, code);
  assert(error.message.includes(words), error.message);
}

Deno.test("a server that asks for terminal types endlessly is disconnected", async () => {
  await attack(
    {},
    async (raw) => {
      raw.write(IAC, DO, TTYPE);
      const ask = Uint8Array.from(Array(1_000).fill([IAC, SB, TTYPE, 1, IAC, SE]).flat());
      for (let rounds = 0; rounds < 8; rounds++) {
        raw.write(ask);
        await settle();
      }
    },
    "limit-exceeded",
    "limits.negotiationRate",
  );
});

Deno.test("a GMCP message of 10 MB ends the connection, and is not buffered", async () => {
  await attack(
    {},
    (raw) => {
      raw.write(IAC, WILL, GMCP, IAC, SB, GMCP, "Room.Map ");
      for (let parts = 0; parts < 10; parts++) raw.write("x".repeat(1_000_000));
      raw.write(IAC, SE);
    },
    "limit-exceeded",
    "GMCP of more than limits.subnegotiation",
  );
});

Deno.test("an MCCP2 zip bomb ends the connection", async () => {
  await attack(
    { onText: () => {} },
    (raw) => {
      const bomb = new Uint8Array(deflateSync(new Uint8Array(8_000_000).fill(10)));
      raw.write(IAC, WILL, MCCP2, IAC, SB, MCCP2, IAC, SE, bomb);
    },
    "limit-exceeded",
    "limits.inflateRatio",
  );
});

Deno.test("an invalid zlib stream ends the connection", async () => {
  await attack(
    {},
    (raw) => {
      raw.write(IAC, WILL, MCCP2, IAC, SB, MCCP2, IAC, SE, "no such stream at all");
    },
    "connection-lost",
    "Cannot inflate",
  );
});

Deno.test("an endless line ends the connection", async () => {
  await attack(
    { onText: () => {} },
    (raw) => {
      for (let parts = 0; parts < 20; parts++) raw.write("x".repeat(10_000));
    },
    "limit-exceeded",
    "limits.line",
  );
});

Deno.test("sending to a server that reads nothing ends the connection as too-slow", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, limits: { outputBytes: 100_000 } });
  raw.connection?.pause();
  for (let sent = 0; sent < 100 && remote.active; sent++) {
    remote.send("x".repeat(10_000));
    await settle();
  }
  const { error } = await inTime(remote.closed, "the end");
  assertEquals(isTelnetError(error) && error.code, "too-slow");
});

Deno.test("readUntil rejects when limits.unread is reached without a match", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({
    transport,
    port,
    limits: { unread: 10_000 },
    timeout: Infinity,
  });
  const read = remote.readUntil("never").then(() => undefined, (error) => error);
  raw.write("a line\r\n".repeat(2_000));
  const error = await inTime(read, "the error");
  assertEquals(isTelnetError(error) && error.code, "limit-exceeded");
  assertEquals(await remote.readLine(), "a line"); // nothing is lost
});

Deno.test("subnegotiations of options that were never agreed to are not answered", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({
    transport,
    port,
    terminal: { name: "BOT", environment: { USER: "ada", SECRET: "x" }, location: "home" },
  });
  for (const option of [24, 39, 32, 35, 23, 42, 5]) raw.write(IAC, SB, option, 1, IAC, SE);
  raw.write("done\r\n");
  await remote.readLine();
  await settle();
  assertEquals(raw.received, []);
});

Deno.test("the environment of the process is never sent", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port });
  raw.write(IAC, DO, 39, IAC, SB, 39, 1, 0, "USER", 3, "HOME", 3, "PATH", IAC, SE, "done\r\n");
  await remote.readLine();
  await settle();
  const text = raw.text;
  assert(text.includes("USER") && text.includes("PATH")); // the names, without values
  for (const name of ["USER", "HOME", "PATH"]) {
    const value = Deno.env.get(name);
    if (value) assert(!text.includes(value), name);
  }
});

Deno.test("random bytes of a server do not throw or hang", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    await using raw = await RawServer.start(seed % 3 === 0 ? 1 : undefined);
    const { transport, port } = raw;
    const remote: RemoteServer = await connect({
      transport,
      port,
      terminal: { name: "BOT" },
      telnetOptions: { mxp: true, linemode: true, atcp: true, aardwolf: true, flowControl: true },
    });
    let state = seed;
    const random = () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) >> 8;
    const likely = [
      IAC,
      SB,
      SE,
      DO,
      WILL,
      252,
      254,
      249,
      24,
      31,
      34,
      39,
      42,
      69,
      86,
      91,
      201,
      0,
      1,
      2,
      13,
      10,
      27,
      91,
    ];
    const bytes = Uint8Array.from(
      { length: 4_000 },
      () => random() % 3 === 0 ? random() & 255 : likely[random() % likely.length] ?? 0,
    );
    raw.write(bytes);
    raw.connection?.close();
    let count = 0;
    try {
      for await (const _event of remote.events()) count++;
    } catch (error) {
      assert(isTelnetError(error), String(error));
    }
    assert(remote.unread < 2_000_000);
    remote.abort();
    const { error } = await inTime(remote.closed, "the end");
    assert(error === undefined || isTelnetError(error), String(error));
    assert(count >= 0);
  }
});
