import { Fifo } from "../protocol/fifo.ts";
import { copied } from "../protocol/pieces.ts";
import { type Key, typedText } from "../text/key.ts";
import { ITEM_SIZE, textSize } from "../text/sizes.ts";
import { isLow } from "../text/units.ts";
import { firstCluster, mayJoin } from "../text/width.ts";

/** A key without text and modifiers. */
export const PLAIN = { text: "", ctrl: false, alt: false, shift: false } as const;
/** The name of an item that is not one key, but a piece of typed text. */
const TYPED = "typed";
/** The length of a piece, in UTF-16 units. A turn of a durable connection sends the first piece. */
const PIECE = 1_024;
/** How far a cut between two clusters is looked for. */
const MAX_SEARCH = 64;

/**
 * Keys in the order in which they were pressed. Typed text stays text until its keys are taken: as
 * keys it would take fifty times the memory.
 */
export class TypedKeys {
  readonly #items = new Fifo<Key>();
  /** The piece whose keys are being taken; the same object as long as it is not changed. */
  #first: Key | undefined;
  /** How much of it was taken. */
  #at = 0;
  /** UTF-16 units of all pieces. */
  #units = 0;

  /** How many items there are: keys and pieces. */
  get length(): number {
    return this.#items.length + (this.#first === undefined ? 0 : 1);
  }

  /** Whether the next key comes from typed text. */
  get hasText(): boolean {
    return this.#first !== undefined || this.#items.peek()?.name === TYPED;
  }

  /** About how many bytes of memory they take. */
  get held(): number {
    return this.length * ITEM_SIZE + textSize(this.#units);
  }

  /** Adds an item. */
  push(key: Key): void {
    if (key.name === TYPED) this.#units += key.text.length;
    this.#items.push(key);
  }

  /** Inserts text before all other keys. */
  type(text: string): void {
    this.putBack(piecesOf(text).map((piece) => ({ ...PLAIN, name: TYPED, text: piece })));
  }

  /** Inserts keys before all others. */
  putBack(keys: readonly Key[]): void {
    for (const key of [...keys, ...this.takeAll()]) this.push(key);
  }

  /** Takes the next key. */
  take(): Key | undefined {
    if (this.#first === undefined) {
      const item = this.#items.take();
      if (item?.name !== TYPED) return item;
      this.#first = item;
      this.#at = 0;
    }
    const { text } = this.#first;
    const cluster = firstCluster(text, this.#at);
    this.#at += cluster.length;
    this.#units -= cluster.length;
    if (this.#at >= text.length) this.#first = undefined;
    return /^[\r\n]/.test(cluster)
      ? { ...PLAIN, name: "enter" }
      : { ...PLAIN, name: "text", text: cluster };
  }

  /** All items, the next one first. */
  items(): Key[] {
    if (this.#first === undefined) return this.#items.items();
    if (this.#at > 0) {
      this.#first = { ...this.#first, text: this.#first.text.slice(this.#at) };
      this.#at = 0;
    }
    return [this.#first, ...this.#items.items()];
  }

  /** Takes all items. */
  takeAll(): Key[] {
    const items = this.items();
    this.#items.clear();
    this.#first = undefined;
    this.#units = 0;
    return items;
  }
}

/** The text of an item, with CR LF for Enter. */
export function textOf(item: Key): string {
  return item.name === TYPED ? item.text.replaceAll(/\r\n?|\n/g, "\r\n") : typedText(item);
}

/** Cuts a text into pieces between its clusters. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = start + PIECE;
    const least = end - MAX_SEARCH;
    while (end > least && mayJoin(text, end)) end--;
    if (end === least) end = start + PIECE - (isLow(text.charCodeAt(start + PIECE)) ? 1 : 0);
    // A slice would keep the whole text in memory until the last piece is taken.
    pieces.push(copied(text.slice(start, end)));
    start = end;
  }
  return pieces;
}
