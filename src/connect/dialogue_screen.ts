import type { ClientSession } from "./session.ts";

/** So much of the end of a row is looked at. */
const ROW = 400;

/**
 * What a device shows, for a program that answers it: lines that have ended, and the row that stands.
 */
export class DialogueScreen {
  readonly #session: ClientSession;
  /** How many lines have ended so far. */
  count = 0;
  /** A row that was answered, as long as it stands. */
  #answered: { readonly count: number; readonly text: string } | undefined;
  /** The text of a prompt that the server has marked, until more comes. */
  #marked: { readonly text: string; readonly serial: number } | undefined;

  constructor(session: ClientSession) {
    this.#session = session;
  }

  /** Takes the next line that has ended. */
  take(): string | undefined {
    const { inbox } = this.#session;
    for (let entry = inbox.take(); entry !== undefined; entry = inbox.take()) {
      if (entry.type === "event") continue;
      if (entry.type === "line") {
        this.count++;
        this.#marked = undefined;
        return entry.text;
      }
      this.#marked = { text: entry.text, serial: inbox.serial };
      // What stands behind a mark that is no row of its own is one line with it.
      if (inbox.peek() !== undefined || inbox.rows.length > 0) {
        this.count++;
        this.#marked = undefined;
        return entry.text;
      }
    }
    return undefined;
  }

  /** Whether the server has marked what stands as a prompt. */
  get marked(): boolean {
    return this.#marked !== undefined;
  }

  /** The row that stands, if it was not answered; `""` where none does. */
  get row(): string {
    const { rows } = this.#session.inbox;
    if (!rows.atEnd) return "";
    const row = this.#marked?.text ?? rows.tail(ROW);
    const before = this.#answered;
    const isOld = before !== undefined && before.count === this.count && row === before.text;
    return isOld ? "" : row;
  }

  /** The row that stands, whether it was answered or not. */
  get standing(): string {
    return this.#marked?.text ?? this.#session.inbox.rows.tail(ROW);
  }

  /** Answers the row that stands. */
  answer(text: string, secret: boolean = false): void {
    const { inbox } = this.#session;
    const ended = text.includes("\n") && !this.#session.serverEchoes;
    // The server does not show the Enter, so the row of the question ends here.
    if (ended || this.#marked !== undefined) {
      inbox.takeRow();
      this.#marked = undefined;
      this.count++;
      this.#answered = undefined;
    } else {
      this.#answered = { count: this.count, text: inbox.rows.tail(ROW) };
    }
    this.#session.send(text, secret);
  }

  /** Forgets what came and was not taken, but for the row that stands. */
  drop(): void {
    while (this.take() !== undefined);
  }
}
