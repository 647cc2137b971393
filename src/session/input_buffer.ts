import { joinBytes } from "../protocol/bytes.ts";
import { Fifo } from "../protocol/fifo.ts";

/** Chunks up to this size are copied into one: each array has an overhead of some hundred bytes. */
const SMALL_CHUNK = 512;
/** The estimated overhead of a chunk, in bytes. */
const CHUNK_OVERHEAD = 256;
/** The size of the buffer into which small chunks are copied. */
const GATHERED_CHUNK = 2_048;

/** A buffer of the client's unprocessed bytes. */
export class InputBuffer {
  readonly #chunks: Fifo<Uint8Array> = new Fifo();
  /** The buffer for small chunks, if it is the last chunk; `end`: how much of it is used. */
  #gathered:
    | { readonly buffer: Uint8Array; readonly inflated: boolean; end: number }
    | undefined;
  #length = 0;
  /** How many of the bytes were compressed; they precede all others. */
  #inflated = 0;

  /** The number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** The memory that the buffer uses, including the overhead of chunks. */
  get held(): number {
    const gathered = this.#gathered === undefined ? 0 : GATHERED_CHUNK;
    return this.#length + this.#chunks.length * CHUNK_OVERHEAD + gathered;
  }

  /** Whether the next bytes came out of a compressed stream. */
  get inflated(): boolean {
    return this.#inflated > 0;
  }

  /** Appends bytes. */
  push(bytes: Uint8Array, inflated: boolean): void {
    this.#length += bytes.length;
    if (inflated) this.#inflated += bytes.length;
    // The first chunk is usually processed at once, so copying it would not pay.
    if (this.#length === bytes.length || bytes.length > SMALL_CHUNK) {
      this.#seal();
      this.#chunks.push(bytes);
    } else this.#gather(bytes, inflated);
  }

  /** Returns the next bytes without taking them, at most `max`. */
  peek(max: number): Uint8Array | undefined {
    if (this.#chunks.length === 0) this.#seal();
    const chunk = this.#chunks.peek();
    return chunk !== undefined && chunk.length > max ? chunk.subarray(0, max) : chunk;
  }

  /** Takes the first bytes of the next chunk. */
  take(count: number): void {
    const chunk = this.#chunks.peek();
    if (chunk === undefined) return;
    if (count === chunk.length) this.#chunks.take();
    else this.#chunks.replaceNext(restOf(chunk, count));
    this.#length -= count;
    this.#inflated = Math.max(0, this.#inflated - count);
  }

  /** Takes all chunks. */
  takeAll(): Uint8Array[] {
    this.#seal();
    this.#length = 0;
    this.#inflated = 0;
    return this.#chunks.takeAll();
  }

  /** Returns a copy of all bytes; they stay in the buffer. */
  copy(): Uint8Array {
    const all = joinBytes(this.takeAll());
    if (all.length > 0) this.push(all, false);
    return all;
  }

  /** Copies a small chunk; compressed and plain bytes never share a buffer. */
  #gather(bytes: Uint8Array, inflated: boolean): void {
    const last = this.#gathered;
    const fits = last !== undefined && last.end + bytes.length <= last.buffer.length;
    if (fits && last.inflated === inflated) {
      last.buffer.set(bytes, last.end);
      last.end += bytes.length;
      return;
    }
    this.#seal();
    const buffer = new Uint8Array(GATHERED_CHUNK);
    buffer.set(bytes);
    this.#gathered = { buffer, inflated, end: bytes.length };
  }

  /** Turns the buffer of small chunks into a normal chunk. */
  #seal(): void {
    const last = this.#gathered;
    this.#gathered = undefined;
    if (last !== undefined) this.#chunks.push(last.buffer.subarray(0, last.end));
  }
}

/** Returns the rest of a chunk; copies a small rest, so that it does not keep the chunk alive. */
function restOf(chunk: Uint8Array, from: number): Uint8Array {
  const rest = chunk.subarray(from);
  return rest.length > SMALL_CHUNK && 2 * rest.length < chunk.buffer.byteLength
    ? new Uint8Array(rest)
    : rest;
}
