/** Character mode and the line editor on an in-memory server, seen through a terminal emulator. */
import fc from "fast-check";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  History,
  type Key,
  keyName,
  type ListenOptions,
  type TelnetClient,
  TelnetError,
  type TextCodec,
} from "../../mod.ts";
import { ECHO, encodeLinemodeMode, LINEMODE, NAWS, SGA, TTYPE } from "../../src/options/mod.ts";
import {
  CHARSET,
  encodeCharsetRequest,
  encodeEnvironIs,
  encodeNaws,
  encodeTerminalType,
  NEW_ENVIRON,
} from "../../src/options/mod.ts";
import { EOF, IP } from "../../src/protocol/mod.ts";
import { encodeText } from "../../src/text/mod.ts";
import { turn } from "../../src/transport/event_loop.ts";
import { Terminal } from "../text/terminal.ts";
import { PATIENCE_MS, until } from "../patience.ts";
import { type Harness, latin1, type StepClock } from "./harness.ts";
import { agree, join, type Joined, type Remote, show } from "./remote.ts";

/** A client with a terminal in character mode. Disposing it stops the server. */
interface Sitting extends AsyncDisposable {
  harness: Harness<TelnetClient>;
  client: TelnetClient;
  terminal: Terminal;
  clock: StepClock;
  remote: Remote;
  type: (text: string | Uint8Array) => Promise<void>;
  look: () => Promise<string[]>;
}

