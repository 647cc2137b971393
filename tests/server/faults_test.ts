/** Regressions from a review of dialogues, notices, custom options and client classes. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type TelnetClient, TelnetClient as Base, TelnetError, TelnetServer } from "../../mod.ts";
import { ECHO, GMCP, MCCP2, NAWS, SGA, START_TLS } from "../../src/options/mod.ts";
import { AYT, DO, DONT, IAC, SB, SE, WILL } from "../../src/protocol/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { CERTIFICATE } from "../tls/certificates.ts";
import { type Harness, inWords, latin1, start } from "./harness.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const bytes = (...parts: (number | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "number" ? [part] : [...utf8(part)]));

async function polls(harness: Harness<TelnetClient>, count = 5): Promise<void> {
  for (let poll = 0; poll < count; poll++) await harness.server.poll();
}

Deno.test("a prompt that is shown again is sent before the MCCP2 marker", async () => {
  await using harness = await start({ telnetOptions: { mccp2: true } });
  const { peer, client } = await harness.join();
  client.prompt("> ");
  await polls(harness);
  peer.take();
  peer.write(bytes(IAC, AYT, IAC, DO, MCCP2));
  await polls(harness);
  const seen = latin1(peer.take());
  const marker = latin1(bytes(IAC, SB, MCCP2, IAC, SE));
  assertEquals(seen.slice(0, seen.indexOf(marker)), "\r\n[Yes, I am here]\r\n> \xff\xf9");
  assertEquals(seen.slice(seen.indexOf(marker) + marker.length), "");
});

Deno.test("a prompt that is shown again is sent before START-TLS FOLLOWS", async () => {
  const first: TelnetServer[] = [];
  await using harness = await start({
    certificate: CERTIFICATE,
    telnetOptions: { startTls: true },
    onConnect: (client) => {
      client.prompt("Name? ");
      for (const server of first) server.broadcast("Bob joined.");
    },
  });
  const { peer } = await harness.join();
  first.push(harness.server);
  peer.write(bytes(IAC, WILL, START_TLS));
  await polls(harness);
  peer.take();
  harness.dial();
  peer.write(bytes(IAC, SB, START_TLS, 1, IAC, SE));
  await polls(harness);
  const seen = latin1(peer.take());
  const follows = latin1(bytes(IAC, SB, START_TLS, 1, IAC, SE));
  assert(seen.includes(follows), inWords(seen));
  assertEquals(seen.slice(seen.indexOf(follows) + follows.length), "");
});

Deno.test("text typed after a notice is echoed once, however the bytes are split", async () => {
  const outcomes: string[] = [];
  for (const pieces of [[bytes(IAC, AYT, "nor")], [bytes(IAC, AYT), bytes("nor")]]) {
    await using harness = await start();
    const { peer, client } = await harness.join();
    client.requestWillEcho();
    await polls(harness);
    peer.write(bytes(IAC, DO, ECHO));
    await polls(harness);
    client.prompt("> ");
    await polls(harness);
    peer.take();
    for (const piece of pieces) {
      peer.write(piece);
      await polls(harness, 2);
    }
    outcomes.push(latin1(peer.take()));
  }
  const expected = "\r\n[Yes, I am here]\r\n> \xff\xf9nor";
  assertEquals(outcomes, [expected, expected]);
});

Deno.test("a readLine timeout that starts outside of a poll also ends a wait of serve()", async () => {
  const transport = new MemoryTransport();
  const end = new AbortController();
  let settle: () => void = () => {};
  const answered = new Promise<void>((resolve) => settle = resolve);
  await using server = await TelnetServer.listen({
    transport,
    onConnect: async (client) => {
      await new Promise((resolve) => setTimeout(resolve, 10)); // outside of a poll
      assertEquals(await client.readLine({ timeout: 20 }), undefined);
      settle();
    },
    onDisconnect: () => {},
  });
  const serving = server.serve({ signal: end.signal });
  transport.connect(server.port);
  await answered;
  end.abort();
  await serving;
});

Deno.test("passwordModeOn called after a hidden ask() stays on", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const recording: string[] = [];
  client.terminal.record((line) => recording.push(line));
  const answer = client.ask("Password: ", { hidden: true });
  await polls(harness);
  peer.write(bytes(IAC, DO, ECHO, "secret1\r\n"));
  await harness.pollUntil(() => client.bytesReceived === 12);
  assertEquals(await answer, "secret1");
  client.passwordModeOn();
  client.prompt("Again: ");
  await polls(harness);
  peer.write("secret2\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "secret2");
  assert(!recording.join().includes("secret"), recording.join());
});

for (const undo of ["reset", "passwordModeOff"] as const) {
  Deno.test(`the answer to a hidden ask() is not recorded after ${undo}()`, async () => {
    await using harness = await start();
    const { peer, client } = await harness.join();
    const recording: string[] = [];
    client.terminal.record((line) => recording.push(line));
    const answer = client.ask("Password: ", { hidden: true });
    await polls(harness);
    peer.write(bytes(IAC, DO, ECHO));
    await polls(harness);
    if (undo === "reset") client.telnet.reset();
    else client.passwordModeOff();
    peer.write("secret\r\n");
    await harness.pollUntil(() => client.bytesReceived === 11);
    assertEquals(await answer, "secret");
    assert(!recording.some((line) => line.includes('"i"') && line.includes("secret")));
  });
}

for (const change of [DO, DONT]) {
  Deno.test(`an exclusive custom option delays the others until ${change === DO ? "DO" : "DONT"}`, async () => {
    await using harness = await start({
      customOptions: [{ code: 210, name: "FIRST", offer: "local", exclusive: true }],
      telnetOptions: { naws: true, gmcp: true },
    });
    const { peer } = await harness.join();
    await polls(harness);
    assertEquals([...peer.take()], [...bytes(IAC, WILL, 210)]);
    peer.write(bytes(IAC, change, 210));
    await polls(harness);
    assertEquals([...peer.take()], [...bytes(IAC, DO, NAWS, IAC, WILL, GMCP)]);
  });
}

Deno.test("an exclusive option that is not offered delays nothing", async () => {
  await using harness = await start({
    customOptions: [{ code: 210, name: "ASKED", agreeRemote: true, exclusive: true }],
    telnetOptions: { naws: true },
  });
  const { peer, client } = await harness.join();
  let ready = false;
  void client.ready.then(() => ready = true);
  peer.write(bytes(IAC, WILL, NAWS, IAC, SB, NAWS, 0, 80, 0, 24, IAC, SE));
  await harness.pollUntil(() => ready);
});

Deno.test("an endless loop over ask() fails with a hint when the client disconnects", async () => {
  const errors: unknown[] = [];
  await using harness = await start({
    onConnect: async (client) => {
      while (!(await client.ask("Name? "))); // does not expect a disconnect
    },
    onError: (error) => errors.push(error),
  });
  const { peer } = await harness.join();
  peer.abort();
  await harness.pollUntil(() => errors.length === 1);
  assertMatch(String(errors[0]), /end your loop when the answer is undefined/);
});

/** What the screen gets when text arrives after a prompt. */
const ROWS: readonly [prompt: string, text: string, seen: string][] = [
  ["\n> ", "The snake wakes.\n", "\r\nThe snake wakes.\r\n> "],
  ["Hi!\nName? ", "Rain.\n", "\r\nRain.\r\nName? "],
  ["> ", "\x1b[1;31mIt bites!\n\x1b[0m", "\r\n\x1b[1;31mIt bites!\r\n\x1b[0m> "],
  ["> ", "\x07", "\x07"],
];
for (const [prompt, text, seen] of ROWS) {
  const name = JSON.stringify([prompt, text]);
  Deno.test(`a prompt is shown again exactly once: ${name}`, async () => {
    await using harness = await start();
    const { peer, client } = await harness.join();
    client.prompt(prompt);
    await polls(harness);
    peer.take();
    client.send(text);
    await polls(harness);
    assertEquals(latin1(peer.take()), seen);
    harness.server.broadcast("Again.");
    await polls(harness);
    const last = prompt.slice(prompt.lastIndexOf("\n") + 1);
    assertEquals(latin1(peer.take()), `\r\nAgain.\r\n${last}`);
  });
}

