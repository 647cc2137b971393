/** Tracks whether a client has answered all offers, or the wait for answers has ended. */
export class OfferTracker {
  /** The offers without an answer; `undefined` if there is no wait. */
  #open: Set<number> | undefined;
  #settled: Promise<void> | undefined;
  #resolve: () => void = () => {};
  /** When the wait ends even without all answers. */
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

  /** Whether there is a wait for answers. */
  get waiting(): boolean {
    return this.#open !== undefined;
  }

  /** Settles when the wait has ended. */
  get settled(): Promise<void> {
    if (this.#open === undefined) return Promise.resolve();
    this.#settled ??= new Promise((resolve) => this.#resolve = resolve);
    return this.#settled;
  }

  /** Notes the answer for an option. */
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
    this.#settled = undefined;
  }
}
