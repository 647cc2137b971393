/** A chat for the examples here: Telnet and WebSocket clients share one room. */
import { type TelnetClient, TelnetServer } from "../../mod.ts";

/** Opens the room; Telnet clients connect to it on their own port. */
export async function openChat(port: number): Promise<TelnetServer> {
  const server = await TelnetServer.listen({ port, onConnect: talk, onDisconnect: leave });
  console.log(`Telnet on port ${server.port}`);
  return server;

  async function talk(client: TelnetClient): Promise<void> {
    const way = client.connection.webSocket ? "WebSocket" : "Telnet";
    client.send(`Hello ${client.address}, you come by ${way}.\n`);
    for await (const line of client.lines()) {
      if (line === "quit") client.active = false;
      else server.broadcast(`${way}: ${line}`);
    }
  }

  function leave(client: TelnetClient): void {
    console.log(`${client.address} has left`);
  }
}