Deno.test("a broadcast that moves the cursor, or ends in a colour, keeps the prompt", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.prompt("> ");
  await polls(harness);
  peer.take();
  for (
    const [text, seen] of [
      ["\x1b[KHello", "\r\n\x1b[KHello\r\n> "],
      ["^RRain.\n^~", "\r\n\x1b[1;31mRain.\r\n\x1b[0m> "],
      ["\x1b]0;Boaville\x07", "\x1b]0;Boaville\x07"],
    ] as const
  ) {
    harness.server.broadcast(text);
    await polls(harness);
    assertEquals(latin1(peer.take()), seen);
  }
});

Deno.test("the prompt of an ask() that timed out is not shown again", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const answer = client.ask("Password: ", { hidden: true, timeout: 1_000 });
  await polls(harness);
  peer.take();
  harness.clock.advance(1_100);
  await polls(harness);
  assertEquals(await answer, undefined);
  client.send("Too slow.\n");
  await polls(harness);
  assertEquals(latin1(peer.take()).endsWith("Too slow.\r\n"), true);
  harness.server.broadcast("Rain.");
  await polls(harness);
  assertEquals(latin1(peer.take()), "Rain.\r\n");
});

Deno.test("in the editor the prompt of an ask() that was answered ahead does not stay", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.useEditor();
  await polls(harness);
  peer.write(bytes(IAC, DO, ECHO, IAC, DO, SGA, "Ann\r"));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(await client.ask("Name? "), "Ann");
  client.send("Welcome\n");
  await polls(harness);
  assert(!latin1(peer.take()).endsWith("Name? "));
});

