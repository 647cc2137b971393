/** A key that a person pressed, or text that was pasted. */
export interface Key {
  /**
   * What was typed: `text` for printable text; else the key's name: `enter`, `tab`, `backspace`,
   * `delete`, `insert`, `escape`, `up`, `down`, `left`, `right`, `home`, `end`, `begin`, `pageup`,
   * `pagedown`, `f1` to `f12`, or with `ctrl` or `alt` a letter or sign.
   */
  readonly name: string;
  /** The text of `text` and `paste`; else empty. */
  readonly text: string;
  /** Whether Ctrl was held. */
  readonly ctrl: boolean;
  /** Whether Alt (or Meta) was held, or ESC was pressed before. */
  readonly alt: boolean;
  /** Whether Shift was held, if the terminal reports it. */
  readonly shift: boolean;
}

/**
 * The name of a key as one word, as key maps use it.
 *
 * @param key The key.
 * @returns The name, such as `ctrl+a`, `alt+b`, `ctrl+left`, `f1`.
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

/**
 * The text that a line reader receives for a key. Text, Enter, Tab, Backspace and Ctrl with a
 * letter have one; other keys do not.
 *
 * @param key The key.
 * @returns The text; empty if the key has none.
 */
export function typedText({ name, text, ctrl }: Key): string {
  if (name === "text" || name === "paste") return text;
  if (name === "enter") return "\r\n";
  if (name === "tab") return "\t";
  if (name === "backspace") return "\x7f";
  return ctrl && /^[a-z]$/.test(name) ? String.fromCharCode(name.charCodeAt(0) - 0x60) : "";
}
