import { checkWebSocket } from "./web_requests.ts";
import { MCCP3 } from "../options/mccp.ts";
import { MSSP, type MsspStatus } from "../options/mssp.ts";
import type { OptionSet } from "../options/option_set.ts";
import { checkCustomOptions } from "../options/custom_options.ts";
import { BUILT_IN, checkDeclarations, optionSet } from "../options/registry.ts";
import { START_TLS } from "../options/start_tls.ts";
import { throwMisuse } from "../protocol/error.ts";
import { telnetLimits } from "../protocol/limits.ts";
import {
  checkBoolean,
  checkCount,
  checkFunction,
  checkList,
  checkOneOf,
  checkPort,
  checkText,
  inspect,
  rejectUnknownKeys,
  type Synonyms,
  throwUnexpected,
} from "../protocol/validate.ts";
import { checkEncoding, encodingByName } from "../text/charset.ts";
import { defaultCodec, defaultEncryption } from "../transport/default.ts";
import { AddressSet } from "../guard/addresses.ts";
import { checkCertificate } from "./certificate.ts";
import { TelnetClient } from "./client.ts";
import { checkClientClass } from "./client_class.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { AcceptorSettings, ListenerInfo } from "./acceptor.ts";
import { printError, printListenError } from "./default_handlers.ts";
import { loopbackLimits, serverLimits } from "../guard/limits.ts";
import {
  type ClientHandler,
  handlerName,
  LISTENER_OPTIONS,
  type ListenerOptions,
  listenOptionNames,
  type ListenOptions,
  OWN_EVENTS,
} from "./listen_options.ts";
import { serverMessages } from "../guard/messages.ts";
import type { Refusal } from "../guard/refusal.ts";
import type { EventHandlers } from "./server_host.ts";
import type { ErrorHandler } from "./user_code.ts";
import type { SessionSettings } from "../session/session_host.ts";
import type { Transport } from "../transport/transport.ts";
import { ratesOf } from "../guard/rate_limiter.ts";
import { checkKeepAlive } from "../guard/idle_monitor.ts";
import { ESCAPE_TIMEOUT_MS } from "../text/keys.ts";

/** The options of `listen()`, checked and with their defaults. */
export interface Settings<Client extends TelnetClient> extends SessionSettings, AcceptorSettings {
  readonly clientClass: new () => Client;
  readonly clock: Required<Clock>;
  readonly handlers: EventHandlers<Client>;
  readonly restore: ListenOptions<Client>["restore"];
  readonly onError: ErrorHandler<Client>;
  readonly onRefuse: ((refusal: Refusal) => void) | undefined;
  readonly onListenError: (error: Error) => void;
  readonly onTurnEnd: ClientHandler<readonly Client[]> | undefined;
}

/** Names that other libraries use for the options of `listen()`, and what to use instead. */
const SYNONYMS: Synonyms = {
  host: "address",
  hostname: "address",
  bind: "address",
  options: "telnetOptions",
  telnet: "telnetOptions",
  maxClients: "maxConnections",
  ssl: "tls",
  secure: "tls",
  cert: "give the PEM text as certificate: { cert, key }",
  key: "give the PEM text as certificate: { cert, key }",
  charset: "encoding",
  idleTimeout: "give it in limits: { idleTimeout }",
  backlog: "the system chooses it",
  shell: "onConnect",
  onConnection: "onConnect",
  onClient: "onConnect",
  onOpen: "onConnect",
  connection: "onConnect",
  onClose: "onDisconnect",
  onEnd: "onDisconnect",
  onCommand: "read lines by client.getCommand(); Telnet commands come by onTelnetCommand",
  onLine: "read lines by client.getCommand(), client.readLine() or client.lines()",
  onData: "read lines by client.getCommand(), client.readLine() or client.lines()",
  onMessage: "read lines by client.getCommand(), client.readLine() or client.lines()",
  ondata: "read lines by client.getCommand(), client.readLine() or client.lines()",
  onTimeout: "give an idle time in limits: { idleTimeout }, and hear of it by onDisconnect",
  onIdle: "give an idle time in limits: { idleTimeout }, and hear of it by onDisconnect",
  onNaws: "onResize",
  onKeypress: "onKey",
  onTls: "onSecure",
  handler: "onConnect",
  banner: "send it in onConnect",
  greeting: "send it in onConnect",
  signal: "give it to serve({ signal })",
  trustProxy: "trustedProxies",
  proxy: "trustedProxies",
  onInput: "read lines by client.getCommand(), client.readLine() or client.lines()",
  naws: "give it in telnetOptions: { naws: true }, and hear of changes by onResize",
  gmcp: "give it in telnetOptions: { gmcp: true }",
  msdp: "give it in telnetOptions: { msdp: { variables } }",
  mssp: 'give it in telnetOptions: { mssp: () => ({ NAME: "…" }) }',
  mccp: "give it in telnetOptions: { mccp2: true }",
  pages: "give it in webSocket: { pages }",
  origins: "give it in webSocket: { origins }",
  forwardedHeader: "give it in webSocket: { forwardedHeader }",
  supports: "give it in telnetOptions: { zmp: { supports } }",
  ws: "webSocket",
  http: "webSocket",
  proxyProtocol: "trustedProxies",
  log: "onTrace",
  debug: "onTrace",
  motd: "send it in onConnect",
  maxPlayers: "maxConnections",
  tickRate: "your own loop calls server.poll() as often as you like",
  interval: "your own loop calls server.poll() as often as you like",
};

