/**
 * The command bytes of RFC 854, RFC 885 (EOR) and RFC 1184 (EOF, SUSP, ABORT).
 *
 * Option codes live with their options, not here: the protocol knows no option by name.
 */

/** End of file (RFC 1184). */
export const EOF = 0xec;
/** Suspend the current process (RFC 1184). */
export const SUSP = 0xed;
/** Abort the current process (RFC 1184). */
export const ABORT = 0xee;
/** End of record: marks a prompt once END-OF-RECORD is agreed (RFC 885). */
export const EOR = 0xef;
/** End of a subnegotiation (RFC 854). */
export const SE = 0xf0;
/** No operation (RFC 854). */
export const NOP = 0xf1;
/** Data mark, the data part of a Synch (RFC 854). */
export const DM = 0xf2;
/** Break (RFC 854). */
export const BRK = 0xf3;
/** Interrupt process (RFC 854). */
export const IP = 0xf4;
/** Abort output (RFC 854). */
export const AO = 0xf5;
/** Are you there (RFC 854). */
export const AYT = 0xf6;
/** Erase character (RFC 854). */
export const EC = 0xf7;
/** Erase line (RFC 854). */
export const EL = 0xf8;
/** Go ahead (RFC 854). */
export const GA = 0xf9;
/** Start of a subnegotiation (RFC 854). */
export const SB = 0xfa;
/** Offers to perform an option, or agrees to a DO (RFC 854). */
export const WILL = 0xfb;
/** Refuses to perform an option, or stops performing it (RFC 854). */
export const WONT = 0xfc;
/** Asks the peer to perform an option, or agrees to a WILL (RFC 854). */
export const DO = 0xfd;
/** Refuses the peer's offer of an option, or asks the peer to stop (RFC 854). */
export const DONT = 0xfe;
/** Interpret as command; doubled in data (RFC 854). */
export const IAC = 0xff;

const COMMAND_NAMES = [
  "EOF",
  "SUSP",
  "ABORT",
  "EOR",
  "SE",
  "NOP",
  "DM",
  "BRK",
  "IP",
  "AO",
  "AYT",
  "EC",
  "EL",
  "GA",
  "SB",
  "WILL",
  "WONT",
  "DO",
  "DONT",
  "IAC",
] as const;

/**
 * The name of a command byte, for logs and messages.
 *
 * @param command A byte, 0 to 255.
 * @returns Its name, or the number if the byte is not a command.
 *
 * @example
 * ```ts
 * import { commandName } from "@miniboa/miniboa/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(commandName(0xf6), "AYT");
 * assertEquals(commandName(7), "7");
 * ```
 */
export function commandName(command: number): string {
  return COMMAND_NAMES[command - EOF] ?? String(command);
}

/** Whether a byte after IAC is a command without an option byte or a payload. */
export function isPlainCommand(byte: number): boolean {
  return byte >= EOF && byte <= GA && byte !== SE;
}
