import { TELNET_LIMITS, type TelnetLimits, telnetLimits } from "../protocol/limits.ts";
import { checkCount, rejectUnknownKeys, withoutUndefined } from "../protocol/validate.ts";

/** What bounds a connection that this end has dialled. A server over a limit is left with an error. */
export interface ConnectLimits extends TelnetLimits {
  /** The most UTF-16 units of a line. A longer one ends the connection. Default 65536. */
  readonly line: number;
  /** The most characters that wait to be read; then reading from the server pauses. Default 1048576. */
  readonly unread: number;
  /** The most characters that one `exec()` returns; for more there is `execLines()`. Default 16 Mi. */
  readonly execOutput: number;
  /** The most bytes that the server has not taken. More ends the connection. Default 16 MiB. */
  readonly outputBytes: number;
  /**
   * The most negotiations, commands and subnegotiations a second; ten times as many can come at once.
   * A server that sends more is left. Default 500.
   */
  readonly negotiationRate: number;
  /**
   * The highest ratio of decompressed to compressed bytes (MCCP2), beyond the first MiB. More ends the
   * connection. Default 200.
   */
  readonly inflateRatio: number;
  /** The most decompressed bytes of a connection. More ends it. Default `Infinity`. */
  readonly inflateTotal: number;
}

/** The default limits. */
export const CONNECT_LIMITS: ConnectLimits = {
  ...TELNET_LIMITS,
  subnegotiation: 262_144, // a map of a region as GMCP
  line: 65_536, // a table of a device as one line
  unread: 1_048_576, // the configuration of a large router
  execOutput: 16_777_216, // every log of a week
  outputBytes: 16_777_216, // a firmware as text
  negotiationRate: 500, // the busiest fight in GMCP
  inflateRatio: 200, // blank lines shrink to a hundredth
  inflateTotal: Infinity, // a bot stays for months
};

/** Fills in the defaults and checks what the caller gave. */
export function connectLimits(given: Partial<ConnectLimits> = {}): ConnectLimits {
  rejectUnknownKeys("limits", given, CONNECT_LIMITS, {
    input: "unread",
    inputBytes: "unread",
    output: "outputBytes",
  });
  const limits = { ...CONNECT_LIMITS, ...withoutUndefined(given) };
  for (const [name, value] of Object.entries(limits)) {
    if (value !== Infinity) checkCount(`limits.${name}`, value, 1);
  }
  const { subnegotiation, answerTimeout, repeatedRequests } = limits;
  return { ...limits, ...telnetLimits({ subnegotiation, answerTimeout, repeatedRequests }) };
}
