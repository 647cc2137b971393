import { readFile } from "node:fs/promises";
import { Accounts } from "./accounts.ts";
import { Game } from "./game.ts";

const page = async (name: string, type: string) => ({
  type: `${type}; charset=utf-8`,
  body: await readFile(new URL(`page/${name}`, import.meta.url)),
});
const accounts = new Accounts("accounts.json");
await accounts.load();
const game = await Game.start(accounts, {
  webSocket: {
    pages: {
      "/": await page("index.html", "text/html"),
      "/page.js": await page("dist/page.js", "text/javascript"),
      "/page.css": await page("dist/page.css", "text/css"),
    },
  },
});
console.log(`telnet localhost ${game.server.port}, or http://localhost:${game.server.port}`);

let nextTick = Date.now() + 1000;
while (game.server.running) {
  await game.server.poll();
  game.turn();
  if (Date.now() < nextTick) continue;
  nextTick += 1000;
  game.tick();
}
