import type { TelnetOption } from "./option.ts";
import { fromAscii, toAscii } from "./_bytes.ts";

/** Code of the option SEND-LOCATION (RFC 779). */
export const SEND_LOCATION = 0x17;

const MAX_LENGTH = 255;

/**
 * Reads a SEND-LOCATION payload: the person's location, as free text.
 *
 * @param payload The bytes between `IAC SB SEND-LOCATION` and `IAC SE`, unescaped.
 * @returns The text: printable ASCII, cut to 255 characters.
 *
 * @example
 * ```ts
 * import { decodeSendLocation, encodeSendLocation } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeSendLocation(encodeSendLocation("Room 7")), "Room 7");
 * ```
 */
export function decodeSendLocation(payload: Uint8Array): string {
  return fromAscii(payload, MAX_LENGTH);
}

/**
 * Writes a SEND-LOCATION payload.
 *
 * @param location The person's location.
 * @returns The payload.
 */
export function encodeSendLocation(location: string): Uint8Array {
  return toAscii(location).subarray(0, MAX_LENGTH);
}

/** SEND-LOCATION as the server uses it. */
export const sendLocation: TelnetOption<true> = {
  code: SEND_LOCATION,
  name: "SEND-LOCATION",
  offer: "remote",
  attach: (context) => ({
    subnegotiation(payload) {
      context.facts.location = decodeSendLocation(payload);
    },
  }),
};

/** SEND-LOCATION as the client uses it: sends the person's location, if it is known. */
export const sendLocationClient: TelnetOption<true> = {
  code: SEND_LOCATION,
  name: "SEND-LOCATION",
  agreeLocal: true,
  attach: (context) => ({
    changed(side, change) {
      const { location } = context.facts;
      if (side !== "local" || change !== "enabled" || location === undefined) return;
      context.sendSubnegotiation(SEND_LOCATION, encodeSendLocation(location));
    },
  }),
};
