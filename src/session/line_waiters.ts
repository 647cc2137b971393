import { Fifo } from "../protocol/fifo.ts";

/** Somebody who waits for a line. */
interface Waiting {
  /** When to give up. */
  readonly deadline: number;
  readonly resolve: (line: string | undefined) => void;
  /** Whether it waits for a password. */
  readonly isHidden: boolean;
  /** Whether it reads on and on, as `lines()` does. */
  readonly isLoop: boolean;
}

/** What a line is waited for by: `lines()`, a question for a password, or another call. */
export type LineKind = "loop" | "hidden" | "line";

/** Which of the game's code waits for the lines of a client, in the order of the calls. */
export class LineWaiters {
  /** When the first of them gives up. */
  timeout: number = Infinity;
  /** Whether the lines that are there are left to a dialogue until the next poll. */
  reserved = false;
  /** How many loops over the lines, and async handlers of the game, are at work for this client. */
  working = 0;
  /** How many loops wait for one, and how many questions for a password. */
  loops = 0;
  hidden = 0;
  /** Whether password mode is on for such a question, and goes off behind it. */
  hides = false;
  readonly #waiting: Fifo<Waiting> = new Fifo();

  /** Whether any waits. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Waits for a line; `undefined` where none comes until a time, or at all. */
  wait(deadline: number, kind: LineKind): Promise<string | undefined> {
    const [isLoop, isHidden] = [kind === "loop", kind === "hidden"];
    return new Promise((resolve) => this.#push({ deadline, resolve, isLoop, isHidden }));
  }

  /** Gives a line to the first; returns whether that one reads on and on. */
  give(line: string | undefined): boolean {
    const first = this.#waiting.take();
    if (first?.isLoop) this.loops--;
    if (first?.isHidden) this.hidden--;
    first?.resolve(line);
    return first?.isLoop === true;
  }

  /** Those whose time has come get none. */
  expire(now: number): void {
    const waiting = this.#waiting.takeAll();
    this.timeout = Infinity;
    this.loops = this.hidden = 0;
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
    if (waiting.isHidden) this.hidden++;
    this.timeout = Math.min(this.timeout, waiting.deadline);
  }
}
