/**
 * The examples, run natively on each runtime and driven over sockets by the same script. A file per
 * runtime runs it, so that they are tested in parallel.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Certificate } from "../../mod.ts";
import { denoTransport } from "../../src/transport/deno.ts";
import { type Manner, MANNERS } from "../devices/manners.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { CERTIFICATE, RENEWED } from "../tls/certificates.ts";

const NAWS = 31;
const TTYPE = 24;
const windows = Deno.build.os === "windows";

/** Declares the tests of all examples on a runtime. */
export async function testExamples(name: Runtime["name"]): Promise<void> {
  const runtime = await findRuntime(name);
  const test = (sentence: string, check: (runtime: Runtime) => Promise<void>) =>
    Deno.test({
      name: `${name}: ${sentence}${runtime === undefined ? ` (there is no ${name} here)` : ""}`,
      ignore: runtime === undefined,
      fn: async () => runtime && await check(runtime),
    });
  test("handler.ts calls the handlers", callsHandlers);
  test("mud.ts: players log in with a hidden password, walk, meet and leave", playsTheMud);
  test("repl.ts: a client in line mode gets answers, and pages by Enter", usesTheConsole);
  test("editor.ts: players write letters of several lines, and read them", writesLetters);
  test("metrics.ts: the statistics are served as OpenMetrics", tellsMetrics);
  if (!windows) test("internet.ts: TLS, a renewed certificate, a recording, a restart", isFit);
  test("custom_option.ts: a custom option is offered, received and answered", servesOwnOption);
  test("art.ts: the same art in Unicode, in code page 437 and in ASCII", showsArt);
  test("bot.ts plays the MUD, through proxy.ts, and crawler.ts reads its status", plays);
  test("device.ts logs in, runs commands, and reports errors", asksADevice);
  test("client.ts shows the server's text and sends typed lines", typesIntoTheClient);
  for (const file of ["examples/chat.ts", "examples/chat_events.ts"]) {
    test(`${file}: people talk, wrap to their width, leave, and shut it down`, chats(file));
    test(`${file} drops idle clients`, dropsIdle(file));
    if (!windows) test(`${file} drains and ends on Ctrl-C`, endsByInterrupt(file));
  }
}

async function callsHandlers(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/handler.ts", ["--port", "0"]);
  const port = await portOf(program);
  {
    using client = await LineClient.connect(port);
    assertStringIncludes(await client.until(/1\.\r\n/), "\x1b[1;32mWelcome\x1b[0m");
    assertMatch(await program.line(), /^\+\+ .* 1$/);
  }
  assertMatch(await program.line(), /^-- .* seconds$/);
}

