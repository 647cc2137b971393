import { TELNET_LIMITS, type TelnetLimits, telnetLimits } from "../protocol/limits.ts";
import { checkCount, rejectUnknownKeys, withoutUndefined } from "../protocol/validate.ts";

/**
 * Limits of a connection to a server. Unless a limit says otherwise, exceeding it ends the
 * connection with an error.
 */
export interface ConnectLimits extends TelnetLimits {
  /**
   * The maximum length of a line, in UTF-16 code units. A longer one ends the connection.
   * Default 65536.
   */
  readonly line: number;
  /**
   * The maximum number of unread characters. Above it, reading from the server pauses.
   * Default 1048576.
   */
  readonly unread: number;
  /**
   * The maximum number of characters that one `exec()` returns. It throws `limit-exceeded` if there are
   * more: use `execLines()`. The connection stays. Default 16 Mi.
   */
  readonly execOutput: number;
  /**
   * The maximum number of sent bytes that the server has not read yet. More ends the connection.
   * Default 16 MiB.
   */
  readonly outputBytes: number;
  /**
   * The maximum number of negotiations, commands and subnegotiations per second, with bursts of up
   * to ten times as many. More ends the connection. Default 500.
   */
  readonly negotiationRate: number;
  /**
   * The highest ratio of decompressed to compressed bytes (MCCP2), beyond the first MiB. More ends the
   * connection. Default 200.
   */
  readonly inflateRatio: number;
  /**
   * The maximum number of decompressed bytes of a connection. More ends the connection.
   * Default `Infinity`.
   */
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

/** Fills in the defaults, and checks the given limits. */
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
