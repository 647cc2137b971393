import { assert, assertEquals, assertThrows } from "@std/assert";
import { TelnetError } from "../../mod.ts";
import {
  ECHO,
  encodeEnvironIs,
  encodeGmcp,
  encodeMsdp,
  encodeNaws,
  GMCP,
  MSDP,
  type MsdpValue,
  NAWS,
  NEW_ENVIRON,
  TIMING_MARK,
} from "../../src/options/mod.ts";
import { DO, IAC } from "../../src/protocol/mod.ts";
import { BaseConnection } from "../../src/transport/base_connection.ts";
import { start } from "./harness.ts";
import { join, type Joined } from "./remote.ts";

// What the documentation promises about unusual moments.

const MARK = Uint8Array.of(IAC, DO, TIMING_MARK);

Deno.test("a client without lines and keys is the end of a loop over hasKey", async () => {
  await using joined = await join();
  const { harness, client, peer, remote } = joined;
  client.enterCharacterMode();
  remote.do(1);
  remote.do(3);
  peer.write("qxyz");
  await harness.pollUntil(() => client.hasKey);
  const taken: string[] = [];
  while (client.hasKey) {
    const key = client.getKey();
    taken.push(key?.text ?? "");
    client.active = false;
    assert(taken.length < 10);
  }
  assertEquals(taken, ["q"]);
});

Deno.test("requests for marks do not put off the timeouts of questions and offers for ever", async () => {
  await using harness = await start({
    limits: { negotiationRate: 50, burst: 10, byteRate: 4_096 },
    telnetOptions: { naws: true },
  });
  const { peer, client } = await harness.join();
  let ready = false;
  void client.ready.then(() => ready = true);
  let answer: string | undefined = "none";
  void client.ask("Name: ", { timeout: 60_000 }).then((given) => answer = given);
  let second = 0;
  for (; second < 600 && answer !== undefined; second++) {
    for (let count = 0; count < 60; count++) peer.write(MARK);
    for (let polls = 0; polls < 3; polls++) {
      await harness.server.poll();
      harness.clock.advance(1_000 / 3);
    }
    peer.take();
  }
  assert(ready && second >= 60 && second <= 95, `after ${second} s`);
});

Deno.test("after active = false in an event, no other handler is called for the same message", async () => {
  const called: string[] = [];
  await using joined = await join({
    telnetOptions: {
      gmcp: true,
      msdp: {
        variables: {
          A: { value: () => "1", configurable: true },
          H: { value: () => (called.push("value"), "2") },
        },
      },
    },
    onGmcp: (client) => void (client.active = false),
    onMsdp: (client) => void (client.active = false),
  });
  const { harness, client, remote } = joined;
  client.telnet.gmcp.on("Char.Login", () => void called.push("login"));
  remote.do(GMCP);
  remote.do(MSDP);
  await harness.pollUntil(() => client.telnet.gmcp.enabled);
  remote.sub(MSDP, encodeMsdp(new Map<string, MsdpValue>([["A", "x"], ["SEND", "H"]])));
  remote.sub(GMCP, encodeGmcp("Char.Login", {}));
  await harness.pollUntil(() => !client.active);
  assertEquals(called, []);

  await using other = await join({
    telnetOptions: { gmcp: true },
    onGmcp: (one) => void (one.active = false),
  });
  other.client.telnet.gmcp.on("Char.Login", () => void called.push("login"));
  other.remote.do(GMCP);
  await other.harness.pollUntil(() => other.client.telnet.gmcp.enabled);
  other.remote.sub(GMCP, encodeGmcp("Char.Login", {}));
  await other.harness.pollUntil(() => !other.client.active);
  assertEquals(called, []);
});

Deno.test("MSDP: a variable that is asked for again and again is read once", async () => {
  let reads = 0;
  await using joined = await join({
    telnetOptions: { msdp: { variables: { HP: { value: () => `${++reads}` } } } },
  });
  const { remote } = joined;
  remote.do(MSDP);
  await remote.hear((words) => words.includes("WILL 69"));
  for (const command of ["SEND", "REPORT"]) {
    remote.sub(MSDP, encodeMsdp(new Map([[command, new Array(1_000).fill("HP")]])));
    await remote.hear((words) => words.length > 0);
  }
  assertEquals(reads, 2);
});

Deno.test("ready waits for the answers to new offers, even if it was awaited before", async () => {
  await using joined = await join({ telnetOptions: { naws: true } });
  const { harness, client, remote } = joined;
  let ready = false;
  void client.ready.then(() => ready = true);
  remote.wont(NAWS);
  await harness.pollUntil(() => ready);
  client.telnet.reset();
  client.telnet.offerOptions();
  ready = false;
  void client.ready.then(() => ready = true);
  for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  assertEquals(ready, false);
  remote.will(NAWS);
  remote.sub(NAWS, encodeNaws({ columns: 100, rows: 30 }));
  await harness.pollUntil(() => ready);
  // What is on is not offered again, so that there is nothing to wait for.
  client.telnet.offerOptions();
  ready = false;
  void client.ready.then(() => ready = true);
  await harness.pollUntil(() => ready);
  assertEquals(client.columns, 100);
});

