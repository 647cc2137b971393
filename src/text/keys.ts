import { checkBoolean, checkCount, rejectUnknownKeys } from "../protocol/validate.ts";
import { ITEM_SIZE, textSize } from "./sizes.ts";
import { graphemes, lastCluster } from "./width.ts";

/** A key that a person pressed, or text that was pasted. */
export interface Key {
  /**
   * What it is: `text` for something printable, `paste` for a piece of pasted text; else the key's
   * name: `enter`, `tab`, `backspace`, `delete`, `insert`, `escape`, `up`, `down`, `left`, `right`,
   * `home`, `end`, `pageup`, `pagedown`, `f1` to `f12`, or with `ctrl` or `alt` a letter or sign.
   */
  readonly name: string;
  /** The text of `text` and `paste`; else empty. */
  readonly text: string;
  /** Whether Ctrl was held. */
  readonly ctrl: boolean;
  /** Whether Alt (or Meta) was held, or ESC was pressed before. */
  readonly alt: boolean;
  /** Whether Shift was held, as far as the terminal tells. */
  readonly shift: boolean;
}

/** Where a {@linkcode KeyDecoder} stands between two texts, as plain JSON. */
export interface KeyDecoderSnapshot {
  /** Text that is not decoded: the beginning of a sequence. */
  readonly unread: string;
  /** Whether the last key was a CR, which an LF or NUL may follow. */
  readonly afterCr: boolean;
  /** Whether a paste has begun and not ended. */
  readonly pasting: boolean;
  /** What of the paste is not handed over. */
  readonly pasted: string;
}

/** How to decode keys. */
export interface KeyDecoderOptions {
  /**
   * How long a lone ESC waits for the rest of a sequence before it is the key, in milliseconds.
   * Default 100.
   */
  readonly escapeTimeout?: number;
  /** Whether printable text comes in runs instead of by grapheme cluster. Default `false`. */
  readonly runs?: boolean;
}

const DEFAULTS: KeyDecoderOptions = {};

/** Keys of the form CSI number ~ (VT220, xterm, Linux, PuTTY), and of rxvt with other ends. */
const NUMBERED: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

/** Keys of the form CSI letter and SS3 letter (VT100, xterm). */
const LETTERED: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "begin",
  F: "end",
  H: "home",
  M: "enter",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  Z: "tab",
};

/** The keypad in application mode: SS3 and the letters from j on. */
const KEYPAD = "*+,-./0123456789";
const KEYPAD_FIRST = 0x6a;
const LINUX_FUNCTION_KEYS = "ABCDE";
const PASTE_BEGIN = "200";
const PASTE_END = "\x1b[201~";
/** Pasted text comes in pieces of this size, so that no paste fills the memory. */
const PASTE_PIECE = 4_096;
/** No sequence of a key is longer; what is belongs to no key. */
const MAX_SEQUENCE = 32;
const SHIFT = 1;
const ALT = 2;
const CTRL = 4;

