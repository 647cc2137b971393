/** Keep-alive, idle timeout, drain, accept errors, statistics and recordings. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  type Key,
  type ListenOptions,
  SERVER_MESSAGES,
  type TelnetClient,
  TelnetError,
  TelnetServer,
} from "../../mod.ts";
import { ECHO, NAWS, SGA, TIMING_MARK } from "../../src/options/mod.ts";
import { delay } from "../../src/server/clock.ts";
import { AYT, DO, DONT, EL, IAC, NOP, SB, SE, WILL, WONT } from "../../src/protocol/mod.ts";
import { type MemoryPeer, MemoryTransport } from "../../src/transport/memory.ts";
import type { Transport, TransportListenOptions } from "../../src/transport/transport.ts";
import { inTime, PATIENCE_MS, until } from "../patience.ts";
import { latin1, negotiation, start, StepClock } from "./harness.ts";

const MINUTE = 60_000;

/** Advances the clock in steps, and polls after each. */
async function pass(
  { clock, server }: Awaited<ReturnType<typeof start>>,
  milliseconds: number,
  each: () => void = () => {},
): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 1000) {
    clock.advance(1000);
    await server.poll();
    await server.poll();
    each();
  }
}

// Keep-alive

Deno.test("keepAlive: a silent client gets a NOP each minute, an active one gets none", async () => {
  await using harness = await start({ keepAlive: "nop" });
  const { peer } = await harness.join();
  peer.write(negotiation(WONT, NAWS)); // proves Telnet: other clients would show the NOP
  const talking = await harness.join();
  let nops = 0;
  await pass(harness, 5 * MINUTE + 5_000, () => {
    talking.peer.write("look\r\n");
    talking.client.getCommand();
    nops += latin1(peer.take()).split("\xff\xf1").length - 1;
  });
  assertEquals([nops, latin1(talking.peer.take())], [5, ""]);
});

Deno.test("keepAlive: it can be switched for each client, and is off by default", async () => {
  await using harness = await start({ keepAliveInterval: 10_000 });
  const { peer, client } = await harness.join();
  peer.write(negotiation(WONT, NAWS));
  await pass(harness, MINUTE);
  assertEquals(peer.take().length, 0);
  client.connection.keepAlive = "nop";
  await pass(harness, 1_000); // it was silent for longer than the interval
  assertEquals([...peer.take()], [IAC, NOP]);
  await pass(harness, 12_000);
  assertEquals([...peer.take()], [IAC, NOP]);
  client.connection.keepAlive = "off";
  await pass(harness, MINUTE);
  assertEquals([peer.take().length, client.connection.keepAlive], [0, "off"]);
});

Deno.test("keepAlive by timing-mark: a client that stops answering is dropped; one that never did is not", async () => {
  const pongs: number[] = [];
  await using harness = await start({
    keepAlive: "timing-mark",
    onPong: (_, milliseconds) => void pongs.push(milliseconds),
  });
  const answering = await harness.join();
  const silent = await harness.join();
  const until = await harness.join();
  for (const { peer } of [answering, silent, until]) peer.write(negotiation(WONT, NAWS));
  let answers = 0;
  await pass(harness, 10 * MINUTE, () => {
    if (latin1(answering.peer.take()).includes("\xff\xfd\x06")) {
      answering.peer.write(negotiation(WONT, TIMING_MARK));
    }
    if (latin1(until.peer.take()).includes("\xff\xfd\x06") && answers++ < 2) {
      until.peer.write(negotiation(WONT, TIMING_MARK));
    }
  });
  assertEquals([answering.client.active, silent.client.active], [true, true]);
  assertEquals(until.client.disconnectReason, "no-answer");
  assert(pongs.length > 5);
});

Deno.test("an unknown keepAlive value is misuse", async () => {
  const wrong = { keepAlive: "ayt" } as unknown as ListenOptions;
  await assertRejects(() => start(wrong), TelnetError);
  await using harness = await start();
  const { client } = await harness.join();
  assertThrows(() => client.connection.keepAlive = "ayt" as never, TelnetError);
});

