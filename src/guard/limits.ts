import { checkCount, TELNET_LIMITS, type TelnetLimits, telnetLimits } from "../protocol/limits.ts";
import { rejectUnknownKeys, withoutUndefined } from "./validate.ts";

/** What bounds a client of the server, and the clients of one address. */
export interface ServerLimits extends TelnetLimits {
  /** The most UTF-16 units of a line; the rest of it is dropped, and the person told. Default 4096. */
  readonly line: number;
  /** The most lines waiting for `getCommand()`; then the client is not read on. Default 512. */
  readonly commands: number;
  /** The most bytes waiting for `poll()`; then the client is not read on. Default 65536. */
  readonly input: number;
  /**
   * How long a client is kept whose `input` is full because nobody takes its lines, in milliseconds:
   * not read on, its end would not be noticed. It is dropped as `not-read`. Default 60000.
   */
  readonly unreadTimeout: number;
  /**
   * The most bytes that the system has not taken yet. A client over it is dropped as `too-slow` when
   * more is sent to it, or after `closeTimeout`. Default 4 MiB.
   */
  readonly output: number;
  /** Lines a second that are taken from a client; then it is not read on. Default 50. */
  readonly commandRate: number;
  /** Bytes a second that are taken from a client; then it is not read on. Default 16384. */
  readonly byteRate: number;
  /** Negotiations, commands and subnegotiations a second that are taken from a client. Default 50. */
  readonly negotiationRate: number;
  /** So many seconds' worth of each rate may come at once. Default 10. */
  readonly burst: number;
  /**
   * A client that was slowed down by a rate for so long, in milliseconds, and has not come to a rest,
   * is dropped as `flooding`. Default 30000.
   */
  readonly floodTimeout: number;
  /** The most connections of one address. Default 64. */
  readonly connectionsPerAddress: number;
  /** The most connections of one network of IPv6, a /64. Default 128. */
  readonly connectionsPerPrefix: number;
  /** Connections a second that are taken from one address, or one /64 of IPv6. Default 10. */
  readonly connectionRate: number;
  /**
   * How long a connection may take for what comes before its first line, in milliseconds: the header
   * of a proxy, the handshake of TLS. Default 10000.
   */
  readonly handshakeTimeout: number;
  /** How long `tls: "auto"` waits for a first byte before it takes a client for plain, in milliseconds. Default 300. */
  readonly helloTimeout: number;
  /**
   * How long a person may type nothing before the drop, in milliseconds; the look is taken at whole
   * seconds. Default `Infinity`.
   */
  readonly idleTimeout: number;
  /**
   * How long before that drop the person is warned, in milliseconds, half of `idleTimeout` at most.
   * Default 60000.
   */
  readonly idleWarning: number;
  /**
   * How many times more the client's compressed bytes (MCCP3) may become, beyond the first MiB; a
   * client over it is dropped as `corrupt-data`. Default 100.
   */
  readonly inflateRatio: number;
  /**
   * The most bytes that one compressed stream of the client (MCCP3) may become; then the client is
   * dropped as `corrupt-data`. Default 256 MiB.
   */
  readonly inflateTotal: number;
  /**
   * How long a dropped client has to take its last output, and how long a client that has left is
   * kept for its last lines to be used, in milliseconds. Default 5000.
   */
  readonly closeTimeout: number;
}

/** The default limits. */
export const SERVER_LIMITS: ServerLimits = {
  ...TELNET_LIMITS,
  line: 4_096, // a long paragraph; MUD clients send far less
  commands: 512, // a pasted script, not a flood
  input: 65_536, // what a socket gives at once
  unreadTimeout: 60_000, // a game that stands still so long has forgotten the client
  output: 4_194_304, // a screen of text a thousand times over
  commandRate: 50, // the busiest script of a MUD client; a person types two
  byteRate: 16_384, // a pasted book comes through in half a minute
  negotiationRate: 50, // a window that is dragged to another size
  burst: 10, // a script of 500 lines goes through at once
  floodTimeout: 30_000, // what is pasted has an end
  connectionsPerAddress: 64, // a school behind one address
  connectionsPerPrefix: 128, // a household has a /64, as it had an address
  connectionRate: 10, // the same school after a restart
  handshakeTimeout: 10_000, // TLS over a bad mobile line; the PROXY protocol wants 3 s at least
  helloTimeout: 300, // a client of TLS speaks at once; others wait for the greeting so long
  idleTimeout: Infinity, // people sit in a talker for days; a game may think otherwise
  idleWarning: 60_000, // time enough to press Enter
  inflateRatio: 100, // text becomes ten times as much, a bomb a thousand times
  inflateTotal: 268_435_456, // nobody types so much in a life
  closeTimeout: 5_000, // a bad line gets its goodbye, a dead one is not kept
};

/** Those that may be `Infinity`, to be off. */
const CAN_BE_OFF: ReadonlySet<string> = new Set([
  "commandRate",
  "byteRate",
  "negotiationRate",
  "floodTimeout",
  "unreadTimeout",
  "connectionsPerAddress",
  "connectionsPerPrefix",
  "connectionRate",
  "idleTimeout",
]);
/** Nobody could come, or stay, or say anything, with a 0 of these. */
const AT_LEAST_ONE: ReadonlySet<string> = new Set([
  "commandRate",
  "byteRate",
  "negotiationRate",
  "burst",
  "connectionsPerAddress",
  "connectionsPerPrefix",
  "connectionRate",
  "handshakeTimeout",
  "idleTimeout",
]);

/** Fills in the defaults and checks what the caller gave. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  rejectUnknownKeys("limits", given, SERVER_LIMITS);
  const limits = { ...SERVER_LIMITS, ...withoutUndefined(given), ...telnetLimits(given) };
  for (const [name, value] of Object.entries(limits)) {
    const off = CAN_BE_OFF.has(name);
    if (off && value === Infinity) continue;
    const or = off ? ", or Infinity to turn it off" : "";
    checkCount(`limits.${name}`, value, AT_LEAST_ONE.has(name) ? 1 : 0, or);
  }
  return { ...limits, commands: Math.max(1, limits.commands), input: Math.max(1, limits.input) };
}
