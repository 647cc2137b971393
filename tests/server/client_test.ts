import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ClientViolation, type TelnetClient, TelnetError } from "../../mod.ts";
import { ECHO, NAWS, SGA, TTYPE } from "../../src/options/mod.ts";
import { AO, AYT, DO, DONT, EC, EL, IAC, IP, NOP, SB, SE, WILL } from "../../src/protocol/mod.ts";
import { inTime, PATIENCE_MS, until } from "../patience.ts";
import { inWords, latin1, negotiation, start } from "./harness.ts";

const command = (byte: number) => Uint8Array.of(IAC, byte);
const text = (words: string) => new TextEncoder().encode(words);

Deno.test("a client starts with Miniboa's values", async () => {
  await using harness = await start();
  const { client } = await harness.join();
  assertEquals([client.columns, client.rows, client.terminalType], [80, 24, "unknown terminal"]);
  assertEquals([client.active, client.cmdReady, client.getCommand()], [true, false, undefined]);
  assertEquals([client.bytesSent, client.bytesReceived, client.connection.queuedOutput], [0, 0, 0]);
  assertEquals([client.useAnsi, client.encoding], [true, "utf-8"]);
  assertEquals([client.disconnectReason, client.connection.disconnectError], [
    undefined,
    undefined,
  ]);
  assertEquals(client.address, "127.0.0.1");
  assertEquals(client.addrport(), `127.0.0.1:${client.port}`);
});

Deno.test("lines queue up and each call of getCommand takes one", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write("look\r\n\nnorth\r\nhal");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals([client.getCommand(), client.getCommand(), client.getCommand()], [
    "look",
    "",
    "north",
  ]);
  assertEquals([client.cmdReady, client.getCommand()], [false, undefined]);
  peer.write("t\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "halt");
});

Deno.test("a loop that takes one line per poll does not wait for the poll timeout", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write("go\n".repeat(200));
  await harness.pollUntil(() => client.cmdReady);
  harness.server.timeout = 2 * PATIENCE_MS; // longer than inTime() allows: no poll may wait
  let taken = 0;
  for (; client.getCommand() !== undefined; taken++) {
    if (taken < 199) await inTime(harness.server.poll(), `the end of a poll, after ${taken} lines`);
  }
  assertEquals(taken, 200);
  harness.server.timeout = 0;
});

Deno.test("idle and duration are in seconds, and only typing counts", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  harness.clock.advance(1500);
  assertEquals([client.idle(), client.duration()], [1.5, 1.5]);
  peer.write(command(NOP));
  await harness.pollUntil(() => client.bytesReceived === 2);
  await harness.server.poll();
  assertEquals(client.idle(), 1.5);
  peer.write("x");
  await harness.pollUntil(() => client.bytesReceived === 3);
  await harness.server.poll();
  harness.clock.advance(250);
  assertEquals([client.idle(), client.duration()], [0.25, 1.75]);
});

Deno.test("bytesSent and bytesReceived count the bytes on the wire", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.send("é\n");
  client.requestNaws();
  await harness.server.poll();
  assertEquals([client.bytesSent, peer.take().length], [7, 7]);
  peer.write(negotiation(WILL, NAWS));
  await harness.pollUntil(() => client.bytesReceived === 3);
});

Deno.test("send ends lines with CR LF, sendCc adds colours, sendWrapped wraps, sendBytes escapes IAC", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.send("one\ntwo\r\nthree\r");
  client.send("\nfour\n");
  client.sendCc("^Rred^~ ^^\n");
  client.useAnsi = false;
  client.sendCc("^Rred^~\n");
  client.sendWrapped("word ".repeat(30), { columns: 20, indent: 0, padding: 1 });
  client.sendBytes(Uint8Array.of(1, 255, 2));
  await harness.server.poll();
  assertEquals(
    latin1(peer.take()),
    "one\r\ntwo\r\nthree\r\nfour\r\n" +
      "\x1b[1;31mred\x1b[0m ^\r\nred\r\n" +
      "word word word word\r\n" + " word word word word\r\n".repeat(6) + " word word\r\n" +
      "\x01\xff\xff\x02",
  );
});

