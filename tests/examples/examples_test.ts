/** The examples as files, and hello.ts, which has a fixed port. */
import { assert, assertMatch } from "@std/assert";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";

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

Deno.test("each example is short, and the event-driven chat is not longer than the polled one", () => {
  const lines = (name: string) => Deno.readTextFileSync(`examples/${name}`).split("\n").length - 1;
  for (const { name, isFile } of Deno.readDirSync("examples")) {
    if (!isFile) continue;
    const most = name === "mud.ts" ? 220 : 100;
    assert(lines(name) <= most, `${name} has ${lines(name)} lines`);
  }
  assert(lines("chat_events.ts") <= lines("chat.ts"));
});

async function greets(runtime: Runtime): Promise<void> {
  portIsFree(7777);
  await using program = Program.start(runtime, "examples/hello.ts");
  using client = await connectSoon(program, 7777);
  assertMatch(await client.until(/\r\n/), /^Greetings/);
  assertMatch(await program.line(), new RegExp(`127\\.0\\.0\\.1:${client.port}`));
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