Deno.test("idleTimeout: a warning, then the drop; input in between restarts the time", async () => {
  await using harness = await start({ limits: { idleTimeout: 10 * MINUTE } });
  const { peer, client } = await harness.join();
  await pass(harness, 9 * MINUTE + 1_000);
  assertEquals(peer.takeText(), `${SERVER_MESSAGES.idleWarning}\r\n`);
  peer.write("here\r\n");
  await harness.pollUntil(() => client.cmdReady);
  peer.write(Uint8Array.of(0)); // a NUL does not count as activity
  await pass(harness, 8 * MINUTE);
  assertEquals(peer.takeText(), "");
  await pass(harness, 2 * MINUTE + 1_000);
  assertEquals(peer.takeText(), `${SERVER_MESSAGES.idleWarning}\r\n${SERVER_MESSAGES.idle}\r\n`);
  assertEquals(client.disconnectReason, "idle");
});

Deno.test("a client whose input waits for the game is neither idle nor flooding", async () => {
  await using harness = await start({
    limits: { queuedLines: 20, lineRate: 10, burst: 1, floodTimeout: 5_000, idleTimeout: 10_000 },
  });
  const { peer, client } = await harness.join();
  const lines = Array.from({ length: 60 }, (_, number) => `line ${number}`);
  peer.write(lines.map((line) => `${line}\r\n`).join(""));
  await pass(harness, MINUTE); // the game takes no lines
  assertEquals([client.active, client.connection.throttled], [true, false]);
  const taken: (string | undefined)[] = [];
  await pass(harness, 5_000, () => {
    while (client.cmdReady) taken.push(client.getCommand());
  });
  assertEquals(taken, lines);
  await pass(harness, 11_000);
  assertEquals(client.disconnectReason, "idle");
});

Deno.test("unreadTimeout does not drop a client that a rate, and not the game, holds back", async () => {
  const rates = { byteRate: 100, burst: 1, floodTimeout: Infinity };
  await using harness = await start({
    limits: { ...rates, inputBytes: 500, queuedLines: 1, unreadTimeout: 5_000 },
  });
  const { peer, client } = await harness.join();
  const lines = ["look", "north", "x".repeat(3_000)];
  peer.write(lines.map((line) => `${line}\r\n`).join(""));
  await pass(harness, 2_000); // the game takes nothing
  const taken: (string | undefined)[] = [];
  await pass(harness, 40_000, () => {
    while (client.cmdReady) taken.push(client.getCommand());
  });
  assertEquals([client.active, taken], [true, lines]);
});

Deno.test("a half-closed client stays until the game has taken its keys", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join({ allowHalfOpen: true });
  client.enterCharacterMode();
  await harness.server.poll();
  peer.write(Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA)));
  await harness.pollUntil(() => client.terminal.inCharacterMode);
  peer.write("xy");
  peer.end();
  await harness.pollUntil(() => client.hasKey);
  for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  assertEquals([client.getKey()?.text, client.active], ["x", true]);
  client.send("you pressed x");
  await harness.server.poll();
  assertEquals([client.getKey()?.text, client.getKey()], ["y", undefined]);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(client.disconnectReason, "client-closed");
  assertMatch(latin1(peer.take()), /you pressed x$/);
});

Deno.test("messages can be replaced or turned off", async () => {
  await using harness = await start({
    limits: { line: 5, idleTimeout: 5_000, idleWarning: 1_000 },
    messages: {
      lineTooLong: "",
      idleWarning: "Schläfst du?",
      idle: "",
      areYouThere: "",
      wrongProtocol: "",
    },
  });
  const browser = harness.dial();
  browser.write("GET / HTTP/1.1\r\n");
  await harness.pollUntil(() => browser.ended);
  assertEquals(browser.takeText(), "");
  const { peer } = await harness.join();
  peer.write(Uint8Array.of(IAC, AYT));
  peer.write("much too long\r\n");
  await pass(harness, 10_000);
  assertEquals(peer.takeText(), "Schläfst du?\r\n");
  await assertRejects(() => start({ messages: { hello: "" } as never }), TelnetError);
  await assertRejects(() => start({ messages: { idle: 5 } as never }), TelnetError);
});

