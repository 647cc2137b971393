import { withCr } from "../protocol/line_ends.ts";

/** Receives a line of a recording, including its line end. */
export type RecordingSink = (line: string) => unknown;

/** Output, input, resize, marker. */
type EventCode = "o" | "i" | "r" | "m";

/** The data for the header of a recording. */
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
 * Records what a person sees, as asciicast version 2 (docs.asciinema.org): a line of JSON as the
 * header, and one for each event, `[seconds, code, data]`.
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

  /** Records text that is shown. */
  output(text: string, now: number): void {
    if (text !== "") this.#event("o", withCr(text), now);
  }

  /** Records a typed line; `shown`: whether the client displayed it while typing. */
  line(text: string, shown: boolean, now: number): void {
    this.#event("i", `${text}\r`, now);
    if (shown) this.#event("o", `${text}\r\n`, now);
  }

  /** Records a pressed key, as the sequence that a terminal sends for it. */
  key(text: string, now: number): void {
    this.#event("i", text, now);
  }

  /** Records a new window size. */
  resize(columns: number, rows: number, now: number): void {
    this.#event("r", `${columns}x${rows}`, now);
  }

  /** Records a marker. */
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
