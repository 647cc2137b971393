import { inspect, throwMisuse } from "../protocol/error.ts";

/**
 * Checks that a caller gave a list.
 *
 * @param what What it is.
 * @param given What the caller gave.
 */
export function checkList(what: string, given: readonly unknown[]): void {
  if (!Array.isArray(given)) {
    throwMisuse(`Cannot use what is no list as ${what}: ${inspect(given)}`);
  }
}

/**
 * Leaves out what is `undefined`: it stands for the default.
 *
 * @param given What the caller gave.
 * @returns The rest of it.
 */
export function withoutUndefined<Values extends object>(given: Values): Values {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Values;
}

/**
 * Checks the names of what a caller gives: one that is misspelt would be ignored without a word, and
 * a server in the clear for `tsl: true`.
 *
 * @param what What it is, such as `limits`; empty for the options of `listen()` themselves.
 * @param given What the caller gave.
 * @param known An object with all the names.
 */
export function rejectUnknownKeys(what: string, given: object, known: object): void {
  if (typeof given !== "object" || given === null) {
    throwMisuse(`Cannot use what is no object as ${what || "options"}: ${inspect(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) {
      throwMisuse(`Cannot set what does not exist: ${what === "" ? name : `${what}.${name}`}`);
    }
  }
}
