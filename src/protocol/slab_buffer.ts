/** How much is taken from the system at a time. */
const SLAB = 65_536;

const EMPTY = new Uint8Array(0);
const FIRST_SIZE = 64;
/** Up to so many bytes a loop is faster than the platform's copying. */
const SHORT = 64;

/** The slab that regions are cut out of at present, and how much of it is used. */
let slab: Uint8Array = EMPTY;
let used = 0;

/**
 * A writable stretch of memory of its own. Regions are cut out of larger slabs, as an allocation for
 * every few bytes is dear on all engines. What was handed out is never written again by another
 * region: a slab is freed as a whole, when nobody holds a part of it any more.
 */
export class SlabBuffer {
  /** The slab that holds it; none until something is written. */
  buffer: Uint8Array = EMPTY;
  /** Index of its first byte in the slab. */
  start = 0;
  /** Index of the next free byte. */
  end = 0;
  /** Index behind its last byte. */
  limit = 0;

  /** How many bytes are written. */
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

  /** What is written, as a view; the region is empty afterwards. */
  take(): Uint8Array {
    const bytes = view(this.buffer, this.start, this.end);
    this.drop();
    return bytes;
  }

  /** Forgets what is written, which whoever took it may keep. */
  drop(): void {
    // The room behind the last byte goes to the next region.
    if (this.buffer === slab && this.limit === used) used = this.end;
    this.start = this.end = this.limit = 0;
    this.buffer = EMPTY;
  }

  #grow(more: number): void {
    const length = this.length;
    const size = Math.max(length + more, length * 2, FIRST_SIZE);
    // The last region of a slab grows where it is.
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

/** Part of an array without a copy; on V8 faster than `subarray`. */
export function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
