/** Who waits for a time. */
export interface Timed {
  /**
   * Does what is due.
   *
   * @returns When it wants to be asked next, `undefined` for not at all.
   */
  tick(now: number): number | undefined;
}

/** The deadlines of a session. */
export type DeadlineName =
  /** When to give up waiting for the answer to a negotiation. */
  | "answer"
  /** When to take a lone ESC for the key. */
  | "escape"
  /** When to settle `ready`, whatever was answered. */
  | "offers"
  /** When to read on, which an option has put off. */
  | "hold"
  /** When to give up on a client that has left, and whose lines nobody took. */
  | "end"
  /** When to give up on a client that is not read on because nobody takes its lines. */
  | "unread"
  /** When to see whether a client still does not read its output. */
  | "slow"
  /** When to give up on the handshake after START-TLS. */
  | "secure"
  /** When to read on a client that was over a rate. */
  | "release"
  /** When to see whether the client is idle, or must be kept alive. */
  | "idle"
  /** When to break a connection that does not take its last output. */
  | "close";

/** All of them, in the order in which they are judged. */
const ORDER: Readonly<Record<DeadlineName, true>> = {
  answer: true,
  escape: true,
  offers: true,
  hold: true,
  end: true,
  unread: true,
  slow: true,
  secure: true,
  release: true,
  idle: true,
  close: true,
};
const NAMES = Object.keys(ORDER) as readonly DeadlineName[];

/**
 * What these wait for may be among the bytes that have come and are not read: they are judged only
 * when all of those are.
 */
const JUDGED_AFTER_INPUT: ReadonlySet<DeadlineName> = new Set(["answer", "escape", "offers"]);

/** The deadlines that a session has at the moment; most have none, most of the time. */
export class Deadlines {
  #times: Map<DeadlineName, number> | undefined;

  /** Sets a deadline; `Infinity` clears it. */
  set(name: DeadlineName, time: number): void {
    if (time !== Infinity) (this.#times ??= new Map()).set(name, time);
    else this.#times?.delete(name);
  }

  /** Clears a deadline. */
  clear(name: DeadlineName): void {
    this.#times?.delete(name);
  }

  /** When it is due; `Infinity` where it is not set. */
  at(name: DeadlineName): number {
    return this.#times?.get(name) ?? Infinity;
  }

  /** When the next is due that can be judged; `unread`: whether input waits to be read. */
  next(unread: boolean): number {
    if (this.#times === undefined) return Infinity;
    let next = Infinity;
    for (const [name, time] of this.#times) {
      if (time < next && !(unread && JUDGED_AFTER_INPUT.has(name))) next = time;
    }
    return next;
  }

  /** Takes those that are due; `unread`: whether input waits to be read. */
  takeDue(now: number, unread: boolean): DeadlineName[] {
    const times = this.#times;
    if (times === undefined) return [];
    const due = NAMES.filter((name) =>
      (times.get(name) ?? Infinity) <= now && !(unread && JUDGED_AFTER_INPUT.has(name))
    );
    for (const name of due) times.delete(name);
    return due;
  }
}
