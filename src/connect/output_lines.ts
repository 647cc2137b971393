import type { LearnedPrompt } from "./prompt.ts";

/** The maximum number of lines that are held back from a line that equals the prompt on. */
const MAX_SUSPECTS = 200;

/**
 * Passes output to the caller, without blank lines at both ends and without the rows of the prompt.
 */
export class OutputLines {
  readonly #prompt: LearnedPrompt;
  readonly #take: (line: string) => Promise<void> | undefined;
  #held: string[] = [];
  #begun = false;
  /** Whether a question was answered. If it needed only a key, Enter has repeated the prompt. */
  asked = false;
  /**
   * A line that equals the prompt, and the lines after it. They are output if a prompt follows on
   * the current row.
   */
  #suspects: string[] | undefined;

  constructor(prompt: LearnedPrompt, take: (line: string) => Promise<void> | undefined) {
    this.#prompt = prompt;
    this.#take = take;
  }

  /** Whether a line that equals the prompt is held back. */
  get suspects(): boolean {
    return this.#suspects !== undefined;
  }

  push(line: string): Promise<void> | undefined {
    const { isTelling, text } = this.#prompt;
    if (this.#suspects === undefined && isTelling && line.trimEnd() === text) this.#suspects = [];
    if (this.#suspects === undefined) return this.#pushOutput(line);
    this.#suspects.push(line);
    return this.#suspects.length > MAX_SUSPECTS ? this.#clear() : undefined;
  }

  /** Passes the held-back lines on as output. */
  async #clear(): Promise<void> {
    const lines = this.#suspects ?? [];
    this.#suspects = undefined;
    for (const line of lines) await this.#pushOutput(line);
  }

  async #pushOutput(line: string): Promise<void> {
    if (!this.#begun && line.trim() === "") return;
    this.#begun = true;
    this.#held.push(line);
    if (this.#isIdle(line)) return;
    await this.#release(this.#held.length - this.#prompt.above.length);
  }

  /** `left`: the current row is empty, so the held-back line was the prompt. */
  async end(left: boolean = false): Promise<void> {
    if (!left) await this.#clear();
    const { above } = this.#prompt;
    while (this.#held.length > 0 && this.#isIdle(this.#held.at(-1) ?? "")) this.#held.pop();
    const rows = this.#prompt.rowsIn(this.#held);
    // Output without a line end may precede the first of these rows in its line.
    const first = this.#held.at(-above.length) ?? "";
    const start = rows === 0 && above.length > 0 ? this.#prompt.aboveStartIn(first) : -1;
    if (start > 0) this.#held.splice(-above.length, above.length, first.slice(0, start));
    this.#held.length -= rows;
    await this.#release(this.#held.length);
  }

  /** Passes lines on. Holds blank lines back until another line follows. */
  async #release(count: number): Promise<void> {
    let last = count;
    while (last > 0 && this.#isIdle(this.#held[last - 1] ?? "")) last--;
    for (const line of this.#held.splice(0, Math.max(0, last))) await this.#take(line);
  }

  #isIdle(line: string): boolean {
    return line.trim() === "" || (this.asked && this.#prompt.match(line) === "same");
  }
}
