import type { ServerLimits } from "../guard/limits.ts";
import { SERVER_MESSAGES, type ServerMessages } from "../guard/messages.ts";
import type { Refusal, RefusalKind } from "../guard/refusal.ts";
import {
  checkCount,
  checkFunction,
  checkText,
  checkToken,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { AcceptorSettings } from "../server/acceptor.ts";
import type { ListenerOptions } from "../server/listen_options.ts";
import { checkSettings } from "../server/settings.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Certificate, Encryption } from "../transport/encryption.ts";
import type { Bus, Timer } from "./bus.ts";

/** Texts that the gateway sends by itself, one line each. An empty text is not sent. */
export interface GatewayMessages extends
  Pick<
    ServerMessages,
    "serverFull" | "addressFull" | "tooManyConnects" | "draining"
  > {
  /** Sent to a client that is new or has pending input, while no worker serves the zone. */
  readonly waiting: string;
}

/** The default messages. */
export const MESSAGES: GatewayMessages = {
  serverFull: SERVER_MESSAGES.serverFull,
  addressFull: SERVER_MESSAGES.addressFull,
  tooManyConnects: SERVER_MESSAGES.tooManyConnects,
  draining: SERVER_MESSAGES.draining,
  waiting: "[One moment.]",
};

/** Where to listen, and for which zone. */
export interface GatewayOptions extends ListenerOptions {
  /** The message bus, such as `natsBus()`. */
  readonly bus: Bus;
  /** The zone of new connections, such as `"main"`. */
  readonly zone: string;
  /**
   * The name of this gateway: letters, digits, `-` and `_`. If a gateway restarts with the same
   * name, the workers drop the connections of its previous run at once. Default: no name; the
   * workers drop them after about ten seconds.
   */
  readonly name?: string | undefined;
  /** Additional listeners, such as `{ port: 7778, tls: true }`. Default: none. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  /** The certificate for TLS, and its key, as PEM text; see also `gateway.setCertificate()`. */
  readonly certificate?: Certificate | undefined;
  /** Addresses and networks of proxies that send the PROXY protocol, as for `TelnetServer`. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** The maximum number of connections; more are refused with one line. Default 1000. */
  readonly maxConnections?: number | undefined;
  /**
   * Limits for each address, and `closeTimeout`, `handshakeTimeout` and `helloTimeout`. Set the
   * limits of client input at the worker.
   */
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Replaces the texts that the gateway sends by itself; an empty text is not sent. */
  readonly messages?: Partial<GatewayMessages> | undefined;
  /** How long a client waits before `messages.waiting` is sent, in milliseconds. Default 1000. */
  readonly waitingAfter?: number | undefined;
  /**
   * How long a client that was moved to a zone stays there while no worker serves the zone, in
   * milliseconds; then it returns to its previous zone. Default 5000.
   */
  readonly moveTimeout?: number | undefined;
  /** Whether to enable TCP keep-alive (SO_KEEPALIVE). Default `true`. */
  readonly tcpKeepAlive?: boolean | undefined;
  /** Called for each refused connection; `stats()` counts all of them. Default: none. */
  readonly onRefuse?: ((refusal: Refusal) => void) | undefined;
  /** Called when the operating system could not accept a connection. Default: prints the error. */
  readonly onListenError?: ((error: Error) => void) | undefined;
  /**
   * Called when a handler throws, the bus delivers an invalid message, or the bus is closed for
   * good. Default: prints the error.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** The zlib implementation for MCCP2. Default: the runtime's. */
  readonly codec?: CompressionCodec | undefined;
  /** The TLS implementation. Default: the runtime's. */
  readonly encryption?: Encryption | undefined;
  /** The clock and timers; replace them in tests. Default: the runtime's. */
  readonly timer?: Timer | undefined;
}

const NAMES: Readonly<Record<keyof GatewayOptions, true>> = {
  address: true,
  bus: true,
  certificate: true,
  codec: true,
  encryption: true,
  limits: true,
  listeners: true,
  maxConnections: true,
  messages: true,
  moveTimeout: true,
  name: true,
  onError: true,
  onListenError: true,
  onRefuse: true,
  port: true,
  reusePort: true,
  tcpKeepAlive: true,
  timer: true,
  tls: true,
  transport: true,
  trustedProxies: true,
  waitingAfter: true,
  webSocket: true,
  zone: true,
};

/** Options of `drain()`. */
export interface GatewayDrainOptions {
  /** A line that is sent to all clients. Default `messages.draining`. */
  readonly message?: string | undefined;
  /**
   * How long clients can stay, in milliseconds. Default 0: their connections are closed at once.
   */
  readonly grace?: number | undefined;
}

/** Statistics of a gateway. */
export interface GatewayStats {
  /** Connected clients. */
  readonly connections: number;
  /** Connections whose PROXY header or TLS handshake is not complete yet. */
  readonly handshakes: number;
  /** Clients that wait for a worker: they are new, or have pending input. */
  readonly waiting: number;
  /** Input bytes that no worker has committed. */
  readonly heldInput: number;
  /** Output bytes that the operating system has not accepted yet. */
  readonly queuedOutput: number;
  /** Refused connections, by reason. */
  readonly refused: Readonly<Record<RefusalKind, number>>;
  /** Bytes received from clients. */
  readonly bytesReceived: number;
  /** Bytes that were handed to the network. */
  readonly bytesSent: number;
  /** The zones. */
  readonly zones: readonly ZoneStats[];
}

/** A zone as a gateway sees it. */
export interface ZoneStats {
  /** Its name. */
  readonly zone: string;
  /** The worker that serves it; `undefined`: none. */
  readonly worker: string | undefined;
  /** The epoch of that worker. */
  readonly epoch: number;
  /** The number of clients in it. */
  readonly connections: number;
}

/** The checked options, in the form of a server's settings. */
export interface GatewaySettings extends AcceptorSettings {
  readonly onListenError: (error: Error) => void;
  readonly onError: (error: unknown, client: undefined) => void;
}

/** Checks the options. Those shared with `TelnetServer` are checked as a server's. */
export async function checkOptions(options: GatewayOptions): Promise<GatewaySettings> {
  rejectUnknownKeys("", options, NAMES);
  const { bus, zone, name, timer, messages = {}, onError, waitingAfter, moveTimeout, ...own } =
    options;
  checkBus(bus);
  checkToken("zone", zone);
  if (name !== undefined) checkToken("name", name);
  if (timer !== undefined) checkTimer("timer", timer);
  if (onError !== undefined) checkFunction("onError", onError);
  if (waitingAfter !== undefined) checkCount("waitingAfter", waitingAfter);
  if (moveTimeout !== undefined) checkCount("moveTimeout", moveTimeout);
  rejectUnknownKeys("messages", messages, MESSAGES);
  for (const [key, text] of Object.entries(messages)) checkText(`messages.${key}`, text);
  const { waiting: _waiting, ...served } = messages;
  const { codec, onRefuse, onListenError, ...door } = own;
  if (onRefuse !== undefined) checkFunction("onRefuse", onRefuse);
  if (codec !== undefined) checkFunction("codec.deflate", codec?.deflate);
  return await checkSettings({
    ...door,
    messages: served,
    ...(onListenError && { onListenError }),
  });
}

/** Checks that a value is a bus. */
export function checkBus(bus: Bus): void {
  const { publish, subscribe, leases } = bus ?? {};
  const methods = [publish, subscribe, leases?.read, leases?.write];
  if (methods.every((method) => typeof method === "function")) return;
  throwUnexpected("the bus", "a Bus, such as natsBus(nats, { kv }) or new MemoryBus()", bus);
}

/** Checks that a value is a timer. */
export function checkTimer(what: string, timer: Timer): void {
  checkFunction(`${what}.now`, timer?.now);
  checkFunction(`${what}.every`, timer?.every);
}

/** Creates a random identifier. */
export function randomId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 12);
}