Deno.test("misspelt options and options of the wrong type are misuse", async () => {
  const wrong: unknown[] = [
    { tsl: true },
    { onConnect: 5 },
    { onTrace: "x" },
    { limits: null },
    { limits: { toString: 1 } },
    { messages: null },
    { listeners: [{ prot: 7778 }] },
    { listeners: {} },
    { trustedProxies: "127.0.0.1" },
    { trustedProxies: true },
    { restore: "x" },
    { telnetOptions: { mssp: { NAME: "Boaville" } } },
    { telnetOptions: { mssp: () => Promise.resolve({}), naws: 0 } },
    { telnetOptions: { naws: "yes" } },
    { limits: { idleTimeout: 0 } },
    { limits: { idleTimeout: -1 } },
    { limits: { handshakeTimeout: Infinity } },
    { limits: { burst: 0.5 } },
  ];
  for (const options of wrong) {
    const transport = new MemoryTransport();
    const listening = TelnetServer.listen({ transport, ...options as ListenOptions });
    const error = await assertRejects(() => listening, TelnetError);
    assertEquals(error.code, "misuse", JSON.stringify(options));
  }
  const transport = new MemoryTransport();
  const unset = {
    limits: { line: undefined },
    messages: { idle: undefined },
    keepAlive: undefined,
  };
  const server = await TelnetServer.listen({ transport, ...unset as unknown as ListenOptions });
  const misspelt = { grase: 5 } as never;
  // At the call itself, as nobody may wait for the promise.
  assertThrows(() => server.drain(misspelt), TelnetError);
  assertThrows(() => server.drain({ message: 5 as never }), TelnetError);
  assertEquals([server.draining, server.running], [false, true]);
  await server.stop();
});

Deno.test("a client that sends only NOPs is idle, however often they come", async () => {
  await using harness = await start({ limits: { idleTimeout: 10_000 } });
  const { peer, client } = await harness.join();
  // As in a game loop that does more than poll: each poll finds new input.
  for (let second = 0; second < 12; second++) {
    peer.write(Uint8Array.of(IAC, NOP));
    await delay(0);
    harness.clock.advance(1_000);
    await harness.server.poll();
  }
  assertEquals(client.disconnectReason, "idle");
});

Deno.test("a short idleTimeout warns after half of it, not at the greeting", async () => {
  await using harness = await start({ limits: { idleTimeout: 10_000 } });
  const { peer, client } = await harness.join();
  await pass(harness, 4_000);
  assertEquals(peer.takeText(), "");
  await pass(harness, 2_000);
  assertEquals(peer.takeText(), `${SERVER_MESSAGES.idleWarning}\r\n`);
  await pass(harness, 5_000);
  assertEquals(client.disconnectReason, "idle");
});

// Drain

Deno.test("drain: no new clients, a message to all, close after the grace, no output lost", async () => {
  const transport = new MemoryTransport();
  const clock = new StepClock();
  const server = await TelnetServer.listen({
    transport,
    clock,
    onConnect: () => {},
    onDisconnect: () => {},
  });
  const [leaving, staying] = [transport.connect(server.port), transport.connect(server.port)];
  await server.poll();
  const [first] = server.clientList();
  const draining = server.drain({ message: "Back at once!", grace: 200 });
  assertEquals([server.draining, server.running], [true, true]);
  for (let polls = 0; polls < 3; polls++) await server.poll();
  assertThrows(() => transport.connect(server.port), TelnetError);
  assertEquals([leaving.takeText(), staying.takeText()], [
    "Back at once!\r\n",
    "Back at once!\r\n",
  ]);
  leaving.write("bye\r\n");
  while (first?.cmdReady !== true) await server.poll();
  first.send("Bye!\n");
  first.active = false;
  for (let polls = 0; polls < 3; polls++) await server.poll();
  assertEquals([leaving.ended, staying.ended], [true, false]);
  clock.advance(200);
  await inTime(draining, "the end of the grace");
  assertEquals([leaving.takeText(), leaving.ended, staying.ended], ["Bye!\r\n", true, true]);
  assertEquals(server.stats().disconnected["server-stopped"], 1);
  await server.drain(); // a second call only waits for the end
});

Deno.test("drain: without clients or without a grace it ends at once, under a game loop or without one", async () => {
  await (await TelnetServer.listen({ transport: new MemoryTransport() })).drain();
  const transport = new MemoryTransport();
  const server = await TelnetServer.listen({
    transport,
    onConnect: () => {},
    onDisconnect: () => {},
  });
  const peer = transport.connect(server.port);
  await server.poll();
  const loop = (async () => {
    while (server.running) await server.poll();
  })();
  await Promise.all([server.drain(), loop]);
  assertEquals([peer.takeText(), peer.ended], [`${SERVER_MESSAGES.draining}\r\n`, true]);
  assertThrows(() => server.drain({ grace: -1 }), TelnetError);
});

