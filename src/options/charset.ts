import { checkList, rejectUnknownKeys } from "../protocol/validate.ts";
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
/** RFC 2066 prints it in both ways. */
const TTABLES = ["[TTABLE]", "[TTABLE ]"];
const SEPARATOR = 0x3b; // ";"
const MAX_NAME = 64;
/** How long our question bars the client's own, in milliseconds. */
const PATIENCE_MS = 3_000;

/** What a CHARSET subnegotiation says. */
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
 * @returns The message, or `undefined` where it is none of RFC 2066 that can be answered.
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
 * Writes a request for one of several sets, the best first.
 *
 * @param names Names as in the registry of character sets.
 * @returns The payload.
 * @throws {TelnetError} `misuse`: no name, or one with a semicolon.
 */
export function encodeCharsetRequest(names: readonly string[]): Uint8Array {
  if (names.length === 0 || names.some((name) => name === "" || name.includes(";"))) {
    throwMisuse(
      "Cannot request these character sets: give at least one, as names without spaces or semicolons",
    );
  }
  return join(REQUEST, ...names.flatMap((name) => [SEPARATOR, toAscii(name)]));
}

/**
 * Writes the answer to a request.
 *
 * @param name The set that was chosen, as the request spelled it; none rejects them all.
 * @returns The payload.
 */
export function encodeCharsetAnswer(name?: string): Uint8Array {
  return name === undefined ? Uint8Array.of(REJECTED) : join(ACCEPTED, toAscii(name));
}

/**
 * Writes the refusal of a translation table; nobody uses them.
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

/** How to use CHARSET. */
export interface CharsetConfig {
  /** The sets to offer, the best first. Default: UTF-8 alone. */
  readonly names?: readonly string[];
}

/** Which end of the connection this is: its request holds where both ask at once, or yields. */
type CharsetEnd = "server" | "client";

/** What either end keeps of the negotiation of a character set. */
class CharsetHandler implements OptionState {
  readonly #context: OptionContext;
  readonly #names: readonly string[];
  /** When we asked; `undefined` while no answer is due. */
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

  /** Whether our question is open. Some clients never answer, and may ask themselves later. */
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

  /** Keeps whether an answer is due, and for how long. */
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

  /** Where both ask at once, the server's request holds and the client's is rejected (RFC 2066). */
  #answer(names: readonly string[]): void {
    if (this.#end === "client") this.#askedAt = undefined;
    const chosen = this.#asking
      ? undefined
      : names.find((name) => this.#context.effects.useCharset(name));
    if (chosen !== undefined) this.#context.facts.charset = chosen;
    this.#send(encodeCharsetAnswer(chosen));
  }

  #accepted(name: string): void {
    // Only what was offered can be accepted; Mudlet returns it in upper case.
    const offered = this.#names.some((known) => known.toUpperCase() === name.toUpperCase());
    if (this.#askedAt === undefined) return;
    // Whoever answers with another name may still mend it, but shall not be barred meanwhile.
    this.#askedAt = offered ? undefined : -Infinity;
    if (offered && this.#context.effects.useCharset(name)) this.#context.facts.charset = name;
  }

  #send(payload: Uint8Array): void {
    this.#context.sendSubnegotiation(CHARSET, payload);
  }
}

/** CHARSET as the server uses it: offers sets, takes the client's requests, refuses tables. */
export const charset: TelnetOption<true | CharsetConfig> = {
  code: CHARSET,
  name: "CHARSET",
  agreeRemote: true,
  offer: "local",
  check: checkConfig,
  attach: (context, config) => new CharsetHandler(context, config, "server"),
};

/** CHARSET as the client uses it: takes the server's requests, and asks where it is invited to. */
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
