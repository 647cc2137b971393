/**
 * The chat of chat.ts without a main loop: an async function serves each client.
 *
 *     deno run -N examples/chat_events.ts [--port 7777] [--idle 300]
 *     bun run examples/chat_events.ts [--port 7777] [--idle 300]
 *     node examples/chat_events.ts [--port 7777] [--idle 300]
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
const idleCheck = setInterval(dropIdle, 1000);
await server.serve();
clearInterval(idleCheck);

async function onConnect(client: TelnetClient): Promise<void> {
  console.log(`++ ${client.addrport()}`);
  client.requestNaws();
  client.requestTerminalType();
  client.sendWrapped("^GWelcome to the chat!^~ Type to talk, ^!bye^. to leave.", { indent: 0 });
  broadcast(client, `${client.addrport()} joins.`);
  for await (const line of client.lines()) {
    const text = line.trim();
    if (text === "bye") drop(client, "Good bye!");
    else if (text === "shutdown") shutDown();
    else if (text) say(client, escapeCaretCodes(text));
  }
}

function say(client: TelnetClient, words: string): void {
  client.sendWrapped(`You say: ${words}`, { indent: 0 });
  broadcast(client, `^c${client.addrport()}^~ says: ${words}`);
}

function onDisconnect(client: TelnetClient): void {
  const { columns, rows, terminalType, disconnectReason } = client;
  console.log(`-- ${client.addrport()} ${terminalType} ${columns}x${rows} ${disconnectReason}`);
  broadcast(client, `${client.addrport()} leaves.`);
}

function broadcast(from: TelnetClient, text: string): void {
  server.broadcast(text, { except: from, wrap: { indent: 0 } });
}

function drop(client: TelnetClient, why: string): void {
  client.send(`${why}\n`);
  client.active = false;
}

function dropIdle(): void {
  for (const client of server.clientList()) {
    if (client.idle() > idleSeconds) drop(client, "You were silent for too long.");
  }
}

function shutDown(): void {
  console.log("The chat closes.");
  server.broadcast("The chat closes. Good bye!");
  void server.stop();
}