Deno.test("drain: the grace ends in time, even if the poll timeout is longer", async () => {
  const loops: Record<string, (server: TelnetServer) => Promise<void>> = {
    serve: (server) => server.serve(),
    async poll(server) {
      while (server.running) await server.poll();
    },
  };
  for (const [name, loop] of Object.entries(loops)) {
    const transport = new MemoryTransport();
    const server = await TelnetServer.listen({
      transport,
      timeout: 2 * PATIENCE_MS,
      onConnect: (client) => client.send("hello\n"),
      onDisconnect: () => {},
    });
    const looping = loop(server);
    const peer = transport.connect(server.port);
    await until(() => peer.takeText() !== "", () => delay(1));
    // The shorter of two timers fires first, even on a busy machine.
    let early = true;
    setTimeout(() => early = false, 100);
    const draining = server.drain({ grace: 150 });
    await until(() => peer.takeText() !== "", () => delay(1)); // the drain message
    // A second call waits for the same end, and does not cut the grace short.
    await inTime(server.drain(), `the end of the grace, by ${name}`);
    assert(!early, `${name}: the grace was cut short`);
    await inTime(Promise.all([draining, looping]), `the end of the loop of ${name}`);
    assertEquals([peer.ended, server.running], [true, false]);
  }
});

// Accept errors

Deno.test("accept errors are reported within poll and counted, and the server keeps running", async () => {
  const inner = new MemoryTransport();
  const failing: { fail?: TransportListenOptions["onError"] } = {};
  const transport: Transport = {
    name: "failing",
    listen(options, accept) {
      failing.fail = options.onError;
      return inner.listen(options, accept);
    },
  };
  const told: string[] = [];
  await using harness = await start({
    transport,
    onListenError: (error) => {
      told.push(error.message);
      throw new Error("a handler that fails");
    },
    onError: (error, client) => void told.push(`${error} ${client}`),
  });
  for (let count = 0; count < 3; count++) failing.fail?.(new Error("too many open files"));
  assertEquals(told, []);
  await harness.server.poll();
  assertEquals(told, ["too many open files", "Error: a handler that fails undefined"]);
  assertEquals(harness.server.stats().acceptErrors, 3);
  const peer = inner.connect(harness.server.port);
  await harness.pollUntil(() => harness.connected.length === 1);
  peer.end();
});

// Statistics and traces

Deno.test("stats: current numbers, totals, rates, and reasons of refusals and disconnects", async () => {
  await using harness = await start({
    maxConnections: 2,
    limits: { line: 10, lineRate: 5, burst: 1 },
  }, { capacity: 10 });
  const { peer, client } = await harness.join();
  const { peer: idler, client: second } = await harness.join();
  const refused = harness.dial();
  peer.write("a line that is long\r\nshort\r\n");
  peer.write(Uint8Array.of(IAC, WILL, NAWS, IAC, NOP));
  await harness.pollUntil(() => harness.server.stats().negotiations === 2);
  second.send("x".repeat(100));
  await harness.server.poll();
  const stats = harness.server.stats();
  assertEquals(stats.connections, 2);
  assertEquals([stats.accepted, stats.refused["server-full"]], [2, 1]);
  assertEquals([stats.lines, stats.queuedLines, stats.bytesReceived], [2, 2, 33]);
  assertEquals(stats.violations, { "line-too-long": 1 });
  assert(stats.queuedOutput >= 90);
  assertEquals([stats.handshakes, stats.acceptErrors, stats.throttled], [0, 0, 0]);
  peer.write("look\r\n".repeat(100));
  await harness.pollUntil(() => harness.server.stats().throttled === 1);
  assert(client.connection.throttled);
  assert(harness.server.stats().queuedInput > 0);
  client.active = false;
  await harness.pollUntil(() => {
    peer.take();
    return harness.disconnected.length === 1;
  });
  assertEquals(harness.server.stats().disconnected.deactivated, 1);
  harness.clock.advance(2_000);
  const { rates, uptime } = harness.server.stats();
  assertEquals([rates.accepted, rates.refused, uptime], [1, 0.5, 2]);
  assert(rates.lines >= 3 && rates.bytesReceived > 10 && rates.bytesSent > 10);
  for (const other of [idler, refused]) other.abort(); // they read nothing, and would delay stop()
});

