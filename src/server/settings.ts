import { MCCP3 } from "../options/mccp.ts";
import { MSSP, type MsspStatus } from "../options/mssp.ts";
import type { OptionNotices } from "../options/option.ts";
import { declared } from "../options/registry.ts";
import { misuse, show } from "../protocol/error.ts";
import { checkCount, telnetLimits } from "../protocol/limits.ts";
import { checkEncoding, encodingByName } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import { defaultCodec } from "../transport/default.ts";
import { TelnetClient } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { printError } from "./handlers.ts";
import { serverLimits } from "./limits.ts";
import type { ListenOptions } from "./listen_options.ts";
import { AGREED } from "./option_host.ts";
import type { ClientViolation, SessionSettings } from "./session_owner.ts";

/** The options of `listen()`, checked and with their defaults. */
export interface Settings<Client extends TelnetClient> extends SessionSettings {
  readonly clientClass: new () => Client;
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly notices: {
    readonly [Name in keyof OptionNotices]?: (
      client: Client,
      value: OptionNotices[Name],
    ) => void;
  };
  readonly restore: ListenOptions<Client>["restore"];
  readonly onError: (error: unknown, client: Client | undefined) => void;
  readonly onViolation: (client: Client, kind: ClientViolation) => void;
  readonly onCommand: (client: Client, command: number) => void;
  readonly onKey: ((client: Client, key: Key) => void) | undefined;
}

/** Checks the options of `listen()` and fills in the defaults. */
export async function checkSettings<Client extends TelnetClient>(
  options: ListenOptions<Client>,
): Promise<Settings<Client>> {
  const { maxConnections = 1000, timeout = 5, encoding = "utf-8", readyTimeout = 1000 } = options;
  checkCount("maxConnections", maxConnections);
  checkCount("readyTimeout", readyTimeout);
  if (!(typeof timeout === "number" && timeout >= 0)) {
    misuse(`Cannot wait for a timeout that is not 0 or more: ${show(timeout)}`);
  }
  // Without a class of the caller, Client is TelnetClient itself.
  const clientClass = options.clientClass ?? TelnetClient as new () => Client;
  if (clientClass !== TelnetClient && !(clientClass.prototype instanceof TelnetClient)) {
    misuse(`Cannot use a clientClass that does not extend TelnetClient: ${clientClass.name}`);
  }
  const { mccp2, mccp3, charset } = options.options ?? {};
  for (const name of (typeof charset === "object" ? charset.names : undefined) ?? []) {
    if (encodingByName(name) === undefined) {
      misuse(`Cannot offer a character set that the server does not know: ${show(name)}`);
    }
  }
  const limits = serverLimits(options.limits);
  return {
    clientClass,
    maxConnections,
    readyTimeout,
    encoding: checkEncoding(encoding),
    limits,
    // Frozen, so that it is looked at once for all connections.
    machine: Object.freeze({ ...AGREED, stopAfter: [MCCP3], limits: telnetLimits(limits) }),
    restore: options.restore,
    declared: declared(options.options ?? {}),
    areYouThere: options.areYouThere ?? "[Yes, I am here]",
    codec: mccp2 || mccp3 ? options.codec ?? await defaultCodec() : undefined,
    clock: options.clock ?? systemClock,
    onError: options.onError ?? printError,
    onViolation: options.onViolation ?? (() => {}),
    onCommand: options.onCommand ?? (() => {}),
    onKey: options.onKey,
    notices: noticesOf(options),
  };
}

function noticesOf<Client extends TelnetClient>(
  options: ListenOptions<Client>,
): Settings<Client>["notices"] {
  const { onResize, onGmcp, onMsdp, onEnviron, onZmp, onAtcp, onAardwolf, onSlc, onPong } = options;
  return {
    ...(onResize && { resize: onResize }),
    ...(onGmcp && { gmcp: onGmcp }),
    ...(onMsdp && { msdp: onMsdp }),
    ...(onEnviron && { environ: onEnviron }),
    ...(onZmp && { zmp: onZmp }),
    ...(onAtcp && { atcp: onAtcp }),
    ...(onAardwolf && { aardwolf: onAardwolf }),
    ...(onSlc && { slc: onSlc }),
    ...(onPong && { pong: onPong }),
    ...(options.onLogout && { logout: options.onLogout }),
  };
}

/** MSSP wants to know how many play and since when; the game need not say it. */
export function withStatus(
  declared: ReadonlyMap<number, unknown>,
  players: () => number,
): ReadonlyMap<number, unknown> {
  const status = declared.get(MSSP) as (() => MsspStatus) | undefined;
  if (status === undefined) return declared;
  const startedAt = Math.floor(Date.now() / 1000);
  const whole = () => ({ PLAYERS: players(), UPTIME: startedAt, ...status() });
  return new Map(declared).set(MSSP, whole);
}
