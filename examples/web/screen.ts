/// <reference lib="dom" />
/** The terminal of the page, its font and its colours. */
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import { element, keepSetting, readSetting } from "./dom.ts";
import { linkAddresses } from "./links.ts";
import { useServerWidths } from "./widths.ts";

const THEMES: Readonly<Record<"dark" | "light", ITheme>> = {
  dark: { background: "#12161c", foreground: "#e6e9ee", cursor: "#7fd18b" },
  light: {
    background: "#fbfaf7",
    foreground: "#1d2127",
    cursor: "#1f6b33",
    selectionBackground: "#c9d8f0",
  },
};

/** The terminal, in the element `screen`. */
export const screen: Terminal = new Terminal({
  fontFamily: 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSize: Number(readSetting("font") ?? 15),
  minimumContrastRatio: 4.5,
  scrollback: 5000,
  cursorBlink: false,
  cursorInactiveStyle: "none",
  allowProposedApi: true, // for the widths
});
useServerWidths(screen);
linkAddresses(screen);

const fit = new FitAddon();
screen.loadAddon(fit);
screen.open(element("screen"));
fit.fit();
new ResizeObserver(() => fit.fit()).observe(element("screen"));
// Keep the input line above an on-screen keyboard.
visualViewport?.addEventListener("resize", () => {
  document.body.style.height = `${visualViewport?.height ?? innerHeight}px`;
  scrollTo(0, 0);
});

// The theme is that of the system, until the person chooses one.
const light = matchMedia("(prefers-color-scheme: light)");
const systemTheme = () => readSetting("theme") ?? (light.matches ? "light" : "dark");
setTheme(systemTheme());
light.addEventListener("change", () => setTheme(systemTheme()));
element("theme").addEventListener("click", () => {
  const name = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  setTheme(name);
  keepSetting("theme", name);
});
element("smaller").addEventListener("click", () => changeFont(-1));
element("larger").addEventListener("click", () => changeFont(1));

function changeFont(step: number): void {
  const size = Math.max(9, Math.min(28, (screen.options.fontSize ?? 15) + step));
  screen.options.fontSize = size;
  keepSetting("font", String(size));
  fit.fit();
}

function setTheme(name: string): void {
  const theme = name === "light" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  screen.options.theme = THEMES[theme];
  element("theme").setAttribute("aria-pressed", String(theme === "light"));
}
