import { DONT, EOF, IAC, isPlainCommand, SB, SE, WILL } from "./codes.ts";
import { misuse } from "./error.ts";
import type { ViolationKind } from "./events.ts";

/** Where the decoder puts what it finds, in wire order. */
export interface FrameSink {
  /** Application data. */
  data(buffer: Uint8Array, start: number, end: number): void;
  /** A command that stands alone. */
  command(command: number): void;
  /** WILL, WONT, DO or DONT with an option. */
  negotiation(verb: number, option: number): void;
  /** A whole subnegotiation. */
  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void;
  /** A fault of the peer. */
  violation(kind: ViolationKind, option: number): void;
}

/** What the decoder remembers between chunks. */
export interface DecoderSnapshot {
  /** The state's name. */
  readonly state: DecoderState;
  /** WILL, WONT, DO or DONT, where the option's byte is due. */
  readonly verb: number;
  /** The option of an open subnegotiation. */
  readonly option: number;
  /** The payload of an open subnegotiation so far. */
  readonly payload: readonly number[];
  /** Whether that payload went over the limit. */
  readonly dropping: boolean;
}

/** Where in the grammar of RFC 854 and RFC 855 the next byte stands. */
export type DecoderState = "data" | "iac" | "verb" | "sb" | "payload" | "payload-iac";

const STATES: readonly DecoderState[] = ["data", "iac", "verb", "sb", "payload", "payload-iac"];

/** Checks what a caller gives as a snapshot: it may have come from a file. */
export function checkDecoderSnapshot(snapshot: DecoderSnapshot): void {
  if (!STATES.includes(snapshot?.state) || !Array.isArray(snapshot.payload)) {
    misuse(`Cannot restore a damaged snapshot: ${JSON.stringify(snapshot)}`);
  }
}

const EMPTY = new Uint8Array(0);
const ONE_IAC = Uint8Array.of(IAC);
const FIRST_SIZE = 64;
/** Up to this many bytes a loop beats the call of `indexOf`. */
const SHORT_RUN = 32;

/** Cuts the byte stream into frames. The same bytes give the same frames, however they were cut. */
export class FrameDecoder {
  #state: DecoderState = "data";
  #verb = 0;
  #option = 0;
  #payload: Uint8Array = EMPTY;
  #length = 0;
  #dropping = false;
  #stopped = false;
  readonly #limit: number;
  readonly #stopAfter: readonly number[];
  readonly #sink: FrameSink;

  constructor(limit: number, stopAfter: readonly number[], sink: FrameSink) {
    this.#limit = limit;
    this.#stopAfter = stopAfter;
    this.#sink = sink;
  }

  /** Decodes a chunk; returns how much of it, if it stops behind a subnegotiation. */
  decode(chunk: Uint8Array): number {
    let at = 0;
    this.#stopped = false;
    while (at < chunk.length && !this.#stopped) {
      switch (this.#state) {
        case "data":
          at = this.#inData(chunk, at);
          break;
        case "iac":
          this.#afterIac(chunk[at++] ?? 0);
          break;
        case "verb":
          this.#state = "data";
          this.#sink.negotiation(this.#verb, chunk[at++] ?? 0);
          break;
        case "sb":
          this.#option = chunk[at++] ?? 0;
          this.#state = "payload";
          break;
        case "payload":
          at = this.#inPayload(chunk, at);
          break;
        case "payload-iac":
          this.#afterPayloadIac(chunk[at++] ?? 0);
          break;
      }
    }
    return at;
  }

  /** The state as plain JSON. */
  snapshot(): DecoderSnapshot {
    // What is left of the last frame means nothing any more.
    return {
      state: this.#state,
      verb: this.#state === "verb" ? this.#verb : 0,
      option: this.#state.startsWith("payload") ? this.#option : 0,
      payload: [...this.#payload.subarray(0, this.#length)],
      dropping: this.#dropping,
    };
  }

  /** Takes the state of a snapshot. */
  restore(snapshot: DecoderSnapshot): void {
    this.#state = snapshot.state;
    this.#verb = snapshot.verb;
    this.#option = snapshot.option;
    this.#payload = Uint8Array.from(snapshot.payload);
    this.#length = snapshot.payload.length;
    this.#dropping = snapshot.dropping;
  }

  #inData(chunk: Uint8Array, start: number): number {
    const iac = findIac(chunk, start);
    if (iac === -1) {
      this.#sink.data(chunk, start, chunk.length);
      return chunk.length;
    }
    const command = chunk[iac + 1];
    if (command === IAC) return this.#escapedData(chunk, start, iac);
    if (iac > start) this.#sink.data(chunk, start, iac);
    const option = chunk[iac + 2];
    if (command === undefined || option === undefined || command < SB) {
      this.#state = "iac";
      return iac + 1;
    }
    // The common case, a negotiation or the start of a payload within one chunk.
    if (command === SB) {
      this.#option = option;
      this.#state = "payload";
    } else {
      this.#sink.negotiation(command, option);
    }
    return iac + 3;
  }

