import { throwMisuse } from "../protocol/error.ts";
import { Fifo } from "../protocol/fifo.ts";
import { ITEM_SIZE } from "../text/sizes.ts";

/** A line that a person typed. */
export interface TypedLine {
  readonly type: "line";
  readonly text: string;
  /** How long it was before it was cut to the limit. */
  readonly length: number;
  /** Whether it was typed as a secret. */
  readonly secret: boolean;
}

/** Nobody reads, the reader works on a line, or it waits for the next and is called with it. */
type Reader = "none" | "busy" | (() => void);

/** Lines on their way to the game: taken one by one, or read by a loop that waits for them. */
export class LineQueue extends Fifo<TypedLine> {
  #reader: Reader = "none";
  /** UTF-16 units of all lines. */
  #textLength = 0;

  /** How many bytes the lines take, about. */
  get held(): number {
    return this.length * ITEM_SIZE + 2 * this.#textLength;
  }

  override push(line: TypedLine): void {
    this.#textLength += line.text.length;
    super.push(line);
  }

  override take(): TypedLine | undefined {
    this.#textLength -= this.peek()?.text.length ?? 0;
    return super.take();
  }

  override clear(): void {
    super.clear();
    this.#textLength = 0;
  }

  /** Whether a loop over the lines works on one. */
  get busy(): boolean {
    return this.#reader === "busy";
  }

  /** Whether a loop waits for a line. */
  get awaited(): boolean {
    return typeof this.#reader === "function";
  }

  /**
   * The lines as they come.
   *
   * @param take Takes a line.
   * @param ended Whether none will come any more.
   * @throws {TelnetError} `misuse`: another loop reads them.
   */
  async *read(
    take: () => string | undefined,
    ended: () => boolean,
  ): AsyncGenerator<string, void, void> {
    if (this.#reader !== "none") {
      throwMisuse("Cannot read lines() twice at a time: share them from one loop");
    }
    this.#reader = "busy";
    try {
      while (true) {
        const line = take();
        if (line !== undefined) yield line;
        else if (ended()) return;
        else await new Promise<void>((resolve) => this.#reader = resolve);
      }
    } finally {
      this.#reader = "none";
    }
  }

  /** Has a waiting loop look again: a line came, or the end. */
  wake(): void {
    if (typeof this.#reader !== "function") return;
    const resume = this.#reader;
    this.#reader = "busy";
    resume();
  }
}
