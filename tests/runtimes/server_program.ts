/**
 * An echoing server with its own game loop, for tests that need a real process. "memory" gets the
 * resident bytes, "errors" the number of accept errors, and "secret" a password question.
 */
import process from "node:process";
import { TelnetClient, TelnetServer } from "../../mod.ts";

// Deno prepares its signals some time after the start, and crashes if no file descriptor is free
// then. A handler makes it prepare them now.
if (process.platform !== "win32") process.on("SIGUSR2", () => {});

class Visitor extends TelnetClient {
  asked = false;
}

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  maxConnections: 20_000,
  // All clients come from one address at once, and send as much as they can.
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
