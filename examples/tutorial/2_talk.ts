import { escapeCaretCodes, TelnetServer } from "../../mod.ts";

const server = await TelnetServer.listen({
  onConnect: (client) => client.sendCc("^GWelcome to Boaville!^~\n"),
});
console.log(`Listening on port ${server.port}`);

while (server.running) {
  await server.poll();
  for (const client of server.clientsWithInput()) {
    const line = client.getCommand();
    if (line === "quit") {
      client.send("Farewell.\n");
      client.active = false; // after the farewell is delivered
    } else if (line !== undefined) {
      const said = escapeCaretCodes(line); // else they could paint other screens
      client.sendCc(`^cYou say:^~ ${said}\n`);
      server.broadcast(`^cSomebody says:^~ ${said}\n`, { except: client });
    }
  }
}
