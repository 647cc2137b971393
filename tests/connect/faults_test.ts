/** Regressions from attempts to break connect(), exec() and TestGame. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TelnetServer } from "../../mod.ts";
import {
  connect,
  type ConnectOptions,
  isTelnetError,
  type RemoteServer,
  TelnetError,
} from "../../src/connect/mod.ts";
import { MxpReader, type MxpTag } from "../../src/options/mod.ts";
import { TestClock, TestGame } from "../../src/testing/mod.ts";
import { PlainRows } from "../../src/text/mod.ts";
import { inTime } from "../patience.ts";
import { DO, DONT, GA, IAC, RawServer, SB, SE, settle, WILL, WONT } from "./raw_server.ts";

const ECHO = 1;

/**
 * Runs `check` on an echoing device with the prompt `sw1# `; `answer` writes a command's output.
 */
async function device(
  answer: (command: string, raw: RawServer) => void,
  check: (remote: RemoteServer, raw: RawServer) => Promise<void>,
  options: ConnectOptions = {},
): Promise<void> {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, timeout: Infinity, ...options });
  raw.write(IAC, WILL, 1, "sw1# ");
  let typed = "";
  const loop = (async () => {
    while (!raw.closed && !raw.ended) {
      await raw.until(() => raw.received.length > 0 || raw.closed || raw.ended);
      typed += String.fromCharCode(...raw.take().filter((byte) => byte > 9 && byte < 128));
      for (let end = typed.indexOf("\n"); end !== -1; end = typed.indexOf("\n")) {
        const command = typed.slice(0, end).replaceAll("\r", "");
        typed = typed.slice(end + 1);
        raw.write(`${command}\r\n`);
        if (command === "") raw.write("sw1# ");
        else answer(command, raw);
      }
    }
  })();
  await inTime(check(remote, raw), "the device");
  remote.abort();
  await loop;
}

const quick = (command: string, raw: RawServer) => raw.write(`did ${command}\r\nsw1# `);

Deno.test("a command after one that timed out gets its own output, not the late one", async () => {
  await device((command, raw) => {
    if (command !== "slow") quick(command, raw);
  }, async (remote, raw) => {
    assertEquals(await remote.exec("first"), "did first");
    await assertRejects(() => remote.exec("slow", { timeout: 100 }), Error, "the prompt");
    const second = remote.exec("second");
    raw.write("output of slow\r\nsw1# ");
    assertEquals(await second, "did second");
    const signal = AbortSignal.timeout(50);
    await remote.exec("slow", { signal }).then(() => assert(false), () => {});
    const third = remote.exec("third");
    raw.write("slow again\r\nsw1# ");
    assertEquals(await third, "did third");
  });
});

Deno.test("exec() does not type into a question that an earlier command left open", async () => {
  const typed: string[] = [];
  await device((command, raw) => {
    typed.push(command);
    if (command === "reload") raw.write("Proceed with reload? [confirm]");
    else quick(command, raw);
  }, async (remote) => {
    await remote.exec("warm");
    await assertRejects(() => remote.exec("reload", { timeout: 100 }), Error, "[confirm]");
    await assertRejects(
      () => remote.exec("show clock", { timeout: 200 }),
      Error,
      "stands: answer it",
    );
    assertEquals(typed, ["warm", "reload"]);
    remote.send("n\n");
    await settle();
  });
});

Deno.test("exec() inside a loop over execLines() times out and does not hang", async () => {
  await device((_command, raw) => raw.write("one\r\ntwo\r\nsw1# "), async (remote) => {
    for await (const _line of remote.execLines("list")) {
      await assertRejects(() => remote.exec("other", { timeout: 50 }), Error, "its turn");
      break;
    }
  });
});

Deno.test("a queued command rejects on its signal before its turn", async () => {
  await device(() => {}, async (remote) => {
    const slow = remote.exec("slow", { timeout: 400 }).catch(() => "late");
    const queued = remote.exec("queued", { signal: AbortSignal.timeout(20) });
    assertEquals(await queued.catch((error) => error.name), "TimeoutError");
    assertEquals(await slow, "late");
  });
});

