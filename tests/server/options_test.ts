import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { constants, createDeflate, createInflate, inflateSync } from "node:zlib";
import { type ListenOptions, type TelnetClient, TelnetError } from "../../mod.ts";
import {
  CHARSET,
  ECHO,
  encodeCharsetAnswer,
  encodeCharsetRequest,
  encodeEnvironIs,
  encodeGmcp,
  encodeLinemodeSlc,
  encodeMsdp,
  encodeTerminalType,
  END_OF_RECORD,
  GMCP,
  LFLOW,
  LINEMODE,
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
  STATUS,
  TIMING_MARK,
  TSPEED,
  TTYPE,
  ZMP,
} from "../../src/options/mod.ts";
import { AYT, DO, DONT, IAC, SB, SE, TelnetMachine, WILL, WONT } from "../../src/protocol/mod.ts";
import type { MemoryPeer } from "../../src/transport/memory.ts";
import { type Harness, latin1, negotiation, start } from "./harness.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The person's client, played by a machine of its own. */
class Remote {
  readonly telnet = new TelnetMachine();
  readonly heard: string[] = [];
  text = "";
  readonly #peer: MemoryPeer;
  readonly #harness: Harness<TelnetClient>;

  constructor(harness: Harness<TelnetClient>, peer: MemoryPeer) {
    this.#harness = harness;
    this.#peer = peer;
  }

  /** What the server said since the last call, in words; text apart. */
  async hear(condition: (heard: readonly string[]) => boolean): Promise<string[]> {
    const heard: string[] = [];
    await this.#harness.pollUntil(() => {
      heard.push(...this.read(this.#peer.take()));
      return condition(heard);
    });
    return heard;
  }

  read(bytes: Uint8Array): string[] {
    const words: string[] = [];
    let rest = latin1(bytes);
    for (let match; (match = /^([^\xff]*)\xff([\xef-\xfe])/s.exec(rest));) {
      this.text += match[1];
      rest = rest.slice(match[0].length);
      const command = match[2]?.charCodeAt(0) ?? 0;
      if (command === SB) {
        const end = /^([\s\S])((?:[^\xff]|\xff\xff)*)\xff\xf0/.exec(rest);
        words.push(`SB ${end?.[1]?.charCodeAt(0)} ${end?.[2]}`);
        rest = rest.slice(end?.[0].length);
      } else if (command >= WILL) {
        words.push(`${["WILL", "WONT", "DO", "DONT"][command - WILL]} ${rest.charCodeAt(0)}`);
        rest = rest.slice(1);
      } else {
        words.push(`IAC ${command}`);
      }
    }
    this.text += rest;
    return words;
  }

  say(...bytes: (number | Uint8Array)[]): void {
    for (const part of bytes) {
      this.#peer.write(typeof part === "number" ? Uint8Array.of(part) : part);
    }
  }

  will = (option: number) => this.say(negotiation(WILL, option));
  wont = (option: number) => this.say(negotiation(WONT, option));
  do = (option: number) => this.say(negotiation(DO, option));
  dont = (option: number) => this.say(negotiation(DONT, option));

  sub(option: number, payload: Uint8Array): void {
    this.telnet.sendSubnegotiation(option, payload);
    this.say(this.telnet.takeOutput());
  }
}

async function join(
  options: ListenOptions,
): Promise<
  { harness: Harness<TelnetClient>; client: TelnetClient; peer: MemoryPeer; remote: Remote }
> {
  const harness = await start(options);
  const { peer, client } = await harness.join();
  return { harness, client, peer, remote: new Remote(harness, peer) };
}

Deno.test("what is declared is offered at once, TERMINAL-TYPE first and MCCP2 last; else nothing is", async () => {
  const { harness, remote } = await join({
    options: { mccp2: true, gmcp: true, naws: true, mssp: () => ({}), terminalType: true },
  });
  const heard = await remote.hear((words) => words.length === 5);
  assertEquals(heard, ["DO 24", "DO 31", "WILL 201", "WILL 70", "WILL 86"]);
  await harness.server.stop();
  const silent = await join({});
  await silent.harness.server.poll();
  assertEquals(silent.peer.take().length, 0);
  await silent.harness.server.stop();
});

