/**
 * A game that has 10 ms to do in each turn of its loop, and something to say: its polls never wait. It
 * echoes what it hears.
 */
import { TelnetServer } from "../../mod.ts";

const WORK_MS = 10;

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  onConnect: () => {},
  onDisconnect: () => {},
});
console.log(`port ${server.port}`);

while (true) {
  await server.poll();
  for (const client of server.clientList()) {
    const line = client.getCommand();
    client.send(line === undefined ? "." : `\necho ${line}\n`);
  }
  const end = performance.now() + WORK_MS;
  while (performance.now() < end);
}
