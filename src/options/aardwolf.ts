import { checkByte, checkBytes } from "../protocol/validate.ts";
import { join } from "./_bytes.ts";
import type { OptionState, TelnetOption } from "./option.ts";

/** Code of Aardwolf's option 102: short messages between the game and the client's scripts. */
export const AARDWOLF = 0x66;

/** A message of Aardwolf's channel. */
export interface AardwolfMessage {
  /** The kind of message, 0 to 255. */
  readonly channel: number;
  /** The content. */
  readonly data: Uint8Array;
}

/**
 * Reads a payload of Aardwolf's option.
 *
 * @param payload The bytes between `IAC SB 102` and `IAC SE`, unescaped.
 * @returns The message, or `undefined` if the payload is empty.
 *
 * @example
 * ```ts
 * import { decodeAardwolf, encodeAardwolf } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const message = { channel: 100, data: Uint8Array.of(3) };
 * assertEquals(decodeAardwolf(encodeAardwolf(message)), message);
 * ```
 */
export function decodeAardwolf(payload: Uint8Array): AardwolfMessage | undefined {
  const [channel] = payload;
  return channel === undefined ? undefined : { channel, data: payload.slice(1) };
}

/**
 * Writes a payload of Aardwolf's option.
 *
 * @param message The message.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: a channel that is not a byte, or content that is not bytes.
 */
export function encodeAardwolf({ channel, data }: AardwolfMessage): Uint8Array {
  checkByte("the channel", channel);
  checkBytes("data", data);
  return join(channel, data);
}

/** The events that Aardwolf's option 102 reports to the game. */
export interface AardwolfEvents {
  /** A message came. */
  aardwolf: AardwolfMessage;
}

/** Aardwolf's channel as the server uses it. */
export const aardwolf: TelnetOption<true, OptionState, AardwolfEvents> = {
  code: AARDWOLF,
  name: "AARDWOLF",
  events: ["aardwolf"],
  offer: "local",
  mud: true,
  attach: (context) => ({
    subnegotiation(payload) {
      const message = decodeAardwolf(payload);
      if (message !== undefined) context.emit("aardwolf", message);
    },
  }),
};

/** Aardwolf's channel as the client uses it. */
export const aardwolfClient: TelnetOption<true, OptionState, AardwolfEvents> = {
  ...aardwolf,
  agreeRemote: true,
};
