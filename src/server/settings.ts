import { MCCP3 } from "../options/mccp.ts";
import { MSSP, type MsspStatus } from "../options/mssp.ts";
import { declared, OPTION_EVENTS } from "../options/registry.ts";
import { inspect, throwMisuse } from "../protocol/error.ts";
import { checkCount, telnetLimits } from "../protocol/limits.ts";
import { checkEncoding, encodingByName } from "../text/charset.ts";
import { defaultCodec, defaultEncryption } from "../transport/default.ts";
import { START_TLS } from "../options/start_tls.ts";
import { AddressSet } from "../guard/addresses.ts";
import { TelnetClient } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { AcceptorSettings, ListenerInfo } from "./acceptor.ts";
import { printError, printListenError } from "./default_handlers.ts";
import { serverLimits } from "../guard/limits.ts";
import {
  handlerName,
  LISTEN_OPTIONS,
  LISTENER_OPTIONS,
  type ListenOptions,
} from "./listen_options.ts";
import { serverMessages } from "../guard/messages.ts";
import { checkList, rejectUnknownKeys } from "../guard/validate.ts";
import type { Refusal } from "../guard/refusal.ts";
import { AGREED } from "../session/option_host.ts";
import type { EventHandlers } from "./server_host.ts";
import type { SessionSettings } from "../session/session_host.ts";
import { ratesOf } from "../guard/rate_limiter.ts";
import { checkKeepAlive } from "../guard/idle_monitor.ts";

/** The options of `listen()`, checked and with their defaults. */
export interface Settings<Client extends TelnetClient> extends SessionSettings, AcceptorSettings {
  readonly clientClass: new () => Client;
  readonly clock: Required<Clock>;
  readonly handlers: EventHandlers<Client>;
  readonly restore: ListenOptions<Client>["restore"];
  readonly onError: (error: unknown, client: Client | undefined) => void;
  readonly onRefuse: ((refusal: Refusal) => void) | undefined;
  readonly onListenError: (error: Error) => void;
  readonly onTurnEnd: ((changed: readonly Client[]) => void) | undefined;
}

/** Checks the options of `listen()` and fills in the defaults. */
export async function checkSettings<Client extends TelnetClient>(
  options: ListenOptions<Client>,
): Promise<Settings<Client>> {
  checkShape(options);
  const { maxConnections = 1000, timeout = 5, encoding = "utf-8", readyTimeout = 1000 } = options;
  checkCount("maxConnections", maxConnections);
  checkCount("readyTimeout", readyTimeout);
  if (!(typeof timeout === "number" && timeout >= 0)) {
    throwMisuse(`Cannot wait for a timeout that is not 0 or more: ${inspect(timeout)}`);
  }
  // Without a class of the caller, Client is TelnetClient itself.
  const clientClass = options.clientClass ?? TelnetClient as new () => Client;
  if (clientClass !== TelnetClient && !(clientClass.prototype instanceof TelnetClient)) {
    throwMisuse(`Cannot use a clientClass that does not extend TelnetClient: ${clientClass.name}`);
  }
  const { mccp2, mccp3, charset } = options.options ?? {};
  for (const name of (typeof charset === "object" ? charset.names : undefined) ?? []) {
    if (encodingByName(name) === undefined) {
      throwMisuse(`Cannot offer a character set that the server does not know: ${inspect(name)}`);
    }
  }
  const limits = serverLimits(options.limits);
  const { clock = systemClock } = options;
  const { certificate, keepAliveInterval = 60_000 } = options;
  checkCount("keepAliveInterval", keepAliveInterval);
  checkTls(options);
  return {
    clientClass,
    maxConnections,
    readyTimeout,
    encoding: checkEncoding(encoding),
    limits,
    // Frozen, so that it is looked at once for all connections.
    machine: Object.freeze({
      ...AGREED,
      stopAfter: [MCCP3, START_TLS],
      limits: telnetLimits(limits),
    }),
    restore: options.restore,
    declared: declared(options.options ?? {}),
    messages: serverMessages(options.messages),
    rates: ratesOf(limits),
    keepAlive: checkKeepAlive(options.keepAlive ?? "off"),
    keepAliveInterval,
    stripControls: options.stripControls ?? true,
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
    handlers: handlersOf(options),
  };
}

/** Names are right, and handlers are functions. */
function checkShape<Client extends TelnetClient>(options: ListenOptions<Client>): void {
  rejectUnknownKeys("", options, LISTEN_OPTIONS);
  checkList("listeners", options.listeners ?? []);
  checkList("trustedProxies", options.trustedProxies ?? []);
  for (const listener of options.listeners ?? []) {
    rejectUnknownKeys("listeners", listener, LISTENER_OPTIONS);
  }
  for (const [name, value] of Object.entries(options)) {
    if (/^(on[A-Z]|restore$)/.test(name) && value !== undefined && typeof value !== "function") {
      throwMisuse(`Cannot call what is no function: ${name}: ${inspect(value)}`);
    }
  }
}

/** What speaks TLS has a certificate. */
function checkTls<Client extends TelnetClient>(options: ListenOptions<Client>): void {
  const { certificate, tls, listeners = [] } = options;
  const modes = [tls, ...listeners.map((listener) => listener.tls)];
  for (const mode of modes) {
    if (![undefined, false, true, "auto"].includes(mode)) {
      throwMisuse(`Cannot use another tls than true, false or "auto": ${inspect(mode)}`);
    }
    if (mode && certificate === undefined) {
      throwMisuse("Cannot speak TLS without a certificate: give listen() one as `certificate`");
    }
  }
  const { startTls } = options.options ?? {};
  if (startTls && certificate === undefined) {
    throwMisuse("Cannot offer START-TLS without a certificate: give listen() one as `certificate`");
  }
  // Who means it says `tls: false`.
  if (certificate !== undefined && !startTls && modes.every((mode) => mode === undefined)) {
    throwMisuse("Cannot use a certificate where nothing speaks TLS: set tls, or options.startTls");
  }
}

/** The handlers that the game gives, by the event's name. */
function handlersOf<Client extends TelnetClient>(
  options: ListenOptions<Client>,
): EventHandlers<Client> {
  const { onCommand, onKey, onSecure, onViolation, onTrace } = options;
  const given = OPTION_EVENTS.map((event) => [event, options[handlerName(event)]] as const);
  return {
    ...Object.fromEntries(given.filter(([, handler]) => handler !== undefined)),
    ...(onCommand && { command: onCommand }),
    ...(onKey && { key: onKey }),
    ...(onSecure && { secure: onSecure }),
    ...(onViolation && { violation: onViolation }),
    ...(onTrace && { trace: (client, { direction, words }) => onTrace(client, direction, words) }),
  };
}

/** MSSP wants to know how many play, since when, and where it is encrypted; the game need not say it. */
export function withStatus(
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
