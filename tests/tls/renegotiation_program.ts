/**
 * A TLS server, and a TLS 1.2 client that renegotiates repeatedly. Prints how many handshakes it
 * got.
 */
import { connect } from "node:tls";
import { TelnetServer } from "../../mod.ts";
import { CERTIFICATE } from "./certificates.ts";

let leave = () => {};
const left = new Promise<void>((resolve) => leave = resolve);
const server = await TelnetServer.listen({
  port: 0,
  address: "127.0.0.1",
  tls: true,
  certificate: CERTIFICATE,
  onConnect: (client) => client.send("hello\n"),
  onDisconnect: (client) => {
    console.log(`gone ${client.disconnectReason}`);
    leave();
  },
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
// A server that allows renegotiation would never close.
await new Promise<void>((resolve) => {
  client.once("close", () => resolve());
  const again = () => {
    client.renegotiate({ rejectUnauthorized: false }, (error) => {
      if (error !== null) return; // the server closes the connection
      if (++handshakes < 50) again();
      else resolve();
    });
  };
  client.once("data", again); // after the greeting, so the server's handshake is done, too
});
client.destroy();
await left;
console.log(`handshakes ${handshakes}`);
await server.stop();
await serving;
