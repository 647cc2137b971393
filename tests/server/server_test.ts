import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { TelnetClient, TelnetError, TelnetServer } from "../../mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { ECHO, SGA } from "../../src/options/mod.ts";
import { DO } from "../../src/protocol/mod.ts";
import type { TextCodec } from "../../src/text/mod.ts";
import { turn } from "../../src/transport/event_loop.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { inTime, PATIENCE_MS, until } from "../patience.ts";
import { negotiation, start, StepClock } from "./harness.ts";

Deno.test("TelnetServer.listen has Miniboa's defaults and reports the real port and address", async () => {
  const transport = new MemoryTransport();
  await using server = await TelnetServer.listen({ transport });
  assertEquals([server.port, server.address, server.timeout], [7777, "0.0.0.0", 5]);
  await using other = await TelnetServer.listen({ transport, port: 0, timeout: 7 });
  assert(other.port > 0);
  assertEquals(other.timeout, 7);
});

Deno.test("TelnetServer.listen refuses invalid options with misuse", async () => {
  const transport = new MemoryTransport();
  const wrong = [
    { port: 70_000 },
    { timeout: -1 },
    { timeout: NaN },
    { maxConnections: 1.5 },
    { encoding: "utf-16" as "utf-8" },
    { limits: { line: -1 } },
    { limits: { repeatedRequests: 255 } },
  ];
  for (const options of wrong) {
    const listening = () => TelnetServer.listen({ transport, ...options });
    const error = await assertRejects(listening, TelnetError, "Cannot");
    assertEquals(error.code, "misuse", JSON.stringify(options));
  }
});

Deno.test("the default handlers greet the client and log connects and disconnects", async () => {
  const printed: string[] = [];
  const log = console.log;
  console.log = (...words) => printed.push(words.join(" "));
  try {
    const transport = new MemoryTransport();
    const server = await TelnetServer.listen({ transport });
    const peer = transport.connect(server.port);
    while (printed.length === 0) await server.poll();
    assertMatch(peer.takeText(), /^Greetings .*\r\n$/);
    await server.stop();
    assertMatch(printed.join("\n"), /^\+\+ .*127\.0\.0\.1:\d+\n-- .*127\.0\.0\.1:\d+.*$/);
  } finally {
    console.log = log;
  }
});

Deno.test("onConnect and onDisconnect are called once each, within poll, with the same client", async () => {
  let polling = false;
  const calls: [string, TelnetClient][] = [];
  const note = (name: string) => (client: TelnetClient) => {
    assert(polling, `${name} came outside of poll()`);
    calls.push([name, client]);
  };
  const transport = new MemoryTransport();
  const server = await TelnetServer.listen({
    transport,
    onConnect: note("connect"),
    onDisconnect: note("disconnect"),
  });
  const peer = transport.connect(server.port);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([calls.length, server.connectionCount()], [0, 0]);
  const poll = async () => {
    polling = true;
    await server.poll();
    polling = false;
  };
  while (calls.length < 1) await poll();
  assertEquals(server.clientList(), [calls[0]?.[1]]);
  assertEquals(server.connectionCount(), 1);
  peer.end();
  while (calls.length < 2) await poll();
  await poll();
  assertEquals(calls.map(([name]) => name), ["connect", "disconnect"]);
  assertEquals(calls[0]?.[1] === calls[1]?.[1], true);
  assertEquals(server.connectionCount(), 0);
  await server.stop();
});

Deno.test("handlers can be replaced while the server runs", async () => {
  await using harness = await start();
  const late: TelnetClient[] = [];
  harness.server.onConnect = (client) => void late.push(client);
  harness.server.onDisconnect = (client) => void late.push(client);
  const peer = harness.dial();
  await harness.pollUntil(() => late.length === 1);
  peer.end();
  await harness.pollUntil(() => late.length === 2);
  assertEquals(late[0] === late[1], true);
});

Deno.test("poll waits up to timeout, and returns early when there is work", async () => {
  const transport = new MemoryTransport();
  await using server = await TelnetServer.listen({ transport, timeout: 60, onConnect: () => {} });
  server.onDisconnect = () => {};
  // The shorter of two timers fires first, even on a busy machine.
  let early = true;
  setTimeout(() => early = false, 40);
  await inTime(server.poll(), "the end of an idle poll");
  assert(!early, "an idle poll came back too early");
  server.timeout = 2 * PATIENCE_MS;
  const polling = server.poll();
  const peer = transport.connect(server.port);
  await inTime(polling, "the end of a poll while somebody comes");
  peer.write("work\n");
  await inTime(server.poll(), "the end of a poll while there is work");
  assertEquals(server.clientList()[0]?.getCommand(), "work");
});

