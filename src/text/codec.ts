/** Your own character set, for example based on iconv-lite; accepted wherever a set is named. */
export interface TextCodec {
  /** Its name, as CHARSET spells it. */
  readonly name: string;
  /**
   * Whether ASCII characters are the same bytes in this set; they are then sent much faster.
   * Default `false`.
   */
  readonly ascii?: boolean;
  /** Makes a decoder for the bytes of one connection. */
  createDecoder(): TextStreamDecoder;
  /** Turns text into bytes. Replaces characters that the set lacks, and must not throw. */
  encode(text: string): Uint8Array;
}

/** Turns bytes of a stream into text; a character may be cut by the end of a chunk. */
export interface TextStreamDecoder {
  /** Decodes the next bytes. Invalid bytes become U+FFFD; must not throw. */
  decode(bytes: Uint8Array): string;
  /**
   * The bytes of an incomplete character. A new decoder that is given these bytes is in the same
   * state as this one. A client snapshot stores them. Without this method a snapshot loses an
   * incomplete character.
   */
  pending?(): Uint8Array;
}
