import { throwMisuse } from "../protocol/error.ts";
import { hasParts, hasToJson } from "./json.ts";
import type { OptionState, TelnetOption } from "./option.ts";
import { fromUtf8, join, toUtf8 } from "./_bytes.ts";
import { checkFunction, throwUnexpected } from "../protocol/validate.ts";

/** Code of the option MSSP, the MUD Server Status Protocol. */
export const MSSP = 0x46;

const VAR = 0x01;
const VAL = 0x02;

/** A value of MSSP: `true` and `false` are sent as 1 and 0, a list as several values. */
export type MsspValue = string | number | boolean | readonly (string | number)[];

/** The status that a game reports to crawlers. Every game should set the named variables. */
export interface MsspStatus {
  /** The game's name. */
  readonly NAME?: string;
  /** How many players are connected. */
  readonly PLAYERS?: number;
  /** When the game was started, in seconds since 1970. */
  readonly UPTIME?: number;
  /** Any other variable, such as `CODEBASE`, `PORT` or `MINIMUM AGE`. */
  readonly [name: string]: MsspValue | undefined;
}

/**
 * Writes an MSSP payload.
 *
 * @param status The variables; `undefined` ones are left out.
 * @returns The payload.
 *
 * @example
 * ```ts
 * import { decodeMssp, encodeMssp } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * const payload = encodeMssp({ NAME: "Bogboa", PLAYERS: 7, ANSI: true, PORT: [7777, 7778] });
 * assertEquals(decodeMssp(payload).get("PORT"), ["7777", "7778"]);
 * ```
 */
export function encodeMssp(status: MsspStatus): Uint8Array {
  const parts = rows(status).map(([name, values]) =>
    join(VAR, toUtf8(name), ...values.flatMap((value) => [VAL, toUtf8(value)]))
  );
  return join(...parts);
}

/**
 * Reads an MSSP payload. A variable that occurs twice, or has several values, keeps all values.
 *
 * @param payload The bytes between `IAC SB MSSP` and `IAC SE`, unescaped.
 * @returns Each variable's values.
 */
export function decodeMssp(payload: Uint8Array): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let name = "";
  for (let at = 0; at < payload.length;) {
    const kind = payload[at++];
    const start = at;
    while (at < payload.length && payload[at] !== VAR && payload[at] !== VAL) at++;
    const text = fromUtf8(payload.subarray(start, at));
    if (kind === VAR) {
      name = text;
      if (!found.has(name)) found.set(name, []);
    } else if (kind === VAL) {
      found.get(name)?.push(text);
    }
  }
  return found;
}

/**
 * Writes the status as plain text, to answer the line `MSSP-REQUEST` of a crawler without Telnet.
 *
 * @param status The variables.
 * @returns Lines that end in `\n`.
 *
 * @example
 * ```ts
 * import { msspText } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(msspText({ NAME: "Bogboa" }), "\nMSSP-REPLY-START\nNAME\tBogboa\nMSSP-REPLY-END\n");
 * ```
 */
export function msspText(status: MsspStatus): string {
  const lines = rows(status).map(([name, values]) => `${name}\t${values.join("\t")}\n`);
  return `\nMSSP-REPLY-START\n${lines.join("")}MSSP-REPLY-END\n`;
}

function rows(status: MsspStatus): [name: string, values: string[]][] {
  if (!hasParts(status) || Array.isArray(status) || hasToJson(status)) {
    throwUnexpected("what telnetOptions.mssp returns", "an object such as { NAME: … }", status);
  }
  return Object.entries(status).flatMap(([name, value]) =>
    value === undefined ? [] : [[clean(name), values(name, value)] as [string, string[]]]
  );
}

function values(name: string, value: MsspValue): string[] {
  const items = Array.isArray(value) ? value : [value];
  return items.map((item) => {
    if (typeof item === "boolean") return item ? "1" : "0";
    if (typeof item === "string") return clean(item);
    if (typeof item === "number" && Number.isFinite(item)) return String(item);
    throwUnexpected(`the MSSP variable ${name}`, "text, a finite number, a flag or an array", item);
  });
}

/**
 * Replaces the bytes that MSSP reserves, and those that would break the plain text, with spaces.
 */
function clean(text: string): string {
  return text.replaceAll(/[\x00-\x02\t\r\n]/g, " ");
}

/** MSSP as the server uses it: sends the status to a client that agrees. */
export const mssp: TelnetOption<() => MsspStatus> = {
  code: MSSP,
  name: "MSSP",
  offer: "local",
  check(status) {
    checkFunction("telnetOptions.mssp", status);
    if (status.constructor.name === "AsyncFunction") {
      throwMisuse(
        "Cannot use telnetOptions.mssp: expected a function that returns the status at once, " +
          "got an async function",
      );
    }
  },
  attach: (context, status) => ({
    changed(side, change) {
      if (side !== "local" || change !== "enabled" || status === undefined) return;
      const payload = encodeMssp(status());
      // The game's function `status` may have turned MSSP off.
      if (context.localEnabled(MSSP)) context.sendSubnegotiation(MSSP, payload);
    },
  }),
};

/** The events that MSSP reports to a client. */
export interface MsspEvents {
  /** The game's status came: each variable's values. */
  mssp: ReadonlyMap<string, readonly string[]>;
}

/** MSSP as a client uses it, for example a crawler. */
export const msspClient: TelnetOption<true, OptionState, MsspEvents> = {
  code: MSSP,
  name: "MSSP",
  events: ["mssp"],
  agreeRemote: true,
  mud: true,
  attach: (context) => ({
    subnegotiation(payload) {
      context.emit("mssp", decodeMssp(payload));
    },
  }),
};

/**
 * Reads a status in plain text, the answer to the line `MSSP-REQUEST`.
 *
 * @param text All text received so far.
 * @returns Each variable's values; `undefined` while the reply is incomplete.
 *
 * @example
 * ```ts
 * import { readMsspText, msspText } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readMsspText(msspText({ NAME: "Bogboa" }))?.get("NAME"), ["Bogboa"]);
 * ```
 */
export function readMsspText(text: string): Map<string, string[]> | undefined {
  const lines = text.split(/\r?\n/);
  const start = lines.indexOf("MSSP-REPLY-START");
  const end = lines.indexOf("MSSP-REPLY-END", start);
  if (start === -1 || end === -1) return undefined;
  const rows = lines.slice(start + 1, end).map((line) => line.split("\t"));
  return new Map(rows.map(([name = "", ...values]) => [name, values]));
}
