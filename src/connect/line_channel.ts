/** Passes lines from a command to a loop. The command waits until the loop has taken each line. */
export class LineChannel implements AsyncIterableIterator<string> {
  #lines: string[] = [];
  #end: { readonly error?: unknown } | undefined;
  #left = false;
  /** Wake the pending readers, and the writer that waits for them. */
  #readers: (() => void)[] = [];
  #wakeWriter: () => void = () => {};

  push(line: string): Promise<void> | undefined {
    if (this.#left) return undefined;
    this.#lines.push(line);
    this.#wakeReaders();
    return new Promise((resolve) => this.#wakeWriter = resolve);
  }

  end(failure: { readonly error: unknown } | undefined): void {
    if (this.#left) return; // nobody reads the end
    this.#end = failure ?? {};
    this.#wakeReaders();
  }

  #wakeReaders(): void {
    for (const wake of this.#readers.splice(0)) wake();
  }

  async next(): Promise<IteratorResult<string>> {
    while (true) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        this.#wakeWriter();
        return { done: false, value: line };
      }
      const end = this.#end;
      if (end !== undefined) {
        this.#end = {};
        if ("error" in end) throw end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** Discards the rest of the output. */
  return(): Promise<IteratorResult<string>> {
    this.#left = true;
    this.#lines = [];
    this.#end = {};
    this.#wakeReaders();
    this.#wakeWriter();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this;
  }
}
