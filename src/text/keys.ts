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

/** The state of a {@linkcode KeyDecoder} between two texts, as plain JSON. */
export interface KeyDecoderSnapshot {
  /** Text that is not decoded yet, such as the beginning of a sequence. */
  readonly unread: string;
  /** How many UTF-16 units of a sequence were dropped because it is too long for a key. */
  readonly skipped: number;
  /** Whether the last key was a CR, which an LF or NUL may follow. */
  readonly afterCr: boolean;
  /** Whether a paste has begun but not ended. */
  readonly pasting: boolean;
  /** Pasted text that has not been returned yet. */
  readonly pasted: string;
  /** How long the paste is so far, in UTF-16 units. */
  readonly pasteLength: number;
}

/** How to decode keys. */
export interface KeyDecoderOptions {
  /**
   * How long a lone ESC waits for the rest of a sequence before it counts as the Escape key, in
   * milliseconds. Default 100; slow connections need more.
   */
  readonly escapeTimeout?: number;
  /**
   * Whether printable text is returned in runs instead of one key for each grapheme cluster.
   * Default `false`.
   */
  readonly runs?: boolean;
}

const DEFAULTS: KeyDecoderOptions = {};
/** The default of `escapeTimeout`. */
export const ESCAPE_TIMEOUT_MS = 100;

/**
 * The characters that begin a sequence after ESC. If nothing follows, they are Alt with that
 * character.
 */
