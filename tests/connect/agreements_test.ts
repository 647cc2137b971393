/** The client's end: options that a server withdraws, offers again or uses in an unusual order. */
import { assert, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import { connectOver, type ConnectOverOptions, type RemoteServer } from "../../src/connect/mod.ts";
import { TestClock } from "../../src/testing/mod.ts";
import { BaseConnection } from "../../src/transport/mod.ts";
import { defaultCodec } from "../../src/transport/default.ts";
import { fromHex, hexOf, toHex } from "../hex.ts";
import { settle } from "./raw_server.ts";

/** A connection whose other end is the test. */
class Wire extends BaseConnection {
  readonly sent: number[] = [];
  protected transmit(chunk: Uint8Array): number {
    this.sent.push(...chunk);
    return chunk.length;
  }
  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(): void {}
}

interface Bot {
  readonly remote: RemoteServer;
  readonly clock: TestClock;
  readonly prompts: string[];
  readonly text: () => string;
  /** Receives bytes; returns what the client sends. */
  receive(hex: string): Promise<string>;
}

function makeBot(options: ConnectOverOptions = {}): Bot {
  const wire = new Wire("192.0.2.1", 23);
  const clock = new TestClock();
  const prompts: string[] = [];
  let text = "";
  const remote = connectOver(wire, {
    clock,
    timeout: Infinity,
    onPrompt: (_, prompt) => void prompts.push(prompt),
    onText: (_, more) => void (text += more),
    ...options,
  });
  return {
    remote,
    clock,
    prompts,
    text: () => text,
    async receive(hex) {
      wire.received(fromHex(hex));
      await settle();
      return toHex(Uint8Array.from(wire.sent.splice(0)));
    },
  };
}

Deno.test("prompts are guessed again when the server changes how it marks them", async () => {
  const [willEor, wontEor, willSga] = ["fffb19", "fffc19", "fffb03"];
  for (const change of [wontEor, `${wontEor}${willSga}`, "fffb01"]) {
    for (const first of [willEor, `${willEor}${willSga}`]) {
      const bot = makeBot();
      await bot.receive(`${first}${hexOf("a> ")}ffef`);
      assertEquals(bot.prompts, ["a> "]);
      await bot.receive(`${change}${hexOf("\r\nb> ")}`);
      bot.clock.advance(600);
      assertEquals(bot.prompts, ["a> ", "b> "], `${first} ${change}`);
      await bot.receive(`${hexOf("\r\nc> ")}fff9`); // a mark counts again
      await bot.receive(hexOf("\r\nhalf a line"));
      bot.clock.advance(600);
      assertEquals(bot.prompts, ["a> ", "b> ", "c> "]);
      bot.remote.abort();
    }
  }
});

Deno.test("a mode that the server acknowledges late does not replace the client's newer mode", async () => {
  const bot = makeBot({ telnetOptions: { linemode: true } });
  await bot.receive("fffd22");
  assert((await bot.receive("fffa220103fff0")).includes("fffa220107fff0"));
  await bot.receive("fffa220104fff0"); // MODE 0 with the acknowledgement of an older one
  assertEquals(bot.remote.telnet.linemode.mode, 3);
  bot.remote.abort();
});

Deno.test("an MCCP2 marker that crosses our DONT is obeyed", async () => {
  const bot = makeBot({ codec: await defaultCodec() });
  await bot.receive("fffb56");
  bot.remote.telnet.disableOption(86, "remote");
  const zlib = toHex(deflateSync(new TextEncoder().encode("You are here.\r\n")));
  await bot.receive(`fffa56fff0${zlib}fffc56${hexOf("plain\r\n")}`);
  for (let left = 100; left > 0 && !bot.text().includes("plain"); left--) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(bot.text(), "You are here.\r\nplain\r\n");
  bot.remote.abort();
});

Deno.test("MXP is read while either end performs it, and a number is no tag", async () => {
  const tags: string[] = [];
  const bot = makeBot({
    telnetOptions: { mxp: true },
    onMxp: (_, { name }) => void tags.push(name),
  });
  await bot.receive(`fffb5bfffd5b${hexOf("<b>one</b>\r\n")}`);
  await bot.receive(`fffe5b${hexOf("<b>two</b>\r\n<100hp 50mv> ")}fff9`);
  assertEquals([tags.length, bot.text()], [4, "one\r\ntwo\r\n<100hp 50mv> "]);
  assertEquals(bot.prompts, ["<100hp 50mv> "]);
  bot.remote.abort();
});

Deno.test("NEW-ENVIRON: a VAR and a USERVAR of one name are both answered", async () => {
  const bot = makeBot({ terminal: { name: "X", environment: { A: "1" } } });
  await bot.receive("fffd27");
  const heard = await bot.receive("fffa27 01 00 41 03 41 fff0");
  assertEquals(heard, "fffa2700004101310341" + "0131fff0");
  bot.remote.abort();
});

Deno.test("a clock that a timer advances does not go back", () => {
  const clock = new TestClock();
  clock.after(10, () => clock.advance(500));
  clock.advance(100);
  assertEquals(clock.now(), 510);
});
