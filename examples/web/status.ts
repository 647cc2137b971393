/// <reference lib="dom" />
/** The page around the terminal: the connection's state, the health, and a log for screen readers. */
import type { Link } from "../../src/web/mod.ts";
import { element } from "./dom.ts";
import { screen } from "./screen.ts";
import { beep } from "./sound.ts";

const MAX_LOG = 200;

const log = element("log");
const health = element<HTMLMeterElement>("hp");
let unread = 0;

let ticking: ReturnType<typeof setInterval> | undefined;

/** Shows the state of the connection, and counts down to the next try. */
export function showLink({ state, delay }: Link): void {
  clearInterval(ticking);
  const status = element("status");
  const retryAt = Date.now() + delay;
  const showWait = () => {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    status.textContent = `Connection lost. Next try in ${seconds} s`;
  };
  const words = { connecting: "Connecting …", open: "Connected", closed: "Disconnected" };
  if (state !== "waiting") status.textContent = words[state];
  else if (delay === 0) status.textContent = "Connecting again …";
  else {
    showWait();
    ticking = setInterval(showWait, 1_000);
  }
  status.dataset.state = state;
  element("connect").hidden = state !== "waiting" && state !== "closed";
  if (state !== "open") element("gauges").hidden = true;
  if (state === "closed") screen.write("\x1b[2m-- The connection has ended --\x1b[22m\r\n");
}

/** Shows the health that the MUD reports in the GMCP package `Char.Vitals`. */
export function showVitals(value: unknown): void {
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

/** Copies a line to the log that screen readers read aloud; counts it in the title of a hidden tab. */
export function mirror(text: string): void {
  if (text.trim() === "") return;
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