Deno.test("a poll sends what the game wrote, and then waits for input all the same", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  harness.server.timeout = 2 * PATIENCE_MS;
  client.send("first\n");
  let waits = true;
  const polling = harness.server.poll().then(() => waits = false);
  await until(() => peer.takeText() === "first\r\n", () => turn());
  await turn(100);
  assert(waits, "the poll came back without input");
  client.send("during the wait\n");
  await inTime(polling, "the end of a poll whose game writes meanwhile");
  assertEquals(peer.takeText(), "during the wait\r\n");
  harness.server.timeout = 0;
});

Deno.test("a loop that only polls lets timers and other code run", async () => {
  await using harness = await start({ timeout: 0 });
  let fired = false;
  setTimeout(() => fired = true, 1);
  await until(() => fired, () => harness.server.poll());
});

Deno.test("poll() during another poll waits for that one, from handlers too", async () => {
  await using harness = await start({ timeout: 20 });
  await Promise.all([harness.server.poll(), harness.server.poll()]);
  // A handler that calls poll() stops neither a game loop nor serve(), whatever the timing.
  for (let ticks = 0; ticks < 6; ticks++) {
    const errors: unknown[] = [];
    await using served = await start({
      onError: (error) => errors.push(error),
      onConnect: async () => {
        for (let tick = 0; tick < ticks; tick++) await null;
        await served.server.poll();
        polled();
      },
    });
    let polled = () => {};
    const done = new Promise<void>((resolve) => polled = resolve);
    const end = new AbortController();
    const serving = served.server.serve({ signal: end.signal });
    served.dial();
    await done;
    end.abort();
    await serving;
    assertEquals(errors, []);
  }
});

Deno.test("a client over maxConnections gets a one-line message, and no handler is called", async () => {
  await using harness = await start({ maxConnections: 1 });
  const { client } = await harness.join();
  const refused = harness.dial();
  await refused.changed();
  const text = refused.takeText();
  assertMatch(text, /full/);
  assertEquals(text.split("\r\n").length, 2);
  assert(refused.ended);
  assertEquals([harness.server.stats().refused["server-full"], harness.connected.length], [1, 1]);
  client.active = false;
  await harness.pollUntil(() => harness.disconnected.length === 1);
  await harness.join();
  assertEquals(harness.connected.length, 2);
});

Deno.test("in a flood of refused connections only some get a message; the others are just closed", async () => {
  await using harness = await start({ maxConnections: 0 });
  const peers = Array.from({ length: 200 }, () => harness.dial({ allowHalfOpen: true }));
  const told = peers.filter((peer) => peer.takeText() !== "").length;
  assert(peers.every((peer) => peer.ended));
  assert(told > 0 && told < 100, `${told} were told`);
  for (const peer of peers) peer.end();
});

Deno.test("stop flushes, closes, calls onDisconnect for each, and can be called again", async () => {
  const harness = await start();
  const { peer: one } = await harness.join();
  const { peer: two } = await harness.join();
  const late = harness.dial();
  for (const client of harness.server.clientList()) client.send("Good bye\n");
  const stopping = harness.server.stop();
  assertEquals(harness.server.running, false);
  await stopping;
  await harness.server.stop();
  assertEquals([one.takeText(), two.takeText()], ["Good bye\r\n", "Good bye\r\n"]);
  assert(one.ended && two.ended && late.ended);
  assertEquals(harness.disconnected, harness.connected);
  assertEquals(harness.disconnected.map((client) => client.disconnectReason), [
    "server-stopped",
    "server-stopped",
    "server-stopped",
  ]);
  await harness.server.poll(); // a further poll does no harm
  assertThrows(() => harness.dial(), TelnetError);
});

Deno.test("stop works from within a handler", async () => {
  const harness = await start({ onConnect: (): Promise<void> => harness.server.stop() });
  harness.dial();
  while (harness.server.running) await harness.server.poll();
  await harness.server.stop();
  assertEquals(harness.disconnected.length, 1);
});

