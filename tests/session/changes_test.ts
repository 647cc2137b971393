/** Input around changes of mode and password mode: nothing is lost, doubled or recorded. */
import { assert, assertEquals } from "@std/assert";
import { keyName, type ListenOptions } from "../../mod.ts";
import { ECHO, GMCP, MCCP2, MSSP, SGA } from "../../src/options/mod.ts";
import { DO, DONT, IAC, SB, SE } from "../../src/protocol/mod.ts";
import { latin1, negotiation, start } from "../server/harness.ts";

const AGREE = [...negotiation(DO, ECHO), ...negotiation(DO, SGA)];
const utf8 = (text: string) => [...new TextEncoder().encode(text)];

/** A client with the helpers of these tests. */
async function sit(options: ListenOptions = {}) {
  const harness = await start(options);
  const joined = await harness.join();
  const { peer, client } = joined;
  const recorded: string[] = [];
  client.terminal.record((line) => void recorded.push(line));
  const polls = async () => {
    for (let times = 0; times < 4; times++) await harness.server.poll();
  };
  return {
    harness,
    client,
    polls,
    /** Sends bytes as one chunk; returns the server's output. */
    async send(bytes: string | readonly number[]): Promise<string> {
      peer.write(Uint8Array.from(typeof bytes === "string" ? utf8(bytes) : bytes));
      await polls();
      return latin1(peer.take());
    },
    async heard(): Promise<string> {
      await polls();
      return latin1(peer.take());
    },
    lines(): string[] {
      const lines: string[] = [];
      while (client.cmdReady) lines.push(client.getCommand() ?? "");
      return lines;
    },
    keys(): string {
      const keys: string[] = [];
      for (let key = client.getKey(); key !== undefined; key = client.getKey()) {
        keys.push(key.text || keyName(key));
      }
      return keys.join(" ");
    },
    /** The recorded input. */
    typed: () => recorded.filter((line) => line.includes(`,"i",`)).join("\n"),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}
type Seat = Awaited<ReturnType<typeof sit>>;

async function ask(seat: Seat, mode: "enterCharacterMode" | "useEditor"): Promise<void> {
  seat.client[mode]();
  await seat.polls();
  await seat.send(AGREE);
}

async function secret(seat: Seat): Promise<void> {
  seat.client.passwordModeOn();
  await seat.polls();
}

Deno.test("a line that a client sent in password mode is secret, even if a handler ends the mode first", async () => {
  await using seat = await sit({
    telnetOptions: { gmcp: true },
    onGmcp: (client) => client.passwordModeOff(),
  });
  await secret(seat);
  await seat.send([...negotiation(DO, ECHO), ...negotiation(DO, GMCP)]);
  await seat.send([IAC, SB, GMCP, ...utf8("Core.Ping"), IAC, SE, ...utf8("hunter2\r\n")]);
  assertEquals(seat.lines(), ["hunter2"]);
  await seat.send("look\r\n");
  assertEquals(seat.lines(), ["look"]);
  assert(seat.typed().includes("look") && !seat.typed().includes("hunter"), seat.typed());
});

for (const next of ["enterLineMode", "useEditor"] as const) {
  Deno.test(`secrets typed ahead as keys stay secrets: ${next}`, async () => {
    await using seat = await sit();
    await ask(seat, "enterCharacterMode");
    await secret(seat);
    await seat.send("hunter1\rhunter2\r");
    seat.client.passwordModeOff();
    seat.client[next]();
    await seat.polls();
    assertEquals(seat.lines(), ["hunter1", "hunter2"]);
    await seat.send("look\r");
    assertEquals(seat.lines(), ["look"]);
    assert(seat.typed().includes("look") && !seat.typed().includes("hunter"), seat.typed());
  });
}

Deno.test("secrets typed ahead as lines stay secrets when they become keys and lines again", async () => {
  await using seat = await sit();
  await secret(seat);
  await seat.send([...negotiation(DO, ECHO), ...utf8("hunter1\r\nhunter2\r\n")]);
  seat.client.passwordModeOff();
  seat.client.enterCharacterMode();
  await seat.polls();
  await seat.send(AGREE);
  seat.client.enterLineMode();
  await seat.polls();
  assertEquals(seat.lines(), ["hunter1", "hunter2"]);
  assert(!seat.typed().includes("hunter"), seat.typed());
});

Deno.test("half a secret in the editor stays secret when it becomes keys and a line again", async () => {
  await using seat = await sit();
  await ask(seat, "useEditor");
  await secret(seat);
  await seat.send("hunt");
  seat.client.passwordModeOff();
  seat.client.enterCharacterMode();
  await seat.polls();
  await seat.send("er2\r");
  seat.client.enterLineMode();
  await seat.polls();
  assertEquals(seat.lines(), ["hunter2"]);
  assert(!seat.typed().includes("hunter"), seat.typed());
});

Deno.test("the rest of a secret stays secret if the client leaves the editor in its middle", async () => {
  await using seat = await sit();
  await ask(seat, "useEditor");
  await secret(seat);
  await seat.send("hun");
  seat.client.passwordModeOff();
  await seat.polls();
  await seat.send([...negotiation(DONT, SGA)]);
  await seat.send("ter2\r\n");
  assertEquals(seat.lines(), ["ter2"]);
  await seat.send("look\r\n");
  assertEquals(seat.lines(), ["look"]);
  assert(seat.typed().includes("look") && !seat.typed().includes("ter2"), seat.typed());
});

const PASTE = "\x1b[200~a\nb\nc\nd\x1b[201~\r";

Deno.test("a paste of many lines is kept for a game that takes one line at a time", async () => {
  for (const carry of [false, true]) {
    let snapshot = "";
    const lines: string[] = [];
    await using seat = await sit({ limits: { queuedLines: 1 } });
    await ask(seat, "useEditor");
    await seat.send(PASTE);
    if (carry) snapshot = JSON.stringify(seat.client.snapshot());
    else seat.client.enterLineMode();
    const restore = () => JSON.parse(snapshot);
    await using after = carry ? await sit({ limits: { queuedLines: 1 }, restore }) : await sit();
    const reader = carry ? after : seat;
    for (let times = 0; times < 6; times++) {
      lines.push(...reader.lines());
      await reader.polls();
    }
    assertEquals(lines, ["a", "b", "c", "d"]);
  }
});

Deno.test("a queued paste of many lines becomes keys in order", async () => {
  await using seat = await sit({ limits: { queuedLines: 1 } });
  await ask(seat, "useEditor");
  await seat.send(PASTE);
  seat.client.enterCharacterMode();
  await seat.polls();
  assertEquals([seat.keys(), seat.lines()], ["a enter b enter c enter d enter", []]);
});

Deno.test("a change of mode and back in one turn passes no keys to the mode in between", async () => {
  const keys: string[] = [];
  await using seat = await sit({ onKey: (_, key) => void keys.push(key.text) });
  await ask(seat, "useEditor");
  await seat.send("abc");
  seat.client.enterCharacterMode();
  seat.client.useEditor();
  await seat.polls();
  await seat.send("\r");
  assertEquals([keys, seat.lines()], [[], ["abc"]]);
});

Deno.test("a snapshot between a change of mode and the next poll has every key", async () => {
  await using seat = await sit({ onKey: () => {} });
  await ask(seat, "useEditor");
  await seat.send("abc");
  seat.client.enterCharacterMode();
  const snapshot = JSON.stringify(seat.client.snapshot());
  await using after = await sit({ restore: () => JSON.parse(snapshot) });
  await after.polls();
  assertEquals(after.keys(), "a b c");
});

Deno.test("queued lines become keys before the partial line", async () => {
  await using seat = await sit();
  await ask(seat, "useEditor");
  await seat.send("look\rnor");
  seat.client.enterCharacterMode();
  await seat.polls();
  await seat.send("th\r");
  assertEquals(seat.keys(), "l o o k enter n o r t h enter");
});

Deno.test("two LF are two Enters across a change of mode, CR LF is one", async () => {
  for (const [first, second, expected] of [["a\n", "\nb\n", 3], ["a\r", "\nb\r", 2]] as const) {
    await using keysFirst = await sit();
    await ask(keysFirst, "enterCharacterMode");
    await keysFirst.send(first);
    keysFirst.client.enterLineMode();
    await keysFirst.polls();
    await keysFirst.send(second);
    assertEquals(keysFirst.lines().length, expected, JSON.stringify(first));
    await using linesFirst = await sit();
    linesFirst.client.enterCharacterMode();
    await linesFirst.polls();
    await linesFirst.send([...utf8(first), ...AGREE, ...utf8(second)]);
    const enters = linesFirst.keys().split(" ").filter((key) => key === "enter");
    assertEquals(enters.length, expected, JSON.stringify(first));
  }
});

Deno.test("a loop over lines() gets a line that a change of mode made from keys", async () => {
  await using seat = await sit();
  const reading = seat.client.lines().next();
  await ask(seat, "enterCharacterMode");
  await seat.send("look\r");
  seat.client.enterLineMode();
  assertEquals((await reading).value, "look");
});

Deno.test("the last ECHO negotiation sent is the state in force, however the client's bytes are split", async () => {
  const sent = [...negotiation(DONT, ECHO), ...negotiation(DO, ECHO)];
  await using whole = await sit();
  await ask(whole, "enterCharacterMode");
  await using cut = await sit();
  await ask(cut, "enterCharacterMode");
  let bytes = "";
  for (const byte of sent) bytes += await cut.send([byte]);
  assertEquals(await whole.send(sent), bytes);
  const last = bytes.lastIndexOf("\xff\xfb\x01") > bytes.lastIndexOf("\xff\xfc\x01");
  assertEquals(last, whole.client.telnet.optionEnabled(ECHO, "local"));
});

Deno.test("a client that refused ECHO for a password is asked again for character mode", async () => {
  await using seat = await sit();
  await secret(seat);
  await seat.send([...negotiation(DONT, ECHO)]);
  seat.client.enterCharacterMode();
  assert((await seat.heard()).includes("\xff\xfb\x01"));
  await seat.send(AGREE);
  assertEquals(seat.client.terminal.inCharacterMode, true);
});

for (const [option, other] of [[SGA, ECHO], [ECHO, SGA]] as const) {
  Deno.test(`a withdrawn half of character mode leaves the other half off: option ${option}`, async () => {
    await using seat = await sit();
    seat.client.enterCharacterMode();
    await seat.polls();
    await seat.send([...negotiation(DO, option), ...negotiation(DONT, option)]);
    await seat.send([...negotiation(DO, other)]);
    assertEquals(
      [option, other].map((code) => seat.client.telnet.optionEnabled(code, "local")),
      [false, false],
    );
    await seat.send("look\r\n");
    assertEquals(seat.lines(), ["look"]);
  });
}

Deno.test("a held-back line counts as activity and is reported, in one chunk or byte by byte", async () => {
  for (const cut of [false, true]) {
    const told: string[] = [];
    await using seat = await sit({
      limits: { queuedLines: 1, idleTimeout: 1_000 },
      onViolation: (_, { kind }) => void told.push(kind),
    });
    for (const part of cut ? [..."a\r\nb\r\n"] : ["a\r\nb\r\n"]) await seat.send(part);
    for (let times = 0; times < 4; times++) {
      seat.harness.clock.advance(900);
      await seat.polls();
    }
    assertEquals([told, seat.client.active], [["queue-full"], true], `cut: ${cut}`);
  }
});

Deno.test("MSSP is not sent after the game's own WONT", async () => {
  let off = () => {};
  await using seat = await sit({ telnetOptions: { mssp: () => (off(), { NAME: "Bogboa" }) } });
  off = () => seat.client.telnet.disableOption(MSSP, "local");
  const heard = await seat.send([...negotiation(DO, MSSP)]);
  assert(heard.includes("\xff\xfc\x46") && !heard.includes("Bogboa"), heard);
});

Deno.test("everything after WONT MCCP2 is uncompressed", async () => {
  await using seat = await sit({ telnetOptions: { mccp2: true } });
  await seat.send([...negotiation(DO, MCCP2)]);
  assertEquals(seat.client.connection.compressed, true);
  seat.client.telnet.disableOption(MCCP2, "local");
  seat.client.send("after\n");
  for (let times = 0; times < 50 && seat.client.connection.compressed; times++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await seat.polls();
  }
  assertEquals(seat.client.connection.compressed, false);
  assert((await seat.heard()).endsWith("after\r\n"));
});

Deno.test("negotiations with a dropped client are not traced", async () => {
  const traced: string[] = [];
  await using seat = await sit({ onTrace: (_, direction) => void traced.push(direction) });
  seat.client.passwordModeOn();
  seat.client.active = false;
  await seat.polls();
  assertEquals(traced, []);
});

for (
  const [name, bytes] of [
    ["an endless sequence", `\x1b[${"0".repeat(40)}Ax`],
    ["rxvt's Shift sequences and similar ones", "\x1b[2$$y\x1b[2$ qx"],
    ["a line over the limit of an editor", "abcd😀x"],
  ] as const
) {
  Deno.test(`keys do not depend on how the bytes are split: ${name}`, async () => {
    const results: string[] = [];
    for (const cut of [false, true]) {
      await using seat = await sit();
      if (name.includes("editor")) {
        seat.client.useEditor({ limit: 5 });
        await seat.polls();
        await seat.send(AGREE);
      } else await ask(seat, "enterCharacterMode");
      const sent = utf8(`${bytes}\r`);
      for (const part of cut ? sent.map((byte) => [byte]) : [sent]) await seat.send(part);
      results.push(seat.keys() + seat.lines().join());
    }
    assertEquals(results[0], results[1]);
  });
}

Deno.test("history search finds the same, key by key or in one chunk", async () => {
  const found: string[] = [];
  for (const cut of [false, true]) {
    await using seat = await sit();
    await ask(seat, "useEditor");
    await seat.send("abc\r");
    seat.lines();
    for (const part of cut ? [..."\x12abx\r"] : ["\x12abx\r"]) await seat.send(part);
    found.push(seat.lines().join());
  }
  assertEquals(found, ["abc", "abc"]);
});

const EC = [IAC, 247];

for (
  const [name, bytes, keys, line] of [
    ["a paste", [...utf8("\x1b[200~looj"), ...EC, ...utf8("k\x1b[201~")], "l o o k", "look"],
    ["a lone ESC", [...utf8("a\x1b"), ...EC, ...utf8("b")], "a escape backspace b", "b"],
  ] as const
) {
  Deno.test(`EC erases the character before it, after ${name}`, async () => {
    await using typing = await sit();
    await ask(typing, "enterCharacterMode");
    await typing.send(bytes);
    assertEquals(typing.keys(), keys);
    await using editing = await sit();
    await ask(editing, "useEditor");
    await editing.send([...bytes, 13]);
    assertEquals(editing.lines(), [line]);
  });
}

Deno.test("a key sequence that the agreement on character mode splits is still one key", async () => {
  const sequence = "\x1b[1;5D";
  for (let at = 1; at < sequence.length; at++) {
    await using seat = await sit();
    seat.client.enterCharacterMode();
    await seat.polls();
    await seat.send([...utf8(sequence.slice(0, at)), ...AGREE, ...utf8(sequence.slice(at))]);
    assertEquals(seat.keys(), "ctrl+left");
  }
});
