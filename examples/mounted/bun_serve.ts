/**
 * An HTTP server on Bun.serve; its WebSockets become clients of a Telnet server.
 *
 *     bun run examples/mounted/bun_serve.ts [--port 8080] [--telnet 7777]
 */
import { parseArgs } from "node:util";
import {
  type BunServerWebSocket,
  bunWebSocketHandlers,
  isOwnPage,
  webSocketConnection,
} from "../../src/transport/mod.ts";
import { openChat } from "./chat.ts";

/** The part of Bun's API that is used. */
interface BunServer {
  readonly port: number;
  upgrade(request: Request): boolean;
}
declare const Bun: {
  serve(options: {
    port: number;
    fetch(request: Request, server: BunServer): Response | undefined;
    websocket: unknown;
  }): BunServer;
};

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    telnet: { type: "string", default: "7777" },
  },
});
const chat = await openChat(Number(values.telnet));
const { port } = Bun.serve({
  port: Number(values.port),
  fetch(request, server) {
    if (request.headers.get("upgrade") !== "websocket") return new Response("The site\n");
    if (!isOwnPage(request.headers.get("origin"), request.headers.get("host"))) {
      return new Response(null, { status: 403 });
    }
    return server.upgrade(request) ? undefined : new Response(null, { status: 400 });
  },
  websocket: bunWebSocketHandlers((socket, { remoteAddress }: BunServerWebSocket) => {
    chat.accept(webSocketConnection(socket, { remoteAddress }));
  }),
});
console.log(`HTTP on port ${port}`);
await chat.serve();
