import type { CompressionCodec, Deflater, Inflater } from "../transport/compression.ts";
import type { Connection } from "../transport/transport.ts";

/** Whom the wire reports to. */
export interface WireHandler {
  /** Bytes came, no longer compressed. */
  onPlain(bytes: Uint8Array): void;
  /** Compression towards the client has ended: what waits can go out. */
  onUncompressed(): void;
  /** What the client compressed is corrupt, or far too much for its size. */
  onCorrupt(error: Error): void;
}

/** The first bytes are free: a few compressed ones may well become many. */
const FREE_BYTES = 1_048_576;

/** A connection whose bytes may be compressed, each way for itself (MCCP2 and MCCP3). */
export class Wire {
  readonly #connection: Connection;
  readonly #codec: CompressionCodec | undefined;
  readonly #handler: WireHandler;
  readonly #ratio: number;
  #deflater: Deflater | undefined;
  #inflater: Inflater | undefined;
  #ending = false;
  #closing = false;
  #compressedIn = 0;
  #plainIn = 0;

  constructor(
    connection: Connection,
    codec: CompressionCodec | undefined,
    ratio: number,
    handler: WireHandler,
  ) {
    this.#connection = connection;
    this.#codec = codec;
    this.#ratio = ratio;
    this.#handler = handler;
  }

  /** Whether nothing may be written until `onUncompressed`. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Sends bytes. */
  write(bytes: Uint8Array): void {
    if (this.#deflater === undefined) this.#connection.write(bytes);
    else this.#deflater.write(bytes);
  }

  /** Compresses from here on. */
  compress(): void {
    if (this.#deflater !== undefined || this.#codec === undefined) return;
    this.#deflater = this.#codec.deflate({
      onData: (bytes) => this.#connection.write(bytes),
      onEnd: () => this.#uncompressed(),
      onError: () => this.#uncompressed(),
    });
  }

  /** Ends the stream; plain bytes follow when it is out. */
  stopCompressing(): void {
    if (this.#deflater === undefined || this.#ending) return;
    this.#ending = true;
    this.#deflater.end();
  }

  /** Takes the client's bytes from here on as compressed. */
  decompress(): void {
    if (this.#inflater !== undefined || this.#codec === undefined) return;
    this.#compressedIn = 0;
    this.#plainIn = 0;
    this.#inflater = this.#codec.inflate({
      onData: (bytes) => this.#inflated(bytes),
      onEnd: (rest) => {
        this.#inflater = undefined;
        if (rest.length > 0) this.#handler.onPlain(rest);
      },
      onError: (error) => this.#handler.onCorrupt(error),
    });
  }

  /** Takes bytes of the client as they came. */
  receive(bytes: Uint8Array): void {
    if (this.#inflater === undefined) return this.#handler.onPlain(bytes);
    this.#compressedIn += bytes.length;
    this.#inflater.write(bytes);
  }

  /** Stops reading. */
  pause(): void {
    this.#connection.pause();
    this.#inflater?.pause();
  }

  /** Goes on reading. */
  resume(): void {
    this.#inflater?.resume();
    this.#connection.resume();
  }

  /** Closes when all is out, the end of a compressed stream too. */
  close(): void {
    this.#closing = true;
    if (this.#deflater === undefined) this.#connection.close();
    else this.stopCompressing();
  }

  /** Frees what the streams hold. */
  destroy(): void {
    this.#deflater?.destroy();
    this.#inflater?.destroy();
  }

  #uncompressed(): void {
    this.#deflater = undefined;
    this.#ending = false;
    if (this.#closing) this.#connection.close();
    else this.#handler.onUncompressed();
  }

  #inflated(bytes: Uint8Array): void {
    this.#plainIn += bytes.length;
    if (this.#plainIn > FREE_BYTES && this.#plainIn > this.#compressedIn * this.#ratio) {
      this.#inflater?.destroy();
      const [many, few] = [this.#plainIn, this.#compressedIn];
      return this.#handler.onCorrupt(new Error(`${few} compressed bytes became ${many}`));
    }
    this.#handler.onPlain(bytes);
  }
}
