import { escapeCaretCodes, TelnetClient, TelnetServer } from "../../mod.ts";

class Player extends TelnetClient {
  name = ""; // empty until the player has told it
}

const server = await TelnetServer.listen({
  clientClass: Player,
  onConnect: welcome,
  onDisconnect: (player) => tellOthers(player, `${player.name} has left.`),
});
console.log(`Listening on port ${server.port}`);

while (server.running) {
  await server.poll();
  for (const player of server.clientsWithInput()) {
    if (player.name === "") continue; // its lines are answers to welcome()
    const line = player.getCommand();
    if (line === undefined) continue;
    if (line === "quit") player.active = false;
    else say(player, line);
    player.prompt("> ");
  }
}

async function welcome(player: Player): Promise<void> {
  player.sendCc("^GWelcome to Boaville!^~\n");
  while (player.name === "") {
    const answer = await player.ask("What is your name? ");
    if (answer === undefined) return; // the player is gone
    if (/^[A-Za-z]{2,12}$/.test(answer)) player.name = answer;
    else player.send("Two to twelve letters, please.\n");
  }
  tellOthers(player, `${player.name} comes in.`);
  player.prompt("> ");
}

function say(player: Player, line: string): void {
  const said = escapeCaretCodes(line);
  player.sendCc(`^cYou say:^~ ${said}\n`);
  tellOthers(player, `^c${player.name} says:^~ ${said}`);
}

function tellOthers(player: Player, text: string): void {
  if (player.name === "") return; // it left before it had a name
  const where = (other: Player) => other.name !== "";
  server.broadcast(`${text}\n`, { except: player, where });
}
