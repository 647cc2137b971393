import type { EditAction } from "./edit_actions.ts";
import type { EditBuffer } from "./edit_buffer.ts";
import type { HistoryStore } from "./history.ts";
import type { Key } from "./key.ts";
import { SEARCHED, type Work } from "./work.ts";
import { graphemes } from "./width.ts";

/** A search in the history. */
export interface HistorySearch {
  /** The text that is searched for. */
  readonly query: string;
  /** The index from which the search continues. */
  readonly at: number;
  /** The index of the line that was found and is shown. */
  readonly found?: number | undefined;
  /** The line before the search. */
  readonly before: string;
}

/** The maximum UTF-16 units of a query, which is drawn before the line. */
const MAX_QUERY = 256;

/** Searches the history for a text while it is typed, and shows the line that was found. */
export class HistorySearcher {
  /** The current search. */
  search: HistorySearch | undefined;
  readonly #history: HistoryStore;
  readonly #buffer: EditBuffer;
  readonly #ring: () => void;
  readonly #work: Work;

  /** Searches a history for the line of a buffer; `ring` is called when nothing was found. */
  constructor(history: HistoryStore, buffer: EditBuffer, work: Work, ring: () => void) {
    this.#history = history;
    this.#work = work;
    this.#buffer = buffer;
    this.#ring = ring;
  }

  /** What shows in place of the prompt; `undefined` if there is no search. */
  get prompt(): string | undefined {
    return this.search === undefined ? undefined : `(search) '${this.search.query}': `;
  }

  /** Begins a search. */
  begin(): void {
    this.search = { query: "", at: this.#history.length, before: this.#buffer.line };
  }

  /** Ends the search; the line is what it was before. */
  abort(): void {
    if (this.search !== undefined) this.#buffer.set(this.search.before);
    this.search = undefined;
  }

  /** Takes a key; returns whether it was for the search. Any other key ends it. */
  key(key: Key, action: EditAction | undefined): boolean {
    if (this.search === undefined) return false;
    const { query, at } = this.search;
    if (key.name === "text") {
      // As if the characters were typed one by one.
      for (const character of key.text) this.#findMore(character);
    } else if (action === "delete-back") {
      this.#find(graphemes(query).slice(0, -1).join(""), this.#history.length);
    } else if (action === "search" || action === "search-forward") {
      const step = action === "search" ? -1 : 1;
      if (query !== "") this.#find(query, at + step, step);
    } else if (action === "abort" || action === "cancel") this.abort();
    else {
      this.search = undefined;
      return false;
    }
    return true;
  }

  #findMore(character: string): void {
    // The found line stays if it also contains the longer query.
    const { query = "", at = 0, found = at } = this.search ?? {};
    if (query.length + character.length > MAX_QUERY) this.#ring();
    else this.#find(query + character, found);
  }

  /**
   * Finds the next history line that contains the query, towards older (-1) or newer (1) lines; if
   * there is none, rings the bell.
   */
  #find(query: string, from: number, step: 1 | -1 = -1): void {
    const { length } = this.#history;
    let at = Math.min(from, length - (step === -1 ? 1 : 0));
    for (; at >= 0 && at < length; at += step) {
      const line = this.#history.at(at) ?? "";
      this.#work.add(line.length, SEARCHED);
      if (line.includes(query)) break;
    }
    const before = this.search?.before ?? "";
    if (at < 0 || at >= length || query === "") {
      if (query !== "") this.#ring();
      const nearest = Math.max(-1, Math.min(from, length));
      const found = query === "" ? undefined : this.search?.found;
      this.search = { query, at: nearest, found, before };
      return;
    }
    const line = this.#history.at(at) ?? "";
    this.#buffer.set(line, line.indexOf(query) + query.length);
    this.search = { query, at, found: at, before };
  }
}
