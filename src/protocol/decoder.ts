import { SlabBuffer, view } from "./slab_buffer.ts";
import { DONT, EOF, IAC, isPlainCommand, SB, SE, WILL } from "./codes.ts";
import { throwMisuse } from "./error.ts";
import type { ViolationKind } from "./events.ts";
import { findIac } from "./find_iac.ts";
import { TELNET_LIMITS } from "./limits.ts";
import { areBytes } from "./validate.ts";

/** Receives the decoded frames in wire order. */
export interface FrameSink {
  /** Whether the decoder must stop after the current frame. */
  readonly stop: boolean;
  /** Application data. */
  data(buffer: Uint8Array, start: number, end: number): void;
  /** A command without an option. */
  command(command: number): void;
  /** WILL, WONT, DO or DONT with an option. */
  negotiation(verb: number, option: number): void;
  /** A whole subnegotiation. */
  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void;
  /** A protocol violation of the peer. */
  violation(kind: ViolationKind, option: number): void;
}

/** The state that the decoder keeps between chunks. */
export interface DecoderSnapshot {
  /** The state's name. */
  readonly state: DecoderState;
  /** WILL, WONT, DO or DONT, if the option's byte comes next; else 0. */
  readonly verb: number;
  /** The option of an open subnegotiation. */
  readonly option: number;
  /** The payload of an open subnegotiation so far. */
  readonly payload: readonly number[];
  /** Whether that payload went over the limit. */
  readonly dropping: boolean;
}

/** The position of the next byte in the grammar of RFC 854 and RFC 855. */
export type DecoderState = "data" | "iac" | "verb" | "sb" | "payload" | "payload-iac";

const STATES: readonly DecoderState[] = ["data", "iac", "verb", "sb", "payload", "payload-iac"];
const DATA = 0;
const AFTER_IAC = 1;
const VERB = 2;
const AFTER_SB = 3;
const PAYLOAD = 4;
const PAYLOAD_IAC = 5;

/** Checks a caller's snapshot, which may come from a file. */
export function checkDecoderSnapshot(
  snapshot: DecoderSnapshot,
  limit: number = TELNET_LIMITS.subnegotiation,
): void {
  const { state, payload, verb, option } = snapshot ?? {};
  const whole = STATES.includes(state) && areBytes(payload) && areBytes([verb, option]) &&
    (state !== "verb" || (verb >= WILL && verb <= DONT));
  if (!whole || payload.length > limit) {
    throwMisuse(
      "Cannot restore a damaged snapshot: its decoder is invalid, so start a new machine",
    );
  }
}

/** After at least this many bytes without 0xFF, an escaped 0xFF is handed over without a copy. */
const SPARSE = 24;
/** The most bytes that are copied at a time: the rest may have no escaped 0xFF. */
const COPIED = 256;
const ONE_IAC = Uint8Array.of(IAC);
const NO_PAYLOAD = { buffer: new Uint8Array(0), start: 0, end: 0 };

/**
 * Splits the byte stream into frames. Only the pieces of data depend on how it was cut into chunks.
 */
export class FrameDecoder {
  #state: 0 | 1 | 2 | 3 | 4 | 5 = DATA;
  #verb = 0;
  #option = 0;
  /** Created for a payload that is cut between chunks or has escaped bytes. */
  #payload: SlabBuffer | undefined;
  #dropping = false;
  readonly #limit: number;
  readonly #sink: FrameSink;

  constructor(limit: number, sink: FrameSink) {
    this.#limit = limit;
    this.#sink = sink;
  }