Deno.test("stop closes a client that reads nothing after closeTimeout", async () => {
  const transport = new MemoryTransport({ capacity: 10 });
  const clock = new StepClock();
  const gone: TelnetClient[] = [];
  const server = await TelnetServer.listen({
    transport,
    clock,
    onConnect: (client) => client.send("x".repeat(1000)),
    onDisconnect: (client) => void gone.push(client),
    limits: { closeTimeout: 100 },
  });
  transport.connect(server.port);
  while (server.connectionCount() === 0) await server.poll();
  const stopping = server.stop();
  const ticking = setInterval(() => clock.advance(30), 1);
  await stopping;
  clearInterval(ticking);
  assertEquals(gone.length, 1);
});

Deno.test("await using stops the server", async () => {
  const transport = new MemoryTransport();
  let port = 0;
  {
    await using server = await TelnetServer.listen({ transport });
    port = server.port;
  }
  assertThrows(() => transport.connect(port), TelnetError);
});

Deno.test("serve needs no game loop: lines arrive, answers are sent at once, the signal ends it", async () => {
  const transport = new MemoryTransport();
  const end = new AbortController();
  const gone: TelnetClient[] = [];
  const server = await TelnetServer.listen({
    transport,
    onConnect: async (client) => {
      for await (const line of client.lines()) client.send(`You said: ${line}\n`);
      client.send("never seen: the client is gone");
    },
    onDisconnect: (client) => void gone.push(client),
  });
  const serving = server.serve({ signal: end.signal });
  const peer = transport.connect(server.port);
  peer.write("one\r\ntwo\r\n");
  let heard = "";
  while (!heard.includes("two")) {
    await peer.changed();
    heard += peer.takeText();
  }
  assertEquals(heard, "You said: one\r\nYou said: two\r\n");
  end.abort();
  await serving;
  assert(peer.ended);
  assertEquals(gone.length, 1);
});

Deno.test("serve sends output that is written between two events", async () => {
  const transport = new MemoryTransport();
  const end = new AbortController();
  let joined: TelnetClient | undefined;
  const server = await TelnetServer.listen({
    transport,
    onConnect: (client) => void (joined = client),
    onDisconnect: () => {},
  });
  const serving = server.serve({ signal: end.signal });
  const peer = transport.connect(server.port);
  while (joined === undefined) await new Promise((resolve) => setTimeout(resolve, 0));
  joined.send("by the way\n");
  await peer.changed();
  assertEquals(peer.takeText(), "by the way\r\n");
  end.abort();
  await serving;
});

Deno.test("serve ends on its signal while nothing else happens", async () => {
  const { server } = await start();
  const end = new AbortController();
  const serving = server.serve({ signal: end.signal });
  setTimeout(() => end.abort(), 20);
  await serving;
  assertEquals(server.running, false);
});

Deno.test("serve with an aborted signal just stops the server", async () => {
  const { server } = await start();
  await server.serve({ signal: AbortSignal.abort() });
  assertEquals(server.running, false);
});

Deno.test("a handler that throws drops only its client, with a reason and the error", async () => {
  const errors: unknown[] = [];
  await using harness = await start({
    onConnect: (client) => {
      client.send("hello\n");
      if (harness.connected.length === 1) throw new Error("first is broken");
    },
    onError: (error, client) => errors.push([(error as Error).message, client]),
  });
  const { peer: broken } = await harness.join();
  const { peer, client } = await harness.join();
  await harness.pollUntil(() => harness.disconnected.length === 1);
  const [dropped] = harness.disconnected;
  assertEquals(errors, [["first is broken", dropped]]);
  assertEquals(dropped?.disconnectReason, "handler-failed");
  assertEquals((dropped?.connection.disconnectError as Error).message, "first is broken");
  assertEquals(broken.takeText(), "hello\r\n");
  assert(client.active);
  assertEquals(peer.takeText(), "hello\r\n");
});

Deno.test("a handler whose promise rejects drops only its client", async () => {
  const errors: string[] = [];
  await using harness = await start({
    onConnect: async (client) => {
      for await (const line of client.lines()) throw new Error(`cannot ${line}`);
    },
    onError: (error) => errors.push((error as Error).message),
  });
  const { peer } = await harness.join();
  peer.write("fly\n");
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(errors, ["cannot fly"]);
  assertEquals(harness.disconnected[0]?.disconnectReason, "handler-failed");
});

