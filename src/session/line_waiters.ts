import { throwMisuse } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import type { TypedLine } from "./line_queue.ts";

/** What waits for a line: `lines()`, a question, one for a password, or `readLine()`. */
export type LineKind = "loop" | "question" | "hidden" | "line";

/** A call that waits for a line. */
interface Waiting {
  /** When to give up. */
  readonly deadline: number;
  readonly kind: LineKind;
  readonly resolve: (line: string | undefined) => void;
}

/** No game has so many questions open with one person: it is a loop that forgot to wait. */
const MAX_WAITING = 512;

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
  /**
   * The line that a loop, or who calls `readLine()` again and again, has in hand: it is answered when the
   * next is asked for, or the handler ends.
   */
  inHand: TypedLine | undefined;
  /** Whether code that goes on later was called, or got a line, since somebody looked. */
  handed = false;
  /** Whether password mode is on for such a question, and goes off behind it. */
  hides = false;
  readonly #waiting: Fifo<Waiting> = new Fifo();

  /** Whether any waits. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** A line that nobody has answered yet, for who goes on after this process. */
  get unanswered(): TypedLine | undefined {
    return this.working > 0 ? this.inHand : undefined;
  }

  /** What the first waits for. */
  get firstKind(): LineKind | undefined {
    return this.#waiting.peek()?.kind;
  }

  /** Whether the first waits for a password. */
  get firstIsHidden(): boolean {
    return this.#waiting.peek()?.kind === "hidden";
  }

  /** Waits for a line; `undefined` where none comes until a time, or at all. */
  wait(deadline: number, kind: LineKind): Promise<string | undefined> {
    if (this.#waiting.length >= MAX_WAITING) {
      throwMisuse("Cannot wait for so many lines of a client at once: await each call");
    }
    return new Promise((resolve) => this.#push({ deadline, kind, resolve }));
  }

  /** Gives a line to the first; returns whether that one reads on and on. */
  give(line: string | undefined): boolean {
    const first = this.#waiting.take();
    if (first?.kind === "loop") this.loops--;
    if (first?.kind === "hidden") this.hidden--;
    first?.resolve(line);
    return first?.kind === "loop";
  }

  /** Those whose time has come get none; returns whether one of them was a question. */
  expire(now: number): boolean {
    return this.#drop(({ deadline }) => deadline <= now);
  }

  /** No more lines come; returns whether a question was open. */
  end(): boolean {
    return this.#drop(() => true);
  }

  /** A loop has ended while it waited. */
  endLoop(): void {
    this.#drop(({ kind }) => kind === "loop");
  }

  #drop(isOver: (waiting: Waiting) => boolean): boolean {
    const waiting = this.#waiting.takeAll();
    this.timeout = Infinity;
    this.loops = this.hidden = 0;
    let asked = false;
    for (const one of waiting) {
      if (!isOver(one)) {
        this.#push(one);
        continue;
      }
      asked ||= one.kind === "question" || one.kind === "hidden";
      one.resolve(undefined);
    }
    return asked;
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (waiting.kind === "loop") this.loops++;
    if (waiting.kind === "hidden") this.hidden++;
    this.timeout = Math.min(this.timeout, waiting.deadline);
  }
}
