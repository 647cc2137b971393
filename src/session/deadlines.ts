/** Who waits for a time. */
export interface Timed {
  /**
   * Does what is due.
   *
   * @returns When it wants to be asked next, `undefined` for not at all.
   */
  tick(now: number): number | undefined;
}

/** The deadlines that are set where they arise; the other parts of a session keep theirs. */
export type SetDeadline =
  /** When to read on, which an option has put off. */
  | "hold"
  /** When to give up on a client that has left, and whose lines nobody took. */
  | "end"
  /** When to see whether a client still does not read its output. */
  | "slow"
  /** When to give up on the handshake after START-TLS. */
  | "secure"
  /** When to break a connection that does not take its last output. */
  | "close";

/** The deadlines that are set at the moment; most sessions have none, most of the time. */
export class Deadlines {
  #times: Map<string, number> | undefined;

  /** Sets a deadline. */
  set(name: SetDeadline, time: number): void {
    (this.#times ??= new Map()).set(name, time);
  }

  /** Clears a deadline, if it is one of these. */
  clear(name: string): void {
    this.#times?.delete(name);
  }

  /** When it is due; `Infinity` where it is not set. */
  at(name: string): number {
    return this.#times?.get(name) ?? Infinity;
  }

  /** When the next is due; `Infinity` where none is set. */
  get next(): number {
    return this.#times === undefined ? Infinity : Math.min(...this.#times.values());
  }
}
