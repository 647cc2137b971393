import { throwMisuse } from "../protocol/error.ts";
import { inspect, throwUnexpected } from "../protocol/validate.ts";
import { TelnetClient } from "./client.ts";

/** Properties of a client that a field of the same name would hide. */
const PROPERTIES: ReadonlySet<string> = new Set(
  Object.entries(Object.getOwnPropertyDescriptors(TelnetClient.prototype))
    .filter(([, { get }]) => get !== undefined).map(([name]) => name),
);
/** What in the source of a class holds no fields: comments and text. */
const ASIDE =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
const FIELD = /(?:^|[;{}\n])\s*([A-Za-z_$][\w$]*)\s*(?:=(?![=>])|;)/g;

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
  ) checkNames(one.name, fieldsOf(String(one)));
}

/** The same for a client that is made, whose fields may have come in another way. */
export function checkClientFields(client: TelnetClient): void {
  checkNames(client.constructor.name, Object.getOwnPropertyNames(client));
}

function checkNames(className: string, names: readonly string[]): void {
  const hidden = names.find((name) => PROPERTIES.has(name));
  if (hidden === undefined) return;
  throwMisuse(
    `Cannot use clientClass "${className}": its field "${hidden}" hides the property of ` +
      "TelnetClient, so give it another name",
  );
}

/** The names of the fields in the source of a class. */
function fieldsOf(source: string): string[] {
  if (!source.startsWith("class")) return [];
  const code = source.replaceAll(ASIDE, '""');
  const body = code.slice(code.indexOf("{") + 1);
  let depth = 0;
  let flat = "";
  for (const sign of body) {
    if (sign === "}" || sign === ")" || sign === "]") depth--;
    if (depth === 0) flat += sign;
    if (sign === "{" || sign === "(" || sign === "[") depth++;
  }
  return Array.from(flat.matchAll(FIELD), ([, name = ""]) => name);
}
