/** The typed input that the game has not taken. */
export interface TypedRest {
  /** Whether there is text that is not read as lines or keys. */
  readonly hasUnread: boolean;
  /** Whether there is an unfinished line, or a key that the game has not taken. */
  readonly halfTyped: boolean;
}

/** The state of the secrecy, as plain JSON. */
export interface SecrecySnapshot {
  readonly begun: boolean;
  readonly kept: boolean;
  readonly unread: boolean;
  /** How many unprocessed bytes were sent while a secret was being typed. */
  readonly bytes: number;
}

/**
 * Tracks which input is still secret after password mode has ended: a line that was begun in it, up
 * to the end of the line, and input that was sent in it but is not processed.
 */
export class Secrecy {
  /** Whether the unfinished line was begun as a secret. */
  #begun = false;
  /** Whether it stays secret until a line ends, even if no input is left. */
  #kept = false;
  /** Whether the unread text is secret. */
  #unread = false;
  /** How many bytes of the client were processed, and the position up to which they are secret. */
  #position: number;
  #until = 0;

  constructor(position: number) {
    this.#position = position;
  }

  /** Whether current input is secret. */
  get active(): boolean {
    return this.#begun || this.#unread || this.#position < this.#until;
  }

  /** Whether no secret line or text is left. */
  get over(): boolean {
    return !this.#begun && !this.#unread;
  }

  /** Marks the unfinished line as secret. */
  begin(): void {
    this.#begun = true;
  }

  /** Keeps the secret until a line ends: the line's start is set aside, and its rest may follow. */
  keep(): void {
    this.#kept = this.#begun;
  }

  /** Keeps a secret while untaken input is read again in another mode. */
  readAnew(): void {
    this.#unread ||= this.#begun;
  }

  /** Ends password mode; `bytes`: how many secret bytes are not processed yet. */
  carryOver(bytes: number, rest: TypedRest): void {
    this.#until = this.#position + bytes;
    this.#unread = rest.hasUnread;
    this.#begun ||= rest.halfTyped;
  }

  /** Sets how many bytes were processed; returns whether the last secret byte was among them. */
  moveTo(position: number, rest: TypedRest): boolean {
    const secret = this.#position < this.#until;
    this.#position = position;
    if (!secret || position < this.#until) return false;
    this.#unread ||= rest.hasUnread;
    this.#begun ||= rest.halfTyped;
    return true;
  }

  /** Updates the state after reading; returns whether the secret has ended. */
  settle(rest: TypedRest): boolean {
    if (this.over) return false;
    if (this.#unread && !rest.hasUnread) {
      this.#unread = false;
      this.#begun ||= rest.halfTyped;
    }
    return this.#begun && !this.#kept && !rest.halfTyped && this.end();
  }

  /** Ends the secret at the end of its line. */
  end(): true {
    this.#begun = this.#kept = false;
    return true;
  }

  /** Forgets all secrets, because the typed input was dropped. */
  forget(): void {
    this.#begun = this.#kept = this.#unread = false;
    this.#until = this.#position;
  }

  /** The state; `inHand`: how many bytes are being processed, which a snapshot does not have. */
  snapshot(inHand: number): SecrecySnapshot {
    const bytes = Math.max(0, this.#until - this.#position - inHand);
    return { begun: this.#begun, kept: this.#kept, unread: this.#unread, bytes };
  }

  restore({ begun, kept, unread, bytes }: SecrecySnapshot): void {
    this.#begun = begun;
    this.#kept = kept;
    this.#unread = unread;
    this.#until = this.#position + bytes;
  }
}
