import type { Key } from "./key.ts";

/** Sequences of terminals, and the keys that they stand for. */

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
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
  Z: "tab",
};

/** Keys of the form CSI letter that other terminals send: SyncTERM, SCO and ANSI, the Linux console. */
const BARE: Readonly<Record<string, string>> = {
  "@": "insert",
  G: "begin",
  K: "end",
  L: "insert",
  U: "pagedown",
  V: "pageup",
  Y: "end",
};

/** Function keys that only PuTTY sends in this form, as its VT100+ keyboard. */
const VT100_PLUS: Readonly<Record<string, string>> = {
  T: "f5",
  U: "f6",
  V: "f7",
  W: "f8",
  Y: "f10",
  Z: "f11",
  "[": "f12",
};
/** The keypad in application mode: SS3 and the letters from j on. */
const KEYPAD = "*+,-./0123456789";
const KEYPAD_FIRST = 0x6a;
const LINUX_FUNCTION_KEYS = "ABCDE";
/** Keys that CSI u and modifyOtherKeys name by their code. */
const CODED: Readonly<Record<number, string>> = {
  8: "backspace",
  9: "tab",
  10: "enter",
  13: "enter",
  27: "escape",
  127: "backspace",
};
/** The keypad in CSI u, from 57399 on. */
const CODED_KEYPAD_FIRST = 57_399;
const CODED_KEYPAD: readonly string[] = [
  ..."0123456789./*-+",
  "enter",
  "=",
  ",",
  ..."left right up down pageup pagedown home end insert delete begin".split(" "),
];
/** Other codes of this private area are keys without a name here, such as the media keys. */
const CODED_PRIVATE = [57_344, 63_743] as const;
const RELEASED = "3";
const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
/** Super and Hyper in kitty, and what xterm and iTerm2 call Meta; kitty's Meta is 32. */
const META = 8 | 16 | 32;
const CAPS_LOCK = 64;

/** The keys that are held. */
interface Held {
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  readonly capsLock?: boolean;
}

const NOTHING_HELD: Held = { ctrl: false, alt: false, shift: false };
/** Signs of the keypad that SS3 and a capital, or a space, stand for. */
const SHIFTED_SIGNS: Readonly<Record<string, string>> = { " ": " ", X: "=" };
/** How rxvt ends the sequences of numbered keys. */
const RXVT_ENDS: Readonly<Record<string, Partial<Held>>> = {
  "~": {},
  "^": { ctrl: true },
  "$": { shift: true },
  "@": { ctrl: true, shift: true },
};
/** A larger number is not a modifier, but the row or column of a report. */
const MAX_MODIFIER = 256;

/** xterm's parameter: one more than the sum of the keys held. */
function modifiers(parameter: string = ""): Held {
  const held = Math.max(0, Number(parameter || 1) - 1) || 0;
  return {
    ctrl: (held & CTRL) !== 0,
    alt: (held & (ALT | META)) !== 0,
    shift: (held & SHIFT) !== 0,
    capsLock: (held & CAPS_LOCK) !== 0,
  };
}

function withAlt(held: Held, alt: boolean): Held {
  return alt ? { ...held, alt: true } : held;
}

/** How the sequences of keys end that xterm may mark by `>`. */
const FINALS_MARKED = /^[A-HPQRS]$/;

/** Whether the parameters are those of a key with a letter: none, a modifier, or 1 and a modifier. */
function isKeyBody(first: string, second: string, third: string): boolean {
  if (third !== "") return false;
  if (second === "") return Number(first) <= MAX_MODIFIER;
  return (first === "" || first === "1") && Number.parseInt(second) <= MAX_MODIFIER;
}

const CONTROLS: Readonly<Record<string, string>> = {
  enter: "\r",
  tab: "\t",
  backspace: "\x7f",
  escape: "\x1b",
  "@": "\0",
};
const FINALS: ReadonlyMap<string, string> = new Map(
  Object.entries(LETTERED).map(([letter, name]) => [name, letter]),
);
const NUMBERS: ReadonlyMap<string, string> = new Map(
  Object.entries(NUMBERED).map(([number, name]) => [name, number]).reverse() as [string, string][],
);

