import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type ListenOptions, type TelnetClient, TelnetError } from "../../mod.ts";
import {
  CHARSET,
  ECHO,
  encodeCharsetAnswer,
  encodeCharsetRequest,
  encodeEnvironInfo,
  encodeEnvironIs,
  encodeGmcp,
  encodeLinemodeSlc,
  encodeMsdp,
  encodeNaws,
  encodeTerminalType,
  encodeZmp,
  END_OF_RECORD,
  GMCP,
  LFLOW,
  LINEMODE,
  LINEMODE_BITS,
  LOGOUT,
  MCCP2,
  MCCP3,
  MSDP,
  type MsdpValue,
  MSSP,
  MXP,
  NAWS,
  NEW_ENVIRON,
  SGA,
  START_TLS,
  STATUS,
  TIMING_MARK,
  TSPEED,
  TTYPE,
  ZMP,
} from "../../src/options/mod.ts";
import { AYT, IAC, NOP, TelnetMachine } from "../../src/protocol/mod.ts";
import { latin1, start } from "./harness.ts";
import { bytesOf, join, type Remote, untilReal, utf8 } from "./remote.ts";

Deno.test("telnetOptions are offered at once, TERMINAL-TYPE first and MCCP2 last; without them nothing is", async () => {
  await using joined = await join({
    telnetOptions: { mccp2: true, gmcp: true, naws: true, mssp: () => ({}), terminalType: true },
  });
  const { remote } = joined;
  const heard = await remote.hear((words) => words.length === 5);
  assertEquals(heard, ["DO 24", "DO 31", "WILL 201", "WILL 70", "WILL 86"]);
  await using silent = await join({});
  await silent.harness.server.poll();
  assertEquals(silent.peer.take().length, 0);
});

Deno.test("ready resolves when all offers are answered, including the whole TERMINAL-TYPE list", async () => {
  let ready = false;
  await using joined = await join({
    telnetOptions: { terminalType: true, gmcp: true },
    onConnect: async (client) => {
      await client.ready;
      ready = true;
      client.send(`Welcome, ${client.terminal.profile.name}`);
    },
  });
  const { harness, client, remote } = joined;
  remote.dont(GMCP);
  remote.will(TTYPE);
  for (const name of ["TINTIN++", "xterm-256color", "MTTS 13", "MTTS 13"]) {
    await remote.hear((words) => words.includes("SB 24 \x01"));
    assertEquals(ready, false);
    remote.sub(TTYPE, encodeTerminalType(name));
  }
  await harness.pollUntil(() => ready);
  assertEquals(client.terminal.profile, {
    name: "TINTIN++",
    version: undefined,
    terminal: "xterm-256color",
    colours: 256,
    utf8: true,
    screenReader: false,
    mudClient: true,
  });
});

Deno.test("ready waits readyTimeout at most, and not at all if nothing is offered", async () => {
  let ready = 0;
  const onConnect = async (client: TelnetClient) => {
    await client.ready;
    ready++;
  };
  await using joined = await join({ telnetOptions: { naws: true }, readyTimeout: 500, onConnect });
  const { harness } = joined;
  harness.clock.advance(499);
  await harness.server.poll();
  assertEquals(ready, 0);
  harness.clock.advance(1);
  await harness.pollUntil(() => ready === 1);
  await using plain = await join({ onConnect });
  await plain.harness.pollUntil(() => ready === 2);
});

Deno.test("ready resolves for a client that disconnects", async () => {
  let ready = false;
  await using joined = await join({
    telnetOptions: { naws: true },
    onConnect: async (client) => {
      await client.ready;
      ready = true;
    },
  });
  const { harness, peer } = joined;
  peer.abort();
  await harness.pollUntil(() => ready);
});

for (
  const [how, names, asked] of [
    ["the last name twice (RFC 1091)", ["A", "B", "B"], 3],
    ["the first name again", ["A", "B", "A"], 3],
    ["the limit of eight names", ["1", "2", "3", "4", "5", "6", "7", "8"], 8],
    ["the first name again, after a skipped empty one", ["A", "", "A"], 3],
  ] as const
) {
  Deno.test(`the list of terminal types ends with ${how}`, async () => {
    await using joined = await join({ telnetOptions: { terminalType: true } });
    const { harness, client, remote } = joined;
    remote.will(TTYPE);
    let questions = 0;
    for (const name of names) {
      await remote.hear((words) => words.includes("SB 24 \x01"));
      questions++;
      remote.sub(TTYPE, encodeTerminalType(name));
    }
    let ready = false;
    client.ready.then(() => ready = true);
    await harness.pollUntil(() => ready);
    assertEquals(questions, asked);
    assertEquals(client.terminalType, names[0]);
  });
}

Deno.test("prompt ends with EOR if that is agreed, else with GA; without Telnet it has no mark", async () => {
  await using joined = await join({ telnetOptions: { endOfRecord: true } });
  const { harness, client, remote } = joined;
  client.prompt("1> ");
  await remote.hear(() => remote.text.includes("1> "));
  assertEquals(remote.text, "1> "); // no Telnet seen yet: maybe netcat
  remote.do(END_OF_RECORD);
  await harness.pollUntil(() => client.telnet.optionEnabled(END_OF_RECORD, "local"));
  client.prompt("2> ");
  assertEquals(await remote.hear((words) => words.includes("IAC 239")), ["IAC 239"]);
  remote.dont(END_OF_RECORD);
  await remote.hear((words) => words.includes("WONT 25"));
  client.prompt("3> ");
  assertEquals(await remote.hear((words) => words.includes("IAC 249")), ["IAC 249"]);
});

Deno.test("GMCP: Core.Hello, Core.Supports, Core.Ping, messages and bad JSON", async () => {
  const told: unknown[] = [];
  await using joined = await join({
    telnetOptions: { gmcp: true },
    onGmcp: (_, { package: name, value, malformed }) => void told.push([name, value ?? malformed]),
  });
  const { client, remote } = joined;
  assertEquals(client.telnet.gmcp.send("Char.Vitals", { hp: 1 }), false);
  const handled: unknown[] = [];
  client.telnet.gmcp.on("Char.Login", (value) => handled.push(value));
  remote.do(GMCP);
  remote.sub(GMCP, encodeGmcp("Core.Hello", { client: "Mudlet", version: "4.19" }));
  remote.sub(GMCP, encodeGmcp("Core.Supports.Set", ["Char 1", "Room 2", 7]));
  remote.sub(GMCP, encodeGmcp("Core.Supports.Add", ["Comm.Channel 1"]));
  remote.sub(GMCP, encodeGmcp("Core.Supports.Remove", ["Room"]));
  remote.sub(GMCP, encodeGmcp("char.login", { name: "Anna" }));
  remote.sub(GMCP, utf8("Char.Login {oops"));
  remote.sub(GMCP, encodeGmcp("Core.Ping"));
  await remote.hear((words) => words.includes("SB 201 Core.Ping"));
  assertEquals([client.terminal.profile.name, client.terminal.profile.version], ["Mudlet", "4.19"]);
  assertEquals(client.terminal.profile.mudClient, true);
  assertEquals([...client.telnet.gmcp.supports], [["char", 1], ["comm.channel", 1]]);
  assertEquals(handled, [{ name: "Anna" }]);
  assertEquals(told.length, 7);
  assertEquals(told[5], ["Char.Login", "{oops"]);
  assert(client.telnet.gmcp.send("Room.Info", { name: "Café 😀" }));
  const [sent] = await remote.hear((words) => words.length === 1);
  assertEquals(sent, 'SB 201 Room.Info {"name":"Caf\\u00e9 \\ud83d\\ude00"}');
});

