/**
 * A server that blocks within a turn until a file exists: connections that come and go meanwhile
 * are never accepted. Prints its port, "busy" before it blocks, and the clients so far for each
 * later line.
 */
import { existsSync, writeSync } from "node:fs";
import process from "node:process";
import { TelnetServer } from "../../mod.ts";

const [file = ""] = process.argv.slice(2);
const addresses: string[] = [];
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  onConnect: (client) => void addresses.push(client.address),
  onDisconnect: () => {},
});
console.log(`port ${server.port}`);
while (server.running) {
  await server.poll();
  for (const client of server.clientsWithInput()) {
    if (client.getCommand() === "be busy") {
      // Written synchronously, so that no connection is accepted in between.
      writeSync(1, "busy\n");
      while (!existsSync(file));
    } else {
      const { accepted, refused } = server.stats();
      console.log(JSON.stringify({ addresses, accepted, lost: refused.lost }));
    }
  }
}
