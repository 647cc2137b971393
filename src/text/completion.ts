import { withoutControls } from "./controls.ts";
import type { EditBuffer } from "./edit_buffer.ts";
import { ITEM_SIZE } from "./sizes.ts";
import { commonUnits, isHigh } from "./units.ts";
import type { Widths } from "./width.ts";
import { spaceBefore } from "./words.ts";

/** A request for completion candidates. */
export interface CompletionQuestion {
  /** The line. */
  readonly line: string;
  /** The position of the cursor in the line, in UTF-16 units. */
  readonly cursor: number;
}

/** The candidates that Tab inserts one after the other. */
export interface CompletionCycle {
  /** Where the word begins, in UTF-16 units. */
  readonly start: number;
  /** The candidates. */
  readonly words: readonly string[];
  /** The index of the candidate in the line. */
  readonly at: number;
}

/** Candidates for a completion. */
interface Candidates {
  /** As they were given. */
  readonly given: readonly string[];
  /** Without duplicates and control characters. */
  readonly words: readonly string[];
  /** What all of them begin with. */
  readonly common: string;
  /** The list of them, once it was shown, and the window that it is for. */
  list?: { readonly window: Window; readonly text: string };
}

/** What a completion did to the line. */
export type Completed =
  | "replaced"
  /** Nothing fits. */
  | "refused"
  /** The candidates, to be printed above the line. */
  | { readonly list: string };

/** At most this many candidates are kept for the next Tab. */
const MAX_KEPT = 2_000;
/** At most this many candidates are listed. */
const MAX_CANDIDATES = 200;
/** The list takes about this many columns at most, however long the candidates are. */
const MAX_LISTING = 4_000;
/** The list takes this many screens at most. */
const MAX_SCREENS = 2;

/** The size of a window. */
interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** Completes the word at the cursor: Tab asks for candidates, and lists them or goes through them. */
export class Completion {
  readonly #buffer: EditBuffer;
  readonly #widths: Widths;
  readonly #cycles: boolean;
  #question: CompletionQuestion | undefined;
  /** The last candidates. */
  #candidates: Candidates | undefined;
  /** Whether Tab was the last key, so that another Tab lists the candidates. */
  tabbed = false;
  /** The candidates that Tab goes through. */
  cycle: CompletionCycle | undefined;

  /** Completes words of a line; `cycles`: without a list. */
  constructor(buffer: EditBuffer, widths: Widths, cycles: boolean) {
    this.#buffer = buffer;
    this.#widths = widths;
    this.#cycles = cycles;
  }

  /** About how many bytes of memory the candidates take. */
  get held(): number {
    return (this.#candidates?.given.length ?? 0) * ITEM_SIZE;
  }

  /** Takes the question that Tab asked. */
  takeQuestion(): CompletionQuestion | undefined {
    const question = this.#question;
    this.#question = undefined;
    return question;
  }

  /** Forgets the question: it must not be answered any longer. */
  withdraw(): void {
    this.#question = undefined;
  }

  /** Forgets the candidates. */
  forget(): void {
    this.#candidates = undefined;
  }

  /**
   * Tab: inserts the next candidate, or asks for candidates.
   *
   * @param tabbed What `tabbed` and `cycle` were before this key.
   */
  tab(tabbed: boolean, cycle: CompletionCycle | undefined): Completed | undefined {
    this.tabbed = tabbed;
    if (cycle === undefined) {
      const { line, cursor } = this.#buffer;
      this.#question = { line, cursor };
      return undefined;
    }
    const at = (cycle.at + 1) % cycle.words.length;
    this.cycle = { ...cycle, at };
    return this.#replace(cycle.start, cycle.words[at] ?? "");
  }

  /** Completes the word at the cursor with candidates. */
  answer(given: readonly string[], window: Window): Completed {
    const { line, cursor } = this.#buffer;
    const read = this.#read(given);
    const { words, common } = read;
    // If the line has several words and all candidates begin with it, they are whole lines; else
    // they are words.
    const before = line.slice(0, cursor);
    const lines = before.includes(" ") && words.every((word) => word.startsWith(before));
    const start = lines ? 0 : spaceBefore(line, cursor);
    const [first] = words;
    if (first === undefined) return "refused";
    if (words.length === 1) return this.#replace(start, `${first} `);
    if (this.#cycles) {
      this.cycle = { start, words, at: 0 };
      return this.#replace(start, first);
    }
    const { tabbed } = this;
    this.tabbed = true;
    if (common.length > cursor - start) return this.#replace(start, common);
    return tabbed ? { list: this.#list(read, window) } : "refused";
  }

  #replace(start: number, text: string): Completed {
    return this.#buffer.replace(start, text) ? "replaced" : "refused";
  }

  /** Reads candidates; the same ones again, as Tab after Tab gives them, only once. */
  #read(given: readonly string[]): Candidates {
    const last = this.#candidates;
    if (last?.given.length === given.length && last.given.every((one, at) => one === given[at])) {
      return last;
    }
    const words = [...new Set(given)].map(withoutControls).filter((word) => word !== "");
    const read = { given: [...given], words, common: commonStart(words) };
    this.#candidates = given.length <= MAX_KEPT ? read : undefined;
    return read;
  }

  #list(candidates: Candidates, window: Window): string {
    const { list } = candidates;
    if (list?.window.columns === window.columns && list.window.rows === window.rows) {
      return list.text;
    }
    const text = this.#inColumns(candidates.words, window);
    candidates.list = { window, text };
    return text;
  }

  #inColumns(words: readonly string[], window: Window): string {
    const first = words.slice(0, MAX_CANDIDATES);
    const widths = first.map((word) => this.#widths.of(word));
    const width = Math.max(...widths) + 2;
    const columns = Math.max(1, Math.floor(window.columns / width));
    // A row of the list has several rows of the window if its word is longer than that.
    const free = MAX_SCREENS * window.rows - Math.ceil(note(words.length).length / window.columns);
    const rows = Math.floor(free / Math.max(1, Math.ceil((width - 2) / window.columns)));
    const most = Math.min(Math.floor(MAX_LISTING / width), columns * rows);
    const shown = first.slice(0, Math.max(1, most));
    let text = "";
    for (const [index, word] of shown.entries()) {
      const last = index % columns === columns - 1 || index === shown.length - 1;
      text += last ? `${word}\n` : word + " ".repeat(width - (widths[index] ?? 0));
    }
    return shown.length < words.length ? `${text}${note(words.length - shown.length)}\n` : text;
  }
}

/** What a list says of candidates that it does not show. */
function note(count: number): string {
  return `... ${count} more`;
}

function commonStart(words: readonly string[]): string {
  let [common = ""] = words;
  for (const word of words) common = common.slice(0, commonUnits(common, word));
  return isHigh(common.charCodeAt(common.length - 1)) ? common.slice(0, -1) : common;
}