Deno.test("drain() without a grace shows no prompt again", async () => {
  await using harness = await start({ onConnect: (client) => client.prompt("Name? ") });
  const { peer } = await harness.join();
  await polls(harness);
  peer.take();
  await harness.server.drain({ message: "Bye." });
  assertEquals(latin1(peer.take()), "\r\nBye.\r\n");
});

Deno.test("a custom option whose callbacks throw drops the client; the game's call does not throw", async () => {
  const errors: unknown[] = [];
  await using harness = await start({
    onError: (error) => errors.push(error),
    customOptions: [{
      code: 210,
      name: "BROKEN",
      offer: "local",
      attach: () => ({
        subnegotiation: () => {},
        withdrawn: () => {
          throw new Error("no");
        },
        snapshot: () => {
          throw new Error("no");
        },
      }),
    }],
  });
  const { peer, client } = await harness.join();
  peer.write(bytes(IAC, DO, 210, IAC, SB, 210, 1, IAC, SE));
  await polls(harness);
  client.telnet.disableOption(210, "local");
  await polls(harness);
  assertEquals([client.active, client.disconnectReason], [false, "handler-failed"]);
  assert(client.connection.memoryUsed >= 0);
  assert(errors.length > 0);
});

for (
  const [what, attach] of [
    ["an invalid state", () => 5],
    ["an undeclared event", (context: { emit(name: string): void }) => ({
      subnegotiation: () => context.emit("tack"),
    })],
  ] as const
) {
  Deno.test(`a custom option with ${what} is reported with a reason`, async () => {
    const errors: unknown[] = [];
    await using harness = await start({
      onError: (error) => errors.push(error),
      customOptions: [{ code: 210, name: "BROKEN", agreeLocal: true, attach } as never],
    });
    const { peer } = await harness.join();
    peer.write(bytes(IAC, DO, 210, IAC, SB, 210, 1, IAC, SE));
    await harness.pollUntil(() => errors.length > 0);
    assertMatch(String(errors[0]), /attach\(\) of BROKEN returns|Cannot emit "tack"/);
  });
}