const variables = {
  HEALTH: { value: () => "10" },
  ROOM: { value: () => ({ NAME: "Inn", EXITS: ["n"] }) },
  COLOUR: { value: () => "1", configurable: true },
};

Deno.test("MSDP: LIST, SEND, REPORT, UNREPORT, RESET and configurable variables", async () => {
  const set: unknown[] = [];
  await using joined = await join({
    telnetOptions: { msdp: { variables } },
    onMsdp: (_, variable) => void set.push(variable),
  });
  const { harness, client, remote } = joined;
  remote.do(MSDP);
  await remote.hear((words) => words.includes("WILL 69"));
  const ask = (name: string, value: MsdpValue) =>
    remote.sub(MSDP, encodeMsdp(new Map([[name, value]])));
  const expect = async (entries: [string, MsdpValue][]) => {
    const [word, ...others] = await remote.hear((words) => words.length > 0);
    assertEquals(others, []);
    assertEquals(word, `SB 69 ${latin1(encodeMsdp(new Map(entries)))}`);
  };
  ask("LIST", new Array(1_000).fill("COMMANDS")); // gets one answer
  await expect([["COMMANDS", ["LIST", "REPORT", "UNREPORT", "RESET", "SEND"]]]);
  ask("LIST", "REPORTABLE_VARIABLES");
  await expect([["REPORTABLE_VARIABLES", ["HEALTH", "ROOM", "COLOUR"]]]);
  ask("LIST", "CONFIGURABLE_VARIABLES");
  await expect([["CONFIGURABLE_VARIABLES", ["COLOUR"]]]);
  ask("SEND", ["HEALTH", "NONE"]);
  await expect([["HEALTH", "10"]]);
  ask("REPORT", ["HEALTH", "ROOM"]);
  await expect([["HEALTH", "10"], ["ROOM", { NAME: "Inn", EXITS: ["n"] }]]);
  ask("UNREPORT", "HEALTH");
  ask("LIST", "REPORTED_VARIABLES");
  await expect([["REPORTED_VARIABLES", ["ROOM"]]]);
  client.telnet.msdp.update("HEALTH", "ROOM");
  await expect([["ROOM", { NAME: "Inn", EXITS: ["n"] }]]);
  ask("RESET", "REPORTED_VARIABLES");
  ask("COLOUR", "0");
  ask("HEALTH", "999");
  await harness.pollUntil(() => set.length > 0);
  assertEquals([set, client.telnet.msdp.reported.size], [[{ name: "COLOUR", value: "0" }], 0]);
  ask("LIST", "LISTS");
  assertMatch((await remote.hear((words) => words.length > 0))[0] ?? "", /SENDABLE_VARIABLES/);
});

Deno.test("MSDP over GMCP is answered over GMCP", async () => {
  await using joined = await join({
    telnetOptions: { msdp: { variables }, gmcp: true },
  });
  const { client, remote } = joined;
  assert(client.telnet.msdp);
  remote.do(GMCP);
  remote.sub(GMCP, encodeGmcp("MSDP", { SEND: ["HEALTH", "ROOM"] }));
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard.at(-1), 'SB 201 MSDP {"HEALTH":"10","ROOM":{"NAME":"Inn","EXITS":["n"]}}');
});

Deno.test("MSSP is sent by subnegotiation, and in plain text if the first line is MSSP-REQUEST", async () => {
  const options = { mssp: () => ({ NAME: "Bogboa", UPTIME: 5 }) };
  await using joined = await join({ telnetOptions: options });
  const { harness, remote } = joined;
  remote.do(MSSP);
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard.at(-1), "SB 70 \x01PLAYERS\x021\x01UPTIME\x025\x01NAME\x02Bogboa");
  const { peer, client } = await harness.join();
  peer.write("MSSP-REQUEST\r\nMSSP-REQUEST\r\n");
  const text = await harness.hear(peer, "END\r\n");
  assertMatch(
    text,
    /\r\nMSSP-REPLY-START\r\nPLAYERS\t2\r\nUPTIME\t5\r\nNAME\tBogboa\r\nMSSP-REPLY-END\r\n$/,
  );
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "MSSP-REQUEST"); // a later one is an ordinary line
});

Deno.test("CHARSET: the client accepts, in upper case, and the connection uses it", async () => {
  await using joined = await join({
    encoding: "latin1",
    telnetOptions: { charset: { names: ["utf-8", "iso-8859-1"] } },
  });
  const { harness, client, peer, remote } = joined;
  remote.do(CHARSET);
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard.at(-1), "SB 42 \x01;utf-8;iso-8859-1");
  remote.sub(CHARSET, encodeCharsetAnswer("EBCDIC")); // not offered, so ignored
  remote.sub(CHARSET, encodeCharsetAnswer("UTF-8"));
  await harness.pollUntil(() => client.encoding === "utf-8");
  assertEquals([client.terminal.facts.charset, client.terminal.profile.utf8], ["UTF-8", true]);
  client.send("é");
  assertEquals(await harness.hear(peer, "\xa9"), "\xc3\xa9");
});

Deno.test("CHARSET: if both ends ask at once the server's request wins; a later one of the client is answered", async () => {
  await using joined = await join({
    encoding: "latin1",
    telnetOptions: { charset: true },
  });
  const { client, remote } = joined;
  remote.do(CHARSET);
  remote.will(CHARSET);
  remote.sub(CHARSET, encodeCharsetRequest(["windows-1252"]));
  const heard = await remote.hear((words) => words.includes("SB 42 \x03"));
  assert(heard.includes("SB 42 \x01;UTF-8"));
  remote.sub(CHARSET, encodeCharsetAnswer());
  remote.sub(CHARSET, encodeCharsetRequest(["EBCDIC", "windows-1252"]));
  await remote.hear((words) => words.includes("SB 42 \x02windows-1252"));
  assertEquals(client.encoding, "windows-1252");
  remote.sub(CHARSET, Uint8Array.of(4, 1, 59));
  await remote.hear((words) => words.includes("SB 42 \x05"));
});