async function plays(runtime: Runtime): Promise<void> {
  await using mud = Program.start(runtime, "examples/mud.ts", ["--port", "0"]);
  const port = String(await portOf(mud));
  await using proxy = Program.start(runtime, "examples/proxy.ts", [
    "--listen",
    "0",
    "--port",
    port,
  ]);
  const by = String(await portOf(proxy));
  await using bot = Program.start(runtime, "examples/bot.ts", ["--port", by, "--strikes", "2"]);
  for (let strike = 0; strike < 2; strike++) {
    assertMatch(await bot.line(), /^You strike at the kobold, and it bites you for \d\.$/);
  }
  assertEquals(await bot.line(), "The bot is done.");
  assertMatch(await proxy.line(), /^#1 127\.0\.0\.1 connected$/);
  const words = new Set<string>();
  while (!words.has("#1 server < SB MCCP2, and all that follows is compressed")) {
    words.add(await proxy.line());
  }
  assert(words.has("#1 server < DO NAWS"));
  await using crawler = Program.start(runtime, "examples/crawler.ts", [`localhost:${port}`]);
  const status = JSON.parse(await crawler.line());
  assertEquals([status.NAME, status.PLAYERS], [["Boaville"], ["0"]]);
}

async function asksADevice(runtime: Runtime): Promise<void> {
  const manner = MANNERS[0] as Manner;
  const listener = await denoTransport.listen(
    { port: 0, address: "127.0.0.1" },
    (connection) => manner.serve(connection),
  );
  const { username = "", password = "" } = manner.login;
  const start = (PASSWORD: string, ...commands: string[]) =>
    Program.start(
      runtime,
      "examples/device.ts",
      [
        "--hostname",
        "127.0.0.1",
        "--port",
        String(listener.port),
        "--username",
        username,
        ...commands,
      ],
      { PASSWORD },
    );
  const [{ command, output }] = manner.exchanges as [{ command: string; output: string }];
  {
    await using device = start(password, command);
    assertEquals(await device.line(), `sw1> ${command}`);
    for (const line of output.split("\n")) assertEquals(await device.line(), line);
  }
  await using refused = start("wrong", command);
  assertEquals((await refused.status).code, 1);
  await listener.close();
}

async function typesIntoTheClient(runtime: Runtime): Promise<void> {
  await using mud = Program.start(runtime, "examples/mud.ts", ["--port", "0"]);
  const port = String(await portOf(mud));
  await using client = Program.start(runtime, "examples/client.ts", ["--port", port]);
  await client.write("Ada");
  await client.write("secret");
  await client.write("look");
  await client.write("quit");
  let shown = "";
  while (!shown.includes("A low room")) shown += await client.line();
  assertMatch(shown, /Your name\?/);
}

async function usesTheConsole(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/repl.ts", ["--port", "0"]);
  using client = await LineClient.connect(await portOf(program));
  await client.until(/boa1.*> /);
  await client.write("set led off\r\nshow led\r\n");
  await client.until(/led is off\r\n/);
  await client.write("show constructor\r\nset hostname ^Rred\r\n");
  await client.until(/constructor is unknown\r\n.*\^Rred.*> /s);
  await client.write("set hostname boa1\r\n");
  await client.until(/boa1.*> /);
  await client.write("log\r\n");
  await client.until(/\r\n22: all is well\r\n--more--/);
  await client.write("\r\n");
  assertMatch(await client.until(/--more--/), /^23: .*\r\n45: all is well\r\n--more--$/s);
  await client.write("q\r\nquit\r\n");
  await client.rest();
}

async function writesLetters(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/editor.ts", ["--port", "0"]);
  const port = await portOf(program);
  using ann = await LineClient.connect(port);
  using bob = await LineClient.connect(port);
  // Agree to character mode: IAC DO ECHO, IAC DO SGA.
  for (const [client, name] of [[ann, "ann"], [bob, "bob"]] as const) {
    await client.until(/Your name\? /);
    await client.write(Uint8Array.of(255, 253, 1, 255, 253, 3));
    await client.until(/\?2004h/);
    await client.write(`${name}\r`);
    await client.until(/read, write NAME, or quit> $/);
  }
  await ann.write("write bob\r");
  await ann.until(/Ctrl-D at its end sends it/);
  await ann.write("Helo,\rsee you.\x1b[A\x01\x06\x06\x06l\x1b[B\x05\x04"); // corrects Helo
  await ann.until(/Sent: 2 lines/);
  await bob.until(/A letter from ann is here/);
  await bob.write("read\r");
  await bob.until(/From ann:\r\nHello,\r\nsee you\.\r\n1 letters\./);
  await ann.write("write bob\r");
  await ann.until(/Dear bob/);
  await ann.write("no\x03");
  await ann.until(/torn up/);
}

/** A line of OpenMetrics: a comment, or a sample. */
const OPEN_METRICS =
  /^(# (TYPE telnet_\w+ (counter|gauge)|HELP telnet_\w+ [^\n]+|EOF)|telnet_\w+(\{\w+="[\w-]+"\})? \d+(\.\d+)?(e-?\d+)?)$/;

async function tellsMetrics(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/metrics.ts", [
    "--port",
    "0",
    "--metrics",
    "0",
  ]);
  const [, port, web] = await program.match(/on port (\d+), metrics on port (\d+)/);
  using client = await LineClient.connect(Number(port));
  await client.until(/counted/);
  await client.write("one\r\ntwo\r\n");
  await client.until(/said: two/);
  const response = await fetch(`http://127.0.0.1:${web}/metrics`);
  assertMatch(
    response.headers.get("content-type") ?? "",
    /^application\/openmetrics-text; version=1/,
  );
  const text = await response.text();
  assert(text.endsWith("\n# EOF\n"));
  for (const line of text.trimEnd().split("\n")) assertMatch(line, OPEN_METRICS);
  assertStringIncludes(text, "\ntelnet_connections 1\n");
  assertStringIncludes(text, "\ntelnet_lines_total 2\n");
  assertStringIncludes(text, '\ntelnet_refused_total{reason="server-full"} 0\n');
}

