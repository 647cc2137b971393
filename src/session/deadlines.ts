/** Something with a deadline. */
export interface Timed {
  /**
   * Handles what is due.
   *
   * @returns When to call it next; `undefined`: not again.
   */
  tick(now: number): number | undefined;
}

/** The deadlines that are set explicitly; the others are computed by parts of the session. */
export type SetDeadline =
  /** When to resume input that an option has put on hold. */
  | "hold"
  /** When to drop a half-closed client whose lines the game did not take. */
  | "end"
  /** When to check whether a client still does not read its output. */
  | "slow"
  /** When to give up on the handshake after START-TLS. */
  | "secure"
  /** When to abort a connection that does not take its last output. */
  | "close";

/** The deadlines that are currently set; most sessions have none most of the time. */
export class Deadlines {
  #times: Map<string, number> | undefined;

  /** Sets a deadline. */
  set(name: SetDeadline, time: number): void {
    (this.#times ??= new Map()).set(name, time);
  }

  /** Clears a deadline, if it is set. */
  clear(name: string): void {
    this.#times?.delete(name);
  }

  /** When a deadline is due; `Infinity` if it is not set. */
  at(name: string): number {
    return this.#times?.get(name) ?? Infinity;
  }

  /** When the next deadline is due; `Infinity` if none is set. */
  get next(): number {
    return this.#times === undefined ? Infinity : Math.min(...this.#times.values());
  }
}