Deno.test("NEW-ENVIRON asks for a few names, never USER, and stores the answers", async () => {
  const told: unknown[] = [];
  await using joined = await join({
    telnetOptions: { newEnviron: true },
    onEnviron: (_, variables) => void told.push(variables.length),
  });
  const { harness, client, remote } = joined;
  remote.will(NEW_ENVIRON);
  const [question = ""] = (await remote.hear((words) => words.length === 2)).slice(1);
  assert(question.startsWith("SB 39 \x01\x00") && question.length < 200, question);
  assert(!question.includes("USER"));
  const variable = (name: string, value?: string) => ({ name, value, user: false });
  remote.sub(
    NEW_ENVIRON,
    encodeEnvironIs([
      variable("CLIENT_NAME", "Mudlet"),
      variable("LANG", "de_DE.UTF-8"),
      variable("COLORTERM", "truecolor"),
      variable("GONE"),
    ]),
  );
  await harness.pollUntil(() => told.length === 1);
  const { name, utf8, colours, mudClient } = client.terminal.profile;
  assertEquals([name, utf8, colours, mudClient], ["Mudlet", true, 16_777_216, true]);
});

Deno.test("STATUS reports the enabled options", async () => {
  await using joined = await join({});
  const { remote } = joined;
  remote.do(STATUS);
  remote.will(NAWS);
  remote.sub(STATUS, Uint8Array.of(1));
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB 5 ")));
  assertEquals(heard.at(-1), "SB 5 \x00\xfb\x05\xfd\x1f");
});

Deno.test("ping measures the round trip by TIMING-MARK, repeatedly, for WILL and WONT alike", async () => {
  const times: number[] = [];
  await using joined = await join({ onPong: (_, time) => void times.push(time) });
  const { harness, client, remote } = joined;
  for (const answer of [remote.wont, remote.will, remote.wont]) {
    client.telnet.ping();
    client.telnet.ping(); // ignored: one is pending
    assertEquals(await remote.hear((words) => words.length > 0), ["DO 6"]);
    harness.clock.advance(30);
    const before = times.length;
    answer(TIMING_MARK);
    await harness.pollUntil(() => times.length > before);
  }
  assertEquals(times, [30, 30, 30]);
});

Deno.test("a late mark is not taken for the answer to the next ping, and does not end its wait", async () => {
  for (const late of ["will", "wont"] as const) {
    const times: number[] = [];
    await using joined = await join({ onPong: (_, time) => void times.push(time) });
    const { harness, client, remote } = joined;
    const poll = async () => {
      for (let polls = 0; polls < 3; polls++) await harness.server.poll();
    };
    client.telnet.ping();
    await remote.hear((words) => words.includes("DO 6"));
    harness.clock.advance(60_000);
    await poll();
    client.telnet.ping();
    await remote.hear((words) => words.includes("DO 6"));
    harness.clock.advance(5);
    remote[late](TIMING_MARK);
    await poll();
    assertEquals(times, []);
    harness.clock.advance(3_000);
    remote.will(TIMING_MARK);
    await harness.pollUntil(() => times.length > 0);
    assertEquals(times, [3_005]);
    await poll();
    assertEquals(remote.read(joined.peer.take()), []);
  }
});

Deno.test("after a lost answer to a ping, later pings are answered again", async () => {
  for (const answer of ["will", "wont"] as const) {
    const times: number[] = [];
    await using joined = await join({ onPong: (_, time) => void times.push(time) });
    const { harness, client, remote } = joined;
    for (let pings = 0; pings < 6; pings++) {
      client.telnet.ping();
      await remote.hear((words) => words.includes("DO 6"));
      harness.clock.advance(20);
      if (pings > 0) remote[answer](TIMING_MARK);
      for (let polls = 0; polls < 3; polls++) await harness.server.poll();
      harness.clock.advance(60_000);
      for (let polls = 0; polls < 3; polls++) await harness.server.poll();
    }
    // The first answer after the lost one may belong to that.
    assertEquals(times, [20, 20, 20, 20]);
  }
});

Deno.test("sendBytes() sends the same in one piece and in two", async () => {
  const all = Uint8Array.of(0x41, 0x0d, 0x42, 0x0d, 0x0a, 0x0d);
  for (let cut = 0; cut <= all.length; cut++) {
    await using joined = await join();
    const { harness, client, peer } = joined;
    client.sendBytes(all.subarray(0, cut));
    client.sendBytes(all.subarray(cut));
    client.sendBytes(Uint8Array.of(0x43));
    const got: number[] = [];
    await harness.pollUntil(() => {
      got.push(...peer.take());
      return got.includes(0x43);
    });
    assertEquals(got, [...all, 0x43], `cut at ${cut}`);
  }
});

Deno.test("a marker that changes the stream cannot be sent by hand", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { client } = joined;
  for (const option of [MCCP2, MCCP3, START_TLS]) {
    const call = () => client.telnet.sendSubnegotiation(option, new Uint8Array(0));
    assertEquals(assertThrows(call, TelnetError).code, "misuse");
  }
});

Deno.test("zmp.check answers for what is there, not for every name in the package zmp.", async () => {
  await using joined = await join({ telnetOptions: { zmp: { supports: ["room."] } } });
  const { remote } = joined;
  remote.do(ZMP);
  const answers = [
    ["zmp.ping", "zmp.support"],
    ["zmp.", "zmp.support"],
    ["zmp.bogus", "zmp.no-support"],
    ["room.look", "zmp.support"],
    ["room", "zmp.no-support"],
  ] as const;
  for (const [asked, answer] of answers) {
    remote.sub(ZMP, encodeZmp("zmp.check", [asked]));
    const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB 93")));
    assertEquals(heard.at(-1), `SB 93 ${answer}\0${asked}\0`);
  }
});

Deno.test("bytes after a CR: the NUL or LF of its line end stays where it belongs", async () => {
  const CR = 0x0d;
  const cases: [(client: TelnetClient) => void, number[]][] = [
    [(client) => client.send("B"), [CR, 0, 0x41, 0x42]],
    [(client) => client.send("\n"), [CR, 0, 0x41, CR, 0x0a]],
    [(client) => client.sendBytes(Uint8Array.of(0x0a)), [CR, 0, 0x41, 0x0a]],
  ];
  for (const [last, expected] of cases) {
    await using joined = await join();
    const { harness, client, peer } = joined;
    client.send("\r");
    client.sendBytes(Uint8Array.of(0x41));
    last(client);
    const got: number[] = [];
    await harness.pollUntil(() => {
      got.push(...peer.take());
      return got.length >= expected.length;
    });
    assertEquals(got, expected);
  }
});

