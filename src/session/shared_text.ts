import type { TextCodec } from "../text/codec.ts";
import { NewlineEncoder } from "../text/newline.ts";

/** A text of whole lines for many clients: encoded once for all who need the same bytes. */
export class SharedText {
  readonly #text: string;
  #bytes: Map<TextCodec, Uint8Array> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The bytes in a character set, for a stream that did not end with a CR. */
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
