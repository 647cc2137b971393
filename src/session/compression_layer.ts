import type { CompressionCodec, Deflater, Inflater } from "../transport/compression.ts";
import type { Connection } from "../transport/transport.ts";

/** What a byte stream reports to. */
export interface ByteStreamEvents {
  /** Bytes of the client came, not compressed any more; `inflated`: whether they were. */
  onPlain(bytes: Uint8Array, inflated: boolean): void;
  /** So many bytes of the client came of which nothing may come to be seen. */
  onUnseen(count: number): void;
  /** The client sends no more, and all that it sent was handed over. */
  onPlainEnd(): void;
  /** So many bytes went to the connection. */
  onSent(count: number): void;
  /** What the client compressed is no zlib stream, or a bomb. */
  onCorrupt(error: Error, excess?: InflateLimitExceeded): void;
}

/** What bounds the decompressed bytes of a peer. */
export interface InflateLimits {
  /** The highest ratio of decompressed to compressed bytes, beyond the first MiB. */
  readonly inflateRatio: number;
  /** The most decompressed bytes. */
  readonly inflateTotal: number;
}

/** How far what a client compressed went over a limit. */
export interface InflateLimitExceeded {
  readonly kind: "inflate-ratio" | "inflate-total";
  readonly limit: number;
  readonly value: number;
}

/** What a session needs of a connection, compressed or not. */
export type Stream = Pick<Connection, "queued" | "write" | "pause" | "resume" | "close">;

/** The first bytes are free: a few compressed ones may well become many. */
const FREE_BYTES = 1_048_576;
/** While more than this is in the inflater the client is not read on. */
const MAX_INFLATING = 65_536;
/** What an inflater holds by itself: a window of 32 KiB and its tables. */
const INFLATER_SIZE = 49_152;

/** What is done to the stream of our bytes, in order. */
type Step = Uint8Array | "compress" | "stop" | "close";

/**
 * A connection whose bytes may be compressed, each way for itself (MCCP2 and MCCP3). The streams
 * of zlib work by themselves: what is written while one comes to its end waits for that.
 */
export class CompressionLayer implements Stream {
  readonly #connection: Connection;
  readonly #codec: CompressionCodec;
  readonly #handler: ByteStreamEvents;
  readonly #limits: InflateLimits;
  #deflater: Deflater | undefined;
  #inflater: Inflater | undefined;
  /** What waits for the end of a compressed stream; `undefined` while none ends. */
  #waiting: Step[] | undefined;
  #ended = false;
  /** Whether nothing is wanted for now, and whether the inflater has enough to do. */
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

  /** Whether our bytes are compressed, or about to be no more. */
  get compressing(): boolean {
    return this.#deflater !== undefined;
  }

  /** Whether the client's bytes are taken as compressed. */
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

  /** Compresses from here on. */
  compress(): void {
    this.#do("compress");
  }

  /** Ends the compressed stream; plain bytes follow. */
  stopCompressing(): void {
    this.#do("stop");
  }

  /** Closes when all is out, the end of a compressed stream too. */
  close(): void {
    this.#do("close");
  }

  /** Takes the client's bytes from here on as compressed. */
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

  /** Takes bytes of the client as they came. */
  receive(bytes: Uint8Array): void {
    if (this.#inflater === undefined) return this.#handler.onPlain(bytes, false);
    this.#compressedIn += bytes.length;
    this.#handler.onUnseen(bytes.length);
    this.#inflater.write(bytes);
    if (this.#full || this.#inflater.queued <= MAX_INFLATING) return;
    this.#full = true;
    this.#connection.pause();
  }

  /** What the inflater holds, its own size included. */
  get inflating(): number {
    return this.#inflater === undefined ? 0 : INFLATER_SIZE + this.#inflater.queued;
  }

  /** The client sends no more. */
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

  /** Goes on reading. */
  resume(): void {
    this.#paused = false;
    this.#inflater?.resume();
    if (!this.#full) this.#connection.resume();
  }

  /** Frees what the streams hold. */
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

  /** The compressed stream is out: what waited for it follows, which may be another. */
  #finished(): void {
    const waiting = this.#waiting ?? [];
    this.#deflater = undefined;
    this.#waiting = undefined;
    for (const step of waiting) this.#do(step);
  }

  /** The inflater has worked off enough. */
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