Deno.test("active = false sends the queued output, drops the client, then calls onDisconnect", async () => {
  await using harness = await start({
    onDisconnect: (client) => assertEquals(client.connection.queuedOutput, 0),
  });
  const { peer, client } = await harness.join();
  client.send("Good bye\n");
  client.active = false;
  client.send("too late\n");
  assertEquals([client.active, client.disconnectReason], [false, "deactivated"]);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(peer.takeText(), "Good bye\r\n");
  assert(peer.ended);
  client.active = false;
  const error = assertThrows(() => client.active = true, TelnetError, "Cannot activate");
  assertEquals(error.code, "misuse");
  client.active = false;
});

Deno.test("a dropped client that reads slowly gets all of its output", async () => {
  await using harness = await start({}, { capacity: 100 });
  const { peer, client } = await harness.join();
  client.send("x".repeat(5000));
  client.active = false;
  let heard = "";
  await harness.pollUntil(() => {
    heard += peer.takeText();
    return harness.disconnected.length === 1;
  });
  assertEquals(heard.length + peer.takeText().length, 5000);
});

Deno.test("a dropped client that reads nothing is closed after closeTimeout", async () => {
  await using harness = await start({}, { capacity: 100 });
  const { client } = await harness.join();
  client.send("x".repeat(5000));
  client.active = false;
  for (let polls = 0; polls < 10; polls++) await harness.server.poll();
  assertEquals(harness.disconnected.length, 0);
  harness.clock.advance(5000);
  await harness.pollUntil(() => harness.disconnected.length === 1);
});

Deno.test("onDisconnect reports a client that closes; lines that it sent before can still be answered", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join({ allowHalfOpen: true });
  peer.write("look\r\nquit\r\n");
  peer.end();
  await harness.pollUntil(() => client.cmdReady);
  await harness.server.poll();
  assertEquals(client.active, true);
  client.send(`${client.getCommand()} ${client.getCommand()}\n`);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(peer.takeText(), "look quit\r\n");
  assertEquals(client.disconnectReason, "client-closed");
});

Deno.test("disconnectReason tells a broken connection from a client that closed", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.abort();
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(client.disconnectReason, "connection-lost");
  assertEquals((client.connection.disconnectError as TelnetError).code, "connection-lost");
});

Deno.test("lines() yields each line, ends when the client disconnects, and allows break", async () => {
  const heard: string[] = [];
  const read = async (client: TelnetClient) => {
    for await (const line of client.lines()) {
      await Promise.resolve();
      heard.push(line);
      client.send(`${line}!\n`);
      if (line === "stop") break;
    }
    heard.push("end");
  };
  await using harness = await start({ onConnect: read });
  const { peer } = await harness.join({ allowHalfOpen: true });
  peer.write("a\nb\n");
  peer.end();
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(heard, ["a", "b", "end"]);
  assertEquals(peer.takeText(), "a!\r\nb!\r\n");

  const { peer: other, client } = await harness.join();
  other.write("stop\nmore\n");
  await harness.pollUntil(() => heard.length === 5);
  assertEquals(client.getCommand(), "more");
});

Deno.test("a half-closed client is not dropped while the loop over lines() still works on its line", async () => {
  let finish = () => {};
  const work = new Promise<void>((resolve) => finish = resolve);
  await using harness = await start({
    onConnect: async (client) => {
      for await (const line of client.lines()) {
        await work;
        client.send(`${line} is done\n`);
      }
    },
  });
  const { peer } = await harness.join({ allowHalfOpen: true });
  peer.write("job\n");
  peer.end();
  for (let polls = 0; polls < 20; polls++) await harness.server.poll();
  assertEquals(harness.disconnected.length, 0);
  finish();
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(peer.takeText(), "job is done\r\n");
});

