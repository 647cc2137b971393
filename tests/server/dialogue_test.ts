import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { TelnetClient } from "../../mod.ts";
import { TelnetError } from "../../mod.ts";
import { ECHO, SGA } from "../../src/options/mod.ts";
import { DO, IAC } from "../../src/protocol/mod.ts";
import { inWords, latin1, start } from "./harness.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

interface Login {
  readonly name: string | undefined;
  readonly password: string | undefined;
}

/** A login dialogue as a game would write it. */
async function login(client: TelnetClient): Promise<Login> {
  const name = await client.ask("Name? ");
  const password = await client.ask("Password: ", { hidden: true });
  return { name, password };
}

/** The bytes in pieces: whole, split in two at each position, and byte by byte. */
function cuts(bytes: Uint8Array): Uint8Array[][] {
  const places = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1);
  return [
    [bytes],
    ...places.map((at) => [bytes.slice(0, at), bytes.slice(at)]),
    Array.from(bytes, (byte) => Uint8Array.of(byte)),
  ];
}

Deno.test("a login dialogue takes its lines beside a game loop, however the bytes are split", async () => {
  for (const pieces of cuts(utf8("Änn\r\nsesame\r\nlook\r\n"))) {
    const found: string[] = [];
    let done: Login | undefined;
    await using harness = await start({
      onConnect: (client) => void login(client).then((answers) => done = answers),
    });
    const { peer, client } = await harness.join();
    const loop = () => {
      for (const one of harness.server.clientsWithInput()) found.push(one.getCommand() ?? "");
    };
    for (const piece of pieces) {
      peer.write(piece);
      await harness.server.poll();
      loop();
    }
    await harness.pollUntil(() => (loop(), found.length > 0));
    assertEquals([done, found], [{ name: "Änn", password: "sesame" }, ["look"]]);
    assertEquals(client.cmdReady, false);
  }
});

Deno.test("a game loop that checks cmdReady after each poll gets no line of a dialogue", async () => {
  const found: (string | undefined)[] = [];
  const answers: (string | undefined)[] = [];
  await using harness = await start({
    onConnect: async (client) => {
      for (let count = 0; count < 3; count++) answers.push(await client.readLine());
    },
  });
  const { peer } = await harness.join();
  peer.write("one\r\ntwo\r\nthree\r\nfour\r\n");
  await harness.pollUntil(() => {
    for (const client of harness.server.clientList()) {
      assertEquals(client.cmdReady, answers.length === 3 && found.length === 0 && client.cmdReady);
      if (client.cmdReady) found.push(client.getCommand());
    }
    return found.length === 1;
  });
  assertEquals([answers, found], [["one", "two", "three"], ["four"]]);
});

Deno.test("ask() with hidden turns the echo off for the password, and on again after it", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const answer = client.ask("Password: ", { hidden: true });
  const asked = await harness.hear(peer, "Password: ");
  assertEquals(inWords(asked), "<WILL ECHO>Password: ");
  peer.write(Uint8Array.of(IAC, DO, ECHO, ...utf8("sesame\r\n")));
  assertEquals(await harness.hear(peer, "\r\n"), "\r\n");
  assertEquals(await answer, "sesame");
  await harness.server.poll();
  assertEquals(inWords(latin1(peer.take())), "<WONT ECHO>");
});

Deno.test("two passwords in a row keep the echo off in between", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const both = (async () => [
    await client.ask("Password: ", { hidden: true }),
    await client.ask("Again: ", { hidden: true }),
  ])();
  await harness.hear(peer, "Password: ");
  peer.write(Uint8Array.of(IAC, DO, ECHO, ...utf8("a\r\n")));
  const between = await harness.hear(peer, "Again: ");
  assertEquals(inWords(between), "\r\nAgain: ÿù");
  peer.write("a\r\n");
  await harness.hear(peer, "\r\n");
  assertEquals(await both, ["a", "a"]);
});

Deno.test("password mode that the game turned on stays on after the answer", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.passwordModeOn();
  const answer = client.ask("Password: ", { hidden: true });
  await harness.hear(peer, "Password: ");
  peer.write(Uint8Array.of(IAC, DO, ECHO, ...utf8("a\r\n")));
  await harness.hear(peer, "\r\n");
  assertEquals(await answer, "a");
  await harness.server.poll();
  assertEquals(peer.take().length, 0);
});

