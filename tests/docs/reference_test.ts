/** The tables of the documentation say what the code says. Its examples are run by `deno test --doc`. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  DISCONNECT_REASONS,
  REFUSAL_KINDS,
  SERVER_LIMITS,
  TelnetClient,
  TelnetServer,
} from "../../mod.ts";
import { CONNECT_LIMITS } from "../../src/connect/limits.ts";
import {
  connectOptionNames,
  OWN_EVENTS as CONNECT_EVENTS,
  TERMINAL_NAMES,
} from "../../src/connect/setup.ts";
import { SERVER_MESSAGES } from "../../src/guard/messages.ts";
import { BUILT_IN, OPTION_EVENTS } from "../../src/options/registry.ts";
import { handlerName, listenOptionNames, OWN_EVENTS } from "../../src/server/listen_options.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { EMACS_KEYS, ENCODINGS } from "../../src/text/mod.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
const hasNpx = await new Deno.Command(npx, { args: ["--version"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

/** The codes in the first column of the table that follows a heading. */
function firstColumn(path: string, heading: string): string[] {
  const text = read(path);
  const start = text.indexOf(`${heading}\n`);
  assert(start !== -1, `${path} has no ${heading}`);
  const table = /^\|(?:.*\n\|)*.*$/m.exec(text.slice(start))?.[0] ?? "";
  const cells = table.split("\n").slice(2).map((row) => row.split(/(?<!\\)\|/)[1] ?? "");
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = ""]) => code));
}

Deno.test("the table of limits has the limits and defaults of SERVER_LIMITS", () => {
  const rows = read("docs/reference/limits.md").matchAll(
    /^\| `(\w+)` +\| (?:([\d.]+)( MiB)?|off)/gm,
  );
  const told = Object.fromEntries(
    Array.from(rows, ([, name, number, mib]) => {
      return [name, number === undefined ? Infinity : Number(number) * (mib ? 2 ** 20 : 1)];
    }),
  );
  assertEquals(told, { ...SERVER_LIMITS });
});

Deno.test("the page of listen() has every option, and no other", () => {
  const page = read("docs/reference/listen.md");
  const rows = Array.from(page.matchAll(/^\| `(\w+)` +\|/gm), ([, name = ""]) => name);
  const handlers = page.slice(page.indexOf("## Handlers"));
  const own = OWN_EVENTS.map(handlerName);
  const options = Object.keys(listenOptionNames(undefined)).filter((name) =>
    !/^on[A-Z]/.test(name)
  );
  assertEquals(rows.sort(), options.sort());
  for (const name of own) assert(handlers.includes(`\`${name}\``), name);
});

Deno.test("the page of connect() has every option, field and limit, and no other", () => {
  const page = "docs/reference/connect.md";
  const options = [
    ...firstColumn(page, "## Where to connect"),
    ...firstColumn(page, "## How to talk"),
    "tls",
  ];
  const names = { ...connectOptionNames(false), ...connectOptionNames(true) };
  assertEquals(options.sort(), Object.keys(names).sort());
  assertEquals(firstColumn(page, "## Terminal").sort(), Object.keys(TERMINAL_NAMES).sort());
  const rows = read(page).matchAll(/^\| `(\w+)` +\| `?(\d+|Infinity)`? +\|/gm);
  const told = Object.fromEntries(Array.from(rows, ([, name, value]) => [name, Number(value)]));
  const limits = firstColumn(page, "## Limits").map((name) => [name, told[name]]);
  assertEquals(Object.fromEntries(limits), { ...CONNECT_LIMITS });
  const handlers = read(page).split("## Handlers")[1] ?? "";
  for (const name of Object.keys(CONNECT_EVENTS)) {
    assert(handlers.includes(`\`${handlerName(name)}\``), name);
  }
});

