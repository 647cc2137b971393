import { commandName } from "./codes.ts";
import { FrameDecoder, type FrameSink } from "./decoder.ts";
import type { ViolationKind } from "./events.ts";

/** So many bytes of a payload are shown. */
const SHOWN = 64;

/**
 * Puts the negotiation of one direction of a connection into words, whatever chunks it comes in. It only
 * looks on: for a log, or a proxy.
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
   * Starts between two commands.
   *
   * @param limit The most payload bytes of a subnegotiation; a longer one is only mentioned.
   * @param nameOf Names an option.
   * @param emit Takes a line such as `DO NAWS`, `SB NAWS 00 50 00 18` or `GA`.
   */
  constructor(limit: number, nameOf: (option: number) => string, emit: (words: string) => void) {
    this.#decoder = new FrameDecoder(limit, new Words(nameOf, emit));
  }

  /**
   * Takes the next bytes.
   *
   * @param bytes Any number, cut anywhere.
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

/** Runs of letters as text, what is between them as hexadecimal numbers. */
function shown(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  const parts = text.match(/[\x20-\x7e]{3,}|[\s\S]/g) ?? [];
  return parts.map((part) =>
    part.length > 1
      ? ` ${JSON.stringify(part)}`
      : ` ${part.charCodeAt(0).toString(16).padStart(2, "0")}`
  ).join("");
}