Deno.test("ask() and readLine() resolve to undefined when the client disconnects, and nothing is reported", async () => {
  const errors: unknown[] = [];
  const ends: (string | undefined)[] = [];
  await using harness = await start({
    onConnect: async (client) =>
      void ends.push(await client.ask("Name? "), await client.readLine()),
    onError: (error) => errors.push(error),
  });
  const gone = await harness.join();
  gone.peer.abort();
  await harness.pollUntil(() => ends.length === 2);
  const dropped = await harness.join();
  dropped.client.active = false;
  await harness.pollUntil(() => ends.length === 4);
  assertEquals([ends, errors], [[undefined, undefined, undefined, undefined], []]);
  assertEquals(await dropped.client.readLine(), undefined);
});

Deno.test("the row of a question stays open if an earlier one times out", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const first = client.ask("One? ", { timeout: 1_000 });
  const second = client.ask("Two? ");
  await harness.hear(peer, "Two? ");
  harness.clock.advance(1_000);
  await harness.server.poll();
  assertEquals(await first, undefined);
  peer.write("yes\r\n");
  await harness.server.poll();
  assertEquals(await second, "yes");
  client.send("done\n");
  assertEquals(await harness.hear(peer, "done"), "done\r\n");
  const third = client.ask("Three? ", { timeout: 1_000 });
  await harness.hear(peer, "Three? ");
  harness.clock.advance(1_000);
  await harness.server.poll();
  assertEquals(await third, undefined);
  client.send("done\n");
  assertEquals(await harness.hear(peer, "done"), "\r\ndone\r\n");
});

Deno.test("ask() resolves to undefined when its timeout is over, and the echo comes back", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const hidden = client.ask("Password: ", { hidden: true, timeout: 60_000 });
  const later = client.readLine({ timeout: 90_000 });
  await harness.hear(peer, "Password: ");
  peer.write(Uint8Array.of(IAC, DO, ECHO));
  harness.clock.advance(59_000);
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  let settled = false;
  void hidden.then(() => settled = true);
  await harness.server.poll();
  assertEquals(settled, false);
  harness.clock.advance(1_100);
  await harness.pollUntil(() => settled);
  assertEquals(await hidden, undefined);
  await harness.server.poll();
  assertEquals(inWords(latin1(peer.take())), "\r\n<WONT ECHO>");
  peer.write("late\r\n");
  await harness.pollUntil(() => client.bytesReceived > 8);
  assertEquals(await later, "late");
});

Deno.test("a line that arrived before the timeout is returned, even if no poll ran in between", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const answer = client.readLine({ timeout: 1_000 });
  peer.write("in time\r\n");
  await new Promise((resolve) => setTimeout(resolve, 0));
  harness.clock.advance(5_000);
  await harness.server.poll();
  assertEquals(await answer, "in time");
});

Deno.test("waiting readLine() calls get lines in the order of the calls", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const waiting = [client.readLine(), client.readLine(), client.readLine()];
  peer.write("one\r\ntwo\r\nthree\r\n");
  await harness.pollUntil(() => client.bytesReceived === 17);
  assertEquals(await Promise.all(waiting), ["one", "two", "three"]);
});

Deno.test("lines() can be read one by one, without a loop", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write("name\r\npassword\r\n");
  await harness.pollUntil(() => client.cmdReady);
  const { value: name } = await client.lines().next();
  const { value: password } = await client.lines().next();
  assertEquals([name, password], ["name", "password"]);
});

Deno.test("a half-closed client still gets the output of a slow dialogue", async () => {
  await using harness = await start({
    onConnect: async (client) => {
      const name = await client.ask("Name? ");
      for (let turns = 0; turns < 5; turns++) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      client.send(`Hello, ${name}!\n`);
    },
  });
  const { peer, client } = await harness.join({ allowHalfOpen: true });
  peer.write("Ann\r\n");
  peer.end();
  const heard = await harness.hear(peer, "Hello");
  assertEquals(heard, "Name? Hello, Ann!\r\n");
  await harness.pollUntil(() => !client.active);
  assertEquals(client.disconnectReason, "client-closed");
});