/**
 * The sequence that an xterm sends for a key.
 *
 * @param key The key.
 * @returns The sequence, such as `\x1b[1;5C` for Ctrl and right; for `text` and `paste`, the text
 * itself.
 */
export function keySequence({ name, text, ctrl, alt, shift }: Key): string {
  if (name === "text" || name === "paste") return text;
  const held = 1 + (shift ? SHIFT : 0) + (alt ? ALT : 0) + (ctrl ? CTRL : 0);
  const prefix = alt ? "\x1b" : "";
  if (name === "tab" && shift) return `${prefix}\x1b[Z`;
  const control = CONTROLS[name];
  if (control !== undefined) return prefix + control;
  const final = FINALS.get(name);
  if (final !== undefined) {
    if (held > 1) return `\x1b[1;${held}${final}`;
    return final >= "P" && final <= "S" ? `\x1bO${final}` : `\x1b[${final}`;
  }
  const number = NUMBERS.get(name);
  if (number !== undefined) return `\x1b[${number}${held > 1 ? `;${held}` : ""}~`;
  const code = name.toUpperCase().charCodeAt(0);
  if (ctrl && code >= 0x40 && code < 0x60) return prefix + String.fromCharCode(code - 0x40);
  return prefix + (shift ? name.toUpperCase() : name);
}

/**
 * The key that a sequence of a terminal stands for.
 *
 * @param sequence A whole sequence.
 * @param alt Whether an ESC came before it, which is Alt.
 * @returns The key; `undefined` for a report of the terminal.
 */
export function keyOf(sequence: string, alt: boolean): Key | undefined {
  const clean = sequence.replaceAll("\0", "");
  const begin = clean.startsWith("\x1b") ? 2 : 1;
  // An eight-bit control stands for ESC and the character 0x40 below it.
  const introducer = begin === 2 ? clean[1] : String.fromCharCode(clean.charCodeAt(0) - 0x40);
  const final = clean.slice(-1);
  if (introducer === "O") return shiftedKey(clean.slice(begin, -1), final, alt);
  return introducer === "[" ? controlKey(clean.slice(begin, -1), final, alt) : undefined;
}

/** Whether a sequence marks the beginning of a bracketed paste. */
export function beginsPaste(sequence: string): boolean {
  return sequence === "\x1b[200~" || sequence === "\x9b200~";
}

/**
 * A key sent as SS3 and a letter. A lower-case letter of rxvt means Ctrl, and xterm may put a
 * modifier before the letter.
 */
function shiftedKey(parameters: string, final: string, alt: boolean): Key | undefined {
  const pad = KEYPAD[final.charCodeAt(0) - KEYPAD_FIRST] ?? SHIFTED_SIGNS[final];
  const how = withAlt(modifiers(parameters.split(";").at(-1) ?? ""), alt);
  if (pad !== undefined) return characterKey(pad, how);
  if (final === "I") return namedKey("tab", how);
  const small = final >= "a" && final <= "d";
  const name = final === "M"
    ? "enter"
    : VT100_PLUS[final] ?? LETTERED[small ? final.toUpperCase() : final];
  return name === undefined ? undefined : namedKey(name, small ? { ...how, ctrl: true } : how);
}

