/**
 * Checks the contract that every transport must keep: cases to run against your own transport, with
 * any test runner.
 *
 * A case gets a {@linkcode Subject}: an {@linkcode Agent} that holds your transport, and how to
 * dial it. It throws if your transport does not keep the contract. {@linkcode LocalAgent} is an
 * agent for a transport of the same process.
 *
 * @example
 * ```ts
 * import { CASES, LocalAgent, type Peer } from "@miniboa/miniboa/transport/contract";
 * import { MemoryTransport } from "@miniboa/miniboa/transport/memory";
 *
 * const transport = new MemoryTransport(); // yours
 * const connect = async (port: number): Promise<Peer> => {
 *   const peer = transport.connect(port, { allowHalfOpen: true });
 *   return {
 *     port,
 *     write: async (bytes) => await void peer.write(bytes),
 *     async read() {
 *       while (true) {
 *         const bytes = peer.take();
 *         if (bytes.length > 0) return bytes;
 *         if (peer.ended) return null;
 *         await peer.changed();
 *       }
 *     },
 *     end: async () => await void peer.end(),
 *     close: () => peer.end(),
 *   };
 * };
 * const check = CASES["bytes arrive whole and in order both ways"]; // in a test: each of them
 * await check?.({
 *   agent: new LocalAgent(transport),
 *   connect,
 *   connectToReset: async (port) => {
 *     const peer = transport.connect(port);
 *     return await Promise.resolve(() => peer.abort());
 *   },
 *   sockets: false,
 *   buffers: 65_536,
 *   reusePort: true,
 * });
 * ```
 *
 * @module
 */

export {
  type Agent,
  type AgentConnection,
  type AgentListener,
  type Condition,
  LocalAgent,
  pattern,
  type Status,
  sumOf,
} from "./agent.ts";
export { CASES, type Peer, type Subject } from "./suite.ts";
export { TelnetError, type TelnetErrorCode } from "../../protocol/error.ts";
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
} from "../transport.ts";
