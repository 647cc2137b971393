import { OPTION_EVENTS, type OptionDeclarations, type OptionEvents } from "../options/registry.ts";
import type { EncodingLabel, TextCodec } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Certificate, Encryption } from "../transport/encryption.ts";
import type { Transport } from "../transport/transport.ts";
import type { TelnetClient } from "./client.ts";
import type { TelnetOption } from "../options/option.ts";
import type { UnknownOption, UnknownSubnegotiation } from "../session/session_host.ts";
import type { ClientSnapshot } from "../session/client_snapshot.ts";
import type { Clock } from "./clock.ts";
import type { TlsMode } from "./handshake.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { ServerMessages } from "../guard/messages.ts";
import type { Refusal } from "../guard/refusal.ts";
import type { ClientViolation } from "../guard/violations.ts";
import type { TraceDirection } from "../session/trace.ts";
import type { KeepAlive } from "../guard/idle_monitor.ts";

/** Handlers for what the options report, such as `onResize`. Each is called within `poll()`. */
export type OptionEventHandlers<Client> = {
  readonly [Name in keyof OptionEvents as `on${Capitalize<Name>}`]?: (
    client: Client,
    value: OptionEvents[Name],
  ) => void;
};

/** Handlers for what options of your own report: `on…` for each of their `events`. */
// A conditional type, so that a handler's parameters are inferred when the options are.
export type CustomEventHandlers<Client, Options extends readonly TelnetOption[]> =
  EventsOf<Options> extends infer Events ? {
      readonly [Name in keyof Events & string as `on${Capitalize<Name>}`]?: (
        client: Client,
        value: Events[Name],
      ) => unknown;
    }
    : never;

/** Options of your own, and handlers for their events. */
export type CustomOptions<Client, Options extends readonly TelnetOption[]> =
  & { readonly customOptions?: Options }
  & CustomEventHandlers<Client, Options>;

/** The events of options, by their names: those of all of them in one. */
export type EventsOf<Options extends readonly TelnetOption[]> = {
  [Index in keyof Options]: Options[Index] extends
    TelnetOption<infer _Config, infer _State, infer Events>
    ? (events: [Events] extends [never] ? Record<never, never> : Events) => void
    : never;
}[number] extends (events: infer All) => void ? All : never;

/** Where to listen, and how. */
export interface ListenerOptions {
  /** The port; 0 lets the system choose, see `server.port`. Default 7777. */
  readonly port?: number;
  /** A name or IP address of this machine. Default `""`, every IPv4 address; `"::"` adds IPv6. */
  readonly address?: string;
  /**
   * Whether to speak TLS: `true` with everybody; `"auto"` with those who begin with it, for which
   * others wait `limits.helloTimeout`. Wants `certificate`. Default `false`.
   */
  readonly tls?: TlsMode;
  /** Lets several processes listen on the same port, where the runtime can. Default `false`. */
  readonly reusePort?: boolean;
  /** The network. Default: that of the server, which is that of the runtime. */
  readonly transport?: Transport;
}

/** A connection that may be known from before a restart. */
export interface RestoredConnection {
  /** Names the connection: what its transport calls it. */
  readonly identity: string;
  /** The person's IP address. */
  readonly address: string;
  /** The person's port. */
  readonly port: number;
}

