import { misuse } from "../protocol/error.ts";
import { checkCount, TELNET_LIMITS, type TelnetLimits, telnetLimits } from "../protocol/limits.ts";

/** What bounds a client of the server. */
export interface ServerLimits extends TelnetLimits {
  /** The most UTF-16 units of a line; the rest of it is dropped. Default 4096. */
  readonly line: number;
  /** The most lines waiting for `getCommand()`; then the client is not read on. Default 512. */
  readonly commands: number;
  /** The most bytes waiting for `poll()`; then the client is not read on. Default 65536. */
  readonly input: number;
  /**
   * The most bytes that the system has not taken yet. A client over it is dropped as `too-slow` when
   * more is sent to it, or after `closeTimeout`. Default 4 MiB.
   */
  readonly output: number;
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
  output: 4_194_304, // a screen of text a thousand times over
  inflateRatio: 100, // text becomes ten times as much, a bomb a thousand times
  inflateTotal: 268_435_456, // nobody types so much in a life
  closeTimeout: 5_000, // a bad line gets its goodbye, a dead one is not kept
};

/** Fills in the defaults and checks what the caller gave. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  for (const name of Object.keys(given)) {
    if (!(name in SERVER_LIMITS)) misuse(`Cannot set a limit that does not exist: limits.${name}`);
  }
  const limits = { ...SERVER_LIMITS, ...given, ...telnetLimits(given) };
  for (const [name, value] of Object.entries(limits)) checkCount(`limits.${name}`, value);
  return { ...limits, commands: Math.max(1, limits.commands), input: Math.max(1, limits.input) };
}
