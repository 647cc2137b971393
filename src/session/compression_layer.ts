import type { CompressionCodec, Deflater, Inflater } from "../transport/compression.ts";
import type { Connection } from "../transport/transport.ts";

/** The callbacks of a byte stream. */
export interface ByteStreamEvents {
  /** Called with received bytes, decompressed; `inflated`: whether they were compressed. */
  onPlain(bytes: Uint8Array, inflated: boolean): void;
  /** Called with the number of compressed bytes received, which may yield no plain bytes. */
  onUnseen(count: number): void;
  /** Called when the client has sent its last byte and all bytes were handed over. */
  onPlainEnd(): void;
  /** Called with the number of bytes written to the connection. */
  onSent(count: number): void;
  /** Called when the client's compressed data is not a zlib stream, or is a bomb. */
  onCorrupt(error: Error, excess?: InflateLimitExceeded): void;
}

/** The limits for decompressed bytes of a client. */
export interface InflateLimits {
  /** The highest ratio of decompressed to compressed bytes, beyond the first MiB. */
  readonly inflateRatio: number;
  /** The most decompressed bytes. */
  readonly inflateTotal: number;
}

/** A limit for decompressed bytes that a client exceeded. */
export interface InflateLimitExceeded {
  readonly kind: "inflate-ratio" | "inflate-total";
  readonly limit: number;
  readonly value: number;
}

/** What a session needs from a connection, compressed or not. */
export type Stream = Pick<Connection, "queued" | "write" | "pause" | "resume" | "close">;

/** The ratio limit does not apply to the first bytes: short input can have a high ratio. */
const FREE_BYTES = 1_048_576;
/** Reading pauses while the inflater holds more bytes than this. */
const MAX_INFLATING = 65_536;
/** The memory of an inflater: a window of 32 KiB and its tables. */
const INFLATER_SIZE = 49_152;

/** An operation on the output stream; operations run in order. */
type Step = Uint8Array | "compress" | "stop" | "close";

/**
 * A connection with optional compression in each direction (MCCP2 and MCCP3). The zlib streams may be
 * asynchronous: while one is ending, further operations wait for its end.
 */
export class CompressionLayer implements Stream {
  readonly #connection: Connection;
  readonly #codec: CompressionCodec;
  readonly #handler: ByteStreamEvents;
  readonly #limits: InflateLimits;
  #deflater: Deflater | undefined;
  #inflater: Inflater | undefined;
  /** The operations that wait for the end of a compressed stream; `undefined` if none is ending. */
  #waiting: Step[] | undefined;
  #ended = false;
  /** Whether the session paused reading, and whether the inflater is full. */
  #paused = false;
  #full = false;
  #compressedIn = 0;
  #plainIn = 0;

  constructor(
    connection: Connection,
    codec: CompressionCodec,
    limits: InflateLimits,
    handler: ByteStreamEvents,
  ) {
    this.#connection = connection;
    this.#codec = codec;
    this.#limits = limits;
    this.#handler = handler;
  }

  /** Whether output is compressed, including a compressed stream that is ending. */
  get compressing(): boolean {
    return this.#deflater !== undefined;
  }

  /** Whether input is decompressed. */
  get decompressing(): boolean {
    return this.#inflater !== undefined;
  }

  get queued(): number {
    let waiting = this.#connection.queued + (this.#deflater?.queued ?? 0);
    for (const step of this.#waiting ?? []) waiting += typeof step === "string" ? 0 : step.length;
    return waiting;
  }

  /** Sends bytes. */
  write(bytes: Uint8Array): void {
    this.#do(bytes);
  }

  /** Compresses further output. */
  compress(): void {
    this.#do("compress");
  }

  /** Ends the compressed stream; plain bytes follow. */
  stopCompressing(): void {
    this.#do("stop");
  }

  /** Closes the connection after all output, including the end of a compressed stream. */
  close(): void {
    this.#do("close");
  }

  /** Decompresses further input. */
  decompress(): void {
    if (this.#inflater !== undefined) return;
    this.#inflater = this.#codec.inflate({
      onData: (bytes) => this.#inflated(bytes),
      onIdle: () => {
        this.#readOn();
        this.#checkEnd();
      },
      onEnd: (rest) => {
        this.#inflater = undefined;
        this.#readOn();
        if (rest.length > 0) this.#handler.onPlain(rest, false);
        this.#checkEnd();
      },
      onError: (error) => this.#handler.onCorrupt(error),
    });
  }

