import { type Key, keyName } from "./key.ts";

/** Signs whose control character has another name, and those that give the same one. */
const SAME_CONTROL: Readonly<Record<string, string>> = {
  h: "backspace",
  i: "tab",
  j: "enter",
  m: "enter",
  "[": "escape",
  "{": "escape",
  "3": "escape",
  "8": "backspace",
  "?": "backspace",
  " ": "@",
  "2": "@",
  "4": "\\",
  "|": "\\",
  "5": "]",
  "}": "]",
  "6": "^",
  "~": "^",
  "7": "_",
  "/": "_",
  "-": "_",
};
/** Keys that a terminal sends as one control character, with Ctrl or Shift or without. */
const CONTROL_KEYS: ReadonlySet<string> = new Set(["enter", "backspace", "escape", "tab"]);
/** The signs of a keyboard, and what Shift makes of them in its most common layout. */
const SIGNS = "`1234567890-=[]\\;',./";
const SHIFTED = '~!@#$%^&*()_+{}|:"<>?';

/**
 * The name of the key that a terminal without CSI u and modifyOtherKeys would send: Ctrl and a
 * character give a control character, Shift is not seen.
 */
export function plainKeyName(key: Key): string {
  const { ctrl, alt, name } = key;
  if (CONTROL_KEYS.has(name)) {
    // Shift and Tab have a sequence of their own.
    return keyName({ ...key, ctrl: false, shift: name === "tab" && key.shift });
  }
  const isCharacter = (ctrl || alt) && [...name].length === 1;
  if (!isCharacter) return keyName(key);
  const sign = key.shift ? SHIFTED[SIGNS.indexOf(name)] ?? name : name;
  if (!ctrl) return keyName({ ...key, name: sign, shift: false });
  const same = SAME_CONTROL[sign] ?? SAME_CONTROL[name] ?? sign;
  return keyName({ ...key, name: same, ctrl: same.length === 1, shift: false });
}
