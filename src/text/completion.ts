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
  /** The list of them, once it was shown, and the columns of the window that it is for. */
  list?: { readonly columns: number; readonly text: string };
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

  /** Completes the word at the cursor with candidates, in a window of some columns. */
  answer(given: readonly string[], columns: number): Completed {
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
    return tabbed ? { list: this.#list(read, columns) } : "refused";
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

  #list(candidates: Candidates, columns: number): string {
    if (candidates.list?.columns !== columns) {
      candidates.list = { columns, text: this.#inColumns(candidates.words, columns) };
    }
    return candidates.list.text;
  }

  #inColumns(words: readonly string[], window: number): string {
    const first = words.slice(0, MAX_CANDIDATES);
    const widths = first.map((word) => this.#widths.of(word));
    const width = Math.max(...widths) + 2;
    const shown = first.slice(0, Math.max(1, Math.floor(MAX_LISTING / width)));
    const columns = Math.max(1, Math.floor(window / width));
    let text = "";
    for (const [index, word] of shown.entries()) {
      const last = index % columns === columns - 1 || index === shown.length - 1;
      text += last ? `${word}\n` : word + " ".repeat(width - (widths[index] ?? 0));
    }
    return shown.length < words.length ? `${text}... ${words.length - shown.length} more\n` : text;
  }
}

function commonStart(words: readonly string[]): string {
  let [common = ""] = words;
  for (const word of words) common = common.slice(0, commonUnits(common, word));
  return isHigh(common.charCodeAt(common.length - 1)) ? common.slice(0, -1) : common;
}
