/**
 * An HTTP server on node:http and the npm package ws; its WebSockets become clients of a Telnet
 * server. It needs `npm install ws`; Deno fetches the package itself.
 *
 *     deno run -A examples/mounted/node_ws.ts [--port 8080] [--telnet 7777]
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";
import { isOwnPage, type StandardWebSocket, webSocketConnection } from "../../src/transport/mod.ts";
import { openChat } from "./chat.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    telnet: { type: "string", default: "7777" },
  },
});
const chat = await openChat(Number(values.telnet));
const http = createServer((_request, response) => response.end("The site\n"));

new WebSocketServer({
  server: http,
  verifyClient: ({ origin, req }: { origin?: string; req: IncomingMessage }) =>
    isOwnPage(origin, req.headers.host),
}).on(
  "connection",
  (socket: StandardWebSocket, { socket: { remoteAddress, remotePort } }: IncomingMessage) => {
    chat.accept(webSocketConnection(socket, { remoteAddress, remotePort }));
  },
);
http.listen(Number(values.port), () => {
  console.log(`HTTP on port ${(http.address() as AddressInfo).port}`);
});
await chat.serve();
