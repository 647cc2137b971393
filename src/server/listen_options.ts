import { OPTION_EVENTS, type OptionDeclarations, type OptionEvents } from "../options/registry.ts";
import type { EncodingLabel } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import type { Key } from "../text/key.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Certificate, Encryption } from "../transport/encryption.ts";
import type { Transport } from "../transport/transport.ts";
import type { TelnetClient } from "./client.ts";
import type { TelnetOption } from "../options/option.ts";
import type { UnknownOption, UnknownSubnegotiation } from "../session/session_host.ts";
import type { ClientSnapshot } from "../session/client_snapshot.ts";
import type { Clock } from "./clock.ts";
import type { TlsMode } from "./handshake.ts";
import type { WebSocketOptions } from "./web_requests.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { ServerMessages } from "../guard/messages.ts";
import type { Refusal } from "../guard/refusal.ts";
import type { ClientViolation } from "../guard/violations.ts";
import type { TraceDirection } from "../session/taps.ts";
import type { KeepAlive } from "../guard/idle_monitor.ts";

/** Handlers for events of the built-in options, such as `onResize`, called within `poll()`. */
export type OptionEventHandlers<Client> = {
  readonly [Name in keyof OptionEvents as `on${Capitalize<Name>}`]?: (
    client: Client,
    value: OptionEvents[Name],
  ) => unknown;
};

/**
 * A handler for a client. It has a method's type, so that a server with your own client class can
 * be passed to a function that takes any `TelnetServer`.
 */
export type ClientHandler<Client> = { handle(client: Client): unknown }["handle"];

/** Handlers for events of your own options: `on…` for each name in their `events`. */
// A conditional type, so that a handler's parameters are inferred when the options are.
export type CustomEventHandlers<Client, Options extends readonly TelnetOption[]> =
  EventsOf<Options> extends infer Events ? {
      readonly [Name in keyof Events & string as `on${Capitalize<Name>}`]?: (
        client: Client,
        value: Events[Name],
      ) => unknown;
    }
    : never;

/** Your own Telnet options, and handlers for their events. */
export type CustomOptions<Client, Options extends readonly TelnetOption[]> =
  & { readonly customOptions?: Options | undefined }
  & CustomEventHandlers<Client, Options>;

/** The events of all the given options in one type, by name. */
export type EventsOf<Options extends readonly TelnetOption[]> = {
  [Index in keyof Options]: Options[Index] extends
    TelnetOption<infer _Config, infer _State, infer Events>
    ? (events: [Events] extends [never] ? Record<never, never> : Events) => void
    : never;
}[number] extends (events: infer All) => void ? All : never;

/** Where to listen, and how. */
export interface ListenerOptions {
  /** The port; 0 lets the system choose, see `server.port`. Default 7777. */
  readonly port?: number | undefined;
  /** A name or IP address of this machine. Default `""`, every IPv4 address; `"::"` adds IPv6. */
  readonly address?: string | undefined;
  /**
   * Whether to use TLS: `true` for all clients; `"auto"` for clients that start with a TLS
   * handshake (plain clients that send nothing then wait `limits.helloTimeout`). Needs
   * `certificate`. Default `false`.
   */
  readonly tls?: TlsMode | undefined;
  /** Lets several processes listen on the same port, where the runtime can. Default `false`. */
  readonly reusePort?: boolean | undefined;
  /**
   * Whether to serve browsers over WebSocket on the same port: clients that start with an HTTP
   * request. An object sets the allowed origins and the pages to serve. Telnet clients that send
   * nothing then wait `limits.helloTimeout` for their greeting. Default `false`.
   */
  readonly webSocket?: boolean | WebSocketOptions | undefined;
  /** The transport. Default: the server's transport, which defaults to the runtime's sockets. */
  readonly transport?: Transport | undefined;
}

/** A connection that may have existed before a restart. */
export interface RestoredConnection {
  /** The transport's identifier for the connection. */
  readonly identity: string;
  /** The person's IP address. */
  readonly address: string;
  /** The person's port. */
  readonly port: number;
}

