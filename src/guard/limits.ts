import { TELNET_LIMITS, type TelnetLimits, telnetLimits } from "../protocol/limits.ts";
import { checkCount, rejectUnknownKeys, withoutUndefined } from "../protocol/validate.ts";

/** What bounds a client of the server, and the clients of one address. */
export interface ServerLimits extends TelnetLimits {
  /** The most UTF-16 units of a line; the rest of it is dropped, and the person told. Default 4096. */
  readonly line: number;
  /** The most lines waiting for `getCommand()`; then the client is not read on. Default 512. */
  readonly queuedLines: number;
  /** The most bytes waiting for `poll()`; then the client is not read on. Default 65536. */
  readonly inputBytes: number;
  /**
   * The most bytes that are held of a client in all, without output: what it sent, typed and told, with
   * what that costs beside the bytes, about. Over it the client is not read on. Default 1 MiB.
   */
  readonly memory: number;
  /**
   * How long to keep a client that is not read on because its `inputBytes` or its `memory` is full, and the
   * game takes no lines, in milliseconds: while it is not read, its closing goes unnoticed. It is
   * dropped as `not-read`. Default 60000.
   */
  readonly unreadTimeout: number;
  /**
   * The most bytes that the system has not taken yet. A client over it is dropped as `too-slow` when
   * more is sent to it, or after `closeTimeout`. Default 4 MiB.
   */
  readonly outputBytes: number;
  /** Lines a second that are taken from a client; then it is not read on. Default 50. */
  readonly lineRate: number;
  /** Bytes a second that are taken from a client; then it is not read on. Default 16384. */
  readonly byteRate: number;
  /** Negotiations, commands and subnegotiations a second that are taken from a client. Default 50. */
  readonly negotiationRate: number;
  /**
   * Characters a second that an editor draws for what a client types, beyond 16 for each byte; then it
   * is not read on. Default 4096.
   */
  readonly drawRate: number;
  /**
   * Milliseconds of processor time a second that a client may take, without what the game's own code
   * takes; it is served behind the others, then not read on. Default 100.
   */
  readonly workRate: number;
  /** So many seconds' worth of each rate may come at once. Default 10. */
  readonly burst: number;
  /**
   * A client that is over a rate for this many milliseconds without a pause is dropped as `flooding`.
   * Default 30000.
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
   * The most bytes that all compressed streams of a client (MCCP3) may become; then the client is
   * dropped as `corrupt-data`. Default 256 MiB.
   */
  readonly inflateTotal: number;
  /**
   * How long a dropped client has to take its last output, and how long a client that has left stays so
   * that the game can take its last lines, in milliseconds. Default 5000.
   */
  readonly closeTimeout: number;
}

/** How a limit can be set. */
interface LimitRule {
  readonly default: number;
  /** The least number that makes sense; with 0 of some nobody could come, or stay. Default 0. */
  readonly min?: number;
  /** Whether `Infinity` turns it off. Default `false`. */
  readonly canBeOff?: boolean;
}

/** A limit of the protocol: the machine checks it. */
const ofMachine = (name: keyof TelnetLimits): LimitRule => ({ default: TELNET_LIMITS[name] });

/** Every limit: its default and why, and what it can be set to. */
const LIMIT_RULES: Readonly<Record<keyof ServerLimits, LimitRule>> = {
  subnegotiation: ofMachine("subnegotiation"),
  answerTimeout: ofMachine("answerTimeout"),
  repeatedRequests: ofMachine("repeatedRequests"),
  line: { default: 4_096 }, // a long paragraph; MUD clients send far less
  queuedLines: { default: 512 }, // a pasted script, not a flood
  inputBytes: { default: 65_536 }, // what a socket gives at once
  memory: { default: 1_048_576, min: 65_536, canBeOff: true }, // 512 lines of a long paragraph each
  unreadTimeout: { default: 60_000, canBeOff: true }, // a game that stands still so long forgot the client
  outputBytes: { default: 4_194_304 }, // a screen of text a thousand times over
  lineRate: { default: 50, min: 1, canBeOff: true }, // the busiest script; a person types two
  byteRate: { default: 16_384, min: 1, canBeOff: true }, // a pasted book comes through in half a minute
  negotiationRate: { default: 50, min: 1, canBeOff: true }, // a window that is dragged to another size
  drawRate: { default: 4_096, min: 1, canBeOff: true }, // a screen of 80 columns, twice
  workRate: { default: 100, min: 1, canBeOff: true }, // ten such fill a processor, and are served last
  burst: { default: 10, min: 1 }, // a script of 500 lines goes through at once
  floodTimeout: { default: 30_000, canBeOff: true }, // what is pasted has an end
  connectionsPerAddress: { default: 64, min: 1, canBeOff: true }, // a school behind one address
  connectionsPerPrefix: { default: 128, min: 1, canBeOff: true }, // a household has a /64
  connectionRate: { default: 10, min: 1, canBeOff: true }, // the same school after a restart
  handshakeTimeout: { default: 10_000, min: 1 }, // TLS over a bad mobile line; PROXY wants 3 s at least
  helloTimeout: { default: 300 }, // a client of TLS speaks at once; others wait for the greeting so long
  idleTimeout: { default: Infinity, min: 1, canBeOff: true }, // people sit in a talker for days
  idleWarning: { default: 60_000 }, // time enough to press Enter
  inflateRatio: { default: 100 }, // text becomes ten times as much, a bomb a thousand times
  inflateTotal: { default: 268_435_456 }, // nobody types so much in a life
  closeTimeout: { default: 5_000 }, // a bad line gets its goodbye, a dead one is not kept
};

/** The default limits. */
export const SERVER_LIMITS: ServerLimits = Object.fromEntries(
  Object.entries(LIMIT_RULES).map(([name, rule]) => [name, rule.default]),
) as unknown as ServerLimits;

/** Fills in the defaults and checks what the caller gave. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  rejectUnknownKeys("limits", given, SERVER_LIMITS);
  const limits = { ...SERVER_LIMITS, ...withoutUndefined(given), ...telnetLimits(given) };
  for (const [name, rule] of Object.entries(LIMIT_RULES)) {
    const value = limits[name as keyof ServerLimits];
    if (rule.canBeOff && value === Infinity) continue;
    const or = rule.canBeOff ? ", or Infinity to turn it off" : "";
    checkCount(`limits.${name}`, value, rule.min ?? 0, or);
  }
  return {
    ...limits,
    queuedLines: Math.max(1, limits.queuedLines),
    inputBytes: Math.max(1, limits.inputBytes),
  };
}
