/** TestGame: players and a stepped clock, with games as their authors write them. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TelnetClient, TelnetError, TelnetServer } from "../../mod.ts";
import { isTelnetError } from "../../src/connect/mod.ts";
import { TestClock, TestGame } from "../../src/testing/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";

class Player extends TelnetClient {
  name = "";
}

/** A talker with a login, a tick every ten seconds, and an idle limit. */
function startTalker(chunkSize?: number): Promise<TestGame<TelnetServer<Player>>> {
  return TestGame.start(async ({ transport, clock }) => {
    const server = await TelnetServer.listen({
      transport,
      clock,
      clientClass: Player,
      limits: { idleTimeout: 600_000 },
      telnetOptions: { gmcp: true, naws: true },
      onDisconnect: () => {},
      async onConnect(player) {
        player.name = await player.ask("Name? ") ?? "";
        await player.ask("Password? ", { hidden: true });
        player.send(`Welcome, ${player.name}!\n`);
      },
    });
    let next = 10_000;
    const turn = () => {
      for (const player of server.clientList()) {
        const line = player.name === "" ? undefined : player.getCommand();
        if (line === "quit") player.active = false;
        else if (line !== undefined) server.broadcast(`${player.name}: ${line}\n`);
        if (line === "score") player.telnet.gmcp.send("Char.Vitals", { hp: 5 });
      }
      if (clock.now() < next) return;
      next += 10_000;
      server.broadcast("The bell rings.\n");
    };
    return { server, turn };
  }, { chunkSize });
}

for (const chunkSize of [undefined, 1]) {
  const cut = chunkSize === undefined ? "" : ", byte by byte";
  Deno.test(`a game is tested without sockets and without waiting${cut}`, async () => {
    await using game = await startTalker(chunkSize);
    const ada = await game.connect({ terminal: { name: "ADA", columns: 100 } });
    await ada.expect("Name? ");
    ada.send("Ada\n");
    await ada.expect("Password? ");
    assertEquals(ada.remote.serverEchoes, true);
    ada.send("secret\n");
    await ada.expect("Welcome, Ada!");
    assertEquals(game.server.clientList()[0]?.columns, 100);
    const bob = await game.connect();
    bob.send("Bob\nsecret\n");
    await bob.expect("Welcome, Bob!");
    bob.send("hello\n");
    await ada.expect(/Bob: hello\n/);
    const vitals: unknown[] = [];
    ada.remote.telnet.gmcp.on("Char.Vitals", (value) => vitals.push(value));
    ada.send("score\n");
    await ada.expect("Ada: score");
    await game.turn(2);
    assertEquals(vitals, [{ hp: 5 }]);
    await game.advance(10_000);
    await bob.expect("The bell rings.");
    bob.send("quit\n");
    await bob.expectEnd();
    assertEquals(game.server.connectionCount(), 1);
    await game.advance(600_000, 30_000);
    await ada.expectEnd(); // idle
  });
}

Deno.test("an expectation that is not met fails at once, and says what came instead", async () => {
  await using game = await startTalker();
  const ada = await game.connect();
  const error = await ada.expect("Your name:").then(() => undefined, (error) => error);
  assert(isTelnetError(error), String(error));
  assertEquals(error.code, "timeout");
  assert(error.message.includes("Your name:") && error.message.includes("Name? "), error.message);
  await ada.close();
  assertEquals(game.server.connectionCount(), 0);
});

Deno.test("an answer that takes a moment outside of the game is waited for", async () => {
  await using game = await TestGame.start(async ({ transport, clock }) => {
    const onConnect = async (client: TelnetClient) => {
      await new Promise((resolve) => setTimeout(resolve, 150)); // as another thread
      client.send("Done.\n");
    };
    const server = await TelnetServer.listen({ transport, clock, onConnect, onDisconnect() {} });
    return { server };
  });
  await (await game.connect()).expect("Done.");
});

Deno.test("typical mistakes are named: no transport, no turn", async () => {
  const silent = { onConnect() {}, onDisconnect() {} };
  await using elsewhere = await TestGame.start(async () => ({
    server: await TelnetServer.listen({ port: 0, address: "127.0.0.1", ...silent }),
  }));
  await assertRejects(() => elsewhere.connect(), Error, "give the `transport` of TestGame.start()");
  await using game = await TestGame.start(async ({ transport, clock }) => ({
    server: await TelnetServer.listen({ transport, clock, ...silent }),
  }));
  const ada = await game.connect();
  ada.send("look\n");
  await assertRejects(
    () => ada.expect("You see"),
    Error,
    "1 of the players' lines: return a `turn`",
  );
});

