import { Fifo } from "../protocol/fifo.ts";
import { ITEM_SIZE } from "../text/sizes.ts";

/** A line that a person typed. */
export interface TypedLine {
  readonly type: "line";
  readonly text: string;
  /** How long it was before it was cut to the limit. */
  readonly length: number;
  /** Whether it is a secret, such as a password. */
  readonly secret: boolean;
}

/** The lines that wait for the game. */
export class LineQueue extends Fifo<TypedLine> {
  /** The length of all lines, in UTF-16 units. */
  #textLength = 0;

  /** The estimated memory of the lines, in bytes. */
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
}
