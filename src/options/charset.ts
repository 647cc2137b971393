import { checkList, checkText, rejectUnknownKeys } from "../protocol/validate.ts";
import type { OptionChange, Side } from "../protocol/events.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";
import { throwMisuse } from "../protocol/error.ts";
import { fromAscii, join, split, toAscii } from "./_bytes.ts";
import type { Json } from "./json.ts";

/** Code of the option CHARSET (RFC 2066). */
export const CHARSET = 0x2a;

const REQUEST = 0x01;
const ACCEPTED = 0x02;
const REJECTED = 0x03;
const TTABLE_IS = 0x04;
const TTABLE_REJECTED = 0x05;
/** RFC 2066 spells it in both ways. */
const TTABLES = ["[TTABLE]", "[TTABLE ]"];
const SEPARATOR = 0x3b; // ";"
const MAX_NAME = 64;
/** A name that a list can hold: printable ASCII without spaces and `;`. */
const NAME = /^[!-:<-~]{1,64}$/;
/** How long a request counts as open, in milliseconds; while it is, the server rejects others. */
const PATIENCE_MS = 3_000;

/** A CHARSET message. */
export type CharsetMessage =
  | { readonly type: "request"; readonly names: readonly string[] }
  | { readonly type: "accepted"; readonly name: string }
  | { readonly type: "rejected" }
  | { readonly type: "translation-table" }
  | { readonly type: "translation-table-rejected" };

/**
 * Reads a CHARSET payload.
 *
 * @param payload The bytes between `IAC SB CHARSET` and `IAC SE`, unescaped.
 * @returns The message, or `undefined` if it is not one of these messages of RFC 2066.
 *
 * @example
 * ```ts
 * import { decodeCharset, encodeCharsetRequest } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const request = { type: "request", names: ["UTF-8", "ISO-8859-1"] } as const;
 * assertEquals(decodeCharset(encodeCharsetRequest(request.names)), request);
 * ```
 */
export function decodeCharset(payload: Uint8Array): CharsetMessage | undefined {
  const rest = payload.subarray(1);
  switch (payload[0]) {
    case REQUEST:
      return decodeRequest(rest);
    case ACCEPTED:
      return { type: "accepted", name: fromAscii(rest, MAX_NAME) };
    case REJECTED:
      return { type: "rejected" };
    case TTABLE_IS:
      return { type: "translation-table" };
    case TTABLE_REJECTED:
      return { type: "translation-table-rejected" };
    default:
      return undefined;
  }
}

/**
 * Writes a request for one of several sets, the preferred first.
 *
 * @param names Names of the IANA registry of character sets.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: no name, or one that is not ASCII or has spaces or semicolons.
 */
export function encodeCharsetRequest(names: readonly string[]): Uint8Array {
  checkList("the names of character sets", names);
  for (const name of names) checkText("the name of a character set", name);
  if (names.length === 0 || !names.every((name) => NAME.test(name))) {
    throwMisuse(
      "Cannot request these character sets: give at least one name, of ASCII without spaces and semicolons",
    );
  }
  return join(REQUEST, ...names.flatMap((name) => [SEPARATOR, toAscii(name)]));
}

/**
 * Writes the answer to a request.
 *
 * @param name The chosen set, as the request spells it; without it, the request is rejected.
 * @returns The payload.
 */
export function encodeCharsetAnswer(name?: string): Uint8Array {
  return name === undefined ? Uint8Array.of(REJECTED) : join(ACCEPTED, toAscii(name));
}

/**
 * Writes the rejection of a translation table, which this library does not support.
 *
 * @returns The payload.
 */
export function encodeCharsetTableRejected(): Uint8Array {
  return Uint8Array.of(TTABLE_REJECTED);
}

/** The separator is the first byte of the list, whatever it is. */
function decodeRequest(rest: Uint8Array): CharsetMessage {
  const start = fromAscii(rest.subarray(0, "[TTABLE ]".length), MAX_NAME);
  const table = TTABLES.find((prefix) => start.startsWith(prefix));
  // The prefix is followed by the version of the table, a byte.
  const list = table === undefined ? rest : rest.subarray(table.length + 1);
  const [separator] = list;
  if (separator === undefined) return { type: "request", names: [] };
  const names = split(list.subarray(1), separator).map((name) => fromAscii(name, MAX_NAME));
  return { type: "request", names: names.filter((name) => name !== "") };
}

