/** Your own character set, for example based on iconv-lite; accepted wherever a set is named. */
export interface TextCodec {
  /** Its name, as CHARSET spells it. */
  readonly name: string;
  /** Whether ASCII is the same in it, which is then sent much faster. Default `false`. */
  readonly ascii?: boolean;
  /** Starts a stream of a connection's bytes. */
  createDecoder(): TextStreamDecoder;
  /** Turns text into bytes; what the set lacks must become something else, and nothing may throw. */
  encode(text: string): Uint8Array;
}

/** Turns bytes of a stream into text; a character may be cut by the end of a chunk. */
export interface TextStreamDecoder {
  /** Decodes the next bytes. What cannot be decoded becomes U+FFFD; nothing throws. */
  decode(bytes: Uint8Array): string;
  /**
   * The bytes of an incomplete character. A new decoder that is given these bytes is in the same
   * state as this one. A client snapshot stores them. Without this method a snapshot loses an
   * incomplete character.
   */
  pending?(): Uint8Array;
}
