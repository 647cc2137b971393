/**
 * Keeps players connected while the game restarts, crashes or moves to another machine: gateways
 * hold the connections, workers run the game, and a message bus connects them.
 *
 * - {@linkcode Gateway} holds the connections of players
 * - {@linkcode joinZone} makes the process a worker: its `TelnetServer` receives the connections by
 *   `zone.transport`
 * - {@linkcode Bus} is the message bus: `natsBus()` of `./gateway/nats`, or a {@linkcode MemoryBus}
 *   in
 *   tests
 *
 * Each turn of the game is committed together: its output, its state, and the input position that
 * they cover. The gateway applies a commit completely or not at all. So no input and no output is
 * lost or repeated, whenever a worker ends.
 *
 * @module
 */
export { Gateway } from "./gateway.ts";
export type {
  GatewayDrainOptions,
  GatewayMessages,
  GatewayOptions,
  GatewayStats,
  ZoneStats,
} from "./gateway_options.ts";
export { joinZone } from "./zone.ts";
export type { JoinOptions, Zone } from "./zone.ts";
export { MemoryBus } from "./memory_bus.ts";
export type { MemoryBusOptions } from "./memory_bus.ts";
export type { Bus, BusSubscription, LeaseEntry, LeaseStore, Timer } from "./bus.ts";
export type { ListenerInfo } from "../server/acceptor.ts";
export type { ListenerOptions } from "../server/listen_options.ts";
export type { ServerLimits } from "../guard/limits.ts";
export type { ServerMessages } from "../guard/messages.ts";
export type { TelnetLimits } from "../protocol/limits.ts";
export { REFUSAL_KINDS } from "../guard/refusal.ts";
export type { Refusal, RefusalKind } from "../guard/refusal.ts";
export type { TlsMode } from "../server/handshake.ts";
export type { WebPage, WebSocketOptions } from "../server/web_requests.ts";
export type * from "../transport/encryption.ts";
export type * from "../transport/compression.ts";
export type * from "../transport/transport.ts";