Deno.test("an MSDP variable whose value is no text or number is reported with a reason", async () => {
  for (const value of [() => undefined, () => Promise.resolve("5")]) {
    const errors: unknown[] = [];
    await using harness = await start({
      onError: (error) => errors.push(error),
      telnetOptions: { msdp: { variables: { HP: { value: value as never } } } },
    });
    const { peer } = await harness.join();
    peer.write(bytes(IAC, DO, 69, IAC, SB, 69, 1, "SEND", 2, "HP", IAC, SE));
    await harness.pollUntil(() => errors.length > 0);
    assertMatch(String(errors[0]), /the MSDP variable HP is: expected text/);
  }
  await using harness = await start({
    telnetOptions: { msdp: { variables: { HP: { value: () => 5 } } } },
  });
  const { peer } = await harness.join();
  await polls(harness);
  peer.take();
  peer.write(bytes(IAC, DO, 69, IAC, SB, 69, 1, "SEND", 2, "HP", IAC, SE));
  await polls(harness);
  assertEquals([...peer.take()], [...bytes(IAC, SB, 69, 1, "HP", 2, "5", IAC, SE)]);
});

Deno.test("completion accepts candidates for the word at the cursor, and for the whole line", async () => {
  const candidates = {
    words: (line: string) => ["version", "vlan"].filter((one) => one.startsWith(line.slice(5))),
    lines: (line: string) => ["show version", "show vlan"].filter((one) => one.startsWith(line)),
  };
  for (const complete of Object.values(candidates)) {
    await using harness = await start();
    const { peer, client } = await harness.join();
    client.useEditor({ complete });
    await polls(harness);
    peer.write(bytes(IAC, DO, ECHO, IAC, DO, SGA, "show ve\t\r"));
    await harness.pollUntil(() => client.cmdReady);
    assertEquals(client.getCommand(), "show version ");
  }
});

Deno.test("a lines() iterator that has ended takes no more lines", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const lines = client.lines();
  const waiting = lines.next();
  await lines.return?.();
  assertEquals((await waiting).done, true);
  peer.write("look\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "look");
});

Deno.test("lines that readLine() takes at once do not count towards queuedLines", async () => {
  const kinds: string[] = [];
  await using harness = await start({
    limits: { queuedLines: 5 },
    onViolation: (_client, { kind }) => kinds.push(kind),
  });
  const { peer, client } = await harness.join();
  const answers = Array.from({ length: 20 }, () => client.readLine());
  peer.write("look\r\n".repeat(20));
  await harness.pollUntil(() => client.bytesReceived === 120);
  assertEquals((await Promise.all(answers)).length, 20);
  assertEquals(kinds, []);
});

Deno.test("a broadcast to some clients looks at no other, and leaves out those that are gone", async () => {
  await using harness = await start();
  const ones = [await harness.join(), await harness.join(), await harness.join()];
  await using other = await start();
  const stranger = await other.join();
  await polls(harness);
  for (const { peer } of ones) peer.take();
  const [ada, ben, cleo] = ones.map(({ client }) => client) as [
    TelnetClient,
    TelnetClient,
    TelnetClient,
  ];
  cleo.active = false;
  const asked: TelnetClient[] = [];
  harness.server.broadcast("To the room.", {
    to: [ada, ben, ada, cleo, stranger.client],
    except: ben,
    where: (client) => asked.push(client) > 0,
  });
  harness.server.broadcast("To one.", { to: ben });
  harness.server.broadcast("To nobody.", { to: new Set() });
  await polls(harness);
  assertEquals(ones.map(({ peer }) => peer.takeText()), ["To the room.\r\n", "To one.\r\n", ""]);
  assertEquals(asked, [ada]);
  assertEquals(stranger.peer.takeText().includes("room"), false);
});

