/** Taken places are cut off in steps of this many, so that taking costs little on average. */
const STEP = 256;

/** A queue. Unlike an array it frees what was taken although it never gets empty. */
export class Fifo<Item> {
  #items: Item[] = [];
  #first = 0;

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#first;
  }

  /** Appends an item. */
  push(item: Item): void {
    this.#items.push(item);
  }

  /** The next item, which stays. */
  peek(): Item | undefined {
    return this.#items[this.#first];
  }

  /** Puts another in the place of the next item. */
  replaceNext(item: Item): void {
    this.#items[this.#first] = item;
  }

  /** Puts an item before all others. */
  unshift(item: Item): void {
    if (this.#first > 0) this.#items[--this.#first] = item;
    else this.#items.unshift(item);
  }

  /** Takes the next item. */
  take(): Item | undefined {
    const item = this.#items[this.#first];
    if (this.length === 0) return undefined;
    this.#first++;
    if (this.length === 0) {
      this.clear();
    } else if (this.#first >= STEP && this.#first * 2 >= this.#items.length) {
      this.#items.splice(0, this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Drops all. */
  clear(): void {
    if (this.#items.length > 0) this.#items = [];
    this.#first = 0;
  }
}
