import { commandName } from "./codes.ts";
import { FrameDecoder, type FrameSink } from "./decoder.ts";
import type { ViolationKind } from "./events.ts";

/** The most bytes of a payload that are shown. */
const SHOWN = 64;

/**
 * Describes the Telnet commands in one direction of a connection as text, for a log or a proxy. The
 * bytes may be cut into any chunks.
 *
 * @example
 * ```ts
 * import { Tracer } from "@miniboa/miniboa/protocol";
 * import { optionName } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const words: string[] = [];
 * const tracer = new Tracer(16_384, optionName, (line) => words.push(line));
 * tracer.push(Uint8Array.of(255, 253, 31, 255, 249));
 * assertEquals(words, ["DO NAWS", "GA"]);
 * ```
 */
export class Tracer {
  readonly #decoder: FrameDecoder;

  /**
   * Makes a tracer for a stream that starts outside a command.
   *
   * @param limit The most payload bytes of a subnegotiation; of a longer one, only the excess is
   * reported.
   * @param nameOf Returns the name of an option.
   * @param emit Called with each line, such as `DO NAWS`, `SB NAWS 00 50 00 18` or `GA`.
   */
  constructor(limit: number, nameOf: (option: number) => string, emit: (words: string) => void) {
    this.#decoder = new FrameDecoder(limit, new Words(nameOf, emit));
  }

  /**
   * Takes the next bytes.
   *
   * @param bytes Any number of bytes, cut anywhere.
   */
  push(bytes: Uint8Array): void {
    this.#decoder.decode(bytes);
  }
}

class Words implements FrameSink {
  readonly stop = false;
  readonly #nameOf: (option: number) => string;
  readonly #emit: (words: string) => void;

  constructor(nameOf: (option: number) => string, emit: (words: string) => void) {
    this.#nameOf = nameOf;
    this.#emit = emit;
  }

  data(): void {}

  command(command: number): void {
    this.#emit(commandName(command));
  }

  negotiation(verb: number, option: number): void {
    this.#emit(`${commandName(verb)} ${this.#nameOf(option)}`);
  }

  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void {
    const bytes = buffer.subarray(start, Math.min(end, start + SHOWN));
    const more = end - start > SHOWN ? ` … ${end - start} bytes` : "";
    this.#emit(`SB ${this.#nameOf(option)}${shown(bytes)}${more}`);
  }

  violation(kind: ViolationKind, option: number): void {
    this.#emit(`${kind} (${kind === "unknown-command" ? option : this.#nameOf(option)})`);
  }
}

/** Formats runs of three or more printable characters as text, and other bytes in hexadecimal. */
function shown(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  const parts = text.match(/[\x20-\x7e]{3,}|[\s\S]/g) ?? [];
  return parts.map((part) =>
    part.length > 1
      ? ` ${JSON.stringify(part)}`
      : ` ${part.charCodeAt(0).toString(16).padStart(2, "0")}`
  ).join("");
}
