import { IAC } from "./codes.ts";

const EMPTY = new Uint8Array(0);
const FIRST_SIZE = 64;

/** Bytes on their way out: appended in small pieces, taken as one. Holds no memory while empty. */
export class ByteQueue {
  #buffer: Uint8Array = EMPTY;
  #length = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  /** Appends two bytes: IAC and a command. */
  pushCommand(command: number): void {
    this.#reserve(2);
    this.#buffer[this.#length++] = IAC;
    this.#buffer[this.#length++] = command;
  }

  /** Appends three bytes: IAC, a verb or SB, and an option. */
  pushVerb(verb: number, option: number): void {
    this.#reserve(3);
    this.#buffer[this.#length++] = IAC;
    this.#buffer[this.#length++] = verb;
    this.#buffer[this.#length++] = option;
  }

  /** Appends bytes as they are. */
  push(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends data with each 0xFF doubled (RFC 854). */
  pushEscaped(bytes: Uint8Array): void {
    let start = 0;
    let iac = bytes.indexOf(IAC);
    while (iac !== -1) {
      this.push(bytes.subarray(start, iac + 1));
      start = iac;
      iac = bytes.indexOf(IAC, iac + 1);
    }
    this.push(start === 0 ? bytes : bytes.subarray(start));
  }

  /** Hands over all that waits; the array is the caller's from then on. */
  take(): Uint8Array {
    if (this.#length === 0) return EMPTY;
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = EMPTY;
    this.#length = 0;
    return bytes;
  }

  /** A copy of all that waits, which goes on waiting. */
  peek(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2, FIRST_SIZE));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
