/** onTurnEnd, connection identity at restore, and a transport per listener. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type TelnetClient, TelnetError, TelnetServer } from "../../mod.ts";
import { MemoryTransport } from "../../src/transport/mod.ts";
import { start } from "./harness.ts";

Deno.test("onTurnEnd gets the clients that changed, after the game's output was sent", async () => {
  const turns: string[][] = [];
  await using harness = await start({
    onTurnEnd: (clients) => void turns.push(clients.map((client) => `${client.port}`)),
  });
  const { peer, client } = await harness.join();
  const { peer: other, client: second } = await harness.join();
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  turns.length = 0;
  await harness.server.poll();
  assertEquals(turns, []); // nothing changed

  peer.write("look\r\n");
  await harness.pollUntil(() => client.cmdReady);
  client.send(`You said ${client.getCommand()}\n`);
  turns.length = 0;
  await harness.server.poll();
  assertEquals(turns[0], [`${client.port}`]);
  assertEquals(peer.takeText(), "You said look\r\n");

  second.send("hello\n");
  turns.length = 0;
  let out = "";
  harness.server.onDisconnect = () => {};
  await harness.server.poll();
  out = other.takeText();
  assertEquals([turns[0], out], [[`${second.port}`], "hello\r\n"]);
});

Deno.test("a snapshot taken in onTurnEnd has no output of that turn", async () => {
  const saved: string[] = [];
  await using harness = await start({
    onTurnEnd: (clients) => {
      for (const client of clients) saved.push(JSON.stringify(client.snapshot()));
    },
  });
  const { peer, client } = await harness.join();
  peer.write("half");
  await harness.pollUntil(() => client.bytesReceived === 4);
  client.send("an answer\n");
  await harness.server.poll();
  const { telnet, input } = JSON.parse(saved.at(-1) ?? "{}");
  assertEquals([telnet.output, input.line.line], [[], "half"]);
});

Deno.test("an onTurnEnd that throws is reported, and the server keeps running", async () => {
  const errors: unknown[] = [];
  await using harness = await start({
    onError: (error) => void errors.push(error),
    onTurnEnd: () => {
      throw new Error("the disk is full");
    },
  });
  const { client } = await harness.join();
  client.send("x");
  await harness.pollUntil(() => errors.length > 0);
  assert(client.active);
});

Deno.test("restore gets the identity of the transport connection", async () => {
  const asked: string[] = [];
  const known = new Map<string, string>();
  await using harness = await start({
    restore: ({ identity }) => {
      asked.push(identity);
      const snapshot = known.get(identity);
      return snapshot === undefined ? undefined : JSON.parse(snapshot);
    },
  });
  const { peer, client } = await harness.join({ identity: "gateway-1/7" });
  const { client: other } = await harness.join();
  peer.write("half");
  await harness.pollUntil(() => client.bytesReceived === 4);
  assertEquals(client.connection.identity, "gateway-1/7");
  assert(other.connection.identity !== client.connection.identity);
  known.set(client.connection.identity, JSON.stringify(client.snapshot()));
  const { peer: again, client: back } = await harness.join({ identity: "gateway-1/7" });
  again.write(" a line\r\n");
  await harness.pollUntil(() => back.cmdReady);
  assertEquals(back.getCommand(), "half a line");
  assertEquals(asked, ["gateway-1/7", other.connection.identity, "gateway-1/7"]);
});

Deno.test("each listener can have its own transport", async () => {
  const [first, second] = [new MemoryTransport(), new MemoryTransport()];
  const here: TelnetClient[] = [];
  await using server = await TelnetServer.listen({
    transport: first,
    listeners: [{ port: 0, transport: second }, { port: 0 }],
    timeout: 0,
    onConnect: (client) => void here.push(client),
    onDisconnect: () => {},
  });
  const [one, two, three] = server.listeners.map(({ port }) => port);
  const peers = [first.connect(one ?? 0), second.connect(two ?? 0), first.connect(three ?? 0)];
  for (let polls = 0; polls < 5; polls++) await server.poll();
  assertEquals(here.length, 3);
  for (const peer of peers) peer.end();
});

Deno.test("a listener has the addresses of the transport it listens on", async () => {
  const transport = new MemoryTransport();
  const listener = { port: 0, address: "a place in memory" };
  for (const options of [listener, { port: 0, listeners: [listener] }]) {
    await using server = await TelnetServer.listen({ transport, timeout: 0, ...options });
    assertEquals(server.listeners.length, "listeners" in options ? 2 : 1);
  }
  await assertRejects(
    () => TelnetServer.listen({ port: 0, listeners: [listener] }),
    TelnetError,
    "Cannot use listeners[0].address: expected a name or an IP address",
  );
});
