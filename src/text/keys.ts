import { checkBoolean, checkCount, rejectUnknownKeys } from "../protocol/validate.ts";
import {
  beginsSequence,
  BROKEN,
  GROUND,
  nextState,
  type SequenceState,
  STRING_ESCAPE,
} from "./escape_sequences.ts";
import { type Key, typedText } from "./key.ts";
import { beginsPaste, keyOf } from "./key_sequences.ts";
import { ITEM_SIZE, textSize } from "./sizes.ts";
import { graphemes, withoutLast } from "./width.ts";

/** Where a {@linkcode KeyDecoder} stands between two texts, as plain JSON. */
export interface KeyDecoderSnapshot {
  /** Text that is not decoded: the beginning of a sequence. */
  readonly unread: string;
  /** How much of a sequence was dropped, as it is too long for a key. */
  readonly skipped: number;
  /** Whether the last key was a CR, which an LF or NUL may follow. */
  readonly afterCr: boolean;
  /** Whether a paste has begun and not ended. */
  readonly pasting: boolean;
  /** What of the paste is not handed over. */
  readonly pasted: string;
  /** How long the paste is so far, in UTF-16 units. */
  readonly pasteLength: number;
}

/** How to decode keys. */
export interface KeyDecoderOptions {
  /**
   * How long a lone ESC waits for the rest of a sequence before it is the key, in milliseconds.
   * Default 100. On slow lines more is better.
   */
  readonly escapeTimeout?: number;
  /** Whether printable text comes in runs instead of by grapheme cluster. Default `false`. */
  readonly runs?: boolean;
}

const DEFAULTS: KeyDecoderOptions = {};
/** How long a lone ESC waits where nobody has set it. */
export const ESCAPE_TIMEOUT_MS = 100;

