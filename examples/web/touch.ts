/// <reference lib="dom" />
/** What fingers need: scrolling by a swipe, and the keys that an on-screen keyboard lacks. */
import type { WebTerminal } from "../../src/web/mod.ts";
import { element } from "./dom.ts";
import { screen } from "./screen.ts";

/** Whether the person has no mouse. */
export const touch: boolean = matchMedia("(pointer: coarse)").matches;

const KEYS: Readonly<Record<string, string>> = {
  "esc": "\x1b",
  "tab": "\t",
  "ctrl-c": "\x03",
  "left": "\x1b[D",
  "up": "\x1b[A",
  "down": "\x1b[B",
  "right": "\x1b[C",
  "backspace": "\x7f",
};

/** Scrolls the terminal by a swipe, as xterm.js does not. */
export function scrollByTouch(): void {
  const area = element("screen");
  let from = 0;
  area.addEventListener("touchstart", ({ touches }) => from = touches[0]?.clientY ?? 0);
  area.addEventListener("touchmove", (event) => {
    const to = event.touches[0]?.clientY ?? from;
    const row = area.clientHeight / screen.rows;
    const rows = Math.trunc((from - to) / row);
    event.preventDefault(); // the page itself does not scroll
    if (rows === 0) return;
    screen.scrollLines(rows);
    from -= rows * row;
  }, { passive: false });
}

/** Sends the keys of the buttons, and what an on-screen keyboard writes into the line. */
export function sendPressedKeys(terminal: WebTerminal): void {
  const line = element<HTMLInputElement>("line");
  const send = () => {
    if (terminal.mode === "keys" && terminal.sendKeys(line.value)) line.value = "";
  };
  line.addEventListener("input", (event) => (event as InputEvent).isComposing || send());
  line.addEventListener("compositionend", send);
  element("touch-keys").addEventListener("pointerdown", (event) => {
    const key = (event.target as HTMLElement).dataset.key ?? "";
    event.preventDefault(); // the keyboard stays open
    if (KEYS[key] !== undefined) terminal.sendKeys(KEYS[key]);
  });
}
