/** The examples that mount a Telnet server on another HTTP server, each on its runtime. */
import { assertEquals, assertMatch } from "@std/assert";
import { webSocketConnection } from "../../src/transport/mod.ts";
import { connectOver } from "../../src/connect/mod.ts";
import WebSocketOfWs from "ws";
import { once } from "node:events";
import { inTime } from "../patience.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { Program } from "../runtimes/process.ts";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";

const OFFLINE = new URL("../offline/import_map.json", import.meta.url).pathname;

const EXAMPLES: readonly (readonly [file: string, on: Runtime["name"], packages: boolean])[] = [
  ["deno_serve.ts", "Deno", false],
  ["bun_serve.ts", "Bun", false],
  ["node_ws.ts", "Deno", true],
  ["hono.ts", "Deno", true],
];

for (const [file, name, packages] of EXAMPLES) {
  const runtime = await findRuntime(name);
  Deno.test({
    name: `${name}: ${file}: a browser and a Telnet client talk to each other${
      runtime === undefined ? " (not installed)" : ""
    }`,
    ignore: runtime === undefined,
    fn: async () => runtime && await chats(file, packages ? withPackages(runtime) : runtime),
  });
}

/** Deno with the test packages, without JSR. */
function withPackages(runtime: Runtime): Runtime {
  return { ...runtime, args: [...runtime.args, `--import-map=${OFFLINE}`] };
}

async function chats(file: string, runtime: Runtime): Promise<void> {
  const args = ["--port", "0", "--telnet", "0"];
  await using program = Program.start(runtime, `examples/mounted/${file}`, args);
  const [, telnet] = await program.match(/^Telnet on port (\d+)/);
  const [, http] = await program.match(/^HTTP on port (\d+)/);
  const site = await fetch(`http://127.0.0.1:${http}/`);
  assertEquals(await site.text(), "The site\n");
  const url = `ws://127.0.0.1:${http}/play`;
  for (const origin of ["https://evil.example", "null"]) {
    const foreign = new WebSocketOfWs(url, { origin });
    const [error] = await inTime(once(foreign, "error"), "the refusal");
    assertMatch(String(error), /40[13]/);
  }
  const browser = connectOver(webSocketConnection(new WebSocket(url)));
  assertMatch(
    await inTime(browser.readLine(), "the greeting") ?? "",
    /^Hello (::ffff:)?127\.0\.0\.1, you come by WebSocket\.$/,
  );
  using other = await LineClient.connect(Number(telnet));
  await other.until(/you come by Telnet\.\r\n/);
  browser.send(`${"long ".repeat(500)}line\n`);
  const [line] = /WebSocket: (long ){500}line/.exec(await other.until(/line\r\n/)) ?? [];
  assertEquals(line?.length, "WebSocket: line".length + 2500);
  await other.write("hello\r\n");
  await inTime(browser.readUntil("Telnet: hello\n"), "what the other says");
  browser.send("quit\n");
  assertEquals((await inTime(browser.closed, "the end")).error, undefined);
  assertMatch(await program.line(), /127\.0\.0\.1 has left$/);
}
