/// <reference lib="dom" />
/** The line that the player types, and its form in each input mode. */
import type { InputMode, WebTerminal } from "../../src/web/mod.ts";
import { element } from "./dom.ts";
import { recall, remember } from "./line_history.ts";
import { screen } from "./screen.ts";
import { beep } from "./sound.ts";
import { mirror } from "./status.ts";
import { touch } from "./touch.ts";

/** Separates commands that are typed as one line. */
const SEPARATOR = ";;";

const line = element<HTMLInputElement>("line");
let mode: InputMode = "line";

/** Sends what is typed to the terminal's server. */
export function sendTypedLines(terminal: WebTerminal): void {
  element<HTMLFormElement>("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (mode === "keys") return void terminal.sendKeys("\r");
    // A password is not split at the separator.
    const commands = mode === "line" ? line.value.split(SEPARATOR) : [line.value];
    const typed = line.value;
    // What was not sent, as there is no connection, stays in the line.
    const rest = commands.slice(send(terminal, commands));
    line.value = rest.join(SEPARATOR);
    if (rest.length > 0) return;
    // The browser's password manager needs a user name: the line before the password.
    if (mode !== "line") return;
    element<HTMLInputElement>("name").value = typed;
    remember(typed);
  });
  line.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (mode !== "line" || !/[\r\n]/.test(text) || terminal.link.state !== "open") return;
    event.preventDefault();
    const [from, to] = [line.selectionStart ?? 0, line.selectionEnd ?? 0];
    const whole = line.value.slice(0, from) + text + line.value.slice(to);
    // The last line waits for Enter, as in a terminal.
    const lines = whole.split(/\r\n|\r|\n/);
    const sent = send(terminal, lines.slice(0, -1));
    for (const one of lines.slice(0, sent)) remember(one);
    line.value = lines.slice(sent).join(SEPARATOR);
  });
  line.focus();
}

/** Sends lines; returns how many were sent. */
function send(terminal: WebTerminal, lines: readonly string[]): number {
  for (const [index, one] of lines.entries()) {
    if (!terminal.sendLine(one)) return index;
    if (mode === "line") mirror(`> ${one}`);
  }
  screen.scrollToBottom();
  beep(0); // browsers allow sound only after the player did something
  return lines.length;
}

/** Shows the line, hides what is typed, or lets the terminal take each key. */
export function setMode(next: InputMode): void {
  const before = mode;
  mode = next;
  const keys = mode === "keys";
  const hidden = mode === "hidden";
  line.type = hidden ? "password" : "text";
  line.autocomplete = hidden ? "current-password" : "off";
  if (hidden !== (before === "hidden") || keys !== (before === "keys")) line.value = "";
  element("label").textContent = hidden ? "Your password" : keys ? "Keys" : "What you do";
  line.placeholder = hidden ? "hidden" : keys ? "type here" : "";
  // With a keyboard of its own the terminal takes the keys.
  line.hidden = element("send").hidden = keys && !touch;
  element("keys").hidden = !keys || touch;
  element("touch-keys").hidden = !keys || !touch;
  screen.options.cursorBlink = keys;
  screen.options.cursorInactiveStyle = keys ? "outline" : "none";
  if (keys && !touch) screen.focus();
  else if (before === "keys" || document.activeElement === document.body) line.focus();
}

line.addEventListener("keydown", (event) => {
  // These keys belong to the input method while it composes. 229: Safari's last key of it.
  if (event.isComposing || event.keyCode === 229 || mode === "keys") return;
  if (event.key === "ArrowUp" && mode === "line") line.value = recall(-1, line.value);
  else if (event.key === "ArrowDown" && mode === "line") line.value = recall(1, line.value);
  else if (event.key === "PageUp") screen.scrollPages(-1);
  else if (event.key === "PageDown") screen.scrollPages(1);
  else if (event.key === "Escape") line.value = "";
  else return;
  event.preventDefault();
});
screen.textarea?.addEventListener("focus", () => (mode !== "keys" || touch) && line.focus());
element("screen").addEventListener("click", () => screen.hasSelection() || goOn());
element("settings").addEventListener("click", goOn); // after a button of the header

/** Lets the player type where it was. */
function goOn(): void {
  if (mode === "keys" && !touch) screen.focus();
  else line.focus({ preventScroll: true });
}
