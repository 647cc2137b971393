/**
 * Telnet pitfalls of other servers, one test each; the test names are the list. The bytes on the
 * wire are in tests/transcripts.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { deflateSync } from "node:zlib";
import { type ListenOptions, type TelnetClient, TelnetServer } from "../../mod.ts";
import {
  BINARY,
  CHARSET,
  decodeGmcp,
  decodeMsdp,
  ECHO,
  encodeCharsetRequest,
  encodeEnvironIs,
  encodeGmcp,
  encodeMsdp,
  encodeStatusIs,
  encodeTerminalType,
  END_OF_RECORD,
  GMCP,
  MCCP2,
  MCCP3,
  NAWS,
  NEW_ENVIRON,
  SGA,
  TIMING_MARK,
  TTYPE,
} from "../../src/options/mod.ts";
import {
  AO,
  AYT,
  BRK,
  DM,
  DO,
  DONT,
  EC,
  EL,
  IAC,
  IP,
  NOP,
  SB,
  SE,
  TelnetMachine,
  WILL,
  WONT,
} from "../../src/protocol/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { latin1, negotiation, start } from "../server/harness.ts";
import { untilReal } from "../server/remote.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const words = (...bytes: number[]) => latin1(Uint8Array.from(bytes));
const sub = (option: number, payload: Uint8Array) => {
  const machine = new TelnetMachine();
  machine.sendSubnegotiation(option, payload);
  return machine.takeOutput();
};

/** Sends a client's bytes; returns the server's output and the lines that the game gets. */
async function converse(
  bytes: (Uint8Array | string)[],
  options: ListenOptions = {},
): Promise<{ said: string; lines: string[]; client: TelnetClient }> {
  await using harness = await start(options);
  const { peer, client } = await harness.join();
  for (const part of bytes) peer.write(part);
  peer.write(Uint8Array.of(IAC, AYT)); // its answer marks the end of the output
  let said = "";
  await harness.pollUntil(() => (said += latin1(peer.take())).includes("[Yes"));
  const lines: string[] = [];
  for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
    lines.push(line);
  }
  return { said: said.slice(0, said.indexOf("\r\n[Yes")), lines, client };
}

Deno.test("pitfall: acknowledgements are not acknowledged, and no client is asked to echo", async () => {
  const { said } = await converse([
    negotiation(WONT, ECHO),
    negotiation(DONT, ECHO),
    negotiation(WILL, ECHO),
  ]);
  assertEquals(said, words(IAC, DONT, ECHO));
});

Deno.test("pitfall: the next password is hidden although WONT ECHO was never answered", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  for (let round = 0; round < 3; round++) {
    client.passwordModeOn();
    assertMatch(await harness.hear(peer, "\x01"), /\xff\xfb\x01$/);
    peer.write(negotiation(DO, ECHO));
    await harness.pollUntil(() => client.telnet.optionEnabled(ECHO, "local"));
    client.passwordModeOff();
    assertMatch(await harness.hear(peer, "\x01"), /\xff\xfc\x01$/);
  }
});

Deno.test("pitfall: a refused option does not delay ready", async () => {
  await using harness = await start({ telnetOptions: { gmcp: true, terminalType: true } });
  const { peer, client } = await harness.join();
  peer.write(negotiation(DONT, GMCP));
  peer.write(negotiation(WONT, TTYPE));
  let ready = false;
  client.ready.then(() => ready = true);
  await harness.pollUntil(() => ready);
});

Deno.test("pitfall: repeated acknowledgements have no effect", async () => {
  const { said } = await converse(
    [
      ...Array(20).fill(negotiation(DO, END_OF_RECORD)),
      ...Array(20).fill(negotiation(DO, CHARSET)),
    ],
    { telnetOptions: { endOfRecord: true, charset: true, gmcp: true } },
  );
  assertEquals(said.split(words(IAC, WILL, END_OF_RECORD)).length, 2);
  assertEquals(said.split(words(IAC, SB, CHARSET)).length, 2);
});

Deno.test("pitfall: telnet.reset() turns options off before a restart, so that a new offer is answered", async () => {
  await using harness = await start({ telnetOptions: { gmcp: true } });
  const { peer, client } = await harness.join();
  peer.write(negotiation(DO, GMCP));
  await harness.pollUntil(() => client.telnet.optionEnabled(GMCP, "local"));
  client.telnet.reset();
  await harness.hear(peer, words(IAC, WONT, GMCP));
});

Deno.test("pitfall: the ping is TIMING-MARK, not AYT", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.telnet.ping();
  assertEquals(await harness.hear(peer, "\x06"), words(IAC, DO, TIMING_MARK));
});

