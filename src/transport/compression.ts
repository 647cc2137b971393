/** Compresses a stream as zlib does (RFC 1950). */
export interface Deflater {
  /** How many bytes it was given and has not worked through. */
  readonly queued: number;
  /** Takes bytes; all that came so far becomes readable for the peer (Z_SYNC_FLUSH). */
  write(bytes: Uint8Array): void;
  /** Ends the stream (Z_FINISH); `onEnd` comes after its last bytes. */
  end(): void;
  /** Frees it at once. */
  destroy(): void;
}

/** Undoes it. */
export interface Inflater {
  /** Whether all that it was given has come out, as far as it can. */
  readonly idle: boolean;
  /** What it was given and has not worked through takes so many bytes, overhead included. */
  readonly queued: number;
  /** Takes bytes. */
  write(bytes: Uint8Array): void;
  /** Gives no more for now. */
  pause(): void;
  /** Gives again. */
  resume(): void;
  /** Frees it at once. */
  destroy(): void;
}

/** Whom a stream reports to, always outside of a call of its methods. */
export interface CompressionHandler {
  /** Bytes came out. */
  onData(bytes: Uint8Array): void;
  /** All that was written has come out, as far as it can. */
  onIdle(): void;
  /**
   * The stream has ended.
   *
   * @param rest What was written behind its end.
   */
  onEnd(rest: Uint8Array): void;
  /** What was written is no such stream, or it failed. */
  onError(error: Error): void;
}

/** A zlib: that of the platform, unless `TelnetServer.listen({ codec })` gets another. */
export interface CompressionCodec {
  /** Starts a stream that compresses. */
  deflate(handler: CompressionHandler): Deflater;
  /** Starts a stream that undoes it. */
  inflate(handler: CompressionHandler): Inflater;
}
