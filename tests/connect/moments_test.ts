/** Moments in which a server's bytes and a program's reads meet in an unusual order. */
import { assert, assertEquals } from "@std/assert";
import {
  connect,
  type ConnectOptions,
  connectOver,
  type RemoteServer,
} from "../../src/connect/mod.ts";
import { ECHO, GMCP, NAWS, SGA } from "../../src/options/mod.ts";
import { TestClock } from "../../src/testing/mod.ts";
import type { Connection } from "../../src/transport/transport.ts";
import { inTime } from "../patience.ts";
import { GA, IAC, RawServer, SB, SE, settle, WILL, WONT } from "./raw_server.ts";

const NOP = 241;

/** Connects to a server, for a session that is restored. */
function dial({ transport, port }: RawServer): Promise<Connection> {
  return transport.dial(
    { hostname: "x", port } as never,
    () => ({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} }) as never,
  );
}

/** Runs `check` on a server whose bytes it writes, with a clock that it advances. */
async function meet(
  check: (remote: RemoteServer, raw: RawServer, clock: TestClock) => Promise<void>,
  options: ConnectOptions = {},
): Promise<void> {
  await using raw = await RawServer.start();
  const clock = new TestClock();
  const { transport, port } = raw;
  await using remote = await connect({ transport, port, clock, ...options });
  await inTime(check(remote, raw, clock), "the conversation");
  remote.abort();
}

/** Answers each line that arrives, until the connection ends. */
async function answerLines(raw: RawServer, answer: (line: string) => unknown): Promise<void> {
  let typed = "";
  while (!raw.closed && !raw.ended) {
    await raw.until(() => raw.received.length > 0 || raw.closed || raw.ended);
    typed += String.fromCharCode(...raw.take()).replaceAll("\0", "");
    for (let end = typed.search(/[\r\n]/); end !== -1; end = typed.search(/[\r\n]/)) {
      const line = typed.slice(0, end);
      typed = typed.slice(end).replace(/^\r\n?|^\n/, "");
      await answer(line);
    }
  }
}

/** Advances the clock in steps until a promise is settled. */
async function until<Value>(promise: Promise<Value>, clock: TestClock): Promise<Value> {
  let done = false;
  const ending = promise.finally(() => done = true);
  ending.catch(() => {});
  for (let steps = 0; !done && steps < 2_000; steps++) {
    clock.advance(20);
    await settle();
  }
  return await ending;
}

Deno.test("login() knows that a console echoes, wherever the echo of the user name is cut", async () => {
  for (let cut = 0; cut < 4; cut++) {
    await meet(async (remote, raw, clock) => {
      let state = "user";
      void answerLines(raw, async (line) => {
        if (state === "user") {
          state = "password";
          raw.write(line.slice(0, cut));
          await settle();
          raw.write(`${line.slice(cut)}\r\nPassword: `);
        } else if (state === "password") {
          state = "shell";
          raw.write("\r\nr1> ");
        } else raw.write(`${line}\r\n${line === "" ? "" : "out\r\n"}r1> `);
      });
      raw.write("Username: ");
      await until(remote.login({ username: "ada", password: "x" }), clock);
      assertEquals(await until(remote.exec("show ver"), clock), "out", `cut at ${cut}`);
    });
  }
});

Deno.test("readUntil() that waits during a command finds what comes after it", async () => {
  await meet(async (remote, raw, clock) => {
    void answerLines(raw, (line) => raw.write(`${line}\r\n${line === "" ? "" : "out\r\n"}r1> `));
    raw.write("MOTD 1\r\nMOTD 2\r\nr1> ");
    await settle();
    const alert = remote.readUntil("ALERT", { timeout: 60_000 });
    await until(remote.exec("show"), clock);
    raw.write("\r\n%ALERT\r\n");
    assert((await until(alert, clock)).endsWith("%ALERT"));
  });
});

Deno.test("an unmarked prompt is reported although option data and NOPs keep coming", async () => {
  await meet(async (remote, raw, clock) => {
    raw.write(IAC, WILL, GMCP, "Hello\r\nHP:10> ");
    await settle();
    const prompt = remote.readPrompt({ timeout: 60_000 });
    let done = false;
    void prompt.finally(() => done = true);
    for (let ticks = 0; !done && ticks < 100; ticks++) {
      raw.write(IAC, SB, GMCP, 'Char.Vitals {"hp":10}', IAC, SE, IAC, NOP);
      await settle();
      clock.advance(100);
      await settle();
    }
    assert(done);
    assertEquals(await prompt, "HP:10> ");
  });
});

