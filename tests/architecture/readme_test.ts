/** Checks the README's tables and commands. `deno test --doc` runs its code. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { SERVER_LIMITS, TelnetClient, TelnetServer } from "../../mod.ts";
import { BUILT_IN } from "../../src/options/registry.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";

const root = new URL("../../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));
const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
const hasNpx = await new Deno.Command(npx, { args: ["--version"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

Deno.test("the README's limits and defaults match SERVER_LIMITS", () => {
  const rows = readme.matchAll(/^\| `(\w+)` +\| (?:([\d.]+)( MiB)?|off)/gm);
  const told = Object.fromEntries(
    Array.from(rows, ([, name, number, mib]) => {
      return [name, number === undefined ? Infinity : Number(number) * (mib ? 2 ** 20 : 1)];
    }),
  );
  assertEquals(told, { ...SERVER_LIMITS });
});

Deno.test("the README's table has every option with its code", () => {
  const rows = readme.matchAll(/^\| ([A-Z][\w-]*)(?:, \w+)? +\| (\d+) +\|/gm);
  const told = new Map(Array.from(rows, ([, name = "", code]) => [name, Number(code)]));
  assertEquals(
    told,
    new Map(BUILT_IN.all.map(({ name, code }) => [name, code] as const).sort(byCode)),
  );
});

Deno.test("every name on the right of the README's Miniboa table exists", () => {
  const table = readme.slice(
    readme.indexOf("## Migrating from"),
    readme.indexOf("What Miniboa gets"),
  );
  const right = table.split("\n").filter((row) => row.startsWith("| ")).slice(2)
    .map((row) => row.split(" | ").at(-1) ?? "").join(" ");
  const names = Array.from(
    right.replaceAll("`false`", "").matchAll(/`(?:await )?(\w+)(?:\(\))?`/g),
    ([, name = ""]) => name,
  );
  assert(names.length > 35, `${names.length} names`);
  const functions = ["colorize", "stripCaretCodes", "wordWrap"];
  const fields = ["onConnect", "onDisconnect", "timeout"];
  for (const name of names) {
    const known = name in TelnetServer.prototype || name in TelnetClient.prototype ||
      functions.includes(name) || fields.includes(name);
    assert(known, name);
  }
});

Deno.test({
  name: "the README's command for a machine that has only Node runs the chat",
  ignore: !hasNpx,
  async fn() {
    const [, ...words] = /^npx (-y) (deno@[\d.]+) (run -N) (examples\/chat\.ts)$/m.exec(readme) ??
      [];
    const [yes = "", deno = "", run = "", file = ""] = words;
    const runtime = { name: "Node", path: npx, args: [yes, deno, ...run.split(" ")] } as const;
    await using program = Program.start(runtime, file, ["--port", "0"]);
    const [, port] = await program.match(/^Chat on port (\d+)/);
    using client = await LineClient.connect(Number(port));
    assertMatch(await client.until(/leave\.\r\n/), /Welcome to the chat!/);
    await client.write("shutdown\r\n");
    await client.rest();
    await client.end();
    await program.status;
  },
});

function byCode([, one]: readonly [string, number], [, other]: readonly [string, number]): number {
  return one - other;
}