function controlKey(body: string, final: string, alt: boolean): Key | undefined {
  if (body === "[") return linuxKey(final);
  // A private prefix or an intermediate means a report, but xterm may mark a modified key by `>`.
  const marked = body.startsWith(">") && FINALS_MARKED.test(final);
  const parameters = marked ? body.slice(1) : body;
  if (!/^[\d;:]*$/.test(parameters)) return undefined;
  const [first = "", second = "", third = ""] = parameters.split(";");
  const [held, event] = second.split(":");
  if (event === RELEASED) return undefined;
  const how = withAlt(modifiers(held), alt);
  if (final === "u") return codedKey(first.split(":"), how, third);
  if (final === "~" && first === "27" && third !== "") return codedKey([third], how);
  if (final === "~" && Number(first) >= CODED_KEYPAD_FIRST) return codedKey([first], how);
  const numbered = NUMBERED[first];
  const lettered = LETTERED[final];
  if (final === "Z") return namedKey("tab", { ...how, shift: true });
  const ended = RXVT_ENDS[final];
  if (numbered !== undefined && ended !== undefined) {
    return namedKey(numbered, { ...how, ...ended });
  }
  if (body === "" && final >= "a" && final <= "d") {
    return namedKey(LETTERED[final.toUpperCase()] ?? "", { ...how, shift: true });
  }
  if (body === "" && BARE[final] !== undefined) return namedKey(BARE[final] ?? "", how);
  if (lettered === undefined || !isKeyBody(first, second, third)) return undefined;
  return namedKey(lettered, second === "" ? withAlt(modifiers(first), alt) : how);
}

/**
 * A key by its code: CSI u, and xterm's modifyOtherKeys.
 *
 * @param codes The code; in kitty's protocol also that with Shift, and that of the key at this place
 * of a US keyboard.
 * @param text The code points that the key types, in kitty's protocol.
 */
function codedKey(
  [code = "", shifted = "", base = ""]: readonly string[],
  how: Held,
  text = "",
): Key | undefined {
  const point = Number(code);
  const name = CODED[point] ?? CODED_KEYPAD[point - CODED_KEYPAD_FIRST];
  if (name !== undefined && name.length > 1) return namedKey(name, how);
  if (name !== undefined) return characterKey(name, how);
  if (how.ctrl || how.alt) {
    const other = characterOf(shifted);
    const signed = how.shift && other !== undefined && !isLetter(other) ? other : undefined;
    // A shortcut is meant by the place of the key if the alphabet is not Latin.
    const latin = point > 0x7f ? characterOf(base) : undefined;
    const character = latin ?? signed ?? characterOf(code);
    return character === undefined ? undefined : characterKey(character, how);
  }
  const typed = text === "" ? undefined : text.split(":").map(characterOf);
  if (typed?.every((one) => one !== undefined)) return textKey(typed.join(""));
  const character = characterOf(code);
  if (character === undefined) return undefined;
  const other = how.shift ? characterOf(shifted) : undefined;
  if (other !== undefined && !isLetter(other)) return textKey(other);
  const capital = isLetter(character) && how.shift !== (how.capsLock === true);
  return textKey(capital ? other ?? character.toUpperCase() : character);
}

/** The key of a character: text, or with Ctrl or Alt a named key. */
function characterKey(character: string, how: Held): Key {
  if (!how.ctrl && !how.alt) return textKey(character);
  const lower = character.toLowerCase();
  return namedKey(lower, { ...how, shift: how.shift || lower !== character });
}

/** The printable character of a code point; `undefined` for other codes, such as those of media keys. */
function characterOf(code: string): string | undefined {
  const point = Number(code);
  const [first, last] = CODED_PRIVATE;
  const printable = code !== "" && isPrintable(point) && !(point >= first && point <= last);
  return printable ? String.fromCodePoint(point) : undefined;
}

function isLetter(character: string): boolean {
  return /^\p{L}$/u.test(character);
}

function isPrintable(point: number): boolean {
  return point >= 0x20 && point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000) &&
    !(point >= 0x7f && point < 0xa0);
}

/** The Linux console's F1 to F5: CSI [ A to E. */
function linuxKey(letter: string): Key | undefined {
  const index = LINUX_FUNCTION_KEYS.indexOf(letter);
  return index === -1 ? undefined : namedKey(`f${index + 1}`, NOTHING_HELD);
}

function textKey(text: string): Key {
  return { name: "text", text, ...NOTHING_HELD };
}

function namedKey(name: string, held: Held): Key {
  return { name, text: "", ctrl: held.ctrl, alt: held.alt, shift: held.shift };
}
