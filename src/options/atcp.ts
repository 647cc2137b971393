import { checkText, throwUnexpected } from "../protocol/validate.ts";
import type { OptionState, TelnetOption } from "./option.ts";
import { cutName, fromUtf8, toUtf8 } from "./_bytes.ts";

/** Code of the option ATCP, the Achaea Telnet Client Protocol, GMCP's predecessor. */
export const ATCP = 0xc8;

/** A message of ATCP. */
export interface AtcpMessage {
  /** The header, such as `Char.Vitals` or `hello`. */
  readonly name: string;
  /** The text after the header; in `hello`, the client's name and version, and further lines. */
  readonly body: string;
}

/**
 * Reads an ATCP payload.
 *
 * @param payload The bytes between `IAC SB ATCP` and `IAC SE`, unescaped.
 * @returns The message, or `undefined` if there is no header.
 *
 * @example
 * ```ts
 * import { decodeAtcp, encodeAtcp } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const message = { name: "Char.Vitals", body: "H:100/100" };
 * assertEquals(decodeAtcp(encodeAtcp(message)), message);
 * ```
 */
export function decodeAtcp(payload: Uint8Array): AtcpMessage | undefined {
  const [, name, body = ""] = /^(\S+)[ \n]?([\s\S]*)$/.exec(fromUtf8(payload)) ?? [];
  return name === undefined ? undefined : { name, body };
}

/**
 * Writes an ATCP payload.
 *
 * @param message The message.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: a name that is empty or has white space, or a body that is no text.
 */
export function encodeAtcp({ name, body }: AtcpMessage): Uint8Array {
  checkText("the name of an ATCP message", name);
  checkText("the body of an ATCP message", body);
  if (!/^\S+$/.test(name)) {
    throwUnexpected("the name of an ATCP message", "text without white space", name);
  }
  return toUtf8(body === "" ? name : `${name} ${body}`);
}

/** The events that ATCP reports to the game. */
export interface AtcpEvents {
  /** A message came. */
  atcp: AtcpMessage;
}

/** ATCP as the server uses it: stores the client's name and version, and reports each message. */
export const atcp: TelnetOption<true, OptionState, AtcpEvents> = {
  code: ATCP,
  name: "ATCP",
  events: ["atcp"],
  offer: "remote",
  mud: true,
  attach: (context) => ({
    subnegotiation(payload) {
      const message = decodeAtcp(payload);
      if (message === undefined) return;
      const [, client = "", version = ""] = /^(\S+)(?: (\S+))?/.exec(message.body) ?? [];
      if (message.name === "hello") {
        context.facts.clientName ??= factOf(client);
        context.facts.clientVersion ??= factOf(version);
      }
      context.emit("atcp", message);
    },
  }),
};

function factOf(text: string): string | undefined {
  return cutName(text) || undefined;
}

/** ATCP as the client uses it: sends its name and version, and reports each message. */
export const atcpClient: TelnetOption<true, OptionState, AtcpEvents> = {
  code: ATCP,
  name: "ATCP",
  events: ["atcp"],
  agreeLocal: true,
  agreeRemote: true,
  mud: true,
  attach: (context) => ({
    changed(_side, change) {
      if (change !== "enabled") return;
      const { clientName = "miniboa", clientVersion = "0" } = context.facts;
      const hello = encodeAtcp({ name: "hello", body: `${clientName} ${clientVersion}` });
      context.sendSubnegotiation(ATCP, hello);
    },
    subnegotiation(payload) {
      const message = decodeAtcp(payload);
      if (message !== undefined) context.emit("atcp", message);
    },
  }),
};