/** Checks the options of `listen()` and fills in the defaults. */
export async function checkSettings<Client extends TelnetClient>(
  options: ListenOptions<Client>,
): Promise<Settings<Client>> {
  checkShape(options);
  const { maxConnections = 1000, timeout = 5, encoding = "utf-8", readyTimeout = 1000 } = options;
  checkCount("maxConnections", maxConnections);
  checkCount("readyTimeout", readyTimeout);
  checkTimeout(timeout);
  // If no class is given, `Client` is TelnetClient itself.
  const { clientClass = TelnetClient as new () => Client } = options;
  checkClientClass(clientClass);
  const { customOptions = [], telnetOptions = {} } = options;
  checkCustomOptions(customOptions, BUILT_IN, OWN_EVENTS);
  const offered = checkDeclarations(telnetOptions);
  for (const { code } of customOptions) offered.set(code, true);
  const { mccp2, mccp3, charset } = telnetOptions;
  for (const name of (typeof charset === "object" ? charset.names : undefined) ?? []) {
    if (encodingByName(name) === undefined) {
      throwMisuse(
        `Unknown encoding ${
          inspect(name)
        } in telnetOptions.charset: use a label such as "utf-8" or "koi8-r"`,
      );
    }
  }
  const limits = serverLimits(options.limits);
  const { clock = systemClock, stripControls = true, tcpKeepAlive = true } = options;
  checkClock(clock);
  if (options.codec !== undefined) {
    checkFunction("codec.deflate", options.codec?.deflate);
    checkFunction("codec.inflate", options.codec?.inflate);
  }
  if (options.encryption !== undefined) {
    checkFunction("encryption.context", options.encryption?.context);
  }
  checkBoolean("stripControls", stripControls);
  checkBoolean("tcpKeepAlive", tcpKeepAlive);
  const { certificate, keepAliveInterval = 60_000, escapeTimeout = ESCAPE_TIMEOUT_MS } = options;
  checkCount("escapeTimeout", escapeTimeout);
  checkCount("keepAliveInterval", keepAliveInterval);
  checkTls(options);
  const known = optionSet(customOptions);
  return {
    clientClass,
    maxConnections,
    readyTimeout,
    encoding: checkEncoding(encoding),
    limits,
    loopbackLimits: loopbackLimits(limits, options.limits),
    // Frozen, so that it is checked once for all connections.
    machine: Object.freeze({
      ...known.agreed,
      stopAfter: [MCCP3, START_TLS],
      limits: telnetLimits(limits),
    }),
    restore: options.restore,
    known,
    declared: offered,
    messages: serverMessages(options.messages),
    rates: ratesOf(limits),
    keepAlive: checkKeepAlive(options.keepAlive === undefined ? "off" : options.keepAlive),
    keepAliveInterval,
    escapeTimeout,
    // Frozen, so that it is checked once for all connections.
    lineInput: Object.freeze({ limit: limits.line, stripControls }),
    trustedProxies: new AddressSet("trustedProxies", options.trustedProxies ?? []),
    certificate,
    encryption: certificate && (options.encryption ?? await defaultEncryption()),
    codec: mccp2 || mccp3 ? options.codec ?? await defaultCodec() : undefined,
    clock: clock === systemClock ? systemClock : {
      now: () => clock.now(),
      timeOfDay: () => clock.timeOfDay?.() ?? systemClock.timeOfDay(),
    },
    onError: options.onError ?? printError,
    onRefuse: options.onRefuse,
    onListenError: options.onListenError ?? printListenError(),
    onTurnEnd: options.onTurnEnd,
    handlers: handlersOf(options, known),
  };
}

/** Checks the `timeout` of polls. */
export function checkTimeout(timeout: number): void {
  if (!(typeof timeout === "number" && timeout >= 0)) {
    throwUnexpected("timeout", "a number of milliseconds, at least 0", timeout);
  }
}

