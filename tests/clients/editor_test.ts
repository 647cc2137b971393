/** Line editing in real clients, on the device console of the examples. */
import { assert, assertEquals } from "@std/assert";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { type Client, installedClients, why } from "./clients.ts";
import { Screen } from "./screen.ts";

const PEOPLE = installedClients.filter(({ name }) => name === "telnet" || name === "plink");

for (const runtime of await findRuntimes()) {
  Deno.test({
    name: `${runtime.name}: real clients edit lines as at a local prompt${why}`,
    ignore: PEOPLE.length === 0,
    async fn(t) {
      for (const client of PEOPLE) {
        await t.step(client.name, () => edits(runtime, client));
        await t.step(`${client.name}, in a narrow window`, () => wraps(runtime, client));
      }
    },
  });
}

/** The window's size comes before the client has agreed to send each key. */
async function wraps(runtime: Runtime, client: Client): Promise<void> {
  await using program = Program.start(runtime, "examples/repl.ts", ["--port", "0"]);
  const [, port] = await program.match(/port (\d+)/);
  await using screen = await Screen.open(client.command(Number(port)), { columns: 24, rows: 10 });
  await screen.shows(/boa1>/);
  await screen.type("a line that is longer than its window");
  await screen.shows(/^boa1> a line that is lon\nger than its window$/m);
  await screen.press("Home");
  await screen.type("x");
  await screen.shows(/^boa1> xa line that is lo\nnger than its window$/m);
  await screen.press("C-k");
  await screen.shows(/^boa1> x$/m);
}

async function edits(runtime: Runtime, client: Client): Promise<void> {
  await using program = Program.start(runtime, "examples/repl.ts", ["--port", "0"]);
  const [, port] = await program.match(/port (\d+)/);
  await using screen = await Screen.open(client.command(Number(port)));
  await screen.shows(/boa1>/);
  const prompt = async () => (await screen.lines()).at(-1) ?? "";
  const typed = async (text: string, expected: string) => {
    await screen.type(text);
    await screen.shows(new RegExp(`^boa1> ${escape(expected)}$`, "m"));
  };

  // Type, move, insert in the middle, kill and yank.
  await typed("show hostame", "show hostame");
  for (let times = 0; times < 3; times++) await screen.press("Left");
  await typed("n", "show hostname");
  await screen.press("Enter");
  await screen.shows(/^hostname is boa1$/m);
  await typed("led show ", "led show");
  await screen.press("C-a");
  await screen.press("M-d");
  await screen.press("C-e");
  await screen.press("C-y");
  await screen.shows(/^boa1> {2}show led$/m);
  await screen.press("Enter");
  await screen.shows(/^led is on$/m);

  // Tab, history, Ctrl-R.
  await screen.type("sh");
  await screen.press("Tab");
  await screen.shows(/^boa1> show$/m);
  await screen.type("s");
  await screen.press("Tab");
  await screen.shows(/^boa1> show speed$/m);
  await screen.press("C-u");
  await screen.press("Up");
  await screen.press("Up");
  await screen.shows(/^boa1> show hostname$/m);
  await screen.press("C-c");
  await screen.press("C-r");
  await screen.type("led");
  await screen.shows(/^\(search\) 'led': {2,}show led$/m);
  await screen.press("Enter");
  await screen.shows(/^led is on\nboa1>$/m);

  // Several scripts, with the cursor in the middle.
  for (const text of ["plain", "中文字符", "naïve", "👩‍🚀", "مرحبا", "नमस्ते"]) {
    await screen.type(`show ${text}x`);
    await screen.shows(new RegExp(`^boa1> show ${escape(text)}x$`, "m"));
    await screen.press("Left");
    await screen.type("y");
    await screen.shows(new RegExp(`^boa1> show ${escape(text)}yx$`, "m"));
    await screen.press("End");
    await screen.press("BSpace");
    await screen.press("Enter");
    await screen.shows(new RegExp(`^${escape(text)}y is unknown$`, "m"));
    await screen.press("C-l");
    await screen.shows(/^boa1>$/);
  }

  // Ten broadcasts while a line is typed.
  using other = await LineClient.connect(Number(port));
  await screen.type("show lo");
  for (let times = 0; times < 10; times++) {
    await other.write(`wall hello ${times}\r\n`);
    await screen.type(String(times));
  }
  const lines = await screen.shows(/hello 9\nboa1> show lo0123456789$/m);
  const hellos = lines.filter((line) => line.includes("hello"));
  assertEquals(hellos.map((line) => line.split(": ")[1]), words(10));
  assertEquals(lines.filter((line) => line.startsWith("boa1>")).length, 1);

  // Resize while a line is typed that is longer than the window.
  await screen.press("C-u");
  const long = "one two three four five six seven eight nine ten eleven twelve";
  await screen.type(long);
  await screen.shows(/twelve$/m);
  await screen.resize(40, 24);
  await screen.shows(/^boa1> one two three four five six seven\neight nine ten eleven twelve$/m);
  await screen.press("C-a");
  await screen.type("x");
  await screen.shows(/^boa1> xone two three four five six seven\n eight nine ten eleven twelve$/m);
  await screen.resize(80, 24);
  await screen.shows(new RegExp(`^boa1> x${long}$`, "m"));
  assertEquals(await screen.cursor(), "boa1> x".length);

  // A paste of five kilobytes.
  await screen.press("C-u");
  await screen.press("C-k");
  await screen.shows(/^boa1>$/m);
  await screen.paste(`show ${"word ".repeat(1023)}end`);
  const pasted = await screen.shows(/end$/m);
  assertEquals(pasted.length, 24); // the rows around the cursor
  assertEquals(pasted.at(-1)?.endsWith("word end"), true);
  await screen.press("Enter");
  await screen.shows(/^word is unknown$/m);
  assert((await prompt()).startsWith("boa1>"), await prompt());

  // A pager by single keys, then the editor again.
  await screen.enter("log");
  await screen.shows(/^22: all is well\n--more--$/m);
  await screen.type(" ");
  await screen.shows(/^45: all is well\n--more--$/m);
  await screen.type("q");
  await screen.shows(/^boa1>$/m);
  await screen.enter("quit");
  await program.match(/deactivated/);
}

function words(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `hello ${index}`);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
