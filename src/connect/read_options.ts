import { MAX_WINDOW_SIZE } from "../options/naws.ts";
import {
  checkCount,
  checkSignal,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { WaitOptions } from "./inbox.ts";
import type { ConnectSettings } from "./settings.ts";

/** Options of a read. */
export interface ReadOptions {
  /** How long to wait, in milliseconds. Default: `timeout` of `connect()`. */
  readonly timeout?: number | undefined;
  /** Ends the wait with the signal's reason. Default: never. */
  readonly signal?: AbortSignal | undefined;
}

/** Checks the options of a read, and fills in the defaults. */
export function waitOf(
  what: string,
  options: ReadOptions,
  { timeout: usual }: ConnectSettings,
  more: Readonly<Record<string, true>> = {},
): WaitOptions {
  rejectUnknownKeys(what, options, { timeout: true, signal: true, ...more });
  const { timeout = usual, signal } = options;
  checkTime(`${what}.timeout`, timeout);
  checkSignal(`${what}.signal`, signal);
  return { timeout, signal };
}

/** Checks a time in milliseconds. */
export function checkTime(what: string, time: unknown): void {
  if (typeof time === "number" && time >= 0) return;
  throwUnexpected(what, "a number of milliseconds, at least 0, or Infinity", time);
}

/** Checks a width or height of a window. */
export function checkSize(what: string, size: number): void {
  checkCount(what, size, 1);
  if (size > MAX_WINDOW_SIZE) {
    throwUnexpected(what, `a whole number from 1 to ${MAX_WINDOW_SIZE}`, size);
  }
}
