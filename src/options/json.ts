/** JSON as the options use it. */

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

/**
 * Writes JSON in ASCII: every other character is escaped as `\\uXXXX`.
 *
 * @param value The value.
 * @returns The JSON text.
 */
export function asciiJson(value: Json): string {
  return JSON.stringify(value).replaceAll(
    /[\x7f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