Deno.test("ready settles when all is answered, TERMINAL-TYPE to its last name", async () => {
  let ready = false;
  const { harness, client, remote } = await join({
    options: { terminalType: true, gmcp: true },
    onConnect: async (client) => {
      await client.ready;
      ready = true;
      client.send(`Welcome, ${client.profile.name}`);
    },
  });
  remote.dont(GMCP);
  remote.will(TTYPE);
  for (const name of ["TINTIN++", "xterm-256color", "MTTS 13", "MTTS 13"]) {
    await remote.hear((words) => words.includes("SB 24 \x01"));
    assertEquals(ready, false);
    remote.sub(TTYPE, encodeTerminalType(name));
  }
  await harness.pollUntil(() => ready);
  assertEquals(client.profile, {
    name: "TINTIN++",
    version: undefined,
    terminal: "xterm-256color",
    colours: 256,
    utf8: true,
    screenReader: false,
    mudClient: true,
  });
  await harness.server.stop();
});

Deno.test("ready waits no longer than readyTimeout, and not at all where nothing is offered", async () => {
  let ready = 0;
  const onConnect = async (client: TelnetClient) => {
    await client.ready;
    ready++;
  };
  const { harness } = await join({ options: { naws: true }, readyTimeout: 500, onConnect });
  harness.clock.advance(499);
  await harness.server.poll();
  assertEquals(ready, 0);
  harness.clock.advance(1);
  await harness.pollUntil(() => ready === 1);
  await harness.server.stop();
  const plain = await join({ onConnect });
  await plain.harness.pollUntil(() => ready === 2);
  await plain.harness.server.stop();
});

Deno.test("ready settles for a client that vanishes", async () => {
  let ready = false;
  const { harness, peer } = await join({
    options: { naws: true },
    onConnect: async (client) => {
      await client.ready;
      ready = true;
    },
  });
  peer.abort();
  await harness.pollUntil(() => ready);
  await harness.server.stop();
});

for (
  const [how, names, asked] of [
    ["the last name twice (RFC 1091)", ["A", "B", "B"], 3],
    ["the first name again", ["A", "B", "A"], 3],
    ["no end at all: eight names are enough", ["1", "2", "3", "4", "5", "6", "7", "8"], 8],
    ["an empty name", ["A", ""], 2],
  ] as const
) {
  Deno.test(`the list of terminal types ends by ${how}`, async () => {
    const { harness, client, remote } = await join({ options: { terminalType: true } });
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
    await harness.server.stop();
  });
}

Deno.test("prompt marks by EOR where it is agreed, else by GA, else not; once marked, always", async () => {
  const { harness, client, remote } = await join({ options: { endOfRecord: true } });
  client.prompt("1> ");
  await remote.hear(() => remote.text.includes("1> "));
  assertEquals(remote.text, "1> "); // a netcat, for all we know
  remote.do(END_OF_RECORD);
  await harness.pollUntil(() => client.optionEnabled(END_OF_RECORD, "local"));
  client.prompt("2> ");
  assertEquals(await remote.hear((words) => words.includes("IAC 239")), ["IAC 239"]);
  remote.dont(END_OF_RECORD);
  await remote.hear((words) => words.includes("WONT 25"));
  client.prompt("3> ");
  assertEquals(await remote.hear((words) => words.includes("IAC 249")), ["IAC 249"]);
  await harness.server.stop();
});

