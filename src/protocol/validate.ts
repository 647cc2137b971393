import { throwMisuse } from "./error.ts";

/** The most characters of a caller's text that an error shows. */
const MAX_SHOWN = 40;
/** A name of at least so many characters may be the start of another. */
const MIN_BEGUN = 3;
/** The most names that an error lists. */
const MAX_LISTED = 30;

/**
 * Describes a caller's value for an error: text is quoted, long text is cut, and the contents of
 * objects are not shown.
 */
export function inspect(value: unknown): string {
  switch (typeof value) {
    case "string": {
      const rest = value.length - MAX_SHOWN;
      return JSON.stringify(value.slice(0, MAX_SHOWN)) + (rest > 0 ? ` and ${rest} more` : "");
    }
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      if (value === null) return "null";
      if ("then" in value) return "a promise: await it";
      return Array.isArray(value) ? "an array" : "an object";
    default:
      return String(value);
  }
}

/**
 * Throws the error for an unexpected value.
 *
 * @param what The name of the value, such as `onConnect`.
 * @param expected What was expected, such as `a function`.
 * @param value The caller's value.
 */
export function throwUnexpected(what: string, expected: string, value: unknown): never {
  throwMisuse(`Cannot use ${what}: expected ${expected}, got ${inspect(value)}`);
}

/** Like `throwUnexpected`, but does not show text, which may be a secret. */
function throwOtherType(what: string, expected: string, value: unknown): never {
  const got = typeof value === "string" ? "text" : inspect(value);
  throwMisuse(`Cannot use ${what}: expected ${expected}, got ${got}`);
}

/** Checks that a caller gave a function. */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== "function") throwOtherType(what, "a function", value);
}

/** Checks that a caller gave an AbortSignal, or none. */
export function checkSignal(what: string, signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal?.addEventListener === "function") return;
  const own = typeof signal === "object" && signal !== null && "signal" in signal;
  throwUnexpected(what, own ? "an AbortSignal: give its `.signal`" : "an AbortSignal", signal);
}

/** Checks that a caller gave text. */
export function checkText(what: string, value: unknown): void {
  if (typeof value !== "string") throwUnexpected(what, "text", value);
}

/** Checks that a caller gave a name that is valid in a bus subject. */
export function checkToken(what: string, value: unknown): void {
  if (typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value)) return;
  throwUnexpected(what, "a name of at most 64 letters, digits, - and _", value);
}

/** Checks that a caller gave `true` or `false`. */
export function checkBoolean(what: string, value: unknown): void {
  if (typeof value !== "boolean") throwOtherType(what, "true or false", value);
}

/** Checks that a caller gave one of the known values. */
export function checkOneOf(what: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) throwUnexpected(what, known.map(inspect).join(" or "), value);
}

/** Checks that a caller gave an array. */
export function checkList(what: string, value: unknown): void {
  if (!Array.isArray(value)) throwOtherType(what, "an array", value);
}

/**
 * Checks that a number is an integer of at least `least`; `or` adds an alternative to the error.
 */
export function checkCount(what: string, value: number, least: number = 0, or: string = ""): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throwUnexpected(what, `a whole number of at least ${least}${or}`, value);
  }
}

/** Checks that a caller's number is a port. */
export function checkPort(what: string, value: unknown): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535) return;
  throwUnexpected(what, "a whole number from 0 to 65535", value);
}

/** Checks that a caller's number is a byte. */
export function checkByte(what: string, value: unknown): void {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 255) {
    throwUnexpected(what, "a byte from 0 to 255", value);
  }
}

/** Checks that a caller's value is bytes. */
export function checkBytes(what: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throwOtherType(what, "a Uint8Array", value);
}

/** Whether a value, for example one from a file, is an array of bytes. */
export function areBytes(value: unknown): value is readonly number[] {
  return Array.isArray(value) &&
    value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
}

/**
 * Removes properties that are `undefined`, because `undefined` stands for the default.
 *
 * @param given The caller's object.
 * @returns A copy without them.
 */
export function withoutUndefined<Values extends object>(given: Values): Values {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Values;
}

/** Maps names that other libraries use to the name used here, or to a hint for the error. */
export type Synonyms = Readonly<Record<string, string>>;

/**
 * Throws for an unknown option name. Without this check a misspelt name would be ignored silently:
 * a server started with `tsl: true` would run without TLS.
 *
 * @param what The name of the object, such as `limits`; empty for the options of `listen()`.
 * @param given The caller's object.
 * @param known An object with all known names.
 * @param synonyms Names that other libraries use.
 */
export function rejectUnknownKeys(
  what: string,
  given: object,
  known: object,
  synonyms: Synonyms = {},
): void {
  if (typeof given !== "object" || given === null || Array.isArray(given) || isForeign(given)) {
    const such = EXAMPLES[what];
    throwOtherType(what || "options", `an object${such ? ` such as ${such}` : ""}`, given);
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue;
    const path = what === "" ? name : `${what}.${name}`;
    throwMisuse(`Unknown option "${path}": ${hint(name, Object.keys(known), synonyms)}`);
  }
}

/** Examples for the error about a value that is not an object. */
const EXAMPLES: Readonly<Record<string, string>> = {
  ask: "{ hidden: true, timeout: 60_000 }",
  broadcast: "{ except: client }",
  drain: "{ message, grace: 30_000 }",
  History: "{ limit: 500 }",
  limits: "{ idleTimeout: 600_000 }",
  readLine: "{ timeout: 60_000 }; to ask something, call ask(question)",
  record: "{ title }",
  serve: "{ signal }",
  tls: "{ start: true } or { fingerprint }",
  useEditor: "{ history, complete }",
  wrap: "{ columns: 60 }",
};

/** Whether an object is a class instance without own keys, such as a signal, a map or a client. */
function isForeign(given: object): boolean {
  const prototype = Object.getPrototypeOf(given);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return !isPlain && Object.keys(given).length === 0;
}

function hint(name: string, names: readonly string[], synonyms: Synonyms): string {
  const known = Object.hasOwn(synonyms, name) ? synonyms[name] : undefined;
  const meant = known ?? nearestName(name, names);
  if (meant !== undefined) return meant.includes(" ") ? meant : `did you mean "${meant}"?`;
  return names.length > MAX_LISTED
    ? `none of the ${names.length} names is similar; docs/reference has them all`
    : `use one of ${names.join(", ")}`;
}

/**
 * Finds the name that a caller may have meant.
 *
 * @param name The name that the caller wrote.
 * @param names All known names.
 * @returns The most similar name; `undefined` if none is similar.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const wanted = plain(name);
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const begun = names.filter((one) => plain(one).startsWith(wanted));
  if (wanted.length >= MIN_BEGUN && begun.length === 1) return begun[0];
  let [nearest, distance] = [undefined as string | undefined, limit + 1];
  for (const one of names) {
    const apart = editDistance(wanted, plain(one), distance);
    if (apart < distance) [nearest, distance] = [one, apart];
  }
  return nearest;
}

/**
 * The edit distance of two names, where a swap of neighbours counts as one edit; at most `limit`.
 */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit || from.length > MAX_SHOWN) return limit;
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (above[j] ?? limit) + 1,
        (row[j - 1] ?? limit) + 1,
        (above[j - 1] ?? limit) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? limit) + 1 : limit,
      );
    }
    before = above;
  }
  return Math.min(limit, row[to.length] ?? limit);
}
