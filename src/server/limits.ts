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
   * The most bytes that the system has not taken yet; a client that is slower than what you send
   * is dropped at the next `poll()` with the reason `too-slow`. Default 4 MiB.
   */
  readonly output: number;
  /** How long a dropped client has to take its last output, in milliseconds. Default 5000. */
  readonly closeTimeout: number;
}

/** The default limits. */
export const SERVER_LIMITS: ServerLimits = {
  ...TELNET_LIMITS,
  line: 4_096, // a long paragraph; MUD clients send far less
  commands: 512, // a pasted script, not a flood
  input: 65_536, // what a socket gives at once
  output: 4_194_304, // a screen of text a thousand times over
  closeTimeout: 5_000, // a bad line gets its goodbye, a dead one is not kept
};

/** Fills in the defaults and checks what the caller gave. */
export function serverLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  const limits = { ...SERVER_LIMITS, ...given, ...telnetLimits(given) };
  for (const [name, value] of Object.entries(limits)) checkCount(`limits.${name}`, value);
  return { ...limits, commands: Math.max(1, limits.commands), input: Math.max(1, limits.input) };
}
