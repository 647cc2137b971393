import { decodeIs, encodeIs, SEND } from "./_is_send.ts";
import type { OptionChange, Side } from "../protocol/events.ts";
import type { Json } from "./json.ts";
import type { ClientFacts } from "./facts.ts";
import { decodeMtts, encodeMtts } from "./mtts.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";

/** Code of the option TERMINAL-TYPE (RFC 1091). */
export const TTYPE = 0x18;

/** The longest name that is accepted, in characters: the maximum of RFC 1091. */
export const MAX_TERMINAL_TYPE_LENGTH = 40;

/**
 * Reads the payload of a TERMINAL-TYPE IS.
 *
 * @param payload The bytes between `IAC SB TERMINAL-TYPE` and `IAC SE`, unescaped.
 * @returns The name: printable ASCII only, cut to 40 characters; `undefined` if the payload is not
 * an IS or the name is empty.
 *
 * @example
 * ```ts
 * import { decodeTerminalType } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeTerminalType(Uint8Array.of(0, 0x41, 0x4e, 0x53, 0x49)), "ANSI");
 * ```
 */
export function decodeTerminalType(payload: Uint8Array): string | undefined {
  return decodeIs(payload, MAX_TERMINAL_TYPE_LENGTH);
}

/**
 * Writes the payload of a TERMINAL-TYPE IS.
 *
 * @param name The name. Only printable ASCII is kept, and the name is cut to 40 characters.
 * @returns The payload.
 *
 * @example
 * ```ts
 * import { decodeTerminalType, encodeTerminalType } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeTerminalType(encodeTerminalType("xterm")), "xterm");
 * ```
 */
export function encodeTerminalType(name: string): Uint8Array {
  return encodeIs(name, MAX_TERMINAL_TYPE_LENGTH);
}

/**
 * Writes the payload of a TERMINAL-TYPE SEND, the server's request.
 *
 * @returns One byte.
 */
export function encodeTerminalTypeSend(): Uint8Array {
  return Uint8Array.of(SEND);
}

/** The most names that are requested, as some clients never repeat a name. */
const MAX_NAMES = 8;

/** The server's state of a client's terminal types. */
export class TerminalTypeState implements OptionState {
  readonly #context: OptionContext;
  #names: string[] = [];
  #asking = false;
  /** The client's name, if it is known from here. */
  #clientName: string | undefined;
  /** The number of answers so far, including those without a name. */
  #answers = 0;

  /** Made by {@linkcode terminalType}. */
  constructor(context: OptionContext) {
    this.#context = context;
  }

  /** The names received so far, in order. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Whether the list is incomplete. */
  get pending(): boolean {
    return this.#asking;
  }

  /**
   * Requests the whole list from its start. Where the client is in its list is known only at the end
   * of it, so that an open list goes on.
   */
  ask(): void {
    if (!this.#asking) {
      this.#names = [];
      this.#answers = 0;
      this.#asking = true;
    }
    this.#send();
  }

  /** Starts the requests when the client enables the option, and otherwise stops them. */
  changed(side: Side, change: OptionChange): void {
    if (side !== "remote") return;
    this.#asking = false;
    if (change !== "enabled") return;
    // Another agreement may be that of another terminal.
    const { facts } = this.#context;
    facts.mtts = undefined;
    if (facts.clientName === this.#clientName) facts.clientName = undefined;
    this.#clientName = undefined;
    this.ask();
  }

  /** Stores a name and requests the next, until the list repeats. */
  subnegotiation(payload: Uint8Array): void {
    const name = decodeTerminalType(payload);
    if (!this.#asking) return;
    this.#answers++;
    // By RFC 1091, the client sends the last name twice. Some clients start the list again instead,
    // or never end it. An empty name is skipped.
    const ended = name !== undefined && (name === this.#names.at(-1) || name === this.#names[0]);
    if (name !== undefined && !ended) this.#take(name);
    // Only the Telnet client of Windows sends this name. It never echoes locally after a
    // negotiation.
    if (name === "VTNT") this.#context.effects.needEcho();
    if (ended || this.#answers === MAX_NAMES) this.#asking = false;
    else this.#send();
  }

  /** In MTTS, the first name is the client's, the second the terminal's, the third a bit field. */
  #take(name: string): void {
    const { facts } = this.#context;
    const flags = decodeMtts(name);
    this.#names.push(name);
    if (this.#names.length === 1 && flags === undefined) facts.terminalType = name;
    if (flags === undefined) return;
    facts.mtts = flags;
    if (flags.utf8) this.#context.effects.suggestCharset("UTF-8");
    const names = this.#names.filter((other) => decodeMtts(other) === undefined);
    if (facts.clientName === undefined) facts.clientName = this.#clientName = names[0];
    facts.terminalType = names[1] ?? facts.terminalType;
  }

  /** Returns the names received so far, and how far the requests have come. */
  snapshot(): Json {
    const clientName = this.#clientName ?? null;
    return { names: this.#names, answers: this.#answers, asking: this.#asking, clientName };
  }

  /** Restores what `snapshot` returned. */
  restore(saved: Json): void {
    const { names, answers, asking, clientName } = saved as {
      names: string[];
      answers: number;
      asking: boolean;
      clientName?: string | null;
    };
    this.#names = [...names];
    this.#answers = answers;
    this.#asking = asking;
    this.#clientName = clientName ?? undefined;
  }

  #send(): void {
    this.#context.sendSubnegotiation(TTYPE, encodeTerminalTypeSend());
  }
}

/** TERMINAL-TYPE as the server uses it: requests the whole list of names. */
export const terminalType: TelnetOption<true, TerminalTypeState> = {
  code: TTYPE,
  name: "TTYPE",
  agreeRemote: true,
  offer: "remote",
  attach: (context) => new TerminalTypeState(context),
};

/** The state of a client that sends its terminal types. */
class TerminalTypeClientState implements OptionState {
  readonly #context: OptionContext;
  /** How many names of the list were sent. */
  #given = 0;

  constructor(context: OptionContext) {
    this.#context = context;
  }

  changed(side: Side): void {
    if (side === "local") this.#given = 0;
  }

  /** Sends the next name. The last one is sent twice, then the list starts again (RFC 1091). */
  subnegotiation(payload: Uint8Array): void {
    if (payload[0] !== SEND || !this.#context.localEnabled(TTYPE)) return;
    const names = typesOf(this.#context.facts);
    const name = names[Math.min(this.#given, names.length - 1)] ?? "";
    this.#given = this.#given >= names.length ? 0 : this.#given + 1;
    this.#context.sendSubnegotiation(TTYPE, encodeTerminalType(name));
  }

  snapshot(): Json {
    return { given: this.#given };
  }

  restore(saved: Json): void {
    this.#given = (saved as { given: number }).given;
  }
}

/** The names of MTTS: the client's, the terminal's, and the bit field. */
function typesOf({ clientName, terminalType, mtts }: ClientFacts): string[] {
  const names = clientName === undefined ? [terminalType] : [clientName, terminalType];
  return mtts === undefined ? names : [...names, encodeMtts(mtts)];
}

/** TERMINAL-TYPE as the client uses it: sends its names one by one. */
export const terminalTypeClient: TelnetOption<true> = {
  code: TTYPE,
  name: "TTYPE",
  agreeLocal: true,
  attach: (context) => new TerminalTypeClientState(context),
};