Deno.test("GMCP: hello, supports, ping, messages and bad JSON", async () => {
  const told: unknown[] = [];
  const { harness, client, remote } = await join({
    options: { gmcp: true },
    onGmcp: (_, { package: name, value, malformed }) => void told.push([name, value ?? malformed]),
  });
  assertEquals(client.gmcp.send("Char.Vitals", { hp: 1 }), false);
  const handled: unknown[] = [];
  client.gmcp.on("Char.Login", (value) => handled.push(value));
  remote.do(GMCP);
  remote.sub(GMCP, encodeGmcp("Core.Hello", { client: "Mudlet", version: "4.19" }));
  remote.sub(GMCP, encodeGmcp("Core.Supports.Set", ["Char 1", "Room 2", 7]));
  remote.sub(GMCP, encodeGmcp("Core.Supports.Add", ["Comm.Channel 1"]));
  remote.sub(GMCP, encodeGmcp("Core.Supports.Remove", ["Room"]));
  remote.sub(GMCP, encodeGmcp("char.login", { name: "Anna" }));
  remote.sub(GMCP, utf8("Char.Login {oops"));
  remote.sub(GMCP, encodeGmcp("Core.Ping"));
  await remote.hear((words) => words.includes("SB 201 Core.Ping"));
  assertEquals([client.profile.name, client.profile.version], ["Mudlet", "4.19"]);
  assertEquals(client.profile.mudClient, true);
  assertEquals([...client.gmcp.supports], [["char", 1], ["comm.channel", 1]]);
  assertEquals(handled, [{ name: "Anna" }]);
  assertEquals(told.length, 7);
  assertEquals(told[5], ["Char.Login", "{oops"]);
  assert(client.gmcp.send("Room.Info", { name: "Café 😀" }));
  const [sent] = await remote.hear((words) => words.length === 1);
  assertEquals(sent, 'SB 201 Room.Info {"name":"Caf\\u00e9 \\ud83d\\ude00"}');
  await harness.server.stop();
});

const variables = {
  HEALTH: { value: () => "10" },
  ROOM: { value: () => ({ NAME: "Inn", EXITS: ["n"] }) },
  COLOUR: { value: () => "1", configurable: true },
};

Deno.test("MSDP: LIST, SEND, REPORT, UNREPORT, RESET and configurable variables", async () => {
  const set: unknown[] = [];
  const { harness, client, remote } = await join({
    options: { msdp: { variables } },
    onMsdp: (_, variable) => void set.push(variable),
  });
  remote.do(MSDP);
  await remote.hear((words) => words.includes("WILL 69"));
  const ask = (name: string, value: MsdpValue) =>
    remote.sub(MSDP, encodeMsdp(new Map([[name, value]])));
  const expect = async (entries: [string, MsdpValue][]) => {
    const [word] = await remote.hear((words) => words.length > 0);
    assertEquals(word, `SB 69 ${latin1(encodeMsdp(new Map(entries)))}`);
  };
  ask("LIST", "COMMANDS");
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
  client.msdp.update("HEALTH", "ROOM");
  await expect([["ROOM", { NAME: "Inn", EXITS: ["n"] }]]);
  ask("RESET", "REPORTED_VARIABLES");
  ask("COLOUR", "0");
  ask("HEALTH", "999");
  await harness.pollUntil(() => set.length > 0);
  assertEquals([set, client.msdp.reported.size], [[{ name: "COLOUR", value: "0" }], 0]);
  ask("LIST", "LISTS");
  assertMatch((await remote.hear((words) => words.length > 0))[0] ?? "", /SENDABLE_VARIABLES/);
  await harness.server.stop();
});

Deno.test("MSDP over GMCP is answered over GMCP", async () => {
  const { harness, client, remote } = await join({
    options: { msdp: { variables }, gmcp: true },
  });
  assert(client.msdp);
  remote.do(GMCP);
  remote.sub(GMCP, encodeGmcp("MSDP", { SEND: ["HEALTH", "ROOM"] }));
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard.at(-1), 'SB 201 MSDP {"HEALTH":"10","ROOM":{"NAME":"Inn","EXITS":["n"]}}');
  await harness.server.stop();
});

Deno.test("MSSP is told by Telnet, and in plain text to a first line MSSP-REQUEST", async () => {
  const options = { mssp: () => ({ NAME: "Bogboa", UPTIME: 5 }) };
  const { harness, remote } = await join({ options });
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
  assertEquals(client.getCommand(), "MSSP-REQUEST"); // the second is a person's
  await harness.server.stop();
});