Deno.test("a game whose server does not use the test's transport is misuse", async () => {
  await assertRejects(() => TestGame.start(() => ({}) as never), Error, "must return { server }");
  const elsewhere = async () => ({
    server: await TelnetServer.listen({ transport: new MemoryTransport() }),
  });
  await using game = await TestGame.start(elsewhere);
  await assertRejects(() => game.connect(), Error, "give the `transport`");
});

Deno.test("advance() is misuse if the game's server does not use the test's clock", async () => {
  await using game = await TestGame.start(async ({ transport }) => ({
    server: await TelnetServer.listen({ transport }),
  }));
  await game.connect();
  await assertRejects(() => game.advance(1_000), Error, "give the `clock`");
  // A clock that only the game itself reads is used as well.
  await using own = await TestGame.start(async ({ transport, clock }) => ({
    server: await TelnetServer.listen({ transport }),
    turn: () => clock.now(),
  }));
  await own.turn();
  await own.advance(1_000);
});

Deno.test("connecting while the server drains, or after its end, says so", async () => {
  await using game = await startTalker();
  await game.connect();
  const drained = game.server.drain({ grace: 1_000 });
  await game.turn();
  await assertRejects(() => game.connect(), Error, "the game's server drains");
  await game.advance(2_000);
  await drained;
  await assertRejects(() => game.connect(), Error, "the game's server has stopped");
});

Deno.test("TestClock runs due timers in order, but no cancelled ones", () => {
  const clock = new TestClock(1_000);
  const called: string[] = [];
  clock.after(20, () => called.push(`b${clock.now()}`));
  clock.after(10, () => {
    called.push(`a${clock.now()}`);
    clock.after(5, () => called.push(`c${clock.now()}`));
  });
  const end = clock.after(12, () => called.push("never"));
  clock.after(Infinity, () => called.push("never"));
  end();
  clock.advance(19);
  assertEquals(called, ["a10", "c15"]);
  clock.advance(1);
  assertEquals([called.at(-1), clock.now(), clock.timeOfDay()], ["b20", 20, 1_020]);
});

Deno.test("advance() lets what was sent arrive first", async () => {
  const heard: string[] = [];
  await using game = await TestGame.start(async ({ transport, clock }) => {
    const server = await TelnetServer.listen({
      transport,
      clock,
      onConnect: () => {},
      onDisconnect: () => {},
    });
    const turn = () => {
      for (const client of server.clientsWithInput()) heard.push(`${client.getCommand()}`);
    };
    return { server, turn };
  });
  const ada = await game.connect();
  ada.send("hurt\n");
  await game.advance(0);
  assertEquals(heard, ["hurt"]);
});

Deno.test("a failing expect() shows the unread text of a compressed player, too", async () => {
  await using game = await TestGame.start(async ({ transport, clock }) => {
    const server = await TelnetServer.listen({
      transport,
      clock,
      telnetOptions: { mccp2: true },
      onConnect: async (client) => {
        await client.ready;
        client.prompt("Who are you? ");
      },
      onDisconnect: () => {},
    });
    return { server };
  });
  const ada = await game.connect();
  await ada.expect("Who are");
  assert(ada.remote.telnet.optionEnabled(86, "remote"));
  const error = await assertRejects(() => ada.expect("Name? "), TelnetError);
  assertEquals(error.code, "timeout");
  assertMatch(error.message, /did not send "Name\? ".*Unread is " you\? /);
});

Deno.test("close() takes turns until the game has noticed, after all lines that were typed", async () => {
  const heard: (string | undefined)[] = [];
  let gone = 0;
  await using game = await TestGame.start(async ({ transport, clock }) => {
    const server = await TelnetServer.listen({
      transport,
      clock,
      onConnect() {},
      onDisconnect: () => void gone++,
    });
    const turn = () => {
      for (const client of server.clientsWithInput()) heard.push(client.getCommand());
    };
    return { server, turn };
  });
  const player = await game.connect();
  for (let line = 0; line < 12; line++) player.send(`${line}\n`);
  player.send("quit\n");
  await player.close();
  assertEquals([heard.length, heard.at(-1), gone], [13, "quit", 1]);
});

Deno.test("the error of a test tells where to look when the game has ended the connection", async () => {
  await using game = await TestGame.start(async ({ transport, clock }) => {
    const server = await TelnetServer.listen({
      transport,
      clock,
      onConnect() {
        throw new Error("boom");
      },
      onDisconnect() {},
      onError() {},
    });
    return { server };
  });
  const player = await game.connect();
  const error = await assertRejects(() => player.expect("Welcome"), TelnetError, "`onError`");
  assertEquals((error as TelnetError).code, "connection-closed");
});