Deno.test("after telnet.reset() a client may offer what the server agrees to, as on a new connection", async () => {
  await using joined = await join();
  const { client, remote } = joined;
  const listen = async (ask: () => void) => {
    ask();
    return (await remote.hear((words) => words.length > 0)).join();
  };
  assertEquals(await listen(() => remote.will(NAWS)), "DO 31");
  client.telnet.reset();
  assertEquals(await listen(() => remote.wont(NAWS)), "DONT 31");
  assertEquals(await listen(() => remote.will(NAWS)), "DO 31");
});

Deno.test("useAnsi is part of a snapshot", async () => {
  await using before = await start();
  const { client } = await before.join();
  client.useAnsi = false;
  const saved = JSON.stringify(client.snapshot());
  await using after = await start({ restore: () => JSON.parse(saved) });
  const again = await after.join();
  assertEquals(again.client.useAnsi, false);
  again.client.sendCc("^RHi^~\n");
  assertEquals(await after.hear(again.peer, "Hi"), "Hi\r\n");
});

Deno.test("a prompt in many colours is shown again whole", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const cells = Array.from({ length: 150 }, (_, at) => `\x1b[38;2;${at};20;30m#`).join("");
  client.prompt(`${cells}\x1b[0m> `);
  await harness.hear(peer, "> ");
  harness.server.broadcast("Rain.");
  assertEquals(await harness.hear(peer, "> "), `\r\nRain.\r\n${cells}\x1b[0m> `);
});

Deno.test("an empty LC_ALL counts as unset", async () => {
  await using joined = await join({ telnetOptions: { newEnviron: true } });
  const { harness, client, remote } = joined;
  remote.will(NEW_ENVIRON);
  remote.sub(
    NEW_ENVIRON,
    encodeEnvironIs([
      { name: "LC_ALL", value: "", user: false },
      { name: "LANG", value: "en_US.UTF-8", user: false },
    ]),
  );
  await harness.pollUntil(() => client.terminal.profile.utf8 !== undefined);
  assertEquals(client.terminal.profile.utf8, true);
});

Deno.test("wrapped text fits the window in the client's character set, for one client and for all", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const other = await harness.join();
  client.encoding = "latin1";
  const text = "He waits… and waits… then he says… nothing at all… and the rain… the rain… €5";
  const options = { columns: 40, indent: 0, padding: 0 };
  client.sendWrapped(text, options);
  const alone = await harness.hear(peer, "EUR5");
  for (const line of alone.split("\r\n")) assert(line.length <= 40, line);
  assert(!alone.includes("?"));
  const wrap = { columns: 20, indent: 0, padding: 0 };
  client.sendWrapped("one\u200btwothree\u200bfourfivesix\u200bseven\u200beight", wrap);
  assertEquals(await harness.hear(peer, "eight"), "onetwothree\r\nfourfivesixseven\r\neight\r\n");
  client.encoding = "ascii";
  client.sendWrapped("it weighs heavily 10\u00a0000 km", wrap);
  assertEquals(await harness.hear(peer, "km"), "it weighs heavily\r\n10 000 km\r\n");
  client.encoding = "latin1";
  harness.server.broadcast(text, { wrap: options });
  assertEquals(await harness.hear(peer, "EUR5"), alone);
  await harness.server.poll();
  assert(other.peer.takeText().includes("…"));
});

/** A connection that takes everything. */
class Sink extends BaseConnection {
  protected transmit(bytes: Uint8Array): number {
    return bytes.length;
  }
  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(): void {}
}

Deno.test("accept() writes the given address as other connections report theirs", async () => {
  await using harness = await start();
  const given = ["::ffff:192.0.2.7", "2001:DB8:0:0:0:0:0:7", "192.0.2.9", "", "a name"];
  for (const address of given) {
    const connection = new Sink("", 0);
    assert(harness.server.accept(connection, { address }));
  }
  await harness.pollUntil(() => harness.connected.length === given.length);
  assertEquals(harness.connected.map(({ address }) => address), [
    "192.0.2.7",
    "2001:db8::7",
    "192.0.2.9",
    "",
    "a name",
  ]);
});

