/**
 * The interface between a server and a network, and the transport in memory for tests. The adapters
 * of the runtimes are subpaths of their own: `./transport/deno`, `./transport/bun` and
 * `./transport/node`.
 *
 * To write another transport, implement {@linkcode Transport} and give it to
 * `TelnetServer.listen({ transport })`, or to one of its `listeners`. {@linkcode BaseConnection}
 * implements what all transports share, and `./transport/contract` checks the result. The contract,
 * in short:
 *
 * - a connection is given to `accept` before its first byte, and its owner gets `onClose` once
 * - `write` never refuses: what the system has not taken is counted in `queued`
 * - `pause` makes the peer's TCP stop, it does not buffer
 * - `close` loses nothing, `abort` loses what is queued
 * - `attach` gives a connection another owner
 * - `identity` names a connection across restarts, if it outlives the process
 * - `dial` is optional; a connection that it opens follows the same rules
 *
 * @example
 * ```ts
 * import { MemoryTransport } from "@miniboa/miniboa/transport";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = new MemoryTransport();
 * const listener = await transport.listen({ port: 0, address: "" }, (connection) => ({
 *   onData: (chunk) => connection.write(chunk),
 *   onEnd: () => connection.close(),
 *   onDrain: () => {},
 *   onClose: () => {},
 * }));
 * const peer = transport.connect(listener.port);
 * peer.write("echo");
 * await peer.changed();
 * assertEquals(peer.takeText(), "echo");
 * ```
 *
 * @module
 */

export { BaseConnection } from "./base_connection.ts";
export { defaultTransport } from "./default.ts";
export {
  type BunServerWebSocket,
  type BunWebSocketHandlers,
  bunWebSocketHandlers,
} from "./bun_web_sockets.ts";
export {
  type StandardWebSocket,
  webSocketConnection,
  type WebSocketPlace,
} from "./web_socket_object.ts";
export { isOwnPage } from "../websocket/upgrade.ts";
export type { CompressionCodec, CompressionHandler, Deflater, Inflater } from "./compression.ts";
export type {
  Certificate,
  Encryption,
  SecureContext,
  SecureHandler,
  ServerTrust,
} from "./encryption.ts";
export {
  type MemoryConnectOptions,
  MemoryPeer,
  MemoryTransport,
  type MemoryTransportOptions,
} from "./memory.ts";
export type {
  CloseReason,
  Connection,
  ConnectionAcceptor,
  ConnectionHandler,
  Dialler,
  DialOptions,
  DurableConnection,
  Listener,
  Resumed,
  ResumeReason,
  Transport,
  TransportListenOptions,
} from "./transport.ts";