async function sit(
  options: ListenOptions = {},
  prepare: (client: TelnetClient) => void = (client) => client.useEditor(),
): Promise<Sitting> {
  const { harness, client, peer, remote, clock } = await join(options);
  const terminal = new Terminal(30, 10);
  prepare(client);
  await agree({ harness, client, remote });
  const look = async () => {
    await show({ harness, peer }, terminal);
    return terminal.everything;
  };
  return {
    harness,
    client,
    terminal,
    clock,
    remote,
    look,
    async type(text) {
      peer.write(text);
      await look();
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

Deno.test("text leaves in the character set in which it was sent, with an editor or without", async () => {
  for (const editing of [false, true]) {
    await using joined = await join();
    const { harness, client, peer } = joined;
    if (editing) {
      client.useEditor();
      await agree(joined);
    }
    peer.take();
    client.send("я\n");
    client.encoding = "koi8-r";
    client.send("я\n");
    let got = "";
    await harness.pollUntil(() => (got += latin1(peer.take())).includes("\xd1\r\n"));
    assert(got.indexOf("\xd1\x8f\r\n") !== -1, got);
    assert(got.indexOf("\xd1\x8f\r\n") < got.lastIndexOf("\xd1\r\n"), got);
  }
});

Deno.test("useEditor edits lines, getCommand returns them, and output shows above the input line", async () => {
  await using joined = await sit();
  const { client, type, look, terminal } = joined;
  client.prompt("> ");
  await type("loko\x1b[D\x7f\x1b[Co\r\0");
  assertEquals(client.getCommand(), "looo");
  client.send("You see nothing.\n");
  client.prompt("> ");
  await type("nor");
  client.send("Bob comes in.\n");
  client.send("Bob says: hi\n");
  assertEquals(await look(), [
    "> looo",
    "You see nothing.",
    "Bob comes in.",
    "Bob says: hi",
    "> nor",
  ]);
  await type("th\r\n");
  assertEquals(client.getCommand(), "north");
  assertEquals(terminal.cursor[1], 0);
});

Deno.test("typed text that a change of mode makes available does not wait for the poll timeout", async () => {
  await using joined = await sit();
  const { client, type, harness } = joined;
  await type("look");
  harness.server.timeout = PATIENCE_MS;
  client.enterCharacterMode();
  let waits = true;
  const polling = harness.server.poll().then(() => waits = false);
  await turn(100);
  assert(!waits, "the poll waits although there are keys");
  await polling;
  assertEquals(harness.server.clientsWithInput(), [client]);
  harness.server.timeout = 0;
});

Deno.test("a typed key is echoed within one poll", async () => {
  await using joined = await join({});
  const { harness, client, peer, remote } = joined;
  client.useEditor();
  remote.do(ECHO);
  remote.do(SGA);
  await harness.pollUntil(() => client.terminal.editing);
  await harness.server.poll();
  peer.take();
  peer.write("x");
  await harness.server.poll();
  assertEquals(latin1(peer.take()), "x");
});

Deno.test("a client that refuses ECHO and SGA stays in line mode, without the editor", async () => {
  await using joined = await join({});
  const { harness, client, peer, remote } = joined;
  client.useEditor();
  remote.dont(ECHO);
  remote.dont(SGA);
  peer.write("look\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals([client.getCommand(), client.terminal.editing, client.terminal.inCharacterMode], [
    "look",
    false,
    false,
  ]);
  client.send("ok\n");
  assert((await harness.hear(peer, "ok")).endsWith("ok\r\n"));
});

Deno.test("a client that edits locally (LINEMODE) keeps doing so; enterCharacterMode switches it", async () => {
  await using joined = await join({ telnetOptions: { linemode: true } });
  const { harness, client, peer, remote } = joined;
  remote.will(LINEMODE);
  await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  client.useEditor();
  peer.write("look\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.terminal.editing, false);
  client.enterCharacterMode();
  const heard = await remote.hear((words) => words.includes("WILL 3"));
  assert(heard.includes("SB 34 \x01\x02") && heard.includes("WILL 1"), heard.join());
  remote.sub(LINEMODE, encodeLinemodeMode(6));
  await agree({ harness, client, remote });
  client.enterLineMode();
  const back = await remote.hear((words) => words.includes("WONT 3"));
  assert(back.includes("SB 34 \x01\x03") && back.includes("WONT 1"), back.join());
});

Deno.test("keys are queued, or passed to onKey; a lone ESC is a key after escapeTimeout", async () => {
  await using queue = await sit({}, (client) => client.enterCharacterMode());
  await queue.type("aé\x1b[A\x03");
  const names: string[] = [];
  assert(queue.client.hasKey && !queue.client.cmdReady);
  const take = () => {
    for (let key = queue.client.getKey(); key !== undefined; key = queue.client.getKey()) {
      names.push(key.text || keyName(key));
    }
  };
  take();
  await queue.type("\x1b[200~p\nq\x1b[201~\x1b");
  take();
  assertEquals(names, ["a", "é", "up", "ctrl+c", "p", "enter", "q"]);
  queue.clock.advance(200);
  await queue.look();
  take();
  assertEquals(names.at(-1), "escape");

  const told: string[] = [];
  await using events = await sit(
    { onKey: (_, key: Key) => void told.push(key.text || keyName(key)) },
    (client) => client.enterCharacterMode(),
  );
  await events.type("x\x1bOP");
  assertEquals([told, events.client.hasKey], [["x", "f1"], false]);
});

Deno.test("clientsWithInput lists exactly the clients with lines or keys", async () => {
  await using joined = await join({});
  const { harness, client, peer } = joined;
  const { peer: other, client: second } = await harness.join();
  assertEquals(harness.server.clientsWithInput(), []);
  other.write("one\r\ntwo\r\n");
  await harness.pollUntil(() => second.cmdReady);
  assertEquals(harness.server.clientsWithInput(), [second]);
  second.getCommand();
  assertEquals(harness.server.clientsWithInput(), [second]);
  second.getCommand();
  peer.write("three\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(harness.server.clientsWithInput(), [client]);
  client.active = false;
  await harness.pollUntil(() => harness.disconnected.length === 1);
  assertEquals(harness.server.clientsWithInput(), []);
});

Deno.test("reading pauses while nobody takes the keys, and no key is lost", async () => {
  await using joined = await sit({}, (client) => client.enterCharacterMode());
  const { client, type, look } = joined;
  const many = "x".repeat(100_000);
  await type(many);
  let taken = 0;
  for (let rounds = 0; rounds < 100 && taken < many.length; rounds++) {
    let waiting = 0;
    for (; client.getKey() !== undefined; waiting++);
    assert(waiting < 20_000, `${waiting} keys waited`);
    taken += waiting;
    await look();
  }
  assertEquals(taken, many.length);
});

Deno.test("the editor masks a password and keeps it out of the history", async () => {
  await using joined = await sit();
  const { client, type, look } = joined;
  client.prompt("Password: ");
  client.passwordModeOn();
  await type("secret\r\n");
  client.passwordModeOff();
  assertEquals(client.getCommand(), "secret");
  client.prompt("> ");
  await type("\x1b[A");
  assertEquals(await look(), ["Password:", ">"]);
});

Deno.test("Tab completion may be sync or async; if it throws, only that client is dropped", async () => {
  const words = ["north", "northwest"];
  await using later = await sit({}, (client) =>
    client.useEditor({
      complete: (line, cursor) =>
        Promise.resolve(words.filter((word) => word.startsWith(line.slice(0, cursor)))),
    }));
  await later.type("no\t");
  await later.type("w\t");
  await later.type("\r");
  assertEquals(later.client.getCommand(), "northwest ");
  await using broken = await sit({ onError: () => {} }, (client) =>
    client.useEditor({
      complete: () => {
        throw new Error("the game is broken");
      },
    }));
  await broken.type("x\t");
  assertEquals(broken.client.disconnectReason, "handler-failed");
});

Deno.test("Ctrl-C and Ctrl-D arrive as the Telnet commands IP and EOF", async () => {
  const commands: number[] = [];
  await using joined = await sit({ onTelnetCommand: (_, command) => commands.push(command) });
  const { client, type } = joined;
  await type("half a line\x03\x04whole\r");
  assertEquals([commands, client.getCommand()], [[IP, EOF], "whole"]);
});

Deno.test("the editor follows the window size", async () => {
  await using joined = await sit({ telnetOptions: { naws: true } });
  const { client, remote, terminal, type, look } = joined;
  client.prompt("> ");
  await type("a line that is longer than its row");
  remote.will(NAWS);
  terminal.resize(12, 10);
  remote.sub(NAWS, encodeNaws({ columns: 12, rows: 10 }));
  await look();
  await type("!");
  assertEquals(await look(), ["> a line tha", "t is longer", "than its row", "!"]);
});

Deno.test("the editor has the window and the character set of the moment in which it begins", async () => {
  const steps: ((joined: Joined) => void)[] = [
    ({ remote }) => {
      remote.will(NAWS);
      remote.sub(NAWS, encodeNaws({ columns: 12, rows: 10 }));
    },
    ({ remote }) => remote.do(ECHO),
    ({ remote }) => remote.do(SGA),
    ({ client }) => client.encoding = "gbk",
  ];
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  const check = async (order: readonly number[], atOnce: boolean, leaves: boolean) => {
    await using joined = await join({ telnetOptions: { naws: true } });
    const { harness, client, remote, peer } = joined;
    client.useEditor();
    client.prompt("> ");
    for (const index of order) {
      steps[index]?.(joined);
      if (!atOnce) await harness.server.poll();
    }
    await harness.pollUntil(() => client.terminal.editing && client.columns === 12);
    if (leaves) { // leaves character mode, and changes the window meanwhile
      remote.dont(SGA);
      await harness.pollUntil(() => !client.terminal.editing);
      client.useEditor(); // asks again
      await harness.server.poll();
      remote.sub(NAWS, encodeNaws({ columns: 10, rows: 10 }));
      await harness.pollUntil(() => client.columns === 10);
      remote.do(ECHO);
      remote.do(SGA);
      await harness.pollUntil(() => client.terminal.editing);
    }
    await harness.server.poll();
    remote.read(peer.take());
    remote.text = "";
    peer.write(encodeText("■■■■■■a", "gbk")); // in GBK ■ has two columns
    await harness.pollUntil(() => {
      remote.read(peer.take());
      return remote.text.endsWith("a");
    });
    const [before, after] = leaves ? [4, 2] : [5, 1];
    const square = "\xa1\xf6";
    assertEquals(remote.text, `${square.repeat(before)}\r\n${square.repeat(after)}a`);
  };
  await fc.assert(fc.asyncProperty(order, fc.boolean(), fc.boolean(), check), { numRuns: 50 });
});

Deno.test("if LINEMODE is agreed to later, the client edits and echoes locally again", async () => {
  await using joined = await join({ telnetOptions: { linemode: true } });
  const { harness, client, peer, remote } = joined;
  client.useEditor();
  await harness.server.poll();
  remote.do(ECHO);
  remote.do(SGA);
  await harness.pollUntil(() => client.terminal.editing);
  remote.will(LINEMODE);
  const heard = await remote.hear((words) => words.includes("WONT 3"));
  assert(heard.includes("WONT 1") && heard.includes("SB 34 \x01\x03"), heard.join());
  assertEquals(client.terminal.editing, false);
  remote.dont(ECHO);
  remote.dont(SGA);
  peer.write("look\r\n");
  await harness.pollUntil(() => client.cmdReady);
  client.enterCharacterMode();
  await remote.hear((words) => words.includes("SB 34 \x01\x02"));
  client.useEditor();
  const back = await remote.hear((words) => words.includes("SB 34 \x01\x03"));
  assert(back.includes("WONT 1") || !client.telnet.optionEnabled(ECHO, "local"), back.join());
});

Deno.test("a client that stays in line mode gets no escape sequences, whatever the game calls", async () => {
  await using joined = await join({});
  const { harness, client, peer, remote } = joined;
  client.useEditor();
  remote.dont(ECHO);
  remote.dont(SGA);
  for (let polls = 0; polls < 3; polls++) await harness.server.poll();
  client.useEditor();
  client.enterCharacterMode();
  client.useEditor({ multiline: true });
  client.enterLineMode();
  client.send("end\n");
  const heard = await harness.hear(peer, "end");
  assert(!heard.includes("\x1b"), JSON.stringify(heard));
});

Deno.test("useEditor called again, or on a key, keeps the partial line, the prompt and queued input", async () => {
  await using again = await sit();
  again.client.prompt("> ");
  await again.type("half");
  again.client.useEditor({ multiline: false });
  assertEquals(await again.look(), ["> half"]);
  await again.type("!\r");
  again.client.useEditor();
  await again.type("\n"); // the second half of CR LF
  assertEquals([again.client.getCommand(), again.client.getCommand()], ["half!", undefined]);
  try {
    again.client.useEditor({ limit: -1 });
  } catch {
    // misuse: the previous editor stays in use
  }
  await again.type("ok\r");
  assertEquals(again.client.getCommand(), "ok");

  await using byCommand = await sit({ onTelnetCommand: (client) => client.useEditor() });
  await byCommand.type("foo\x03look\r");
  assertEquals(byCommand.client.getCommand(), "look");

  const told: string[] = [];
  await using byKey = await sit({
    onKey: (client, key) => {
      told.push(key.text);
      client.useEditor();
    },
  }, (client) => client.enterCharacterMode());
  await byKey.type("qlook\r");
  assertEquals([told, byKey.client.getCommand()], [["q"], "look"]);

  await using byQueue = await sit({}, (client) => client.enterCharacterMode());
  await byQueue.type("qlook\r");
  assertEquals(byQueue.client.getKey()?.text, "q");
  byQueue.client.useEditor();
  assertEquals(byQueue.client.getCommand(), "look");
});

Deno.test("the editor's pending output goes out before text sent after enterCharacterMode", async () => {
  await using joined = await sit();
  const { client, type, look } = joined;
  await type("log\r");
  client.send("one\ntwo\n");
  client.enterCharacterMode();
  client.send("--more--");
  assertEquals(await look(), ["log", "one", "two", "--more--"]);
});

Deno.test("output and a prompt from before the editor started stay on its row", async () => {
  await using joined = await sit({}, (client) => {
    client.send("Welcome.\nYour ");
    client.prompt("name? ");
    client.useEditor();
  });
  const { type, look } = joined;
  await type("Ann");
  assertEquals(await look(), ["Welcome.", "Your name? Ann"]);
});

Deno.test("a client that turns its local echo on in the middle of a line sees the prompt again", async () => {
  await using joined = await sit();
  const { client, remote, type, look } = joined;
  client.prompt("> ");
  await type("half");
  remote.dont(ECHO);
  assertEquals((await look()).at(-1), ">");
});

Deno.test("Tab completion applies before the next key of the same chunk", async () => {
  await using joined = await sit(
    {},
    (client) => client.useEditor({ complete: () => ["north"] }),
  );
  const { client, type } = joined;
  await type("no\t\r");
  assertEquals(client.getCommand(), "north ");
});

Deno.test("a paste of a megabyte is processed in slices, and others are served meanwhile", async () => {
  await using joined = await join({});
  const { harness, client, peer, remote } = joined;
  const { peer: other, client: honest } = await harness.join();
  client.useEditor();
  remote.do(ECHO);
  remote.do(SGA);
  await harness.pollUntil(() => client.terminal.editing);
  peer.write("word ".repeat(200_000));
  other.write("hello\r\n");
  let polls = 0;
  await until(() => honest.cmdReady, async () => {
    polls++;
    await harness.server.poll();
  });
  assert(polls < 5, `${polls} polls`);
  assert(client.bytesReceived < 1_000_000 || harness.server.stats().queuedInput > 500_000);
  await until(() => client.bytesReceived >= 1_000_000, () => harness.server.poll());
});

Deno.test("a custom TextCodec is used for all text, and CHARSET does not override the game's encoding", async () => {
  const upside: TextCodec = {
    name: "X-UPSIDE",
    createDecoder: () => ({ decode: (bytes) => latin1(bytes).toLowerCase() }),
    encode: (text) => new TextEncoder().encode(text.toUpperCase()),
  };
  await using joined = await join({ encoding: upside });
  const { harness, client, peer, remote } = joined;
  client.send("hello\n");
  peer.write("LOOK\r\n");
  assertEquals(await harness.hear(peer, "\n"), "HELLO\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), "look");
  client.encoding = "cp437";
  remote.will(CHARSET);
  remote.sub(CHARSET, encodeCharsetRequest(["UTF-8"]));
  await remote.hear((words) => words.includes("SB 42 \x03"));
  assertEquals(client.encoding, "cp437");
  client.encoding = "cp437-art";
  client.send("\x01☺");
  assertEquals((await harness.hear(peer, "\x01")).at(-1), "\x01"); // a control, not ☺
});

Deno.test("after a restore from a snapshot the editor can go on, or end", async () => {
  await using before = await sit();
  const saved = JSON.stringify(before.client.snapshot());
  await before[Symbol.asyncDispose]();
  await using ended = await join({ restore: () => JSON.parse(saved) });
  ended.client.enterLineMode();
  const words = await ended.remote.hear((heard) => heard.length === 2);
  assertEquals(words.sort(), ["WONT 1", "WONT 3"]);
  await using on = await join({ restore: () => JSON.parse(saved) });
  on.client.useEditor();
  on.peer.write("look\r");
  await on.harness.pollUntil(() => on.client.cmdReady);
  assert(on.client.terminal.editing);
  on.client.telnet.reset();
  const off = await on.remote.hear((heard) => heard.length === 2);
  assertEquals(off.sort(), ["WONT 1", "WONT 3"]);
  assertEquals(on.client.terminal.editing, false);
});

Deno.test("Ctrl-C and Ctrl-D in the answer to a question show the question again", async () => {
  const commands: number[] = [];
  await using sitting = await sit({
    onTelnetCommand: (_client, command) => commands.push(command),
  });
  const { client, type, look } = sitting;
  for (const hidden of [false, true]) {
    const answer = client.ask("Name: ", { hidden });
    await type("abc\x03\x04");
    assertEquals((await look()).at(-1), "Name:");
    await type("Ada\r");
    assertEquals(await answer, "Ada");
  }
  assertEquals(commands, [IP, EOF, IP, EOF]);
  await type("x\x03");
  assertEquals((await look()).at(-1), "x"); // nobody asks
});

Deno.test("useEditor() again keeps the history, unless it names another; a letter has its own", async () => {
  await using sitting = await sit();
  const { client, type, look } = sitting;
  await type("look\r");
  const recalled = async () => {
    client.prompt("> ");
    await type("\x10"); // Ctrl-P
    const row = (await look()).at(-1);
    await type("\x15"); // Ctrl-U
    return row;
  };
  client.useEditor({ complete: () => [] });
  assertEquals(await recalled(), "> look");
  client.useEditor({ multiline: true });
  assertEquals(await recalled(), ">");
  await type("Dear Ben\x04");
  assertEquals(await recalled(), "> Dear Ben");
  client.useEditor();
  assertEquals(await recalled(), "> look");
  client.useEditor({ history: new History({ lines: ["north"] }) });
  assertEquals(await recalled(), "> north");
});

Deno.test("a client of a snapshot keeps its history when the game calls useEditor() again", async () => {
  await using before = await sit();
  await before.type("look\rnorth\r");
  before.client.getCommand();
  const saved = JSON.stringify(before.client.snapshot());
  await before[Symbol.asyncDispose]();
  const full = new History({ lines: ["south"] });
  const filled = ["look", "north"];
  for (
    const [options, lines] of [
      [{}, filled],
      [{ complete: () => [] }, filled],
      [{ history: new History() }, filled],
      [{ history: full }, ["south"]],
      [{ multiline: true }, []],
      [{ multiline: true, history: new History() }, []],
    ] as const
  ) {
    await using after = await join({ restore: () => JSON.parse(saved) });
    after.client.useEditor(options);
    const { input } = JSON.parse(JSON.stringify(after.client.snapshot()));
    assertEquals(input.keys.editor.history, lines, JSON.stringify(options));
  }
  assertEquals(full.length, 1);
  // Changes of the terminal make the server set up the editor again.
  await using after = await join({ restore: () => JSON.parse(saved) });
  after.client.terminal.ambiguousWidth = 2;
  const own = new History();
  after.client.useEditor({ history: own });
  assertEquals([own.at(0), own.at(1), own.length], [...filled, 2]);
});

Deno.test("a letter of a snapshot stays out of the history of lines, and the other way round", async () => {
  await using before = await sit({}, (client) => client.useEditor({ multiline: true }));
  await before.type("one\rtwo\x04");
  before.client.getCommand();
  const saved = JSON.stringify(before.client.snapshot());
  await before[Symbol.asyncDispose]();
  for (const [options, texts] of [[{}, []], [{ multiline: true }, ["one\ntwo"]]] as const) {
    await using after = await join({ restore: () => JSON.parse(saved) });
    after.client.useEditor(options);
    const { input } = JSON.parse(JSON.stringify(after.client.snapshot()));
    assertEquals(input.keys.editor.history, texts, JSON.stringify(options));
  }
});

Deno.test("enterLineMode ends the editor: its row is cleared, and lines come as in line mode", async () => {
  await using joined = await sit();
  const { client, remote, type, look } = joined;
  client.prompt("> ");
  await type("half");
  client.enterLineMode();
  remote.dont(ECHO);
  remote.dont(SGA);
  client.send("bye\n");
  assertEquals(await look(), ["bye"]);
  await type("whole\r\n");
  assertEquals([client.getCommand(), client.terminal.editing], ["whole", false]);
});

Deno.test("a dropped client's partial line is cleared, and the last output shows in its place", async () => {
  await using joined = await sit();
  const { client, type, look } = joined;
  client.prompt("> ");
  await type("half");
  client.send("Farewell!\n");
  client.active = false;
  assertEquals(await look(), ["Farewell!"]);
});

Deno.test("the encoding follows MTTS, LANG and MNES until the game or CHARSET sets it", async () => {
  await using told = await join({
    encoding: "latin1",
    telnetOptions: { newEnviron: true, terminalType: true },
  });
  const tell = (name: string, value: string) =>
    told.remote.sub(NEW_ENVIRON, encodeEnvironIs([{ name, value, user: true }]));
  told.remote.will(NEW_ENVIRON);
  tell("LANG", "ru_RU.KOI8-R");
  await told.harness.pollUntil(() => told.client.encoding === "koi8-r");
  told.client.send("Привет\n");
  assertEquals(
    (await told.harness.hear(told.peer, "\r\n")).slice(-8),
    "\xf0\xd2\xc9\xd7\xc5\xd4\r\n",
  );
  tell("CHARSET", "UTF-8");
  await told.harness.pollUntil(() => told.client.encoding === "utf-8");
  told.client.encoding = "windows-1251";
  told.client.send("я\n"); // 0xFF in windows-1251: sent as IAC IAC
  assertEquals((await told.harness.hear(told.peer, "\r\n")).slice(-4), "\xff\xff\r\n");
  told.peer.write(Uint8Array.of(0xff, 0xff, 0x0d, 0x0a));
  await told.harness.pollUntil(() => told.client.cmdReady);
  assertEquals(told.client.getCommand(), "я");
  tell("CHARSET", "UTF-8");
  for (let polls = 0; polls < 5; polls++) await told.harness.server.poll();
  assertEquals(told.client.encoding, "windows-1251");

  await using byMtts = await join({ encoding: "cp437", telnetOptions: { terminalType: true } });
  byMtts.remote.will(TTYPE);
  for (const name of ["X", "XTERM", "MTTS 4", "MTTS 4"]) {
    await byMtts.remote.hear((words) => words.includes("SB 24 \x01"));
    byMtts.remote.sub(TTYPE, encodeTerminalType(name));
  }
  await byMtts.harness.pollUntil(() => byMtts.client.encoding === "utf-8");
});

Deno.test("an unknown encoding is misuse at listen()", async () => {
  await assertRejects(() => join({ encoding: "ebcdic" as "utf-8" }), Error, "ebcdic");
});

Deno.test("useEditor throws if its limit exceeds limits.line", async () => {
  await using joined = await join({ limits: { line: 100 } });
  const { client } = joined;
  assertThrows(
    () => client.useEditor({ limit: 101 }),
    TelnetError,
    "useEditor.limit 101: limits.line is 100, so raise that in listen()",
  );
  client.useEditor({ limit: 100 });
});

Deno.test("escapeTimeout can be set for the server, or for one editor", async () => {
  await using sitting = await sit({ escapeTimeout: 500 }, (client) => client.enterCharacterMode());
  const { client, clock, type, look } = sitting;
  const keys = () => {
    const names: string[] = [];
    for (let key = client.getKey(); key !== undefined; key = client.getKey()) {
      names.push(keyName(key));
    }
    return names;
  };
  await type("\x1b");
  clock.advance(499);
  await look();
  await type("[A"); // a slow connection
  assertEquals(keys(), ["up"]);
  await type("\x1b");
  clock.advance(500);
  await look();
  assertEquals(keys(), ["escape"]);
  client.useEditor({ escapeTimeout: 2000 });
  await type("abc\x1b");
  clock.advance(1999);
  await look();
  await type("[Dx\r");
  assertEquals(client.getCommand(), "abxc");
  assertThrows(() => client.useEditor({ escapeTimeout: -1 }), TelnetError, "escapeTimeout");
});

Deno.test("server echo without the editor: Backspace after a TAB and over the end of a row", async () => {
  const { harness, client, peer, remote } = await join({});
  await using _ = harness;
  const terminal = new Terminal(20, 10);
  client.requestWillEcho();
  remote.do(ECHO);
  remote.will(NAWS);
  remote.sub(NAWS, encodeNaws({ columns: 20, rows: 10 }));
  await harness.pollUntil(() => client.columns === 20);
  client.prompt("> ");
  const see = async () => {
    await show({ harness, peer }, terminal);
    return terminal.everything;
  };
  await see();
  for (const part of ["a\tb", "\x7f\x7f", "c"]) {
    peer.write(part);
    await see();
  }
  assertEquals(await see(), ["> ac"]);
  peer.write("x".repeat(17));
  assertEquals(await see(), [`> ac${"x".repeat(16)}`, "x"]);
  peer.write("\x7f\x7f\x7fyz\x7f");
  assertEquals(await see(), [`> ac${"x".repeat(14)}y`]);
  assertEquals(terminal.cursor, [0, 19]);
  client.send("\nA notice.\n");
  client.prompt("> ");
  peer.write("\r\n");
  await harness.pollUntil(() => client.cmdReady);
  assertEquals(client.getCommand(), `ac${"x".repeat(14)}y`);
});

Deno.test("ambiguous characters have the width of the character set, or the one that the game sets", async () => {
  await using sitting = await sit();
  const { client, type, terminal } = sitting;
  assertEquals(client.terminal.ambiguousWidth, 1);
  client.prompt("> ");
  await type("“a”");
  assertEquals(terminal.cursor, [0, 5]);
  client.encoding = "gbk";
  assertEquals(client.terminal.ambiguousWidth, 2);
  client.encoding = "utf-8";
  client.terminal.ambiguousWidth = 2;
  await type("\x01");
  await type("\x05");
  assertEquals(terminal.cursor, [0, 7]); // as such a terminal has it
  client.terminal.ambiguousWidth = 1;
  await type("b");
  assertEquals(await sitting.look(), ["> “a”b"]);
  assertEquals(terminal.cursor, [0, 6]);
  assertThrows(() => client.terminal.ambiguousWidth = 3 as 2, TelnetError, "1 or 2");
});

for (
  const [name, keys, options] of [
    ["a long line of the history, again and again", "\x10\r", {}],
    ["the screen cleared and drawn again", "\x0c", {}],
    ["candidates, listed again and again", "\t\t", {
      complete: () => Array.from({ length: 200 }, (_, index) => `word${index}`),
    }],
  ] as const
) {
  Deno.test(`an editor draws at most 16 × what is typed, plus one screen a second: ${name}`, async () => {
    const limits = { drawRate: 4_096, burst: 10, floodTimeout: Infinity };
    const { harness, client, peer, remote, clock } = await join({ limits });
    client.useEditor(options);
    await agree({ harness, client, remote });
    peer.write(`${"x".repeat(2_000)}\r`);
    await harness.pollUntil(() => client.getCommand() !== undefined);
    clock.advance(1_000_000);
    peer.take();
    peer.write(keys.repeat(1_000));
    let drawn = 0;
    const most = 4_000; // one key draws no more than that
    for (let second = 1; second <= 10; second++) {
      for (let polls = 0; polls < 50; polls++) {
        await harness.server.poll();
        while (client.getCommand() !== undefined);
        drawn += peer.take().length;
      }
      const typed = keys.length * 1_000 - harness.server.stats().queuedInput;
      assert(drawn <= 16 * typed + 4_096 * second + most, `${drawn} by ${typed} in ${second} s`);
      clock.advance(1_000);
    }
    assert(drawn > 4_096, "too little to say anything");
  });
}

/** Types bytes in chunks of a size; returns the lines and the commands that the game got. */
async function typed(bytes: Uint8Array, size: number, drawRate: number): Promise<string[]> {
  const [lines, commands]: [string[], string[]] = [[], []];
  const { harness, client, peer, remote, clock } = await join({
    limits: { drawRate, floodTimeout: Infinity },
    onTelnetCommand: (_, command) => void commands.push(`command ${command}`),
  });
  client.useEditor({ complete: () => ["alpha", "alphabet", "beta"] });
  await agree({ harness, client, remote });
  for (let at = 0; at < bytes.length; at += size) peer.write(bytes.slice(at, at + size));
  await harness.pollUntil(() => {
    clock.advance(1_000);
    for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
      lines.push(line);
    }
    return lines.at(-1) === "the end";
  });
  await harness[Symbol.asyncDispose]();
  return [...lines, ...commands];
}

Deno.test("lines and commands do not depend on how fast an editor may draw, or on the chunks", async () => {
  const recall = fc.constant("\x10\r".repeat(3)); // Ctrl-P, Enter: the line before, again
  const other = fc.constantFrom(
    "look\r",
    `${"x".repeat(300)}\r`,
    "\t\t",
    "\x0c",
    "\x7f",
    "\x12lo\r", // Ctrl-R: search
    "\x03",
    "\x1b[A",
    "ab",
    "\xff\xf4", // IAC IP
    "\xff\xf7", // IAC EC
    "\xff\xf8", // IAC EL
  );
  const part = fc.oneof({ weight: 2, arbitrary: recall }, { weight: 1, arbitrary: other });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 30 }), async (parts) => {
      // A long line to recall; at last, ends a search and clears the line.
      const text = `${"y".repeat(400)}\r${parts.join("")}\x07\x05\x15the end\r`;
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const free = await typed(bytes, bytes.length, Infinity);
      for (const size of [1, 3, bytes.length]) assertEquals(await typed(bytes, size, 128), free);
    }),
    { numRuns: 25 },
  );
});

