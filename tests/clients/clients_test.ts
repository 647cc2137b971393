/**
 * Real clients on real terminals join servers on each runtime. A missing client is skipped; with
 * MINIBOA_CLIENTS=required it is a failure.
 */
import { assert, assertEquals } from "@std/assert";
import { Program } from "../runtimes/process.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { type Client, installedClients, missing, required, why } from "./clients.ts";
import { Screen } from "./screen.ts";

const here = installedClients.filter(({ chat }) => chat);

Deno.test({
  name: `the real clients are installed${why}`,
  ignore: missing.length > 0 && !required,
  fn: () => assertEquals(missing, []),
});

for (const runtime of await findRuntimes()) {
  Deno.test({
    name: `${runtime.name}: real clients join the chat and see each line once${why}`,
    ignore: here.length < 2,
    fn: () => joinTheChat(runtime),
  });
  for (const client of here.filter(({ password }) => password)) {
    Deno.test({
      name: `${runtime.name}: ${client.name} hides a password, and shows the text after it${why}`,
      fn: () => hidesPassword(runtime, client),
    });
  }
}

async function joinTheChat(runtime: Runtime): Promise<void> {
  await using program = Program.start(runtime, "examples/chat.ts", ["--port", "0"]);
  const [, port] = await program.match(/ on port (\d+)/);
  await using screens = new AsyncDisposableStack();
  const people: { client: Client; screen: Screen; name: string }[] = [];
  for (const client of here) {
    const screen = screens.use(await Screen.open(client.command(Number(port))));
    const [, name = ""] = await program.match(/^\+\+ (.*)$/);
    await screen.shows(/Welcome to the chat! Type to talk, bye to leave\./);
    people.push({ client, screen, name });
  }
  for (const { client, screen } of people) {
    await screen.enter(`hello from ${client.name}`);
    const said = new RegExp(`says: hello from ${client.name.replaceAll("+", "\\+")}`);
    for (const other of people) if (other.screen !== screen) await other.screen.shows(said);
  }
  for (const [index, { client, screen }] of people.entries()) {
    const lines = (await screen.lines()).filter((line) => !client.own.test(line));
    const welcome = lines.findIndex((line) => line.includes("Welcome to the chat!"));
    const expected = [
      "Welcome to the chat! Type to talk, bye to leave.",
      ...people.slice(index + 1).map(({ name }) => `${name} joins.`),
      ...people.flatMap((person) => {
        const words = `hello from ${person.client.name}`;
        const own = person.screen === screen; // the client also shows what it sends
        return own ? [words, `You say: ${words}`] : [`${person.name} says: ${words}`];
      }),
    ];
    assertEquals(lines.slice(welcome), expected, `on the screen of ${client.name}`);
  }
  for (const { screen } of people) await screen.enter("bye");
  for (const { screen } of people) await screen.shows(/Good bye!/);
}

async function hidesPassword(runtime: Runtime, client: Client): Promise<void> {
  await using program = Program.start(runtime, "tests/runtimes/server_program.ts");
  const [, port] = await program.match(/^port (\d+)/);
  await using screen = await Screen.open(client.command(Number(port)));
  if (client.name !== "plink") await screen.shows(/Connected|CONNECTED/); // plink shows nothing
  await screen.enter("hello");
  await screen.shows(/echo hello/);
  // Twice, because TinTin++ does not acknowledge the end of the first password mode.
  for (const [letters, password] of ["sesame", "mellon!"].entries()) {
    await screen.enter("secret");
    await screen.shows(new RegExp(`(Password:[^]*){${letters + 1}}`));
    await screen.type(password);
    assert(!(await screen.lines()).join("\n").includes(password));
    await screen.press("Enter");
    const lines = await screen.shows(new RegExp(`Thank you for ${password.length} letters`));
    assert(!lines.join("\n").includes(password), lines.join("\n"));
  }
  await screen.enter("seen again");
  const lines = await screen.shows(/echo seen again/);
  assert(lines.includes("seen again"), lines.join("\n"));
}
