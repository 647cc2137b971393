/** Calls that send, put off until the connection is encrypted. */
export class HeldCalls {
  /** About how many bytes they will send. */
  length = 0;
  readonly #calls: (() => void)[] = [];

  /** Puts off a call that sends about so many bytes. */
  add(length: number, call: () => void): void {
    this.length += length;
    this.#calls.push(call);
  }

  /** Makes the calls, in their order. */
  release(): void {
    this.length = 0;
    for (const call of this.#calls.splice(0)) call();
  }

  /** Forgets the calls. */
  clear(): void {
    this.length = this.#calls.length = 0;
  }
}