  /**
   * Decodes a chunk until its end or until the sink stops it; returns how many bytes were decoded.
   */
  decode(chunk: Uint8Array): number {
    if (chunk.length === 1) return this.#single(chunk);
    const sink = this.#sink;
    let at = 0;
    while (at < chunk.length && !sink.stop) {
      if (this.#state === DATA) at = this.#inData(chunk, at);
      else if (this.#state === PAYLOAD) at = this.#inPayload(chunk, at);
      else this.#next(chunk[at++] ?? 0);
    }
    return at;
  }

  /** Decodes a chunk of one byte: some peers send each character by itself. */
  #single(chunk: Uint8Array): number {
    const byte = chunk[0] ?? 0;
    if (byte === IAC || (this.#state !== DATA && this.#state !== PAYLOAD)) this.#next(byte);
    else if (this.#state === DATA) this.#sink.data(chunk, 0, 1);
    else this.#append(chunk, 0, 1);
    return 1;
  }

  /** Handles a byte of a frame: IAC, and what follows it. */
  #next(byte: number): void {
    switch (this.#state) {
      case DATA:
        this.#state = AFTER_IAC;
        return;
      case AFTER_IAC:
        return this.#afterIac(byte);
      case VERB:
        this.#state = DATA;
        return this.#sink.negotiation(this.#verb, byte);
      case AFTER_SB:
        this.#option = byte;
        this.#state = PAYLOAD;
        return;
      case PAYLOAD:
        this.#state = PAYLOAD_IAC;
        return;
      case PAYLOAD_IAC:
        return this.#afterPayloadIac(byte);
    }
  }

  /** The number of bytes kept of an unfinished payload. */
  get unfinishedLength(): number {
    return this.#payload?.length ?? 0;
  }

  /** Whether no frame is unfinished. */
  get idle(): boolean {
    return this.#state === DATA;
  }

  /** The state as plain JSON. */
  snapshot(): DecoderSnapshot {
    const { buffer, start, end } = this.#payload ?? NO_PAYLOAD;
    // Values left over from the last frame are not saved.
    return {
      state: STATES[this.#state] ?? "data",
      verb: this.#state === VERB ? this.#verb : 0,
      option: this.#state >= PAYLOAD ? this.#option : 0,
      payload: [...view(buffer, start, end)],
      dropping: this.#dropping,
    };
  }

  /** Restores the state of a snapshot. */
  restore(snapshot: DecoderSnapshot): void {
    this.#state = STATES.indexOf(snapshot.state) as 0 | 1 | 2 | 3 | 4 | 5;
    this.#verb = snapshot.verb;
    this.#option = snapshot.option;
    if (snapshot.payload.length > 0) {
      this.#payload ??= new SlabBuffer();
      this.#payload.push(Uint8Array.from(snapshot.payload), 0, snapshot.payload.length);
    }
    this.#dropping = snapshot.dropping;
  }

  #inData(chunk: Uint8Array, start: number): number {
    const iac = chunk[start] === IAC ? start : findIac(chunk, start);
    if (iac === -1) {
      this.#sink.data(chunk, start, chunk.length);
      return chunk.length;
    }
    const command = chunk[iac + 1];
    if (command === IAC) {
      if (iac - start < SPARSE) return this.#escapedData(chunk, start);
      // If escapes are rare, no copy is made: the data ends with the first byte of the pair.
      this.#sink.data(chunk, start, iac + 1);
      return iac + 2;
    }
    if (iac > start) {
      this.#sink.data(chunk, start, iac);
      if (this.#sink.stop) return iac;
    }
    if (command === undefined || command < SB || iac + 2 >= chunk.length) {
      this.#state = AFTER_IAC;
      return iac + 1;
    }
    return command === SB ? this.#wholePayload(chunk, iac) : this.#wholeVerbs(chunk, iac);
  }

  /** The common case: one or more negotiations within one chunk. */
  #wholeVerbs(chunk: Uint8Array, start: number): number {
    const sink = this.#sink;
    let at = start;
    const last = chunk.length - 3;
    do {
      sink.negotiation(chunk[at + 1] ?? 0, chunk[at + 2] ?? 0);
      at += 3;
    } while (at <= last && chunk[at] === IAC && isVerb(chunk[at + 1] ?? 0) && !sink.stop);
    return at;
  }

  /** The common case: a payload within one chunk, without escaped bytes, needs no copy. */
  #wholePayload(chunk: Uint8Array, start: number): number {
    this.#option = chunk[start + 2] ?? 0;
    const first = start + 3;
    const end = findIac(chunk, first);
    if (end === -1 || chunk[end + 1] !== SE) {
      this.#state = PAYLOAD;
      return first;
    }
    if (end - first > this.#limit) this.#sink.violation("subnegotiation-too-long", this.#option);
    else this.#sink.subnegotiation(this.#option, chunk, first, end);
    return end + 2;
  }

  /**
   * Copies data with IAC IAC in it, unescaped, up to the next command. There is no branch for the
   * second IAC of a pair, as the processor could not predict it: the next byte overwrites it.
   */
  #escapedData(chunk: Uint8Array, start: number): number {
    const copy = new SlabBuffer();
    const length = Math.min(chunk.length, start + COPIED);
    copy.reserve(length - start);
    const { buffer } = copy;
    let end = copy.start;
    let at = start;
    /** 1 after the first IAC of a pair, else 0. */
    let open = 0;
    for (; at < length; at++) {
      const byte = chunk[at] ?? 0;
      const iac = byte + 1 >> 8;
      if ((open & ~iac) !== 0) break;
      buffer[end] = byte;
      end += iac & open ^ 1;
      open = iac & (open ^ 1);
    }
    // An unpaired IAC at the end is not data yet: the byte after it decides.
    copy.end = end - open;
    this.#sink.data(buffer, copy.start, copy.end);
    copy.drop();
    // At the end of the chunk, the next chunk has that byte; otherwise the IAC is decoded again.
    if (open === 0 || at < chunk.length) return at - open;
    this.#state = AFTER_IAC;
    return at;
  }

  #afterIac(byte: number): void {
    this.#state = DATA;
    if (isVerb(byte)) {
      this.#verb = byte;
      this.#state = VERB;
    } else if (byte === SB) {
      this.#state = AFTER_SB;
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
    this.#append(chunk, start, end);
    if (iac === -1) return end;
    this.#state = PAYLOAD_IAC;
    return iac + 1;
  }

  #afterPayloadIac(byte: number): void {
    this.#state = PAYLOAD;
    if (byte === IAC) {
      this.#append(ONE_IAC, 0, 1);
    } else if (byte === SE) {
      this.#endPayload();
    } else if (byte < EOF) {
      // Evennia and others do not double 0xFF. The byte after it is not a command, so both are
      // data.
      if (!this.#dropping) this.#sink.violation("unescaped-iac", this.#option);
      this.#append(Uint8Array.of(IAC, byte), 0, 2);
    } else {
      this.#interrupt(byte);
    }
  }

  #endPayload(): void {
    const { buffer, start, end } = this.#payload ?? NO_PAYLOAD;
    const dropped = this.#dropping;
    this.#closePayload();
    if (!dropped) this.#sink.subnegotiation(this.#option, buffer, start, end);
  }

  /** A command where IAC SE was expected: drops the subnegotiation and handles the command. */
  #interrupt(byte: number): void {
    if (!this.#dropping) this.#sink.violation("subnegotiation-interrupted", this.#option);
    this.#closePayload();
    this.#afterIac(byte);
  }

  #closePayload(): void {
    this.#state = DATA;
    this.#payload?.drop();
    this.#dropping = false;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#dropping || start === end) return;
    const payload = this.#payload ??= new SlabBuffer();
    if (payload.length + end - start > this.#limit) {
      payload.drop();
      this.#dropping = true;
      this.#sink.violation("subnegotiation-too-long", this.#option);
    } else {
      payload.push(bytes, start, end);
    }
  }
}

function isVerb(byte: number): boolean {
  return byte >= WILL && byte < IAC;
}