Deno.test("CHARSET: the client accepts, in upper case, and the connection uses it", async () => {
  const { harness, client, peer, remote } = await join({
    encoding: "latin1",
    options: { charset: { names: ["utf-8", "iso-8859-1"] } },
  });
  remote.do(CHARSET);
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB")));
  assertEquals(heard.at(-1), "SB 42 \x01;utf-8;iso-8859-1");
  remote.sub(CHARSET, encodeCharsetAnswer("EBCDIC")); // was not offered
  remote.sub(CHARSET, encodeCharsetAnswer("UTF-8"));
  await harness.pollUntil(() => client.encoding === "utf-8");
  assertEquals([client.facts.charset, client.profile.utf8], ["UTF-8", true]);
  client.send("é");
  assertEquals(await harness.hear(peer, "\xa9"), "\xc3\xa9");
  await harness.server.stop();
});

Deno.test("CHARSET: where both ask at once the server's request holds; later the client's is answered", async () => {
  const { harness, client, remote } = await join({
    encoding: "latin1",
    options: { charset: true },
  });
  remote.do(CHARSET);
  remote.will(CHARSET);
  remote.sub(CHARSET, encodeCharsetRequest(["windows-1252"]));
  const heard = await remote.hear((words) => words.includes("SB 42 \x03"));
  assert(heard.includes("SB 42 \x01;UTF-8"));
  remote.sub(CHARSET, encodeCharsetAnswer());
  remote.sub(CHARSET, encodeCharsetRequest(["KOI8-R", "windows-1252"]));
  await remote.hear((words) => words.includes("SB 42 \x02windows-1252"));
  assertEquals(client.encoding, "windows-1252");
  remote.sub(CHARSET, Uint8Array.of(4, 1, 59));
  await remote.hear((words) => words.includes("SB 42 \x05"));
  await harness.server.stop();
});

Deno.test("NEW-ENVIRON asks for few names, never USER, and learns what is told", async () => {
  const told: unknown[] = [];
  const { harness, client, remote } = await join({
    options: { newEnviron: true },
    onEnviron: (_, variables) => void told.push(variables.length),
  });
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
  const { name, utf8, colours, mudClient } = client.profile;
  assertEquals([name, utf8, colours, mudClient], ["Mudlet", true, 16_777_216, true]);
  await harness.server.stop();
});

Deno.test("STATUS tells what is in force", async () => {
  const { harness, remote } = await join({});
  remote.do(STATUS);
  remote.will(NAWS);
  remote.sub(STATUS, Uint8Array.of(1));
  const heard = await remote.hear((words) => words.some((word) => word.startsWith("SB 5 ")));
  assertEquals(heard.at(-1), "SB 5 \x00\xfb\x05\xfd\x1f");
  await harness.server.stop();
});

Deno.test("TIMING-MARK: each mark that a client asks for is given, however many", async () => {
  const { harness, remote } = await join({});
  for (let count = 0; count < 100; count++) remote.do(TIMING_MARK);
  const heard = await remote.hear((words) => words.length === 100);
  assert(heard.every((word) => word === "WILL 6"));
  await harness.server.stop();
});

Deno.test("ping measures the round trip by TIMING-MARK, again and again, whatever the answer", async () => {
  const times: number[] = [];
  const { harness, client, remote } = await join({ onPong: (_, time) => void times.push(time) });
  for (const answer of [remote.wont, remote.will, remote.wont]) {
    client.ping();
    client.ping(); // one is under way
    assertEquals(await remote.hear((words) => words.length > 0), ["DO 6"]);
    harness.clock.advance(30);
    const before = times.length;
    answer(TIMING_MARK);
    await harness.pollUntil(() => times.length > before);
  }
  assertEquals(times, [30, 30, 30]);
  await harness.server.stop();
});