/**
 * Decodes what terminals send into keys: text in, keys out, cut anywhere. It knows the sequences of
 * xterm, VT100 and VT220, the Linux console, rxvt, PuTTY and the Telnet client of Windows. It has no
 * clock: a lone ESC is told from the start of a sequence by the time that is given.
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
  readonly #escapeTimeout: number;
  /** Whether printable text comes in runs instead of by grapheme cluster. */
  runs: boolean;
  /** What was fed, and how much of it is decoded. */
  #text = "";
  #at = 0;
  /** When the last of it came. */
  #fedAt = 0;
  /** Whether the rest of it is the beginning of a sequence. */
  #incomplete = false;
  #afterCr = false;
  #pasting = false;
  #pasted = "";
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
    const { escapeTimeout = 100, runs = false } = options;
    checkCount("KeyDecoder.escapeTimeout", escapeTimeout);
    checkBoolean("KeyDecoder.runs", runs);
    this.#escapeTimeout = escapeTimeout;
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
    this.#text = this.#text.slice(this.#at) + text;
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
      if (end === undefined || end === this.#at) {
        this.#incomplete = true;
        return undefined;
      }
      this.#at = end;
    }
    return this.#keys[this.#taken++];
  }

  /** Takes what was fed and came to no key, for somebody else to read. */
  takeUnread(): string {
    const unread = this.#typedKeys() + this.#pasted + this.#text.slice(this.#at);
    this.#keys = [];
    this.#taken = this.#at = 0;
    this.#text = this.#pasted = "";
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
    const [pasting, pasted, keys] = [this.#pasting, this.#pasted, this.#typedKeys()];
    const afterCr = this.#afterCr && keys === "";
    return { unread: keys + this.#text.slice(this.#at), afterCr, pasting, pasted };
  }

  /**
   * Restores what {@linkcode snapshot} returned.
   *
   * @param snapshot The snapshot.
   * @param now The time in milliseconds, from which a lone ESC waits anew.
   */
  restore({ unread, afterCr, pasting, pasted }: KeyDecoderSnapshot, now: number): void {
    this.#text = unread;
    this.#at = 0;
    this.#fedAt = now;
    this.#afterCr = afterCr;
    this.#pasting = pasting;
    this.#pasted = pasted;
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
    return this.#incomplete && this.#at < this.#text.length && !this.#pasting
      ? this.#fedAt + this.#escapeTimeout
      : undefined;
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
    this.#giveUp();
    return true;
  }

  /** Erases the last character, as the Telnet command EC does: nothing before it goes on behind it. */
  eraseCharacter(): void {
    if (this.#pasting && this.#pasted !== "") {
      const { length } = lastCluster(this.#pasted);
      this.#pasted = this.#pasted.slice(0, this.#pasted.length - length);
      return;
    }
    if (!this.#pasting) this.#giveUp();
    this.#push("backspace");
  }

  /** Nothing more comes of a sequence that was begun. */
  #giveUp(): void {
    if (!this.#incomplete) return;
    const pending = this.#text.slice(this.#at);
    this.#at = this.#text.length;
    // A lone ESC is a key; what begins a sequence and never ends is Alt and a sign, or nothing.
    if (pending === "\x1b") this.#push("escape");
    else if (pending.length === 2) this.#push(pending.slice(1), { alt: true });
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
    if (second === "[") return this.#csi(text, at + 2, false);
    if (second === "O") return this.#ss3(text, at);
    if (second === "\x1b") return this.#doubleEscape(text, at);
    const code = second.charCodeAt(0);
    if (code < 0x20 || code === 0x7f) {
      this.#control(code, true);
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
    if (third === "[") return this.#csi(text, at + 3, true);
    this.#push("escape");
    return at + 1;
  }

  /** ESC O letter; rxvt's small letters are with Ctrl, and xterm may put a modifier between. */
  #ss3(text: string, at: number): number | undefined {
    const match = /^(\d?)([A-Za-z])/.exec(text.slice(at + 2, at + 4));
    const third = text[at + 2];
    if (third === undefined || (match === null && /^\d$/.test(text.slice(at + 2)))) {
      return undefined;
    }
    if (match === null) {
      this.#push("o", { alt: true, shift: true });
      return at + 2;
    }
    const [whole, modifier = "", letter = ""] = match;
    const small = /^[a-d]$/.test(letter);
    const name = LETTERED[small ? letter.toUpperCase() : letter];
    const pad = KEYPAD[letter.charCodeAt(0) - KEYPAD_FIRST];
    if (pad !== undefined) this.#push("text", {}, pad);
    else if (name !== undefined) {
      const { ctrl, alt, shift } = modifiers(modifier);
      this.#push(name, { ctrl: ctrl || small, alt, shift });
    }
    return at + 2 + whole.length;
  }

  /** CSI parameters, intermediates, final. */
  #csi(text: string, at: number, alt: boolean): number | undefined {
    if (text[at] === "[") return this.#linux(text, at);
    let end = at;
    while (end < text.length && /[\x20-\x3f]/.test(text[end] ?? "")) end++;
    // rxvt ends a sequence with Shift by $, which elsewhere is an intermediate.
    const [rxvt, shifted] = /^(\d+)\$/.exec(text.slice(at, at + MAX_SEQUENCE)) ?? [];
    if (rxvt !== undefined) {
      this.#csiKey([shifted ?? ""], "$", alt);
      return at + rxvt.length;
    }
    if (end - at > MAX_SEQUENCE) return at + MAX_SEQUENCE + 1;
    const final = text[end];
    if (final === undefined) return undefined;
    const parameters = text.slice(at, end);
    if (final === "~" && parameters === PASTE_BEGIN) {
      this.#pasting = true;
      return end + 1;
    }
    if (!/[\x40-\x7e]/.test(final)) return end; // it belongs to no key
    this.#csiKey(parameters.split(";"), final, alt);
    return end + 1;
  }

  #csiKey([first = "", second = ""]: string[], final: string, alt: boolean): void {
    const held = modifiers(second);
    const how = { ctrl: held.ctrl, alt: held.alt || alt, shift: held.shift };
    const name = NUMBERED[first];
    if (final === "Z") this.#push("tab", { ...how, shift: true });
    else if (final === "~" && name !== undefined) this.#push(name, how);
    else if (final === "^" && name !== undefined) this.#push(name, { ...how, ctrl: true });
    else if (final === "$" && name !== undefined) this.#push(name, { ...how, shift: true });
    else if (final === "@" && name !== undefined) {
      this.#push(name, { ...how, ctrl: true, shift: true });
    } else if (/^[a-d]$/.test(final)) {
      this.#push(LETTERED[final.toUpperCase()] ?? "", { ...how, shift: true });
    } else if (LETTERED[final] !== undefined) this.#push(LETTERED[final], how);
  }

  /** The Linux console's F1 to F5: CSI [ A to E. */
  #linux(text: string, at: number): number | undefined {
    const letter = text[at + 1];
    if (letter === undefined) return undefined;
    const index = LINUX_FUNCTION_KEYS.indexOf(letter);
    if (index !== -1) this.#push(`f${index + 1}`);
    return at + 2;
  }

  /** Pasted text up to its end, which may be cut. */
  #inPaste(text: string, at: number): number {
    const end = text.indexOf(PASTE_END, at);
    const stop = end === -1 ? text.length - overlap(text) : end;
    this.#pasted += text.slice(at, stop).replaceAll(/\r\n|\r\0?/g, "\n");
    while (this.#pasted.length > PASTE_PIECE) {
      const high = /[\ud800-\udbff]/.test(this.#pasted[PASTE_PIECE - 1] ?? "");
      this.#pastePiece(high ? PASTE_PIECE - 1 : PASTE_PIECE);
    }
    if (end === -1) return stop; // what is behind it may be the beginning of the end
    this.#pastePiece(this.#pasted.length);
    this.#pasting = false;
    return end + PASTE_END.length;
  }

  #pastePiece(length: number): void {
    const piece = this.#pasted.slice(0, length);
    this.#pasted = this.#pasted.slice(length);
    const clean = piece.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
    if (clean !== "") this.#push("paste", {}, clean);
  }
}

