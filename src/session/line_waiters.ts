import { Fifo } from "../protocol/fifo.ts";

/** Somebody who waits for a line. */
interface Waiting {
  /** When to give up. */
  readonly deadline: number;
  readonly resolve: (line: string | undefined) => void;
  /** Whether it reads on and on, as `lines()` does. */
  readonly isLoop: boolean;
}

/** Which of the game's code waits for the lines of a client, in the order of the calls. */
export class LineWaiters {
  /** When the first of them gives up. */
  timeout: number = Infinity;
  /** Whether the lines that are there are left to a dialogue until the next poll. */
  reserved = false;
  /** How many loops over the lines, and async handlers of the game, are at work for this client. */
  working = 0;
  /** How many loops wait for one. */
  loops = 0;
  readonly #waiting: Fifo<Waiting> = new Fifo();

  /** Whether any waits. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Waits for a line; `undefined` where none comes until a time, or at all. */
  wait(deadline: number, isLoop: boolean): Promise<string | undefined> {
    return new Promise((resolve) => this.#push({ deadline, resolve, isLoop }));
  }

  /** Gives a line to the first; returns whether that one reads on and on. */
  give(line: string | undefined): boolean {
    const first = this.#waiting.take();
    if (first?.isLoop) this.loops--;
    first?.resolve(line);
    return first?.isLoop === true;
  }

  /** Those whose time has come get none. */
  expire(now: number): void {
    const waiting = this.#waiting.takeAll();
    this.timeout = Infinity;
    this.loops = 0;
    for (const one of waiting) {
      if (one.deadline <= now) one.resolve(undefined);
      else this.#push(one);
    }
  }

  /** No more lines come. */
  end(): void {
    this.expire(Infinity);
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (waiting.isLoop) this.loops++;
    this.timeout = Math.min(this.timeout, waiting.deadline);
  }
}
