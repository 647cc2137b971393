import type { EditAction } from "./edit_actions.ts";
import type { EditBuffer } from "./edit_buffer.ts";
import type { HistoryStore } from "./history.ts";
import type { HistorySteps } from "./history_steps.ts";
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
  /** The index at which the search began. Default: the newest line. */
  readonly from?: number;
  /** Towards older (-1, the default) or newer (1) lines. */
  readonly step?: 1 | -1;
}

/** The maximum UTF-16 units of a query, which is drawn before the line. */
const MAX_QUERY = 256;

/** Searches the history for a text while it is typed, and shows the line that was found. */
export class HistorySearcher {
  /** The current search. */
  search: HistorySearch | undefined;
  readonly #history: HistoryStore;
  readonly #buffer: EditBuffer;
  readonly #steps: HistorySteps;
  readonly #ring: () => void;
  readonly #work: Work;

  /** Searches a history for the line of a buffer; `ring` is called when nothing was found. */
  constructor(
    history: HistoryStore,
    buffer: EditBuffer,
    steps: HistorySteps,
    work: Work,
    ring: () => void,
  ) {
    this.#history = history;
    this.#work = work;
    this.#buffer = buffer;
    this.#steps = steps;
    this.#ring = ring;
  }

  /** What shows in place of the prompt; `undefined` if there is no search. */
  get prompt(): string | undefined {
    return this.search === undefined ? undefined : `(search) '${this.search.query}': `;
  }

  /**
   * Begins a search at the line that is shown, towards older (-1) or newer (1) lines. There are none
   * newer than the line that is being typed, so from there it goes to older ones.
   */
  begin(direction: 1 | -1): void {
    const { back } = this.#steps;
    const step = back === -1 ? -1 : direction;
    const from = this.#history.length - 1 - back;
    this.search = { query: "", at: from, before: this.#buffer.line, from, step };
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
      const { from = this.#history.length } = this.search;
      this.#find(graphemes(query).slice(0, -1).join(""), from);
    } else if (action === "search" || action === "search-forward") {
      const step = action === "search" ? -1 : 1;
      this.search = { ...this.search, step };
      if (query !== "") this.#find(query, at + step);
    } else if (action === "abort" || action === "cancel") this.abort();
    else {
      this.#end();
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

  /** Ends the search; the line that was found is now the shown one of the history. */
  #end(): void {
    const { found, before } = this.search ?? {};
    this.search = undefined;
    if (found !== undefined) this.#steps.show(this.#history.length - 1 - found, before ?? "");
  }

  /** Finds the next history line that contains the query; if there is none, rings the bell. */
  #find(query: string, from: number): void {
    const { length } = this.#history;
    const before = this.search?.before ?? "";
    const { step = -1 } = this.search ?? {};
    if (query === "") {
      this.#buffer.set(before);
      this.search = { ...this.search, query, before, at: from, found: undefined };
      return;
    }
    let at = Math.min(from, length - (step === -1 ? 1 : 0));
    for (; at >= 0 && at < length; at += step) {
      const line = this.#history.at(at) ?? "";
      this.#work.add(line.length, SEARCHED);
      if (line.includes(query)) break;
    }
    if (at < 0 || at >= length) {
      this.#ring();
      const nearest = Math.max(-1, Math.min(from, length));
      this.search = { ...this.search, query, before, at: nearest };
      return;
    }
    const line = this.#history.at(at) ?? "";
    this.#buffer.set(line, line.indexOf(query) + query.length);
    this.search = { ...this.search, query, before, at, found: at };
  }
}
