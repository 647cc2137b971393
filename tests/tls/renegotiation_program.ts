/** A server of TLS, and a client of TLS 1.2 that asks for handshake after handshake. Says how many it got. */
import { connect } from "node:tls";
import { TelnetServer } from "../../mod.ts";
import { CERTIFICATE } from "./certificates.ts";

const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  tls: true,
  certificate: CERTIFICATE,
  onConnect: (client) => client.send("hello\n"),
  onDisconnect: (client) => console.log(`gone ${client.disconnectReason}`),
});
const serving = server.serve();
let handshakes = 0;
const client = connect({
  host: "127.0.0.1",
  port: server.port,
  maxVersion: "TLSv1.2",
  rejectUnauthorized: false,
});
client.on("error", () => {});
const again = () => {
  client.renegotiate({ rejectUnauthorized: false }, (error) => {
    if (error === null && ++handshakes < 50) again();
  });
};
client.once("data", again); // the greeting: the server's side is up, too
await new Promise<void>((resolve) => {
  client.once("close", () => resolve());
  // A server that grants them all never closes.
  const look = setInterval(() => {
    if (handshakes < 50 && !client.destroyed) return;
    clearInterval(look);
    resolve();
  }, 10);
});
client.destroy();
while (server.connectionCount() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(`handshakes ${handshakes}`);
await server.stop();
await serving;