Deno.test("requestNaws and requestTerminalType fill columns, rows and terminalType", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.requestNaws();
  client.requestTerminalType();
  client.requestDoSga();
  assertEquals(inWords(await harness.hear(peer, "\x03")), "<DO NAWS><DO TTYPE><DO SGA>");
  peer.write(negotiation(WILL, NAWS));
  peer.write(Uint8Array.of(IAC, SB, NAWS, 0, 140, 0, 50, IAC, SE));
  peer.write(negotiation(WILL, TTYPE));
  await harness.pollUntil(() => client.columns === 140);
  assertEquals(client.rows, 50);
  assertEquals(
    latin1(await pollTake(harness, peer, 6)),
    latin1(Uint8Array.of(IAC, SB, TTYPE, 1, IAC, SE)),
  );
  peer.write(Uint8Array.of(IAC, SB, TTYPE, 0, ...text("XTERM"), IAC, SE));
  await harness.pollUntil(() => client.terminalType === "XTERM");
  peer.write(Uint8Array.of(IAC, SB, NAWS, 0, 0, 0, 0, IAC, SE)); // 0 0: unknown, so ignored
  peer.write(Uint8Array.of(IAC, SB, NAWS, 0, IAC, IAC, IAC, IAC, IAC, IAC, IAC, SE));
  await harness.pollUntil(() => client.columns !== 140);
  assertEquals([client.columns, client.rows], [255, 1000]);
  client.requestTerminalType(); // already enabled: asks for the name again
  assertEquals((await pollTake(harness, peer, 6)).length, 6);
});

Deno.test("a subnegotiation of an option that was never agreed to is ignored", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write(Uint8Array.of(IAC, SB, NAWS, 0, 140, 0, 50, IAC, SE, ...text("x\n")));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.columns, 80);
});

Deno.test("passwordModeOn hides typed text but echoes line ends, passwordModeOff ends it", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.send("Password: ");
  client.passwordModeOn();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "Password: <WILL ECHO>");
  peer.write(negotiation(DO, ECHO));
  peer.write("sesame\r\0");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "sesame");
  assertEquals(await harness.hear(peer, "\n"), "\r\n");
  client.passwordModeOff();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WONT ECHO>");
  peer.write(negotiation(DONT, ECHO));
  peer.write("hello\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(peer.take().length, 0);
});

Deno.test("a second password is hidden at once although TinTin++ never acknowledged WONT ECHO", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.passwordModeOn();
  await harness.hear(peer, "\x01");
  peer.write(negotiation(DO, ECHO));
  peer.write("wrong\r\n");
  await harness.pollUntil(() => client.getCommand() === "wrong");
  client.passwordModeOff();
  client.send("Wrong.\nPassword: ");
  client.passwordModeOn();
  await harness.server.poll();
  // Off and on between two polls sends no negotiation: Mudlet stops hiding after a few changes.
  assertEquals(inWords(await harness.hear(peer, "Password: ")), "\r\nWrong.\r\nPassword: ");
  peer.write("right\r\n");
  await harness.pollUntil(() => client.cmdReady);
  client.passwordModeOff();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "\r\n<WONT ECHO>");
  client.passwordModeOn();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WILL ECHO>");
});

Deno.test("a password is hidden again although the client turned an earlier offer to echo down", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.requestWillEcho();
  await harness.hear(peer, "\x01");
  peer.write(negotiation(DONT, ECHO));
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  client.passwordModeOn();
  client.send("Password: ");
  assertEquals(inWords(await harness.hear(peer, "Password: ")), "<WILL ECHO>Password: ");
  // Agreed, and then withdrawn by the client.
  peer.write(negotiation(DO, ECHO));
  peer.write(negotiation(DONT, ECHO));
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WONT ECHO>");
  client.passwordModeOn();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WILL ECHO>");
  // Agreed, and then disabled by the game.
  peer.write(negotiation(DO, ECHO));
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  client.telnet.disableOption(ECHO, "local");
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WONT ECHO>");
  peer.write(negotiation(DONT, ECHO));
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  client.passwordModeOn();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WILL ECHO>");
});

Deno.test("an offer to echo that was not answered is repeated with the next wish", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.requestWillEcho();
  await harness.hear(peer, "\x01");
  harness.clock.advance(5_000);
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  client.useEditor();
  assertEquals(inWords(await harness.hear(peer, "\x03")), "<WILL ECHO><WILL SGA>");
  peer.write(negotiation(DO, ECHO));
  peer.write(negotiation(DO, SGA));
  await harness.pollUntil(() => client.terminal.editing);
});

