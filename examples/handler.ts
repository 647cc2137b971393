/**
 * Your own handlers for clients that connect and disconnect.
 *
 *     deno run -N examples/handler.ts [--port 7777]
 *     bun run examples/handler.ts [--port 7777]
 *     node examples/handler.ts [--port 7777]
 */
import { parseArgs } from "node:util";
import { type TelnetClient, TelnetServer } from "../mod.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "7777" } } });
const server = await TelnetServer.listen({ port: Number(values.port), onConnect, onDisconnect });
console.log(`Listening on port ${server.port}. Ctrl-C ends it.`);
while (server.running) await server.poll();

function onConnect(client: TelnetClient): void {
  console.log(`++ ${client.addrport()} came; now there are ${server.connectionCount()}`);
  client.sendCc("^GWelcome^~ to the handler example. You are number ");
  client.send(`${server.connectionCount()}.\n`);
}

function onDisconnect(client: TelnetClient): void {
  console.log(`-- ${client.addrport()} left after ${client.duration().toFixed(1)} seconds`);
}