Deno.test("ready resolves in time for a client that sends more lines than are queued", async () => {
  await using harness = await start({ telnetOptions: { naws: true, gmcp: true } });
  const { peer, client } = await harness.join();
  let ready = false;
  void client.ready.then(() => ready = true);
  peer.write("Fl\n".repeat(3_000));
  await harness.server.poll();
  harness.clock.advance(999);
  await harness.server.poll();
  assertEquals(ready, false);
  harness.clock.advance(1);
  await harness.pollUntil(() => ready);
});

/** A type as games have it. */
interface Vitals {
  hp: number;
  target?: string | undefined;
}

Deno.test("gmcp.send() takes what JSON can represent, also of an interface, and refuses the rest", async () => {
  await using joined = await join({ telnetOptions: { gmcp: true } });
  const { harness, client, remote } = joined;
  remote.do(GMCP);
  await harness.pollUntil(() => client.telnet.gmcp.enabled);
  const vitals: Vitals = { hp: 7, target: undefined };
  client.telnet.gmcp.send("Char.Vitals", vitals);
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard.at(-1), 'SB 201 Char.Vitals {"hp":7}');
  for (const wrong of [() => 5, new Map(), Symbol(), 5n, Promise.resolve(5)]) {
    assertThrows(() => client.telnet.gmcp.send("Char.Vitals", wrong), TelnetError, "as JSON");
  }
});

/** A client for which the server echoes, in a window of a width. */
async function echoed(columns: number): Promise<Joined> {
  const joined = await join();
  const { harness, client, remote } = joined;
  client.requestWillEcho();
  client.requestNaws();
  remote.do(ECHO);
  remote.will(NAWS);
  remote.sub(NAWS, encodeNaws({ columns, rows: 10 }));
  await harness.pollUntil(() => client.columns === columns);
  remote.read(joined.peer.take());
  remote.text = "";
  return joined;
}

/** What the client shows now. */
async function shown({ harness, peer, remote }: Joined): Promise<string> {
  await harness.server.poll();
  await harness.server.poll();
  remote.read(peer.take());
  const { text } = remote;
  remote.text = "";
  return text;
}

Deno.test("the rest of a line begun as a password is never echoed", async () => {
  await using joined = await echoed(80);
  const { client, clock, harness, peer } = joined;
  const answer = client.ask("Password: ", { hidden: true, timeout: 5_000 });
  await shown(joined);
  peer.write("hun");
  await shown(joined);
  clock.advance(5_000);
  let over = false;
  void answer.then((given) => over = given === undefined);
  await harness.pollUntil(() => over);
  client.send("Too late.\n");
  client.prompt("> ");
  peer.write("ter");
  harness.server.broadcast("Ann arrives.");
  const seen = await shown(joined);
  assert(seen.includes("Ann arrives.") && !/hun|ter/.test(seen), seen);
  peer.write("\r\nlook");
  assert((await shown(joined)).endsWith("look")); // the next line is shown
});

Deno.test("pasted lines are echoed as if they were typed, also where they wrap", async () => {
  const text = `x\r\n${"0123456789".repeat(5)}END\r\n`;
  const results: string[] = [];
  for (const size of [1, 7, text.length]) {
    await using joined = await echoed(20);
    joined.client.prompt("a prompt of some > ");
    await shown(joined);
    let seen = "";
    for (let at = 0; at < text.length; at += size) {
      joined.peer.write(text.slice(at, at + size));
      seen += await shown(joined);
    }
    results.push(seen);
  }
  assertEquals(results, [results[0], results[0], results[0]]);
});

Deno.test("half an answer is shown again after its question has timed out, whose row ends at once", async () => {
  await using joined = await echoed(80);
  const { client, clock, peer } = joined;
  void client.ask("Sure? ", { timeout: 2_000 });
  await shown(joined);
  peer.write("ye");
  await shown(joined);
  clock.advance(2_000);
  assertEquals(await shown(joined), "\r\nye");
  client.prompt("> ");
  assertEquals(await shown(joined), "> ye");
  await using other = await echoed(80);
  void other.client.ask("Name? ", { timeout: 2_000 });
  await shown(other);
  other.clock.advance(2_000);
  assertEquals(await shown(other), "\r\n");
});

Deno.test("Backspace goes back over the row end of an echoed line after a restart, too", async () => {
  const line = "look at the big green thing";
  const seen: string[] = [];
  for (const restarts of [false, true]) {
    await using before = await echoed(20);
    before.client.prompt("> ");
    before.peer.write(line);
    await shown(before);
    if (!restarts) {
      before.peer.write("\x7f".repeat(12));
      seen.push(await shown(before));
      continue;
    }
    const saved = JSON.stringify(before.client.snapshot());
    await using after = await join({ restore: () => JSON.parse(saved) });
    await shown(after);
    after.peer.write("\x7f".repeat(12));
    seen.push(await shown(after));
  }
  assertEquals(seen[1], seen[0]);
});
