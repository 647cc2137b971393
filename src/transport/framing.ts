import type { Connection, ConnectionHandler } from "./transport.ts";

/**
 * Speaks WebSocket on a connection whose upgrade request was read, as the server: answers the request, and
 * gives the connection of what travels in messages. The caller attaches the connection beneath to it.
 *
 * @param connection The connection.
 * @param key The key of the request.
 * @param protocol The subprotocol that is agreed to.
 */
export type WebSocketOpener = (
  connection: Connection,
  key: string,
  protocol: string | undefined,
) => Connection & ConnectionHandler;
