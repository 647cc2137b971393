import { Accounts } from "./accounts.ts";
import { Game } from "./game.ts";

const accounts = new Accounts("accounts.json");
await accounts.load();
const game = await Game.start(accounts);
console.log(`Listening on port ${game.server.port}`);

let nextTick = Date.now() + 1000;
while (game.server.running) {
  await game.server.poll();
  game.turn();
  if (Date.now() < nextTick) continue;
  nextTick += 1000;
  game.tick();
}