Deno.test("a question whose answer waits for the drawing rate does not time out", async () => {
  const { harness, client, peer, remote, clock } = await join({ limits: { drawRate: 4_096 } });
  const words = Array.from({ length: 200 }, (_, index) => `word${index}`);
  client.useEditor({ complete: () => words });
  await agree({ harness, client, remote });
  clock.advance(1_000_000);
  let answer: string | undefined = "none yet";
  const asking = client.ask("Sure? ", { timeout: 3_000 }).then((line) => answer = line);
  peer.write(`${"\t".repeat(12)}\x15yes\r`); // Ctrl-U removes what Tab has completed
  await harness.pollUntil(() => {
    clock.advance(100);
    return answer !== "none yet";
  });
  await asking;
  assertEquals(answer, "yes");
  await harness[Symbol.asyncDispose]();
});

Deno.test("candidates of async code are charged, and asked for once at a time", async () => {
  const limits = { drawRate: 4_096, floodTimeout: Infinity };
  const { harness, client, peer, remote } = await join({ limits });
  const words = Array.from({ length: 200 }, (_, index) => `word${index}`);
  let asked = 0;
  client.useEditor({
    complete: () => {
      asked++;
      return Promise.resolve(words);
    },
  });
  await agree({ harness, client, remote });
  let drawn = 0;
  for (let round = 0; round < 6; round++) {
    peer.write("\t".repeat(round === 0 ? 1 : 1_000)); // the first one completes the common start
    for (let polls = 0; polls < 20; polls++) {
      await harness.server.poll();
      drawn += peer.take().length;
    }
  }
  const typed = 5_001 - harness.server.stats().queuedInput;
  assert(drawn > 4_096 && drawn <= 16 * typed + 2 * 4_096, `${drawn} by ${typed} keys`);
  assert(asked < 100, `asked ${asked} times`);
  await harness[Symbol.asyncDispose]();
});

