import { checkCount, throwUnexpected } from "../protocol/validate.ts";
import type { TerminalSpeed } from "./facts.ts";
import type { TelnetOption } from "./option.ts";
import { decodeIs, encodeIs, SEND } from "./_is_send.ts";

/** Code of the option TERMINAL-SPEED (RFC 1079). */
export const TSPEED = 0x20;

const MAX_LENGTH = 32;
/** The greatest number of ten digits. */
const MAX_SPEED = 9_999_999_999;

/**
 * Reads a TERMINAL-SPEED IS.
 *
 * @param payload The bytes between `IAC SB TERMINAL-SPEED` and `IAC SE`, unescaped.
 * @returns The speeds, or `undefined` if it is not an IS with two numbers.
 *
 * @example
 * ```ts
 * import { decodeTerminalSpeed, encodeTerminalSpeed } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const speed = { transmit: 38400, receive: 9600 };
 * assertEquals(decodeTerminalSpeed(encodeTerminalSpeed(speed)), speed);
 * ```
 */
export function decodeTerminalSpeed(payload: Uint8Array): TerminalSpeed | undefined {
  const text = decodeIs(payload, MAX_LENGTH) ?? "";
  const [, transmit, receive] = /^(\d{1,10}),(\d{1,10})$/.exec(text) ?? [];
  if (transmit === undefined) return undefined;
  return { transmit: Number(transmit), receive: Number(receive) };
}

/**
 * Writes a TERMINAL-SPEED IS.
 *
 * @param speed The speeds.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: a speed that is not a whole number of at most ten digits.
 */
export function encodeTerminalSpeed(speed: TerminalSpeed): Uint8Array {
  checkSpeed("speed.transmit", speed.transmit);
  checkSpeed("speed.receive", speed.receive);
  return encodeIs(`${speed.transmit},${speed.receive}`, MAX_LENGTH);
}

function checkSpeed(what: string, speed: number): void {
  checkCount(what, speed);
  if (speed > MAX_SPEED) throwUnexpected(what, "at most ten digits", speed);
}

/**
 * Writes the request, SEND.
 *
 * @returns One byte.
 */
export function encodeTerminalSpeedSend(): Uint8Array {
  return Uint8Array.of(SEND);
}

/** TERMINAL-SPEED as the server uses it: requests the speeds after the client agrees. */
export const terminalSpeed: TelnetOption<true> = {
  code: TSPEED,
  name: "TSPEED",
  offer: "remote",
  attach: (context) => ({
    changed(side, change) {
      if (side === "remote" && change === "enabled") {
        context.sendSubnegotiation(TSPEED, encodeTerminalSpeedSend());
      }
    },
    subnegotiation(payload) {
      context.facts.terminalSpeed = decodeTerminalSpeed(payload) ?? context.facts.terminalSpeed;
    },
  }),
};

/** The default answer: a terminal on a network has no slow line. */
const FAST: TerminalSpeed = { transmit: 38_400, receive: 38_400 };

/** TERMINAL-SPEED as the client uses it. */
export const terminalSpeedClient: TelnetOption<true> = {
  code: TSPEED,
  name: "TSPEED",
  agreeLocal: true,
  attach: (context) => ({
    subnegotiation(payload) {
      if (payload[0] !== SEND || !context.localEnabled(TSPEED)) return;
      const speed = context.facts.terminalSpeed ?? FAST;
      context.sendSubnegotiation(TSPEED, encodeTerminalSpeed(speed));
    },
  }),
};