/**
 * What a person typed for a key, for a reader of lines: text, Enter, Tab, Backspace and Ctrl with a
 * letter. Other keys have no text.
 *
 * @param key The key.
 * @returns The text, or nothing.
 */
export function typedText({ name, text, ctrl }: Key): string {
  if (name === "text" || name === "paste") return text;
  if (name === "enter") return "\r\n";
  if (name === "tab") return "\t";
  if (name === "backspace") return "\x7f";
  return ctrl && /^[a-z]$/.test(name) ? String.fromCharCode(name.charCodeAt(0) - 0x60) : "";
}

function isPrintable(code: number): boolean {
  return code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0);
}

/** xterm's parameter: one more than the sum of the keys held. */
function modifiers(parameter: string): { ctrl: boolean; alt: boolean; shift: boolean } {
  const held = Math.max(0, Number(parameter || 1) - 1) || 0;
  return { ctrl: (held & CTRL) !== 0, alt: (held & ALT) !== 0, shift: (held & SHIFT) !== 0 };
}

/** How much of the end of a text may be the beginning of the end of a paste, or half a line end. */
function overlap(text: string): number {
  for (let length = Math.min(PASTE_END.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(PASTE_END.slice(0, length))) return length;
  }
  return text.endsWith("\r") ? 1 : 0; // or a line end that is cut
}

/**
 * The name of a key as one word, as key maps use it.
 *
 * @param key The key.
 * @returns Such as `ctrl+a`, `alt+b`, `ctrl+left`, `f1`.
 *
 * @example
 * ```ts
 * import { KeyDecoder, keyName } from "@miniboa/miniboa/text";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new KeyDecoder().push("\x1bb\x17", 0).map(keyName), ["alt+b", "ctrl+w"]);
 * ```
 */
export function keyName({ name, ctrl, alt, shift }: Key): string {
  return `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
}
