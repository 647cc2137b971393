import type { TelnetOption } from "./option.ts";
import { decodeIs, encodeIs, SEND } from "./_is_send.ts";

/** Code of the option X-DISPLAY-LOCATION (RFC 1096). */
export const XDISPLOC = 0x23;

const MAX_LENGTH = 255;

/**
 * Reads an X-DISPLAY-LOCATION IS.
 *
 * @param payload The bytes between `IAC SB X-DISPLAY-LOCATION` and `IAC SE`, unescaped.
 * @returns The display, such as `host:0.0`, or `undefined` if it is not an IS or is empty.
 *
 * @example
 * ```ts
 * import { decodeXDisplayLocation, encodeXDisplayLocation } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeXDisplayLocation(encodeXDisplayLocation("host:0.0")), "host:0.0");
 * ```
 */
export function decodeXDisplayLocation(payload: Uint8Array): string | undefined {
  return decodeIs(payload, MAX_LENGTH);
}

/**
 * Writes an X-DISPLAY-LOCATION IS.
 *
 * @param display The display.
 * @returns The payload.
 */
export function encodeXDisplayLocation(display: string): Uint8Array {
  return encodeIs(display, MAX_LENGTH);
}

/**
 * Writes the request, SEND.
 *
 * @returns One byte.
 */
export function encodeXDisplayLocationSend(): Uint8Array {
  return Uint8Array.of(SEND);
}

/** X-DISPLAY-LOCATION as the server uses it: requests the display after the client agrees. */
export const xDisplayLocation: TelnetOption<true> = {
  code: XDISPLOC,
  name: "XDISPLOC",
  offer: "remote",
  attach: (context) => ({
    changed(side, change) {
      if (side === "remote" && change === "enabled") {
        context.sendSubnegotiation(XDISPLOC, encodeXDisplayLocationSend());
      }
    },
    subnegotiation(payload) {
      context.facts.display = decodeXDisplayLocation(payload) ?? context.facts.display;
    },
  }),
};

/** X-DISPLAY-LOCATION as the client uses it. */
export const xDisplayLocationClient: TelnetOption<true> = {
  code: XDISPLOC,
  name: "XDISPLOC",
  agreeLocal: true,
  attach: (context) => ({
    subnegotiation(payload) {
      if (payload[0] !== SEND || !context.localEnabled(XDISPLOC)) return;
      context.sendSubnegotiation(XDISPLOC, encodeXDisplayLocation(context.facts.display ?? ""));
    },
  }),
};