Deno.test("endless output ends at the deadline, even if it is read slowly", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const clock = new TestClock();
  await using remote = await connect({ transport, port, clock, timeout: 5_000 });
  raw.write(IAC, WILL, 1, "sw1# ");
  await settle();
  const lines = remote.execLines("ping");
  let done: unknown;
  const reading = (async () => {
    for await (const _line of lines) await settle();
  })().catch((error) => done = error);
  for (let turns = 0; turns < 400 && done === undefined; turns++) {
    raw.write(turns < 10 ? "\r\nsw1# " : "64 bytes from there\r\n".repeat(20));
    clock.advance(100);
    await settle();
  }
  await inTime(reading, "the deadline");
  assertEquals(isTelnetError(done) && done.code, "timeout");
});

Deno.test("a loop over output that was left has ended, whatever becomes of the command", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, timeout: Infinity });
  raw.write(IAC, WILL, 1, "sw1# ");
  await settle();
  const lines = remote.execLines("show log")[Symbol.asyncIterator]();
  const waiting = lines.next();
  await lines.return?.();
  assertEquals(await inTime(waiting, "the reader that waited"), { done: true, value: undefined });
  assertEquals(await inTime(lines.next(), "a late reader"), { done: true, value: undefined });
});

Deno.test("a device's answer to an empty line is not part of its prompt", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, timeout: Infinity });
  raw.write("R> ");
  const exec = remote.exec("foo");
  await raw.until(() => raw.text === "\r\n");
  raw.take();
  raw.write("ERROR: empty command\r\nR> ");
  await raw.until(() => raw.text === "foo\r\n");
  raw.write("ERROR: unknown command foo\r\nR> ");
  assertEquals(await inTime(exec, "the output"), "ERROR: unknown command foo");
});

Deno.test("a log line after the prompt does not make exec() hang", async () => {
  await device((command, raw) => {
    if (command === "end") raw.write("sw1# \r\n*Mar 1 00:00: %SYS-5-CONFIG_I: Configured\r\n");
    else quick(command, raw);
  }, async (remote) => {
    assertEquals(await remote.exec("warm"), "did warm");
    assertEquals(await remote.exec("end"), "");
  });
});

const PAGERS = [
  "-- MORE --, next page: Space, next line: Enter, quit: Control-C",
  "--More-- (q) quit (u) pageup (/) search (n) repeat",
  "More: <space>,  Quit: q, One line: <return> ",
  "Press <SPACE> to continue or <Q> to quit:",
  "-- [Q quit|D dump|down]",
  "CTRL+C ESC q Quit SPACE n Next Page ENTER Next Entry a All",
  "<SPACE> for next page, <CR> for next line, A for all, Q to quit",
  ":",
];

Deno.test("exec() answers the pagers of many vendors", async () => {
  await Promise.all(PAGERS.map(async (pager) => {
    await using raw = await RawServer.start();
    const { transport, port } = raw;
    await using remote = await connect({ transport, port, timeout: Infinity });
    raw.write(IAC, WILL, 1, "sw1# ");
    const text = remote.exec("list");
    await raw.until(() => raw.text.endsWith("\r\n"));
    raw.take();
    raw.write("\r\nsw1# ");
    await raw.until(() => raw.text.endsWith("list\r\n"));
    raw.take();
    raw.write(`list\r\none\r\n${pager}`);
    await raw.until(() => raw.text === " ");
    raw.write("\r\x1b[Ktwo\r\nsw1# ");
    assertEquals(await inTime(text, pager), "one\ntwo", pager);
  }));
});

Deno.test("half a line stays part of its line, after a pause or after sending", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const clock = new TestClock();
  await using remote = await connect({ transport, port, clock });
  raw.write("The dragon ");
  await settle();
  clock.advance(600); // longer than promptTimeout: it counted as a prompt
  raw.write("bites you\r\n");
  assertEquals(await remote.readLine(), "The dragon bites you");
  raw.write("The kobold ");
  await settle();
  remote.send("look\n");
  raw.write("flees\r\n");
  assertEquals(await remote.readLine(), "The kobold flees");
});

