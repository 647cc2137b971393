/** Taken places are cut off in steps of this many, so that taking costs little on average. */
const STEP = 256;

/**
 * A queue. The first item stands alone, as mostly there is no other: then there is no array. Unlike
 * an array it frees what was taken although it never gets empty.
 */
export class Fifo<Item> {
  #head: Item | undefined;
  #rest: Item[] | undefined;
  /** Index of the second item in the rest. */
  #second = 0;
  #length = 0;

  /** How many items wait. */
  get length(): number {
    return this.#length;
  }

  /** Appends an item. */
  push(item: Item): void {
    if (this.#length++ === 0) this.#head = item;
    else if (this.#rest === undefined) this.#rest = [item];
    else this.#rest.push(item);
  }

  /** The next item, which stays. */
  peek(): Item | undefined {
    return this.#head;
  }

  /** Puts another in the place of the next item. */
  replaceNext(item: Item): void {
    this.#head = item;
  }

  /** Takes the next item. */
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

  /** All items in their order, which stay. */
  items(): Item[] {
    if (this.#length === 0) return [];
    return [this.#head as Item, ...this.#rest?.slice(this.#second) ?? []];
  }

  /** Takes all. */
  takeAll(): Item[] {
    const items = this.items();
    this.clear();
    return items;
  }

  /** Drops all. */
  clear(): void {
    this.#head = undefined;
    this.#rest = undefined;
    this.#second = 0;
    this.#length = 0;
  }
}