Deno.test("onTrace gets sent and received negotiations in words, also if they arrive byte by byte", async () => {
  for (const chunkSize of [1, 100]) {
    const told: string[] = [];
    await using harness = await start({
      telnetOptions: { naws: true, gmcp: true },
      onTrace: (_, direction, words) => void told.push(`${direction}: ${words}`),
    }, { chunkSize });
    const { peer, client } = await harness.join();
    peer.write(Uint8Array.of(IAC, WILL, NAWS, IAC, DO, 201, IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE));
    peer.write(
      Uint8Array.of(IAC, SB, 201, ...new TextEncoder().encode('Core.Hello {"client":"x"}')),
    );
    peer.write(Uint8Array.of(IAC, SE, IAC, NOP, IAC, 1, 0x68, 0x69, 0x0d, 0x0a));
    await harness.pollUntil(() => client.cmdReady);
    client.prompt("> ");
    await harness.server.poll();
    assertEquals(told, [
      "sent: DO NAWS",
      "sent: WILL GMCP",
      "received: WILL NAWS",
      "received: DO GMCP",
      "received: SB NAWS 00 50 00 18",
      'received: SB GMCP "Core.Hello {\\"client\\":\\"x\\"}"',
      "received: NOP",
      "received: unknown-command (1)",
      "sent: GA",
    ]);
  }
});

// Recordings

/** Parses a recording: the header, then the events. */
function recorded(lines: readonly string[]): [Record<string, unknown>, [number, string, string][]] {
  for (const line of lines) assert(line.endsWith("\n") && line.indexOf("\n") === line.length - 1);
  const [head, ...events] = lines.map((line) => JSON.parse(line));
  return [head, events];
}

Deno.test("a recording is an asciicast with output, input, times and window sizes", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const lines: string[] = [];
  client.send("before\n");
  const startedAt = Math.floor(harness.clock.timeOfDay() / 1000);
  client.terminal.record((line) => void lines.push(line), { title: "A visit" });
  client.send("Hello\n");
  harness.clock.advance(1500);
  peer.write("look\r\n");
  peer.write(Uint8Array.of(IAC, WILL, NAWS, IAC, SB, NAWS, 0, 100, 0, 50, IAC, SE));
  await harness.pollUntil(() => client.cmdReady && client.columns === 100);
  client.getCommand();
  client.terminal.addRecordingMarker("the end");
  client.sendCc("^Rred^~");
  client.terminal.record(undefined);
  client.send("after\n");
  const [head, events] = recorded(lines);
  const { timestamp, ...rest } = head;
  assertEquals(timestamp, startedAt);
  assertEquals(rest, {
    version: 2,
    width: 80,
    height: 24,
    title: "A visit",
    env: { TERM: "unknown terminal" },
  });
  assertEquals(events, [
    [0, "o", "Hello\r\n"],
    [1.5, "r", "100x50"],
    [1.5, "i", "look\r"],
    [1.5, "o", "look\r\n"], // local echo of the client
    [1.5, "m", "the end"],
    [1.5, "o", "\x1b[1;31mred\x1b[0m"],
  ]);
});

Deno.test("a recording has all keys of character mode, including those without text", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const lines: string[] = [];
  client.terminal.record((line) => void lines.push(line));
  client.enterCharacterMode();
  peer.write(negotiation(DO, ECHO));
  peer.write(negotiation(DO, SGA));
  peer.write("lo\x7fok\x1b[D\x1b[3~\x01\r\n");
  await harness.pollUntil(() => {
    while (client.hasKey) client.getKey();
    return lines.join("").includes('"\\r"');
  });
  const [, events] = recorded(lines);
  const keys = events.filter(([, code]) => code === "i");
  assertEquals(keys.map(([, , data]) => data), [
    ..."lo\x7fok",
    "\x1b[D",
    "\x1b[3~",
    "\x01",
    "\r",
  ]);
});

Deno.test("a recording never has input of password mode, even if it was typed ahead", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const lines: string[] = [];
  client.terminal.record((line) => void lines.push(line));
  client.send("Name: ");
  peer.write("ann\r\nsesame\r\n"); // typed ahead
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "ann");
  client.send("Password: ");
  client.passwordModeOn();
  assertEquals(client.getCommand(), "sesame");
  peer.write(negotiation(DO, ECHO));
  peer.write("mellon\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "mellon");
  peer.write("abracadabra\r\nopen");
  await harness.pollUntil(() => client.cmdReady);
  await harness.server.poll();
  client.passwordModeOff(); // before the game takes the line
  assertEquals(client.getCommand(), "abracadabra");
  peer.write(" up\r\nlook\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals([client.getCommand(), client.getCommand()], ["open up", "look"]);
  const text = lines.join("");
  for (const secret of ["sesame", "mellon", "abracadabra", "open"]) {
    assert(!text.includes(secret), text);
  }
  assertMatch(text, /"ann\\r"[^]*Password[^]*"look\\r"/);
});

