const FIRST_SIZE = 256;

/** Keeps the part of a byte stream that is still needed, by its offsets in the whole stream. */
export class ByteLog {
  #bytes: Uint8Array | undefined;
  /** Where in `#bytes` the part begins. */
  #from = 0;
  #start: number;
  #end: number;

  /** Starts empty, at an offset. */
  constructor(start: number = 0) {
    this.#start = this.#end = start;
  }

  /** The offset of the first byte that is kept. */
  get start(): number {
    return this.#start;
  }

  /** The offset after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** How many bytes are kept. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends bytes. */
  append(bytes: Uint8Array): void {
    const kept = this.length;
    const needed = kept + bytes.length;
    let store = this.#bytes;
    if (store === undefined || this.#from + needed > store.length) {
      const old = store;
      // With at least twice the space needed, bytes are seldom moved.
      if (store === undefined || store.length < 2 * needed) {
        store = new Uint8Array(Math.max(FIRST_SIZE, 2 * needed));
      }
      if (old !== undefined) store.set(old.subarray(this.#from, this.#from + kept));
      this.#bytes = store;
      this.#from = 0;
    }
    store.set(bytes, this.#from + kept);
    this.#end += bytes.length;
  }

  /** Drops all bytes before an offset. */
  dropBefore(offset: number): void {
    const gone = Math.min(Math.max(0, offset - this.#start), this.length);
    this.#start += gone;
    this.#from += gone;
    if (this.length === 0) {
      this.#bytes = undefined;
      this.#from = 0;
    }
  }

  /** Copies the bytes from an offset on, but not more than `most`. */
  copy(offset: number, most: number = Infinity): Uint8Array {
    const from = this.#from + Math.max(0, offset - this.#start);
    const to = Math.min(this.#from + this.length, from + most);
    return this.#bytes?.slice(from, to) ?? new Uint8Array(0);
  }
}
