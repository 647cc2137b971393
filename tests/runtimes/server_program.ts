/**
 * A server under a loop of its own that answers each line, for the tests that need a real process:
 * "memory" is answered with the resident bytes, "errors" with how often the system could not accept
 * a connection, "secret" asks for a password as games do.
 */
import process from "node:process";
import { TelnetClient, TelnetServer } from "../../mod.ts";

class Visitor extends TelnetClient {
  asked = false;
}

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  maxConnections: 20_000,
  // Everybody comes from one address here, all at once, and says as much as there is.
  limits: {
    connectionsPerAddress: Infinity,
    connectionRate: Infinity,
    lineRate: Infinity,
    byteRate: Infinity,
    negotiationRate: Infinity,
    workRate: Infinity,
  },
  clientClass: Visitor,
  onConnect: () => {},
  onDisconnect: () => {},
});
console.log(`port ${server.port}`);

while (true) {
  await server.poll();
  for (const client of server.clientList()) {
    if (client.cmdReady) answer(client, client.getCommand() ?? "");
  }
}

function answer(client: Visitor, line: string): void {
  if (client.asked) {
    client.asked = false;
    client.passwordModeOff();
    client.send(`Thank you for ${line.length} letters.\n`);
  } else if (line === "memory") {
    client.send(`memory ${process.memoryUsage().rss}\n`);
  } else if (line === "errors") {
    client.send(`errors ${server.stats().acceptErrors}\n`);
  } else if (line === "secret") {
    client.asked = true;
    client.send("Password: ");
    client.passwordModeOn();
  } else {
    client.send(`echo ${line}\n`);
  }
}