async function isFit(runtime: Runtime): Promise<void> {
  const folder = await Deno.makeTempDir();
  const use = async ({ cert, key }: Certificate) => {
    await Deno.writeTextFile(`${folder}/cert.pem`, cert);
    await Deno.writeTextFile(`${folder}/key.pem`, key);
  };
  await use(CERTIFICATE);
  await using program = Program.start(runtime, "examples/internet.ts", [
    ...["--port", "0", "--tls", "0", "--record", folder],
    ...["--cert", `${folder}/cert.pem`, "--key", `${folder}/key.pem`],
  ]);
  const [, plain, secure] = await program.match(/on port (\d+), with TLS on port (\d+)/);
  using ann = await LineClient.connect(Number(plain));
  await ann.write(Uint8Array.of(255, 252, 46)); // WONT START-TLS
  await ann.until(/Others can listen/);
  const visit = async (caCert: string) => {
    const conn = await Deno.connectTls({
      hostname: "localhost",
      port: Number(secure),
      caCerts: [caCert],
    });
    await conn.handshake();
    return conn;
  };
  using bob = await visit(CERTIFICATE.cert);
  await program.match(/came by TLS/);
  await bob.write(new TextEncoder().encode("hello\x1b[2J\r\n"));
  await ann.until(/says: hello\r\n/);
  await use(RENEWED);
  program.kill("SIGHUP");
  await program.match(/is renewed/);
  (await visit(RENEWED.cert)).close();
  await ann.write("GET / HTTP/1.1\r\n"); // a line, not a request: it is not the first input
  await ann.write("quit\r\n");
  await ann.rest();
  program.kill("SIGINT");
  await program.status;
  const casts = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
    name.endsWith(".cast")
  );
  assert(casts.length >= 2);
  const recordings = casts.map((name) => Deno.readTextFileSync(`${folder}/${name}`));
  for (const recording of recordings) {
    const [head] = recording.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(head.version, 2);
  }
  assert(recordings.some((recording) => recording.includes("says: hello")));
  await Deno.remove(folder, { recursive: true });
}

async function showsArt(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/art.ts", ["--port", "0"]);
  using client = await LineClient.connect(await portOf(program));
  const utf8 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
  await client.until(/ASCII\? /);
  await client.write("constructor\r\n"); // not a valid choice
  await client.until(/quit\? /);
  await client.write("1\r\n");
  const unicode = await client.until(/quit\? /);
  assertStringIncludes(unicode, utf8("╔═════════════════╗\r\n"));
  for (const picture of ["☺", "♥", "♫", "░▒▓█", "café"]) {
    assertStringIncludes(unicode, utf8(picture));
  }
  await client.write("2\r\n");
  const page437 = await client.until(/quit\? /);
  assertStringIncludes(page437, `\xc9${"\xcd".repeat(17)}\xbb\r\n`);
  for (const bytes of ["\x01", "\x03", "\x0e", "\xb0\xb1\xb2\xdb caf\x82"]) {
    assertStringIncludes(page437, bytes);
  }
  await client.write("3\r\n");
  const ascii = await client.until(/quit\? /);
  assertStringIncludes(ascii, `+${"-".repeat(17)}+\r\n`);
  assertMatch(ascii, /^[\x00-\x7f]*$/);
}

