import { throwMisuse } from "../protocol/error.ts";
import { inspect, throwUnexpected } from "../protocol/validate.ts";
import { TelnetClient } from "./client.ts";

/** Properties of a client that a field of the same name would hide. */
const PROPERTIES: ReadonlySet<string> = new Set(
  Object.entries(Object.getOwnPropertyDescriptors(TelnetClient.prototype))
    .filter(([, { get }]) => get !== undefined).map(([name]) => name),
);
/** Methods, which a field that is no function would hide. */
const METHODS: ReadonlySet<string> = new Set(
  Object.entries(Object.getOwnPropertyDescriptors(TelnetClient.prototype))
    .filter(([, { value }]) => typeof value === "function").map(([name]) => name),
);
/** What in the source of a class holds no fields: comments and text. */
const COMMENT_OR_TEXT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
/** A field, behind the end of a member: on a new line alone it may go on with the one before. */
const FIELD = /(?<=(?:^|[;{}])\s*)([A-Za-z_$][\w$]*)\s*(?:=(?![=>])|;)/g;

/**
 * Checks the class that a game gives: a field `active = true` in plain JavaScript would hide the property
 * of the library, so that `active = false` drops nobody.
 */
export function checkClientClass(clientClass: new () => TelnetClient): void {
  if (typeof clientClass !== "function") {
    throwUnexpected("clientClass", "a class that extends TelnetClient", clientClass);
  }
  if (clientClass === TelnetClient) return;
  if (!(clientClass.prototype instanceof TelnetClient)) {
    throwMisuse(
      `Cannot use clientClass ${
        inspect(clientClass.name)
      }: expected a class that extends TelnetClient`,
    );
  }
  for (
    let one: unknown = clientClass;
    typeof one === "function" && one !== TelnetClient;
    one = Object.getPrototypeOf(one)
  ) rejectHiddenProperties(one.name, fieldsOf(String(one)));
}

/** The same for a client that is made, whose fields may have come in another way. */
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

function throwHiding(className: string, field: string): never {
  throwMisuse(
    `Cannot use clientClass "${className}": its field "${field}" hides that of TelnetClient, so ` +
      "give it another name",
  );
}

/**
 * The names of the fields in the source of a class. Where patterns or templates make it hard to read none
 * is found: the first client of the class is looked at in any case.
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
