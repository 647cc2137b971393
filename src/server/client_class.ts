import { throwMisuse } from "../protocol/error.ts";
import { inspect, throwUnexpected } from "../protocol/validate.ts";
import { TelnetClient } from "./client.ts";

/** Accessors of `TelnetClient`, which a field of the same name would hide. */
const PROPERTIES: ReadonlySet<string> = new Set(
  Object.entries(Object.getOwnPropertyDescriptors(TelnetClient.prototype))
    .filter(([, { get }]) => get !== undefined).map(([name]) => name),
);
/** Methods of `TelnetClient`; a field of the same name must be a function. */
const METHODS: ReadonlySet<string> = new Set(
  Object.entries(Object.getOwnPropertyDescriptors(TelnetClient.prototype))
    .filter(([, { value }]) => typeof value === "function").map(([name]) => name),
);
/** Matches comments and string literals in the source of a class. */
const COMMENT_OR_TEXT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
/** Matches a field after `;`, `{` or `}`: a new line alone can continue the member before. */
const FIELD = /(?<=(?:^|[;{}])\s*)([A-Za-z_$][\w$]*)\s*(?:=(?![=>])|;)/g;

/**
 * Checks the game's client class. In plain JavaScript, a field `active = true` would hide the
 * library's accessor, and `active = false` would not drop the client.
 */
export function checkClientClass(clientClass: new () => TelnetClient): void {
  if (typeof clientClass !== "function") {
    throwUnexpected("clientClass", "a class that extends TelnetClient", clientClass);
  }
  if (clientClass === TelnetClient) return;
  if (!(clientClass.prototype instanceof TelnetClient)) {
    throwUnexpected(nameOf(clientClass), "a class that extends TelnetClient", clientClass);
  }
  for (
    let one: unknown = clientClass;
    typeof one === "function" && one !== TelnetClient;
    one = Object.getPrototypeOf(one)
  ) rejectHiddenProperties(one.name, fieldsOf(String(one)));
}

/** Checks the fields of a created client, which the source of its class may not show. */
export function checkClientFields(client: TelnetClient): void {
  const { name } = client.constructor;
  rejectHiddenProperties(name, Object.getOwnPropertyNames(client));
  for (const [field, value] of Object.entries(client)) {
    if (METHODS.has(field) && typeof value !== "function") {
      throwHiding(name, field);
    }
  }
}

function rejectHiddenProperties(className: string, names: readonly string[]): void {
  const hidden = names.find((name) => PROPERTIES.has(name));
  if (hidden !== undefined) throwHiding(className, hidden);
}

/** A class in an error. A class without a name has that of the option. */
function nameOf({ name }: { readonly name: string }): string {
  return name === "" || name === "clientClass" ? "clientClass" : `clientClass ${inspect(name)}`;
}

function throwHiding(name: string, field: string): never {
  throwMisuse(
    `Cannot use ${nameOf({ name })}: its field "${field}" hides that of TelnetClient, so ` +
      "give it another name",
  );
}

/**
 * Returns the names of the fields in the source of a class; none if it contains a regular
 * expression, a division or a template, which are hard to parse. The first client of the class is
 * checked in any case.
 */
function fieldsOf(source: string): string[] {
  if (!source.startsWith("class")) return [];
  const code = source.replaceAll(COMMENT_OR_TEXT, (aside) => aside.startsWith("/") ? " " : '""');
  if (/[/`]/.test(code)) return [];
  let [depth, flat, inBody] = [0, "", false];
  for (const sign of code) {
    if (sign === "}" || sign === ")" || sign === "]") depth--;
    if (inBody && depth === 1) flat += sign;
    if (sign === "{" && depth === 0) inBody = true;
    if (sign === "{" || sign === "(" || sign === "[") depth++;
  }
  return Array.from(flat.matchAll(FIELD), ([name]) => name.replace(/\W[\s\S]*/, ""));
}
