/**
 * A bot that plays mud.ts: it logs in, walks to the hill, and fights the kobold. It rests while it
 * has few hit points, which it learns from GMCP.
 *
 *     deno run -N examples/bot.ts [--hostname localhost] [--port 7777] [--name Bota] [--strikes 5]
 *     bun run examples/bot.ts [--hostname localhost] [--port 7777] [--name Bota] [--strikes 5]
 *     node examples/bot.ts [--hostname localhost] [--port 7777] [--name Bota] [--strikes 5]
 */
import { parseArgs } from "node:util";
import { connect } from "../src/connect/mod.ts";

const { values } = parseArgs({
  options: {
    hostname: { type: "string", default: "localhost" },
    port: { type: "string", default: "7777" },
    name: { type: "string", default: "Bota" },
    strikes: { type: "string", default: "5" },
  },
});

await using mud = await connect({
  hostname: values.hostname,
  port: Number(values.port),
  terminal: { name: "MINIBOA-BOT", columns: 100 },
  telnetOptions: { gmcp: { supports: ["Char 1", "Room 1"] } },
});
let hp = Infinity;
mud.telnet.gmcp.on("Char.Vitals", (value) => hp = (value as { hp: number }).hp);

await mud.readUntil("Your name? ");
mud.send(`${values.name}\n`);
await mud.readUntil("Your password? ");
mud.send("a bot needs no secret\n");
await mud.readPrompt();
for (const way of ["north", "east"]) {
  mud.send(`${way}\n`);
  await mud.readPrompt();
}
for (let strike = 0; strike < Number(values.strikes); strike++) {
  while (hp <= 6) await mud.readPrompt({ timeout: 1000 }).catch(() => {}); // a second's rest heals
  mud.send("fight\n");
  console.log(await mud.readLine());
  await mud.readPrompt();
}
mud.send("quit\n");
await mud.closed;
console.log("The bot is done.");
