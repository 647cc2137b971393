/**
 * The newest items of a list to which items are added. The oldest are left out in large steps, so
 * that most additions keep the first of them: the result then only grows at its end.
 */
export class NewestItems<Item> {
  readonly #most: number;
  readonly #mostText: number;
  readonly #textLength: (item: Item) => number;
  /** The first two items of the last result. One alone may equal another item of the list. */
  #first: readonly Item[] = [];

  /**
   * @param most How many items there are at most.
   * @param mostText How long their texts are together at most.
   * @param textLength Returns the length of an item's text.
   */
  constructor(most: number, mostText: number, textLength: (item: Item) => number) {
    this.#most = most;
    this.#mostText = mostText;
    this.#textLength = textLength;
  }

  /** Returns the newest items of a list. */
  of(items: readonly Item[]): readonly Item[] {
    const all = this.#newest(items, this.#most, this.#mostText);
    const [first, second] = this.#first;
    const firstAt = all.findIndex((item, at) =>
      item === first && (second === undefined || all[at + 1] === second)
    );
    let kept: readonly Item[] = all.slice(Math.max(0, firstAt));
    if (firstAt === -1 && (all.length < items.length || all.length === this.#most)) {
      kept = this.#newest(all, this.#most / 2, this.#mostText / 2);
    }
    if (kept.length === 0) kept = all.slice(-1);
    this.#first = kept.slice(0, 2);
    return kept;
  }

  #newest(items: readonly Item[], most: number, mostText: number): readonly Item[] {
    let [from, text] = [items.length, 0];
    while (from > 0 && items.length - from < most) {
      text += this.#textLength(items[from - 1] as Item);
      if (text > mostText) break;
      from--;
    }
    return from === 0 ? items : items.slice(from);
  }
}