Deno.test("one completion is asked for at a time, then the newest question", async () => {
  const { harness, client, peer, remote } = await join();
  const asked: string[] = [];
  const answers: ((words: string[]) => void)[] = [];
  client.useEditor({
    complete: (line) => {
      asked.push(line);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  await agree({ harness, client, remote });
  const type = async (text: string) => {
    peer.write(text);
    for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  };
  for (let at = 0; at < 50; at++) await type(`\t${at % 10}`);
  await type("\x15no\t");
  assertEquals(asked, [""]);
  answers[0]?.([]);
  for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  assertEquals(asked, ["", "no"]);
  answers[1]?.(["north"]);
  await type("\r");
  assertEquals(client.getCommand(), "north ");
  // A question whose line has changed since is not asked.
  await type("a\t");
  await type("b\t");
  await type("c");
  answers[2]?.([]);
  for (let polls = 0; polls < 5; polls++) await harness.server.poll();
  assertEquals(asked, ["", "no", "a"]);
  await harness[Symbol.asyncDispose]();
});

Deno.test("what an editor has drawn counts, even if a handler replaces the editor", async () => {
  const history = new History();
  history.add("y".repeat(1_900));
  const { harness, client, peer, remote, clock } = await join({
    limits: { drawRate: 4_096, floodTimeout: Infinity },
    onTelnetCommand: (client) => client.useEditor({ history }),
  });
  client.useEditor({ history });
  await agree({ harness, client, remote });
  clock.advance(1_000_000);
  peer.take();
  peer.write("\x10\x03".repeat(500)); // Ctrl-P, Ctrl-C
  let drawn = 0;
  for (let polls = 0; polls < 200; polls++) {
    await harness.server.poll();
    drawn += peer.take().length;
  }
  assert(drawn > 1_900 && drawn < 16 * 64 + 3 * 4_096, `${drawn} at once`);
  await harness[Symbol.asyncDispose]();
});

Deno.test("a Telnet command does not overtake keys that wait for the drawing rate", async () => {
  const words = Array.from({ length: 60 }, (_, index) => `w${index}`);
  const bytes = Uint8Array.of(9, 9, 9, 9, 9, 13, 255, 246, 255, 246); // Tabs, Enter, two AYT
  for (const size of [1, bytes.length]) {
    const queued: boolean[] = [];
    const { harness, client, peer, remote, clock } = await join({
      limits: { drawRate: 300 },
      onTelnetCommand(client) {
        if (queued.length === 0) client.useEditor({ complete: () => words });
        queued.push(client.cmdReady);
      },
    });
    client.enterCharacterMode();
    await agree({ harness, client, remote });
    clock.advance(1_000_000);
    for (let at = 0; at < bytes.length; at += size) peer.write(bytes.slice(at, at + size));
    await harness.pollUntil(() => {
      clock.advance(100);
      return queued.length === 2;
    });
    assertEquals(queued, [false, true], `chunks of ${size}`);
    assertEquals(client.getCommand(), "w");
    await harness[Symbol.asyncDispose]();
  }
});

Deno.test("a list of long candidates is no longer than two screens", async () => {
  await using sitting = await sit({}, (client) =>
    client.useEditor({
      complete: () => Array.from({ length: 200 }, (_, index) => `w${index}${"x".repeat(250)}`),
    }));
  await sitting.type("\t\t");
  const rows = await sitting.look();
  assert(rows.some((row) => /^\.\.\. 18\d more/.test(row)), rows.slice(-3).join("|"));
});
