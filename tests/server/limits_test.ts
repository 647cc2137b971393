/**
 * Each limit on a real socket, twice: low, and practically removed. The first test fails if the
 * limit does nothing, the second if the case would pass without the limit.
 *
 * The sockets are real, but time passes only on the test clock, where a case advances it. So a case
 * sees at once that nothing happens, and a busy machine cannot look like a limit.
 */
import { assert, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import type { ClientViolation, ListenOptions, ServerLimits, TextCodec } from "../../mod.ts";
import { SERVER_LIMITS } from "../../mod.ts";
import { DO, IAC, NOP, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";
import { ECHO, MCCP3, NAWS, SGA } from "../../src/options/mod.ts";
import { CERTIFICATE } from "../tls/certificates.ts";
import { latin1, StepClock } from "./harness.ts";
import { Served } from "./served.ts";

interface LimitCase {
  readonly low: Partial<ServerLimits>;
  readonly off: Partial<ServerLimits>;
  readonly options?: ListenOptions;
  /** Whether the limit took effect. */
  check(served: Served): Promise<boolean>;
}

/** Longer than the low limits, shorter than those that are off. */
const WHILE_MS = 1_500;

/** A character set that is slow to decode, measured on its own clock. */
const WORK_CLOCK = new StepClock();
const LABOURED: TextCodec = {
  name: "laboured",
  createDecoder: () => ({
    decode(bytes) {
      WORK_CLOCK.advance(bytes.length / 20);
      return latin1(bytes);
    },
  }),
  encode: (text) => new TextEncoder().encode(text),
};

const CASES: Record<keyof ServerLimits, LimitCase> = {
  subnegotiation: {
    low: { subnegotiation: 100 },
    off: {},
    async check(served) {
      const person = await served.join();
      const payload = new Uint8Array(1000).fill(0x41);
      await person.write(Uint8Array.of(IAC, SB, 99, ...payload, IAC, SE));
      await person.write("mark\r\n");
      assert(await served.comes(() => served.lines.includes("mark")));
      return served.told("subnegotiation-too-long");
    },
  },
  line: {
    low: { line: 100 },
    off: { line: 100_000 },
    async check(served) {
      const person = await served.join();
      await person.write("x".repeat(50_000) + "\r\nmark\r\n");
      assert(await served.comes(() => served.lines.includes("mark")));
      const cut = served.lines[0]?.length === 100 && served.told("line-too-long");
      if (cut) await person.until(/\[Your line was too long: its end is lost\]\r\n/);
      return cut;
    },
  },
  queuedLines: {
    low: { queuedLines: 10 },
    off: { queuedLines: 10_000 },
    async check(served) {
      served.taking = false;
      const person = await served.join();
      await person.write("look\r\n".repeat(400));
      const full = () => served.told("queue-full") || served.server.stats().queuedLines === 400;
      assert(await served.comes(full));
      const bounded = served.server.stats().queuedLines < 50;
      served.taking = true;
      assert(await served.comes(() => served.lines.length === 400), "lines were lost");
      return bounded;
    },
  },
  inputBytes: {
    low: { inputBytes: 10_000, queuedLines: 1, byteRate: Infinity },
    off: { inputBytes: 1e9, memory: Infinity, queuedLines: 1, byteRate: Infinity },
    async check(served) {
      served.taking = false;
      const person = await served.join();
      const size = 30_000_000;
      let written = false;
      const writing = person.write(new Uint8Array(size).fill(0x0a)).then(() => written = true);
      writing.catch(() => {});
      await served.comes(() => written || served.told("input-full"));
      // If the server went on reading, 50 turns would be enough to read everything.
      for (let turns = 0; turns < 50 && !written; turns++) await served.turn();
      const { queuedInput } = served.server.stats();
      if (!written) person[Symbol.dispose]();
      await writing.catch(() => {});
      return !written && queuedInput < 1_000_000 && served.told("input-full");
    },
  },
  memory: {
    low: { memory: 100_000 },
    off: { memory: Infinity },
    async check(served) {
      served.taking = false;
      const person = await served.join();
      const line = "x".repeat(2_000) + "\r\n";
      await person.write(line.repeat(60));
      const all = () => served.server.stats().queuedLines === 60;
      assert(await served.comes(() => served.told("memory-full") || all()));
      const bounded = served.client.connection.memoryUsed < 300_000 && served.told("memory-full");
      served.taking = true;
      assert(await served.comes(() => served.lines.length === 60), "lines were lost");
      return bounded;
    },
  },
  unreadTimeout: {
    low: { inputBytes: 10_000, queuedLines: 1, unreadTimeout: 200 },
    off: { inputBytes: 10_000, queuedLines: 1, unreadTimeout: Infinity },
    async check(served) {
      served.taking = false;
      const person = await served.join();
      await person.write("look\r\n".repeat(2_000));
      assert(await served.comes(() => served.told("input-full")));
      const dropped = await served.passes(WHILE_MS, () => served.gone.length > 0);
      if (dropped) assertEquals(served.gone[0]?.disconnectReason, "not-read");
      if (dropped) await person.rest().catch(() => {}); // unread input makes the close a reset
      return dropped && served.told("not-read");
    },
  },
  outputBytes: {
    low: { outputBytes: 100_000 },
    off: { outputBytes: 1e9 },
    async check(served) {
      await served.join();
      const { client } = served;
      for (let count = 0; count < 30; count++) {
        client.send("x".repeat(1_000_000));
        await served.server.poll();
      }
      return await served.passes(WHILE_MS, () => client.disconnectReason === "too-slow") &&
        served.told("too-slow");
    },
  },
  lineRate: {
    low: { lineRate: 50, burst: 1 },
    off: { lineRate: Infinity, burst: 1 },
    check: (served) => isSlow(served, "look\r\n".repeat(100), 100, "too-many-lines"),
  },
  byteRate: {
    low: { byteRate: 10_000, burst: 1, line: 100_000 },
    off: { byteRate: Infinity, burst: 1, line: 100_000 },
    check: (served) => isSlow(served, "x".repeat(20_000) + "\r\n", 1, "too-many-bytes"),
  },
  drawRate: {
    low: { drawRate: 4_096, burst: 1, lineRate: Infinity },
    off: { drawRate: Infinity, burst: 1, lineRate: Infinity },
    options: {
      onConnect(client) {
        client.useEditor();
        client.send("hello\n");
      },
    },
    check(served) {
      const again = "\x10\r".repeat(1_500); // Ctrl-P for the previous line, then Enter
      const typed = new TextEncoder().encode(`${"x".repeat(100)}\r${again}`);
      const data = Uint8Array.of(IAC, DO, ECHO, IAC, DO, SGA, ...typed);
      return isSlow(served, data, 1_501, "too-much-drawing");
    },
  },
  workRate: {
    low: { workRate: 100, burst: 1, byteRate: Infinity },
    off: { workRate: Infinity, burst: 1, byteRate: Infinity },
    options: { clock: WORK_CLOCK, encoding: LABOURED },
    check: (served) => isSlow(served, `${"x".repeat(2_000)}\r\n`.repeat(12), 12, "too-much-work"),
  },
  negotiationRate: {
    low: { negotiationRate: 50, burst: 1 },
    off: { negotiationRate: Infinity, burst: 1 },
    check(served) {
      const nops = new Array(100).fill([IAC, NOP]).flat();
      return isSlow(served, Uint8Array.of(...nops, 0x0d, 0x0a), 1, "too-many-negotiations");
    },
  },
  burst: {
    low: { burst: 1 },
    off: { burst: 100 },
    check: (served) => isSlow(served, "look\r\n".repeat(100), 100, "too-many-lines"),
  },
  floodTimeout: {
    low: { lineRate: 50, burst: 1, floodTimeout: 300 },
    off: { lineRate: 50, burst: 1, floodTimeout: Infinity },
    async check(served) {
      const person = await served.join();
      await person.write("look\r\n".repeat(2_000));
      assert(await served.comes(() => served.client.connection.throttled));
      const dropped = await served.passes(WHILE_MS, () => served.gone.length > 0);
      if (dropped) assertEquals(served.gone[0]?.disconnectReason, "flooding");
      if (dropped) await person.until(/\[You are disconnected: you sent too much\]\r\n/);
      return dropped && served.told("flooding");
    },
  },
  connectionsPerAddress: {
    low: { connectionsPerAddress: 2 },
    off: { connectionsPerAddress: Infinity },
    async check(served) {
      await served.join();
      const second = await served.join();
      const third = await served.connect();
      const said = await third.until(/\r\n/);
      if (said === "hello\r\n") return false;
      assertEquals(said, "Sorry, there are too many connections from your address.\r\n");
      await third.rest();
      assert(served.refused("address-full"));
      second[Symbol.dispose](); // frees its place
      assert(await served.comes(() => served.gone.length === 1));
      await served.join();
      return true;
    },
  },
  connectionsPerPrefix: {
    low: { connectionsPerPrefix: 2 },
    off: { connectionsPerPrefix: Infinity },
    options: { address: "::1" },
    async check(served) {
      for (let count = 0; count < 2; count++) {
        await (await served.connect("::1")).until(/hello\r\n/);
      }
      if (await (await served.connect("::1")).until(/\r\n/) === "hello\r\n") return false;
      return await served.comes(() => served.refused("prefix-full"));
    },
  },
  connectionRate: {
    low: { connectionRate: 2, burst: 1 },
    off: { connectionRate: Infinity, burst: 1 },
    async check(served) {
      for (let count = 0; count < 2; count++) (await served.join())[Symbol.dispose]();
      const third = await served.connect();
      if (await third.until(/\r\n/) === "hello\r\n") return false;
      assert(await served.comes(() => served.refused("too-many-connects")));
      await served.passes(1_100);
      await served.join();
      return true;
    },
  },
  handshakeTimeout: {
    low: { handshakeTimeout: 300 },
    off: { handshakeTimeout: 60_000 },
    options: { tls: true, certificate: CERTIFICATE },
    async check(served) {
      await served.connect();
      assert(await served.comes(() => served.server.stats().handshakes === 1));
      return await served.passes(WHILE_MS, () => served.refused("handshake-timeout"));
    },
  },
  helloTimeout: {
    low: { helloTimeout: 50 },
    off: { helloTimeout: 60_000 },
    options: { tls: "auto", certificate: CERTIFICATE },
    async check(served) {
      await served.connect();
      assert(await served.comes(() => served.server.stats().handshakes === 1));
      return await served.passes(WHILE_MS, () => served.server.connectionCount() === 1);
    },
  },
  idleTimeout: {
    low: { idleTimeout: 1_200, idleWarning: 0 },
    off: { idleTimeout: Infinity, idleWarning: 0 },
    async check(served) {
      const person = await served.join();
      const dropped = await served.passes(2 * WHILE_MS, () => served.gone.length > 0);
      if (dropped) await person.until(/\[You are disconnected: you were idle for too long\]\r\n/);
      if (dropped) assertEquals(served.gone[0]?.disconnectReason, "idle");
      return dropped && served.told("idle");
    },
  },
  idleWarning: {
    low: { idleTimeout: 3_000, idleWarning: 2_500 },
    off: { idleTimeout: 3_000, idleWarning: 0 },
    async check(served) {
      const person = await served.join();
      const { client } = served;
      const { bytesSent } = client;
      await served.passes(2 * WHILE_MS, () => client.bytesSent > bytesSent);
      const said = await person.until(/\[You (have been|are disconnected)[^]*\]\r\n/);
      if (!said.includes("[You have been idle for a while, and will be disconnected soon]")) {
        return false;
      }
      await person.write("here\r\n"); // after the warning, but before the drop
      assert(await served.comes(() => served.lines.includes("here")));
      await served.passes(1_000);
      assertEquals(served.gone.length, 0);
      return true;
    },
  },
  inflateRatio: {
    low: { inflateRatio: 50, byteRate: Infinity },
    off: { inflateRatio: 1e9, byteRate: Infinity },
    options: { telnetOptions: { mccp3: true } },
    check: (served) => isBomb(served, "inflate-ratio"),
  },
  inflateTotal: {
    low: { inflateTotal: 3_000_000, inflateRatio: 1e9, byteRate: Infinity },
    off: { inflateTotal: 1e9, inflateRatio: 1e9, byteRate: Infinity },
    options: { telnetOptions: { mccp3: true } },
    check: (served) => isBomb(served, "inflate-total"),
  },
  closeTimeout: {
    low: { closeTimeout: 100, outputBytes: 1e9 },
    off: { closeTimeout: 60_000, outputBytes: 1e9 },
    async check(served) {
      const person = await served.join();
      served.client.send("x".repeat(30_000_000));
      served.client.active = false;
      const gone = await served.passes(WHILE_MS, () => served.gone.length > 0);
      person[Symbol.dispose]();
      return gone && served.told("close-timeout");
    },
  },
  answerTimeout: {
    low: { answerTimeout: 100 },
    off: { answerTimeout: 60_000 },
    options: { telnetOptions: { naws: true }, readyTimeout: 60_000 },
    async check(served) {
      await served.join();
      let ready = false;
      void served.client.ready.then(() => ready = true);
      return await served.passes(WHILE_MS, () => ready);
    },
  },
  repeatedRequests: {
    low: { repeatedRequests: 5 },
    off: { repeatedRequests: 253 },
    async check(served) {
      const person = await served.join();
      for (let count = 0; count < 50; count++) {
        await person.write(Uint8Array.of(IAC, WILL, NAWS, IAC, WONT, NAWS));
      }
      await person.write("mark\r\n");
      assert(await served.comes(() => served.lines.includes("mark")));
      return served.told("repeat-limit");
    },
  },
};

for (const [name, { low, off, options, check }] of Object.entries(CASES)) {
  for (
    const [word, limits, expected] of [["holds", low, true], ["can be lifted", off, false]] as const
  ) {
    Deno.test(`limits.${name} ${word}, on a real socket`, async () => {
      await using served = await Served.start({ clock: new StepClock(), ...options, limits });
      assertEquals(await check(served), expected);
    });
  }
}

Deno.test("maxConnections on a real socket: a refusal gets a message and is counted; a free place is used again", async () => {
  await using served = await Served.start({ maxConnections: 1 });
  const first = await served.join();
  const second = await served.connect();
  assertEquals(await second.rest(), "Sorry, the server is full. Try again later.\r\n");
  assert(await served.comes(() => served.refused("server-full")));
  const { address, port, ...numbers } = served.refusals[0] ?? {};
  assertEquals([address, port], ["127.0.0.1", second.port]);
  assertEquals(numbers, { kind: "server-full", limit: 1, value: 2 });
  assertEquals(served.server.stats().refused["server-full"], 1);
  first[Symbol.dispose]();
  assert(await served.comes(() => served.gone.length === 1));
  await served.join();
});

Deno.test("a half-closed client that is throttled loses no line", async () => {
  await using served = await Served.start({
    limits: { lineRate: 50, burst: 1, closeTimeout: 200 },
    clock: new StepClock(),
  });
  const person = await served.join();
  const lines = Array.from({ length: 110 }, (_, number) => `line ${number}`);
  await person.write(lines.map((line) => `${line}\r\n`).join(""));
  await person.end();
  assert(await served.passes(60_000, () => served.gone.length === 1));
  assertEquals(served.lines, lines);
  assertEquals(served.gone[0]?.disconnectReason, "client-closed");
});

Deno.test("CASES covers every limit", () => {
  assertEquals(Object.keys(CASES).sort(), Object.keys(SERVER_LIMITS).sort());
});

/** Whether a client was throttled. All its lines must still arrive. */
async function isSlow(
  served: Served,
  data: string | Uint8Array,
  lines: number,
  kind: ClientViolation["kind"],
): Promise<boolean> {
  const person = await served.join();
  await person.write(data);
  const isThere = () => served.lines.length === lines;
  // Advances the clock only while the client is throttled.
  let waited = 0;
  while (!isThere()) {
    assert(
      await served.comes(() => isThere() || served.client.connection.throttled),
      "lines were lost",
    );
    if (!isThere()) await served.passes(50);
    if (!isThere()) waited += 50;
    assert(waited < 60_000, `${served.lines.length} lines`);
  }
  const slow = waited > 500;
  const told = served.violations.filter((violation) => violation.kind === kind);
  for (const { limit = 0, value = 0 } of told) assert(value > limit, `${value} of ${limit}`);
  assertEquals(slow, told.length > 0);
  return slow;
}

async function isBomb(served: Served, kind: "inflate-ratio" | "inflate-total"): Promise<boolean> {
  const person = await served.join();
  const bomb = deflateSync("A".repeat(20_000_000) + "\r\nmark\r\n");
  await person.write(Uint8Array.of(IAC, DO, MCCP3, IAC, SB, MCCP3, IAC, SE, ...bomb));
  const dropped = () => served.gone.length > 0;
  assert(await served.comes(() => dropped() || served.lines.includes("mark")));
  if (dropped()) assertEquals(served.gone[0]?.disconnectReason, "corrupt-data");
  return dropped() && served.told(kind);
}