Deno.test("LOGOUT calls the handler, agrees, and drops the client", async () => {
  const told: TelnetClient[] = [];
  await using joined = await join({ onLogout: (client) => void told.push(client) });
  const { harness, client, remote } = joined;
  remote.do(LOGOUT);
  assertEquals(await remote.hear((words) => words.length > 0), ["WILL 18"]);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(told, [client]);
});

Deno.test("LINEMODE sets EDIT and TRAPSIG, sends its keys, and acknowledges each change once", async () => {
  const told: number[] = [];
  await using joined = await join({
    telnetOptions: { linemode: true },
    onSlc: (_, entries) => void told.push(entries.length),
  });
  const { remote } = joined;
  remote.will(LINEMODE);
  await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  const key = {
    function: 10,
    level: "value",
    flushIn: false,
    flushOut: false,
    value: 8,
  } as const;
  remote.sub(LINEMODE, encodeLinemodeSlc([{ ...key, ack: false }, { ...key, ack: true }]));
  const heard = await remote.hear((words) => words.length > 0);
  assertEquals(heard, ["SB 34 \x03\x0a\x82\x08"]);
  assertEquals(told, [2]);
});

Deno.test("TERMINAL-SPEED, X-DISPLAY-LOCATION, SEND-LOCATION and flow control", async () => {
  await using joined = await join({
    telnetOptions: {
      terminalSpeed: true,
      xDisplayLocation: true,
      sendLocation: true,
      flowControl: true,
    },
  });
  const { harness, client, remote } = joined;
  assertEquals(client.telnet.flowControl.set("off"), false);
  for (const option of [TSPEED, 35, 23, LFLOW]) remote.will(option);
  await remote.hear((words) => words.includes("SB 32 \x01") && words.includes("SB 35 \x01"));
  remote.sub(TSPEED, utf8("\x0038400,9600"));
  remote.sub(35, utf8("\x00host:0"));
  remote.sub(23, utf8("Room 7"));
  await harness.pollUntil(() => client.terminal.facts.location !== undefined);
  assertEquals(client.terminal.facts.terminalSpeed, { transmit: 38400, receive: 9600 });
  assertEquals([client.terminal.facts.display, client.terminal.facts.location], [
    "host:0",
    "Room 7",
  ]);
  assert(client.telnet.flowControl.set("restart-any"));
  await remote.hear((words) => words.includes("SB 33 \x02"));
});

Deno.test("ZMP, ATCP, Aardwolf, MXP and MSP: handshakes and messages", async () => {
  const told: unknown[] = [];
  await using joined = await join({
    telnetOptions: {
      zmp: { supports: ["color.", "bogboa.map"] },
      atcp: true,
      aardwolf: true,
      mxp: true,
      msp: true,
    },
    onZmp: (_, command) => void told.push(command),
    onAtcp: (_, message) => void told.push(message),
    onAardwolf: (_, { channel, data }) => void told.push([channel, ...data]),
  });
  const { harness, client, remote } = joined;
  for (const option of [ZMP, 102, MXP, 90]) remote.do(option);
  remote.will(200);
  await remote.hear((words) => words.includes("SB 91 "));
  for (const name of ["color.define", "bogboa.map", "bogboa.other"]) {
    remote.sub(ZMP, utf8(`zmp.check\0${name}\0`));
  }
  const answers = await remote.hear((words) => words.length === 3);
  assertEquals(answers.map((word) => word.slice(6).split("\0")[0]), [
    "zmp.support",
    "zmp.support",
    "zmp.no-support",
  ]);
  remote.sub(200, utf8("hello Nexus 3.0\nChar.Vitals 1"));
  remote.sub(102, Uint8Array.of(100, 3));
  await harness.pollUntil(() => told.length === 5);
  assertEquals(told.slice(3), [
    { name: "hello", body: "Nexus 3.0\nChar.Vitals 1" },
    [100, 3],
  ]);
  assertEquals([client.terminal.profile.name, client.terminal.profile.version], ["Nexus", "3.0"]);
  assert(client.telnet.zmp.send("zmp.ping"));
  await remote.hear((words) => words.includes("SB 93 zmp.ping\0"));
});

Deno.test("the answer to AYT can be set", async () => {
  await using joined = await join({ messages: { areYouThere: "[present]" } });
  const { harness, peer, remote } = joined;
  remote.say(Uint8Array.of(IAC, AYT));
  assertEquals(await harness.hear(peer, "present]\r\n"), "\r\n[present]\r\n");
});

Deno.test("telnet.reset() turns all options off, and a snapshot keeps the option state", async () => {
  await using joined = await join({ telnetOptions: { gmcp: true, naws: true } });
  const { harness, client, remote } = joined;
  remote.do(GMCP);
  remote.will(NAWS);
  await harness.pollUntil(() => client.telnet.optionEnabled(GMCP, "local"));
  const carried = TelnetMachine.restore(JSON.parse(JSON.stringify(client.snapshot().telnet)));
  assert(carried.localEnabled(GMCP) && carried.remoteEnabled(NAWS));
  client.telnet.reset();
  const heard = await remote.hear((words) => words.length >= 4);
  assertEquals(heard.slice(-2), ["WONT 201", "DONT 31"]);
});

Deno.test("RGB colours are reduced to the colours that the client supports", async () => {
  await using joined = await join({ telnetOptions: { terminalType: true } });
  const { harness, client, peer, remote } = joined;
  const shown = async () => {
    client.sendCc("^#ff8800x^%0000ffy");
    return (await harness.hear(peer, "y")).replaceAll("\x1b", "~").replaceAll(
      /\xff[\xfb-\xfe]./g,
      "",
    );
  };
  assertEquals(await shown(), "~[22;33mx~[44my");
  remote.will(TTYPE);
  for (const name of ["X", "ANSI-TRUECOLOR", "MTTS 265", "MTTS 265"]) {
    await remote.hear((words) => words.includes("SB 24 \x01"));
    remote.sub(TTYPE, encodeTerminalType(name));
  }
  await harness.pollUntil(() => client.terminal.profile.colours === 16_777_216);
  assertEquals(await shown(), "~[22;38;2;255;136;0mx~[48;2;0;0;255my");
  client.useAnsi = false;
  assertEquals(await shown(), "xy");
});

