import { SlabBuffer, view } from "./slab_buffer.ts";
import { IAC } from "./codes.ts";
import { findIac } from "./find_iac.ts";

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
/** Shorter texts are not cached: encoding them is faster than the lookup. */
const WORTH = 16;

/**
 * The last short text, and its bytes after it was sent twice in a row, for example to all clients.
 */
let lastText = "";
let lastBytes: Uint8Array | undefined;

/** Returns the cached bytes of a short text that was also the last one sent. */
function bytesOfLast(text: string): Uint8Array | undefined {
  if (text === lastText) return lastBytes ??= asciiBytes(text);
  lastText = text;
  lastBytes = undefined;
  return undefined;
}

/** Texts of at least this length, such as room descriptions, are cached in `recentTexts`. */
const LONG = 128;
/** The most texts that are cached, and the longest. */
const MAX_TEXTS = 32;
const MAX_LENGTH = 8_192;

/** Long texts that were sent recently, and their bytes after the second time. */
const recentTexts: Map<string, Uint8Array | undefined> = new Map();

/** Returns the cached bytes of a long text that was sent before. */
function bytesOf(text: string): Uint8Array | undefined {
  const known = recentTexts.get(text);
  if (known !== undefined) return known;
  if (text.length > MAX_LENGTH) return undefined;
  const again = recentTexts.has(text);
  if (!again && recentTexts.size >= MAX_TEXTS) recentTexts.clear();
  const bytes = again ? asciiBytes(text) : undefined;
  recentTexts.set(text, bytes);
  return bytes;
}

/** Output bytes: appended in small pieces, taken as one array. Holds no memory while empty. */
export class ByteQueue {
  readonly #region = new SlabBuffer();
  /** The cached bytes of one text, if they are all the bytes in the queue. */
  #shared: Uint8Array | undefined;

  /** The number of bytes in the queue. */
  get length(): number {
    return this.#shared === undefined ? this.#region.length : this.#shared.length;
  }

  /** Appends two bytes: IAC and a command. */
  pushCommand(command: number): void {
    const region = this.#writable(2);
    region.buffer[region.end++] = IAC;
    region.buffer[region.end++] = command;
  }

  /** Appends three bytes: IAC, a verb or SB, and an option. */
  pushVerb(verb: number, option: number): void {
    const region = this.#writable(3);
    const { buffer, end } = region;
    buffer[end] = IAC;
    buffer[end + 1] = verb;
    buffer[end + 2] = option;
    region.end = end + 3;
  }

  /** Appends bytes as they are. */
  push(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    this.#writable(end - start).push(bytes, start, end);
  }

  /** Appends data with each 0xFF doubled (RFC 854). */
  pushEscaped(bytes: Uint8Array): void {
    const region = this.#writable(bytes.length);
    let start = 0;
    for (let iac = findIac(bytes, 0); iac !== -1; iac = findIac(bytes, iac + 1)) {
      region.push(bytes, start, iac + 1);
      start = iac;
    }
    region.push(bytes, start, bytes.length);
  }

  /**
   * Appends ASCII text with `\n` as CR LF.
   *
   * @returns `false` if the text has a non-ASCII character or a CR; then nothing is appended.
   */
  pushAscii(text: string): boolean {
    if (text.length >= WORTH) {
      const bytes = text.length < LONG ? bytesOfLast(text) : bytesOf(text);
      if (bytes !== undefined) {
        if (this.length === 0) this.#shared = bytes;
        else this.push(bytes);
        return true;
      }
    }
    const region = this.#writable(2 * text.length);
    const end = writeAscii(text, region.buffer, region.end);
    if (end === -1) return false;
    region.end = end;
    return true;
  }

  /** Removes and returns all bytes. The array may be shared, and must not be changed. */
  take(): Uint8Array {
    const shared = this.#shared;
    if (shared === undefined) return this.#region.length === 0 ? EMPTY : this.#region.take();
    this.#shared = undefined;
    return shared;
  }

  /** Returns a copy of all bytes without removing them. */
  peek(): Uint8Array {
    const { buffer, start, end } = this.#writable(0);
    return view(buffer, start, end).slice();
  }

  /** Returns the region with all bytes in it, and room for `more` bytes. */
  #writable(more: number): SlabBuffer {
    const region = this.#region;
    const shared = this.#shared;
    if (shared !== undefined) {
      this.#shared = undefined;
      region.push(shared, 0, shared.length);
    }
    region.reserve(more);
    return region;
  }
}

/**
 * Writes ASCII text with `\n` as CR LF; returns the end index, or -1 for non-ASCII text or a CR.
 */
function writeAscii(text: string, buffer: Uint8Array, start: number): number {
  let end = start;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f || code === CR) return -1;
    if (code === LF) buffer[end++] = CR;
    buffer[end++] = code;
  }
  return end;
}

function asciiBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(2 * text.length);
  const end = writeAscii(text, bytes, 0);
  return end === -1 ? undefined : bytes.slice(0, end);
}
