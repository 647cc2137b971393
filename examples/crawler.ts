/**
 * Asks games for their MSSP status, as MUD lists do: by the Telnet option, or otherwise as plain
 * text.
 *
 *     deno run -N examples/crawler.ts localhost:7777 mud.example.org:4000
 *     bun run examples/crawler.ts localhost:7777 mud.example.org:4000
 *     node examples/crawler.ts localhost:7777 mud.example.org:4000
 */
import { parseArgs } from "node:util";
import { connect, isTelnetError } from "../src/connect/mod.ts";
import { readMsspText } from "../src/options/mod.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { timeout: { type: "string", default: "3000" } },
});
const timeout = Number(values.timeout);

const statuses = positionals.map(async (place) => {
  try {
    const status = await statusOf(place);
    console.log(JSON.stringify({ place, ...Object.fromEntries(status) }));
  } catch (error) {
    console.log(
      JSON.stringify({ place, error: isTelnetError(error) ? error.code : String(error) }),
    );
  }
});
await Promise.all(statuses);

async function statusOf(place: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const [, hostname = place, port = "23"] = /^(.*):(\d+)$/.exec(place) ?? [];
  await using game = await connect({
    hostname,
    port: Number(port),
    timeout,
    terminal: { name: "MINIBOA-CRAWLER" },
  });
  try {
    for await (const event of game.events({ timeout })) {
      if (event.type === "mssp") return event.value;
    }
  } catch (error) {
    if (!isTelnetError(error) || error.code !== "timeout") throw error;
  }
  game.send("MSSP-REQUEST\n");
  const reply = await game.readUntil(/MSSP-REPLY-START\n[\s\S]*MSSP-REPLY-END/);
  return readMsspText(reply) ?? new Map();
}