Deno.test("a dumb terminal, and a client whose MTTS has no colours, get none; others get 16", async () => {
  const named: [string[], string][] = [
    [["DUMB", "DUMB"], "x"],
    [["VT100", "VT100"], "\x1b[22;31mx\x1b[0m"],
    [["XTERM-KITTY", "XTERM-KITTY"], "\x1b[22;31mx\x1b[0m"],
    [["X", "ANSI", "MTTS 4", "MTTS 4"], "x"],
    [["X", "ANSI", "MTTS 1", "MTTS 1"], "\x1b[22;31mx\x1b[0m"],
  ];
  for (const [names, expected] of named) {
    await using joined = await join({ telnetOptions: { terminalType: true } });
    const { client, remote, harness } = joined;
    remote.will(TTYPE);
    for (const name of names) {
      await remote.hear((words) => words.includes("SB 24 \x01"));
      remote.sub(TTYPE, encodeTerminalType(name));
    }
    await harness.server.poll();
    remote.text = "";
    client.sendCc("^rx^~");
    await remote.hear(() => remote.text.includes("x"));
    assertEquals(remote.text.trim(), expected, names[0]);
    const isTrue = names[0] === "XTERM-KITTY";
    assertEquals(client.terminal.profile.colours === 16_777_216, isTrue, names[0]);
  }
});

Deno.test("a server never asks a client to echo, nor sends SGA for a password", async () => {
  await using joined = await join({});
  const { client, remote } = joined;
  client.passwordModeOn();
  assertEquals(await remote.hear((words) => words.length > 0), [`WILL ${ECHO}`]);
  assert(!client.telnet.optionEnabled(SGA, "local"));
});

Deno.test("an exception in the game's option handlers drops only that client", async () => {
  const fail = () => {
    throw new Error("the game is broken");
  };
  const cases: [ListenOptions, (remote: Remote, client: TelnetClient) => void][] = [
    [{ telnetOptions: { mssp: fail } }, (remote) => remote.do(MSSP)],
    [{ telnetOptions: { mssp: fail } }, (remote) => remote.say(utf8("MSSP-REQUEST\r\n"))],
    [{ telnetOptions: { msdp: { variables: { A: { value: fail } } } } }, (remote) => {
      remote.do(MSDP);
      remote.sub(MSDP, encodeMsdp(new Map([["SEND", "A"]])));
    }],
    [{ telnetOptions: { gmcp: true } }, (remote, client) => {
      client.telnet.gmcp.on("X", fail);
      remote.do(GMCP);
      remote.sub(GMCP, encodeGmcp("X"));
    }],
    [{ telnetOptions: { gmcp: true } }, (remote, client) => {
      client.telnet.gmcp.on("X", () => Promise.reject(new Error("later")));
      remote.do(GMCP);
      remote.sub(GMCP, encodeGmcp("X"));
    }],
    [{ telnetOptions: { gmcp: true }, onGmcp: fail }, (remote) => {
      remote.do(GMCP);
      remote.sub(GMCP, encodeGmcp("X"));
    }],
  ];
  for (const [options, provoke] of cases) {
    const errors: unknown[] = [];
    await using joined = await join({ ...options, onError: (e) => errors.push(e) });
    const { harness, client, remote } = joined;
    provoke(remote, client);
    await harness.pollUntil(() => harness.disconnected.length === 1);
    assertEquals([client.disconnectReason, errors.length], ["handler-failed", 1]);
  }
});

Deno.test("invalid telnetOptions are misuse", async () => {
  const wrong = [
    { newEnviron: { names: ["USER"] } },
    { newEnviron: { names: Array.from({ length: 50 }, (_, index) => `NAME_${index}`) } },
    { newEnviron: { names: [] } },
    { charset: { names: [] } },
    { charset: { names: ["EBCDIC"] } },
    { gmpc: true },
  ];
  for (const options of wrong) {
    const error = await assertRejects(() => start({ options } as ListenOptions), TelnetError);
    assertEquals(error.code, "misuse");
  }
});

Deno.test("a late or doubled answer to ping starts no TIMING-MARK loop", async () => {
  await using joined = await join();
  const { harness, client, clock, remote, peer } = joined;
  client.telnet.ping();
  await remote.hear((words) => words.includes("DO 6"));
  clock.advance(4000); // answerTimeout is over
  await harness.server.poll();
  let marks = 0;
  remote.will(TIMING_MARK);
  remote.will(TIMING_MARK);
  for (let polls = 0; polls < 100; polls++) {
    await harness.server.poll();
    for (const word of remote.read(peer.take())) {
      if (word !== "DO 6") continue;
      marks++;
      remote.will(TIMING_MARK);
    }
  }
  assertEquals(marks, 0);
  const heard: string[] = [];
  client.telnet.ping(); // a new ping still works
  heard.push(...await remote.hear((words) => words.includes("DO 6")));
});

Deno.test("TIMING-MARK: every DO is answered if they come at a slow rate, however many", async () => {
  await using joined = await join();
  const { clock, remote } = joined;
  for (let times = 0; times < 200; times++) {
    clock.advance(1000);
    remote.do(TIMING_MARK);
    assertEquals(await remote.hear((words) => words.length > 0), ["WILL 6"]);
  }
});

Deno.test("telnet.reset() withdraws pending offers, and offerOptions() offers them again", async () => {
  await using joined = await join({ telnetOptions: { gmcp: true, mccp2: true } });
  const { harness, client, remote } = joined;
  await remote.hear((words) => words.includes("WILL 86"));
  client.passwordModeOn();
  await remote.hear((words) => words.includes("WILL 1"));
  remote.do(ECHO);
  await harness.pollUntil(() => client.telnet.optionEnabled(ECHO, "local"));
  client.telnet.reset();
  remote.do(GMCP);
  remote.do(MCCP2);
  const heard = await remote.hear((words) => words.length >= 3);
  assertEquals(heard.sort(), ["WONT 1", "WONT 201", "WONT 86"]);
  assert(!client.connection.compressed && !client.telnet.gmcp.enabled);
  remote.dont(ECHO);
  remote.dont(GMCP);
  remote.dont(MCCP2);
  await harness.server.poll();
  client.telnet.offerOptions();
  client.passwordModeOn(); // sends WILL ECHO again
  const again = await remote.hear((words) => words.length >= 3);
  assertEquals(again, ["WILL 201", "WILL 86", "WILL 1"]);
  remote.do(GMCP);
  remote.dont(MCCP2);
  let ready = false;
  client.ready.then(() => ready = true);
  await harness.pollUntil(() => ready);
  assert(client.telnet.gmcp.enabled);
});

Deno.test("telnet.reset() ends the MCCP2 stream properly, and plain text follows", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { harness, client, peer, remote } = joined;
  remote.do(MCCP2);
  await harness.pollUntil(() => client.connection.compressed);
  client.telnet.reset();
  await untilReal(harness, () => !client.connection.compressed);
  client.send("plain\n");
  let heard = "";
  await untilReal(harness, () => (heard += latin1(peer.take())).endsWith("plain\r\n"));
});

