import { checkCount } from "../protocol/limits.ts";

/** Where lines that were typed before are kept; give your own to keep them in a file. */
export interface HistoryStore {
  /** How many lines there are. */
  readonly length: number;
  /** A line; 0 is the oldest. */
  at(index: number): string | undefined;
  /** Appends a line. */
  add(line: string): void;
}

/**
 * The lines that a person typed, the newest last. A line that repeats the one before is not kept
 * twice; the oldest goes when there are too many.
 *
 * @example
 * ```ts
 * import { History } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const history = new History({ limit: 2 });
 * for (const line of ["look", "north", "north", "get lamp"]) history.add(line);
 * assertEquals([history.at(0), history.at(1), history.length], ["north", "get lamp", 2]);
 * ```
 */
export class History implements HistoryStore {
  readonly #limit: number;
  readonly #lines: string[];

  /**
   * Starts a history.
   *
   * @param options `limit`: the most lines, default 100. `lines`: those from before.
   * @throws {TelnetError} `misuse`: a limit that is no whole number.
   */
  constructor(options: { readonly limit?: number; readonly lines?: readonly string[] } = {}) {
    this.#limit = options.limit ?? 100;
    checkCount("limit", this.#limit);
    this.#lines = [...options.lines ?? []].slice(-this.#limit);
  }

  /** How many lines there are. */
  get length(): number {
    return this.#lines.length;
  }

  /**
   * A line.
   *
   * @param index 0 is the oldest.
   * @returns The line, or `undefined` where there is none.
   */
  at(index: number): string | undefined {
    return this.#lines[index];
  }

  /**
   * Appends a line, unless it is empty or the same as the last.
   *
   * @param line The line.
   */
  add(line: string): void {
    if (line === "" || this.#limit === 0 || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }
}
