import type { Key } from "../text/key.ts";
import { keySequence } from "../text/key_sequences.ts";
import { callUserCode } from "./call_user_code.ts";
import { Recorder, type RecordingSink, type RecordingStart } from "./recorder.ts";
import { Tracer } from "../protocol/tracer.ts";

/** The direction of traced bytes, as the server sees it. */
export type TraceDirection = "received" | "sent";

/** Receives a traced command, negotiation or subnegotiation as text. */
export type TraceSink = (direction: TraceDirection, words: string) => void;

/** The observers of a session: a trace of the protocol, and a recording of the screen. */
export class Taps {
  readonly #now: () => number;
  /** Reports an error of the game's code without dropping the client. */
  readonly #report: (error: unknown) => void;
  #received: Tracer | undefined;
  #sent: Tracer | undefined;
  #recorder: Recorder | undefined;

  constructor(now: () => number, report: (error: unknown) => void) {
    this.#now = now;
    this.#report = report;
  }

  /** Starts a trace. */
  trace(limit: number, nameOf: (option: number) => string, sink: TraceSink): void {
    this.#received = new Tracer(limit, nameOf, (words) => sink("received", words));
    this.#sent = new Tracer(limit, nameOf, (words) => sink("sent", words));
  }

  /** Traces received bytes. */
  received(bytes: Uint8Array): void {
    this.#received?.push(bytes);
  }

  /** Traces bytes that are sent. */
  sent(bytes: Uint8Array): void {
    this.#sent?.push(bytes);
  }

  /** Starts a recording; without a sink it ends the recording. */
  record(sink: RecordingSink | undefined, start: RecordingStart): void {
    this.#recorder = undefined;
    if (sink !== undefined) this.#recorder = new Recorder(this.#guard(sink), start);
  }

  /** Records text that is shown. */
  output(text: string): void {
    this.#record((recorder, now) => recorder.output(text, now));
  }

  /** Records a line that the game takes; `shown`: whether the client displayed it while typing. */
  line(text: string, shown: boolean): void {
    this.#record((recorder, now) => recorder.line(text, shown, now));
  }

  /** Records a pressed key. */
  key(key: Key): void {
    this.#record((recorder, now) => recorder.key(keySequence(key), now));
  }

  /** Records a new window size. */
  resize(columns: number, rows: number): void {
    this.#record((recorder, now) => recorder.resize(columns, rows, now));
  }

  /** Records a marker. */
  mark(label: string): void {
    this.#record((recorder, now) => recorder.mark(label, now));
  }

  #record(call: (recorder: Recorder, now: number) => void): void {
    if (this.#recorder !== undefined) call(this.#recorder, this.#now());
  }

  /** Wraps a sink: a failure, such as a full disk, ends the recording and drops nobody. */
  #guard(sink: RecordingSink): RecordingSink {
    let failed = false;
    const fail = (error: unknown) => {
      if (!failed) this.#report(error);
      failed = true;
    };
    return (line) => failed || callUserCode(() => sink(line), fail);
  }
}