Deno.test("a snapshot moves a client to another server", async () => {
  const options: ListenOptions = {
    telnetOptions: {
      gmcp: true,
      msdp: { variables: { HP: { value: () => "7" } } },
      terminalType: true,
    },
  };
  await using before = await join(options);
  before.remote.do(GMCP);
  before.remote.do(MSDP);
  before.remote.sub(MSDP, encodeMsdp(new Map([["REPORT", "HP"]])));
  before.remote.sub(GMCP, encodeGmcp("Core.Hello", { client: "Mudlet", version: "4.17" }));
  before.remote.sub(GMCP, encodeGmcp("Core.Supports.Set", ["Char 1"]));
  await before.harness.pollUntil(() => before.client.telnet.gmcp.supports.has("char"));
  before.client.prompt("> ");
  before.client.passwordModeOn();
  await before.harness.server.poll();
  before.remote.do(ECHO);
  await before.harness.pollUntil(() => before.client.telnet.optionEnabled(ECHO, "local"));
  before.client.passwordModeOff();
  await before.harness.server.poll();
  before.client.passwordModeOn(); // TinTin++ never answers a WONT: snapshot() does not wait
  await before.harness.server.poll();
  const saved = JSON.stringify(before.client.snapshot());
  await before.harness.server.stop();

  const asked: string[] = [];
  await using after = await join({
    ...options,
    restore: ({ address }) => {
      asked.push(address);
      return JSON.parse(saved);
    },
  });
  assertEquals(asked, ["127.0.0.1"]);
  assert(after.client.telnet.gmcp.enabled);
  assertEquals(after.client.terminal.profile.name, "Mudlet");
  assertEquals([...after.client.telnet.gmcp.supports], [["char", 1]]);
  assertEquals([...after.client.telnet.msdp.reported], ["HP"]);
  after.client.telnet.msdp.update();
  const heard = await after.remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard, ["SB 69 \x01HP\x027"]); // nothing is offered again
  await using wrong = await start({ restore: () => ({ version: 2 }) as never, onError: () => {} });
  wrong.dial();
  await wrong.pollUntil(() => wrong.disconnected.length === 1);
  assertEquals(wrong.disconnected[0]?.disconnectReason, "handler-failed");
});

Deno.test("a snapshot of a compressed connection is misuse, and the error says what to do", async () => {
  await using joined = await join({ telnetOptions: { mccp2: true } });
  const { harness, client, remote } = joined;
  remote.do(MCCP2);
  await harness.pollUntil(() => client.connection.compressed);
  assertMatch(assertThrows(() => client.snapshot(), TelnetError).message, /telnet\.reset/);
  client.telnet.disableOption(MCCP2, "local");
  remote.dont(MCCP2);
  await untilReal(harness, () => !client.connection.compressed);
  assertEquals(client.snapshot().version, 2);
});

Deno.test("MSDP over GMCP needs no code in the game; a too deeply nested value is not reported as its error", async () => {
  await using joined = await join({
    telnetOptions: { gmcp: true, msdp: { variables: { HEALTH: { value: () => "9" } } } },
  });
  const { client, remote } = joined;
  remote.do(GMCP);
  remote.sub(GMCP, utf8('MSDP {"SEND":["HEALTH"]}'));
  const heard = await remote.hear((words) => words.some((word) => word.includes("MSDP")));
  assertEquals(heard.at(-1), 'SB 201 MSDP {"HEALTH":"9"}');
  remote.sub(GMCP, utf8(`MSDP {"A":${"[".repeat(8000)}${"]".repeat(8000)}}`));
  remote.sub(GMCP, utf8('MSDP {"SEND":["HEALTH"]}'));
  await remote.hear((words) => words.some((word) => word.includes("MSDP")));
  assert(client.active);
});

Deno.test("zmp.ping is answered with the time", async () => {
  await using joined = await join({ telnetOptions: { zmp: true } });
  const { remote } = joined;
  remote.do(ZMP);
  remote.sub(ZMP, utf8("zmp.ping\0"));
  const heard = await remote.hear((words) => words.some((word) => word.includes("zmp.time")));
  assertMatch(heard.at(-1) ?? "", /^SB 93 zmp\.time\0\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\0$/);
});

Deno.test("LINEMODE: keys are answered as RFC 1184 says, each change once", async () => {
  await using joined = await join({ telnetOptions: { linemode: true } });
  const { client, remote } = joined;
  remote.will(LINEMODE);
  await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  const slc = (...bytes: number[]) => remote.sub(LINEMODE, Uint8Array.of(3, ...bytes));
  const answer = async () => {
    const heard = await remote.hear((words) => words.length > 0);
    assertEquals(heard.length, 1);
    return bytesOf(heard[0]?.slice("SB 34 ".length) ?? "");
  };
  slc(200, 2, 5); // no such function
  assertEquals([...await answer()], [3, 200, 0, 0]);
  slc(200, 0, 0); // which it knows: nothing to answer
  slc(10, 2, 8); // EC by Ctrl-H: new
  assertEquals([...await answer()], [3, 10, 0x82, 8]);
  slc(10, 2, 8, 10, 0x82, 8, 11, 3, 0); // a repeat, an acknowledgement; EL: our default
  assertEquals([...await answer()], [3, 11, 2, 0x15]);
  assertEquals(client.telnet.linemode.keys.get(10)?.value, 8);
  slc(0, 2, 0); // the keys in force
  const inForce = [...await answer()];
  assertEquals(inForce.slice(inForce.indexOf(10), inForce.indexOf(10) + 3), [10, 2, 8]);
  slc(0, 3, 0); // the default keys
  const first = [...await answer()];
  assertEquals(first.slice(first.indexOf(10), first.indexOf(10) + 3), [10, 2, 0x7f]);
});

Deno.test("LINEMODE: thousands of equal SLC requests get one answer", async () => {
  const errors: unknown[] = [];
  await using joined = await join({
    telnetOptions: { linemode: true },
    onError: (error) => void errors.push(error),
  });
  const { remote, harness, client } = joined;
  remote.will(LINEMODE);
  await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  const before = client.bytesSent;
  const all = new Array(5_000).fill([0, 2, 0]).flat(); // asks for the current keys
  const each = Array.from({ length: 400 }, (_, at) => [at % 250 + 1, 3, 0]).flat();
  remote.sub(LINEMODE, Uint8Array.of(3, ...all, ...each));
  await harness.pollUntil(() => client.bytesSent > before);
  await harness.server.poll();
  assertEquals([errors, client.active], [[], true]);
  assert(client.bytesSent - before < 1_000, `${client.bytesSent - before} bytes`);
});

