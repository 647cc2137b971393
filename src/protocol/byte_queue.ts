import { SlabBuffer, view } from "./slab_buffer.ts";
import { IAC } from "./codes.ts";
import { findIac } from "./find_iac.ts";
import { withCr, withNul } from "./line_ends.ts";

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
/** Shorter texts are not cached: encoding them is faster than the lookup. */
const WORTH = 16;
/** Texts of at least this length, such as room descriptions, are encoded faster by the engine. */
const LONG = 128;
/** The most long texts that are cached. */
const MAX_TEXTS = 32;
/** The longest text that is cached. */
export const MAX_CACHED_TEXT = 8_192;

/** The bytes of a text as UTF-8, with `\n` as CR LF. */
interface CachedText {
  readonly bytes: Uint8Array;
  /** Whether the text is ASCII. */
  readonly ascii: boolean;
}

/**
 * The last short text, and its bytes after it was sent twice in a row, for example to all clients.
 */
let lastText = "";
let lastCached: CachedText | undefined;

/** Returns the cached bytes of a text. */
function cachedText(text: string): CachedText | undefined {
  if (text.length < WORTH) return undefined;
  return text.length < LONG ? cachedShort(text) : cachedLong(text);
}

/** Returns the cached bytes of a short text that was also the last one sent. */
function cachedShort(text: string): CachedText | undefined {
  if (text === lastText) return lastCached ??= encoded(text);
  lastText = text;
  lastCached = undefined;
  return undefined;
}

/** Long texts that were sent recently, and their bytes after the second time. */
const recentTexts: Map<string, CachedText | undefined> = new Map();

/** Returns the cached bytes of a long text that was sent before. */
function cachedLong(text: string): CachedText | undefined {
  const known = recentTexts.get(text);
  if (known !== undefined) return known;
  if (text.length > MAX_CACHED_TEXT || text.includes("\r")) return undefined;
  const again = recentTexts.has(text);
  if (!again && recentTexts.size >= MAX_TEXTS) recentTexts.clear();
  const cached = again ? encoded(text) : undefined;
  recentTexts.set(text, cached);
  return cached;
}

/** Encodes a text to cache it: one without a CR or a lone surrogate. */
function encoded(text: string): CachedText | undefined {
  if (text.includes("\r") || !text.isWellFormed()) return undefined;
  const wire = withCr(text);
  const bytes = encoder.encode(wire);
  return { bytes, ascii: bytes.length === wire.length };
}

/** How a CR before anything but LF or NUL is sent. */
type LoneCr = "refused" | "CR NUL" | "CR";

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
    const cached = cachedText(text);
    if (cached !== undefined) return cached.ascii && this.#pushShared(cached.bytes);
    if (text.length < LONG) return this.#pushShort(text, "refused");
    return !text.includes("\r") && this.#encode(withCr(text), 1);
  }

  /**
   * Appends text as UTF-8, with `\n` as CR LF and a lone CR as CR NUL, or as CR if `binary`.
   *
   * @returns `false` if the text has a CR at its end or a lone surrogate; then nothing is appended.
   */
  pushUtf8(text: string, binary: boolean): boolean {
    const cached = cachedText(text);
    if (cached !== undefined) return this.#pushShared(cached.bytes);
    if (text.length < LONG && this.#pushShort(text, binary ? "CR" : "CR NUL")) return true;
    if (text.endsWith("\r") || !text.isWellFormed()) return false;
    const lines = withCr(text);
    const wire = binary || !text.includes("\r") ? lines : withNul(lines);
    if (wire.length <= MAX_CACHED_TEXT) return this.#encode(wire, 3);
    // Room for what a very long text may need at most would take too much memory.
    this.push(encoder.encode(wire));
    return true;
  }

  /** Appends bytes that may be shared with other queues. */
  #pushShared(bytes: Uint8Array): true {
    if (this.length === 0) this.#shared = bytes;
    else this.push(bytes);
    return true;
  }

  /** Appends a short text if it is ASCII, without a CR that is refused. */
  #pushShort(text: string, loneCr: LoneCr): boolean {
    const region = this.#writable(2 * text.length);
    const end = writeAscii(text, region.buffer, region.end, loneCr);
    if (end === -1) return false;
    region.end = end;
    return true;
  }

  /**
   * Appends a text if it fits.
   *
   * @param unitSize The most bytes for each UTF-16 unit. Into 1 only ASCII fits, into 3 any text.
   */
  #encode(wire: string, unitSize: 1 | 3): boolean {
    const most = unitSize * wire.length;
    const region = this.#writable(most);
    const free = view(region.buffer, region.end, region.end + most);
    const { read, written } = encoder.encodeInto(wire, free);
    if (read < wire.length) return false;
    region.end += written;
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

/** Writes ASCII text with `\n` as CR LF; returns the end index, or -1 if it cannot be written. */
function writeAscii(text: string, buffer: Uint8Array, start: number, loneCr: LoneCr): number {
  let end = start;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return -1;
    if (code === CR) {
      if (loneCr === "refused" || at + 1 === text.length) return -1;
      const next = text.charCodeAt(at + 1);
      if (next === LF) continue; // which is written as CR LF
      buffer[end++] = CR;
      if (next !== NUL && loneCr === "CR NUL") buffer[end++] = NUL;
    } else {
      if (code === LF) buffer[end++] = CR;
      buffer[end++] = code;
    }
  }
  return end;
}
