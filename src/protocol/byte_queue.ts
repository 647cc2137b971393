import { SlabBuffer, view } from "./slab_buffer.ts";
import { IAC } from "./codes.ts";
import { findIac } from "./find_iac.ts";

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
/** Shorter texts are faster written anew than remembered. */
const WORTH = 16;

/** The last short text that was sent, and its bytes once it was sent twice in a row: to everybody, say. */
let lastText = "";
let lastBytes: Uint8Array | undefined;

/** The same for a text that is no longer than a line. */
function bytesOfLast(text: string): Uint8Array | undefined {
  if (text === lastText) return lastBytes ??= asciiBytes(text);
  lastText = text;
  lastBytes = undefined;
  return undefined;
}

/** From here on a text is worth a look among those of before: the description of a room, say. */
const LONG = 128;
/** So many of them are remembered, if they are not longer than this. */
const MAX_TEXTS = 32;
const MAX_LENGTH = 8_192;

/** Long texts that were sent lately, and their bytes once they were sent twice. */
const recentTexts: Map<string, Uint8Array | undefined> = new Map();

/** The bytes of a text that was sent before, if they are to be had. */
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

/** Bytes on their way out: appended in small pieces, taken as one. Holds no memory while empty. */
export class ByteQueue {
  readonly #region = new SlabBuffer();
  /** All that waits, where it is the bytes of one text that go to many. */
  #shared: Uint8Array | undefined;

  /** Bytes waiting. */
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
   * Appends text of ASCII, `\n` as CR LF.
   *
   * @returns `false`, and nothing is appended, where the text has another character, or a CR.
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

  /** Hands over all that waits; the array may be shared, and must not be changed. */
  take(): Uint8Array {
    const shared = this.#shared;
    if (shared === undefined) return this.#region.length === 0 ? EMPTY : this.#region.take();
    this.#shared = undefined;
    return shared;
  }

  /** A copy of all that waits, which goes on waiting. */
  peek(): Uint8Array {
    const { buffer, start, end } = this.#writable(0);
    return view(buffer, start, end).slice();
  }

  /** The region, with all that waits in it, and room for more. */
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

/** Writes text of ASCII, `\n` as CR LF; returns where it ends, or -1 where it is none. */
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
