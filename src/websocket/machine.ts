import { ByteQueue } from "../protocol/byte_queue.ts";
import { checkBytes, throwUnexpected } from "../protocol/validate.ts";

/** An event decoded from the bytes of a peer. */
export type WebSocketEvent =
  /** Part of a message. Messages have no maximum length, so their parts are not joined. */
  | {
    readonly type: "data";
    /** The bytes, unmasked: a view of the received chunk. */
    readonly bytes: Uint8Array;
    /** Whether this is a text message, whose bytes are UTF-8. */
    readonly text: boolean;
    /** Whether the message ends with these bytes. */
    readonly last: boolean;
  }
  /** A ping came; its pong is already in the output. */
  | { readonly type: "ping"; readonly payload: Uint8Array }
  /** A pong came. */
  | { readonly type: "pong"; readonly payload: Uint8Array }
  /** The peer closes; later bytes from it are ignored. Answer with `close()`. */
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The peer violated RFC 6455; later bytes from it are ignored. Answer with `close(code)`. */
  | { readonly type: "violation"; readonly code: number; readonly reason: string };

const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MAX_CONTROL = 125;
/** The maximum length of a frame header, with extended length and mask. */
const MAX_HEADER = 14;
const MASK_LENGTH = 4;
const HIGH = 2 ** 32;

/** Scratch space for the header of an outgoing frame, which is copied at once. */
const outgoing = new Uint8Array(10);
const outgoingView = new DataView(outgoing.buffer);
const NO_BYTES = new Uint8Array(0);
/** Scratch space for a mask: as its bytes, and as a word. */
const turnedView = new DataView(new ArrayBuffer(4));
const turnedWord = new Int32Array(turnedView.buffer);
/** Payloads of at least this many bytes are unmasked by words. */
const BY_WORDS = 64;

/** The code that is reported for a Close frame without a status code. */
export const NO_STATUS = 1005;
/** Codes of RFC 6455 and of the registry that an end may send. */
const CODES = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]);

/**
 * The server's end of RFC 6455 after its handshake, without any I/O: bytes in, events and bytes out.
 *
 * - **feed it**: {@linkcode receive}, which unmasks the chunk in place
 * - **drain it** after each feeding: {@linkcode takeEvents}, {@linkcode takeOutput}
 * - **talk**: {@linkcode send}, {@linkcode ping}, {@linkcode close}
 *
 * No method throws because of what the peer sends: its violations are events of the type
 * `violation`.
 */
export class WebSocketMachine {
  readonly #output = new ByteQueue();
  #events: WebSocketEvent[] | undefined;
  /** The beginning of a header that is cut between chunks; made when it first happens. */
  #header: Uint8Array | undefined;
  #headerLength = 0;
  #opcode = CONTINUATION;
  #fin = false;
  /** How many bytes of the payload are missing; -1 between two frames. */
  #left = -1;
  /** The mask of the frame: the byte for the next byte of the payload in the highest bits. */
  #mask = 0;
  /** The payload of a control frame that came in parts: made with the first of them. */
  #control: Uint8Array<ArrayBuffer> | undefined;
  #controlLength = 0;
  /** The opcode of the message that has not ended, or 0. */
  #message = 0;
  /** Validates the UTF-8 of a text message. */
  #utf8: TextDecoder | undefined;
  /** Whether the peer has closed or violated the protocol. */
  #over = false;
  #closed = false;

  /** How many bytes {@linkcode takeOutput} would return. */
  get outputLength(): number {
    return this.#output.length;
  }

