/** connect() against a hand-written server: reading, sending, and how the connection ends. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  type ConnectOptions,
  connectOver,
  isTelnetError,
  type RemoteServer,
  type TelnetError,
} from "../../src/connect/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { TestClock } from "../../src/testing/mod.ts";
import { inTime } from "../patience.ts";
import { DO, GA, IAC, RawServer, SB, SE, settle, WILL, WONT } from "./raw_server.ts";

const ECHO = 1, SGA = 3, TTYPE = 24, NAWS = 31, GMCP = 201, MSP = 90, MXP = 91;
const EOR = 239;

/** Declares a case twice: with whole chunks, and byte by byte. */
function test(
  name: string,
  options: ConnectOptions,
  check: (remote: RemoteServer, raw: RawServer) => Promise<void>,
): void {
  for (const chunkSize of [undefined, 1]) {
    Deno.test(`connect: ${name}${chunkSize === undefined ? "" : ", byte by byte"}`, async () => {
      await using raw = await RawServer.start(chunkSize);
      const { transport, port } = raw;
      await using remote = await connect({ transport, port, timeout: Infinity, ...options });
      await inTime(check(remote, raw), name);
    });
  }
}

/** The error with which a call rejects. */
async function errorOf(promise: Promise<unknown>): Promise<TelnetError> {
  const error = await promise.then((value) => `no error, but ${value}`, (error) => error);
  assert(isTelnetError(error), String(error));
  return error;
}

