/// <reference lib="dom" />
/**
 * The page: a terminal, an input line, GMCP gauges, and other usual features of a web MUD client.
 */
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import { type InputMode, type Link, WebTerminal } from "../../src/web/mod.ts";

const THEMES: Readonly<Record<"dark" | "light", ITheme>> = {
  dark: { background: "#12161c", foreground: "#e6e9ee", cursor: "#7fd18b" },
  light: {
    background: "#fbfaf7",
    foreground: "#1d2127",
    cursor: "#1f6b33",
    selectionBackground: "#c9d8f0",
  },
};
const MAX_HISTORY = 200;
const MAX_LOG = 200;
/** Separates commands that are typed as one line. */
const SEPARATOR = ";;";

const element = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const line = element<HTMLInputElement>("line");
const log = element("log");
const health = element<HTMLMeterElement>("hp");

const screen = new Terminal({
  fontFamily: 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSize: Number(kept("font") ?? 15),
  minimumContrastRatio: 4.5,
  scrollback: 5000,
  cursorBlink: false,
  cursorInactiveStyle: "none",
});
const fit = new FitAddon();
screen.loadAddon(fit);
screen.open(element("screen"));
fit.fit();

const history: string[] = [];
/** The selected entry of the history; the history's length means the new line. */
let place = 0;
let unsent = "";
let unread = 0;
let mode: InputMode = "line";
let sound = kept("sound") === "on";
let audio: AudioContext | undefined;

setTheme(kept("theme") ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"));
setSound(sound);

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const terminal = new WebTerminal({
  url: `${scheme}//${location.host}${location.pathname}`,
  screen,
  terminal: {
    name: "BOAVILLE-WEB",
    mtts: { ansi: true, utf8: true, colours256: true, trueColour: true },
  },
  telnetOptions: { gmcp: { supports: ["Char 1", "Room 1"] } },
  onLink: (_terminal, link) => showLink(link),
  onMode: (_terminal, next) => setMode(next),
  onLine: (_server, text) => mirror(text),
  onPrompt: (_server, text) => mirror(text),
  onGmcp: (_server, { package: name, value }) => name === "Char.Vitals" && showVitals(value),
});
showLink(terminal.link);
line.focus();

// The input line.

element<HTMLFormElement>("form").addEventListener("submit", (event) => {
  event.preventDefault();
  sendLine();
});
line.addEventListener("keydown", (event) => {
  const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };
  const step = steps[event.key];
  if (step !== undefined && mode === "line") recall(step);
  else if (event.key === "PageUp") screen.scrollPages(-1);
  else if (event.key === "PageDown") screen.scrollPages(1);
  else if (event.key === "Escape") line.value = "";
  else return;
  event.preventDefault();
});
line.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text") ?? "";
  if (mode !== "line" || !/[\r\n]/.test(text.trimEnd())) return;
  event.preventDefault();
  for (const one of text.trimEnd().split(/\r\n|\r|\n/)) terminal.sendLine(one);
});

function sendLine(): void {
  const text = line.value;
  if (terminal.link.state !== "open") return;
  const commands = mode === "line" && text.includes(SEPARATOR) ? text.split(SEPARATOR) : [text];
  // Do not split a password at the separator.
  for (const command of commands) terminal.sendLine(command);
  // The browser's password manager needs a user name: the line before the password.
  if (mode === "line") element<HTMLInputElement>("name").value = text;
  if (mode === "line" && text !== "" && text !== history.at(-1)) {
    history.push(text);
    if (history.length > MAX_HISTORY) history.shift();
  }
  place = history.length;
  unsent = "";
  line.value = "";
  screen.scrollToBottom();
  beep(0); // browsers allow sound only after user input
}

function recall(step: number): void {
  if (place === history.length) unsent = line.value;
  place = Math.max(0, Math.min(history.length, place + step));
  line.value = history[place] ?? unsent;
  line.setSelectionRange(line.value.length, line.value.length);
}

