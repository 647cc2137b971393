import { throwMisuse } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import type { TypedLine } from "./line_queue.ts";

/** The kind of call that waits for a line: `lines()`, `ask()`, hidden `ask()`, `readLine()`. */
export type LineKind = "loop" | "question" | "hidden" | "line";

/** A call that waits for a line. */
interface Waiting {
  /** When to give up. */
  readonly deadline: number;
  readonly kind: LineKind;
  /** The question of an `ask()`. */
  readonly question: string | undefined;
  readonly resolve: (line: string | undefined) => void;
}

/** More waiting calls for one client than this indicate a loop without `await`. */
const MAX_WAITING = 512;

/** The game's calls that wait for lines of a client, in order. */
export class LineWaiters {
  /** When the first of them times out. */
  timeout: number = Infinity;
  /** Whether the queued lines are reserved for such calls until the next poll. */
  reserved = false;
  /** How many `lines()` loops and async handlers are working for this client. */
  working = 0;
  /** How many `lines()` loops and how many hidden questions are waiting. */
  loops = 0;
  hidden = 0;
  /**
   * The line that a `lines()` loop or a caller of `readLine()` is working on. It counts as answered
   * when the code reads the next line, or its handler ends.
   */
  inHand: TypedLine | undefined;
  /** Whether async code was called, or got a line, since the last `takeHanded()`. */
  handed = false;
  /** Whether a hidden question has turned on password mode, to be turned off after it. */
  hides = false;
  readonly #waiting: Fifo<Waiting> = new Fifo();

  /** Whether any call is waiting. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** The line in hand that is not answered yet, to be delivered again after a restart. */
  get unanswered(): TypedLine | undefined {
    return this.working > 0 ? this.inHand : undefined;
  }

  /** The kind of the first call. */
  get firstKind(): LineKind | undefined {
    return this.#waiting.peek()?.kind;
  }

  /** Whether the first call is a hidden question. */
  get firstIsHidden(): boolean {
    return this.#waiting.peek()?.kind === "hidden";
  }

  /** The question that the first call waits for the answer of. */
  get question(): string | undefined {
    return this.#waiting.peek()?.question;
  }

  /** Waits for a line; resolves to `undefined` at the deadline, or if no more lines come. */
  wait(deadline: number, kind: LineKind, question?: string): Promise<string | undefined> {
    if (this.#waiting.length >= MAX_WAITING) {
      throwMisuse("Cannot wait for so many lines of a client at once: await each call");
    }
    return new Promise((resolve) => this.#push({ deadline, kind, question, resolve }));
  }

  /** Gives a line to the first call; returns whether that is a `lines()` loop. */
  give(line: string | undefined): boolean {
    const first = this.#waiting.take();
    if (first?.kind === "loop") this.loops--;
    if (first?.kind === "hidden") this.hidden--;
    first?.resolve(line);
    return first?.kind === "loop";
  }

  /** Ends the calls that have timed out; returns whether the last question is one of them. */
  expire(now: number): boolean {
    return this.#drop(({ deadline }) => deadline <= now);
  }

  /** Ends all calls; returns whether one of them was a question. */
  end(): boolean {
    return this.#drop(() => true);
  }

  /** Ends the wait of a `lines()` loop. */
  endLoop(): void {
    this.#drop(({ kind }) => kind === "loop");
  }

  #drop(isOver: (waiting: Waiting) => boolean): boolean {
    const waiting = this.#waiting.takeAll();
    this.timeout = Infinity;
    this.loops = this.hidden = 0;
    let askedLast = false;
    for (const one of waiting) {
      const over = isOver(one);
      if (one.question !== undefined) askedLast = over;
      if (over) one.resolve(undefined);
      else this.#push(one);
    }
    return askedLast;
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (waiting.kind === "loop") this.loops++;
    if (waiting.kind === "hidden") this.hidden++;
    this.timeout = Math.min(this.timeout, waiting.deadline);
  }
}
