/** A chat for the examples here: whoever comes, by Telnet or by WebSocket, is in one room. */
import { type TelnetClient, TelnetServer } from "../../mod.ts";

/** Opens the room, which people enter by Telnet at a port of its own. */
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

/**
 * Whether a page may open a WebSocket here: one of this host, or what is no browser. A WebSocket passes by the
 * browser's rules for other pages, so it is for the server to look.
 */
export function isOwnPage(
  origin: string | null | undefined,
  host: string | null | undefined,
): boolean {
  return (origin ?? null) === null || origin === `http://${host}` || origin === `https://${host}`;
}
