import { Fifo } from "../protocol/fifo.ts";

/** Bytes of a client that wait to be processed, in chunks as they came. */
export class InputBuffer {
  readonly #chunks: Fifo<Uint8Array> = new Fifo();
  #length = 0;
  /** How many of them came out of a compressed stream; these stand before all others. */
  #inflated = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#length;
  }

  /** Whether the next bytes came out of a compressed stream. */
  get inflated(): boolean {
    return this.#inflated > 0;
  }

  /** Appends bytes. */
  push(bytes: Uint8Array, inflated: boolean): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (inflated) this.#inflated += bytes.length;
  }

  /** The next bytes, which stay; no more than `most`. */
  peek(most: number): Uint8Array | undefined {
    const chunk = this.#chunks.peek();
    return chunk !== undefined && chunk.length > most ? chunk.subarray(0, most) : chunk;
  }

  /** Takes the first bytes of the next chunk. */
  take(count: number): void {
    const chunk = this.#chunks.peek();
    if (chunk === undefined) return;
    if (count === chunk.length) this.#chunks.take();
    else this.#chunks.replaceNext(chunk.subarray(count));
    this.#length -= count;
    this.#inflated = Math.max(0, this.#inflated - count);
  }

  /** Takes all. */
  takeAll(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let chunk = this.#chunks.take(); chunk !== undefined; chunk = this.#chunks.take()) {
      chunks.push(chunk);
    }
    this.#length = 0;
    this.#inflated = 0;
    return chunks;
  }
}
