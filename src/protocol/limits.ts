import { checkCount, throwUnexpected } from "./validate.ts";

/** The limits of a machine. */
export interface TelnetLimits {
  /** The most payload bytes of one subnegotiation; a longer one is dropped whole. Default 16384. */
  readonly subnegotiation: number;
  /** How long a request waits for its answer, in milliseconds. Default 3000. */
  readonly answerTimeout: number;
  /**
   * How often the peer may request the same change before its requests are ignored, 0 to 253. The
   * count is reset after ten seconds without such a request. Default 64.
   */
  readonly repeatedRequests: number;
}

/** The default limits. */
export const TELNET_LIMITS: TelnetLimits = {
  subnegotiation: 16_384, // ZMP asks for at least 16 KiB; GMCP and MSDP messages stay far below
  answerTimeout: 3_000, // a round trip over a bad mobile line
  repeatedRequests: 64, // an honest peer asks once or twice
};

/** Fills in the defaults and checks what the caller gave. */
export function telnetLimits(given: Partial<TelnetLimits> = {}): TelnetLimits {
  const {
    subnegotiation = TELNET_LIMITS.subnegotiation,
    answerTimeout = TELNET_LIMITS.answerTimeout,
    repeatedRequests = TELNET_LIMITS.repeatedRequests,
  } = given;
  const limits = { subnegotiation, answerTimeout, repeatedRequests };
  checkCount("limits.subnegotiation", limits.subnegotiation);
  checkCount("limits.answerTimeout", limits.answerTimeout);
  checkCount("limits.repeatedRequests", limits.repeatedRequests);
  if (limits.repeatedRequests > 253) {
    throwUnexpected("limits.repeatedRequests", "a whole number from 0 to 253", repeatedRequests);
  }
  return limits;
}
