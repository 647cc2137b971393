import type { TextCodec } from "../text/codec.ts";
import { NewlineEncoder } from "../text/newline.ts";

/** Whole lines of text for many clients, encoded once for each character set. */
export class SharedText {
  readonly #text: string;
  #hasCr: boolean | undefined;
  #bytes: Map<TextCodec, Uint8Array> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether the text has a CR: its bytes then depend on TRANSMIT-BINARY. */
  get hasCr(): boolean {
    return this.#hasCr ??= this.#text.includes("\r");
  }

  /** Returns the bytes in a character set of a text without CR, for output that did not end with one. */
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