  /** Whether the peer has closed or violated the protocol; later bytes are ignored. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Takes bytes from the peer.
   *
   * @param chunk Any number of bytes, cut anywhere. It is unmasked in place, so that events can be
   * views of it.
   * @param frames The maximum number of frames to complete. Default: all.
   * @returns How many bytes were taken. If there are more, pass the rest later; after a close or a
   * violation it is ignored.
   */
  receive(chunk: Uint8Array, frames: number = Infinity): number {
    checkBytes("chunk", chunk);
    let at = 0;
    for (let left = frames; at < chunk.length && !this.#over && left > 0;) {
      at = this.#left === -1 ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at);
      if (this.#left === -1 && this.#headerLength === 0) left--;
    }
    return at;
  }

  /** Takes the events of the bytes received so far; each is returned once. */
  takeEvents(): WebSocketEvent[] {
    const events = this.#events;
    if (events === undefined) return [];
    this.#events = undefined;
    return events;
  }

  /** Takes the bytes to send; they are returned once. */
  takeOutput(): Uint8Array {
    return this.#output.take();
  }

  /**
   * Sends a binary message, in one frame.
   *
   * @param bytes The message.
   */
  send(bytes: Uint8Array): void {
    checkBytes("bytes", bytes);
    if (!this.#closed) this.#frame(BINARY, bytes);
  }

  /**
   * Sends a ping.
   *
   * @param payload At most 125 bytes. Default: none.
   * @throws {TelnetError} `misuse`: a longer payload.
   */
  ping(payload: Uint8Array = new Uint8Array(0)): void {
    checkBytes("payload", payload);
    if (payload.length > MAX_CONTROL) {
      throwUnexpected("the ping", "at most 125 bytes", payload.length);
    }
    if (!this.#closed) this.#frame(PING, payload);
  }

  /** Sends a pong, for a ping whose pong was dropped. */
  pong(payload: Uint8Array): void {
    if (!this.#closed) this.#frame(PONG, payload);
  }

  /**
   * Sends the Close frame, once; nothing follows it.
   *
   * @param code The status code.
   * @param reason The reason in words; cut to 123 bytes.
   * @throws {TelnetError} `misuse`: a code that must not be sent.
   */
  close(code: number, reason: string = ""): void {
    if (!isCode(code)) throwUnexpected("the close code", "one of RFC 6455, or 3000 to 4999", code);
    if (this.#closed) return;
    const words = new Uint8Array(MAX_CONTROL - 2);
    const { written } = new TextEncoder().encodeInto(reason, words);
    this.#frame(CLOSE, Uint8Array.of(code >> 8, code & 0xff, ...words.subarray(0, written)));
    this.#closed = true;
  }

  #frame(opcode: number, payload: Uint8Array): void {
    const { length } = payload;
    let size = 2;
    outgoing[0] = FIN | opcode;
    if (length <= MAX_CONTROL) outgoing[1] = length;
    else if (length < 65_536) {
      outgoing[1] = 126;
      outgoing[2] = length >> 8;
      outgoing[3] = length & 0xff;
      size = 4;
    } else {
      outgoing[1] = 127;
      outgoingView.setUint32(2, Math.floor(length / HIGH));
      outgoingView.setUint32(6, length % HIGH);
      size = 10;
    }
    this.#output.push(outgoing, 0, size);
    if (length > 0) this.#output.push(payload);
  }

  // Receiving.

  /** Reads a header, or a part of it; returns where the payload begins, or the chunk ends. */
  #readHeader(chunk: Uint8Array, start: number): number {
    if (this.#headerLength > 0) return this.#readCutHeader(chunk, start);
    const length = headerLength(chunk[start + 1]);
    if (start + length > chunk.length) return this.#readCutHeader(chunk, start);
    if (!this.#checkHeader(chunk[start] as number, chunk[start + 1] as number)) return start + 2;
    this.#begin(chunk, start, length);
    return start + length;
  }

  /** Continues with a header that is cut: collects it byte by byte. */
  #readCutHeader(chunk: Uint8Array, start: number): number {
    const header = this.#header ??= new Uint8Array(MAX_HEADER);
    let at = start;
    while (at < chunk.length) {
      header[this.#headerLength++] = chunk[at++] as number;
      if (this.#headerLength < 2) continue;
      const [first = 0, second = 0] = header;
      if (this.#headerLength === 2 && !this.#checkHeader(first, second)) return at;
      const length = headerLength(second);
      if (this.#headerLength < length) continue;
      this.#headerLength = 0;
      this.#begin(header, 0, length);
      return at;
    }
    return at;
  }

  #checkHeader(first: number, second: number): boolean {
    const opcode = first & 0x0f;
    const isControl = opcode >= CLOSE;
    if ((first & RESERVED) !== 0) return this.#fail(1002, "a reserved bit is set");
    if (isControl ? opcode > PONG : opcode > BINARY) {
      return this.#fail(1002, "an opcode is unknown");
    }
    if ((second & MASKED) === 0) return this.#fail(1002, "a frame is not masked");
    if (isControl) {
      if ((first & FIN) === 0) return this.#fail(1002, "a control frame is fragmented");
      const length = second & 0x7f;
      if (length > MAX_CONTROL) return this.#fail(1002, "a control frame is too long");
      if (opcode === CLOSE && length === 1) return this.#fail(1002, "a close code is cut");
    } else if (opcode === CONTINUATION && this.#message === 0) {
      return this.#fail(1002, "a continuation has no beginning");
    } else if (opcode !== CONTINUATION && this.#message !== 0) {
      return this.#fail(1002, "a message begins within another");
    }
    return true;
  }

  /** Begins a frame with its whole header, which is at `start` in `header`. */
  #begin(header: Uint8Array, start: number, size: number): void {
    const first = header[start] as number;
    const mask = start + size - MASK_LENGTH;
    let length = (header[start + 1] as number) & 0x7f;
    if (size > 2 + MASK_LENGTH) {
      length = 0;
      for (let at = start + 2; at < mask; at++) length = length * 256 + (header[at] as number);
    }
    if (length > Number.MAX_SAFE_INTEGER) return void this.#fail(1009, "a frame is too long");
    this.#left = length;
    this.#opcode = first & 0x0f;
    this.#fin = (first & FIN) !== 0;
    this.#mask = 0;
    for (let at = mask; at < mask + MASK_LENGTH; at++) {
      this.#mask = this.#mask << 8 | (header[at] as number);
    }
    this.#controlLength = 0;
    if (this.#opcode === TEXT || this.#opcode === BINARY) {
      this.#message = this.#opcode;
      this.#utf8 = this.#opcode === TEXT ? new TextDecoder("utf-8", { fatal: true }) : undefined;
    }
    if (length === 0) this.#endFrame(NO_BYTES);
  }

  #readPayload(chunk: Uint8Array, start: number): number {
    const end = Math.min(chunk.length, start + this.#left);
    const bytes = chunk.subarray(start, end);
    this.#unmask(bytes);
    this.#left -= bytes.length;
    if (this.#left === 0) this.#endFrame(bytes);
    else this.#part(bytes, false);
    return end;
  }

  /** Ends a frame with its last bytes. */
  #endFrame(bytes: Uint8Array): void {
    this.#left = -1;
    this.#part(bytes, true);
  }

  /** Takes part of a payload; `ended`: the frame ends with it. */
  #part(bytes: Uint8Array, ended: boolean): void {
    if (this.#opcode >= CLOSE) {
      if (ended && this.#controlLength === 0) return this.#endControl(bytes);
      const control = this.#control ??= new Uint8Array(MAX_CONTROL);
      control.set(bytes, this.#controlLength);
      this.#controlLength += bytes.length;
      return ended ? this.#endControl(control.slice(0, this.#controlLength)) : undefined;
    }
    const last = ended && this.#fin;
    const text = this.#message === TEXT;
    if (text && !this.#isUtf8(bytes, last)) return void this.#fail(1007, "text is not UTF-8");
    if (bytes.length > 0 || last) this.#report({ type: "data", bytes, text, last });
    if (last) this.#message = 0;
  }

  #isUtf8(bytes: Uint8Array, last: boolean): boolean {
    try {
      this.#utf8?.decode(bytes, { stream: !last });
      return true;
    } catch {
      return false;
    }
  }

  #endControl(payload: Uint8Array): void {
    if (this.#opcode === PING) {
      if (!this.#closed) this.#frame(PONG, payload);
      this.#report({ type: "ping", payload });
    } else if (this.#opcode === PONG) this.#report({ type: "pong", payload });
    else this.#endByClose(payload);
  }

  #endByClose(payload: Uint8Array): void {
    const [high = 0, low = 0] = payload;
    const code = payload.length === 0 ? NO_STATUS : high * 256 + low;
    if (payload.length > 0 && !isCode(code)) {
      return void this.#fail(1002, "a close code is invalid");
    }
    let reason: string;
    try {
      reason = new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
    } catch {
      return void this.#fail(1007, "a close reason is not UTF-8");
    }
    this.#over = true;
    this.#report({ type: "close", code, reason });
  }

  #fail(code: number, reason: string): false {
    this.#over = true;
    this.#report({ type: "violation", code, reason });
    return false;
  }

  #report(event: WebSocketEvent): void {
    if (this.#events === undefined) this.#events = [event];
    else this.#events.push(event);
  }

  /** Unmasks in place, by words where the bytes are aligned. */
  #unmask(bytes: Uint8Array): void {
    let mask = this.#mask;
    let at = 0;
    const { length } = bytes;
    if (length >= BY_WORDS) {
      for (; (bytes.byteOffset + at) % 4 !== 0; at++) {
        bytes[at] = (bytes[at] as number) ^ mask >>> 24;
        mask = mask << 8 | mask >>> 24;
      }
      // The mask as a word, in the machine's byte order.
      turnedView.setInt32(0, mask);
      const word = turnedWord[0] as number;
      const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (length - at) >> 2);
      for (let index = 0; index < words.length; index++) {
        words[index] = (words[index] as number) ^ word;
      }
      at += words.length * 4;
    }
    for (; at < length; at++) {
      bytes[at] = (bytes[at] as number) ^ mask >>> 24;
      mask = mask << 8 | mask >>> 24;
    }
    this.#mask = mask;
  }
}

/**
 * The length of a frame's header, with its mask.
 *
 * @param second The second byte of the header; `undefined`: it has not come.
 */
function headerLength(second: number | undefined): number {
  const short = (second ?? 0) & 0x7f;
  return 2 + MASK_LENGTH + (short === 126 ? 2 : short === 127 ? 8 : 0);
}

function isCode(code: number): boolean {
  return CODES.has(code) || (Number.isInteger(code) && code >= 3000 && code <= 4999);
}
