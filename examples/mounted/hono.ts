/**
 * A Hono app; its WebSockets become clients of a Telnet server.
 *
 *     deno run -A examples/mounted/hono.ts [--port 8080] [--telnet 7777]
 */
import { Hono } from "hono";
import { getConnInfo, upgradeWebSocket } from "hono/deno";
import { parseArgs } from "node:util";
import { isOwnPage, type StandardWebSocket, webSocketConnection } from "../../src/transport/mod.ts";
import { openChat } from "./chat.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    telnet: { type: "string", default: "7777" },
  },
});
const chat = await openChat(Number(values.telnet));
const app = new Hono();

app.get("/", (context) => context.text("The site\n"));
app.get("/play", async (context, next) => {
  if (!isOwnPage(context.req.header("origin"), context.req.header("host"))) {
    return context.body(null, 403);
  }
  const { address, port } = getConnInfo(context).remote; // not known after the upgrade
  return await upgradeWebSocket(() => ({
    onOpen(_event, { raw }) {
      chat.accept(webSocketConnection(raw as StandardWebSocket), { address, port });
    },
  }))(context, next) ?? context.body(null, 400);
});

const onListen = ({ port }: Deno.NetAddr) => console.log(`HTTP on port ${port}`);
Deno.serve({ port: Number(values.port), onListen }, app.fetch);
await chat.serve();