Deno.test("a client that never answers WILL ECHO gets it once, and WONT ECHO when password mode ends", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.passwordModeOn();
  await harness.hear(peer, "\x01");
  harness.clock.advance(3000);
  client.send("still hidden? ");
  assertEquals(await harness.hear(peer, "? "), "still hidden? ");
  client.passwordModeOff();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WONT ECHO>");
});

Deno.test("a client that refuses ECHO gets no echoed line ends in password mode", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.passwordModeOn();
  await harness.hear(peer, "\x01");
  peer.write(negotiation(DONT, ECHO));
  peer.write("sesame\n");
  await harness.pollUntil(() => client.cmdReady);
  await harness.server.poll();
  assertEquals(peer.take().length, 0);
});

Deno.test("requestWillEcho echoes typed text and corrections, but not a password in between", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.requestWillEcho();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WILL ECHO>");
  peer.write(negotiation(DO, ECHO));
  peer.write("h日\x7fi\r\0");
  assertEquals(latin1(text("h日\b \b\b \bi\r\n")), await harness.hear(peer, "\n"));
  client.passwordModeOn();
  peer.write("secret\r\0");
  assertEquals(await harness.hear(peer, "\n"), "\r\n");
  client.passwordModeOff();
  peer.write("ok\r\0");
  assertEquals(await harness.hear(peer, "\n"), "ok\r\n");
  client.requestWontEcho();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WONT ECHO>");
});

Deno.test("an unrequested DO ECHO is refused: the person would not see what they type", async () => {
  await using harness = await start();
  const { peer } = await harness.join();
  peer.write(negotiation(DO, ECHO));
  peer.write(negotiation(WILL, ECHO));
  assertEquals(inWords(await harness.hear(peer, "\xfe\x01")), "<WONT ECHO><DONT ECHO>");
});

Deno.test("the answers to PuTTY's first requests leave it in line mode with local echo", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  for (const option of [NAWS, 32, TTYPE, 39]) peer.write(negotiation(WILL, option));
  peer.write(negotiation(DO, ECHO));
  peer.write(negotiation(WILL, SGA));
  peer.write(negotiation(DO, SGA));
  const heard = inWords(await harness.hear(peer, "\xfc\x03"));
  assertEquals(
    heard.replace(/\xff\xfa.*?\xff\xf0/, ""), // TERMINAL-TYPE SEND
    "<DO NAWS><DONT 32><DO TTYPE><DONT 39><WONT ECHO><DO SGA><WONT SGA>",
  );
  client.passwordModeOn();
  assertEquals(inWords(await harness.hear(peer, "\x01")), "<WILL ECHO>");
});

Deno.test("BINARY is accepted in both directions when the client asks", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  peer.write(negotiation(DO, 0));
  peer.write(negotiation(WILL, 0));
  assertEquals(inWords(await harness.hear(peer, "\xfd\x00")), "<WILL 0><DO 0>");
  client.send("a\rb"); // with BINARY a lone CR needs no NUL
  assertEquals(await harness.hear(peer, "b"), "a\rb");
});

Deno.test("AYT is answered, EC and EL edit the line, IP discards it; onTelnetCommand gets each", async () => {
  const commands: number[] = [];
  await using harness = await start({ onTelnetCommand: (_, byte) => void commands.push(byte) });
  const { peer, client } = await harness.join();
  peer.write(command(AYT));
  assertEquals((await harness.hear(peer, "Yes")).startsWith("\r\n["), true);
  peer.write(text("nothx"));
  peer.write(command(EC));
  peer.write(command(EC));
  peer.write("rth\r\nwrong");
  peer.write(command(EL));
  peer.write("south\r\nwrong");
  peer.write(command(IP));
  peer.write(command(AO));
  peer.write("west\r\n");
  await harness.pollUntil(() => commands.length === 6);
  await harness.server.poll();
  const lines = [client.getCommand(), client.getCommand(), client.getCommand()];
  assertEquals(lines, ["notrth", "south", "west"]);
  assertEquals(commands, [AYT, EC, EC, EL, IP, AO]);
});

