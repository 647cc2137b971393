/**
 * An HTTP server on Deno.serve; its WebSockets become clients of a Telnet server.
 *
 *     deno run -N examples/mounted/deno_serve.ts [--port 8080] [--telnet 7777]
 */
import { parseArgs } from "node:util";
import { isOwnPage, webSocketConnection } from "../../src/transport/mod.ts";
import { openChat } from "./chat.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    telnet: { type: "string", default: "7777" },
  },
});
const chat = await openChat(Number(values.telnet));
const onListen = ({ port }: Deno.NetAddr) => console.log(`HTTP on port ${port}`);

Deno.serve({ port: Number(values.port), onListen }, (request, { remoteAddr }) => {
  if (request.headers.get("upgrade") !== "websocket") return new Response("The site\n");
  if (!isOwnPage(request.headers.get("origin"), request.headers.get("host"))) {
    return new Response(null, { status: 403 });
  }
  const { hostname: address, port } = remoteAddr; // not known after the upgrade
  const { socket, response } = Deno.upgradeWebSocket(request);
  chat.accept(webSocketConnection(socket), { address, port });
  return response;
});
await chat.serve();
