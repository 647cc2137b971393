import {
  checkBoolean,
  checkCount,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
  withoutUndefined,
} from "../protocol/validate.ts";
import type { OptionState, TelnetOption } from "./option.ts";

/** Code of the option MSP, the MUD Sound Protocol: lines of the text trigger sounds. */
export const MSP = 0x5a;

const OPTION_NAMES: Readonly<Record<keyof MspOptions, true>> = {
  volume: true,
  repeats: true,
  priority: true,
  continues: true,
  type: true,
  url: true,
};

/** The number of repeats that never ends. */
const FOREVER = -1;

/** How to play a sound. */
export interface MspOptions {
  /** 0 to 100. Default: the client's, 100. */
  readonly volume?: number;
  /** How often to play it; -1 repeats it forever. Default: once. */
  readonly repeats?: number;
  /**
   * The priority, 0 to 100: the sound with the higher one is played. For sounds only. Default: 50.
   */
  readonly priority?: number;
  /** Whether music that is already playing continues instead of restarting; for music only. */
  readonly continues?: boolean;
  /** A type of sound, such as `combat`. */
  readonly type?: string;
  /** The URL from which a client without the file can download it. */
  readonly url?: string;
}

/**
 * Returns the trigger that plays a sound. Send it at the start of a line.
 *
 * @param file The file; `Off` stops all.
 * @param options How to play it.
 * @returns The trigger, without a line end.
 * @throws {TelnetError} `misuse`: no file, or a value out of its range.
 *
 * @example
 * ```ts
 * import { mspSound } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mspSound("hit.wav", { volume: 80 }), "!!SOUND(hit.wav V=80)");
 * ```
 */
export function mspSound(file: string, options: MspOptions = {}): string {
  return trigger("SOUND", file, options);
}

/**
 * Returns the trigger that plays music. Send it at the start of a line.
 *
 * @param file The file; `Off` stops all.
 * @param options How to play it.
 * @returns The trigger, without a line end.
 * @throws {TelnetError} `misuse`: no file, or a value out of its range.
 */
export function mspMusic(file: string, options: MspOptions = {}): string {
  return trigger("MUSIC", file, options);
}

function trigger(kind: string, file: string, options: MspOptions): string {
  checkText("file", file);
  rejectUnknownKeys("msp", options, OPTION_NAMES);
  const { volume, repeats, priority, continues, type, url } = options;
  if (clean(file) === "") throwUnexpected("file", 'the name of a file, or "Off"', file);
  checkLevel("msp.volume", volume);
  checkLevel("msp.priority", priority);
  if (repeats !== undefined && repeats !== FOREVER) {
    checkCount("msp.repeats", repeats, 1, ", or -1 for ever");
  }
  if (continues !== undefined) checkBoolean("msp.continues", continues);
  for (const [name, value] of Object.entries({ type, url })) {
    if (value !== undefined) checkText(`msp.${name}`, value);
  }
  const parts = [
    clean(file),
    volume === undefined ? "" : `V=${volume}`,
    repeats === undefined ? "" : `L=${repeats}`,
    priority === undefined ? "" : `P=${priority}`,
    continues === undefined ? "" : `C=${continues ? 1 : 0}`,
    type === undefined ? "" : `T=${clean(type)}`,
    url === undefined ? "" : `U=${clean(url)}`,
  ];
  return `!!${kind}(${parts.filter((part) => part !== "").join(" ")})`;
}

function checkLevel(what: string, level: number | undefined): void {
  if (level === undefined) return;
  checkCount(what, level);
  if (level > 100) throwUnexpected(what, "0 to 100", level);
}

/** Removes characters that would end a parameter or the trigger. */
function clean(text: string): string {
  return text.replaceAll(/[\s()\x00-\x1f\x7f]/g, "");
}

/** MSP as the server uses it: a client that agrees plays sounds. */
export const msp: TelnetOption<true> = { code: MSP, name: "MSP", offer: "local", mud: true };

/** A sound or music that the server asks the client to play. */
export interface MspTrigger extends MspOptions {
  /** Whether it is a sound or music. */
  readonly kind: "sound" | "music";
  /** The file; `Off` stops all of its kind. */
  readonly file: string;
}

const TRIGGER = /^!!(SOUND|MUSIC)\(([^)]*)\)$/;

/**
 * Reads a line of text as a trigger.
 *
 * @param line The line, without its end.
 * @returns The trigger; `undefined` if the line is ordinary text.
 *
 * @example
 * ```ts
 * import { readMsp, mspSound } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const trigger = readMsp(mspSound("hit.wav", { volume: 80 }));
 * assertEquals(trigger, { kind: "sound", file: "hit.wav", volume: 80 });
 * ```
 */
export function readMsp(line: string): MspTrigger | undefined {
  const [, kind, body = ""] = TRIGGER.exec(line.trim()) ?? [];
  if (kind === undefined) return undefined;
  const [file = "", ...parts] = body.split(/\s+/);
  const values = new Map(
    parts.map((part) => [part.slice(0, 2).toUpperCase(), part.slice(2)] as const),
  );
  const number = (name: string) => {
    const value = Number(values.get(name) || NaN);
    return Number.isInteger(value) ? value : undefined;
  };
  const continues = values.get("C=");
  return withoutUndefined({
    kind: kind === "SOUND" ? "sound" : "music",
    file,
    volume: number("V="),
    repeats: number("L="),
    priority: number("P="),
    continues: continues === undefined ? undefined : continues === "1",
    type: values.get("T="),
    url: values.get("U="),
  } as MspTrigger);
}

/** The events that MSP reports to a client. */
export interface MspEvents {
  /** The server asks to play a sound or music. */
  msp: MspTrigger;
}

/** MSP as the client uses it: lines that are triggers are reported instead of shown. */
export const mspClient: TelnetOption<true, OptionState, MspEvents> = {
  code: MSP,
  name: "MSP",
  events: ["msp"],
  agreeRemote: true,
  mud: true,
};