Deno.test("LINEMODE: modes and FORWARDMASK both ways", async () => {
  await using joined = await join({ telnetOptions: { linemode: true } });
  const { harness, client, remote } = joined;
  assertEquals([client.telnet.linemode.setMode(3), client.telnet.linemode.forward("\t")], [
    false,
    false,
  ]);
  remote.will(LINEMODE);
  await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  remote.sub(LINEMODE, Uint8Array.of(1, 7)); // MODE with its acknowledgement
  assert(client.telnet.linemode.setMode(LINEMODE_BITS.trapsig));
  assertEquals(await remote.hear((words) => words.length > 0), ["SB 34 \x01\x02"]);
  remote.sub(LINEMODE, Uint8Array.of(1, 0)); // the client accepts fewer bits
  assertEquals(await remote.hear((words) => words.length > 0), ["SB 34 \x01\x04"]);
  assertEquals(client.telnet.linemode.mode, 0);
  assert(client.telnet.linemode.forward("\t?"));
  const [mask = ""] = await remote.hear((words) => words.length > 0);
  const bits = [...bytesOf(mask.slice("SB 34 ".length))];
  assertEquals(bits.length, 2 + 16);
  assertEquals([bits[0], bits[1], bits[2 + 1], bits[2 + 7]], [0xfd, 2, 0x40, 0x01]);
  remote.sub(LINEMODE, Uint8Array.of(0xfb, 2)); // WILL FORWARDMASK
  await harness.pollUntil(() => client.telnet.linemode.forwards);
  // Only the server may ask, and only the client, which performs LINEMODE, may refuse (RFC 1184).
  remote.sub(LINEMODE, Uint8Array.of(0xfd, 2));
  await harness.server.poll();
  assertThrows(
    () => client.telnet.linemode.forward("\té"),
    TelnetError,
    'Cannot use the LINEMODE characters: expected ASCII characters, got "é"',
  );
  client.telnet.linemode.forward("");
  assertEquals(await remote.hear((words) => words.length > 0), ["SB 34 \xfe\x02"]);
});

Deno.test("CHARSET: after an unanswered or invalid exchange the client's own request still works", async () => {
  for (const spoiler of [undefined, encodeCharsetAnswer("utf8"), encodeCharsetRequest(["UTF-8"])]) {
    await using joined = await join({
      encoding: "latin1",
      telnetOptions: { charset: true },
    });
    const { harness, client, clock, remote } = joined;
    remote.do(CHARSET);
    await remote.hear((words) => words.some((word) => word.startsWith("SB 42 \x01")));
    if (spoiler !== undefined) remote.sub(CHARSET, spoiler);
    await harness.server.poll();
    clock.advance(4000);
    remote.sub(CHARSET, encodeCharsetRequest(["UTF-8"]));
    await remote.hear((words) => words.includes("SB 42 \x02UTF-8"));
    assertEquals(client.encoding, "utf-8");
  }
});

Deno.test("prompts end with GA for Telnet clients, not if SGA was on first; once marked, they stay so", async () => {
  await using joined = await join({});
  const { harness, client, peer, remote } = joined;
  const said = async (text: string) => {
    client.prompt(text);
    return (await harness.hear(peer, text)).slice(-1);
  };
  assertEquals(await said("1>"), ">"); // no Telnet received yet
  remote.say(Uint8Array.of(IAC, AYT));
  await remote.hear(() => remote.text.includes("Yes"));
  assertEquals(await said("2>"), "\xf9");
  client.telnet.enableOption(SGA, "local");
  await remote.hear((words) => words.includes("WILL 3"));
  remote.do(SGA);
  await harness.pollUntil(() => client.telnet.optionEnabled(SGA, "local"));
  assertEquals(await said("3>"), "\xf9"); // marked before

  await using suppressed = await join({});
  suppressed.client.telnet.enableOption(SGA, "local");
  suppressed.remote.do(SGA);
  await suppressed.harness.pollUntil(() => suppressed.client.telnet.optionEnabled(SGA, "local"));
  suppressed.client.prompt("4>");
  assertEquals((await suppressed.harness.hear(suppressed.peer, "4>")).slice(-1), ">");
});