/** Where to listen, and the handlers and settings for clients. Every field has a default. */
export interface ListenOptions<Client extends TelnetClient = TelnetClient>
  extends ListenerOptions, OptionEventHandlers<Client> {
  /** Additional listeners, such as `{ port: 7778, tls: true }`. Default: none. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  /** The certificate for TLS, and its key, as PEM text; see also `server.setCertificate()`. */
  readonly certificate?: Certificate | undefined;
  /**
   * Addresses and networks of proxies that report the client's address with the PROXY protocol,
   * version 1 or 2. Every connection from these addresses must send the header, except HTTP
   * proxies with `webSocket.forwardedHeader`. Default: none.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Called within `poll()` for each new client. Default: greets, and prints the connection. */
  readonly onConnect?: ((client: Client) => unknown) | undefined;
  /** Called within `poll()` for each client that has disconnected. Default: prints it. */
  readonly onDisconnect?: ((client: Client) => unknown) | undefined;
  /** How long `poll()` waits for something to happen, in milliseconds. Default 5. */
  readonly timeout?: number | undefined;
  /** The most clients at once; further connections are refused with one line. Default 1000. */
  readonly maxConnections?: number | undefined;
  /** The character set that clients start with, or your own codec. Default `"utf-8"`. */
  readonly encoding?: EncodingLabel | TextCodec | undefined;
  /** Your own client class. Default `TelnetClient`. */
  readonly clientClass?: (new () => Client) | undefined;
  /**
   * Called when a handler throws or its promise is rejected, before the client is dropped; you can
   * still send that client a last message. If your own `TextCodec` throws, the client also loses
   * its queued output. `client` is `undefined` if the constructor of a client, `onRefuse`,
   * `onListenError` or `onTurnEnd` threw. Default: prints the error.
   */
  readonly onError?: (error: unknown, client: Client | undefined) => void;
  /** Called within `poll()` when a client breaks the protocol or reaches a limit. Default: none. */
  readonly onViolation?: ((client: Client, violation: ClientViolation) => void) | undefined;
  /**
   * Called within `poll()` for each refused connection, at most 1024 per poll; `server.stats()`
   * counts all of them. Default: none.
   */
  readonly onRefuse?: ((refusal: Refusal) => void) | undefined;
  /**
   * Called within `poll()` when the system could not accept a connection, usually because file
   * descriptors ran out. The server keeps running and tries again. Bun and Node try again without
   * reporting it. Default: prints the error, at most once a minute.
   */
  readonly onListenError?: ((error: Error) => void) | undefined;
  /**
   * Called for each Telnet command, negotiation and subnegotiation in either direction, as text
   * such as `DO NAWS`. It does not contain text that is sent or typed. It does contain the first
   * bytes of payloads, and a GMCP payload can contain a password. For debugging. Default: none, at
   * no cost.
   */
  readonly onTrace?:
    | ((client: Client, direction: TraceDirection, words: string) => void)
    | undefined;
  /**
   * Called within `poll()` for a Telnet command such as IP or AYT, as a byte. Before the call, the
   * server answers AYT, edits the line for EC and EL, and discards the line for IP, BRK, ABORT and
   * SUSP. Default: none.
   */
  readonly onTelnetCommand?: ((client: Client, command: number) => void) | undefined;
  /**
   * Called when START-TLS has encrypted a client's connection. Restart the login: an attacker in
   * the middle may have sent what arrived before. It is not called on a TLS port, where everything
   * is encrypted from the first byte.
   */
  readonly onSecure?: ((client: Client) => void) | undefined;
  /**
   * Called within `poll()` for each key of a client in character mode. Default: none; keys then
   * wait for `client.getKey()`.
   */
  readonly onKey?: ((client: Client, key: Key) => void) | undefined;
  /**
   * The Telnet options that the server offers to each client at the start. Default: none. The
   * server still agrees if a client asks for NAWS, TERMINAL-TYPE, BINARY, CHARSET, STATUS,
   * TIMING-MARK, EOR or LOGOUT, and if it offers SGA.
   */
  readonly telnetOptions?: OptionDeclarations | undefined;
  /**
   * Your own Telnet options, offered and served like the built-in options. `client.telnet.handle()`
   * returns the handle of an option for one client. Default: none.
   */
  readonly customOptions?: readonly TelnetOption[] | undefined;
  /**
   * Called within `poll()` when an option changes that is neither built in nor in `customOptions`.
   * Default: none.
   */
  readonly onOption?: ((client: Client, change: UnknownOption) => unknown) | undefined;
  /** Called within `poll()` for a payload of such an option while it is enabled. Default: none. */
  readonly onSubnegotiation?:
    | ((client: Client, message: UnknownSubnegotiation) => unknown)
    | undefined;
  /** How long `client.ready` waits for answers, in milliseconds. Default 1000. */
  readonly readyTimeout?: number | undefined;
  /** Replaces the texts that the server sends by itself; an empty text is not sent. */
  readonly messages?: Partial<ServerMessages> | undefined;
  /** The Telnet keep-alive; see also `client.connection.keepAlive`. Default `"off"`. */
  readonly keepAlive?: KeepAlive | undefined;
  /** Milliseconds without input from a client before a keep-alive is sent. Default 60000. */
  readonly keepAliveInterval?: number | undefined;
  /** Whether to enable TCP keep-alive (SO_KEEPALIVE). Default `true`. */
  readonly tcpKeepAlive?: boolean | undefined;
  /**
   * Whether to remove escape sequences and control characters from lines that people type, so that
   * nobody can send them to another person's terminal. Default `true`.
   */
  readonly stripControls?: boolean | undefined;
  /**
   * In character mode, how long to wait after ESC for the rest of an escape sequence before it
   * counts as the Escape key, in milliseconds. Increase it for slow connections; see also
   * `useEditor()`. Default 100.
   */
  readonly escapeTimeout?: number | undefined;
  /**
   * Called within `poll()` for each new connection. If the connection existed before a restart of
   * the game, return its snapshot, and the client continues in that state. `identity` identifies
   * the connection across restarts if the transport keeps it open; it equals
   * `client.connection.identity`. Default: none; every connection is new.
   */
  readonly restore?: (connection: RestoredConnection) => ClientSnapshot | undefined;
  /**
   * Called within `poll()` at the end of each turn, after the game's output was handed to the
   * transport, with the clients whose state changed in that turn. Behind a gateway, the turn is saved
   * after this call. Save snapshots here, or assign `client.state`. Default: none, at no cost.
   */
  readonly onTurnEnd?: ((changed: readonly Client[]) => void) | undefined;
  /** The zlib implementation for MCCP. Default: the runtime's. */
  readonly codec?: CompressionCodec | undefined;
  /** The TLS implementation. Default: the runtime's. */
  readonly encryption?: Encryption | undefined;
  /** Limits for each client and each address. */
  readonly limits?: Partial<ServerLimits> | undefined;
  /** The time, for tests. Default: the runtime's monotonic clock. */
  readonly clock?: Clock | undefined;
}

