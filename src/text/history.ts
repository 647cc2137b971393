import { ITEM_SIZE } from "./sizes.ts";
import {
  checkCount,
  checkList,
  checkText,
  rejectUnknownKeys,
  type Synonyms,
  throwUnexpected,
} from "../protocol/validate.ts";

/** Stores the lines that a person typed. Implement it to keep them in a file, for example. */
export interface HistoryStore {
  /** How many lines there are. */
  readonly length: number;
  /** A line; 0 is the oldest. */
  at(index: number): string | undefined;
  /** Appends a line. */
  add(line: string): void;
  /**
   * About how many bytes the lines take; they count towards the client's memory limit. Default: not
   * counted.
   */
  readonly held?: number;
}

const SYNONYMS: Synonyms = { size: "limit", max: "limit", length: "limit", entries: "lines" };

/** Checks that a value from a caller is a history store. */
export function checkHistory(what: string, history: HistoryStore): void {
  const whole = typeof history === "object" && history !== null &&
    typeof history.length === "number" && typeof history.at === "function" &&
    typeof history.add === "function";
  if (!whole) {
    throwUnexpected(what, "a store such as `new History({ lines })`", history);
  }
}

/**
 * The lines that a person typed, the newest last. A line equal to the one before it is not stored
 * again. The oldest lines are removed when a limit is exceeded.
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
  readonly #maxLength: number;
  readonly #lines: string[];
  /** UTF-16 units of all lines. */
  #textLength = 0;

  /**
   * Starts a history.
   *
   * @param options `limit`: the maximum number of lines, default 100. `maxLength`: the maximum
   * UTF-16 units of all lines together, default 65,536. `lines`: lines from an earlier session, the
   * oldest first.
   * @throws {TelnetError} `misuse`: a limit that is not a whole number.
   */
  constructor(
    options: {
      readonly limit?: number;
      readonly maxLength?: number;
      readonly lines?: readonly string[];
    } = {},
  ) {
    rejectUnknownKeys("History", options, { limit: true, maxLength: true, lines: true }, SYNONYMS);
    const { limit = 100, maxLength = 65_536, lines = [] } = options;
    checkCount("History.limit", limit);
    checkCount("History.maxLength", maxLength);
    checkList("History.lines", lines);
    for (const line of lines) checkText("History.lines", line);
    this.#limit = limit;
    this.#maxLength = maxLength;
    this.#lines = [...lines];
    for (const line of lines) this.#textLength += line.length;
    this.#shorten();
  }

  /** About how many bytes the lines take. */
  get held(): number {
    return this.#lines.length * ITEM_SIZE + 2 * this.#textLength;
  }

  /** How many lines there are. */
  get length(): number {
    return this.#lines.length;
  }

  /**
   * A line.
   *
   * @param index 0 is the oldest.
   * @returns The line, or `undefined` if there is none.
   */
  at(index: number): string | undefined {
    return this.#lines[index];
  }

  /**
   * Appends a line, unless it is empty, the same as the last, or longer than all may be together.
   *
   * @param line The line.
   */
  add(line: string): void {
    if (line === "" || this.#limit === 0 || line === this.#lines.at(-1)) return;
    if (line.length > this.#maxLength) return;
    this.#lines.push(line);
    this.#textLength += line.length;
    this.#shorten();
  }

  #shorten(): void {
    let gone = 0;
    while (this.#lines.length - gone > this.#limit || this.#textLength > this.#maxLength) {
      this.#textLength -= this.#lines[gone++]?.length ?? 0;
    }
    if (gone > 0) this.#lines.splice(0, gone);
  }
}