/** Checks the names and types of the options. */
function checkShape<Client extends TelnetClient>(options: ListenOptions<Client>): void {
  if (typeof options === "number" || typeof options === "string") {
    throwMisuse(
      `Cannot use listen(${inspect(options)}): give an object, such as listen({ port: 7777 })`,
    );
  }
  rejectUnknownKeys("", options, listenOptionNames(options?.customOptions), SYNONYMS);
  const { listeners = [], trustedProxies = [] } = options ?? {};
  checkList("listeners", listeners);
  checkList("trustedProxies", trustedProxies);
  checkListener("", options, options.transport);
  for (const [index, listener] of listeners.entries()) {
    rejectUnknownKeys(`listeners[${index}]`, listener, LISTENER_OPTIONS, SYNONYMS);
    checkListener(`listeners[${index}].`, listener, listener.transport ?? options.transport);
  }
  const forwards = ({ webSocket }: ListenerOptions) =>
    typeof webSocket === "object" && webSocket.forwardedHeader !== undefined;
  if ([options, ...listeners].some(forwards) && trustedProxies.length === 0) {
    throwMisuse(
      "Cannot use webSocket.forwardedHeader without proxies: list their addresses in `trustedProxies`",
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (/^(on[A-Z]|restore$)/.test(name) && value !== undefined) checkFunction(name, value);
  }
}

function checkClock(clock: Clock): void {
  for (const name of ["now", "timeOfDay"] as const) {
    if (name === "timeOfDay" && clock?.timeOfDay === undefined) continue;
    checkFunction(`clock.${name}`, clock?.[name]);
    const time = clock[name]?.();
    if (Number.isFinite(time)) continue;
    throwUnexpected(`what clock.${name}() returns`, "a number of milliseconds", time);
  }
}

/**
 * The characters of names and of IP addresses, which may have a zone. Empty stands for every
 * address, as in Miniboa.
 */
const ADDRESS = /^[\w.:%-]*$/;

/** Checks the options of a listener on a transport; `undefined`: the runtime's own. */
function checkListener(
  what: string,
  { port, address, reusePort, tls, webSocket = false }: ListenerOptions,
  transport: Transport | undefined,
): void {
  if (typeof webSocket === "object" && webSocket !== null) {
    checkWebSocket(`${what}webSocket`, webSocket);
  } else checkBoolean(`${what}webSocket`, webSocket);
  if (port !== undefined) checkPort(`${what}port`, port);
  checkOneOf(`${what}tls`, tls, [undefined, false, true, "auto"]);
  if (address !== undefined) checkText(`${what}address`, address);
  // Another transport may have other addresses.
  if (address !== undefined && transport === undefined && !ADDRESS.test(address)) {
    const such = 'a name or an IP address, such as "127.0.0.1" or "::"';
    throwUnexpected(`${what}address`, such, address);
  }
  if (reusePort !== undefined) checkBoolean(`${what}reusePort`, reusePort);
  if (transport !== undefined && typeof transport?.listen !== "function") {
    throwUnexpected(
      `${what}transport`,
      "a Transport, such as `nodeTransport` of ./transport/node, or none for that of the runtime",
      transport,
    );
  }
}

/** Checks that TLS and START-TLS have a certificate, and that a given certificate is used. */
function checkTls<Client extends TelnetClient>(options: ListenOptions<Client>): void {
  const { certificate, tls, listeners = [], telnetOptions = {} } = options;
  const modes = [tls, ...listeners.map((listener) => listener.tls)];
  for (const mode of modes) {
    if (mode && certificate === undefined) {
      throwMisuse("Cannot use TLS without a certificate: pass `certificate` to listen()");
    }
  }
  const { startTls } = telnetOptions;
  if (startTls && certificate === undefined) {
    throwMisuse("Cannot offer START-TLS without a certificate: pass `certificate` to listen()");
  }
  if (certificate !== undefined) checkCertificate(certificate);
  // An explicit `tls: false` allows a certificate that is not used.
  if (certificate !== undefined && !startTls && modes.every((mode) => mode === undefined)) {
    throwMisuse(
      "Cannot use a certificate without TLS: set `tls`, or telnetOptions.startTls",
    );
  }
}

/** The game's handlers, by event name. */
function handlersOf<Client extends TelnetClient>(
  options: ListenOptions<Client>,
  known: OptionSet,
): EventHandlers<Client> {
  const given = options as Readonly<Record<string, unknown>>;
  const events = [
    ...known.eventNames,
    "telnetCommand",
    "key",
    "secure",
    "violation",
    ...UNKNOWN_OPTIONS,
  ];
  const handlers = events.map((event) => [event, given[handlerName(event)]] as const);
  const { onTrace } = options;
  return {
    ...Object.fromEntries(handlers.filter(([, handler]) => handler !== undefined)),
    ...(onTrace && { trace: (client, { direction, words }) => onTrace(client, direction, words) }),
  };
}

/** The events for options that the server does not know. */
const UNKNOWN_OPTIONS = ["option", "subnegotiation"];

/** Adds PLAYERS, UPTIME and the TLS ports to the MSSP status; the game's values win. */
export function withMsspDefaults(
  declared: ReadonlyMap<number, unknown>,
  players: () => number,
  listeners: () => readonly ListenerInfo[],
  timeOfDay: number,
): ReadonlyMap<number, unknown> {
  const status = declared.get(MSSP) as (() => MsspStatus) | undefined;
  if (status === undefined) return declared;
  const startedAt = Math.floor(timeOfDay / 1000);
  const whole = () => {
    const ports = [...new Set(listeners().filter(({ tls }) => tls).map(({ port }) => port))];
    const secure = ports.length === 0 ? {} : { SSL: ports, TLS: ports };
    return { PLAYERS: players(), UPTIME: startedAt, ...secure, ...status() };
  };
  return new Map(declared).set(MSSP, whole);
}
