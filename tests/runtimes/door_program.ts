/**
 * A server with a plain and an encrypted port that answers each line with the client's address.
 *
 * Flags: `--proxied` trusts PROXY headers from this machine; `--start-tls` offers START-TLS;
 * `--auto` accepts TLS on the plain port, too; `--web` serves browsers on both ports; `--forwarded`
 * trusts X-Forwarded-For from this machine; `--many` lifts the limits per address.
 *
 * Lines: "stats" prints the clients, handshakes, closing sockets and all clients so far; "doors"
 * the clients so far and the health checks of a proxy; "drown" gets more output than the network
 * takes, and is dropped; "stop" stops the server.
 */
import process from "node:process";
import { type TelnetClient, TelnetServer } from "../../mod.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

const has = (flag: string) => process.argv.includes(flag);
const page = { type: "text/html; charset=utf-8", body: "<h1>The door</h1>" };
const webSocket = has("--web") && {
  pages: { "/": page },
  ...(has("--forwarded") && { forwardedHeader: "x-forwarded-for" }),
};
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  tls: has("--auto") ? "auto" : false,
  certificate: CERTIFICATE,
  webSocket,
  listeners: [{ port: 0, address: "127.0.0.1", tls: true, webSocket }],
  ...((has("--proxied") || has("--forwarded")) && { trustedProxies: ["127.0.0.1"] }),
  ...(has("--start-tls") && { telnetOptions: { startTls: true } }),
  limits: {
    closeTimeout: 1_000,
    helloTimeout: 3_000, // a client on a busy machine may be slow to send
    ...(has("--many") && {
      connectionRate: Infinity,
      connectionsPerAddress: Infinity,
      handshakeTimeout: 4_000,
    }),
  },
  onConnect: async (client) => {
    await client.ready;
    client.send("Welcome!\n");
  },
  onDisconnect: () => {},
});
const [plain, secure] = server.listeners;
console.log(JSON.stringify({ plain: plain?.port, secure: secure?.port }));

/** The clients that are sent too much, and for how many polls they have read nothing. */
const drowning = new Map<TelnetClient, number>();
while (server.running) {
  await server.poll();
  for (const client of server.clientsWithInput()) answer(client, client.getCommand());
  for (const [client, polls] of drowning) drown(client, polls);
}

function drown(client: TelnetClient, polls: number): void {
  drowning.set(client, client.connection.queuedOutput < 8_192 ? 0 : polls + 1);
  if (client.connection.queuedOutput < 8_192) client.send("x".repeat(32_768));
  else if (polls > 50) {
    drowning.delete(client);
    client.active = false;
  }
}

function answer(client: TelnetClient, line: string | undefined): void {
  if (line === "bye") {
    client.send("Farewell!\n");
    client.active = false;
  } else if (line === "stats") {
    const { connections, handshakes, closing, accepted } = server.stats();
    client.send(`stats ${connections} ${handshakes} ${closing} ${accepted}\n`);
  } else if (line === "doors") {
    const { accepted, healthChecks, refused } = server.stats();
    client.send(`clients: ${accepted}, checks: ${healthChecks + refused.lost}\n`);
  } else if (line === "drown") {
    drowning.set(client, 0);
  } else if (line === "stop") {
    void server.stop().then(() => console.log("stopped"));
  } else {
    const how = client.connection.encrypted ? "encrypted" : "in the clear";
    client.send(
      `You are ${client.address}, by ${client.connection.peerAddress}, ${how}; you said: ${line}\n`,
    );
  }
}
