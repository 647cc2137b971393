/**
 * A game that is started anew, crashes or moves, and no player is dropped: gateways hold the connections,
 * workers run the game, and a message bus lies between.
 *
 * - {@linkcode Gateway} holds people's connections
 * - {@linkcode joinZone} makes a worker of a process: its `TelnetServer` gets the people by
 *   `zone.transport`
 * - {@linkcode Bus} is what carries the messages: `natsBus()` of `./gateway/nats`, or a
 *   {@linkcode MemoryBus} in tests
 *
 * A turn of the game is committed with its output, its state, and up to where the input is part of them;
 * the gateway applies it whole or not at all. So no line and no answer is lost or doubled, whenever a
 * worker ends.
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
