/// <reference lib="dom" />
/** The line that the player types: its history, and its form in each input mode. */
import type { InputMode, WebTerminal } from "../../src/web/mod.ts";
import { element } from "./dom.ts";
import { screen } from "./screen.ts";
import { beep } from "./sound.ts";

const MAX_HISTORY = 200;
/** Separates commands that are typed as one line. */
const SEPARATOR = ";;";

const line = element<HTMLInputElement>("line");
const history: string[] = [];
/** The selected entry of the history; the history's length means the new line. */
let place = 0;
let unsent = "";
let mode: InputMode = "line";

/** Sends what is typed to the terminal's server. */
export function sendTypedLines(terminal: WebTerminal): void {
  element<HTMLFormElement>("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (terminal.link.state === "open") submit(terminal);
  });
  line.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (mode !== "line" || !/[\r\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    for (const one of text.trimEnd().split(/\r\n|\r|\n/)) terminal.sendLine(one);
  });
  line.focus();
}

/** Shows the line, hides what is typed, or lets the terminal take each key. */
export function setMode(next: InputMode): void {
  const before = mode;
  mode = next;
  const keys = mode === "keys";
  const hidden = mode === "hidden";
  line.type = hidden ? "password" : "text";
  line.autocomplete = hidden ? "current-password" : "off";
  if (hidden !== (before === "hidden")) line.value = "";
  element("label").textContent = hidden ? "Your password" : "What you do";
  line.placeholder = hidden ? "hidden" : "";
  line.hidden = keys;
  element("send").hidden = keys;
  element("keys").hidden = !keys;
  screen.options.cursorBlink = keys;
  if (keys) screen.focus();
  else if (before === "keys" || document.activeElement === document.body) line.focus();
}

line.addEventListener("keydown", (event) => {
  if (event.key === "ArrowUp" && mode === "line") recall(-1);
  else if (event.key === "ArrowDown" && mode === "line") recall(1);
  else if (event.key === "PageUp") screen.scrollPages(-1);
  else if (event.key === "PageDown") screen.scrollPages(1);
  else if (event.key === "Escape") line.value = "";
  else return;
  event.preventDefault();
});
screen.textarea?.addEventListener("focus", () => mode !== "keys" && line.focus());
element("screen").addEventListener("click", () => {
  if (mode === "keys") screen.focus();
  else if (!screen.hasSelection()) line.focus({ preventScroll: true });
});

function submit(terminal: WebTerminal): void {
  const text = line.value;
  // A password is not split at the separator.
  for (const command of mode === "line" ? text.split(SEPARATOR) : [text]) {
    terminal.sendLine(command);
  }
  // The browser's password manager needs a user name: the line before the password.
  if (mode === "line") element<HTMLInputElement>("name").value = text;
  if (mode === "line" && text !== "" && text !== history.at(-1)) history.push(text);
  if (history.length > MAX_HISTORY) history.shift();
  place = history.length;
  unsent = "";
  line.value = "";
  screen.scrollToBottom();
  beep(0); // browsers allow sound only after the player did something
}

function recall(step: number): void {
  if (place === history.length) unsent = line.value;
  place = Math.max(0, Math.min(history.length, place + step));
  line.value = history[place] ?? unsent;
  line.setSelectionRange(line.value.length, line.value.length);
}
