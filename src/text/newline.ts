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
    if (!afterCr && !text.includes("\r")) return text.replaceAll("\n", "\r\n");
    const lf = withCr(text);
    const whole = afterCr && text.startsWith("\n") ? lf.slice(1) : lf;
    if (binary) return whole;
    const cr = withNul(whole);
    return afterCr && !/^[\n\0]/.test(text) ? "\0" + cr : cr;
  }
}

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

/** Inserts a CR before each LF that has none. The search by the engine beats an expression. */
function withCr(text: string): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    if (text.charCodeAt(at - 1) === CR) continue;
    result += text.slice(from, at) + "\r";
    from = at;
  }
  return from === 0 && result === "" ? text : result + text.slice(from);
}

/** Inserts a NUL after each CR before anything but LF or NUL. */
function withNul(text: string): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf("\r"); at !== -1; at = text.indexOf("\r", at + 1)) {
    const next = text.charCodeAt(at + 1);
    if (next === LF || next === NUL || at + 1 === text.length) continue;
    result += text.slice(from, at + 1) + "\0";
    from = at + 1;
  }
  return from === 0 ? text : result + text.slice(from);
}
