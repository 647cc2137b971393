import type { Key } from "../text/key.ts";
import { keySequence } from "../text/key_sequences.ts";
import { callUserCode } from "./call_user_code.ts";
import { Recorder, type RecordingSink, type RecordingStart } from "./recorder.ts";
import { Tracer } from "../protocol/tracer.ts";

/** Who sent what is traced. */
export type TraceDirection = "received" | "sent";

/** Takes a negotiation in words. */
export type TraceSink = (direction: TraceDirection, words: string) => void;

/** What watches a session: a trace of what is negotiated, a recording of what is seen. */
export class Taps {
  readonly #now: () => number;
  /** Takes a failure of the game's own code that costs no client. */
  readonly #report: (error: unknown) => void;
  #received: Tracer | undefined;
  #sent: Tracer | undefined;
  #recorder: Recorder | undefined;

  constructor(now: () => number, report: (error: unknown) => void) {
    this.#now = now;
    this.#report = report;
  }

  /** Traces from now on. */
  trace(limit: number, nameOf: (option: number) => string, sink: TraceSink): void {
    this.#received = new Tracer(limit, nameOf, (words) => sink("received", words));
    this.#sent = new Tracer(limit, nameOf, (words) => sink("sent", words));
  }

  /** Bytes of the client, before anything is made of them. */
  received(bytes: Uint8Array): void {
    this.#received?.push(bytes);
  }

  /** Bytes for the client, as they go out. */
  sent(bytes: Uint8Array): void {
    this.#sent?.push(bytes);
  }

  /** Records from now on, or no more. */
  record(sink: RecordingSink | undefined, start: RecordingStart): void {
    this.#recorder = undefined;
    if (sink !== undefined) this.#recorder = new Recorder(this.#guard(sink), start);
  }

  /** Text that is shown. */
  output(text: string): void {
    this.#record((recorder, now) => recorder.output(text, now));
  }

  /** A line that the game takes; the person's own client has shown it or not. */
  line(text: string, shown: boolean): void {
    this.#record((recorder, now) => recorder.line(text, shown, now));
  }

  /** A key that was pressed. */
  key(key: Key): void {
    this.#record((recorder, now) => recorder.key(keySequence(key), now));
  }

  /** Another size of the window. */
  resize(columns: number, rows: number): void {
    this.#record((recorder, now) => recorder.resize(columns, rows, now));
  }

  /** A place to find again. */
  mark(label: string): void {
    this.#record((recorder, now) => recorder.mark(label, now));
  }

  #record(call: (recorder: Recorder, now: number) => void): void {
    if (this.#recorder !== undefined) call(this.#recorder, this.#now());
  }

  /** A disk that is full ends a recording, not the game of the person who is recorded. */
  #guard(sink: RecordingSink): RecordingSink {
    let failed = false;
    const fail = (error: unknown) => {
      if (!failed) this.#report(error);
      failed = true;
    };
    return (line) => failed || callUserCode(() => sink(line), fail);
  }
}
