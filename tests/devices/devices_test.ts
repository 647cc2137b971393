/** login() and exec() on many kinds of devices return just the text that a person wants to read. */
import { assert, assertEquals } from "@std/assert";
import { connect, isTelnetError } from "../../src/connect/mod.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { inTime } from "../patience.ts";
import { type Manner, MANNERS } from "./manners.ts";

for (const chunkSize of [undefined, 1]) {
  const cut = chunkSize === undefined ? "" : ", byte by byte";
  Deno.test(`exec() returns the right text on every kind of device${cut}`, async (t) => {
    // Devices pause now and then, so they run in parallel.
    const found = MANNERS.map((manner) => [manner, runAll(manner, chunkSize)] as const);
    for (const [manner, results] of found) {
      await t.step(manner.name, async () => {
        for (const { command, got, wanted } of await inTime(results, manner.name)) {
          assertEquals(got, wanted, command);
        }
      });
    }
  });
}

Deno.test("login() rejects if the device refuses the login", async (t) => {
  const found = MANNERS.filter(({ login }) => login.password).map((manner) =>
    [manner, refuse(manner)] as const
  );
  for (const [manner, refused] of found) {
    await t.step(manner.name, async () => {
      const error = await inTime(refused, manner.name);
      assert(isTelnetError(error), String(error));
      assertEquals(error.code, "login-refused", error.message);
    });
  }
});

Deno.test("execLines() yields the same lines as they arrive, and allows break", async () => {
  const manner = MANNERS[0] as Manner;
  const device = await dial(manner, undefined);
  await device.login(manner.login);
  const { command, output } = manner.exchanges.reduce((a, b) =>
    a.output.length > b.output.length ? a : b
  );
  const lines: string[] = [];
  for await (const line of device.execLines(command)) lines.push(line);
  assertEquals(lines.join("\n"), output);
  for await (const line of device.execLines(command)) {
    assertEquals(line, lines[0]);
    break;
  }
  assertEquals(await device.exec(command), output); // the next command gets its own output
  device.abort();
});

Deno.test("several exec() calls at once run one after another", async () => {
  const manner = MANNERS[0] as Manner;
  const device = await dial(manner, undefined);
  const login = device.login(manner.login);
  const some = manner.exchanges.slice(0, 3);
  const results = some.map(({ command }) => device.exec(command));
  await login;
  assertEquals(await Promise.all(results), some.map(({ output }) => output));
  device.abort();
});

Deno.test("login() learns the prompt, and exec() uses it", async () => {
  const manner = MANNERS[0] as Manner;
  const device = await dial(manner, undefined);
  await device.login(manner.login);
  const [{ command, output }] = manner.exchanges as [{ command: string; output: string }];
  assertEquals(device.learnedPrompt, "sw1>");
  assertEquals(await device.exec(command), output);
  device.abort();
});

Deno.test("a timeout error shows the text received instead of the prompt, and secrets are not traced", async () => {
  const manner = MANNERS[0] as Manner;
  const trace: string[] = [];
  const device = await dial(manner, undefined, (line) => trace.push(line));
  await device.login(manner.login);
  const question = manner.dialogues?.[0];
  assert(question !== undefined);
  const error = await device.exec(question.command, { timeout: 300 }).then(
    () => undefined,
    (e) => e,
  );
  assert(isTelnetError(error), String(error));
  assertEquals(error.code, "timeout");
  for (const words of ["sw1>", "Password: ", "performs ECHO"]) {
    assert(error.message.includes(words));
  }
  assert(trace.some((line) => line.includes("WILL ECHO")), "the negotiation is traced");
  assert(trace.includes("> (a secret)"), "that a secret was sent is traced");
  assert(!trace.join("").includes(manner.login.password ?? ""), "the secret is not");
  device.abort();
});

async function dial(manner: Manner, chunkSize: number | undefined, trace?: (line: string) => void) {
  const transport = new MemoryTransport(chunkSize === undefined ? {} : { chunkSize });
  const listener = await transport.listen({ port: 0, address: "" }, (one) => manner.serve(one));
  return await connect({ transport, port: listener.port, timeout: Infinity, trace });
}

interface Result {
  readonly command: string;
  readonly got: string;
  readonly wanted: string;
}

async function runAll(manner: Manner, chunkSize: number | undefined): Promise<Result[]> {
  const device = await dial(manner, chunkSize);
  const results: Result[] = [];
  await device.login(manner.login);
  for (const { command, output: wanted } of manner.exchanges) {
    results.push({ command, got: await device.exec(command), wanted });
  }
  for (const { command, answers, output: wanted } of manner.dialogues ?? []) {
    results.push({ command, got: await device.exec(command, { answers }), wanted });
  }
  device.abort();
  return results;
}

async function refuse(manner: Manner): Promise<unknown> {
  const device = await dial(manner, undefined);
  const { username } = manner.login;
  const login = device.login({ ...(username !== undefined && { username }), password: "wrong" });
  const error = await login.then(() => "it was let in", (error) => error);
  device.abort();
  return error;
}