Deno.test("readUntil leaves an incomplete escape sequence", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port });
  raw.write("Name? Ada is here \x1b[");
  assertEquals(await remote.readUntil("Name? "), "Name? ");
  raw.write("0m now\r\n");
  assertEquals(await remote.readLine(), "Ada is here  now");
});

Deno.test("MXP: a < that begins no tag delays nothing, and tags come in order with the text", () => {
  const found: (string | MxpTag)[] = [];
  const reader = new MxpReader({ text: (text) => found.push(text), tag: (tag) => found.push(tag) });
  reader.push("3 < 5\n<b\nx <send>go</send>\n");
  const tag = (closing: boolean) => ({ name: "send", closing, attributes: {}, secure: false });
  assertEquals(JSON.parse(JSON.stringify(found)), [
    "3 < 5\n<b\nx ",
    tag(false),
    "go",
    tag(true),
    "\n",
  ]);
  found.length = 0;
  reader.push("done <a");
  reader.flush();
  assertEquals(found, ["done ", "<a"]);
});

Deno.test("unfinished rows are bounded: combining marks, inserted blanks", () => {
  const rows = new PlainRows(80);
  rows.push("a" + "\u0301".repeat(100_000), () => {});
  assert(rows.tail(Infinity).length <= 64);
  for (let count = 0; count < 1_000; count++) rows.push("x\x1b[79@\r", () => {});
  assert(rows.tail(Infinity).length <= 160, String(rows.tail(Infinity).length));
  rows.push("\r\x1b[2K" + "x".repeat(79) + "\ty\r\n", (line) => {
    assertEquals(line, "x".repeat(79) + "\ty"); // a TAB at the end of the window is kept
  });
});

Deno.test("close() does not wait for a server that reads nothing", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const clock = new TestClock();
  const remote = await connect({ transport, port, clock });
  raw.connection?.pause();
  remote.send("x".repeat(1_000_000));
  await settle();
  const closed = remote.close();
  clock.advance(10_000);
  await inTime(closed, "the end");
});

Deno.test("START-TLS that never begins ends with an error, and sends nothing in plain text", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const clock = new TestClock();
  const context = { secure: () => assert(false) as never };
  const encryption = { context: () => context, clientContext: () => context };
  const remote = await connect({ transport, port, clock, encryption, tls: { start: true } });
  raw.write(IAC, DO, 46);
  await raw.until(() => raw.received.length >= 3);
  remote.send("secret\n");
  assertEquals(remote.queued, 7);
  clock.advance(20_000);
  const { error } = await inTime(remote.closed, "the end");
  assertEquals(isTelnetError(error) && error.code, "tls-failed");
  assert(!raw.text.includes("secret"));
});

Deno.test("START-TLS that the server withdraws ends with an error, and sends nothing in plain text", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  const context = { secure: () => assert(false) as never };
  const encryption = { context: () => context, clientContext: () => context };
  const remote = await connect({ transport, port, encryption, tls: { start: true } });
  raw.write(IAC, DO, 46);
  await raw.until(() => raw.received.length >= 3);
  remote.send("secret\n");
  assertThrows(() => remote.snapshot(), TelnetError, "while TLS begins");
  raw.write(IAC, DONT, 46);
  const { error } = await inTime(remote.closed, "the end");
  assertEquals(isTelnetError(error) && error.code, "tls-failed");
  assert(!raw.text.includes("secret"));
});

Deno.test("each new agreement on LINEMODE acknowledges its first mode", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, telnetOptions: { linemode: true } });
  for (let times = 0; times < 3; times++) {
    raw.write(IAC, DO, 34, IAC, SB, 34, 1, 3, IAC, SE);
    let received: number[] = [];
    await raw.until(() => {
      received = [...received, ...raw.take()];
      return received.join().includes([IAC, SB, 34, 1, 7, IAC, SE].join());
    });
    raw.write(IAC, DONT, 34);
  }
  remote.abort();
});

