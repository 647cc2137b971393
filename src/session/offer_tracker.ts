/** Whether a client has answered what was offered to it, or will not in time. */
export class OfferTracker {
  /** Offers without an answer; `undefined` once nothing is waited for. */
  #open: Set<number> | undefined;
  #settled: Promise<void> | undefined;
  #resolve: () => void = () => {};
  /** When the wait ends in any case. */
  deadline: number = Infinity;

  /** Starts the wait for answers to offers of these options. */
  start(options: Iterable<number>, deadline: number): void {
    this.#open = new Set(options);
    this.deadline = deadline;
  }

  /** The offers without an answer. */
  get open(): readonly number[] {
    return [...this.#open ?? []];
  }

  /** Whether something is waited for. */
  get waiting(): boolean {
    return this.#open !== undefined;
  }

  /** Settles when nothing is waited for any more. */
  get settled(): Promise<void> {
    if (this.#open === undefined) return Promise.resolve();
    this.#settled ??= new Promise((resolve) => this.#resolve = resolve);
    return this.#settled;
  }

  /** An option was answered. */
  answered(option: number): void {
    this.#open?.delete(option);
  }

  /** Ends the wait if all offers are answered and no option has a question of its own open. */
  check(questionOpen: () => boolean): void {
    if (this.#open?.size === 0 && !questionOpen()) this.end();
  }

  /** Ends the wait. */
  end(): void {
    this.#open = undefined;
    this.deadline = Infinity;
    this.#resolve();
  }
}