/** The code of the error with which a call rejects. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code;
}

// Reading.

test(
  "lines come in order, without line ends, colours and erased text",
  {},
  async (remote, raw) => {
    raw.write("one\r\n\x1b[1;31mtwo\x1b[0m\r\nthreX\be\r\n--More--\r        \rfour\r\n\r\nfi");
    const lines = remote.lines();
    for (const line of ["one", "two", "three", "four", ""]) {
      assertEquals(await lines.next(), { done: false, value: line });
    }
    raw.write("ve");
    raw.connection?.close();
    assertEquals(await lines.next(), { done: false, value: "five" });
    assertEquals((await lines.next()).done, true);
    assertEquals(await remote.readLine(), undefined);
  },
);

test(
  "with stripControls: false lines keep escape sequences and controls",
  { stripControls: false },
  async (remote, raw) => {
    raw.write("\x1b[1mtwo\x1b[0m\b\r\n");
    assertEquals(await remote.readLine(), "\x1b[1mtwo\x1b[0m\b");
  },
);

test("prompts marked by GA or EOR are not part of a line", {}, async (remote, raw) => {
  raw.write("Hello\r\n> ", IAC, GA, "You see\r\n", "hp 5> ", IAC, EOR, "tail");
  assertEquals(await remote.readPrompt(), "> ");
  assertEquals(await remote.readLine(), "You see");
  assertEquals(await remote.readPrompt(), "hp 5> ");
});

test("events come in order: lines, prompts, options", {}, async (remote, raw) => {
  raw.write("a\r\n", IAC, WILL, ECHO, "Password: ", IAC, GA, IAC, WONT, ECHO, "b\r\n");
  const found = [];
  for await (const event of remote.events()) {
    found.push(event);
    if (event.type === "line" && event.text === "b") break;
  }
  assertEquals(found, [
    { type: "line", text: "a" },
    { type: "echo", value: true },
    { type: "prompt", text: "Password: ", marked: true },
    { type: "echo", value: false },
    { type: "line", text: "b" },
  ]);
});

test("readUntil takes the text through its match, and leaves the rest", {}, async (remote, raw) => {
  raw.write("Welcome\r\nlogin: and more\r\nlast> ");
  assertEquals(await remote.readUntil(/log(in): /), "Welcome\nlogin: ");
  assertEquals(await remote.readUntil("and"), "and");
  assertEquals(await remote.readLine(), " more");
  assertEquals(await remote.readUntil(/> $/), "last> ");
  raw.write("x> y> ");
  assertEquals(await remote.readUntil("> "), "x> ");
  assertEquals(await remote.readUntil("> "), "y> ");
});

test("readUntil matches across lines, prompts and chunks", {}, async (remote, raw) => {
  const found = remote.readUntil(/two\nthree> /);
  raw.write("one\r\ntw");
  await settle();
  raw.write("o\r\nthree> ", IAC, GA, "rest\r\n");
  assertEquals(await found, "one\ntwo\nthree> ");
  assertEquals(await remote.readLine(), "rest");
});

test("readUntil ignores lastIndex of a pattern with g or y", {}, async (remote, raw) => {
  raw.write("a1 a2 ");
  const pattern = /a\d /gy;
  assertEquals(await remote.readUntil(pattern).catch(() => "none"), "a1 ");
  assertEquals(await remote.readUntil(pattern), "a2 ");
});

test("waiting reads get input in the order of their calls", {}, async (remote, raw) => {
  const reads = [remote.readLine(), remote.readUntil("!"), remote.readLine()];
  raw.write("one\r\ntwo!three\r\n");
  assertEquals(await Promise.all(reads), ["one", "two!", "three"]);
});

test(
  "without marks, an unfinished row is a prompt after promptTimeout",
  { promptTimeout: 0 },
  async (remote, raw) => {
    raw.write("What is your name? ");
    assertEquals(await remote.readPrompt(), "What is your name? ");
    remote.send("Ada\n");
    await raw.until(() => raw.text.includes("Ada\r\n"));
  },
);

test(
  "sending Enter ends the prompt's row, so that the answer is a separate line",
  {},
  async (remote, raw) => {
    raw.write("> ");
    await settle();
    remote.send("look\n");
    raw.write("A room.\r\n");
    assertEquals(await remote.readLine(), "A room.");
  },
);

test("handlers get all text, and a read sees only text after its call", {
  onText: (_remote, text) => void heard.push(text),
  onLine: (_remote, line) => void lines.push(line),
}, async (remote, raw) => {
  heard.length = lines.length = 0;
  raw.write("\x1b[1mone\x1b[0m\r\n");
  await settle();
  const next = remote.readLine();
  raw.write("two\r\n");
  assertEquals(await next, "two");
  assertEquals(heard.join(""), "\x1b[1mone\x1b[0m\r\ntwo\r\n");
  assertEquals(lines, ["one", "two"]);
  assertEquals(remote.unread, 0);
});
const heard: string[] = [];
const lines: string[] = [];

test("a handler that throws ends the connection with its error", {
  onLine: () => {
    throw new RangeError("no such line");
  },
}, async (remote, raw) => {
  raw.write("one\r\n");
  const { error } = await remote.closed;
  assertEquals(String(error), "RangeError: no such line");
  await raw.until(() => raw.ended || raw.closed);
});

// Sending.

test(
  "text is sent at the end of the turn, LF as CR LF and 0xFF doubled",
  { encoding: "latin1" },
  async (remote, raw) => {
    remote.send("caf\xe9 \xff\n");
    remote.sendBytes(Uint8Array.of(1, 255));
    assertEquals(raw.received, []);
    await raw.until(() => raw.received.length >= 12);
    assertEquals(raw.received, [99, 97, 102, 0xe9, 32, 255, 255, 13, 10, 1, 255, 255]);
  },
);

test("with BINARY enabled on this side, LF is sent as LF", {}, async (remote, raw) => {
  raw.write(IAC, DO, 0);
  await raw.until(() => raw.received.length === 3);
  assertEquals(raw.take(), [IAC, WILL, 0]);
  remote.send("é\n");
  await raw.until(() => raw.received.length === 3);
  assertEquals(raw.received, [0xc3, 0xa9, 10]);
});

test("newline sets what LF is sent as", { newline: "\r\0" }, async (remote, raw) => {
  remote.send("a\nb\n");
  await raw.until(() => raw.received.length === 6);
  assertEquals(raw.received, [97, 13, 0, 98, 13, 0]);
});

test("the terminal option answers TERMINAL-TYPE, NAWS and the other questions", {
  terminal: {
    name: "BOT",
    version: "2",
    type: "xterm",
    columns: 255,
    rows: 30,
    environment: { USER: "ada", COLOUR: "red" },
  },
}, async (remote, raw) => {
  const encoder = new TextEncoder();
  const answer = (
    code: number,
    text: string,
  ) => [IAC, SB, code, 0, ...encoder.encode(text), IAC, SE];
  raw.write(IAC, DO, TTYPE, IAC, DO, NAWS, IAC, DO, 39, IAC, WILL, GMCP);
  for (let asked = 0; asked < 5; asked++) raw.write(IAC, SB, TTYPE, 1, IAC, SE);
  raw.write(IAC, SB, 39, 1, IAC, SE, "end\r\n");
  await remote.readLine();
  await settle();
  const hello = '{"client":"BOT","version":"2"}';
  assertEquals(raw.take(), [
    ...[IAC, WILL, TTYPE, IAC, WILL, NAWS, IAC, SB, NAWS, 0, 255, 255, 0, 30, IAC, SE],
    ...[IAC, WILL, 39, IAC, DO, GMCP, IAC, SB, GMCP, ...encoder.encode(`Core.Hello ${hello}`)],
    ...[IAC, SE, ...answer(TTYPE, "BOT"), ...answer(TTYPE, "xterm"), ...answer(TTYPE, "MTTS 517")],
    ...answer(TTYPE, "MTTS 517"),
    ...answer(TTYPE, "BOT"),
    ...[IAC, SB, 39, 0, 0, ...encoder.encode("USER"), 1, ...encoder.encode("ada"), 3],
    ...[...encoder.encode("COLOUR"), 1, ...encoder.encode("red")],
    ...[0, ...encoder.encode("CLIENT_NAME"), 1, ...encoder.encode("BOT")],
    ...[0, ...encoder.encode("CLIENT_VERSION"), 1, ...encoder.encode("2")],
    ...[0, ...encoder.encode("MTTS"), 1, ...encoder.encode("517")],
    ...[0, ...encoder.encode("TERMINAL_TYPE"), 1, ...encoder.encode("xterm"), IAC, SE],
  ]);
  remote.resize(100, 40);
  remote.telnet.setVariable("COLOUR", "blue");
  await settle();
  assertEquals(raw.take(), [
    ...[IAC, SB, NAWS, 0, 100, 0, 40, IAC, SE],
    ...[IAC, SB, 39, 2, 3, ...encoder.encode("COLOUR"), 1, ...encoder.encode("blue"), IAC, SE],
  ]);
});

test("options that are turned off are refused, and reported", {
  telnetOptions: { gmcp: false },
}, async (remote, raw) => {
  raw.write(IAC, WILL, GMCP, IAC, DO, 200, "x\r\n");
  await remote.readLine();
  await settle();
  assertEquals(raw.received, [IAC, 254, GMCP, IAC, WONT, 200]);
  assertEquals(remote.telnet.optionEnabled(GMCP, "remote"), false);
});

test("MSP sounds and MXP tags are events, not text", {
  telnetOptions: { mxp: true },
}, async (remote, raw) => {
  raw.write(IAC, WILL, MSP, IAC, WILL, MXP, "!!SOUND(hit.wav V=80)\r\n");
  raw.write('\x1b[1z<send href="go &lt;n">north</send> &amp; <b>on</b>\r\n');
  const found = [];
  for await (const event of remote.events()) {
    if (event.type !== "option") found.push(event);
    if (event.type === "line") break;
  }
  const tag = (name: string, closing: boolean, attributes: Record<string, string> = {}) => ({
    type: "mxp",
    value: { name, closing, attributes, secure: true },
  });
  assertEquals(JSON.parse(JSON.stringify(found)), [
    { type: "msp", value: { kind: "sound", file: "hit.wav", volume: 80 } },
    tag("send", false, { href: "go &lt;n" }),
    tag("send", true),
    tag("b", false),
    tag("b", true),
    { type: "line", text: "north & on" },
  ]);
});

// Ending.

test("close() sends the queued output, then ends", {}, async (remote, raw) => {
  remote.send("bye\n");
  await remote.close();
  await raw.until(() => raw.ended || raw.closed);
  assertEquals(raw.text, "bye\r\n");
  assertThrows(() => remote.send("x"), Error, "the connection has ended");
  assertEquals(await remote.closed, { error: undefined });
});

test(
  "after the server closes, reads return the rest, then undefined",
  {},
  async (remote, raw) => {
    const until = remote.readUntil("never");
    raw.write("some\r\nthing");
    raw.connection?.close();
    assertEquals(await codeOf(until), "connection-closed");
    assertEquals(await remote.readLine(), "some");
    assertEquals(await remote.readLine(), "thing");
    assertEquals(await remote.readLine(), undefined);
    assertEquals(remote.active, false);
  },
);

test("a broken connection rejects waiting reads", {}, async (remote, raw) => {
  const line = codeOf(remote.readLine());
  raw.connection?.pause();
  remote.send("unread");
  await settle();
  raw.connection?.abort(); // a reset, because the server has unread input
  assertEquals(await line, "connection-lost");
  const { error } = await remote.closed;
  assertEquals(isTelnetError(error) && error.code, "connection-lost");
});

test("an unfinished row before the close is still read", {}, async (remote, raw) => {
  raw.write("a> ");
  await settle();
  raw.connection?.close();
  assertEquals(await remote.readLine(), "a> ");
});

Deno.test("connect: a timeout error names the pattern, the text received, and the enabled options", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const clock = new TestClock();
  await using remote = await connect({ transport, port, clock, timeout: 5_000 });
  raw.write(IAC, WILL, SGA, IAC, DO, NAWS, "Username\x07: \r\n");
  await settle();
  const failed = errorOf(remote.readUntil(/login: $/));
  clock.advance(4_999);
  raw.write("more");
  await settle();
  clock.advance(1);
  const { code, message } = await failed;
  assertEquals(code, "timeout");
  for (
    const words of ["/login: $/", "Username\\u0007: \\r\\nmore", "performs SGA", "performs NAWS"]
  ) {
    assert(message.includes(words), message);
  }
  // The received text can still be read.
  assertEquals(await remote.readLine(), "Username: ");
});

Deno.test("connect: a signal aborts one read, or the whole connection", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const all = new AbortController();
  await using remote = await connect({ transport, port, signal: all.signal });
  const one = new AbortController();
  const read = remote.readLine({ signal: one.signal });
  one.abort(new Error("enough"));
  await assertRejects(() => read, Error, "enough");
  await assertRejects(() => remote.readLine({ signal: one.signal }), Error, "enough");
  raw.write("still here\r\n");
  assertEquals(await remote.readLine(), "still here");
  const waiting = assertRejects(() => remote.readLine(), Error, "all over");
  all.abort(new Error("all over"));
  await waiting;
  assertEquals(String((await remote.closed).error), "Error: all over");
});

Deno.test("connect: an aborted signal, an unused port and invalid options reject", async () => {
  const transport = new MemoryTransport();
  assertEquals(await codeOf(connect({ transport, port: 4000 })), "connection-refused");
  const signal = AbortSignal.abort(new Error("never"));
  await assertRejects(() => connect({ transport, port: 4000, signal }), Error, "never");
  const wrong: Record<string, unknown>[] = [
    { host: "x" },
    { hostname: 5 },
    { port: 0 },
    { port: "23" },
    { terminal: { columns: 0 } },
    { terminal: { width: 80 } },
    { encoding: "utf-9" },
    { newline: "x" },
    { timeout: -1 },
    { telnetOptions: { gcmp: true } },
    { telnetOptions: { linemode: 1 } },
    { limits: { unread: 0 } },
    { onLine: 5 },
    { onLines: () => {} },
    { tls: { rejectUnauthorized: false } },
    { shellPrompt: "$" },
    { snapshot: {} }, // it belongs to a connection that lives on: connectOver()
    { transport: {} },
  ];
  for (const options of wrong) {
    assertEquals(await codeOf(connect({ transport, port: 4000, ...options })), "misuse");
  }
});

Deno.test("connect: connectOver() uses an existing connection", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const remotes: RemoteServer[] = [];
  await transport.dial({ hostname: "x", port }, () => ({
    onData: () => {},
    onEnd: () => {},
    onDrain: () => {},
    onClose: () => {},
  })).then((connection) => remotes.push(connectOver(connection, { terminal: { name: "OVER" } })));
  const [remote] = remotes;
  raw.write("hello\r\n");
  assertEquals(await remote?.readLine(), "hello");
  remote?.send("x\n");
  await raw.until(() => raw.text === "x\r\n");
  await remote?.close();
});

Deno.test("connect: reading pauses at limits.unread, and nothing is lost", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, limits: { unread: 20_000 } });
  const line = "x".repeat(98) + "\r\n";
  raw.write(line.repeat(5_000));
  await settle();
  assert(remote.unread < 20_000 + 2 * 65_536, String(remote.unread));
  assert((raw.connection?.queued ?? 0) > 300_000);
  let count = 0;
  raw.connection?.close();
  for await (const one of remote.lines()) {
    assertEquals(one.length, 98);
    count++;
  }
  assertEquals(count, 5_000);
});

const TIMING_MARK = 6, STATUS = 5;
const pongs: number[] = [];

test(
  "ping() measures the round trip by TIMING-MARK, and the server's DO is answered",
  { onPong: (_remote, milliseconds) => void pongs.push(milliseconds) },
  async (remote, raw) => {
    pongs.length = 0;
    remote.telnet.ping();
    await settle();
    assertEquals(raw.take(), [IAC, DO, TIMING_MARK]);
    raw.write(Uint8Array.of(IAC, WILL, TIMING_MARK));
    await settle();
    assertEquals(pongs.length, 1);
    assert((pongs[0] ?? -1) >= 0);
    raw.write(Uint8Array.of(IAC, DO, TIMING_MARK));
    await settle();
    assertEquals(raw.take(), [IAC, WILL, TIMING_MARK]);
  },
);

test("STATUS is agreed to, and reports the enabled options", {}, async (_remote, raw) => {
  raw.write(Uint8Array.of(IAC, DO, STATUS));
  await settle();
  assertEquals(raw.take(), [IAC, WILL, STATUS]);
  raw.write(Uint8Array.of(IAC, SB, STATUS, 1, IAC, SE));
  await settle();
  assertEquals(raw.take(), [IAC, SB, STATUS, 0, WILL, STATUS, IAC, SE]);
});