Deno.test("login() presses Enter at a silent device that sends NOPs", async () => {
  await meet(async (remote, raw, clock) => {
    void answerLines(raw, () => raw.write("\r\nr1> "));
    raw.write("Welcome\r\n");
    const login = remote.login({ timeout: 60_000 });
    let done = false;
    void login.finally(() => done = true);
    for (let ticks = 0; !done && ticks < 300; ticks++) {
      raw.write(IAC, NOP);
      await settle();
      clock.advance(100);
      await settle();
    }
    assert(done);
    await login;
  });
});

Deno.test("after a command its prompt can be read, and is not read again after the next line is sent", async () => {
  await meet(async (remote, raw, clock) => {
    void answerLines(raw, (line) => {
      if (line === "enable") raw.write("\r\nPassword: ");
      else raw.write(`\r\n${line === "" ? "" : "out\r\n"}r1> `);
    });
    raw.write("r1> ");
    await settle();
    await until(remote.exec("show"), clock);
    assertEquals(await until(remote.readPrompt({ timeout: 60_000 }), clock), "r1> ");
    await until(remote.exec("show"), clock);
    remote.send("enable\n");
    assertEquals(await until(remote.readPrompt({ timeout: 60_000 }), clock), "Password: ");
  });
});

Deno.test("a prompt that stands when a snapshot is taken is reported after the restore", async () => {
  await meet(async (remote, raw, clock) => {
    raw.write("Name? ");
    await settle();
    const snapshot = remote.snapshot();
    await using other = await RawServer.start();
    const connection = await dial(other);
    const again = connectOver(connection, { snapshot, clock });
    assertEquals(await until(again.readPrompt({ timeout: 60_000 }), clock), "Name? ");
    again.abort();
  });
});

Deno.test("a snapshot within a row or a sequence changes nothing of what is read after it", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["\x1b[3", "1mHello\r\n"],
    ["\x1b]0;tit", "le\x07Hi\r\n"],
    ["abc\r", "Xyz\r\n"],
    ["abc\r", "\nnext\r\n"],
    ["abc\b\b", "Z\r\n"],
    ["abcdef\x1b[3D", "X\r\n"],
    ["a\x1b7bc", "\x1b8Z\r\n"],
    ["日本\b", "x\r\n"],
    ["first\r\nab\x1b[Acd", "\r\n"],
    ["a\tb\x1b[2", "Gx\r\n"],
  ];
  for (const [before, after] of cases) {
    const read: string[][] = [];
    for (const restores of [false, true]) {
      await meet(async (remote, raw, clock) => {
        raw.write(before);
        await settle();
        let [reader, writer]: [RemoteServer, { write(text: string): void }] = [remote, raw];
        await using other = await RawServer.start();
        if (restores) {
          const snapshot = JSON.parse(JSON.stringify(remote.snapshot()));
          const connection = await dial(other);
          reader = connectOver(connection, { snapshot, clock });
          writer = other;
        }
        writer.write(`${after}end\r\n`);
        const lines: string[] = [];
        while (lines.at(-1) !== "end") {
          lines.push(await until(reader.readLine({ timeout: 60_000 }), clock) ?? "end");
        }
        read.push(lines);
        reader.abort();
      });
    }
    assertEquals(read[1], read[0], JSON.stringify([before, after]));
  }
});

Deno.test("a snapshot may be restored with another stripControls", async () => {
  for (const stripControls of [true, false]) {
    await meet(async (remote, raw, clock) => {
      raw.write("Name: ");
      await settle();
      const snapshot = JSON.parse(JSON.stringify(remote.snapshot()));
      await using other = await RawServer.start();
      const connection = await dial(other);
      const again = connectOver(connection, { snapshot, clock, stripControls });
      other.write("Bob\r\n");
      assertEquals(await until(again.readLine({ timeout: 60_000 }), clock), "Name: Bob");
      again.abort();
    });
  }
});

Deno.test("a prompt that was reported before a snapshot is not reported again", async () => {
  await meet(async (remote, raw, clock) => {
    const prompts: string[] = [];
    raw.write("Name? ");
    await settle();
    clock.advance(5_000);
    await settle();
    const snapshot = JSON.parse(JSON.stringify(remote.snapshot()));
    await using other = await RawServer.start();
    const connection = await dial(other);
    const again = connectOver(connection, {
      snapshot,
      clock,
      onPrompt: (_server, text) => void prompts.push(text),
    });
    clock.advance(5_000);
    await settle();
    other.write("x\r\n> ");
    await settle();
    clock.advance(5_000);
    await settle();
    assertEquals(prompts, ["> "]);
    again.abort();
  });
});

Deno.test("the same prompt twice is reported twice, although a read has taken the first", async () => {
  await meet(async (remote, raw, clock) => {
    raw.write("> ");
    await settle();
    clock.advance(5_000);
    await settle();
    assertEquals(await until(remote.readUntil("> ", { timeout: 60_000 }), clock), "> ");
    remote.send("x\n");
    raw.write("> ");
    await settle();
    assertEquals(await until(remote.readPrompt({ timeout: 60_000 }), clock), "> ");
  });
});