Deno.test("encoding: input and output in latin1, windows-1252 and UTF-8", async () => {
  await using harness = await start({ encoding: "latin1" });
  const { peer, client } = await harness.join();
  client.send("ÿ€日\n");
  peer.write(Uint8Array.of(0xe9, IAC, IAC, 0x0a));
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "éÿ");
  assertEquals(latin1(peer.take()), "\xff\xffEUR?\r\n");
  client.encoding = "windows-1252";
  client.send("€");
  client.encoding = "utf-8";
  client.send("€");
  await harness.server.poll();
  assertEquals([...peer.take()], [0x80, 0xe2, 0x82, 0xac]);
  assertThrows(() => client.encoding = "ebcdic" as "utf-8", TelnetError, "ebcdic");
});

Deno.test("reading from a client that sends faster than the game reads pauses, and no line is lost", async () => {
  await using harness = await start({ limits: { queuedLines: 10, inputBytes: 1000 } });
  const { peer, client } = await harness.join();
  for (let number = 0; number < 50_000; number++) peer.write(`${number}\n`);
  for (let polls = 0; polls < 20; polls++) await harness.server.poll();
  assert(peer.queued > 200_000, `${peer.queued} bytes wait with the peer`);
  const taken: string[] = [];
  await until(() => taken.length >= 50_000, async () => {
    for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
      taken.push(line);
    }
    await harness.server.poll();
  });
  assertEquals(taken, Array.from({ length: 50_000 }, (_, number) => String(number)));
});

Deno.test("at most limits.queuedLines lines wait, however many were received", async () => {
  await using harness = await start({ limits: { queuedLines: 10, inputBytes: 1_000_000 } });
  const { peer, client } = await harness.join();
  for (let number = 0; number < 500; number++) peer.write("x\n");
  await harness.pollUntil(() => client.bytesReceived === 1000);
  for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  let waiting = 0;
  while (client.getCommand() !== undefined) waiting++;
  assertEquals(waiting, 10);
});

Deno.test("a client that reads slower than the game sends shows in queuedOutput, then is dropped", async () => {
  await using harness = await start({ limits: { outputBytes: 10_000 } }, { capacity: 1000 });
  const { client } = await harness.join();
  client.send("x".repeat(11_000));
  await harness.server.poll();
  assertEquals([client.connection.queuedOutput, client.active], [10_000, true]);
  client.send("y".repeat(1));
  await harness.server.poll();
  client.send("z");
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(client.disconnectReason, "too-slow");
});

Deno.test("onViolation gets the kind and numbers of a violation, and the client gets a message", async () => {
  const told: ClientViolation[] = [];
  await using harness = await start({
    limits: { line: 10, subnegotiation: 5 },
    onViolation: (_, violation) => void told.push(violation),
  });
  const { peer, client } = await harness.join();
  peer.write("a long, long line\r\nshort\r\n");
  peer.write(Uint8Array.of(IAC, SB, 99, 1, 2, 3, 4, 5, 6, IAC, SE));
  await harness.pollUntil(() => told.length === 2);
  assertEquals(told, [
    { kind: "line-too-long", limit: 10, value: 17 },
    { kind: "subnegotiation-too-long", limit: 5, option: 99 },
  ]);
  assertEquals(await harness.hear(peer, "lost"), "[Your line was too long: its end is lost]\r\n");
  assertEquals([client.getCommand(), client.getCommand()], ["a long, lo", "short"]);
});

Deno.test("an unanswered request expires within poll, and can then be made again", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  client.requestNaws();
  assertEquals(inWords(await harness.hear(peer, "\x1f")), "<DO NAWS>");
  client.requestNaws();
  await harness.server.poll();
  assertEquals(peer.take().length, 0);
  harness.clock.advance(3000);
  await harness.server.poll();
  client.requestNaws();
  assertEquals(inWords(await harness.hear(peer, "\x1f")), "<DO NAWS>");
});