/** What begins a sequence after ESC, and alone is Alt with a sign. */
const INTRODUCERS = "[O]PX^_";
/** The end of what is pasted, with CSI in seven bits or in eight. */
const PASTE_ENDS: readonly string[] = ["\x1b[201~", "\x9b201~"];
const PASTE_END = /\x1b\[201~|\x9b201~/g;
/** Pasted text comes in pieces of this size, so that no paste fills the memory. */
const PASTE_PIECE = 4_096;
/** A paste that is longer, or whose end has not come for so long, has lost its end. */
const MAX_PASTE = 1_048_576;
const PASTE_TIMEOUT_MS = 1_000;
const INTERRUPT = "\x03";
/** No sequence of a key is longer; more of one is not kept. */
const MAX_SEQUENCE = 256;
/** Nor does a string, such as a title, go on for longer. */
const MAX_STRING = 65_536;
/** A sequence whose rest does not come for so long never ends. */
const SEQUENCE_TIMEOUT_MS = 1_000;
/**
 * Decodes what terminals send into keys: text in, keys out, cut anywhere. It knows the sequences of
 * xterm, VT100 and VT220, the Linux console, rxvt, PuTTY and the Telnet client of Windows, and those of CSI u
 * and modifyOtherKeys. Other sequences, such as mouse reports, are ignored.
 *
 * It has no clock: a lone ESC is told from the start of a sequence by the time that is given. A sequence or a
 * paste whose end does not come is given up after a second.
 *
 * @example
 * ```ts
 * import { KeyDecoder } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * const keys = new KeyDecoder();
 * const names = keys.push("hé\x1b[1;5C\x01\r", 0).map(({ name, text, ctrl }) =>
 *   (ctrl ? "ctrl+" : "") + (text || name)
 * );
 * assertEquals(names, ["h", "é", "ctrl+right", "ctrl+a", "enter"]);
 *
 * assertEquals(keys.push("\x1b", 0), []); // a sequence may follow
 * assertEquals(keys.flush(100).map(({ name }) => name), ["escape"]);
 * ```
 */
export class KeyDecoder {
  /** How long a lone ESC waits for the rest of a sequence, in milliseconds. */
  escapeTimeout: number;
  /** Whether printable text comes in runs instead of by grapheme cluster. */
  runs: boolean;
  /** What was fed, and how much of it is decoded. */
  #text = "";
  #at = 0;
  /** When the last of it came. */
  #fedAt = 0;
  /** Whether the rest of it is the beginning of a sequence. */
  #incomplete = false;
  /** How far the sequence is read that begins there, and what state it is in. */
  #scanned = 0;
  #state: SequenceState = GROUND;
  /** How much of it was dropped. */
  #skipped = 0;
  #afterCr = false;
  #pasting = false;
  #pasted = "";
  #pasteLength = 0;
  /** Whether Ctrl-C came by itself, later than what was pasted: somebody has pressed it. */
  #interrupted = false;
  /** Keys that are decoded, and how many of them were taken. */
  #keys: Key[] = [];
  #taken = 0;

  /**
   * Starts with nothing pending.
   *
   * @param options Each field has its default.
   * @throws {TelnetError} `misuse`: an unknown option, or a value that cannot be right.
   */
  constructor(options: KeyDecoderOptions = DEFAULTS) {
    if (options !== DEFAULTS) {
      rejectUnknownKeys("KeyDecoder", options, { escapeTimeout: true, runs: true });
    }
    const { escapeTimeout = ESCAPE_TIMEOUT_MS, runs = false } = options;
    checkCount("KeyDecoder.escapeTimeout", escapeTimeout);
    checkBoolean("KeyDecoder.runs", runs);
    this.escapeTimeout = escapeTimeout;
    this.runs = runs;
  }

  /**
   * Takes the next text.
   *
   * @param text What arrived.
   * @param now The time in milliseconds.
   * @returns The keys that are complete.
   */
  push(text: string, now: number): Key[] {
    this.feed(text, now);
    return this.#takeAll();
  }

  /**
   * Takes the next text, for {@linkcode next}.
   *
   * @param text What arrived.
   * @param now The time in milliseconds.
   */
  feed(text: string, now: number): void {
    if (text === "") return;
    const alone = this.#at === this.#text.length && now > this.#fedAt;
    this.#interrupted = this.#pasting && alone && text === INTERRUPT;
    this.#text = this.#text.slice(this.#at) + text;
    this.#scanned -= this.#at;
    this.#at = 0;
    this.#fedAt = now;
    this.#incomplete = false;
  }

  /** The next key that is complete; `undefined` while none is. */
  next(): Key | undefined {
    while (this.#taken === this.#keys.length) {
      this.#keys = [];
      this.#taken = 0;
      const { length } = this.#text;
      if (this.#at >= length) return undefined;
      const end = this.#pasting
        ? this.#inPaste(this.#text, this.#at)
        : this.#atKey(this.#text, this.#at);
      if (end === undefined || (end === this.#at && this.#pasting)) {
        this.#incomplete = true;
        this.#trim();
        return undefined;
      }
      this.#goTo(end);
    }
    return this.#keys[this.#taken++];
  }

  /** Takes what was fed and came to no key, for somebody else to read. */
  takeUnread(): string {
    const unread = this.#typedKeys() + this.#pasted + this.#text.slice(this.#at);
    this.#keys = [];
    this.#taken = 0;
    this.#text = this.#pasted = "";
    this.#goTo(0);
    this.#pasting = false;
    return unread;
  }

  /** Whether the last key was a CR: an LF or NUL that follows belongs to it. */
  get afterCr(): boolean {
    return this.#afterCr;
  }

  set afterCr(afterCr: boolean) {
    this.#afterCr = afterCr;
  }

  /** Where it stands, as plain JSON. */
  snapshot(): KeyDecoderSnapshot {
    const [pasting, keys] = [this.#pasting, this.#typedKeys()];
    // Within a paste the keys that were not taken are pieces of it.
    const pasted = (pasting ? keys : "") + this.#pasted;
    const unread = (pasting ? "" : keys) + this.#text.slice(this.#at);
    const afterCr = this.#afterCr && keys === "";
    const [skipped, pasteLength] = [this.#skipped, this.#pasteLength];
    return { unread, skipped, afterCr, pasting, pasted, pasteLength };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   * @param now The time in milliseconds, from which a lone ESC waits anew.
   */
  restore(snapshot: KeyDecoderSnapshot, now: number): void {
    this.#text = snapshot.unread;
    this.#goTo(0);
    this.#skipped = snapshot.skipped;
    this.#fedAt = now;
    this.#afterCr = snapshot.afterCr;
    this.#pasting = snapshot.pasting;
    this.#pasted = snapshot.pasted;
    this.#pasteLength = snapshot.pasteLength;
  }

  /** The keys that were decoded and not taken, as they were typed; an LF may follow the last CR. */
  #typedKeys(): string {
    const typed = this.#keys.slice(this.#taken).map(typedText).join("");
    return this.#afterCr && typed.endsWith("\r\n") ? typed.slice(0, -1) : typed;
  }

  /** Whether part of a sequence, or of what is pasted, has come, and its end has not. */
  get pending(): boolean {
    return this.#at < this.#text.length || this.#pasting;
  }

  /** Whether something was fed that {@linkcode next} has not looked at. */
  get hasUnread(): boolean {
    return this.#taken < this.#keys.length || (!this.#incomplete && this.#at < this.#text.length);
  }

  /** How many bytes it holds of what was fed, about. */
  get held(): number {
    const keys = this.#keys.length - this.#taken;
    return keys * ITEM_SIZE + textSize(this.#text.length) + textSize(this.#pasted.length);
  }

  /** When {@linkcode flush} is due; `undefined` while nothing waits for it. */
  nextTimeout(): number | undefined {
    const wait = this.#wait();
    return wait === undefined || this.hasUnread ? undefined : this.#fedAt + wait;
  }

  /** How long what has come waits for more. */
  #wait(): number | undefined {
    const { length } = this.#text;
    if (this.#pasting) {
      return this.#pasted !== ""
        ? this.escapeTimeout
        : Math.max(this.escapeTimeout, PASTE_TIMEOUT_MS);
    }
    if (this.#at === length) return undefined;
    // A person may have pressed Alt and a sign; more is the beginning of a sequence.
    const pending = this.#text.slice(this.#at, this.#at + 4);
    return isAltKey(pending)
      ? this.escapeTimeout
      : Math.max(this.escapeTimeout, SEQUENCE_TIMEOUT_MS);
  }

  /**
   * Gives up waiting for the rest of a sequence, if its time is over.
   *
   * @param now The time in milliseconds.
   * @returns The keys that are complete now.
   */
  flush(now: number): Key[] {
    return this.expire(now) ? this.#takeAll() : [];
  }

  /**
   * The same as {@linkcode flush}, for {@linkcode next}.
   *
   * @param now The time in milliseconds.
   * @returns Whether the wait is over, and keys may have come of it.
   */
  expire(now: number): boolean {
    const due = this.nextTimeout();
    if (due === undefined || now < due) return false;
    if (!this.#pasting) {
      this.#giveUp();
      return true;
    }
    // What was pasted is shown, and a Ctrl-C was pressed that nothing follows.
    const interrupted = this.#pasted.endsWith(INTERRUPT);
    this.#pastePiece(this.#pasted.length);
    if (interrupted) this.#interrupt();
    else if (now >= this.#fedAt + Math.max(this.escapeTimeout, PASTE_TIMEOUT_MS)) {
      this.#endPaste();
      this.#giveUp();
    }
    return true;
  }

  /** Erases the last character, as the Telnet command EC does: nothing before it goes on behind it. */
  eraseCharacter(): void {
    if (this.#pasting && this.#pasted !== "") {
      this.#pasted = withoutLast(this.#pasted);
      return;
    }
    if (!this.#pasting) this.#giveUp();
    this.#push("backspace");
  }

  /** Nothing more comes of a sequence that was begun. */
  #giveUp(): void {
    if (!this.#incomplete) return;
    const pending = this.#text.slice(this.#at);
    this.#goTo(this.#text.length);
    this.#abandon(pending);
  }

  /** A sequence that does not end: ESC is a key by itself, or Alt with a sign; more of one is nothing. */
  #abandon(sequence: string): void {
    if (!isAltKey(sequence)) return;
    let at = 0;
    for (; sequence[at + 1] === "\x1b"; at++) this.#push("escape");
    const sign = sequence.slice(at + 1);
    if (sign === "") this.#push("escape");
    else this.#push(sign.toLowerCase(), { alt: true, shift: sign !== sign.toLowerCase() });
  }

  /** The next key begins at a place. */
  #goTo(at: number): void {
    this.#at = this.#scanned = at;
    this.#state = GROUND;
    this.#skipped = 0;
  }

  /** Of a long sequence no more is kept than of a key's; it goes on where it stood. */
  #trim(): void {
    if (this.#pasting || this.#text.length - this.#at <= MAX_SEQUENCE) return;
    const begun = this.#text.slice(this.#at, this.#at + MAX_SEQUENCE - 1);
    const last = this.#state === STRING_ESCAPE ? "\x1b" : this.#text.slice(-1);
    this.#skipped += this.#text.length - this.#at - MAX_SEQUENCE;
    this.#text = begun + last;
    this.#at = 0;
    this.#scanned = MAX_SEQUENCE;
  }

  /** Drops the beginning of a sequence, and of a paste. */
  forget(): void {
    this.takeUnread();
  }

  #takeAll(): Key[] {
    const keys: Key[] = [];
    for (let key = this.next(); key !== undefined; key = this.next()) keys.push(key);
    return keys;
  }

  #push(name: string, how: { ctrl?: boolean; alt?: boolean; shift?: boolean } = {}, text = "") {
    const { ctrl = false, alt = false, shift = false } = how;
    this.#keys.push({ name, text, ctrl, alt, shift });
  }

  /** Takes one key; returns where it ends, `undefined` where it is not complete. */
  #atKey(text: string, at: number): number | undefined {
    const code = text.charCodeAt(at);
    const afterCr = this.#afterCr;
    this.#afterCr = code === 0x0d;
    if (code === 0x1b) return this.#escape(text, at);
    if (beginsSequence(code)) return this.#sequence(text, at, at, false);
    if (code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0)) {
      return this.#printable(text, at);
    }
    if ((code === 0x0a || code === 0) && afterCr) return at + 1; // it belongs to the CR
    this.#control(code, false);
    return at + 1;
  }

  #control(code: number, alt: boolean): void {
    if (code === 0x0d || code === 0x0a) this.#push("enter", { alt });
    else if (code === 0x09) this.#push("tab", { alt });
    else if (code === 0x08 || code === 0x7f) this.#push("backspace", { alt });
    else if (code > 0 && code < 0x1b) {
      this.#push(String.fromCharCode(code + 0x60), { ctrl: true, alt });
    } else if (code > 0x1b && code < 0x20) {
      this.#push(String.fromCharCode(code + 0x40), { ctrl: true, alt });
    }
  }

  /** A run of printable text. */
  #printable(text: string, start: number): number {
    let end = start + 1;
    while (end < text.length && isPrintable(text.charCodeAt(end))) end++;
    const run = text.slice(start, end);
    if (this.runs) this.#push("text", {}, run);
    else for (const cluster of graphemes(run)) this.#push("text", {}, cluster);
    return end;
  }

  #escape(text: string, at: number): number | undefined {
    const second = text[at + 1];
    if (second === undefined) return undefined;
    if (INTRODUCERS.includes(second)) return this.#sequence(text, at, at, false);
    if (second === "\x1b") return this.#doubleEscape(text, at);
    const code = second.charCodeAt(0);
    if (code < 0x20 || code === 0x7f) {
      this.#control(code, true);
      this.#afterCr = code === 0x0d;
      return at + 2;
    }
    const character = String.fromCodePoint(text.codePointAt(at + 1) ?? code);
    const lower = character.toLowerCase();
    this.#push(lower, { alt: true, shift: lower !== character });
    return at + 1 + character.length;
  }

  /** rxvt and PuTTY put an ESC before the sequence of a key that is pressed with Alt. */
  #doubleEscape(text: string, at: number): number | undefined {
    const third = text[at + 2];
    if (third === undefined) return undefined;
    if (third === "[" || third === "O") return this.#sequence(text, at, at + 1, true);
    this.#push("escape");
    return at + 1;
  }

  /**
   * Takes a sequence; returns where it ends, `undefined` where it is not complete.
   *
   * @param at Where it begins, with the ESC of Alt.
   * @param start Where it begins without that.
   */
  #sequence(text: string, at: number, start: number, alt: boolean): number | undefined {
    let state = this.#state;
    let position = Math.max(this.#scanned, start);
    for (; position < text.length; position++) {
      const next = nextState(state, text.charCodeAt(position), "terminal");
      if (next === BROKEN || position - at + this.#skipped > MAX_STRING) {
        // The ESC within a string begins another sequence.
        const end = state === STRING_ESCAPE ? text.lastIndexOf("\x1b", position - 1) : position;
        if (this.#skipped === 0) this.#abandon(text.slice(at, end));
        return end;
      }
      if (next === GROUND) {
        const end = position + 1;
        if (end - start + this.#skipped <= MAX_SEQUENCE) this.#report(text.slice(start, end), alt);
        return end;
      }
      state = next;
    }
    this.#state = state;
    this.#scanned = position;
    return undefined;
  }

  /** A sequence that has ended: a key, or something that a terminal reports. */
  #report(sequence: string, alt: boolean): void {
    if (beginsPaste(sequence)) {
      this.#pasting = true;
      this.#pasteLength = 0;
      return;
    }
    const key = keyOf(sequence, alt);
    if (key !== undefined) this.#keys.push(key);
  }

  /** Pasted text up to its end, which may be cut. */
  #inPaste(text: string, at: number): number {
    if (this.#interrupted) {
      this.#interrupted = false;
      this.#interrupt();
      return at + 1;
    }
    PASTE_END.lastIndex = at;
    const [marker = ""] = PASTE_END.exec(text) ?? [];
    const end = marker === "" ? -1 : PASTE_END.lastIndex - marker.length;
    const known = end === -1 ? text.length - overlap(text) : end;
    const stop = Math.min(Math.max(at, known), at + MAX_PASTE - this.#pasteLength);
    this.#takePasted(text.slice(at, stop));
    while (this.#pasted.length > PASTE_PIECE) {
      const high = /[\ud800-\udbff]/.test(this.#pasted[PASTE_PIECE - 1] ?? "");
      this.#pastePiece(high ? PASTE_PIECE - 1 : PASTE_PIECE);
    }
    const over = this.#pasteLength >= MAX_PASTE;
    if (stop < known || (end === -1 && !over)) {
      if (over) this.#endPaste();
      return stop; // what follows may be the beginning of the end
    }
    this.#endPaste();
    return end === -1 ? stop : end + marker.length;
  }

  #takePasted(text: string): void {
    if (text === "") return;
    this.#pasteLength += text.length;
    const first = text.charCodeAt(0);
    const rest = this.#afterCr && (first === 0x0a || first === 0) ? text.slice(1) : text;
    this.#afterCr = text.endsWith("\r");
    this.#pasted += rest.replaceAll(/\r\n|\r\0?/g, "\n");
  }

  /** The paste is over. */
  #endPaste(): void {
    this.#pastePiece(this.#pasted.length);
    this.#pasting = this.#afterCr = false;
  }

  /** Somebody pressed Ctrl-C in a paste that has lost its end. */
  #interrupt(): void {
    this.#endPaste();
    this.#push("c", { ctrl: true });
  }

  #pastePiece(length: number): void {
    const piece = this.#pasted.slice(0, length);
    this.#pasted = this.#pasted.slice(length);
    const clean = piece.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
    if (clean !== "") this.#push("paste", {}, clean);
  }
}

function isPrintable(code: number): boolean {
  return code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0);
}

/** Whether it may be ESC, or Alt with a sign that also begins sequences, and not more of a sequence. */
function isAltKey(text: string): boolean {
  const escapes = text.startsWith("\x1b\x1b") ? 2 : text.startsWith("\x1b") ? 1 : 0;
  return escapes > 0 &&
    (text.length === escapes ||
      (text.length === escapes + 1 && INTRODUCERS.includes(text[escapes] ?? "")));
}

/** How much of the end of a text may be the beginning of the end of a paste. */
function overlap(text: string): number {
  let most = 0;
  for (const end of PASTE_ENDS) {
    for (let length = most + 1; length < end.length; length++) {
      if (text.endsWith(end.slice(0, length))) most = length;
    }
  }
  return most;
}