/** How to listen, and what to do with those who come. Every field has a default. */
export interface ListenOptions<Client extends TelnetClient = TelnetClient>
  extends ListenerOptions, OptionEventHandlers<Client> {
  /** Where to listen as well, such as `{ port: 7778, tls: true }`. Default: nowhere. */
  readonly listeners?: readonly ListenerOptions[];
  /** The certificate for TLS, and its key, as PEM text; see also `server.setCertificate()`. */
  readonly certificate?: Certificate;
  /**
   * Addresses and networks of proxies that tell whose connection it is by the PROXY protocol, version
   * 1 or 2. Who comes from there must. Default: none.
   */
  readonly trustedProxies?: readonly string[];
  /** Called within `poll()` for each new client. Default: greets, and prints the connection. */
  readonly onConnect?: (client: Client) => unknown;
  /** Called within `poll()` for each client that went. Default: prints the loss. */
  readonly onDisconnect?: (client: Client) => unknown;
  /** The longest that `poll()` waits for something to happen, in milliseconds. Default 5. */
  readonly timeout?: number;
  /** How many clients are served at once; the next is refused in one line. Default 1000. */
  readonly maxConnections?: number;
  /** The character set that clients start with, or a codec of your own. Default `"utf-8"`. */
  readonly encoding?: EncodingLabel | TextCodec;
  /** Your own class of clients. Default `TelnetClient`. */
  readonly clientClass?: new () => Client;
  /**
   * Called when a handler threw or its promise was rejected, before the client is dropped; what you
   * send here is the last that it gets. A character set of yours that throws costs the client its
   * queued output too. Without a client it was a client's constructor that threw, or `onRefuse` or
   * `onListenError`. Default: prints the error.
   */
  readonly onError?: (error: unknown, client: Client | undefined) => void;
  /** Called within `poll()` when a client breaks the protocol or comes to a limit. Default: nothing. */
  readonly onViolation?: (client: Client, violation: ClientViolation) => void;
  /**
   * Called within `poll()` for each connection that did not become a client, up to some thousand
   * a poll; `server.stats()` counts all. Default: nothing.
   */
  readonly onRefuse?: (refusal: Refusal) => void;
  /**
   * Called within `poll()` when the system could not accept a connection, mostly for a lack of file
   * descriptors; the server goes on and tries again. Bun and Node try again without telling. Default:
   * prints the error, once a minute.
   */
  readonly onListenError?: (error: Error) => void;
  /**
   * Called for each command, negotiation and subnegotiation of either end, in words such as
   * `DO NAWS`. Text is not shown; the first bytes of payloads are, and GMCP's may hold a password. For
   * debugging. Default: nothing, at no cost.
   */
  readonly onTrace?: (client: Client, direction: TraceDirection, words: string) => void;
  /**
   * Called within `poll()` for a Telnet command such as IP or AYT, as a byte. AYT is answered, EC
   * and EL edit the line, IP, BRK, ABORT and SUSP discard it before. Default: nothing more.
   */
  readonly onTelnetCommand?: (client: Client, command: number) => void;
  /**
   * Called when START-TLS has made a client's connection encrypted. Begin the login anew: somebody who
   * reads and changes the traffic may have sent what came before. On a port of TLS it is not called,
   * as everything there is encrypted from the first byte.
   */
  readonly onSecure?: (client: Client) => void;
  /**
   * Called within `poll()` for each key of a client in character mode. Without it keys wait for
   * `client.getKey()`.
   */
  readonly onKey?: (client: Client, key: Key) => void;
  /**
   * What is offered to each client at the start, by option. Default: nothing; a client that asks
   * for NAWS, TERMINAL-TYPE, BINARY, CHARSET, STATUS, TIMING-MARK, EOR or LOGOUT gets it.
   */
  readonly telnetOptions?: OptionDeclarations;
  /**
   * Options of your own, offered and served like those of the library; `client.telnet.handle()` has what
   * each keeps for a client. Default: none.
   */
  readonly customOptions?: readonly TelnetOption[];
  /** Called within `poll()` when an option changes that neither the library nor you know. Default: nothing. */
  readonly onOption?: (client: Client, change: UnknownOption) => unknown;
  /** Called within `poll()` for a payload of such an option that is in force. Default: nothing. */
  readonly onSubnegotiation?: (client: Client, message: UnknownSubnegotiation) => unknown;
  /** How long `client.ready` waits for answers, in milliseconds. Default 1000. */
  readonly readyTimeout?: number;
  /** What the server says by itself, where it shall be other words, or none. */
  readonly messages?: Partial<ServerMessages>;
  /** What keeps silent connections alive; see also `client.connection.keepAlive`. Default `"off"`. */
  readonly keepAlive?: KeepAlive;
  /** For how long nothing must have come from a client before that, in milliseconds. Default 60000. */
  readonly keepAliveInterval?: number;
  /** Has the system look whether silent peers are still there (SO_KEEPALIVE). Default `true`. */
  readonly tcpKeepAlive?: boolean;
  /**
   * Whether escape sequences and control characters are taken out of the lines that people type, so
   * that nobody can send them to another's terminal. Default `true`.
   */
  readonly stripControls?: boolean;
  /**
   * Called within `poll()` for each new connection. Where it is one from before a restart of the game,
   * return its snapshot: the client goes on where it stood. `identity` names the connection across
   * restarts where the transport carries it over; `client.connection.identity` is the same. Default: no
   * connection is known.
   */
  readonly restore?: (connection: RestoredConnection) => ClientSnapshot | undefined;
  /**
   * Called within `poll()` at the end of each turn, after all that the game has written was handed to the
   * network, with the clients whose state has changed in it. Whoever commits snapshots does it here.
   * Default: nothing, at no cost.
   */
  readonly onTurnEnd?: (changed: readonly Client[]) => void;
  /** The zlib of MCCP. Default: that of the runtime. */
  readonly codec?: CompressionCodec;
  /** The TLS. Default: that of the runtime. */
  readonly encryption?: Encryption;
  /** What bounds each client. */
  readonly limits?: Partial<ServerLimits>;
  /** The time, for tests. Default: the runtime's monotonic clock. */
  readonly clock?: Clock;
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

/** The names of the events that are not those of options. */
export const OWN_EVENTS: readonly string[] = Object.keys(OWN_OPTIONS)
  .filter((name) => /^on[A-Z]/.test(name))
  .map((name) => name.charAt(2).toLowerCase() + name.slice(3));

/** All names, so that a misspelt one is not ignored; `custom`: the options of the game. */
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

/** How to serve without a game loop. */
export interface ServeOptions {
  /** Ends the serving: the server is stopped in good order. */
  readonly signal?: AbortSignal;
}

/** How to end. */
export interface DrainOptions {
  /** What everybody is told, a line. Default `messages.draining`. */
  readonly message?: string;
  /** How long clients may stay to come to an end, in milliseconds. Default 0: they are closed at once. */
  readonly grace?: number;
}
