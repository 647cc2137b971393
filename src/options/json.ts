/** JSON for the options. */
import { throwMisuse } from "../protocol/error.ts";
import { inspect } from "../protocol/validate.ts";

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

/**
 * Writes JSON in ASCII: every other character is escaped as `\uXXXX`.
 *
 * @param value The value.
 * @returns The JSON text.
 * @throws {TelnetError} `misuse`: a value that JSON cannot represent, at any depth, such as a
 * function, a map, a promise, `NaN` or a circular object.
 */
export function asciiJson(value: unknown): string {
  return stringify(value).replaceAll(
    /[\x7f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function stringify(value: unknown): string {
  checkPlain("the value", value);
  return JSON.stringify(value);
}

/**
 * Checks that JSON can hold a value without losing any of it: text, finite numbers, `true`, `false`,
 * `null`, arrays, objects with properties, and objects with `toJSON`. Properties that are
 * `undefined` are left out.
 *
 * @param what The name of the value, for the error.
 * @param value The caller's value.
 * @param depth How deep it may be nested.
 */
export function checkPlain(what: string, value: unknown, depth: number = MAX_PLAIN_DEPTH): void {
  if (isPlainScalar(value)) return;
  if (!hasParts(value)) {
    throwMisuse(`Cannot write ${what} as JSON, which has none: ${GIVE}; got ${inspect(value)}`);
  }
  if (depth === 0) {
    throwMisuse(`Cannot write ${what} as JSON, as it contains itself or is nested too deep`);
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      // Most items need no name for an error.
      if (!isPlainScalar(item)) checkPlain(`${what}[${index}]`, item, depth - 1);
    }
    return;
  }
  if (hasToJson(value)) return checkPlain(what, value.toJSON(), depth - 1);
  for (const [name, item] of Object.entries(value)) {
    const fine = item === undefined || isPlainScalar(item);
    if (!fine) checkPlain(`${what}.${name}`, item, depth - 1);
  }
}

const GIVE = "give text, finite numbers, arrays and plain objects";
/** The deepest value that is written; a deeper one most likely contains itself. */
const MAX_PLAIN_DEPTH = 200;

function isPlainScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" ||
    typeof value === "number" && Number.isFinite(value);
}

/**
 * Whether a value is an array or an object whose properties are all that it has, or has `toJSON`.
 * Not a map, a promise, an error or bytes, which have their contents elsewhere.
 */
export function hasParts(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || hasToJson(value)) return true;
  if ("then" in value && typeof value.then === "function") return false;
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** Whether an object says by `toJSON` how to write it, as a date does. */
export function hasToJson(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

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