Deno.test("a recording has a key when the game takes it: no password typed ahead, and no key twice", async () => {
  const agree = Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA));
  for (const atOnce of [true, false]) {
    await using harness = await start();
    const { peer, client } = await harness.join();
    const lines: string[] = [];
    client.terminal.record((line) => void lines.push(line));
    client.enterCharacterMode();
    peer.write(agree);
    await harness.pollUntil(() => client.terminal.inCharacterMode);
    const type = async (text: string) => {
      for (const piece of atOnce ? [text] : text) {
        peer.write(piece);
        await harness.server.poll();
      }
      await harness.server.poll();
    };
    await type("phunter2\r");
    assertEquals(client.getKey()?.text, "p");
    client.passwordModeOn();
    while (client.hasKey) client.getKey();
    client.passwordModeOff();
    await type("Llook\r\n");
    assertEquals(client.getKey()?.text, "L");
    client.enterLineMode();
    await harness.pollUntil(() => client.cmdReady);
    assertEquals(client.getCommand(), "look");
    const input = lines.slice(1).map((line) => JSON.parse(line)).filter(([, kind]) => kind === "i");
    assertEquals(input.map(([, , text]) => text), ["p", "L", "look\r"]);
  }
});

Deno.test("keys of password mode stay out of a recording over a restart, too", async () => {
  await using before = await start();
  const seat = await before.join();
  seat.client.enterCharacterMode();
  seat.peer.write(Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA)));
  await before.pollUntil(() => seat.client.terminal.inCharacterMode);
  seat.client.passwordModeOn();
  seat.peer.write("pw!");
  await before.pollUntil(() => seat.client.hasKey);
  seat.client.passwordModeOff();
  seat.peer.write("z");
  for (let polls = 0; polls < 3; polls++) await before.server.poll();
  const snapshot = JSON.parse(JSON.stringify(seat.client.snapshot()));
  await using after = await start({ restore: () => snapshot });
  const { client } = await after.join();
  const lines: string[] = [];
  client.terminal.record((line) => void lines.push(line));
  const keys: (Key | undefined)[] = [];
  while (client.hasKey) keys.push(client.getKey());
  assertEquals(keys.map((key) => key?.text).join(""), "pw!z");
  assertEquals(Object.keys(keys[0] ?? {}).sort(), ["alt", "ctrl", "name", "shift", "text"]);
  assert(!/"[pw!]"/.test(lines.slice(1).join("")), lines.join(""));
});

Deno.test("EL erases typed-ahead keys also if they are read as a line", async () => {
  for (const mode of ["line", "editor"]) {
    await using harness = await start();
    const { peer, client } = await harness.join();
    client.enterCharacterMode();
    peer.write(Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA)));
    await harness.pollUntil(() => client.terminal.inCharacterMode);
    peer.write("yone\rfoo");
    peer.write(Uint8Array.of(IAC, EL));
    peer.write("bar\r");
    await harness.pollUntil(() => client.hasKey);
    assertEquals(client.getKey()?.text, "y");
    if (mode === "line") client.enterLineMode();
    else client.useEditor();
    await harness.pollUntil(() => client.cmdReady);
    await harness.server.poll();
    assertEquals([client.getCommand(), client.getCommand()], ["one", "bar"], mode);
  }
});

Deno.test("a recording has no secret that was typed ahead while the server echoes", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const lines: string[] = [];
  client.terminal.record((line) => void lines.push(line));
  client.requestWillEcho();
  peer.write(negotiation(DO, ECHO));
  peer.write("ann\r\nsesame\r\nmell");
  await harness.pollUntil(() => client.cmdReady);
  await harness.hear(peer, "mell"); // echoed before password mode is on
  client.getCommand();
  client.passwordModeOn();
  client.getCommand();
  peer.write("on\r\n");
  await harness.pollUntil(() => client.cmdReady);
  client.getCommand();
  const text = lines.join("");
  assert(!/sesame|mell/.test(text), text);
  assertMatch(text, /"o","ann\\r\\n"/);
});

