/** The examples as files, and hello.ts, which has a fixed port. */
import { assert, assertMatch } from "@std/assert";
import { build, stop } from "esbuild";
import { LONG } from "../patience.ts";
import { run } from "../npm/project.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { packages } from "../web/packages.ts";

const TUTORIAL_PAGE = new URL("../../examples/tutorial/page/", import.meta.url);

// One after another, in one file: there is only one port 7777.
for (const name of ["Deno", "Bun", "Node"] as const) {
  const runtime = await findRuntime(name);
  Deno.test({
    name: `${name}: hello.ts greets on port 7777${
      runtime === undefined ? ` (there is no ${name} here)` : ""
    }`,
    ignore: runtime === undefined,
    fn: async () => runtime && await greets(runtime),
  });
}

for (const name of ["Deno", "Bun", "Node"] as const) {
  const runtime = await findRuntime(name);
  Deno.test({
    name: `${name}: each step of the tutorial runs${
      runtime === undefined ? ` (there is no ${name} here)` : ""
    }`,
    ignore: runtime === undefined || !LONG,
    sanitizeOps: false, // esbuild runs as a process of its own, which stop() ends
    sanitizeResources: false,
    fn: async (t) => runtime && await playsTutorial(runtime, t),
  });
}

Deno.test("each example is short, and the event-driven chat is not longer than the polled one", () => {
  const lines = (name: string) => Deno.readTextFileSync(`examples/${name}`).split("\n").length - 1;
  for (const name of programsIn("examples")) {
    const most = name === "mud.ts" ? 220 : 100;
    assert(lines(name) <= most, `${name} has ${lines(name)} lines`);
  }
  assert(lines("chat_events.ts") <= lines("chat.ts"));
});

/** The TypeScript files in a folder and its folders, without what is built there. */
function programsIn(folder: string, path = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${path}`)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "dist" ? [] : programsIn(folder, `${path}${name}/`);
    return name.endsWith(".ts") ? [`${path}${name}`] : [];
  });
}

async function greets(runtime: Runtime): Promise<void> {
  portIsFree(7777);
  await using program = Program.start(runtime, "examples/hello.ts");
  using client = await connectSoon(program, 7777);
  assertMatch(await client.until(/\r\n/), /^Greetings/);
  assertMatch(await program.line(), new RegExp(`127\\.0\\.0\\.1:${client.port}`));
}

async function playsTutorial(runtime: Runtime, t: Deno.TestContext): Promise<void> {
  const folder = new URL(`file://${await Deno.makeTempDir()}/`); // for accounts.json
  const step = (file: string, play: (client: LineClient) => Promise<unknown>) =>
    t.step(file, async () => {
      portIsFree(7777);
      const path = `examples/tutorial/${file}`;
      await using program = Program.start(runtime, path, [], {}, folder);
      using client = await connectSoon(program, 7777);
      await play(client);
    });
  const say = async (client: LineClient, line: string, answer: RegExp) => {
    await client.write(`${line}\r\n`);
    return await client.until(answer);
  };
  /** Logs the same player in once more, which ends the connection before. */
  const replaces = async (client: LineClient, welcome: RegExp) => {
    using again = await LineClient.connect(7777);
    await again.until(/name\? /);
    await say(again, "ADA", /Password: /);
    await say(again, "correct horse", welcome);
    assertMatch(await client.rest(), /You play from elsewhere now\.\r\n$/);
  };
  await step("1_hello.ts", (client) => client.until(/Greetings/));
  await step("2_talk.ts", async (client) => {
    await client.until(/Welcome to Boaville!/);
    await say(client, "I ^Rpaint", /You say:.* I \^Rpaint\r\n/);
    await say(client, "quit", /Farewell/);
  });
  await step("3_names.ts", async (client) => {
    await client.until(/name\? /);
    await say(client, "4da", /letters, please.*name\? /s);
    await say(client, "Ada", /> /);
    await say(client, "hello", /You say:.* hello\r\n/);
  });
  await step("4_accounts.ts", async (client) => {
    await client.until(/name\? /);
    await say(client, "Ada", /Choose a password: /);
    await say(client, "correct horse", /> /);
    await say(client, "hello", /You say:.* hello\r\n/);
    await replaces(client, /> /);
  });
  await step("5_game.ts", async (client) => {
    await client.until(/name\? /); // the account of the step before is there
    await say(client, "ada", /Password: /);
    await say(client, "wrong horse", /not the password/);
    await say(client, "correct horse", /The Wet Boa.*20\/20.*> /s);
    await say(client, "north", /The Old Bridge.*> /s);
    await replaces(client, /The Wet Boa.*> /s);
  });
  await buildTutorialPage();
  await step("6_page.ts", async (client) => {
    await client.until(/name\? /);
    const page = await fetch("http://127.0.0.1:7777/");
    assertMatch(await page.text(), /<title>Boaville<\/title>/);
    const script = await fetch("http://127.0.0.1:7777/page.js");
    assertMatch(await script.text(), /Char\.Vitals/);
  });
  await t.step("7_test.ts", async () => {
    const [program, args] = {
      Deno: [runtime.path, ["test", "-A"]] as const,
      Bun: [runtime.path, ["test"]] as const,
      Node: [runtime.path, ["--test"]] as const,
    }[runtime.name];
    const file = decodeURIComponent(
      new URL("../../examples/tutorial/7_test.ts", import.meta.url).pathname,
    );
    await run(folder, program, [...args, file]);
  });
  await Deno.remove(folder, { recursive: true });
}

/** What the tutorial does by the command of esbuild. */
async function buildTutorialPage(): Promise<void> {
  const here = (name: string) => decodeURIComponent(new URL(name, TUTORIAL_PAGE).pathname);
  await build({
    entryPoints: [here("page.ts"), here("page.css")],
    outdir: here("dist"),
    bundle: true,
    format: "esm",
    plugins: [packages],
  });
  await stop();
}

function portIsFree(port: number): void {
  try {
    Deno.listen({ port, hostname: "0.0.0.0" }).close();
  } catch (cause) {
    throw new Error(`Port ${port} is taken: end the other server`, { cause });
  }
}

/** Connects with retries: to stay three lines long, hello.ts prints nothing when it is ready. */
async function connectSoon(program: Program, port: number): Promise<LineClient> {
  let ended = false;
  program.status.then(() => ended = true);
  while (true) {
    try {
      return await LineClient.connect(port);
    } catch (error) {
      if (ended) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