Deno.test("the page of stats() has every field", async () => {
  const server = await TelnetServer.listen({ transport: new MemoryTransport() });
  const fields = Object.keys(server.stats());
  await server.stop();
  const told = firstColumn("docs/reference/stats.md", "# `server.stats()`");
  assertEquals(told.sort(), fields.sort());
});

Deno.test("the table of texts has the messages of SERVER_MESSAGES", () => {
  const rows = read("docs/reference/limits.md").matchAll(/^\| `(\w+)` +\|[^|]+\| `([^`]+)` +\|$/gm);
  assertEquals(Object.fromEntries(Array.from(rows, ([, name, text]) => [name, text])), {
    ...SERVER_MESSAGES,
  });
});

Deno.test("the table of options has every option with its code", () => {
  const rows = read("docs/reference/options.md")
    .matchAll(/^\| ([A-Z][\w-]*)(?:, \w+)? +\| (\d+) +\|/gm);
  const told = new Map(Array.from(rows, ([, name = "", code]) => [name, Number(code)]));
  assertEquals(
    told,
    new Map(BUILT_IN.all.map(({ name, code }) => [name, code] as const).sort(byCode)),
  );
});

Deno.test("every name on the right of the Miniboa table exists", () => {
  const text = read("docs/how-to/from-miniboa.md");
  const table = text.slice(text.indexOf("| Miniboa "), text.indexOf("## What is different"));
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

Deno.test("the tables of errors, reasons and kinds are complete", () => {
  const path = "docs/reference/errors.md";
  const unionOf = (file: string, name: string) => {
    const union = new RegExp(`type ${name} =([^;]*);`).exec(read(file))?.[1] ?? "";
    return Array.from(union.matchAll(/"([\w-]+)"/g), ([, member = ""]) => member);
  };
  assertEquals(
    firstColumn(path, "## TelnetError"),
    unionOf("src/protocol/error.ts", "TelnetErrorCode"),
  );
  assertEquals(firstColumn(path, "## Disconnect reasons"), [...DISCONNECT_REASONS]);
  assertEquals(firstColumn(path, "## Refusals"), [...REFUSAL_KINDS]);
  assertEquals(
    firstColumn(path, "## Violations"),
    unionOf("src/protocol/events.ts", "ViolationKind"),
  );
});

Deno.test("the tables of handlers are complete", () => {
  const path = "docs/reference/events.md";
  const names = (codes: string[]) => codes.map((code) => code.split("(")[0]).sort();
  const own = OWN_EVENTS.map(handlerName).sort();
  const ofOptions = OPTION_EVENTS.map((event) => handlerName(String(event))).sort();
  assertEquals(names(firstColumn(path, "# Handlers")), own);
  assertEquals(names(firstColumn(path, "Options report these events:")), ofOptions);
});

Deno.test("the table of keys has every key of the editor with its action", () => {
  const told: [string, string][] = [];
  for (const row of read("docs/reference/keys.md").split("\n")) {
    const [, keys, action] = /^\| ((?:`[^`]+`(?:, )?)+) +\| `([\w-]+)` +\|/.exec(row) ?? [];
    for (const [, key = ""] of keys?.matchAll(/`([^`]+)`/g) ?? []) told.push([key, action ?? ""]);
  }
  const sorted = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([key, action]) => `${key} ${action}`).sort();
  assertEquals(sorted(told), sorted(EMACS_KEYS));
});

Deno.test("the README counts options and encodings, and is short", () => {
  const readme = read("README.md");
  assertEquals(Number(/\| (\d+): MTTS/.exec(readme)?.[1]), BUILT_IN.all.length);
  assertEquals(Number(/\| (\d+), negotiated/.exec(readme)?.[1]), ENCODINGS.length);
  assert(readme.split("\n").length <= 181);
});

Deno.test({
  name: "the README's command for a machine with only Node runs the chat",
  ignore: !hasNpx,
  async fn() {
    const command = /^npx (-y) (deno@[\d.]+) (run -N) (examples\/chat\.ts)$/m;
    const [, ...words] = command.exec(read("README.md")) ?? [];
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