  /** Takes received bytes. */
  receive(bytes: Uint8Array): void {
    if (this.#inflater === undefined) return this.#handler.onPlain(bytes, false);
    this.#compressedIn += bytes.length;
    this.#handler.onUnseen(bytes.length);
    this.#inflater.write(bytes);
    if (this.#full || this.#inflater.queued <= MAX_INFLATING) return;
    this.#full = true;
    this.#connection.pause();
  }

  /** The bytes that the inflater holds, including its own memory. */
  get inflating(): number {
    return this.#inflater === undefined ? 0 : INFLATER_SIZE + this.#inflater.queued;
  }

  /** Takes the end of the client's bytes. */
  end(): void {
    this.#ended = true;
    this.#checkEnd();
  }

  /** Stops reading. */
  pause(): void {
    this.#paused = true;
    this.#connection.pause();
    this.#inflater?.pause();
  }

  /** Resumes reading. */
  resume(): void {
    this.#paused = false;
    this.#inflater?.resume();
    if (!this.#full) this.#connection.resume();
  }

  /** Frees the zlib streams. */
  destroy(): void {
    this.#deflater?.destroy();
    this.#inflater?.destroy();
  }

  #do(step: Step): void {
    if (this.#waiting !== undefined) this.#waiting.push(step);
    else if (step === "compress") this.#deflate();
    else if (step === "stop") this.#finish();
    else if (step === "close") this.#close();
    else if (this.#deflater !== undefined) this.#deflater.write(step);
    else this.#send(step);
  }

  #send(bytes: Uint8Array): void {
    this.#handler.onSent(bytes.length);
    this.#connection.write(bytes);
  }

  #deflate(): void {
    if (this.#deflater !== undefined) return;
    this.#deflater = this.#codec.deflate({
      onData: (bytes) => this.#send(bytes),
      onIdle: () => {},
      onEnd: () => this.#finished(),
      onError: () => this.#finished(),
    });
  }

  #finish(): void {
    if (this.#deflater === undefined) return;
    this.#waiting = [];
    this.#deflater.end();
  }

  #close(): void {
    if (this.#deflater === undefined) return this.#connection.close();
    this.#finish();
    this.#do("close");
  }

  /** Runs the waiting operations after a compressed stream has ended. */
  #finished(): void {
    const waiting = this.#waiting ?? [];
    this.#deflater = undefined;
    this.#waiting = undefined;
    for (const step of waiting) this.#do(step);
  }

  /** Resumes reading once the inflater has drained enough. */
  #readOn(): void {
    if (!this.#full || (this.#inflater?.queued ?? 0) > MAX_INFLATING / 2) return;
    this.#full = false;
    if (!this.#paused) this.#connection.resume();
  }

  #checkEnd(): void {
    if (this.#ended && this.#inflater?.idle !== false) this.#handler.onPlainEnd();
  }

  #inflated(bytes: Uint8Array): void {
    this.#plainIn += bytes.length;
    const { inflateRatio, inflateTotal } = this.#limits;
    const bomb = this.#plainIn > FREE_BYTES && this.#plainIn > this.#compressedIn * inflateRatio;
    if (bomb || this.#plainIn > inflateTotal) {
      this.#inflater?.destroy();
      const [many, few] = [this.#plainIn, this.#compressedIn];
      const excess: InflateLimitExceeded = bomb
        ? { kind: "inflate-ratio", limit: inflateRatio, value: Math.round(many / few) }
        : { kind: "inflate-total", limit: inflateTotal, value: many };
      return this.#handler.onCorrupt(new Error(`${few} compressed bytes became ${many}`), excess);
    }
    this.#handler.onPlain(bytes, true);
    this.#readOn();
  }
}
