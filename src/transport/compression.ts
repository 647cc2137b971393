/** Compresses a stream as zlib does (RFC 1950). */
export interface Deflater {
  /** How many written bytes have not been compressed yet. */
  readonly queued: number;
  /**
   * Compresses bytes and flushes, so that the peer can read everything written so far
   * (Z_SYNC_FLUSH).
   */
  write(bytes: Uint8Array): void;
  /** Ends the stream (Z_FINISH); `onEnd` is called after its last bytes. */
  end(): void;
  /** Frees it at once. */
  destroy(): void;
}

/** Decompresses a zlib stream. */
export interface Inflater {
  /** Whether everything written has been decompressed and delivered, as far as possible. */
  readonly idle: boolean;
  /** How many bytes of memory the input takes that is not decompressed yet, including overhead. */
  readonly queued: number;
  /** Takes bytes. */
  write(bytes: Uint8Array): void;
  /** Stops delivering output. */
  pause(): void;
  /** Resumes delivering output. */
  resume(): void;
  /** Frees it at once. */
  destroy(): void;
}

/**
 * Receives the events of a stream. A deflater may call `onData` within `write()`, and `onData` and
 * `onEnd` within `end()`; no other call comes within a call of a method.
 */
export interface CompressionHandler {
  /** The stream has output. */
  onData(bytes: Uint8Array): void;
  /** Everything written has been processed and delivered, as far as possible. */
  onIdle(): void;
  /**
   * The stream has ended.
   *
   * @param rest The bytes that were written after its end.
   */
  onEnd(rest: Uint8Array): void;
  /** The input is not a valid stream, or the stream failed. */
  onError(error: Error): void;
}

/**
 * An implementation of zlib: the platform's, unless `TelnetServer.listen({ codec })` gets another.
 */
export interface CompressionCodec {
  /** Starts a stream that compresses. */
  deflate(handler: CompressionHandler): Deflater;
  /** Starts a stream that decompresses. */
  inflate(handler: CompressionHandler): Inflater;
}
