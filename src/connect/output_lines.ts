import type { LearnedPrompt } from "./prompt.ts";

/** So many lines behind one that looks like the prompt wait to be known for output. */
const MAX_SUSPECTS = 200;

/** Output on its way to the caller: without blank lines at both ends, and the rows of the prompt. */
export class OutputLines {
  readonly #prompt: LearnedPrompt;
  readonly #take: (line: string) => Promise<void> | undefined;
  #held: string[] = [];
  #begun = false;
  /** Whether a question was answered: if a key was enough, its Enter has brought the prompt once more. */
  asked = false;
  /** A line like the prompt, and what follows: output, unless nothing else comes. */
  #suspects: string[] | undefined;

  constructor(prompt: LearnedPrompt, take: (line: string) => Promise<void> | undefined) {
    this.#prompt = prompt;
    this.#take = take;
  }

  /** Whether a line like the prompt came, and perhaps others behind it. */
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

  /** They are output after all. */
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

  /** `left`: no prompt stands, so that a line like it was the prompt. */
  async end(left: boolean = false): Promise<void> {
    if (!left) await this.#clear();
    const { above } = this.#prompt;
    while (this.#held.length > 0 && this.#isIdle(this.#held.at(-1) ?? "")) this.#held.pop();
    const rows = this.#prompt.rowsIn(this.#held);
    // Output without a line end stands before the first of these rows.
    const first = this.#held.at(-above.length) ?? "";
    const start = rows === 0 && above.length > 0 ? this.#prompt.aboveStartIn(first) : -1;
    if (start > 0) this.#held.splice(-above.length, above.length, first.slice(0, start));
    this.#held.length -= rows;
    await this.#release(this.#held.length);
  }

  /** Hands over lines; blank ones wait for what follows them. */
  async #release(count: number): Promise<void> {
    let last = count;
    while (last > 0 && this.#isIdle(this.#held[last - 1] ?? "")) last--;
    for (const line of this.#held.splice(0, Math.max(0, last))) await this.#take(line);
  }

  #isIdle(line: string): boolean {
    return line.trim() === "" || (this.asked && this.#prompt.match(line) === "same");
  }
}