Deno.test("prompts are guessed again once GA is suppressed", async () => {
  await meet(async (remote, raw, clock) => {
    raw.write("Name? ", IAC, GA);
    assertEquals(await until(remote.readPrompt({ timeout: 60_000 }), clock), "Name? ");
    raw.write(IAC, WILL, SGA, IAC, WILL, NAWS, "\r\nr1> ");
    assertEquals(await until(remote.readPrompt({ timeout: 60_000 }), clock), "r1> ");
  });
});

Deno.test("exec() finds a prompt with text at the right of its cursor", async () => {
  const prompt = "box% \x1b[K\x1b[60C12:00\x1b[65D";
  for (const options of [{}, { prompt: "box% " }]) {
    await meet(async (remote, raw, clock) => {
      void answerLines(raw, (line) => {
        raw.write(`${line}\x1b[K\r\n${line === "" ? "" : "out\r\n"}${prompt}`);
      });
      raw.write(prompt);
      await settle();
      assertEquals(await until(remote.exec("ls", { timeout: 60_000, ...options }), clock), "out");
    });
  }
});

Deno.test("exec() does not take a spinner or a progress row for a prompt", async () => {
  for (const row of ["Erasing flash: 45% |\b", "Copy boot> .\b"]) {
    await meet(async (remote, raw, clock) => {
      void answerLines(raw, async (line) => {
        raw.write(`${line}\r\n`);
        if (line === "erase") {
          raw.write(row);
          for (let ticks = 0; ticks < 80; ticks++) {
            await settle();
            clock.advance(100);
          }
          raw.write("\b\r\ndone\r\n");
        }
        raw.write("r1> ");
      });
      raw.write("r1> ");
      await settle();
      assert((await until(remote.exec("erase", { timeout: 60_000 }), clock)).endsWith("done"), row);
    });
  }
});

Deno.test("with another line end, CR LF in a text is one Enter", async () => {
  for (const newline of ["\r", "\r\0", "\n"] as const) {
    await meet(async (remote, raw) => {
      remote.send("a\r\nb\n");
      await raw.until(() => raw.text.includes("b"));
      await settle();
      assertEquals(raw.text, `a${newline}b${newline}`);
    }, { newline });
  }
});

Deno.test("the trace has no password, whether the server hides it or only asks for it", async () => {
  const traced: string[] = [];
  await meet(async (remote, raw) => {
    raw.write("Name: ");
    await settle();
    remote.send("ada\n");
    raw.write("\r\n", IAC, WILL, ECHO, "Password: ");
    await settle();
    remote.send("correct horse\n");
    raw.write(IAC, WONT, ECHO, "\r\nNew passphrase: ", IAC, GA);
    await settle();
    remote.send("battery staple\n");
    raw.write("\r\n> ");
    await settle();
    remote.send("look\n");
    await settle();
  }, { trace: (line) => void traced.push(line) });
  const said = traced.filter((line) => line.startsWith("> ") && !line.endsWith("ECHO"));
  assertEquals(said, ['> "ada\\n"', "> (a secret)", "> (a secret)", '> "look\\n"']);
});

Deno.test("a readPrompt() that finds none leaves the lines for other reads", async () => {
  await meet(async (remote, raw, clock) => {
    raw.write("one\r\ntwo\r\n");
    await settle();
    const prompt = remote.readPrompt({ timeout: 100 }).catch((error) => error.code);
    assertEquals(await until(prompt, clock), "timeout");
    assertEquals(await remote.readLine(), "one");
    assertEquals(await remote.readLine(), "two");
  });
});

Deno.test("the timeout of execLines() is that of each line, that of exec() of the whole command", async () => {
  const slow = async (raw: RawServer, clock: TestClock) => {
    for (let row = 0; row < 20; row++) {
      raw.write(`row ${row}\r\n`);
      await settle();
      clock.advance(200);
      await settle();
    }
    raw.write("r1> ");
  };
  await meet(async (remote, raw, clock) => {
    const loop = answerLines(raw, (line) => {
      raw.write(`${line}\r\n`);
      return line === "" ? raw.write("r1> ") : slow(raw, clock);
    });
    raw.write("r1> ");
    await settle();
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of remote.execLines("show", { timeout: 1_000 })) lines.push(line);
    })();
    await until(reading, clock);
    assertEquals(lines.length, 20);
    const failed = remote.exec("show", { timeout: 1_000 }).catch((error) => error.code);
    assertEquals(await until(failed, clock), "timeout");
    remote.abort();
    await loop;
  });
});
