/** What is left of what was typed so far. */
export interface TypedRest {
  /** Whether text was fed that is not read. */
  readonly hasUnread: boolean;
  /** Whether something was typed that is no line yet, and no key that the game has taken. */
  readonly halfTyped: boolean;
}

/** Where it stands, as plain JSON. */
export interface SecrecySnapshot {
  readonly begun: boolean;
  readonly kept: boolean;
  readonly unread: boolean;
  /** How many unprocessed bytes were sent while a secret was being typed. */
  readonly bytes: number;
}

/**
 * Which of what a person types is a secret after password mode has ended: what was begun in it goes on
 * as one to its end, and so does what was sent in it and is not processed.
 */
export class Secrecy {
  /** Whether the line that is being typed was begun as a secret. */
  #begun = false;
  /** Whether that goes on until a line ends, though nothing of it is left to see. */
  #kept = false;
  /** Whether what was fed and is not read was typed as a secret. */
  #unread = false;
  /** How many bytes of the client were processed, and up to where they belong to a secret. */
  #position: number;
  #until = 0;

  constructor(position: number) {
    this.#position = position;
  }

  /** Whether what is being typed is a secret. */
  get active(): boolean {
    return this.#begun || this.#unread || this.#position < this.#until;
  }

  /** Whether nothing is left to watch. */
  get over(): boolean {
    return !this.#begun && !this.#unread;
  }

  /** What is being typed was begun as a secret. */
  begin(): void {
    this.#begun = true;
  }

  /** The beginning of the line is put away, and its rest is still to come. */
  keep(): void {
    this.#kept = this.#begun;
  }

  /** What was typed and not taken is read anew, in another mode: a secret goes on to its end. */
  readAnew(): void {
    this.#unread ||= this.#begun;
  }

  /** Password mode ends, with so many bytes that wait to be processed. */
  carryOver(bytes: number, rest: TypedRest): void {
    this.#until = this.#position + bytes;
    this.#unread = rest.hasUnread;
    this.#begun ||= rest.halfTyped;
  }

  /** The bytes that follow are those from a position on; returns whether a secret has changed by it. */
  moveTo(position: number, rest: TypedRest): boolean {
    const secret = this.#position < this.#until;
    this.#position = position;
    if (!secret || position < this.#until) return false;
    this.#unread ||= rest.hasUnread;
    this.#begun ||= rest.halfTyped;
    return true;
  }

  /** All that was fed is read, as far as it could be; returns whether the secret is over by it. */
  settle(rest: TypedRest): boolean {
    if (this.over) return false;
    if (this.#unread && !rest.hasUnread) {
      this.#unread = false;
      this.#begun ||= rest.halfTyped;
    }
    return this.#begun && !this.#kept && !rest.halfTyped && this.end();
  }

  /** A line has ended, and the secret that was begun with it. */
  end(): true {
    this.#begun = this.#kept = false;
    return true;
  }

  /** What was typed counts no more. */
  forget(): void {
    this.#begun = this.#kept = this.#unread = false;
    this.#until = this.#position;
  }

  snapshot(): SecrecySnapshot {
    const bytes = Math.max(0, this.#until - this.#position);
    return { begun: this.#begun, kept: this.#kept, unread: this.#unread, bytes };
  }

  restore({ begun, kept, unread, bytes }: SecrecySnapshot): void {
    this.#begun = begun;
    this.#kept = kept;
    this.#unread = unread;
    this.#until = this.#position + bytes;
  }
}
