/** What may still come for a request that was given up: to an off only `no`, to an on either. */
export type LateAnswer = "no" | "any";

/** More are not remembered; the oldest are the least likely to come. */
const MAX_DUE = 8;

/**
 * Answers that may still come for requests that were given up, for each side of an option. A peer
 * answers in order, so what comes first belongs to the oldest request, unless it never answers that
 * kind. Empty for all who answer in time.
 */
export class LateAnswers {
  readonly #due: Map<number, LateAnswer[]> = new Map();

  /** Whether none is due. */
  get empty(): boolean {
    return this.#due.size === 0;
  }

  /** Remembers that an answer may still come. */
  add(index: number, answer: LateAnswer): void {
    const due = this.#due.get(index) ?? [];
    this.#due.set(index, [...due, answer].slice(-MAX_DUE));
  }

  /** Takes a `no` of the peer: whether it belongs to a request that was given up. */
  absorbNo(index: number): boolean {
    const due = this.#due.get(index);
    if (due === undefined) return false;
    this.set(index, due.slice(1));
    return true;
  }

  /**
   * Takes a `yes`. What was due before it has never come: the peer does not acknowledge an off.
   *
   * @returns Whether it may belong to a request that was given up.
   */
  takeYes(index: number): boolean {
    const due = this.#due.get(index);
    if (due === undefined) return false;
    const first = due.indexOf("any");
    this.set(index, first === -1 ? [] : due.slice(first + 1));
    return first !== -1;
  }

  /** What is due for a side, the oldest first. */
  get(index: number): readonly LateAnswer[] {
    return this.#due.get(index) ?? [];
  }

  /** Sets what is due for a side. */
  set(index: number, due: readonly LateAnswer[]): void {
    if (due.length === 0) this.#due.delete(index);
    else this.#due.set(index, [...due]);
  }
}
