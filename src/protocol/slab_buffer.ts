/** The minimum size of a slab in bytes. */
const SLAB = 65_536;

const EMPTY = new Uint8Array(0);
const FIRST_SIZE = 64;
/** For up to this many bytes, a loop is faster than `Uint8Array.set`. */
const SHORT = 64;

/** The current slab, and how many of its bytes are allocated. */
let slab: Uint8Array = EMPTY;
let used = 0;

/**
 * A growable byte buffer. Its memory is a region of a larger slab, as an allocation for every few
 * bytes is costly on all engines. Bytes that were taken are never overwritten by another buffer:
 * the garbage collector frees a slab as a whole, when no part of it is referenced any more.
 */
export class SlabBuffer {
  /** The slab that holds the region; an empty array until something is written. */
  buffer: Uint8Array = EMPTY;
  /** Index of the first byte in the slab. */
  start = 0;
  /** Index of the next free byte. */
  end = 0;
  /** Index after the last byte of the region. */
  limit = 0;

  /** The number of bytes written. */
  get length(): number {
    return this.end - this.start;
  }

  /** Makes room for more bytes; the region may move. */
  reserve(more: number): void {
    if (this.end + more > this.limit) this.#grow(more);
  }

  /** Appends bytes. */
  push(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    if (to - from <= SHORT) {
      for (let at = from; at < to; at++) this.buffer[this.end++] = bytes[at] ?? 0;
    } else {
      this.buffer.set(view(bytes, from, to), this.end);
      this.end += to - from;
    }
  }

  /** Returns the written bytes as a view, and empties the buffer. */
  take(): Uint8Array {
    const bytes = view(this.buffer, this.start, this.end);
    this.drop();
    return bytes;
  }

  /** Empties the buffer. Views that were taken stay valid. */
  drop(): void {
    // Returns the unused rest of the region to the slab.
    if (this.buffer === slab && this.limit === used) used = this.end;
    this.start = this.end = this.limit = 0;
    this.buffer = EMPTY;
  }

  #grow(more: number): void {
    const length = this.length;
    const size = Math.max(length + more, length * 2, FIRST_SIZE);
    // The last region of a slab can grow in place.
    if (this.buffer === slab && this.limit === used && this.start + size <= slab.length) {
      this.limit = used = this.start + size;
      return;
    }
    const { buffer, start, end } = this;
    if (used + size > slab.length) {
      slab = new Uint8Array(Math.max(SLAB, size));
      used = 0;
    }
    this.buffer = slab;
    this.start = used;
    this.limit = used = used + size;
    this.end = this.start + length;
    if (length > 0) this.buffer.set(view(buffer, start, end), this.start);
  }
}

/** Returns a view of a part of an array; on V8 faster than `subarray`. */
export function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
