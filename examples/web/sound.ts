/// <reference lib="dom" />
/** The sounds of the page, and the button that turns them on. */
import { element, keepSetting, readSetting } from "./dom.ts";

let on = readSetting("sound") === "on";
let audio: AudioContext | undefined;

setSound(on);
element("sound").addEventListener("click", () => {
  setSound(!on);
  beep(660);
});

/** Plays a short tone of a frequency in hertz; 0 only enables the sound. */
export function beep(frequency: number): void {
  if (!on) return;
  audio ??= new AudioContext();
  void audio.resume();
  if (frequency === 0) return;
  const tone = new OscillatorNode(audio, { frequency });
  const volume = new GainNode(audio, { gain: 0.08 });
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.12);
}

function setSound(next: boolean): void {
  on = next;
  element("sound").setAttribute("aria-pressed", String(on));
  keepSetting("sound", on ? "on" : "off");
}