function setMode(next: InputMode): void {
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

// The terminal.

screen.attachCustomKeyEventHandler((event) => {
  if (event.key !== "F6" || event.type !== "keydown") return true;
  element("smaller").focus();
  return false;
});
screen.textarea?.addEventListener("focus", () => mode !== "keys" && line.focus());
element("screen").addEventListener("click", () => {
  if (mode === "keys") screen.focus();
  else if (!screen.hasSelection()) line.focus({ preventScroll: true });
});
screen.onBell(() => beep(880));
new ResizeObserver(() => fit.fit()).observe(element("screen"));
// Keep the input line above an on-screen keyboard.
visualViewport?.addEventListener("resize", () => {
  document.body.style.height = `${visualViewport?.height ?? innerHeight}px`;
  scrollTo(0, 0);
});

function mirror(text: string): void {
  const row = document.createElement("div");
  row.textContent = text;
  log.append(row);
  while (log.childElementCount > MAX_LOG) log.firstElementChild?.remove();
  if (document.hidden) document.title = `(${++unread}) Boaville`;
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = "Boaville";
});

// Status, gauges and settings.

function showLink({ state, delay }: Link): void {
  const words = {
    connecting: "Connecting …",
    open: "Connected",
    waiting: delay === 0
      ? "Connecting again …"
      : `Connection lost. Next try in ${seconds(delay)} s`,
    closed: "Disconnected",
  };
  const status = element("status");
  status.textContent = words[state];
  status.dataset.state = state;
  element("connect").hidden = state !== "waiting" && state !== "closed";
  if (state !== "open") element("gauges").hidden = true;
  if (state === "closed") screen.write("\r\n\x1b[2m-- The connection has ended --\x1b[22m\r\n");
}

function seconds(delay: number): string {
  return (delay / 1000).toFixed(delay < 10_000 ? 1 : 0);
}

function showVitals(value: unknown): void {
  const { hp, maxhp } = Object(value) as { readonly hp?: unknown; readonly maxhp?: unknown };
  if (typeof hp !== "number" || typeof maxhp !== "number") return;
  if (hp <= maxhp / 3 && health.value > hp) beep(220);
  health.max = maxhp;
  health.low = maxhp / 3;
  health.optimum = maxhp;
  health.value = hp;
  element("hp-text").textContent = `${hp}/${maxhp}`;
  element("gauges").hidden = false;
}

element("connect").addEventListener("click", () => {
  terminal.reconnect();
  line.focus();
});
element("smaller").addEventListener("click", () => setFont(-1));
element("larger").addEventListener("click", () => setFont(1));
element("theme").addEventListener("click", () => {
  setTheme(document.documentElement.dataset.theme === "light" ? "dark" : "light");
});
element("sound").addEventListener("click", () => {
  setSound(!sound);
  beep(660);
});

function setFont(step: number): void {
  const size = Math.max(9, Math.min(28, (screen.options.fontSize ?? 15) + step));
  screen.options.fontSize = size;
  keep("font", String(size));
  fit.fit();
}

function setTheme(name: string): void {
  const theme = name === "light" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  screen.options.theme = THEMES[theme];
  element("theme").setAttribute("aria-pressed", String(theme === "light"));
  keep("theme", theme);
}

function setSound(on: boolean): void {
  sound = on;
  element("sound").setAttribute("aria-pressed", String(on));
  keep("sound", on ? "on" : "off");
}

/** Plays a short tone; 0 only enables the sound. */
function beep(frequency: number): void {
  if (!sound) return;
  audio ??= new AudioContext();
  void audio.resume();
  if (frequency === 0) return;
  const tone = new OscillatorNode(audio, { frequency });
  const volume = new GainNode(audio, { gain: 0.08 });
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.12);
}

/** Reads a saved setting: the font, the theme or the sound. */
function kept(name: string): string | null {
  try {
    return localStorage.getItem(`boaville.${name}`);
  } catch {
    return null; // the browser does not allow storage
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`boaville.${name}`, value);
  } catch {
    // The browser does not allow storage; the setting is lost with the page.
  }
}
