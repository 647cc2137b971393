/**
 * Taken items are removed from the array in batches of at least this many, to make `take` cheap.
 */
const STEP = 256;

/**
 * A queue. The first item is stored without an array, because most queues hold one item at most.
 * The array frees taken items even if the queue never becomes empty.
 */
export class Fifo<Item> {
  #head: Item | undefined;
  #rest: Item[] | undefined;
  /** Index in `#rest` of the queue's second item. */
  #second = 0;
  #length = 0;

  /** The number of items. */
  get length(): number {
    return this.#length;
  }

  /** Appends an item. */
  push(item: Item): void {
    if (this.#length++ === 0) this.#head = item;
    else if (this.#rest === undefined) this.#rest = [item];
    else this.#rest.push(item);
  }

  /** Returns the next item without removing it. */
  peek(): Item | undefined {
    return this.#head;
  }

  /** Replaces the next item. */
  replaceNext(item: Item): void {
    this.#head = item;
  }

  /** Removes and returns the next item. */
  take(): Item | undefined {
    const item = this.#head;
    if (this.#length === 0) return undefined;
    if (--this.#length === 0) {
      this.clear();
      return item;
    }
    const rest = this.#rest ?? [];
    this.#head = rest[this.#second++];
    if (this.#second >= STEP && this.#second * 2 >= rest.length) {
      rest.splice(0, this.#second);
      this.#second = 0;
    }
    return item;
  }

  /** Returns all items in order without removing them. */
  items(): Item[] {
    if (this.#length === 0) return [];
    return [this.#head as Item, ...this.#rest?.slice(this.#second) ?? []];
  }

  /** Removes and returns all items. */
  takeAll(): Item[] {
    const items = this.items();
    this.clear();
    return items;
  }

  /** Removes all items. */
  clear(): void {
    this.#head = undefined;
    this.#rest = undefined;
    this.#second = 0;
    this.#length = 0;
  }
}