Deno.test("LOGOUT tells the game, agrees, and drops the client", async () => {
  const told: TelnetClient[] = [];
  const { harness, client, remote } = await join({ onLogout: (client) => void told.push(client) });
  remote.do(LOGOUT);
  assertEquals(await remote.hear((words) => words.length > 0), ["WILL 18"]);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(told, [client]);
  await harness.server.stop();
});

Deno.test("LINEMODE sets editing and traps, tells the keys, and acknowledges each once", async () => {
  const told: number[] = [];
  const { harness, remote } = await join({
    options: { linemode: true },
    onSlc: (_, entries) => void told.push(entries.length),
  });
  remote.will(LINEMODE);
  await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  const key = {
    function: 10,
    level: "value",
    flushIn: false,
    flushOut: false,
    value: 127,
  } as const;
  remote.sub(LINEMODE, encodeLinemodeSlc([{ ...key, ack: false }, { ...key, ack: true }]));
  const heard = await remote.hear((words) => words.length > 0);
  assertEquals(heard, ["SB 34 \x03\x0a\x82\x7f"]);
  assertEquals(told, [2]);
  await harness.server.stop();
});

Deno.test("TERMINAL-SPEED, X-DISPLAY-LOCATION, SEND-LOCATION and flow control", async () => {
  const { harness, client, remote } = await join({
    options: { terminalSpeed: true, xDisplayLocation: true, sendLocation: true, flowControl: true },
  });
  assertEquals(client.flowControl.set("off"), false);
  for (const option of [TSPEED, 35, 23, LFLOW]) remote.will(option);
  await remote.hear((words) => words.includes("SB 32 \x01") && words.includes("SB 35 \x01"));
  remote.sub(TSPEED, utf8("\x0038400,9600"));
  remote.sub(35, utf8("\x00host:0"));
  remote.sub(23, utf8("Room 7"));
  await harness.pollUntil(() => client.facts.location !== undefined);
  assertEquals(client.facts.terminalSpeed, { transmit: 38400, receive: 9600 });
  assertEquals([client.facts.display, client.facts.location], ["host:0", "Room 7"]);
  assert(client.flowControl.set("restart-any"));
  await remote.hear((words) => words.includes("SB 33 \x02"));
  await harness.server.stop();
});

