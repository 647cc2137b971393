/** Thrown for a message that is invalid or of another version. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const FIRST_SIZE = 256;
/** For ASCII text up to this length a loop is faster than `TextEncoder`. */
const SHORT = 100;

/** Writes numbers, text and bytes one after the other. */
export class WireWriter {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** Writes a byte. */
  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Writes a whole number of at most 53 bits, seven bits at a time, the lowest first. */
  number(value: number): this {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = rest % 0x80 | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Writes bytes, without their length. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Writes the length of bytes, and then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.number(bytes.length).raw(bytes);
  }

  /** Writes the length of text in bytes, and then the text as UTF-8. */
  text(text: string): this {
    const { length } = text;
    const before = this.#length;
    this.number(length);
    this.#reserve(length);
    // Only ASCII fits into a byte for each UTF-16 unit.
    const fits = length <= SHORT
      ? this.#writeAscii(text)
      : encoder.encodeInto(text, this.#bytes.subarray(this.#length, this.#length + length))
        .read === length;
    if (fits) {
      this.#length += length;
      return this;
    }
    this.#length = before;
    return this.bytes(encoder.encode(text));
  }

  /** Writes a short text if it is ASCII, which a loop does faster than `TextEncoder`. */
  #writeAscii(text: string): boolean {
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[start + index] = unit;
    }
    return true;
  }

  /** Takes the written bytes, and empties the writer. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads the format that a {@linkcode WireWriter} writes. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, from: number = 0) {
    this.#bytes = bytes;
    this.#at = from;
  }

  /** The offset of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** Whether all bytes were read. */
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Reads a byte. */
  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new WireError("The message ends too early");
    return byte;
  }

  /** Reads a number. */
  number(): number {
    let [value, scale] = [0, 1];
    while (true) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    if (!Number.isSafeInteger(value)) throw new WireError("A number is too large");
    return value;
  }

  /** Reads a length, and then as many bytes; they share the message's memory. */
  bytes(): Uint8Array {
    const length = this.number();
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new WireError("The message ends too early");
    this.#at += length;
    return bytes;
  }

  /** Reads text. */
  text(): string {
    return decoder.decode(this.bytes());
  }

  /** The bytes that are left. */
  rest(): Uint8Array {
    const rest = this.#bytes.subarray(this.#at);
    this.#at = this.#bytes.length;
    return rest;
  }
}