Deno.test("a half-closed client whose lines nobody takes is dropped after closeTimeout", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join({ allowHalfOpen: true });
  peer.write("hi\r\n");
  peer.end();
  await harness.pollUntil(() => client.cmdReady);
  harness.clock.advance(4999);
  await harness.server.poll();
  assertEquals(client.active, true);
  harness.clock.advance(30);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(client.disconnectReason, "client-closed");
});

Deno.test("a client whose lines nobody takes is dropped after reading was paused for a minute", async () => {
  await using harness = await start({ limits: { inputBytes: 100, queuedLines: 5 } });
  const { peer, client } = await harness.join();
  for (let number = 0; number < 100; number++) peer.write(`line ${number}\n`);
  await harness.pollUntil(() => client.bytesReceived > 100);
  await harness.server.poll();
  harness.clock.advance(60_000);
  assertEquals(client.getCommand(), "line 0"); // taking a line restarts the minute
  await harness.server.poll();
  assertEquals(client.active, true);
  harness.clock.advance(61_000);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(client.disconnectReason, "not-read");
});

Deno.test("one text larger than limits.outputBytes is sent if the client reads it in time; else it is dropped", async () => {
  await using harness = await start({ limits: { outputBytes: 1000 } }, { capacity: 100 });
  const { peer, client } = await harness.join();
  const { client: slow } = await harness.join();
  for (const each of [client, slow]) each.send("x".repeat(5000));
  let heard = 0;
  await harness.pollUntil(() => (heard += peer.take().length) === 5000);
  harness.clock.advance(5100);
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals([client.active, slow.disconnectReason], [true, "too-slow"]);
});

Deno.test("NULs that keep a connection alive do not reset idle()", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  harness.clock.advance(5000);
  peer.write("\0");
  await harness.pollUntil(() => client.bytesReceived === 1);
  await harness.server.poll();
  assertEquals(client.idle(), 5);
});

Deno.test("a second loop over lines() of the same client is misuse", async () => {
  await using harness = await start();
  const { client } = await harness.join();
  void client.lines().next();
  try {
    await client.lines().next();
    throw new Error("no misuse");
  } catch (error) {
    assertEquals((error as TelnetError).code, "misuse");
  }
});

Deno.test("a flooding client is processed in slices over several polls, and others are served meanwhile", async () => {
  await using harness = await start({ limits: { inputBytes: 1_000_000 } });
  const { peer: flood, client: flooder } = await harness.join();
  const { peer, client } = await harness.join();
  flood.write("x".repeat(900_000));
  peer.write("hello\n");
  await harness.pollUntil(() => flooder.bytesReceived === 900_000);
  await harness.pollUntil(() => client.cmdReady);
  let polls = 0;
  flood.write("\n");
  await harness.pollUntil(() => flooder.cmdReady || polls++ < 0);
  assert(polls > 20, `${polls} polls`);
});

Deno.test("arguments of the wrong type for the send methods are misuse", async () => {
  await using harness = await start();
  const { client } = await harness.join();
  const wrong = [
    () => client.send(5 as never),
    () => client.sendCc(null as never),
    () => client.sendWrapped(3 as never),
    () => client.sendBytes("text" as never),
  ];
  for (const call of wrong) assertEquals(assertThrows(call, TelnetError).code, "misuse");
});

async function pollTake(
  harness: { pollUntil(condition: () => boolean): Promise<void> },
  peer: { take(): Uint8Array },
  length: number,
): Promise<Uint8Array> {
  const bytes: number[] = [];
  await harness.pollUntil(() => {
    bytes.push(...peer.take());
    return bytes.length >= length;
  });
  return Uint8Array.from(bytes);
}

Deno.test("after active = false no line or key of the client is left for the game", async () => {
  await using harness = await start();
  const { peer, client } = await harness.join();
  const lines: string[] = [];
  peer.write("first\r\nsecond\r\nthird\r\n");
  await harness.pollUntil(() => client.cmdReady);
  for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
    lines.push(line);
    client.active = false; // such as after a wrong password
  }
  assertEquals(lines, ["first"]);
  assertEquals([client.cmdReady, client.hasKey, client.getKey()], [false, false, undefined]);
  assertEquals(harness.server.clientsWithInput(), []);
});