Deno.test("ZMP, ATCP, Aardwolf, MXP and MSP: handshakes and messages", async () => {
  const told: unknown[] = [];
  const { harness, client, remote } = await join({
    options: {
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
  assertEquals([client.profile.name, client.profile.version], ["Nexus", "3.0"]);
  assert(client.zmp.send("zmp.ping"));
  await remote.hear((words) => words.includes("SB 93 zmp.ping\0"));
  await harness.server.stop();
});

Deno.test("the answer to AYT can be set", async () => {
  const { harness, peer, remote } = await join({ areYouThere: "[present]" });
  remote.say(Uint8Array.of(IAC, AYT));
  assertEquals(await harness.hear(peer, "present]\r\n"), "\r\n[present]\r\n");
  await harness.server.stop();
});

Deno.test("prepareReload turns everything off, and a snapshot carries it over", async () => {
  const { harness, client, remote } = await join({ options: { gmcp: true, naws: true } });
  remote.do(GMCP);
  remote.will(NAWS);
  await harness.pollUntil(() => client.optionEnabled(GMCP, "local"));
  const carried = TelnetMachine.restore(JSON.parse(JSON.stringify(client.snapshot())));
  assert(carried.localEnabled(GMCP) && carried.remoteEnabled(NAWS));
  client.prepareReload();
  const heard = await remote.hear((words) => words.length >= 4);
  assertEquals(heard.slice(-2), ["WONT 201", "DONT 31"]);
  await harness.server.stop();
});

Deno.test("colours beyond caret codes are reduced to what the client shows", async () => {
  const { harness, client, peer, remote } = await join({ options: { terminalType: true } });
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
  await harness.pollUntil(() => client.profile.colours === 16_777_216);
  assertEquals(await shown(), "~[38;2;255;136;0mx~[48;2;0;0;255my");
  client.useAnsi = false;
  assertEquals(await shown(), "xy");
  await harness.server.stop();
});

Deno.test("MCCP2: the marker in one write, all behind it compressed, each poll readable at once", async () => {
  const { harness, client, peer, remote } = await join({ options: { mccp2: true } });
  await remote.hear((words) => words.includes("WILL 86"));
  client.send("before ");
  remote.do(MCCP2);
  const inflate = createInflate();
  let text = "";
  inflate.on("data", (bytes: Uint8Array) => text += latin1(bytes));
  const marker = latin1(Uint8Array.of(IAC, SB, MCCP2, IAC, SE));
  let heard = "";
  await harness.pollUntil(() => (heard += latin1(peer.take())).includes(marker));
  assertEquals(heard.slice(0, heard.indexOf(marker)), "before ");
  inflate.write(bytesOf(heard.slice(heard.indexOf(marker) + 5)));
  for (const words of ["one\n", "two ".repeat(1000) + "\n"]) {
    client.send(words);
    const wanted = text + words.replace("\n", "\r\n");
    await hearInflated(harness, peer, inflate, () => text === wanted);
  }
  const sentBefore = text.length;
  remote.dont(MCCP2); // stop: the stream ends well, then plain text follows
  let plain = "";
  await harness.pollUntil(() => {
    plain += latin1(peer.take());
    return !client.optionEnabled(MCCP2, "local");
  });
  client.send("plain again\n");
  await untilReal(harness, () => (plain += latin1(peer.take())).endsWith("plain again\r\n"));
  const ended = new Promise((resolve) => inflate.once("end", resolve));
  inflate.write(bytesOf(plain));
  await ended;
  assertEquals(text.slice(sentBefore), "\xff\xfc\x56"); // WONT MCCP2 was still within
  await harness.server.stop();
});

Deno.test("MCCP2: a dropped client gets its last words and a whole stream", async () => {
  const { harness, client, peer, remote } = await join({ options: { mccp2: true } });
  remote.do(MCCP2);
  await harness.pollUntil(() => client.optionEnabled(MCCP2, "local"));
  client.send("Good bye\n");
  client.active = false;
  let heard = "";
  await untilReal(harness, () => {
    heard += latin1(peer.take());
    return harness.disconnected.length === 1;
  });
  heard += latin1(peer.take());
  const marker = latin1(Uint8Array.of(IAC, SB, MCCP2, IAC, SE));
  const stream = bytesOf(heard.slice(heard.indexOf(marker) + 5));
  assertEquals(latin1(inflateSync(stream)), "Good bye\r\n"); // throws where the end is missing
  await harness.server.stop();
});

for (const chunkSize of [1, 7, 100_000]) {
  Deno.test(`MCCP3: compressed lines, the end of the stream and plain lines behind it, in chunks of ${chunkSize}`, async () => {
    const harness = await start({ options: { mccp3: true } }, { chunkSize });
    const { peer, client } = await harness.join();
    const stream = await deflated(["look\r\n", "north\r\n"], true);
    const parts = [
      negotiation(DO, MCCP3),
      Uint8Array.of(IAC, SB, MCCP3, IAC, SE),
      stream,
      utf8("plain\r\n"),
    ];
    peer.write(new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()));
    const lines: string[] = [];
    await untilReal(harness, () => {
      for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
        lines.push(line);
      }
      return lines.length === 3;
    });
    assertEquals(lines, ["look", "north", "plain"]);
    await harness.server.stop();
  });
}

Deno.test("MCCP3: corrupt data and bombs cost the one client, with a reason", async () => {
  const bomb = await deflated(["\0".repeat(50_000_000)], true);
  assert(bomb.length < 100_000);
  for (const stream of [utf8("this is no zlib stream at all"), bomb]) {
    const { harness, client, remote } = await join({ options: { mccp3: true } });
    remote.do(MCCP3);
    remote.say(Uint8Array.of(IAC, SB, MCCP3, IAC, SE), stream);
    await untilReal(harness, () => harness.disconnected.length === 1);
    assertEquals(client.disconnectReason, "corrupt-data");
    assert(client.disconnectError instanceof Error);
    await harness.server.stop();
  }
});

Deno.test("MCCP that was not declared is refused, and its marker changes nothing", async () => {
  const { harness, client, remote } = await join({});
  remote.do(MCCP2);
  remote.do(MCCP3);
  assertEquals(await remote.hear((words) => words.length === 2), ["WONT 86", "WONT 87"]);
  remote.say(Uint8Array.of(IAC, SB, MCCP3, IAC, SE), utf8("plain\r\n"));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "plain");
  await harness.server.stop();
});

