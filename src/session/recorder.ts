/** Takes a line of a recording, its end included. */
export type RecordingSink = (line: string) => unknown;

/** What is shown, what is typed, another size of the window, a mark. */
type EventCode = "o" | "i" | "r" | "m";

/** How a recording begins. */
export interface RecordingStart {
  readonly columns: number;
  readonly rows: number;
  readonly terminal: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly title: string | undefined;
  /** The time of the start, in milliseconds. */
  readonly now: number;
}

/**
 * Records what a person sees, as asciicast version 2 (docs.asciinema.org): a line of JSON for the
 * start, and one for each event, `[seconds, code, data]`.
 */
export class Recorder {
  readonly #sink: RecordingSink;
  readonly #startedAt: number;

  constructor(sink: RecordingSink, start: RecordingStart) {
    const { columns, rows, terminal, timestamp, title, now } = start;
    this.#sink = sink;
    this.#startedAt = now;
    this.#write({
      version: 2,
      width: columns,
      height: rows,
      timestamp,
      ...(title !== undefined && { title }),
      env: { TERM: terminal },
    });
  }

  /** The person is shown text. */
  output(text: string, now: number): void {
    if (text !== "") this.#event("o", text.replaceAll(/\r?\n/g, "\r\n"), now);
  }

  /** The person typed a line, which their own client shows where `shown`. */
  line(text: string, shown: boolean, now: number): void {
    this.#event("i", `${text}\r`, now);
    if (shown) this.#event("o", `${text}\r\n`, now);
  }

  /** The person pressed a key, for which a terminal sends this. */
  key(text: string, now: number): void {
    this.#event("i", text, now);
  }

  /** The window has another size. */
  resize(columns: number, rows: number, now: number): void {
    this.#event("r", `${columns}x${rows}`, now);
  }

  /** A place to find again. */
  mark(label: string, now: number): void {
    this.#event("m", label, now);
  }

  #event(code: EventCode, data: string, now: number): void {
    const seconds = Math.round(Math.max(0, now - this.#startedAt) * 1000) / 1_000_000;
    this.#write([seconds, code, data]);
  }

  #write(value: unknown): void {
    this.#sink(`${JSON.stringify(value)}\n`);
  }
}
