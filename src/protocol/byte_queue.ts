import { Region, view } from "./arena.ts";
import { IAC } from "./codes.ts";
import { findIac } from "./find_iac.ts";

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);

/** Bytes on their way out: appended in small pieces, taken as one. Holds no memory while empty. */
export class ByteQueue {
  readonly #region = new Region();

  /** Bytes waiting. */
  get length(): number {
    return this.#region.length;
  }

  /** Appends two bytes: IAC and a command. */
  pushCommand(command: number): void {
    const region = this.#region;
    region.reserve(2);
    region.buffer[region.end++] = IAC;
    region.buffer[region.end++] = command;
  }

  /** Appends three bytes: IAC, a verb or SB, and an option. */
  pushVerb(verb: number, option: number): void {
    const region = this.#region;
    region.reserve(3);
    const { buffer, end } = region;
    buffer[end] = IAC;
    buffer[end + 1] = verb;
    buffer[end + 2] = option;
    region.end = end + 3;
  }

  /** Appends bytes as they are. */
  push(bytes: Uint8Array): void {
    this.#region.push(bytes, 0, bytes.length);
  }

  /** Appends data with each 0xFF doubled (RFC 854). */
  pushEscaped(bytes: Uint8Array): void {
    let start = 0;
    for (let iac = findIac(bytes, 0); iac !== -1; iac = findIac(bytes, iac + 1)) {
      this.#region.push(bytes, start, iac + 1);
      start = iac;
    }
    this.#region.push(bytes, start, bytes.length);
  }

  /**
   * Appends text of ASCII, `\n` as CR LF.
   *
   * @returns `false`, and nothing is appended, where the text has another character, or a CR.
   */
  pushAscii(text: string): boolean {
    const region = this.#region;
    region.reserve(2 * text.length);
    const { buffer } = region;
    let end = region.end;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code > 0x7f || code === CR) return false;
      if (code === LF) buffer[end++] = CR;
      buffer[end++] = code;
    }
    region.end = end;
    return true;
  }

  /** Hands over all that waits; the array is the caller's from then on. */
  take(): Uint8Array {
    return this.#region.length === 0 ? EMPTY : this.#region.take();
  }

  /** A copy of all that waits, which goes on waiting. */
  peek(): Uint8Array {
    const { buffer, start, end } = this.#region;
    return view(buffer, start, end).slice();
  }
}
