import { escapeCaretCodes, TelnetClient, TelnetServer } from "../../mod.ts";
import { Accounts } from "./accounts.ts";
import { logIn } from "./log_in.ts";

class Player extends TelnetClient {
  name = "";
}

const accounts = new Accounts("accounts.json");
await accounts.load();
const server = await TelnetServer.listen({
  clientClass: Player,
  onConnect: welcome,
  onDisconnect: (player) => tellOthers(player, `${player.name} has left.`),
});
console.log(`Listening on port ${server.port}`);

while (server.running) {
  await server.poll();
  for (const player of server.clientsWithInput()) {
    if (player.name === "") continue; // its lines are answers to logIn()
    const line = player.getCommand();
    if (line === undefined) continue;
    if (line === "quit") player.active = false;
    else say(player, line);
    player.prompt("> ");
  }
}

async function welcome(player: Player): Promise<void> {
  player.sendCc("^GWelcome to Boaville!^~\n");
  const name = await logIn(player, accounts);
  if (name === undefined || !player.active) { // gone, perhaps while the password was checked
    player.active = false;
    return;
  }
  const before = server.clientList().find((other) => isSame(other.name, name));
  if (before !== undefined) leaveSilently(before);
  player.name = name;
  if (before === undefined) tellOthers(player, `${name} comes in.`);
  player.prompt("> ");
}

/** Disconnects somebody whose account is used from elsewhere. */
function leaveSilently(player: Player): void {
  player.send("You play from elsewhere now.\n");
  player.name = ""; // the others are not told
  player.active = false;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function say(player: Player, line: string): void {
  const said = escapeCaretCodes(line);
  player.sendCc(`^cYou say:^~ ${said}\n`);
  tellOthers(player, `^c${player.name} says:^~ ${said}`);
}

function tellOthers(player: Player, text: string): void {
  if (player.name === "") return;
  const where = (other: Player) => other.name !== "";
  server.broadcast(`${text}\n`, { except: player, where });
}