Deno.test("exceptions in onDisconnect, onViolation, onTelnetCommand and onError do not end the server", async () => {
  const printed: unknown[] = [];
  const log = console.error;
  console.error = (...words) => printed.push(words);
  try {
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    const harness = await start({
      onDisconnect: fail("disconnect"),
      onViolation: fail("violation"),
      onTelnetCommand: fail("command"),
      onError: fail("error"),
    });
    for (const bytes of [[0xff, 0xf0], [0xff, 0xf6]]) {
      const { peer } = await harness.join();
      peer.write(Uint8Array.from(bytes));
      await harness.pollUntil(() => peer.ended);
    }
    await harness.server.stop();
    assertEquals(harness.disconnected.length, 2);
    assertEquals(printed.length, 4);
  } finally {
    console.error = log;
  }
});

Deno.test("a custom TextCodec that throws drops only its client, wherever it throws", async () => {
  // A codec must not throw. If it does, poll() must not fail.
  const fails = (text: string, word: string) => {
    if (text.includes(word)) throw new Error(`no ${word}`);
  };
  const encoding: TextCodec = {
    name: "x-boom",
    createDecoder: () => ({
      decode(bytes) {
        const text = String.fromCharCode(...bytes);
        fails(text, "boom");
        return text;
      },
    }),
    encode(text) {
      fails(text, "bang");
      return new TextEncoder().encode(text);
    },
  };
  for (const where of ["decode", "encode in process", "encode in flush", "encode in tick"]) {
    const failures: string[] = [];
    await using harness = await start({
      limits: { idleTimeout: 2_000, idleWarning: 1_000 },
      messages: { idleWarning: "bang" },
      onError: (error) => void failures.push(String(error)),
    });
    const other = await harness.join();
    const { peer, client } = await harness.join();
    client.encoding = encoding;
    if (where === "decode") peer.write("boom\r\n");
    if (where === "encode in process") {
      client.requestWillEcho();
      await harness.server.poll();
      peer.write(negotiation(DO, ECHO));
      peer.write("ba");
      await harness.hear(peer, "ba");
      peer.write("bang\r\n");
    }
    if (where === "encode in flush") {
      client.useEditor();
      await harness.server.poll();
      peer.write(Uint8Array.of(...negotiation(DO, ECHO), ...negotiation(DO, SGA)));
      await harness.pollUntil(() => client.terminal.editing);
      client.send("bang");
    }
    if (where === "encode in tick") {
      harness.clock.advance(1_500);
      other.peer.write("here\r\n");
    }
    await harness.pollUntil(() => harness.disconnected.length === 1);
    assertEquals(failures, [`Error: no ${where === "decode" ? "boom" : "bang"}`], where);
    assertEquals([client.disconnectReason, other.client.active], ["handler-failed", true], where);
    other.peer.write("look\r\n");
    await harness.pollUntil(() => other.client.cmdReady);
  }
});

Deno.test("drain ends and sends its message to the others if the codec of one client throws", async () => {
  const failures: string[] = [];
  const harness = await start({ onError: (error) => void failures.push(String(error)) });
  const { client } = await harness.join();
  const { peer } = await harness.join();
  client.encoding = {
    name: "x-none",
    createDecoder: () => ({ decode: () => "" }),
    encode: () => {
      throw new Error("no");
    },
  };
  await harness.server.drain({ message: "Bye!" });
  assertEquals([failures, harness.server.running], [["Error: no"], false]);
  assertEquals(peer.takeText(), "Bye!\r\n");
});

Deno.test("clientClass adds the author's fields to every client", async () => {
  class Player extends TelnetClient {
    readonly joinedFrom = this.address;
    hitPoints = 10;
  }
  await using harness = await start<Player>({ clientClass: Player });
  const { client } = await harness.join();
  client.hitPoints--;
  assertEquals(harness.server.clientList().map((player) => player.hitPoints), [9]);
  assertEquals(client.joinedFrom, "127.0.0.1");
  const error = assertThrows(() => new Player(), TelnetError, "clientClass");
  assertEquals(error.code, "misuse");
});