Deno.test("pitfall: 0xFF in a payload is doubled on the way out, single on the way in", async () => {
  assertEquals([...sub(99, Uint8Array.of(1, 255, 2))], [IAC, SB, 99, 1, IAC, IAC, 2, IAC, SE]);
  const { client } = await converse([
    negotiation(WILL, NAWS),
    Uint8Array.of(IAC, SB, NAWS, 0, IAC, IAC, 0, 24, IAC, SE),
  ]);
  assertEquals(client.columns, 255);
  const unescaped = await converse([
    negotiation(WILL, NAWS),
    Uint8Array.of(IAC, SB, NAWS, 0, IAC, 0, 24, IAC, SE), // not doubled, as Evennia sends it
  ]);
  assertEquals(unescaped.client.columns, 255);
});

Deno.test("pitfall: 0xF0 without IAC ends no subnegotiation, and GMCP never sends 0xF0", async () => {
  const heard: unknown[] = [];
  await converse([negotiation(DO, GMCP), sub(GMCP, utf8('Comm "😀"')), "😀\r\n"], {
    telnetOptions: { gmcp: true },
    onGmcp: (_, { value }) => void heard.push(value),
  });
  assertEquals(heard, ["😀"]);
  assert(encodeGmcp("Comm", "😀").every((byte) => byte < 0x80));
});

Deno.test("pitfall: NAWS is unsigned, may hold 10 and 13, and 0 and absurd sizes are clamped", async () => {
  const size = (...bytes: number[]) => sub(NAWS, Uint8Array.from(bytes));
  const columns = async (...sizes: Uint8Array[]) => {
    const { client } = await converse([negotiation(WILL, NAWS), ...sizes]);
    return [client.columns, client.rows];
  };
  assertEquals(await columns(size(0, 200, 0, 10)), [200, 10]);
  assertEquals(await columns(size(0, 13, 0, 13)), [13, 13]);
  assertEquals(await columns(size(0, 100, 0, 50), size(0, 0, 0, 0)), [100, 50]);
  assertEquals(await columns(size(255, 255, 128, 0)), [1000, 1000]);
});

Deno.test("pitfall: MCCP2 can be stopped, and started again with a new stream", async () => {
  await using harness = await start({ telnetOptions: { mccp2: true } });
  const { peer, client } = await harness.join();
  const marker = words(IAC, SB, MCCP2, IAC, SE);
  for (let times = 0; times < 2; times++) {
    peer.write(negotiation(DO, MCCP2));
    let heard = "";
    await harness.pollUntil(() => (heard += latin1(peer.take())).includes(marker));
    client.send("compressed");
    peer.write(negotiation(DONT, MCCP2));
    await untilReal(harness, () => {
      heard += latin1(peer.take());
      return !client.telnet.optionEnabled(MCCP2, "local") && client.connection.queuedOutput === 0;
    });
    client.send("plain");
    await untilReal(harness, () => (heard += latin1(peer.take())).endsWith("plain"));
    assert(!heard.includes("compressed"));
  }
});

Deno.test("pitfall: compressed bytes right after the MCCP3 marker are not read as text", async () => {
  await using harness = await start({ telnetOptions: { mccp3: true } });
  const { peer, client } = await harness.join();
  const stream = new Uint8Array(deflateSync("look\r\n"));
  peer.write(Uint8Array.of(...negotiation(DO, MCCP3), IAC, SB, MCCP3, IAC, SE, ...stream));
  await untilReal(harness, () => client.cmdReady);
  assertEquals([client.getCommand(), client.getCommand()], ["look", undefined]);
});

Deno.test("pitfall: MCCP1 is refused, and its malformed marker swallows input only up to the next IAC command", async () => {
  const { said, lines } = await converse([
    negotiation(DO, 85),
    Uint8Array.of(IAC, SB, 85, WILL, SE), // no second IAC
    "lost",
    Uint8Array.of(IAC, NOP),
    "look\r\n",
  ]);
  assertEquals([said, lines], [words(IAC, WONT, 85), ["look"]]);
});

Deno.test("pitfall: a client with endless terminal types is asked eight times", async () => {
  await using harness = await start({ telnetOptions: { terminalType: true } });
  const { peer } = await harness.join();
  peer.write(negotiation(WILL, TTYPE));
  let asked = 0;
  for (let name = 0; name < 20; name++) {
    for (let polls = 0; polls < 3; polls++) await harness.server.poll();
    if (latin1(peer.take()).includes(words(IAC, SB, TTYPE, 1))) asked++;
    peer.write(sub(TTYPE, encodeTerminalType(`T${name}`)));
  }
  assertEquals(asked, 8);
});