Deno.test("ask() works with the line editor, which masks the password", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.useEditor();
  await harness.server.poll();
  peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, SGA));
  await harness.pollUntil(() => client.terminal.editing);
  const answer = client.ask("Password: ", { hidden: true });
  peer.write("sesame\r");
  const heard = await harness.hear(peer, "Password: ");
  await harness.pollUntil(() => client.bytesReceived === 13);
  assertEquals(await answer, "sesame");
  assert(!heard.includes("sesame") && !latin1(peer.take()).includes("sesame"));
});

Deno.test("ask() works under serve(), without a game loop", async () => {
  const end = new AbortController();
  await using harness = await start({
    onConnect: async (client) => {
      client.send(`Hello, ${await client.ask("Name? ")}!\n`);
    },
  });
  const serving = harness.server.serve({ signal: end.signal });
  const peer = harness.dial();
  peer.write("Ann\r\n");
  let heard = "";
  while (!heard.includes("Ann")) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    heard += peer.takeText();
  }
  assertEquals(heard, "Name? Hello, Ann!\r\n");
  end.abort();
  await serving;
});

Deno.test("ask() in character mode, and invalid options of ask() and readLine(), throw misuse at once", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const wrong: [() => unknown, RegExp][] = [
    [() => client.ask(5 as never), /the question: expected text/],
    [() => client.ask("x", { hidden: "yes" as never }), /ask\.hidden: expected true or false/],
    [() => client.ask("x", { hide: true } as never), /did you mean "hidden"\?/],
    [() => client.readLine({ timeout: -1 }), /timeout: expected a whole number/],
    [() => client.readLine(500 as never), /call ask\(question\), got 500/],
  ];
  for (const [call, words] of wrong) {
    assertMatch(assertThrows(call, TelnetError).message, words);
  }
  client.enterCharacterMode();
  await harness.server.poll();
  peer.write(Uint8Array.of(IAC, DO, ECHO, IAC, DO, SGA));
  await harness.pollUntil(() => client.terminal.inCharacterMode);
  const error = assertThrows(() => client.ask("Name? "), TelnetError);
  assertMatch(error.message, /call enterLineMode\(\) or useEditor\(\) first/);
});

Deno.test("a password that was typed ahead needs no ECHO negotiation", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write("sesame\r\nlook\r\n");
  await harness.pollUntil(() => client.cmdReady);
  const recording: string[] = [];
  client.terminal.record((line) => recording.push(line));
  assertEquals(await client.ask("Password: ", { hidden: true }), "sesame");
  assertEquals(inWords(await harness.hear(peer, "Password: ")), "Password: \r\n");
  assertEquals(client.getCommand(), "look");
  assert(!recording.join().includes("sesame"));
  assert(recording.join().includes("look"));
});

Deno.test("a restart in the middle of a password question turns the echo on again", async () => {
  await using before = await start();
  const { peer, client } = await before.join();
  void client.ask("Password: ", { hidden: true });
  await before.hear(peer, "Password: ");
  peer.write(Uint8Array.of(IAC, DO, ECHO));
  await before.pollUntil(() => client.telnet.optionEnabled(ECHO, "local"));
  const saved = JSON.stringify(client.snapshot());
  await using after = await start({ restore: () => JSON.parse(saved) });
  const again = await after.join();
  await after.server.poll();
  assertEquals(inWords(latin1(again.peer.take())), "<WONT ECHO>");
});

Deno.test("lines that a rate limit holds back do not time out", async () => {
  await using harness = await start({
    limits: { lineRate: 1, burst: 1, floodTimeout: Infinity },
  });
  const { peer, client } = await harness.join();
  const lines = Array.from({ length: 500 }, (_, at) => `line ${at}`);
  const answers = lines.map(() => client.readLine({ timeout: 500 }));
  let taken = 0;
  for (const answer of answers) void answer.then(() => taken++);
  peer.write(lines.map((line) => `${line}\r\n`).join(""));
  await harness.pollUntil(() => taken > 0);
  assert(client.connection.throttled && taken < lines.length, "it is held back");
  while (taken < lines.length) {
    harness.clock.advance(1_000);
    for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  }
  assertEquals(await Promise.all(answers), lines);
});