Deno.test("a snapshot of a compressed connection throws, and so does an AbortController as a signal", async () => {
  await using game = await TelnetServer.listen({
    port: 0,
    address: "127.0.0.1",
    telnetOptions: { mccp2: true },
    onConnect: (client) => client.send("hello\n"),
    onDisconnect: () => {},
  });
  const stop = new AbortController();
  const serving = game.serve({ signal: stop.signal });
  const remote = await connect({ hostname: "127.0.0.1", port: game.port });
  await remote.readLine();
  remote.send("x\n");
  const [client] = game.clientList();
  await client?.ready;
  client?.send("compressed\n");
  await remote.readUntil("compressed");
  assertThrows(() => remote.snapshot(), Error, "mccp2: false");
  remote.abort();
  stop.abort();
  await serving;
  const wrong = { signal: new AbortController() } as never;
  assertThrows(() => remote.readLine(wrong), Error, "give its `.signal`");
  await assertRejects(() => connect(wrong), Error, "give its `.signal`");
});

Deno.test("connections leave no listeners on a shared signal", async () => {
  const counts = { added: 0, removed: 0 };
  const signal = new AbortController().signal;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    counts.added++;
    return addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    counts.removed++;
    return removeEventListener.apply(signal, args);
  };
  for (let count = 0; count < 5; count++) {
    await using raw = await RawServer.start();
    const { transport, port } = raw;
    await using remote = await connect({ transport, port, signal });
    remote.send("x");
  }
  assertEquals(counts.removed, counts.added);
});

Deno.test("thousands of GA marks do not count as negotiations", async () => {
  await using raw = await RawServer.start();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port });
  for (let count = 0; count < 8_000; count++) raw.write("> ", IAC, GA, "x\r\n");
  raw.connection?.close();
  let count = 0;
  for await (const _line of remote.lines()) count++;
  assertEquals(count, 8_000);
});

Deno.test("a TestGame goes on after a failed expectation", async () => {
  await using game = await TestGame.start(async ({ transport, clock }) => {
    const server = await TelnetServer.listen({
      transport,
      clock,
      onConnect: () => {},
      onDisconnect: () => {},
    });
    const turn = () => {
      for (const client of server.clientsWithInput()) {
        client.send(`You said ${client.getCommand()}\n`);
      }
    };
    return { server, turn };
  }, { patience: 5 });
  const ada = await game.connect();
  await assertRejects(() => ada.expect("a secret"), Error, "a secret");
  ada.send("hi\n");
  assertEquals(await ada.expect("You said hi"), "You said hi");
});

Deno.test("login() finds a marked prompt behind which an option changes, wherever the bytes are cut", async () => {
  const prompt = [13, 10, ...new TextEncoder().encode("r1# "), IAC, GA, IAC, WONT, ECHO];
  await Promise.all([...prompt.keys(), prompt.length].map(async (cut) => {
    await using raw = await RawServer.start();
    const { transport, port } = raw;
    await using remote = await connect({ transport, port, timeout: Infinity });
    const login = remote.login({ username: "ann", password: "secret" });
    raw.write("Username: ");
    await raw.until(() => raw.text.includes("ann"));
    raw.write(IAC, WILL, ECHO, "Password: ");
    await raw.until(() => raw.text.includes("secret"));
    raw.write(Uint8Array.from(prompt.slice(0, cut)));
    await settle();
    raw.write(Uint8Array.from(prompt.slice(cut)));
    // After the name and the password comes the Enter by which login() learns the prompt.
    const enter = raw.until(() => raw.text.split("\n").length > 3);
    await inTime(enter, `a prompt, cut at ${cut}`);
    raw.write("\r\nr1# ", IAC, GA);
    await inTime(login, `the login, cut at ${cut}`);
    assertEquals(remote.learnedPrompt, "r1#");
  }));
});
