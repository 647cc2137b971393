/**
 * The answer that an abandoned request may still get: only `no` to turning off, either to turning
 * on. `mark`: either to a timing mark, each of which has an answer of its own (RFC 860).
 */
export type LateAnswer = "no" | "any" | "mark";

/** All of them. */
export const LATE_ANSWERS: readonly LateAnswer[] = ["no", "any", "mark"];

/** The most answers remembered for a side; the oldest are dropped, as the least likely to come. */
const MAX_DUE = 8;

/**
 * Answers that may still come for abandoned requests, for each side of an option. A peer answers in
 * order, so the first answer belongs to the oldest request, unless the peer never answers requests
 * of that kind. Empty while the peer answers in time.
 */
export class LateAnswers {
  readonly #due: Map<number, LateAnswer[]> = new Map();
  /** Whether an answer to a timing mark was absorbed while a later one was open. */
  #absorbed = false;

  /** Whether no answer is due. */
  get empty(): boolean {
    return this.#due.size === 0;
  }

  /** Remembers that an answer may still come. */
  add(index: number, answer: LateAnswer): void {
    const due = this.#due.get(index) ?? [];
    this.#due.set(index, [...due, answer].slice(-MAX_DUE));
  }

  /** Handles any answer to a timing mark; returns whether it belongs to an abandoned one. */
  absorbMark(index: number): boolean {
    const absorbs = this.get(index)[0] === "mark" && this.absorbNo(index);
    this.#absorbed ||= absorbs;
    return absorbs;
  }

  /**
   * Whether an answer was absorbed since the last call. If no other one came for the mark that was
   * open then, it was the answer to that mark, and the one before is lost.
   */
  takeAbsorbed(): boolean {
    const absorbed = this.#absorbed;
    this.#absorbed = false;
    return absorbed;
  }

  /** Handles a `no` of the peer; returns whether it may answer an abandoned request. */
  absorbNo(index: number): boolean {
    const due = this.#due.get(index);
    if (due === undefined) return false;
    this.set(index, due.slice(1));
    return true;
  }

  /**
   * Handles a `yes` of the peer. Any `no` that was due before it will not come: the peer does not
   * acknowledge requests to turn off.
   *
   * @returns Whether it may answer an abandoned request.
   */
  takeYes(index: number): boolean {
    const due = this.#due.get(index);
    if (due === undefined) return false;
    const first = due.indexOf("any");
    this.set(index, first === -1 ? [] : due.slice(first + 1));
    return first !== -1;
  }

  /** The answers that are due for a side, the oldest first. */
  get(index: number): readonly LateAnswer[] {
    return this.#due.get(index) ?? [];
  }

  /** Sets the answers that are due for a side. */
  set(index: number, due: readonly LateAnswer[]): void {
    if (due.length === 0) this.#due.delete(index);
    else this.#due.set(index, [...due]);
  }
}
