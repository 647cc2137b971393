import { joinBytes } from "../protocol/bytes.ts";
import { Fifo } from "../protocol/fifo.ts";

/** A chunk of so few bytes is copied behind the one before it: each array costs some hundred bytes. */
const SMALL_CHUNK = 512;
/** What a chunk costs beside its bytes. */
const CHUNK_OVERHEAD = 256;
/** What small chunks are gathered in. */
const GATHERED_CHUNK = 2_048;

/** Bytes of a client that wait to be processed. */
export class InputBuffer {
  readonly #chunks: Fifo<Uint8Array> = new Fifo();
  /** The last chunk, where it is one that small ones are gathered in, and how much of it is used. */
  #gathered:
    | { readonly buffer: Uint8Array; readonly inflated: boolean; end: number }
    | undefined;
  #length = 0;
  /** How many of them came out of a compressed stream; these stand before all others. */
  #inflated = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes it holds, with what the chunks cost beside theirs. */
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
    // The first chunk is used at once, mostly: there is nothing to gather.
    if (this.#length === bytes.length || bytes.length > SMALL_CHUNK) {
      this.#seal();
      this.#chunks.push(bytes);
    } else this.#gather(bytes, inflated);
  }

  /** The next bytes, which stay; no more than `max`. */
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

  /** Takes all. */
  takeAll(): Uint8Array[] {
    this.#seal();
    this.#length = 0;
    this.#inflated = 0;
    return this.#chunks.takeAll();
  }

  /** What waits, as one array, which goes on waiting. */
  copy(): Uint8Array {
    const all = joinBytes(this.takeAll());
    if (all.length > 0) this.push(all, false);
    return all;
  }

  /** A chunk is inflated as a whole, or not at all. */
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

  /** What is gathered becomes a chunk like the others. */
  #seal(): void {
    const last = this.#gathered;
    this.#gathered = undefined;
    if (last !== undefined) this.#chunks.push(last.buffer.subarray(0, last.end));
  }
}

/** What is left of a chunk; a small rest does not keep all of it alive. */
function restOf(chunk: Uint8Array, from: number): Uint8Array {
  const rest = chunk.subarray(from);
  return rest.length > SMALL_CHUNK && 2 * rest.length < chunk.buffer.byteLength
    ? new Uint8Array(rest)
    : rest;
}
