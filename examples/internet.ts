/**
 * A talker for the open internet: TLS, real client addresses behind a proxy, certificate renewal
 * without a restart, a graceful shutdown, and a log of refused connections.
 *
 *     deno run -N -R -W examples/internet.ts --cert cert.pem --key key.pem [--port 7777] [--tls 7778]
 *         [--proxy 127.0.0.1] [--record folder]
 *     bun run examples/internet.ts --cert cert.pem --key key.pem
 *     node examples/internet.ts --cert cert.pem --key key.pem
 *
 * A certificate to try it with:
 *
 *     openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost
 *
 * Then: openssl s_client -quiet -connect localhost:7778. `kill -HUP` reloads the certificate; `kill
 * -TERM` or Ctrl-C shuts the server down gracefully.
 */
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { escapeCaretCodes, type TelnetClient, TelnetServer } from "../mod.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7777" },
    tls: { type: "string", default: "7778" },
    cert: { type: "string", default: "cert.pem" },
    key: { type: "string", default: "key.pem" },
    proxy: { type: "string", multiple: true, default: [] },
    record: { type: "string" },
  },
});

const server = await TelnetServer.listen({
  port: Number(values.port),
  tls: "auto", // the plain port accepts TLS, too
  listeners: [{ port: Number(values.tls), tls: true }],
  certificate: readCertificate(),
  trustedProxies: values.proxy,
  telnetOptions: { startTls: true, naws: true },
  keepAlive: "nop",
  limits: { idleTimeout: 3_600_000 },
  onConnect,
  onDisconnect: (client) => log(client, `went: ${client.disconnectReason}`),
  onViolation: (client, { kind, ...numbers }) => log(client, `${kind} ${JSON.stringify(numbers)}`),
  onRefuse: ({ address, kind, detail = "" }) =>
    console.log(`${address} refused: ${kind} ${JSON.stringify(detail)}`),
});
let visits = 0;
const { record } = values;
if (record) mkdirSync(record, { recursive: true });
const [plain, secure] = server.listeners;
console.log(`Talker on port ${plain?.port}, with TLS on port ${secure?.port}. Ctrl-C ends it.`);
process.once("SIGINT", () => void server.drain());
if (process.platform !== "win32") {
  process.once("SIGTERM", () => void server.drain({ grace: 10_000 }));
  process.on("SIGHUP", renew);
}

while (server.running) {
  await server.poll();
  // One line per client per turn, to keep it fair.
  for (const client of server.clientsWithInput()) hear(client, client.getCommand() ?? "");
}

async function onConnect(client: TelnetClient): Promise<void> {
  await client.ready;
  if (!client.active) return; // it has disconnected meanwhile
  const { encrypted } = client.connection;
  log(client, encrypted ? "came by TLS" : "came in the clear");
  if (record) {
    const file = `${record}/${Date.now()}-${++visits}.cast`;
    client.terminal.record((line) => appendFileSync(file, line), { title: client.addrport() });
  }
  client.send(encrypted ? "Welcome!\n" : "Welcome! Others can listen: come by TLS.\n");
}

function hear(client: TelnetClient, line: string): void {
  if (line === "quit") {
    client.active = false;
    return;
  }
  server.broadcast(`${client.addrport()} says: ${escapeCaretCodes(line)}`, { except: client });
}

function renew(): void {
  try {
    server.setCertificate(readCertificate());
    console.log("The certificate is renewed.");
  } catch (error) {
    console.error("The certificate stays:", error);
  }
}

function readCertificate(): { cert: string; key: string } {
  return { cert: readFileSync(values.cert, "utf8"), key: readFileSync(values.key, "utf8") };
}

function log(client: TelnetClient, what: string): void {
  console.log(`${client.addrport()} ${what}`);
}