  /** Data with IAC IAC in it: copied without the doubles, up to the next command. */
  #escapedData(chunk: Uint8Array, start: number, firstIac: number): number {
    const copy = new Uint8Array(chunk.length - start - 1);
    copy.set(chunk.subarray(start, firstIac + 1));
    let length = firstIac + 1 - start;
    let at = firstIac + 2;
    while (at < chunk.length) {
      const byte = chunk[at] ?? 0;
      if (byte === IAC) {
        if (chunk[at + 1] !== IAC) break;
        at++;
      }
      copy[length++] = byte;
      at++;
    }
    this.#sink.data(copy, 0, length);
    return at;
  }

  #afterIac(byte: number): void {
    this.#state = "data";
    if (byte >= WILL && byte <= DONT) {
      this.#verb = byte;
      this.#state = "verb";
    } else if (byte === SB) {
      this.#state = "sb";
    } else if (byte === IAC) {
      this.#sink.data(ONE_IAC, 0, 1);
    } else if (isPlainCommand(byte)) {
      this.#sink.command(byte);
    } else {
      this.#sink.violation(byte === SE ? "unexpected-se" : "unknown-command", byte);
    }
  }

  #inPayload(chunk: Uint8Array, start: number): number {
    const iac = findIac(chunk, start);
    const end = iac === -1 ? chunk.length : iac;
    if (this.#length === 0 && !this.#dropping && chunk[end + 1] === SE) {
      return this.#wholePayload(chunk, start, end);
    }
    this.#append(chunk, start, end);
    if (iac === -1) return end;
    this.#state = "payload-iac";
    return iac + 1;
  }

  /** The common case, a payload within one chunk and nothing escaped: no copy. */
  #wholePayload(chunk: Uint8Array, start: number, end: number): number {
    this.#state = "data";
    if (end - start > this.#limit) {
      this.#sink.violation("subnegotiation-too-long", this.#option);
    } else {
      this.#whole(chunk, start, end);
    }
    return end + 2;
  }

  #afterPayloadIac(byte: number): void {
    this.#state = "payload";
    if (byte === IAC) {
      this.#append(ONE_IAC, 0, 1);
    } else if (byte === SE) {
      this.#endPayload();
    } else if (byte < EOF) {
      // Evennia and others forget to double 0xFF: what follows cannot be a command, so it is data.
      if (!this.#dropping) this.#sink.violation("unescaped-iac", this.#option);
      this.#append(Uint8Array.of(IAC, byte), 0, 2);
    } else {
      this.#interrupt(byte);
    }
  }

  #endPayload(): void {
    const payload = this.#payload;
    const length = this.#length;
    const dropped = this.#dropping;
    this.#closePayload();
    if (!dropped) this.#whole(payload, 0, length);
  }

  #whole(buffer: Uint8Array, start: number, end: number): void {
    this.#sink.subnegotiation(this.#option, buffer, start, end);
    this.#stopped = this.#stopAfter.includes(this.#option);
  }

  /** A command where IAC SE was due: the SE is lost, or the peer is broken. Go on from here. */
  #interrupt(byte: number): void {
    if (!this.#dropping) this.#sink.violation("subnegotiation-interrupted", this.#option);
    this.#closePayload();
    this.#afterIac(byte);
  }

  #closePayload(): void {
    this.#state = "data";
    this.#payload = EMPTY;
    this.#length = 0;
    this.#dropping = false;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#dropping || start === end) return;
    const length = this.#length + end - start;
    if (length > this.#limit) {
      this.#closePayload();
      this.#state = "payload";
      this.#dropping = true;
      this.#sink.violation("subnegotiation-too-long", this.#option);
      return;
    }
    if (length > this.#payload.length) {
      const size = Math.max(length, this.#payload.length * 2, FIRST_SIZE);
      const grown = new Uint8Array(Math.min(size, this.#limit));
      grown.set(this.#payload.subarray(0, this.#length));
      this.#payload = grown;
    }
    this.#payload.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
  }
}

function findIac(chunk: Uint8Array, start: number): number {
  const near = Math.min(start + SHORT_RUN, chunk.length);
  for (let at = start; at < near; at++) {
    if (chunk[at] === IAC) return at;
  }
  return near === chunk.length ? -1 : chunk.indexOf(IAC, near);
}