Deno.test("a half-typed secret stays hidden to its line end after passwordModeOff", async () => {
  const agree = Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA));
  type Scene = Awaited<ReturnType<typeof start>> & { peer: MemoryPeer; client: TelnetClient };
  /** Types, and polls until the input is processed. */
  const type = async ({ server, peer }: Scene, text: string | Uint8Array) => {
    peer.write(text);
    for (let polls = 0; polls < 4; polls++) await server.poll();
  };
  const edit = async (scene: Scene) => {
    scene.client.useEditor();
    await type(scene, agree);
    assert(scene.client.terminal.editing);
  };
  const ask = async (scene: Scene) => {
    scene.client.passwordModeOn();
    await type(scene, "");
  };
  const cases: Record<string, (scene: Scene) => Promise<void>> = {
    async "in an editor"(scene) {
      await edit(scene);
      await ask(scene);
      await type(scene, "sesa");
      scene.client.send("Too late.\n");
      scene.client.passwordModeOff();
      await type(scene, "me\r");
    },
    async "in a line that goes on in an editor"(scene) {
      await ask(scene);
      await type(scene, "sesa");
      scene.client.passwordModeOff();
      await edit(scene);
      await type(scene, "me\r");
    },
    async "by keys that an editor takes over"(scene) {
      scene.client.enterCharacterMode();
      await type(scene, agree);
      await ask(scene);
      await type(scene, "sesa");
      scene.client.passwordModeOff();
      scene.client.useEditor();
      await type(scene, "me\r");
    },
    async "by what is pasted"(scene) {
      scene.client.enterCharacterMode();
      await type(scene, agree);
      await ask(scene);
      await type(scene, "\x1b[200~sesa");
      scene.client.passwordModeOff();
      await type(scene, "me\x1b[201~");
      while (scene.client.hasKey) scene.client.getKey();
    },
    async "when the game starts anew"(scene) {
      await ask(scene);
      await type(scene, "sesa");
      scene.client.telnet.reset();
      await type(scene, "me\r\n");
    },
    async "where it waits to be processed"(scene) {
      await ask(scene);
      await type(scene, "x\r\n".repeat(60) + "sesame\r\nmello");
      assert(scene.client.cmdReady);
      scene.client.passwordModeOff();
      while (scene.client.cmdReady) {
        scene.client.getCommand();
        await type(scene, "");
      }
      await type(scene, "n\r\n");
    },
  };
  for (const [name, play] of Object.entries(cases)) {
    await using harness = await start({ limits: { queuedLines: 4 } });
    const { peer, client } = await harness.join();
    const lines: string[] = [];
    client.terminal.record((line) => void lines.push(line));
    const scene: Scene = { ...harness, peer, client };
    await play(scene);
    let screen = latin1(peer.take());
    while (client.cmdReady) client.getCommand();
    await type(scene, "look\r\n");
    await harness.pollUntil(() => client.cmdReady || client.hasKey);
    client.getCommand();
    while (client.hasKey) client.getKey();
    screen += latin1(peer.take());
    const [, events] = recorded(lines);
    const of = (kind: string) =>
      events.filter(([, code]) => code === kind).map(([, , text]) => text);
    const texts = { typed: of("i").join(""), shown: of("o").join(""), screen };
    for (const [where, text] of Object.entries(texts)) {
      assert(!/ses|same|mell|lon/.test(text), `${name}, ${where}: ${text}`);
    }
    assertMatch(texts.typed, /look/, name); // the next line is no secret
  }
});

Deno.test("after a secret is entered or discarded, the next line is recorded again", async () => {
  const agree = Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA));
  await using harness = await start();
  const { peer, client } = await harness.join();
  const type = async (text: string | Uint8Array) => {
    peer.write(text);
    for (let polls = 0; polls < 4; polls++) await harness.server.poll();
  };
  const lines: string[] = [];
  client.terminal.record((line) => void lines.push(line));
  client.useEditor();
  await type(agree);
  client.passwordModeOn();
  await type("pw\r\x1b"); // then ESC, which may start an escape sequence
  assertEquals(client.getCommand(), "pw");
  client.passwordModeOff();
  harness.clock.advance(1_000);
  await type(""); // escapeTimeout is over: it was a lone ESC
  await type("look\r");
  client.getCommand();
  client.passwordModeOn();
  await type("ab");
  client.passwordModeOff();
  client.enterLineMode(); // discards the partial line
  await type("north\r\n");
  client.getCommand();
  client.useEditor();
  await type(agree);
  await type("half");
  await type(negotiation(DONT, SGA)); // the editor keeps the partial line until it is used again
  client.passwordModeOn();
  await type("pw\r\n");
  client.passwordModeOff();
  while (client.cmdReady) client.getCommand();
  await type("south\r\n");
  while (client.cmdReady) client.getCommand();
  const [, events] = recorded(lines);
  const typed = events.filter(([, code]) => code === "i").map(([, , text]) => text);
  for (const line of ["look\r", "north\r", "south\r"]) assert(typed.includes(line), `${typed}`);
  assert(!/pw|ab/.test(typed.join("")), `${typed}`);
});

