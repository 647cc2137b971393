import type { ClientSession } from "./session.ts";

/** The number of characters that are examined at the end of a row. */
const ROW = 400;

/**
 * The output of a device, for a program that answers it: complete lines, and the current row, which
 * has no line end yet.
 */
export class DialogueScreen {
  readonly #session: ClientSession;
  /** The number of complete lines so far. */
  count = 0;
  /** The row that was answered last, and the number of lines before it. */
  #answered: { readonly count: number; readonly text: string } | undefined;
  /** The text of a prompt that the server has marked, until more text arrives. */
  #marked: { readonly text: string; readonly serial: number } | undefined;

  constructor(session: ClientSession) {
    this.#session = session;
  }

  /** Takes the next complete line. */
  take(): string | undefined {
    const { inbox } = this.#session.received;
    for (let entry = inbox.take(); entry !== undefined; entry = inbox.take()) {
      if (entry.type === "event") continue;
      if (entry.type === "line") {
        this.count++;
        this.#marked = undefined;
        return entry.text;
      }
      this.#marked = { text: entry.text, serial: inbox.serial };
      while (inbox.peek()?.type === "event") inbox.take(); // such as the end of ECHO after a password
      // If more text follows, the marked text is not the current row: it counts as a line.
      if (inbox.peek() !== undefined || inbox.rows.length > 0) {
        this.count++;
        this.#marked = undefined;
        return entry.text;
      }
    }
    return undefined;
  }

  /** Whether the server has marked the current row as a prompt. */
  get marked(): boolean {
    return this.#marked !== undefined;
  }

  /** The current row up to its cursor; `""` if it was answered, or text follows the cursor at once. */
  get row(): string {
    const row = this.#marked?.text ?? this.#session.received.rows.beforeCursor(ROW);
    const before = this.#answered;
    const isOld = before !== undefined && before.count === this.count && row === before.text;
    return isOld ? "" : row;
  }

  /** The current row, answered or not. */
  get standing(): string {
    return this.#marked?.text ?? this.#session.received.rows.tail(ROW);
  }

  /** Sends an answer to the current row. */
  answer(text: string, secret: boolean = false): void {
    const { inbox } = this.#session.received;
    const ended = text.includes("\n") && !this.#session.serverEchoes;
    // The server does not echo Enter, so the row of the question ends here.
    if (ended || this.#marked !== undefined) {
      inbox.takeRow();
      this.#marked = undefined;
      this.count++;
      this.#answered = undefined;
    } else {
      this.#answered = { count: this.count, text: inbox.rows.beforeCursor(ROW) };
    }
    this.#session.send(text, secret);
  }

  /** Discards all complete lines. The current row stays. */
  drop(): void {
    while (this.take() !== undefined);
  }
}
