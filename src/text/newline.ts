import { withCr, withNul } from "../protocol/line_ends.ts";

/**
 * Encodes line ends for sending, as RFC 854 requires: `\n` becomes CR LF, a lone CR becomes CR NUL.
 * A CR at the end of one text and an LF at the start of the next are one line end.
 *
 * @example
 * ```ts
 * import { NewlineEncoder } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const newlines = new NewlineEncoder();
 * assertEquals(newlines.encode("one\ntwo\r"), "one\r\ntwo\r");
 * assertEquals(newlines.encode("\nthree"), "\nthree"); // the CR was there already
 * ```
 */
export class NewlineEncoder {
  #afterCr = false;

  /** Whether the last text ended with a CR. */
  get afterCr(): boolean {
    return this.#afterCr;
  }

  set afterCr(afterCr: boolean) {
    this.#afterCr = afterCr;
  }

  /**
   * Encodes the next text.
   *
   * @param text Any text.
   * @param binary Whether BINARY is enabled; a lone CR then needs no NUL (RFC 856).
   * @returns The text for the wire.
   */
  encode(text: string, binary: boolean = false): string {
    if (text === "") return "";
    const afterCr = this.#afterCr;
    this.#afterCr = text.endsWith("\r");
    const lf = withCr(text);
    if (!afterCr && !text.includes("\r")) return lf;
    const whole = afterCr && text.startsWith("\n") ? lf.slice(1) : lf;
    if (binary) return whole;
    const cr = withNul(whole);
    return afterCr && !/^[\n\0]/.test(text) ? "\0" + cr : cr;
  }
}