function chats(file: string): (runtime: Runtime) => Promise<void> {
  return async (runtime) => {
    await using program = Program.start(runtime, file, ["--port", "0"]);
    const port = await portOf(program);
    using anna = await LineClient.connect(port);
    const welcome = await anna.until(/leave\.\r\n/);
    for (const option of [NAWS, TTYPE]) {
      assertStringIncludes(welcome, String.fromCharCode(255, 253, option));
    }
    await anna.write(Uint8Array.of(255, 251, NAWS, 255, 250, NAWS, 0, 40, 0, 10, 255, 240));
    await anna.write(Uint8Array.of(255, 251, TTYPE));
    for (let times = 0; times < 2; times++) { // a repeated name ends the list
      await anna.until(/\xff\xfa\x18\x01\xff\xf0/);
      await anna.write(Uint8Array.of(255, 250, TTYPE, 0, 0x56, 0x54, 255, 240));
    }
    using bob = await LineClient.connect(port);
    await bob.until(/leave\.\r\n/);
    assertEquals(await anna.until(/joins\.\r\n/), `127.0.0.1:${bob.port} joins.\r\n`);

    const spoken = "word ".repeat(20).trim();
    await bob.write(`${spoken}\r\n`);
    const heard = (await anna.until(/(word\s*){20}\r\n/)).replaceAll(/\x1b\[[\d;]*m/g, "");
    assert(heard.split("\r\n").every((line) => line.length <= 40), heard);
    assertEquals(heard.replaceAll(/\s+/g, " ").trim(), `127.0.0.1:${bob.port} says: ${spoken}`);
    const own = (await bob.until(/(word\s*){20}\r\n/)).replaceAll(/\s+/g, " ").trim();
    assertEquals(own, `You say: ${spoken}`);
    await anna.write("^Rhi\x1b[2J\x07 there^~\r\n");
    assertEquals(await anna.until(/\r\n/), "You say: ^Rhi there^~\r\n");
    assertEquals(
      (await bob.until(/\r\n/)).replace(/^\x1b\[[\d;]*m/, ""),
      `127.0.0.1:${anna.port}\x1b[0m says: ^Rhi there^~\r\n`,
    );

    await bob.write("bye\r\n");
    assertEquals(await bob.rest(), "Good bye!\r\n");
    assertEquals(await anna.until(/leaves\.\r\n/), `127.0.0.1:${bob.port} leaves.\r\n`);
    await anna.write("shutdown\r\n");
    assertMatch(await anna.rest(), /^The chat closes\. Good bye!\r\n$/);
    await anna.end();
    await program.match(/^-- .* VT 40x10 server-stopped$/);
    assertEquals((await program.status).code, 0);
  };
}

async function playsTheMud(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/mud.ts", ["--port", "0"]);
  const port = await portOf(program);
  const enter = async (name: string) => {
    const client = await LineClient.connect(port);
    // Answers all offers at once, so that the greeting does not wait.
    for (const option of [24, 31, 39]) await client.write(Uint8Array.of(255, 252, option));
    for (const option of [42, 25, 69, 70, 87, 86]) {
      await client.write(Uint8Array.of(255, 254, option));
    }
    await client.write(Uint8Array.of(255, 253, 201));
    await client.until(/Your name\? /);
    await client.write(`${name}\r\n`);
    assertMatch(await client.until(/\xff\xfb\x01Your password\? /), /Your password/);
    await client.write(Uint8Array.of(255, 253, 1));
    await client.write("sesame\r\n");
    const seen = await client.until(/20\/20hp\x1b\[0m> /);
    assertStringIncludes(seen, "The Wet Boa");
    assertStringIncludes(seen, '\xff\xfa\xc9Char.Vitals {"hp":20,"maxhp":20}\xff\xf0');
    assert(!seen.includes("sesame"));
    return client;
  };
  using anna = await enter("anna");
  using bob = await enter("BOB");
  assertStringIncludes(await anna.until(/in\.\r\n/), "Bob comes in.");
  await bob.write("say ^Rhi\r\n");
  assertStringIncludes(await anna.until(/\^Rhi\r\n/), "Bob says:");
  await bob.write("north\r\nwho\r\n");
  assertStringIncludes(await bob.until(/Anna, Bob\r\n/), "The Old Bridge");
  assertStringIncludes(await anna.until(/north\.\r\n/), "Bob goes north.");
  await bob.write("quit\r\n");
  await bob.rest();
  using crawler = await LineClient.connect(port);
  await crawler.write("MSSP-REQUEST\r\n");
  assertStringIncludes(await crawler.until(/MSSP-REPLY-END/), "PLAYERS\t1\r\n");
}

function dropsIdle(file: string): (runtime: Runtime) => Promise<void> {
  return async (runtime) => {
    await using program = Program.start(runtime, file, ["--port", "0", "--idle", "0.3"]);
    using client = await LineClient.connect(await portOf(program));
    assertMatch(await client.rest(), /silent for too long\.\r\n$/);
    await program.match(/^-- .* deactivated$/);
  };
}

function endsByInterrupt(file: string): (runtime: Runtime) => Promise<void> {
  return async (runtime) => {
    await using program = Program.start(runtime, file, ["--port", "0"]);
    using client = await LineClient.connect(await portOf(program));
    await client.until(/leave\.\r\n/);
    program.kill("SIGINT");
    assertEquals(await client.rest(), "The chat closes. Good bye!\r\n");
    await program.match(/^-- .* server-stopped$/);
    assertEquals((await program.status).code, 0);
  };
}

async function servesOwnOption(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/custom_option.ts", ["--port", "0"]);
  using client = await LineClient.connect(await portOf(program));
  assertEquals(await client.until(/\xff\xfb\xd2/), "\xff\xfb\xd2");
  await client.write(Uint8Array.of(255, 253, 210));
  assertEquals(await client.until(/\xff\xf0/), "\xff\xfa\xd2inn=smoky\xff\xf0");
  const place = new TextEncoder().encode("hill");
  await client.write(Uint8Array.of(255, 250, 210, ...place, 255, 240));
  assertEquals(await client.until(/\xff\xf0/), "\xff\xfa\xd2hill=windy\xff\xf0");
}

async function portOf(program: Program): Promise<number> {
  const [, port] = await program.match(/ on port (\d+)/) ?? [];
  return Number(port);
}