Deno.test("pitfall: if both ends send a CHARSET request the server's wins; a TTABLE is rejected", async () => {
  const { said } = await converse([
    negotiation(DO, CHARSET),
    negotiation(WILL, CHARSET),
    sub(CHARSET, encodeCharsetRequest(["UTF-8"])),
    sub(CHARSET, Uint8Array.of(4, 1)),
  ], { telnetOptions: { charset: true } });
  assert(said.includes(words(IAC, SB, CHARSET, 3, IAC, SE)));
  assert(said.includes(words(IAC, SB, CHARSET, 5, IAC, SE)));
});

Deno.test("pitfall: NEW-ENVIRON asks in under 256 bytes, never for USER; ESC and missing values are decoded", async () => {
  const variables = [{ name: "A\x02\x03", value: "\x00\x01", user: true }, {
    name: "B",
    value: undefined,
    user: false,
  }, { name: "C", value: "", user: false }];
  const { said, client } = await converse([
    negotiation(WILL, NEW_ENVIRON),
    sub(NEW_ENVIRON, encodeEnvironIs(variables)),
  ], { telnetOptions: { newEnviron: true } });
  assert(said.length < 256 && !said.includes("USER"));
  assertEquals([...client.terminal.facts.environment], [["A\x02\x03", "\x00\x01"], ["C", ""]]);
});

Deno.test("pitfall: MSDP removes its delimiter bytes from values, but not 0xF0", () => {
  const value = new Map([["NAME", "a\x01\x02\x03\x04\x05\x06\x00😀"]]);
  assertEquals(decodeMsdp(encodeMsdp(value)), new Map([["NAME", "a😀"]]));
});

Deno.test("pitfall: bad JSON in GMCP is reported as malformed, and no NUL is sent", async () => {
  const heard: unknown[] = [];
  await converse([
    negotiation(DO, GMCP),
    sub(GMCP, utf8('Char.Vitals{"hp":1')),
    sub(GMCP, utf8("x y z")),
  ], {
    telnetOptions: { gmcp: true },
    onGmcp: (_, message) => void heard.push(message.malformed),
  });
  assertEquals(heard, ['{"hp":1', "y z"]);
  assert(!encodeGmcp("Comm", "a\0b").includes(0));
  assertEquals(decodeGmcp(encodeGmcp("Comm", "a\0b"))?.value, "a\0b");
});

Deno.test("pitfall: once a prompt is marked, all are; EOR before GA, and none without Telnet", async () => {
  await using harness = await start({ telnetOptions: { endOfRecord: true } });
  const { peer, client } = await harness.join();
  client.prompt("a> ");
  assertEquals((await harness.hear(peer, "a> ")).endsWith("a> "), true);
  peer.write(negotiation(DO, END_OF_RECORD));
  await harness.pollUntil(() => client.telnet.optionEnabled(END_OF_RECORD, "local"));
  for (const prompt of ["b> ", "c> "]) {
    client.prompt(prompt);
    assertEquals(await harness.hear(peer, "\xef"), `${prompt}\xff\xef`);
  }
});

Deno.test("pitfall: CR NUL and CR LF end one line, also byte by byte and with a command in between", async () => {
  const bytes = [..."a\r", "\0", ..."b\r"].join("");
  const parts = [...utf8(bytes), IAC, NOP, 10, ...utf8("c\n\rd\r\n")];
  const { lines } = await converse(parts.map((byte) => Uint8Array.of(byte)));
  assertEquals(lines, ["a", "b", "c", "", "d"]);
});

Deno.test("pitfall: a lone NUL is not text", async () => {
  assertEquals((await converse(["\0\0lo\0ok\r\n\0"])).lines, ["look"]);
});

Deno.test("pitfall: 0x08 and 0x7F both erase", async () => {
  assertEquals((await converse(["nx\x08orx\x7fth\r\n"])).lines, ["north"]);
});

Deno.test("pitfall: UTF-8 may be split anywhere, also by a command", async () => {
  const bytes = utf8("é日😀\r\n");
  for (let cut = 1; cut < bytes.length; cut++) {
    const { lines } = await converse([
      bytes.slice(0, cut),
      Uint8Array.of(IAC, NOP),
      bytes.slice(cut),
    ]);
    assertEquals(lines, ["é日😀"]);
  }
});

