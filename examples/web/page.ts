/// <reference lib="dom" />
/**
 * The page of web_mud.ts: a terminal (screen.ts), an input line (input_line.ts), and what other web
 * clients of MUDs have, too: gauges and a log (status.ts), sound (sound.ts), links (links.ts), and
 * scrolling and keys for phones (touch.ts). build.ts bundles it.
 */
import { WebTerminal } from "../../src/web/mod.ts";
import { element } from "./dom.ts";
import { sendTypedLines, setMode } from "./input_line.ts";
import { screen } from "./screen.ts";
import { beep } from "./sound.ts";
import { mirror, showLink, showVitals } from "./status.ts";
import { scrollByTouch, sendPressedKeys } from "./touch.ts";

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
  onMode: (_terminal, mode) => setMode(mode),
  onLine: (_server, text) => mirror(text),
  onPrompt: (_server, text) => mirror(text),
  onGmcp: (_server, { package: name, value }) => name === "Char.Vitals" && showVitals(value),
});
showLink(terminal.link);
sendTypedLines(terminal);
scrollByTouch();
sendPressedKeys(terminal);

element("connect").addEventListener("click", () => {
  terminal.reconnect();
  element("line").focus();
});
// F6 leaves the terminal, which takes every other key, Tab included.
screen.attachCustomKeyEventHandler((event) => {
  if (event.key !== "F6" || event.type !== "keydown") return true;
  element("smaller").focus();
  return false;
});
screen.onBell(() => beep(880));
