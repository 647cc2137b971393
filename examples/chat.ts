/**
 * A chat with its own main loop, like a game.
 *
 *     deno run -N examples/chat.ts [--port 7777] [--idle 300]
 *     bun run examples/chat.ts
 *     node examples/chat.ts
 *
 * Then, in as many terminals as you like: telnet localhost 7777
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { escapeCaretCodes, type TelnetClient, TelnetServer } from "../mod.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7777" },
    idle: { type: "string", default: "300" },
  },
});
const idleSeconds = Number(values.idle);

const server = await TelnetServer.listen({ port: Number(values.port), onConnect, onDisconnect });
console.log(`Chat on port ${server.port}. Ctrl-C ends it.`);
process.once("SIGINT", shutDown);

while (server.running) {
  await server.poll();
  for (const client of server.clientList()) {
    for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
      hear(client, line.trim());
    }
    if (client.idle() > idleSeconds) drop(client, "You were silent for too long.");
  }
}

function onConnect(client: TelnetClient): void {
  console.log(`++ ${client.addrport()}`);
  client.requestNaws();
  client.requestTerminalType();
  client.sendWrapped("^GWelcome to the chat!^~ Type to talk, ^!bye^. to leave.", { indent: 0 });
  broadcast(client, `${client.addrport()} joins.`);
}

function onDisconnect(client: TelnetClient): void {
  const { columns, rows, terminalType, disconnectReason } = client;
  console.log(`-- ${client.addrport()} ${terminalType} ${columns}x${rows} ${disconnectReason}`);
  broadcast(client, `${client.addrport()} leaves.`);
}

function hear(client: TelnetClient, line: string): void {
  if (!client.active || line === "") return;
  if (line === "bye") return drop(client, "Good bye!");
  if (line === "shutdown") return shutDown();
  client.sendWrapped(`You say: ${escapeCaretCodes(line)}`, { indent: 0 });
  broadcast(client, `^c${client.addrport()}^~ says: ${escapeCaretCodes(line)}`);
}

function broadcast(from: TelnetClient, text: string): void {
  server.broadcast(text, { except: from, wrap: { indent: 0 } });
}

function drop(client: TelnetClient, why: string): void {
  client.send(`${why}\n`);
  client.active = false;
}

function shutDown(): void {
  console.log("The chat closes.");
  server.broadcast("The chat closes. Good bye!");
  void server.stop();
}
