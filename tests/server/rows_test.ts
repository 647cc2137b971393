/** The last row of the screen, where the echo of line mode and an editor meet. */
import { assertEquals } from "@std/assert";
import type { ListenOptions, TelnetClient } from "../../mod.ts";
import { ECHO, encodeNaws, NAWS, SGA } from "../../src/options/mod.ts";
import { Terminal } from "../text/terminal.ts";
import { agree, join, type Joined, show } from "./remote.ts";

interface Scene extends Joined, AsyncDisposable {
  readonly terminal: Terminal;
  /** What the person sees, after some polls. */
  look(): Promise<string[]>;
  /** Sends text; `local`: the client also echoes it. */
  type(text: string, local?: boolean): Promise<string[]>;
  /** Agrees to character mode. */
  agree(): Promise<void>;
}

async function open(columns: number, options: ListenOptions = {}): Promise<Scene> {
  const joined = await join({ telnetOptions: { naws: true }, ...options });
  const { peer, remote } = joined;
  const terminal = new Terminal(columns, 10);
  const look = async () => {
    await show(joined, terminal);
    return terminal.everything;
  };
  remote.will(NAWS);
  remote.sub(NAWS, encodeNaws({ columns, rows: 10 }));
  await look();
  return {
    ...joined,
    terminal,
    look,
    async type(text, local = false) {
      if (local) await terminal.write(text);
      peer.write(text);
      return await look();
    },
    agree: () => agree(joined),
  };
}

Deno.test("a question that was answered does not come back when an editor starts", async () => {
  for (const hidden of [false, true]) {
    await using scene = await open(40);
    const asked = scene.client.ask("Name? ", { hidden });
    await scene.look();
    await scene.type("Bob\r\n", true);
    assertEquals(await asked, "Bob");
    scene.client.useEditor();
    await scene.agree();
    const rows = await scene.look();
    scene.client.send("Welcome.\n");
    assertEquals(await scene.type("look"), [...rows, "Welcome.", "look"]);
    assertEquals(rows.filter((row) => row.includes("Name?")).length, 1);
  }
});

Deno.test("an editor starts in a prompt that takes several rows, and rings its bell only once", async () => {
  await using scene = await open(30);
  scene.client.prompt("\x07Do you want to enter the dark cave (y/n)? ");
  await scene.look();
  scene.client.useEditor();
  await scene.agree();
  const rows = ["Do you want to enter the dark", "cave (y/n)?"];
  assertEquals([await scene.look(), scene.terminal.bells], [rows, 1]);
  assertEquals(await scene.type("yes"), ["Do you want to enter the dark", "cave (y/n)? yes"]);
});

Deno.test("an editor starts behind half a line that the client has echoed", async () => {
  await using scene = await open(20);
  scene.client.prompt("> ");
  await scene.look();
  scene.client.useEditor();
  await scene.look();
  await scene.type("say hello to everybody", true);
  await scene.agree();
  await scene.look();
  assertEquals(await scene.type("!"), ["> say hello to every", "body!"]);
});

Deno.test("an editor that starts in character mode takes over the prompt", async () => {
  await using scene = await open(40);
  scene.client.enterCharacterMode();
  await scene.agree();
  scene.client.prompt("> ");
  await scene.look();
  scene.client.useEditor();
  await scene.look();
  await scene.type("ac");
  assertEquals(await scene.type("\x02b"), ["> abc"]); // Ctrl-B: left
  scene.client.send("Bob waves.\n");
  assertEquals(await scene.look(), ["Bob waves.", "> abc"]);
});

Deno.test("when an editor ends, the row that it leaves is the last row", async () => {
  await using left = await open(40);
  left.client.useEditor();
  await left.agree();
  left.client.send("The wind: ");
  left.client.prompt("> ");
  await left.look();
  left.remote.dont(ECHO);
  left.remote.dont(SGA);
  await left.look();
  left.harness.server.broadcast("Bob waves.\n");
  assertEquals(await left.look(), ["The wind: >", "Bob waves.", "The wind: >"]);

  await using ended = await open(40);
  ended.client.prompt("Ready? ");
  await ended.look();
  ended.client.useEditor();
  await ended.agree();
  ended.client.send("Hi\n");
  ended.client.prompt("> ");
  await ended.look();
  ended.client.enterLineMode();
  await ended.look();
  ended.harness.server.broadcast("Bob waves.\n");
  assertEquals(await ended.look(), ["Hi", "Bob waves."]);
});

Deno.test("an echoed line that exactly fills its row leaves no empty row", async () => {
  await using scene = await open(20);
  const answer = (client: TelnetClient) => {
    client.send(`${client.getCommand()?.length}\n`);
    client.prompt("> ");
  };
  scene.client.requestWillEcho();
  await scene.look();
  scene.remote.do(ECHO);
  scene.client.prompt("> ");
  const line = "x".repeat(18);
  await scene.type(line);
  await scene.type("\r\n");
  answer(scene.client);
  await scene.type("日".repeat(9));
  scene.harness.server.broadcast("Bob waves.\n");
  const wide = `> ${"日".repeat(9)}`;
  assertEquals(await scene.look(), [`> ${line}`, "18", wide, "Bob waves.", wide]);
  await scene.type("\x7f");
  await scene.type("ab\r\n");
  answer(scene.client);
  const rows = [`> ${line}`, "18", wide, "Bob waves.", `> ${"日".repeat(8)}ab`, "10", ">"];
  assertEquals(await scene.look(), rows);
});

Deno.test("a status line in pieces leaves the rows alone, whatever is called between the pieces", async () => {
  const between: Record<string, (client: TelnetClient) => unknown> = {
    "a Telnet command": (client) => client.telnet.sendTelnetCommand(241), // NOP
    "password mode": (client) => client.passwordModeOn(),
    "the editor again": (client) => client.useEditor(),
    "a prompt": (client) => client.prompt("> "),
    "an option": (client) => client.telnet.enableOption(200, "local"),
  };
  for (const [name, call] of Object.entries(between)) {
    for (const pieces of [["\x1b7\x1b[1;1HHP", " 10\x1b8"], ["\x1b7", "\x1b[1;1HHP 10\x1b8"]]) {
      await using scene = await open(30);
      const { client } = scene;
      client.useEditor();
      await scene.agree();
      client.send("one...\ntwo\nthree\nfour\n");
      client.prompt("> ");
      await scene.type("look");
      for (const piece of pieces) {
        client.send(piece);
        call(client);
      }
      client.send("five\n");
      const line = name === "password mode" ? ">" : "> look";
      const rows = ["HP 10.", "two", "three", "four", "five", line];
      assertEquals((await scene.look()).map((row) => row.trimEnd()), rows, name);
    }
  }
});