Deno.test("invalid broadcast() options are misuse, even without clients", async () => {
  await using harness = await start();
  const { client } = await harness.join();
  const { server } = harness;
  const wrong: [() => unknown, RegExp][] = [
    [() => server.broadcast("x", { where: (async () => await true) as never }), /true or false/],
    [() => server.broadcast("x", { except: [server] as never }), /clients, got an object/],
    [
      () => server.broadcast("x", { to: [server] as never }),
      /broadcast\.to.*clients, got an object/,
    ],
    [() => server.broadcast("x", { to: "room" as never }), /broadcast\.to.*clients, got/],
  ];
  for (const [call, words] of wrong) {
    assertMatch((await assertRejects(async () => await call(), TelnetError)).message, words);
  }
  client.active = false;
  await polls(harness);
  const nobody = () => server.broadcast("x", { wrap: { width: 5 } as never });
  assertMatch((await assertRejects(async () => await nobody(), TelnetError)).message, /"columns"/);
});

/** Sources of client classes in plain JavaScript. */
const VALID = [
  'class P extends T { show(t){ let rows; t = t.replace(/}/g,""); rows = t.split("\\n"); } }',
  'class P extends T { a(t){ return t.replace(/[\'}]/g,"") } b(){ let active; active = 1; } }',
  "class P extends T { a(x){ return `${x ? `}` : ''}` } b(){ let active; active = 1; } }",
  "class P extends T { width =\n    columns; x = 1 +\n    port;\n }",
  "class P extends mixin({a:1}) { show(){ let rows; rows = 3; } }",
  "class P extends T { static active = 5; #active = 3; get hidden() { return this.#active; } }",
  "class P extends T { prompts = { active: true }; send2 = (text) => this.send(text); }",
];
const INVALID = [
  "class P extends T { active = true; }",
  "class P extends T { nick = 'x';\n  active = true;\n}",
  "class P extends T { // a player\n  columns = 80; }",
];
const made = (source: string) =>
  new Function("T", "mixin", "columns", "port", `return ${source}`)(Base, () => Base, 80, 1);

Deno.test("listen() refuses a client class exactly if a field hides a property of TelnetClient", async () => {
  const transport = new MemoryTransport();
  for (const source of VALID) {
    const server = await TelnetServer.listen({ transport, port: 0, clientClass: made(source) });
    await server.stop();
  }
  for (const source of INVALID) {
    const options = { transport, port: 0, clientClass: made(source) };
    const error = await assertRejects(() => TelnetServer.listen(options), TelnetError);
    assertMatch(error.message, /its field "(active|columns)" hides/);
  }
});

Deno.test("a hiding field that listen() cannot see is reported at the first connection", async () => {
  for (
    const source of ['class P extends T { "active" = true }', "class P extends T { idle = 0 }"]
  ) {
    const errors: unknown[] = [];
    const transport = new MemoryTransport();
    await using server = await TelnetServer.listen({
      transport,
      clientClass: made(source),
      onError: (error) => errors.push(error),
    });
    transport.connect(server.port);
    for (let poll = 0; poll < 3; poll++) await server.poll();
    assertMatch(String(errors[0]), /its field "(active|idle)" hides/);
  }
});

Deno.test("hints for guessed names do not show in property reads or Object.keys()", async () => {
  await using harness = await start();
  const { client } = await harness.join();
  const loose = client as unknown as Record<string, unknown>;
  assert(client instanceof Object && harness.server instanceof Object);
  assert((TelnetServer as unknown) instanceof Function);
  assertEquals(
    ["room", "message", "name", "profile", "then", "toJSON"].map((name) => loose[name]),
    [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ],
  );
  loose["room"] ??= "lobby";
  loose["keepAlive"] = 5; // the game's own field
  assertEquals([loose["room"], loose["keepAlive"]], ["lobby", 5]);
  assertEquals(Object.keys(client).sort(), ["keepAlive", "room"]);
});