Deno.test("a recording of character mode has the keys, but none of password mode", async () => {
  const keys: string[] = [];
  await using harness = await start({ onKey: (_, key) => void keys.push(key.text) });
  const { peer, client } = await harness.join();
  const lines: string[] = [];
  client.terminal.record((line) => void lines.push(line));
  client.enterCharacterMode();
  peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, 3));
  await harness.pollUntil(() => client.terminal.inCharacterMode);
  peer.write("ab");
  await harness.pollUntil(() => keys.length === 2);
  client.passwordModeOn();
  peer.write("cd");
  await harness.pollUntil(() => keys.length === 4);
  const [, events] = recorded(lines);
  assertEquals(events.filter(([, code]) => code === "i").map(([, , text]) => text), ["a", "b"]);
});

Deno.test("a recording whose sink fails is reported and ends, and the client stays connected", async () => {
  const sinks: Record<string, (line: string) => unknown> = {
    "throws at the start": () => {
      throw new Error("disk full");
    },
    "throws later": (line) => {
      if (!line.startsWith("{")) throw new Error("disk full");
    },
    "is rejected": () => Promise.reject(new Error("disk full")),
  };
  for (const [name, sink] of Object.entries(sinks)) {
    const told: unknown[] = [];
    await using harness = await start({
      onError: (error, client) => void told.push(String(error), client),
    });
    const { peer, client } = await harness.join();
    let calls = 0;
    client.terminal.record((line) => {
      calls++;
      return sink(line);
    });
    client.send("one\n");
    await harness.hear(peer, "one");
    await harness.pollUntil(() => told.length > 0);
    const before = calls;
    client.send("two\n");
    await harness.hear(peer, "two");
    assertEquals(told, ["Error: disk full", client], name);
    assertEquals([client.active, calls], [true, before], name);
  }
  await using harness = await start();
  const { client } = await harness.join();
  for (const wrong of [{ titel: "x" }, "x", null]) {
    assertThrows(() => client.terminal.record(() => {}, wrong as never), TelnetError);
  }
  assertThrows(() => client.terminal.record("file" as never), TelnetError);
});

Deno.test("lines and pastes have no escape sequences or controls", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write("say \x1b[2J\x1b]0;pwned\x07hi\x9b31m\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "say hi");
  client.useEditor();
  peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, 3));
  await harness.pollUntil(() => client.terminal.editing);
  peer.write("\x1b[200~a\x1b]0;pwned\x07b\x9b2J\x08c\x1b[201~\r");
  await harness.pollUntil(() => client.cmdReady);
  const line = client.getCommand() ?? "";
  assertEquals(/[\x00-\x1f\x7f-\x9f]/.exec(line), null, JSON.stringify(line));
});

Deno.test("stripControls: false keeps escape sequences and controls", async () => {
  await using harness = await start({ stripControls: false });
  const { peer, client } = await harness.join();
  peer.write("say \x1b[2Jhi\x07\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "say \x1b[2Jhi\x07");
});

Deno.test("disableOption(ECHO) ends the server's echo and the editor at once, as requestWontEcho() does", async () => {
  for (const how of ["option", "request"]) {
    await using harness = await start();
    const { peer, client } = await harness.join();
    client.requestWillEcho();
    await harness.server.poll();
    peer.write(negotiation(DO, ECHO));
    peer.write("ab");
    await harness.hear(peer, "ab");
    if (how === "option") client.telnet.disableOption(ECHO, "local");
    else client.requestWontEcho();
    peer.write("cd\r\n"); // before the client agrees
    await harness.pollUntil(() => client.cmdReady);
    assertEquals(client.getCommand(), "abcd");
    assert(!latin1(peer.take()).includes("cd"), how);
  }
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.useEditor();
  peer.write(Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA)));
  await harness.pollUntil(() => client.terminal.editing);
  client.telnet.disableOption(ECHO, "local");
  assertEquals(client.terminal.editing, false);
});
