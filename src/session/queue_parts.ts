/** A block takes items up to this many, and up to this many UTF-16 units of text. */
const BLOCK_ITEMS = 32;
const BLOCK_TEXT = 2_048;

/** Where a queue begins. */
interface QueueStart {
  /** The number of its first block. */
  readonly first: number;
  /** How many items of this block were taken. */
  readonly taken: number;
}

/** Some items, and the length of their texts. */
interface Block<Item> {
  readonly items: readonly Item[];
  readonly text: number;
}

const NO_BLOCK: Block<never> = { items: [], text: 0 };

/** Parts of a committed state by name. */
export type StateParts = Readonly<Record<string, unknown>>;

/**
 * A queue as parts of a committed state: blocks of items, so that a turn sends only the blocks in
 * which something was queued, however many items wait. An item must not change, must stay the
 * same object, and must not be queued twice.
 */
export class QueueParts<Item extends object> {
  readonly #name: string;
  readonly #textLength: (item: Item) => number;
  /** The items of the last call. */
  #known: readonly Item[] = [];
  /** The blocks in which they are, by number. */
  #blocks: Map<number, Block<Item>> = new Map();
  /** The number of the first block, and of the next one to come. */
  #first = 0;
  #next = 0;
  /** How many items of the first block were taken. */
  #taken = 0;

  /**
   * @param name The name of the part that says where the queue begins; `name.0` is the first block.
   * @param textLength Returns the length of an item's text.
   */
  constructor(name: string, textLength: (item: Item) => number) {
    this.#name = name;
    this.#textLength = textLength;
  }

  /** Returns the parts that differ from those of the last call; `undefined` for those to remove. */
  update(items: readonly Item[]): StateParts {
    const changed: Record<string, unknown> = {};
    const gone = this.#goneFrom(items);
    this.#drop(gone, changed);
    for (let at = this.#known.length - gone; at < items.length; at++) {
      this.#append(items[at] as Item, changed);
    }
    this.#known = items;
    const start: QueueStart = { first: this.#first, taken: this.#taken };
    changed[this.#name] = items.length === 0 ? undefined : start;
    return changed;
  }

  /** Returns the items of committed parts, and goes on from these parts. */
  restore(parts: StateParts): readonly Item[] {
    const { first = 0, taken = 0 } = (parts[this.#name] ?? {}) as Partial<QueueStart>;
    this.#first = this.#next = first;
    this.#taken = taken;
    this.#blocks.clear();
    const known: Item[] = [];
    while (true) {
      const items = parts[this.#nameOf(this.#next)];
      if (!Array.isArray(items)) break;
      const text = items.reduce((sum, item) => sum + this.#textLength(item), 0);
      this.#blocks.set(this.#next++, { items, text });
      known.push(...items);
    }
    return this.#known = known.slice(taken);
  }

  /** How many known items a queue has lost; all of them, unless it begins with the rest. */
  #goneFrom(items: readonly Item[]): number {
    const known = this.#known;
    const gone = items.length === 0 ? -1 : known.indexOf(items[0] as Item);
    const rest = known.length - gone;
    const goesOn = gone !== -1 && rest <= items.length && known.at(-1) === items[rest - 1];
    return goesOn ? gone : known.length;
  }

  /** Removes items from the front. */
  #drop(count: number, changed: Record<string, unknown>): void {
    this.#taken += count;
    for (; this.#first < this.#next; this.#first++) {
      const size = this.#blocks.get(this.#first)?.items.length ?? 0;
      if (size > this.#taken) return;
      this.#taken -= size;
      this.#blocks.delete(this.#first);
      changed[this.#nameOf(this.#first)] = undefined;
    }
  }

  #append(item: Item, changed: Record<string, unknown>): void {
    const last = this.#blocks.get(this.#next - 1);
    const open = last !== undefined && last.items.length < BLOCK_ITEMS && last.text < BLOCK_TEXT;
    const { items, text } = open ? last : NO_BLOCK;
    if (!open) this.#next++;
    // A new array, because the block may be waiting to be committed.
    const block = { items: [...items, item], text: text + this.#textLength(item) };
    this.#blocks.set(this.#next - 1, block);
    changed[this.#nameOf(this.#next - 1)] = block.items;
  }

  #nameOf(number: number): string {
    return `${this.#name}.${number}`;
  }
}
