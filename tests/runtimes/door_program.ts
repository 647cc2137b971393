/**
 * A server with a plain and an encrypted port, which tells who asks whose connection it is. With
 * `--proxied` it takes the PROXY protocol from this machine; with `--start-tls` it offers START-TLS;
 * with `--auto` its plain port tells TLS from Telnet; with `--many` everybody may come as often as they
 * like. "stats" is answered with clients, handshakes and sockets on their way out.
 */
import process from "node:process";
import { type TelnetClient, TelnetServer } from "../../mod.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

const has = (flag: string) => process.argv.includes(flag);
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  tls: has("--auto") ? "auto" : false,
  certificate: CERTIFICATE,
  listeners: [{ port: 0, address: "127.0.0.1", tls: true }],
  ...(has("--proxied") && { trustedProxies: ["127.0.0.1"] }),
  ...(has("--start-tls") && { options: { startTls: true as const } }),
  ...(has("--many") && {
    limits: { connectionRate: Infinity, connectionsPerAddress: Infinity, handshakeTimeout: 1_000 },
  }),
  onConnect: async (client) => {
    await client.ready;
    client.send("Welcome!\n");
  },
  onDisconnect: () => {},
});
const [plain, secure] = server.listeners;
console.log(JSON.stringify({ plain: plain?.port, secure: secure?.port }));

while (true) {
  await server.poll();
  for (const client of server.readyClients()) answer(client, client.getCommand());
}

function answer(client: TelnetClient, line: string | undefined): void {
  if (line === "bye") {
    client.send("Farewell!\n");
    client.active = false;
  } else if (line === "stats") {
    const { connections, handshakes, closing } = server.stats();
    client.send(`stats ${connections} ${handshakes} ${closing}\n`);
  } else {
    const how = client.encrypted ? "encrypted" : "in the clear";
    client.send(`You are ${client.address}, by ${client.peerAddress}, ${how}; you said: ${line}\n`);
  }
}
