const FIRST_SIZE = 256;

/** The part of a stream of bytes that is still needed, by its offsets in the whole stream. */
export class ByteLog {
  #bytes: Uint8Array | undefined;
  /** Where in `#bytes` the part begins. */
  #from = 0;
  #start: number;
  #end: number;

  /** Begins with nothing, at an offset. */
  constructor(start: number = 0) {
    this.#start = this.#end = start;
  }

  /** The offset of the first byte that is kept. */
  get start(): number {
    return this.#start;
  }

  /** The offset behind the last byte. */
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
      // Moving them costs as much as there is left, so a store of twice that is moved seldom.
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

  /** Forgets all before an offset. */
  dropBefore(offset: number): void {
    const gone = Math.min(Math.max(0, offset - this.#start), this.length);
    this.#start += gone;
    this.#from += gone;
    if (this.length === 0) {
      this.#bytes = undefined;
      this.#from = 0;
    }
  }

  /** A copy of the bytes from an offset on, `most` of them at most. */
  copy(offset: number, most: number = Infinity): Uint8Array {
    const from = this.#from + Math.max(0, offset - this.#start);
    const to = Math.min(this.#from + this.length, from + most);
    return this.#bytes?.slice(from, to) ?? new Uint8Array(0);
  }
}
