/** Options that are refused, withdrawn and agreed to again, and what a restart keeps of them. */
import { assert, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import {
  type ClientSnapshot,
  type ListenOptions,
  type TelnetClient,
  TelnetServer,
} from "../../mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { NO_RATES } from "../server/harness.ts";
import { hexOf, toHex } from "../hex.ts";
import { type Seat, takeSeat } from "./seat.ts";

const ZLIB = toHex(deflateSync(new TextEncoder().encode("look north\r\n")));

/** Polls until the inflater is done. */
async function linesOf(seat: Seat): Promise<string[]> {
  for (let left = 200; left > 0 && !seat.client.cmdReady; left--) {
    await seat.heard();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return seat.lines();
}

Deno.test("an MCCP3 marker that crosses our WONT is obeyed", async () => {
  const marker = `fffa57fff0${ZLIB}`;
  const withdraw = (client: TelnetClient) => client.telnet.disableOption(87, "local");
  {
    await using seat = await takeSeat({ telnetOptions: { mccp3: true } });
    await seat.heard();
    withdraw(seat.client);
    await seat.send(`fffd57${marker}`);
    assertEquals(await linesOf(seat), ["look north"]);
  }
  {
    await using seat = await takeSeat({ telnetOptions: { mccp3: true } });
    await seat.heard();
    seat.client.telnet.reset();
    await seat.heard();
    await seat.send(`fffd57${marker}`);
    assertEquals(await linesOf(seat), ["look north"]);
  }
  {
    await using seat = await takeSeat({ telnetOptions: { mccp3: true } });
    await seat.send("fffd57");
    withdraw(seat.client);
    await seat.heard();
    await seat.send(marker);
    assertEquals(await linesOf(seat), ["look north"]);
  }
  {
    // After the client has acknowledged the WONT there is no marker any more.
    await using seat = await takeSeat({ telnetOptions: { mccp3: true } });
    await seat.send("fffd57");
    withdraw(seat.client);
    await seat.heard();
    await seat.send(`fffe57fffa57fff0${hexOf("plain\r\n")}`);
    assertEquals(seat.lines(), ["plain"]);
  }
});

/** What becomes of a client, with and without a restart from a snapshot in the middle. */
async function bothWays(
  options: ListenOptions,
  first: (seat: Seat) => Promise<string>,
  second: (seat: Seat) => Promise<string>,
): Promise<string[]> {
  const results: string[] = [];
  for (const restarts of [false, true]) {
    let seat = await takeSeat(options);
    let heard = await first(seat);
    if (restarts) {
      const snapshot = JSON.parse(JSON.stringify(seat.client.snapshot())) as ClientSnapshot;
      await seat[Symbol.asyncDispose]();
      seat = await takeSeat(options, snapshot);
    }
    heard += await second(seat);
    results.push(`${heard} ${seat.client.disconnectReason}`);
    await seat[Symbol.asyncDispose]();
  }
  return results;
}

/** Lets seconds pass, one by one; returns what the client heard. */
async function pass(seat: Seat, seconds: number): Promise<string> {
  let heard = "";
  for (let left = seconds; left > 0; left--) {
    seat.clock.advance(1_000);
    heard += await seat.heard();
  }
  return heard;
}

Deno.test("a restart keeps that a client answers keep-alives, and was warned that it is idle", async () => {
  const answers = await bothWays(
    { keepAlive: "timing-mark", keepAliveInterval: 1_000 },
    async (seat) => {
      await seat.send("fffb1f");
      await pass(seat, 1);
      await seat.send("fffc06");
      return "";
    },
    async (seat) => {
      await pass(seat, 60);
      return "";
    },
  );
  assertEquals(answers, [" no-answer", " no-answer"]);
  const warned = await bothWays(
    { limits: { idleTimeout: 20_000, idleWarning: 10_000 } },
    (seat) => pass(seat, 12),
    (seat) => pass(seat, 5),
  );
  assertEquals(warned[0], warned[1]);
  assert(warned[0]?.includes(hexOf("idle")));
});

const ERASED: readonly (readonly [name: string, hex: string, lines: readonly string[]])[] = [
  ["EL in a sequence", "61 1b5b fff8 62 0d0a", ["b"]],
  ["EL in a title", "61 1b5d303b fff8 62 0d0a", ["b"]],
  ["EL in a character", "61 c3 fff8 62 0d0a", ["b"]],
  ["IP in a character", "61 c3 fff4 62 0d0a", ["b"]],
  ["EL between two halves", "61 c3 fff8 a9 62 0d0a", ["\ufffdb"]],
  ["EC in a sequence", "61 1b5b fff7 62 0d0a", ["b"]],
];
for (const [name, hex, lines] of ERASED) {
  Deno.test(`erasing leaves nothing half read: ${name}`, async () => {
    for (const editor of [false, true]) {
      await using seat = await takeSeat();
      if (editor) {
        seat.client.useEditor();
        await seat.heard();
        await seat.send("fffd01fffd03");
      }
      await seat.send(hex);
      assertEquals(seat.lines(), lines, editor ? "in an editor" : "in line mode");
    }
  });
}

Deno.test("EL does not make one character of two halves in a set of several bytes", async () => {
  await using seat = await takeSeat({ encoding: "gbk" });
  await seat.send("61 c4 fff8 c3 62 0d0a");
  assert(!seat.lines().join().includes("拿"));
});

Deno.test("a client that left or refused character mode gets it when it asks for it", async () => {
  for (const refusal of ["fffd01fffd03 fffe01fffe03", "fffe01fffe03"]) {
    for (const again of ["fffd03fffd01", "fffd01fffd03"]) {
      await using seat = await takeSeat();
      seat.client.useEditor();
      await seat.heard();
      for (const part of refusal.split(" ")) await seat.send(part);
      assertEquals(seat.client.terminal.editing, false);
      const heard = await seat.send(again);
      assert(heard.includes("fffb03") && heard.includes("fffb01"), heard);
      await seat.send("fffd01");
      assertEquals(seat.client.terminal.editing, true, `${refusal}, ${again}`);
    }
  }
});

const name = (text: string) => `fffa1800${hexOf(text)}fff0`;

Deno.test("TERMINAL-TYPE agreed to again is that of another terminal", async () => {
  await using seat = await takeSeat({ telnetOptions: { terminalType: true } });
  await seat.send("fffb18");
  for (const one of ["TINTIN++", "XTERM", "MTTS 13", "MTTS 13"]) await seat.send(name(one));
  assertEquals(seat.client.terminal.profile.name, "TINTIN++");
  await seat.send("fffc18");
  await seat.send("fffb18");
  for (const one of ["MUDLET", "ANSI", "MTTS 1", "MTTS 1"]) await seat.send(name(one));
  assertEquals([seat.client.terminal.profile.name, seat.client.terminalType], ["MUDLET", "ANSI"]);
});

Deno.test("a list of terminal types that is asked for in its middle goes on", async () => {
  await using seat = await takeSeat({ telnetOptions: { terminalType: true } });
  await seat.send("fffb18");
  await seat.send(name("MUDLET"));
  seat.client.requestTerminalType();
  await seat.heard();
  for (const one of ["XTERM", "MTTS 13", "MTTS 13"]) await seat.send(name(one));
  assertEquals([seat.client.terminal.profile.name, seat.client.terminalType], ["MUDLET", "XTERM"]);
});

Deno.test("GMCP and MSDP start anew with each agreement", async () => {
  let health = 7;
  await using seat = await takeSeat({
    telnetOptions: { gmcp: true, msdp: { variables: { HP: { value: () => String(health) } } } },
  });
  const ping = `fffac9${hexOf("Core.Ping")}fff0`;
  await seat.send(`fffdc9fffd45fffac9${hexOf('Core.Supports.Set ["Char 1"]')}fff0`);
  seat.client.telnet.gmcp.send("Core.Ping");
  await seat.heard();
  await seat.send("fffec9");
  await seat.send("fffdc9");
  assertEquals(seat.client.telnet.gmcp.supports.size, 0);
  assertEquals(await seat.send(ping), ping);
  await seat.send(`fffa4501${hexOf("REPORT")}02${hexOf("HP")}fff0`);
  assertEquals(seat.client.telnet.msdp.reported.size, 1);
  await seat.send("fffe45");
  await seat.send("fffd45");
  health = 6;
  seat.client.telnet.msdp.update();
  assertEquals([await seat.heard(), seat.client.telnet.msdp.reported.size], ["", 0]);
});

Deno.test("the row after a notice is marked by the options in force at its place", async () => {
  const results: string[] = [];
  for (const parts of [["fff6", "fffe19"], ["fff6fffe19"]]) {
    await using seat = await takeSeat({ telnetOptions: { endOfRecord: true } });
    await seat.send("fffd19");
    seat.client.prompt("> ");
    await seat.heard();
    let heard = "";
    for (const part of parts) heard += await seat.send(part);
    results.push(heard);
  }
  assertEquals(results[0], results[1]);
});

Deno.test("the server reports STATUS only if it performs STATUS; SLC is taken before onSlc", async () => {
  const keys: unknown[] = [];
  await using seat = await takeSeat({
    telnetOptions: { linemode: true },
    onSlc: (client) => void keys.push(client.telnet.linemode.keys.get(10)?.value),
  });
  seat.client.telnet.enableOption(5, "remote");
  await seat.heard();
  assertEquals(await seat.send("fffb05fffa0501fff0"), "");
  await seat.send("fffb22fffa22030a0208fff0");
  assertEquals(keys, [8]);
});

Deno.test("a snapshot that a handler takes has the secret up to the bytes that are left", async () => {
  const snapshots: ClientSnapshot[] = [];
  {
    await using seat = await takeSeat({
      onTelnetCommand: (client) => {
        client.passwordModeOff();
        snapshots.push(client.snapshot());
      },
    });
    seat.client.passwordModeOn();
    await seat.heard();
    await seat.send("fffd01");
    await seat.send("fff7");
  }
  const recorded: string[] = [];
  await using seat = await takeSeat({}, JSON.parse(JSON.stringify(snapshots[0])));
  seat.client.terminal.record((line) => void recorded.push(line));
  await seat.send(hexOf("look\r\n"));
  assertEquals(seat.lines(), ["look"]);
  assert(recorded.join("").includes("look"));
});

Deno.test("a client whose input waits for its turn is not dropped as idle", async () => {
  let time = 1_000;
  const transport = new MemoryTransport();
  const gone: unknown[] = [];
  const server = await TelnetServer.listen({
    transport,
    timeout: 0,
    // Each look at the clock takes a moment, so that the second client waits for the next poll.
    clock: { now: () => time += 0.1, timeOfDay: () => time },
    limits: { ...NO_RATES, idleTimeout: 10_000, idleWarning: 0 },
    onConnect: () => {},
    onDisconnect: (client) => void gone.push(client.disconnectReason),
  });
  const peers = [transport.connect(server.port), transport.connect(server.port)];
  const poll = async () => {
    for (let polls = 0; polls < 5; polls++) await server.poll();
  };
  await poll();
  time += 11_000;
  for (const peer of peers) peer.write(`${"x".repeat(1_500)}\r\n`);
  await poll();
  assertEquals(gone, []);
  for (const peer of peers) peer.abort();
  await server.stop();
});