/** The name of the handler for an option's event. */
export function handlerName<Name extends string>(event: Name): `on${Capitalize<Name>}` {
  return `on${event.charAt(0).toUpperCase()}${event.slice(1)}` as `on${Capitalize<Name>}`;
}

/** The names of a listener's options. */
export const LISTENER_OPTIONS: Readonly<Record<keyof ListenerOptions, true>> = {
  port: true,
  address: true,
  tls: true,
  webSocket: true,
  reusePort: true,
  transport: true,
};

type OwnOptions = Exclude<keyof ListenOptions, keyof OptionEventHandlers<TelnetClient>>;

const OWN_OPTIONS: Readonly<Record<OwnOptions, true>> = {
  ...LISTENER_OPTIONS,
  certificate: true,
  clientClass: true,
  clock: true,
  codec: true,
  encoding: true,
  encryption: true,
  escapeTimeout: true,
  customOptions: true,
  keepAlive: true,
  keepAliveInterval: true,
  limits: true,
  listeners: true,
  maxConnections: true,
  messages: true,
  onTelnetCommand: true,
  onConnect: true,
  onDisconnect: true,
  onError: true,
  onKey: true,
  onSecure: true,
  onListenError: true,
  onOption: true,
  onSubnegotiation: true,
  onRefuse: true,
  onTrace: true,
  onTurnEnd: true,
  onViolation: true,
  telnetOptions: true,
  readyTimeout: true,
  restore: true,
  stripControls: true,
  tcpKeepAlive: true,
  timeout: true,
  trustedProxies: true,
};

/** The names of the server's own events, such as `connect`; custom options cannot use them. */
export const OWN_EVENTS: readonly string[] = Object.keys(OWN_OPTIONS)
  .filter((name) => /^on[A-Z]/.test(name))
  .map((name) => name.charAt(2).toLowerCase() + name.slice(3));

/** All valid names in `listen()`, to reject misspelt ones; `custom`: the game's own options. */
export function listenOptionNames(
  custom: readonly TelnetOption[] | undefined,
): Readonly<Record<string, true>> {
  const own = Array.isArray(custom) ? custom.flatMap((option) => option?.events ?? []) : [];
  const events = [...OPTION_EVENTS, ...own];
  return {
    ...OWN_OPTIONS,
    ...Object.fromEntries(events.map((event) => [handlerName(String(event)), true])),
  };
}

/** The origin of a connection that is passed to `accept()`. */
export interface AcceptedFrom {
  /** The person's IP address. */
  readonly address?: string | undefined;
  /** The person's port. */
  readonly port?: number | undefined;
  /** Whether the connection is encrypted between the person and your server. */
  readonly encrypted?: boolean | undefined;
}

/** Options of `serve()`. */
export interface ServeOptions {
  /** Stops the server, as `stop()` does, when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `drain()`. */
export interface DrainOptions {
  /** A line to send to all clients. Default `messages.draining`. */
  readonly message?: string | undefined;
  /** How long clients can stay, in milliseconds. Default 0: they are closed at once. */
  readonly grace?: number | undefined;
}
