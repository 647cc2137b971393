import type { Connection, ConnectionHandler } from "./transport.ts";

/**
 * Opens a WebSocket, as the server, on a connection whose upgrade request was read. Answers the
 * request and returns a connection whose bytes are sent in messages. The caller must attach it to
 * the given connection as its owner.
 *
 * @param connection The connection.
 * @param key The key of the request.
 * @param protocol The accepted subprotocol.
 */
export type WebSocketOpener = (
  connection: Connection,
  key: string,
  protocol: string | undefined,
) => Connection & ConnectionHandler;
