/// <reference lib="dom" />
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { WebTerminal } from "../../../src/web/mod.ts";

const screen = new Terminal({ scrollback: 5000 });
const fit = new FitAddon();
screen.loadAddon(fit);
screen.open(document.getElementById("screen") as HTMLElement);
fit.fit();
addEventListener("resize", () => fit.fit());

const line = document.getElementById("line") as HTMLInputElement;
const health = document.getElementById("health") as HTMLMeterElement;
const status = document.getElementById("status") as HTMLOutputElement;
const STATES = {
  connecting: "Connecting …",
  open: "",
  waiting: "Connection lost; trying again …",
  closed: "The connection has ended. Enter connects again.",
};
const terminal = new WebTerminal({
  url: location.href.replace(/^http/, "ws"),
  screen,
  telnetOptions: { gmcp: { supports: ["Char 1"] } },
  onMode: (_terminal, mode) => {
    line.type = mode === "hidden" ? "password" : "text";
    line.hidden = mode === "keys"; // keys, such as those of an editor, are typed into the terminal
    (mode === "keys" ? screen : line).focus();
  },
  onLink: (_terminal, { state }) => status.textContent = STATES[state],
  onGmcp: (_server, { package: name, value }) => {
    if (name !== "Char.Vitals") return;
    const { hp, maxhp } = value as { hp: number; maxhp: number };
    Object.assign(health, { value: hp, max: maxhp });
  },
});
(document.getElementById("form") as HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  if (terminal.link.state === "closed") terminal.reconnect();
  else if (terminal.sendLine(line.value)) line.value = ""; // otherwise there is no connection
};
line.focus();