Deno.test("a server never asks a client to echo, nor sends SGA for a password", async () => {
  const { harness, client, remote } = await join({});
  client.passwordModeOn();
  assertEquals(await remote.hear((words) => words.length > 0), [`WILL ${ECHO}`]);
  assert(!client.optionEnabled(SGA, "local"));
  await harness.server.stop();
});

Deno.test("what the game's own code throws within an option costs the one client", async () => {
  const fail = () => {
    throw new Error("the game is broken");
  };
  const cases: [ListenOptions, (remote: Remote, client: TelnetClient) => void][] = [
    [{ options: { mssp: fail } }, (remote) => remote.do(MSSP)],
    [{ options: { mssp: fail } }, (remote) => remote.say(utf8("MSSP-REQUEST\r\n"))],
    [{ options: { msdp: { variables: { A: { value: fail } } } } }, (remote) => {
      remote.do(MSDP);
      remote.sub(MSDP, encodeMsdp(new Map([["SEND", "A"]])));
    }],
    [{ options: { gmcp: true } }, (remote, client) => {
      client.gmcp.on("X", fail);
      remote.do(GMCP);
      remote.sub(GMCP, encodeGmcp("X"));
    }],
    [{ options: { gmcp: true } }, (remote, client) => {
      client.gmcp.on("X", () => Promise.reject(new Error("later")));
      remote.do(GMCP);
      remote.sub(GMCP, encodeGmcp("X"));
    }],
    [{ options: { gmcp: true }, onGmcp: fail }, (remote) => {
      remote.do(GMCP);
      remote.sub(GMCP, encodeGmcp("X"));
    }],
  ];
  for (const [options, provoke] of cases) {
    const errors: unknown[] = [];
    const { harness, client, remote } = await join({ ...options, onError: (e) => errors.push(e) });
    provoke(remote, client);
    await harness.pollUntil(() => harness.disconnected.length === 1);
    assertEquals([client.disconnectReason, errors.length], ["handler-failed", 1]);
    await harness.server.stop();
  }
});

Deno.test("a declaration that cannot be right is misuse", async () => {
  const wrong = [
    { newEnviron: { names: ["USER"] } },
    { newEnviron: { names: Array.from({ length: 50 }, (_, index) => `NAME_${index}`) } },
    { charset: { names: [] } },
    { gmpc: true },
  ];
  for (const options of wrong) {
    const error = await assertRejects(() => start({ options } as ListenOptions), TelnetError);
    assertEquals(error.code, "misuse");
  }
});

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function deflated(texts: string[], finish: boolean): Promise<Uint8Array> {
  const stream = createDeflate();
  const chunks: Uint8Array[] = [];
  stream.on("data", (bytes: Uint8Array) => chunks.push(bytes));
  for (const text of texts) {
    stream.write(text);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
  }
  const ended = new Promise((resolve) => stream.once("end", resolve));
  if (finish) {
    stream.end();
    await ended;
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** zlib works in threads, so a number of polls says nothing. */
async function untilReal(harness: Harness<TelnetClient>, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert(performance.now() < deadline, `Not in time: ${condition}`);
    await harness.server.poll();
  }
}

async function hearInflated(
  harness: Harness<TelnetClient>,
  peer: MemoryPeer,
  inflate: { write(bytes: Uint8Array): unknown },
  condition: () => boolean,
): Promise<void> {
  await untilReal(harness, () => {
    const bytes = peer.take();
    if (bytes.length > 0) inflate.write(bytes);
    return condition();
  });
}