Deno.test("RGB colours are reduced to 256 colours for a client with 256", async () => {
  await using joined = await join({ telnetOptions: { terminalType: true } });
  const { harness, client, peer, remote } = joined;
  remote.will(TTYPE);
  for (const name of ["X", "XTERM-256COLOR", "MTTS 9", "MTTS 9"]) {
    await remote.hear((words) => words.includes("SB 24 \x01"));
    remote.sub(TTYPE, encodeTerminalType(name));
  }
  await harness.pollUntil(() => client.terminal.profile.colours === 256);
  client.sendCc("^#ff8700x^%0000ffy");
  assertMatch(await harness.hear(peer, "y"), /\x1b\[22;38;5;208mx\x1b\[48;5;21my$/);
});

Deno.test("GMCP: Core.Supports.Set, Add and Remove; known packages are updated even when the list is full", async () => {
  await using joined = await join({ telnetOptions: { gmcp: true } });
  const { client, remote } = joined;
  remote.do(GMCP);
  const supports = async (message: string, value: string[]) => {
    remote.sub(GMCP, encodeGmcp(`Core.Supports.${message}`, value));
    remote.sub(GMCP, encodeGmcp("Core.Ping"));
    await remote.hear((words) => words.includes("SB 201 Core.Ping"));
    return Object.fromEntries(client.telnet.gmcp.supports);
  };
  assertEquals(await supports("Set", ["Char 1", "Room 1"]), { char: 1, room: 1 });
  assertEquals(await supports("Add", ["Comm 2"]), { char: 1, room: 1, comm: 2 });
  assertEquals(await supports("Remove", ["Room"]), { char: 1, comm: 2 });
  assertEquals(await supports("Set", ["Group 1"]), { group: 1 });
  const many = Array.from({ length: 200 }, (_, index) => `P${index} 1`);
  await supports("Set", many);
  assertEquals((await supports("Add", ["P0 7"])).p0, 7);
});

Deno.test("NEW-ENVIRON: MNES variables set the profile, and INFO updates it", async () => {
  await using joined = await join({ telnetOptions: { newEnviron: true } });
  const { harness, client, remote } = joined;
  remote.will(NEW_ENVIRON);
  const tell = (name: string, value: string) => ({ name, value, user: false });
  remote.sub(
    NEW_ENVIRON,
    encodeEnvironIs([
      tell("MTTS", "333"),
      tell("TERMINAL_TYPE", "XTERM"),
      tell("CHARSET", "UTF-8"),
    ]),
  );
  await harness.pollUntil(() => client.terminal.profile.screenReader);
  assertEquals(client.terminal.profile.colours, 16_777_216);
  assertEquals([client.terminal.profile.utf8, client.terminal.profile.terminal], [true, "XTERM"]);
  remote.sub(NEW_ENVIRON, encodeEnvironInfo([tell("MTTS", "1")]));
  await harness.pollUntil(() => !client.terminal.profile.screenReader);
  assertEquals(client.terminal.profile.colours, 16);
  const many = Array.from({ length: 100 }, (_, index) => tell(`V${index}`, "a"));
  remote.sub(NEW_ENVIRON, encodeEnvironInfo(many));
  remote.sub(NEW_ENVIRON, encodeEnvironInfo([tell("MTTS", "5")]));
  await harness.pollUntil(() =>
    client.terminal.profile.utf8 === true && client.terminal.facts.environment.size === 64
  );
  assertEquals(client.terminal.facts.environment.get("MTTS"), "5"); // known ones are still updated
});

/** Once it negotiates, the Windows Telnet client sends key by key and has no local echo. */
Deno.test("the Windows Telnet client sees what it types, but not a password", async () => {
  await using joined = await join({ telnetOptions: { terminalType: true } });
  const { harness, client, peer, remote } = joined;
  const heard: string[] = [];
  remote.will(TTYPE);
  for (const name of ["ANSI", "VT100", "VT52", "VTNT", "VTNT"]) {
    heard.push(...await remote.hear((words) => words.includes("SB 24 \x01")));
    remote.sub(TTYPE, encodeTerminalType(name));
  }
  assert(heard.includes(`WILL ${ECHO}`));
  remote.do(ECHO);
  await harness.pollUntil(() => client.telnet.optionEnabled(ECHO, "local"));
  const type = async (keys: string, shown: string) => {
    peer.take();
    for (const key of keys) remote.say(utf8(key));
    assertEquals(await harness.hear(peer, shown), shown);
  };
  await type("lok\x08ok\r\n", "lok\b \bok\r\n");
  assertEquals(client.getCommand(), "look");
  client.passwordModeOn();
  await harness.server.poll();
  await type("secret\x08t\r\n", "\r\n");
  assertEquals(client.getCommand(), "secret".slice(0, -1) + "t");
  client.passwordModeOff();
  await harness.server.poll();
  await type("n\r\n", "n\r\n");
});

Deno.test("sendSubnegotiation needs an enabled option, sendTelnetCommand does not", async () => {
  await using joined = await join({ telnetOptions: { gmcp: true } });
  const { harness, client, remote } = joined;
  await remote.hear((words) => words.includes("WILL 201"));
  assertEquals(client.telnet.sendSubnegotiation(GMCP, utf8("X")), false);
  remote.do(GMCP);
  await harness.pollUntil(() => client.telnet.gmcp.enabled);
  assertEquals(client.telnet.sendSubnegotiation(GMCP, utf8("X")), true);
  client.telnet.sendTelnetCommand(NOP);
  assertEquals(await remote.hear((words) => words.length > 1), ["SB 201 X", `IAC ${NOP}`]);
  client.telnet.enableOption(99, "remote");
  client.telnet.disableOption(99, "remote");
  assertEquals(await remote.hear((words) => words.length > 0), ["DO 99"]);
});

Deno.test("GMCP: the keys of Core.Hello are case-insensitive", async () => {
  const { harness, client, remote } = await join({ telnetOptions: { gmcp: true } });
  await using _ = harness;
  remote.do(GMCP);
  remote.sub(GMCP, encodeGmcp("Core.Hello", { Client: "Mudlet", VERSION: "3.0.0" }));
  await harness.pollUntil(() => client.terminal.profile.name !== undefined);
  assertEquals([client.terminal.profile.name, client.terminal.profile.version], [
    "Mudlet",
    "3.0.0",
  ]);
});

for (
  const [names, terminal, name] of [
    [["BEIP", "MTTS 13", "MTTS 13"], "BEIP", "BEIP"],
    [["ALPHA", "", "BETA", "BETA"], "ALPHA", undefined],
    [["MTTS 13", "MTTS 13"], "unknown terminal", undefined],
    [["X", "XTERM", "MTTS 13", "MTTS 13"], "XTERM", "X"],
  ] as const
) {
  Deno.test(`terminal types ${names.join(", ")}: the terminal is ${terminal}`, async () => {
    const { harness, client, remote } = await join({ telnetOptions: { terminalType: true } });
    await using _ = harness;
    remote.will(TTYPE);
    for (const answer of names) {
      await remote.hear((words) => words.includes("SB 24 \x01"));
      remote.sub(TTYPE, encodeTerminalType(answer));
    }
    let ready = false;
    client.ready.then(() => ready = true);
    await harness.pollUntil(() => ready);
    assertEquals([client.terminalType, client.terminal.profile.name], [terminal, name]);
  });
}

Deno.test("NEW-ENVIRON: long values are cut, and variables with long names are ignored", async () => {
  const { harness, client, remote } = await join({ telnetOptions: { newEnviron: true } });
  await using _ = harness;
  remote.will(NEW_ENVIRON);
  const variables = [
    { name: "LANG", value: "x".repeat(16_000), user: false },
    { name: "y".repeat(300), value: "1", user: false },
  ];
  remote.sub(NEW_ENVIRON, encodeEnvironIs(variables));
  await harness.pollUntil(() => client.terminal.facts.environment.size > 0);
  assertEquals(
    [...client.terminal.facts.environment].map(([name, value]) => [name, value.length]),
    [
      ["LANG", 256],
    ],
  );
});

Deno.test("sendWrapped wraps to at least 20 columns, however narrow the window", async () => {
  const { harness, client, peer, remote } = await join({ telnetOptions: { naws: true } });
  await using _ = harness;
  remote.will(NAWS);
  remote.sub(NAWS, encodeNaws({ columns: 1, rows: 24 }));
  await harness.pollUntil(() => client.columns === 1);
  peer.take();
  client.sendWrapped("a word or two and three", { indent: 0, padding: 0 });
  await harness.server.poll();
  assertEquals(peer.takeText(), "a word or two and\r\nthree\r\n");
});

Deno.test("client name and version are cut and have no escape sequences", async () => {
  await using joined = await join({ telnetOptions: { gmcp: true } });
  const { harness, client, remote } = joined;
  const hello = { client: "\x1b]0;title\x07" + "x".repeat(500), version: "1\x1b[2J" };
  remote.do(GMCP);
  remote.sub(GMCP, encodeGmcp("Core.Hello", hello));
  await harness.pollUntil(() => client.terminal.profile.name !== undefined);
  const { name = "", version } = client.terminal.profile;
  assertEquals([name.slice(0, 4), version], ["xxxx", "1"]);
  assert(name.length <= 80);
});

Deno.test("onResize is called for the first report of a size, and for each change", async () => {
  const sizes: string[] = [];
  await using joined = await join({
    telnetOptions: { naws: true },
    onResize: (_, { columns, rows }) => void sizes.push(`${columns} ${rows}`),
  });
  const { harness, client, remote } = joined;
  remote.will(NAWS);
  for (
    const [columns, rows] of [[80, 24], [80, 24], [0, 0], [100, 0], [100, 24], [100, 40]] as const
  ) {
    remote.sub(NAWS, encodeNaws({ columns, rows }));
  }
  await harness.pollUntil(() => client.rows === 40);
  assertEquals(sizes, ["80 24", "100 24", "100 40"]);
});
