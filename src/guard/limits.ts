import { TELNET_LIMITS, type TelnetLimits, telnetLimits } from "../protocol/limits.ts";
import {
  checkCount,
  rejectUnknownKeys,
  type Synonyms,
  withoutUndefined,
} from "../protocol/validate.ts";

/** Limits for each client, and for the connections of one address. */
export interface ServerLimits extends TelnetLimits {
  /**
   * The most UTF-16 units of a line; the rest is dropped, and the client is informed. Default 4096.
   */
  readonly line: number;
  /**
   * The most lines waiting for `getCommand()`; further input waits as bytes, up to `inputBytes`.
   * Default 512.
   */
  readonly queuedLines: number;
  /** The most bytes waiting for `poll()`; then reading pauses. Default 65536. */
  readonly inputBytes: number;
  /**
   * The most bytes that the server holds for a client, without output (an estimate): received,
   * typed and reported data, and the overhead of storing it. Above it, reading from the client
   * pauses. Default 1 MiB.
   */
  readonly memory: number;
  /**
   * How long to keep a client while reading is paused because `inputBytes` or `memory` is full and
   * the game takes no lines, in milliseconds; while reading is paused, the server does not notice
   * that the client closes. After that the client is dropped as `not-read`. Default 60000.
   */
  readonly unreadTimeout: number;
  /**
   * The most output bytes that the system has not accepted yet. A client over this limit is dropped
   * as `too-slow` when more is sent to it, or after `closeTimeout`. Default 4 MiB.
   */
  readonly outputBytes: number;
  /** The most lines a second from a client; above it, reading pauses. Default 50. */
  readonly lineRate: number;
  /** The most bytes a second from a client; above it, reading pauses. Default 16384. */
  readonly byteRate: number;
  /** The most negotiations, commands and subnegotiations a second from a client. Default 50. */
  readonly negotiationRate: number;
  /**
   * The most bytes a second that the server draws because of a client's input, beyond 16 for each
   * byte; above it, reading pauses. No more than one second's worth comes at once, whatever
   * `burst` is. Default 4096.
   */
  readonly drawRate: number;
  /**
   * The most milliseconds of processor time a second for one client, without the time of the game's
   * own code. Above it the client runs after the others, then reading pauses. Default 100.
   */
  readonly workRate: number;
  /** How many seconds' worth of each rate but `drawRate` a client can send at once. Default 10. */
  readonly burst: number;
  /**
   * A client that stays over a rate for this many milliseconds without a pause is dropped as
   * `flooding`. Default 30000.
   */
  readonly floodTimeout: number;
  /** The most connections of one address. Default 64. */
  readonly connectionsPerAddress: number;
  /** The most connections of one network of IPv6, a /64. Default 128. */
  readonly connectionsPerPrefix: number;
  /** The most connections a second from one address, or one /64 of IPv6. Default 10. */
  readonly connectionRate: number;
  /**
   * How long the PROXY header, the TLS handshake and an HTTP request of a connection can take, in
   * milliseconds. Default 10000.
   */
  readonly handshakeTimeout: number;
  /**
   * How long a port with `tls: "auto"` or `webSocket` waits for a first byte before it treats a
   * client as plain Telnet, in milliseconds. If the address has sent an HTTP request, it waits for
   * two seconds after that, at most four seconds longer. With less than a client needs to send its
   * first bytes, TLS and WebSockets fail. Default 300.
   */
  readonly helloTimeout: number;
  /**
   * How long a person can type nothing before the client is dropped, in milliseconds; checked at
   * whole seconds. Default `Infinity`.
   */
  readonly idleTimeout: number;
  /**
   * How long before the idle drop the client is warned, in milliseconds; at most half of
   * `idleTimeout`. Default 60000.
   */
  readonly idleWarning: number;
  /**
   * The highest ratio of decompressed to compressed bytes from the client (MCCP3), beyond the first
   * MiB; a client over it is dropped as `corrupt-data`. Default 100.
   */
  readonly inflateRatio: number;
  /**
   * The most decompressed bytes of all compressed streams of a client (MCCP3); a client over it is
   * dropped as `corrupt-data`. Default 256 MiB.
   */
  readonly inflateTotal: number;
  /**
   * How long a dropped client has to receive its last output, and how long a half-closed client
   * stays so that the game can take its last lines, in milliseconds. Default 5000.
   */
  readonly closeTimeout: number;
}

/** How a limit can be set. */
interface LimitRule {
  readonly default: number;
  /** The minimum. With 0 for some limits, no client could connect or stay connected. Default 0. */
  readonly min?: number;
  /** Whether `Infinity` turns it off. Default `false`. */
  readonly canBeOff?: boolean;
}