const INTRODUCERS = "[O]PX^_";
/** The end marker of a bracketed paste, with CSI in seven bits or in eight. */
const PASTE_ENDS: readonly string[] = ["\x1b[201~", "\x9b201~"];
const PASTE_END = /\x1b\[201~|\x9b201~/g;
/** Pasted text is returned in pieces of this size, so that no paste fills the memory. */
const PASTE_PIECE = 4_096;
/** A paste that is longer than this, or that stops for this time, has lost its end marker. */
const MAX_PASTE = 1_048_576;
const PASTE_TIMEOUT_MS = 1_000;
const INTERRUPT = "\x03";
/** No key sequence is longer than this; the rest of a longer one is dropped. */
const MAX_SEQUENCE = 256;
/** The maximum length of a control string, such as a title. */
const MAX_STRING = 65_536;
/** How long to wait for the rest of a sequence before it is given up. */
const SEQUENCE_TIMEOUT_MS = 1_000;
/**
 * Decodes the input from a terminal into keys. The text may arrive in pieces that are cut anywhere.
 * It knows the sequences of xterm, VT100 and VT220, the Linux console, rxvt, PuTTY and the Telnet
 * client of Windows, and those of CSI u and modifyOtherKeys. Other sequences, such as mouse
 * reports, are ignored.
 *
 * It has no clock: it uses the time that it is given to tell a lone ESC from the start of a
 * sequence. It gives up an unfinished sequence or paste after a second.
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
  /** Whether printable text is returned in runs instead of one key for each grapheme cluster. */
  runs: boolean;
  /** The text that was fed, and how much of it is decoded. */
  #text = "";
  #at = 0;
  /** The time of the last `feed`. */
  #fedAt = 0;
  /** Whether the rest of it is an unfinished sequence. */
  #incomplete = false;
  /** How far that sequence has been scanned, and the state of the scan. */
  #scanned = 0;
  #state: SequenceState = GROUND;
  /** How many UTF-16 units of it were dropped. */
  #skipped = 0;
  #afterCr = false;
  #pasting = false;
  #pasted = "";
  #pasteLength = 0;
  /** Whether Ctrl-C arrived alone, after the pasted text: then the person pressed it. */
  #interrupted = false;
  /** Keys that are decoded, and how many of them were taken. */
  #keys: Key[] = [];
  #taken = 0;

  /**
   * Starts with nothing pending.
   *
   * @param options Each field has its default.
   * @throws {TelnetError} `misuse`: an unknown option, or an invalid value.
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

  /** Takes the next complete key; `undefined` if there is none. */
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

  /** Removes the input that has not been taken as keys and returns it, for another reader. */
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

  /** The current state, as plain JSON. */
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
   * @param now The time in milliseconds; the wait after a lone ESC starts again now.
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

  /**
   * The text of the decoded keys that were not taken. If an LF may follow the last CR, the text
   * ends with that CR.
   */
  #typedKeys(): string {
    const typed = this.#keys.slice(this.#taken).map(typedText).join("");
    return this.#afterCr && typed.endsWith("\r\n") ? typed.slice(0, -1) : typed;
  }

  /** Whether a sequence or a paste is unfinished. */
  get pending(): boolean {
    return this.#at < this.#text.length || this.#pasting;
  }

  /** Whether there is input that {@linkcode next} has not processed. */
  get hasUnread(): boolean {
    return this.#taken < this.#keys.length || (!this.#incomplete && this.#at < this.#text.length);
  }

  /** About how many bytes of memory the pending input takes. */
  get held(): number {
    const keys = this.#keys.length - this.#taken;
    return keys * ITEM_SIZE + textSize(this.#text.length) + textSize(this.#pasted.length);
  }

  /** When {@linkcode flush} is due; `undefined` if no input waits for it. */
  nextTimeout(): number | undefined {
    const wait = this.#wait();
    return wait === undefined || this.hasUnread ? undefined : this.#fedAt + wait;
  }

  /** How long the pending input waits for more. */
  #wait(): number | undefined {
    const { length } = this.#text;
    if (this.#pasting) {
      return this.#pasted !== ""
        ? this.escapeTimeout
        : Math.max(this.escapeTimeout, PASTE_TIMEOUT_MS);
    }
    if (this.#at === length) return undefined;
    // This may be Alt and a character; longer input is the beginning of a sequence.
    const pending = this.#text.slice(this.#at, this.#at + 4);
    return isAltKey(pending)
      ? this.escapeTimeout
      : Math.max(this.escapeTimeout, SEQUENCE_TIMEOUT_MS);
  }

  /**
   * Gives up an unfinished sequence or paste, if its time is over.
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
   * @returns Whether the wait is over; then keys may be available.
   */
  expire(now: number): boolean {
    const due = this.nextTimeout();
    if (due === undefined || now < due) return false;
    if (!this.#pasting) {
      this.#giveUp();
      return true;
    }
    // Return the pasted text now. If it ends with Ctrl-C and nothing follows, the person pressed
    // that.
    const interrupted = this.#pasted.endsWith(INTERRUPT);
    this.#pastePiece(this.#pasted.length);
    if (interrupted) this.#interrupt();
    else if (now >= this.#fedAt + Math.max(this.escapeTimeout, PASTE_TIMEOUT_MS)) {
      this.#endPaste();
      this.#giveUp();
    }
    return true;
  }

  /**
   * Erases the last character, as the Telnet command EC does. An unfinished sequence is given up
   * first.
   */
  eraseCharacter(): void {
    if (this.#pasting && this.#pasted !== "") {
      this.#pasted = withoutLast(this.#pasted);
      return;
    }
    if (!this.#pasting) this.#giveUp();
    this.#push("backspace");
  }

  /** Gives up an unfinished sequence. */
  #giveUp(): void {
    if (!this.#incomplete) return;
    const pending = this.#text.slice(this.#at);
    this.#goTo(this.#text.length);
    this.#abandon(pending);
  }

  /**
   * Handles a sequence that does not end: ESC alone is the Escape key, ESC and a character is Alt
   * with that character; longer ones are dropped.
   */
  #abandon(sequence: string): void {
    if (!isAltKey(sequence)) return;
    let at = 0;
    for (; sequence[at + 1] === "\x1b"; at++) this.#push("escape");
    const sign = sequence.slice(at + 1);
    if (sign === "") this.#push("escape");
    else this.#push(sign.toLowerCase(), { alt: true, shift: sign !== sign.toLowerCase() });
  }

  /** Sets where the next key begins. */
  #goTo(at: number): void {
    this.#at = this.#scanned = at;
    this.#state = GROUND;
    this.#skipped = 0;
  }

  /** Drops part of a long sequence; the scan continues in the same state. */
  #trim(): void {
    if (this.#pasting || this.#text.length - this.#at <= MAX_SEQUENCE) return;
    const begun = this.#text.slice(this.#at, this.#at + MAX_SEQUENCE - 1);
    const last = this.#state === STRING_ESCAPE ? "\x1b" : this.#text.slice(-1);
    this.#skipped += this.#text.length - this.#at - MAX_SEQUENCE;
    this.#text = begun + last;
    this.#at = 0;
    this.#scanned = MAX_SEQUENCE;
  }

  /** Drops all pending input, such as an unfinished sequence or paste. */
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

  /** Takes one key; returns where it ends, or `undefined` if it is not complete. */
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
   * Takes a sequence; returns where it ends, or `undefined` if it is not complete.
   *
   * @param at Where it begins, with the additional ESC for Alt.
   * @param start Where it begins without that ESC.
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

  /**
   * Handles a complete sequence: a key, the start of a paste, or a report of the terminal
   * (ignored).
   */
  #report(sequence: string, alt: boolean): void {
    if (beginsPaste(sequence)) {
      this.#pasting = true;
      this.#pasteLength = 0;
      return;
    }
    const key = keyOf(sequence, alt);
    if (key !== undefined) this.#keys.push(key);
  }

  /** Takes pasted text up to the end marker, which may be incomplete; returns how far it came. */
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
      return stop; // the rest may be part of the end marker
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
    // Documents have other line ends, too: NEL, and the separators of Unicode.
    this.#pasted += rest.replaceAll(/\r\n|\r\0?|[\u0085\u2028\u2029]/g, "\n");
  }

  /** Ends the paste. */
  #endPaste(): void {
    this.#pastePiece(this.#pasted.length);
    this.#pasting = this.#afterCr = false;
  }

  /** Handles a Ctrl-C that was pressed in a paste without an end marker. */
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

/** Whether a text may be the Escape key, or Alt with a character that also begins sequences. */
function isAltKey(text: string): boolean {
  const escapes = text.startsWith("\x1b\x1b") ? 2 : text.startsWith("\x1b") ? 1 : 0;
  return escapes > 0 &&
    (text.length === escapes ||
      (text.length === escapes + 1 && INTRODUCERS.includes(text[escapes] ?? "")));
}

/** How many characters at the end of a text may be part of the end marker of a paste. */
function overlap(text: string): number {
  let most = 0;
  for (const end of PASTE_ENDS) {
    for (let length = most + 1; length < end.length; length++) {
      if (text.endsWith(end.slice(0, length))) most = length;
    }
  }
  return most;
}
