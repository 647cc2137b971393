import { checkText, rejectUnknownKeys, withoutUndefined } from "../protocol/validate.ts";
import type { OptionState, TelnetOption } from "./option.ts";

/** Code of the option MSP, the MUD Sound Protocol: sounds are named in lines of the text. */
export const MSP = 0x5a;

const OPTION_NAMES: Readonly<Record<keyof MspOptions, true>> = {
  volume: true,
  repeats: true,
  priority: true,
  continues: true,
  type: true,
  url: true,
};

/** How to play a sound. */
export interface MspOptions {
  /** 0 to 100. Default: the client's, 100. */
  readonly volume?: number;
  /** How often; -1 is for ever. Default: once. */
  readonly repeats?: number;
  /** Which of two sounds counts, 0 to 100, the higher; for sounds only. Default: 50. */
  readonly priority?: number;
  /** Whether music that plays already goes on instead of starting anew; for music only. */
  readonly continues?: boolean;
  /** A kind, such as `combat`. */
  readonly type?: string;
  /** Where a client that lacks the file may fetch it. */
  readonly url?: string;
}

/**
 * The line that plays a sound. It must stand at the start of a line.
 *
 * @param file The file; `Off` stops all.
 * @param options How to play it.
 * @returns The trigger, without a line end.
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
 * The line that plays music. It must stand at the start of a line.
 *
 * @param file The file; `Off` stops all.
 * @param options How to play it.
 * @returns The trigger, without a line end.
 */
export function mspMusic(file: string, options: MspOptions = {}): string {
  return trigger("MUSIC", file, options);
}

function trigger(kind: string, file: string, options: MspOptions): string {
  checkText("file", file);
  rejectUnknownKeys("msp", options, OPTION_NAMES);
  const { volume, repeats, priority, continues, type, url } = options;
  const parts = [
    clean(file),
    volume === undefined ? "" : `V=${Math.trunc(volume)}`,
    repeats === undefined ? "" : `L=${Math.trunc(repeats)}`,
    priority === undefined ? "" : `P=${Math.trunc(priority)}`,
    continues === undefined ? "" : `C=${continues ? 1 : 0}`,
    type === undefined ? "" : `T=${clean(type)}`,
    url === undefined ? "" : `U=${clean(url)}`,
  ];
  return `!!${kind}(${parts.filter((part) => part !== "").join(" ")})`;
}

/** Nothing that would end the trigger. */
function clean(text: string): string {
  return text.replaceAll(/[\s()\x00-\x1f\x7f]/g, "");
}

/** MSP as the server uses it: who agrees plays sounds. */
export const msp: TelnetOption<true> = { code: MSP, name: "MSP", offer: "local", mud: true };

/** A sound or music that a server names. */
export interface MspTrigger extends MspOptions {
  /** What it is. */
  readonly kind: "sound" | "music";
  /** The file; `Off` stops all of its kind. */
  readonly file: string;
}

const TRIGGER = /^!!(SOUND|MUSIC)\(([^)]*)\)$/;

/**
 * Reads a line of text as a trigger.
 *
 * @param line The line, without its end.
 * @returns What to play; `undefined` where the line is ordinary text.
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

/** What MSP reports to a client. */
export interface MspEvents {
  /** A sound is to be played. */
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
