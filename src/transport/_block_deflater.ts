import { joinBytes } from "../protocol/bytes.ts";
import { Fifo } from "../protocol/fifo.ts";
import { builtIn } from "./_built_in.ts";
import type { CompressionHandler, Deflater } from "./compression.ts";

const { constants, deflateRaw, deflateRawSync } = builtIn<typeof import("node:zlib")>("node:zlib");

/** How much of the text before a write is the dictionary for it. */
const HISTORY = 4_096;
/** A longer write is compressed in zlib's thread. */
const LONG = 16_384;
/** The start of a zlib stream (RFC 1950). */
const HEADER = Uint8Array.of(0x78, 0x9c);
/** An empty last block. */
const LAST_BLOCK = [0x03, 0x00];
/** The modulus of the checksum, and how many bytes can be summed up before a sum may be too large. */
const ADLER = 65_521;
const ADLER_BYTES = 3_800;
const NO_BYTES = new Uint8Array(0);

/**
 * Compresses each write at once, with the text before it as the dictionary: together the results are
 * one zlib stream. A stream of zlib's own would take a step in another thread for each write, which
 * costs several times as much for a line of text, and 150 KB of memory; this takes 8 KB.
 */
export class BlockDeflater implements Deflater {
  readonly #handler: CompressionHandler;
  /** The end of what was compressed is the dictionary. */
  #history: Uint8Array = NO_BYTES;
  #length = 0;
  /** The two halves of the checksum. */
  #low = 1;
  #high = 0;
  #begun = false;
  /** What is written while zlib's thread compresses. */
  readonly #waiting = new Fifo<Uint8Array>();
  #busy = false;
  #queued = 0;
  #ending = false;
  #destroyed = false;

  constructor(handler: CompressionHandler) {
    this.#handler = handler;
  }

  get queued(): number {
    return this.#queued;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#ending || this.#destroyed) return;
    this.#queued += bytes.length;
    this.#waiting.push(bytes);
    if (this.#busy) return;
    this.#busy = true;
    this.#goOn();
  }

  end(): void {
    if (this.#ending || this.#destroyed) return;
    this.#ending = true;
    if (!this.#busy) this.#finish();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#waiting.clear();
    this.#queued = 0;
  }

  #compress(bytes: Uint8Array): void {
    const options = {
      level: 6,
      memLevel: 5,
      windowBits: 13,
      // Without an end: the next block follows, at a whole byte.
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: Math.min(LONG, bytes.length + 64),
      ...(this.#length > 0 && { dictionary: this.#dictionary }),
    };
    if (bytes.length <= LONG) {
      let block: Uint8Array;
      try {
        block = deflateRawSync(bytes, options);
      } catch (error) {
        return this.#fail(error as Error);
      }
      return this.#compressed(bytes, block);
    }
    deflateRaw(bytes, options, (error, block) => {
      if (this.#destroyed) return;
      if (error !== null) return this.#fail(error);
      this.#compressed(bytes, block);
      this.#goOn();
    });
  }

  /** Compresses what waits; what the handler writes meanwhile comes after it. */
  #goOn(): void {
    while (!this.#destroyed) {
      const bytes = this.#waiting.take();
      if (bytes === undefined) {
        this.#busy = false;
        return this.#ending ? this.#finish() : undefined;
      }
      this.#compress(bytes);
      if (bytes.length > LONG) return; // it goes on when that is compressed
    }
  }

  #compressed(bytes: Uint8Array, block: Uint8Array): void {
    this.#queued -= bytes.length;
    this.#sum(bytes);
    this.#remember(bytes);
    const data = this.#begun ? block : joinBytes([HEADER, block]);
    this.#begun = true;
    this.#handler.onData(data);
  }

  #finish(): void {
    this.#destroyed = true;
    const sum = [this.#high >> 8, this.#high & 0xff, this.#low >> 8, this.#low & 0xff];
    const end = Uint8Array.of(...LAST_BLOCK, ...sum);
    this.#handler.onData(this.#begun ? end : joinBytes([HEADER, end]));
    this.#handler.onEnd(NO_BYTES);
  }

  #fail(error: Error): void {
    this.destroy();
    this.#handler.onError(error);
  }

  get #dictionary(): Uint8Array {
    return this.#history.subarray(Math.max(0, this.#length - HISTORY), this.#length);
  }

  /** Keeps the end of the text in a buffer of twice its size, so that it moves seldom. */
  #remember(bytes: Uint8Array): void {
    const kept = bytes.length > HISTORY ? bytes.subarray(bytes.length - HISTORY) : bytes;
    if (this.#length + kept.length > this.#history.length) {
      const before = this.#dictionary;
      const grown = this.#history.length === 2 * HISTORY
        ? this.#history
        : new Uint8Array(Math.min(2 * HISTORY, Math.max(256, 2 * (before.length + kept.length))));
      grown.set(before);
      this.#history = grown;
      this.#length = before.length;
    }
    this.#history.set(kept, this.#length);
    this.#length += kept.length;
  }

  /** Adds bytes to the checksum (Adler-32). */
  #sum(bytes: Uint8Array): void {
    let [low, high] = [this.#low, this.#high];
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + ADLER_BYTES);
      for (; at < end; at++) {
        low += bytes[at] as number;
        high += low;
      }
      low %= ADLER;
      high %= ADLER;
    }
    this.#low = low;
    this.#high = high;
  }
}

/** Whether this runtime's zlib uses a dictionary for blocks; Deno's ignores it. */
export function canDeflateBlocks(): boolean {
  const dictionary = new TextEncoder().encode("A long corridor leads north. ");
  const finishFlush = constants.Z_SYNC_FLUSH;
  return deflateRawSync(dictionary, { finishFlush, dictionary }).length < dictionary.length / 2;
}