Deno.test("a client class whose constructor throws drops only that connection", async () => {
  let made = 0;
  class Fragile extends TelnetClient {
    constructor() {
      super();
      if (++made === 1) throw new Error("no such database");
    }
  }
  const errors: unknown[] = [];
  const harness = await start<Fragile>({
    clientClass: Fragile,
    onConnect: (client) => client.send("hello\n"),
    onError: (error, client) => errors.push([(error as Error).message, client]),
  });
  const peers = [harness.dial(), harness.dial(), harness.dial()];
  await harness.pollUntil(() => harness.connected.length === 2);
  assertEquals(peers.map((peer) => [peer.takeText(), peer.ended]), [
    ["", true],
    ["hello\r\n", false],
    ["hello\r\n", false],
  ]);
  assertEquals(errors, [["no such database", undefined]]);
  await harness.server.stop();
});

Deno.test("a clientClass that does not extend TelnetClient is misuse", async () => {
  const listening = () => start({ clientClass: class Other {} as never });
  await assertRejects(
    listening,
    TelnetError,
    'clientClass "Other": expected a class that extends TelnetClient',
  );
  const nameless = () => start({ clientClass: class {} as never });
  await assertRejects(nameless, TelnetError, "Cannot use clientClass: expected a class");
});

Deno.test("onError can send a last text, and runs within poll for a rejected promise too", async () => {
  let polling = false;
  await using harness = await start({
    onConnect: async () => {
      await Promise.resolve();
      throw new Error("late");
    },
    onError: (_, client) => client?.send(polling ? "Sorry!\n" : "outside of poll"),
  });
  const peer = harness.dial();
  polling = true;
  await harness.pollUntil(() => peer.ended);
  assertEquals(peer.takeText(), "Sorry!\r\n");
});

Deno.test("an async onError that rejects is printed and does not end the server", async () => {
  const printed: unknown[] = [];
  const log = console.error;
  console.error = (...words) => printed.push(words);
  try {
    const harness = await start({
      onConnect: () => {
        throw new Error("first");
      },
      onError: async () => {
        await Promise.resolve();
        throw new Error("second");
      },
    });
    const peer = harness.dial();
    await harness.pollUntil(() => peer.ended && printed.length === 1);
    await harness.server.stop();
  } finally {
    console.error = log;
  }
});

Deno.test("a loop that still polls during stop() loses no output", async () => {
  const transport = new MemoryTransport({ capacity: 10 });
  const server = await TelnetServer.listen({
    transport,
    timeout: 1,
    onConnect: (client) => client.send("x".repeat(1000)),
    onDisconnect: () => {},
  });
  const peer = transport.connect(server.port);
  while (server.connectionCount() === 0) await server.poll();
  let stopped = false;
  const stopping = server.stop().then(() => stopped = true);
  let heard = 0;
  for (let polls = 0; !stopped; polls++) {
    await server.poll();
    if (polls > 5) heard += peer.take().length;
  }
  await stopping;
  assertEquals(heard + peer.take().length, 1000);
});

Deno.test("stop waits closeTimeout at most, even for a peer that never closes", async () => {
  /** A transport whose sockets close only when they are aborted. */
  const stubborn = () => {
    const transport = new MemoryTransport();
    const aborts: (() => void)[] = [];
    const wrapped: Transport = {
      name: "stubborn",
      listen: (options, accept) =>
        transport.listen(options, (connection) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          aborts.push(() => {
            connection.abort();
            resolve();
          });
          return accept(
            new Proxy(connection, {
              get(target, name) {
                if (name === "closed") return promise;
                if (name === "destroyed") return false;
                const value = Reflect.get(target, name, target);
                if (typeof value !== "function") return value;
                return (...args: unknown[]) => {
                  if (name === "abort") resolve();
                  return value.apply(target, args);
                };
              },
            }),
          );
        }),
    };
    return { transport, wrapped, letGo: () => aborts.forEach((abort) => abort()) };
  };
  const stopOne = async (closeTimeout: number) => {
    const { transport, wrapped, letGo } = stubborn();
    const server = await TelnetServer.listen({
      transport: wrapped,
      limits: { closeTimeout },
      onConnect: () => {},
      onDisconnect: () => {},
    });
    transport.connect(server.port, { allowHalfOpen: true });
    while (server.connectionCount() === 0) await server.poll();
    return { stopped: server.stop(), letGo };
  };
  const long = await stopOne(3_600_000);
  const short = await stopOne(50);
  const first = await inTime(
    Promise.race([long.stopped.then(() => "long"), short.stopped.then(() => "short")]),
    "the end of stop",
  );
  assertEquals(first, "short");
  long.letGo(); // else it would wait an hour
  await inTime(long.stopped, "the end of the other");
});
