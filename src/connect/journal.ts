import { KNOWN_TO_CLIENTS } from "../options/client_registry.ts";
import type { TelnetMachine } from "../protocol/machine.ts";
import { Tracer } from "../protocol/tracer.ts";
import type { ConnectSettings } from "./settings.ts";

/** The number of last received bytes that are kept for errors. */
const KEPT = 240;

/** Keeps the last received text for the errors of timeouts, and writes the trace. */
export class Journal {
  #last: Uint8Array = new Uint8Array(0);
  #total = 0;
  readonly #received: Tracer | undefined;
  readonly #sent: Tracer | undefined;
  readonly #trace: ((line: string) => void) | undefined;

  constructor({ trace, limits, options }: ConnectSettings) {
    this.#trace = trace;
    if (trace === undefined) return;
    const nameOf = (code: number) =>
      options.known.byCode(code)?.name ?? KNOWN_TO_CLIENTS.nameOf(code);
    this.#received = new Tracer(limits.subnegotiation, nameOf, (words) => trace(`< ${words}`));
    this.#sent = new Tracer(limits.subnegotiation, nameOf, (words) => trace(`> ${words}`));
  }

  /** Records received data, without Telnet commands. */
  came(bytes: Uint8Array): void {
    this.#total += bytes.length;
    if (bytes.length >= KEPT) this.#last = new Uint8Array(bytes.subarray(-KEPT));
    else {
      const joined = new Uint8Array(this.#last.length + bytes.length);
      joined.set(this.#last);
      joined.set(bytes, this.#last.length);
      this.#last = joined.length > KEPT ? joined.slice(-KEPT) : joined;
    }
  }

  /** Traces received text. */
  text(text: string): void {
    this.#trace?.(`< ${JSON.stringify(text)}`);
  }

  /** Traces sent text; `secret`: without its content. */
  says(text: string, secret: boolean): void {
    this.#trace?.(secret ? "> (a secret)" : `> ${JSON.stringify(text)}`);
  }

  /** Traces the Telnet commands in received bytes. */
  received(bytes: Uint8Array): void {
    this.#received?.push(bytes);
  }

  /** Traces the Telnet commands in sent bytes. */
  sent(bytes: Uint8Array): void {
    this.#sent?.push(bytes);
  }

  /** Describes the last received text and the enabled options, for an error message. */
  describe({ machine }: { readonly machine: TelnetMachine }): string {
    const came = this.#total === 0
      ? "No text came at all"
      : `The last of ${this.#total} bytes of text that came: ${readable(this.#last)}`;
    const names = (side: "local" | "remote") =>
      machine.enabledOptions(side).map((code) => KNOWN_TO_CLIENTS.nameOf(code)).join(", ") ||
      "nothing";
    return `${came}. The server performs ${names("remote")}; this end performs ${names("local")}.`;
  }
}

/** Formats bytes as quoted text, with control characters escaped. */
export function readable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
