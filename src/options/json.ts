/** JSON for the options. */
import { TelnetError, throwMisuse } from "../protocol/error.ts";

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

/**
 * Writes JSON in ASCII: every other character is escaped as `\\uXXXX`.
 *
 * @param value The value.
 * @returns The JSON text.
 * @throws {TelnetError} `misuse`: a value that JSON cannot represent, such as a function, a map, a
 * promise or a circular object.
 */
export function asciiJson(value: unknown): string {
  return stringify(value).replaceAll(
    /[\x7f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function stringify(value: unknown): string {
  const hasNone = value instanceof Map || value instanceof Set ||
    (typeof value === "object" && value !== null && "then" in value);
  try {
    const text: string | undefined = hasNone ? undefined : JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new TelnetError("misuse", NO_JSON, { cause });
  }
  throwMisuse(NO_JSON);
}

const NO_JSON = "Cannot write as JSON what has none: give text, numbers, arrays and plain objects";

/**
 * The deepest nesting that is accepted, so that a game that walks a value does not overflow the
 * stack.
 */
const MAX_DEPTH = 32;

/**
 * Reads JSON from a peer. Keys `__proto__` are left out, as a copy could turn them into a
 * prototype.
 *
 * @param text The JSON.
 * @returns The value.
 * @throws {SyntaxError} The text is not JSON, or is nested deeper than 32 levels.
 */
export function readJson(text: string): Json {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString && character === "\\") at++;
    else if (character === '"') inString = !inString;
    else if (!inString && (character === "[" || character === "{")) depth++;
    else if (!inString && (character === "]" || character === "}")) depth--;
    if (depth > MAX_DEPTH) throw new SyntaxError("It is nested too deep");
  }
  if (!text.includes("__proto__") && !text.includes("\\u")) return JSON.parse(text);
  return JSON.parse(text, (key, value) => key === "__proto__" ? undefined : value);
}