/** A limit of the protocol: the machine checks it. */
const ofMachine = (name: keyof TelnetLimits): LimitRule => ({ default: TELNET_LIMITS[name] });

/** Every limit: its default with the reason, and its allowed values. */
const LIMIT_RULES: Readonly<Record<keyof ServerLimits, LimitRule>> = {
  subnegotiation: ofMachine("subnegotiation"),
  answerTimeout: ofMachine("answerTimeout"),
  repeatedRequests: ofMachine("repeatedRequests"),
  line: { default: 4_096 }, // a long paragraph; MUD clients send far less
  queuedLines: { default: 512 }, // a pasted script, not a flood
  inputBytes: { default: 65_536 }, // as much as one read from a socket
  memory: { default: 1_048_576, min: 65_536, canBeOff: true }, // 512 lines of a long paragraph each
  unreadTimeout: { default: 60_000, canBeOff: true }, // the game forgot the client
  outputBytes: { default: 4_194_304 }, // a thousand screens of text
  lineRate: { default: 50, min: 1, canBeOff: true }, // the busiest script; a person types two
  byteRate: { default: 16_384, min: 1, canBeOff: true }, // a pasted book takes half a minute
  negotiationRate: { default: 50, min: 1, canBeOff: true }, // a window resized by dragging
  drawRate: { default: 4_096, min: 1, canBeOff: true }, // a screen of 80 columns, twice
  workRate: { default: 100, min: 1, canBeOff: true }, // ten such clients use a whole processor
  burst: { default: 10, min: 1 }, // a script of 500 lines goes through at once
  floodTimeout: { default: 30_000, canBeOff: true }, // pasted text ends before that
  connectionsPerAddress: { default: 64, min: 1, canBeOff: true }, // a school behind one address
  connectionsPerPrefix: { default: 128, min: 1, canBeOff: true }, // a household has a /64
  connectionRate: { default: 10, min: 1, canBeOff: true }, // the same school after a restart
  handshakeTimeout: { default: 10_000, min: 1 }, // TLS on a bad mobile line; PROXY requires 3 s
  helloTimeout: { default: 300 }, // TLS clients send at once; other clients wait this long
  idleTimeout: { default: Infinity, min: 1, canBeOff: true }, // people sit in a talker for days
  idleWarning: { default: 60_000 }, // time enough to press Enter
  inflateRatio: { default: 100 }, // text grows tenfold, a bomb a thousandfold
  inflateTotal: { default: 268_435_456 }, // more than anyone types in a lifetime
  closeTimeout: { default: 5_000 }, // enough for the last text on a bad line; dead ones are dropped
};

/** The default limits. */
export const SERVER_LIMITS: ServerLimits = Object.fromEntries(
  Object.entries(LIMIT_RULES).map(([name, rule]) => [name, rule.default]),
) as unknown as ServerLimits;

/** Names that other libraries use for these limits, or hints for the error. */
const SYNONYMS: Synonyms = {
  idle: "idleTimeout",
  timeout: "idleTimeout",
  connectionsPerIp: "connectionsPerAddress",
  maxConnections: "give maxConnections to listen() itself",
  maxLineLength: "line",
  lineLength: "line",
  commands: "queuedLines",
  commandRate: "lineRate",
  input: "inputBytes",
  output: "outputBytes",
  repeats: "repeatedRequests",
};

/**
 * The limits for loopback connections. These come from tunnels and load tests, not from attackers,
 * so the limits per address apply only if the caller has set them.
 */
export function loopbackLimits(
  limits: ServerLimits,
  given: Partial<ServerLimits> = {},
): ServerLimits {
  return {
    ...limits,
    connectionsPerAddress: given.connectionsPerAddress ?? Infinity,
    connectionsPerPrefix: given.connectionsPerPrefix ?? Infinity,
    connectionRate: given.connectionRate ?? Infinity,
  };
}

/** Fills in the defaults and checks what the caller gave. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  rejectUnknownKeys("limits", given, SERVER_LIMITS, SYNONYMS);
  const limits = { ...SERVER_LIMITS, ...withoutUndefined(given), ...telnetLimits(given) };
  for (const [name, rule] of Object.entries(LIMIT_RULES)) {
    const value = limits[name as keyof ServerLimits];
    if (rule.canBeOff && value === Infinity) continue;
    const or = rule.canBeOff ? ", or Infinity to turn it off" : "";
    const always = value === Infinity ? " (this limit cannot be off)" : "";
    checkCount(`limits.${name}`, value, rule.min ?? 0, or || always);
  }
  return {
    ...limits,
    queuedLines: Math.max(1, limits.queuedLines),
    inputBytes: Math.max(1, limits.inputBytes),
  };
}