Deno.test("pitfall: 0xFF as a letter is doubled in output and undoubled in input", async () => {
  await using harness = await start({ encoding: "latin1" });
  const { peer, client } = await harness.join();
  peer.write(Uint8Array.of(IAC, IAC, 10));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "ÿ");
  client.send("ÿ");
  assertEquals(await harness.hear(peer, "\xff\xff"), "\xff\xff");
});

Deno.test("pitfall: BINARY in telnetOptions is requested in both directions", async () => {
  const { said } = await converse([negotiation(DO, BINARY)], { telnetOptions: { binary: true } });
  assertEquals(said, words(IAC, WILL, BINARY, IAC, DO, BINARY));
});

Deno.test("pitfall: password mode uses ECHO alone, without SGA", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.passwordModeOn();
  assertEquals(await harness.hear(peer, "\x01"), words(IAC, WILL, ECHO));
  assertEquals(client.telnet.optionEnabled(SGA, "local"), false);
});

Deno.test("pitfall: password mode off and on between two polls sends nothing: Mudlet counts the changes", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.passwordModeOn();
  await harness.hear(peer, "\x01");
  peer.write(negotiation(DO, ECHO));
  await harness.pollUntil(() => client.telnet.optionEnabled(ECHO, "local"));
  for (let wrong = 0; wrong < 10; wrong++) {
    client.passwordModeOff();
    client.send("Wrong.");
    client.passwordModeOn();
    await harness.server.poll();
  }
  assertEquals(latin1(peer.take()), "Wrong.".repeat(10));
});

Deno.test("pitfall: every output line ends with exactly one CR LF", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.send("a\nb\r\nc\n");
  assertEquals(await harness.hear(peer, "c\r\n"), "a\r\nb\r\nc\r\n");
});

Deno.test("pitfall: a subnegotiation without its end does not swallow later input", async () => {
  const { said, lines } = await converse([
    Uint8Array.of(IAC, SB, GMCP, 65, 66),
    negotiation(WILL, 99),
    "look\r\n",
  ]);
  assertEquals([said, lines], [words(IAC, DONT, 99), ["look"]]);
});

Deno.test("pitfall: SE is doubled in a STATUS report", () => {
  const report = { will: [240], do: [], facts: [] };
  assertEquals([...encodeStatusIs(report)], [0, 0xfb, 240, 240]);
});

Deno.test("pitfall: a client that never answers is greeted after readyTimeout", async () => {
  await using harness = await start({
    telnetOptions: { terminalType: true, gmcp: true },
    readyTimeout: 1000,
    onConnect: async (client) => {
      await client.ready;
      client.send("Welcome");
    },
  });
  const { peer } = await harness.join();
  harness.clock.advance(1000);
  await harness.hear(peer, "Welcome");
});

Deno.test("pitfall: no line of an HTTP request or a TLS ClientHello reaches the game", async () => {
  const http = utf8("GET / HTTP/1.1\r\nHost: x\r\n\r\nsay pwned\r\n");
  const hello = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 255, 250, 240, 0, 13, 10);
  for (const bytes of [http, hello]) {
    await using harness = await start();
    const { peer, client } = await harness.join();
    peer.write(bytes);
    await harness.pollUntil(() => harness.disconnected.length === 1);
    assertEquals([client.getCommand(), client.disconnectReason], [undefined, "wrong-protocol"]);
  }
});

Deno.test("pitfall: two-byte commands take no third byte", async () => {
  const commands = [NOP, DM, BRK, AO, EC, EL, IP];
  const bytes = commands.flatMap((command) => [IAC, command]);
  const { lines } = await converse([Uint8Array.of(...bytes, ...utf8("look\r\n"))]);
  assertEquals(lines, ["look"]);
});

Deno.test("pitfall: option codes are those of the registry, not of pages with mistakes", () => {
  assertEquals([CHARSET, MCCP2, MCCP3, GMCP, NEW_ENVIRON], [42, 86, 87, 201, 39]);
});

Deno.test("pitfall: output before a close arrives in order, also at a half-closed peer", async () => {
  const transport = new MemoryTransport({ capacity: 7 });
  const server = await TelnetServer.listen({
    transport,
    onConnect: (client) => {
      client.send("0123456789".repeat(10));
      client.active = false;
    },
    onDisconnect: () => {},
  });
  const peer = transport.connect(server.port, { allowHalfOpen: true });
  peer.end();
  let heard = "";
  while (!peer.ended || heard.length < 100) {
    await server.poll();
    heard += peer.takeText();
  }
  assertEquals(heard, "0123456789".repeat(10));
  await server.stop();
});