type CharsetChoice = true | CharsetConfig | undefined;

/** The configuration of CHARSET. */
export interface CharsetConfig {
  /** The sets to offer, the preferred first. Default: only UTF-8. */
  readonly names?: readonly string[];
}

/** This end of the connection. If both ends ask at once, the server's request takes precedence. */
type CharsetEnd = "server" | "client";

/** The negotiation of a character set, at either end. */
class CharsetHandler implements OptionState {
  readonly #context: OptionContext;
  readonly #names: readonly string[];
  /** When we sent a request; `undefined` while no answer is due. */
  #askedAt: number | undefined;

  readonly #end: CharsetEnd;

  constructor(context: OptionContext, config: CharsetChoice, end: CharsetEnd) {
    this.#context = context;
    this.#names = (typeof config === "object" ? config.names : undefined) ?? ["UTF-8"];
    this.#end = end;
  }

  get pending(): boolean {
    return this.#asking;
  }

  /**
   * Whether our request is open. It expires: some clients never answer, but send a request later.
   */
  get #asking(): boolean {
    return this.#askedAt !== undefined && this.#context.now() - this.#askedAt < PATIENCE_MS;
  }

  changed(side: Side, change: OptionChange): void {
    if (side !== "local") return;
    this.#askedAt = change === "enabled" ? this.#context.now() : undefined;
    if (change === "enabled") this.#send(encodeCharsetRequest(this.#names));
  }

  subnegotiation(payload: Uint8Array): void {
    const message = decodeCharset(payload);
    if (message?.type === "request") this.#answer(message.names);
    else if (message?.type === "translation-table") this.#send(encodeCharsetTableRejected());
    else if (message?.type === "accepted") this.#accepted(message.name);
    else if (message?.type === "rejected") this.#askedAt = undefined;
  }

  /** Returns how long ago our request was sent, if an answer is due. */
  snapshot(): Json {
    const askedAt = this.#askedAt;
    return {
      asked: askedAt === undefined ? null : Math.min(this.#context.now() - askedAt, PATIENCE_MS),
    };
  }

  /** Restores what `snapshot` returned. */
  restore(saved: Json): void {
    const { asked } = saved as { asked: number | null };
    this.#askedAt = asked === null ? undefined : this.#context.now() - asked;
  }

  /**
   * If both ends ask at once, the client's request is rejected and the server's stands (RFC 2066).
   */
  #answer(names: readonly string[]): void {
    if (this.#end === "client") this.#askedAt = undefined;
    const chosen = this.#asking
      ? undefined
      : names.find((name) => this.#context.effects.useCharset(name));
    if (chosen !== undefined) this.#context.facts.charset = chosen;
    this.#send(encodeCharsetAnswer(chosen));
  }

  #accepted(name: string): void {
    // Only an offered set can be accepted; Mudlet returns its name in upper case.
    const offered = this.#names.some((known) => known.toUpperCase() === name.toUpperCase());
    if (this.#askedAt === undefined) return;
    // After another name, a correct answer is still accepted, but requests are no longer rejected.
    this.#askedAt = offered ? undefined : -Infinity;
    if (offered && this.#context.effects.useCharset(name)) this.#context.facts.charset = name;
  }

  #send(payload: Uint8Array): void {
    this.#context.sendSubnegotiation(CHARSET, payload);
  }
}

/** CHARSET as the server uses it: offers sets, answers the client's requests, rejects tables. */
export const charset: TelnetOption<true | CharsetConfig> = {
  code: CHARSET,
  name: "CHARSET",
  agreeRemote: true,
  offer: "local",
  check: checkConfig,
  attach: (context, config) => new CharsetHandler(context, config, "server"),
};

/**
 * CHARSET as the client uses it: answers the server's requests, and sends its own after DO CHARSET.
 */
export const charsetClient: TelnetOption<true | CharsetConfig> = {
  code: CHARSET,
  name: "CHARSET",
  agreeLocal: true,
  agreeRemote: true,
  check: checkConfig,
  attach: (context, config) => new CharsetHandler(context, config, "client"),
};

function checkConfig(config: true | CharsetConfig): void {
  if (config === true) return;
  rejectUnknownKeys("telnetOptions.charset", config, { names: true });
  if (config.names === undefined) return;
  checkList("telnetOptions.charset.names", config.names);
  encodeCharsetRequest(config.names);
}
