import type { TextCodec } from "../text/codec.ts";
import { NewlineEncoder } from "../text/newline.ts";

/** Whole lines of text for many clients, encoded once for each character set. */
export class SharedText {
  readonly #text: string;
  #bytes: Map<TextCodec, Uint8Array> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the bytes in a character set, for output that did not end with a CR. */
  bytesIn(codec: TextCodec): Uint8Array {
    this.#bytes ??= new Map();
    const known = this.#bytes.get(codec);
    if (known !== undefined) return known;
    const bytes = codec.encode(new NewlineEncoder().encode(this.#text));
    this.#bytes.set(codec, bytes);
    return bytes;
  }

  toString(): string {
    return this.#text;
  }
}
