import { throwMisuse } from "../protocol/error.ts";
import { inspect, nearestName, throwUnexpected } from "../protocol/validate.ts";
import { EDIT_ACTIONS, type EditAction } from "./edit_actions.ts";

const FUNCTION_KEYS = Array.from({ length: 12 }, (_, at) => `f${at + 1}`);
/** The keys that have a name; other keys are named by the character that they type. */
const NAMED = new Set([
  ..."enter tab backspace delete insert escape up down left right home end pageup pagedown begin"
    .split(" "),
  ...FUNCTION_KEYS,
]);
const NAME = /^(ctrl\+)?(alt\+)?(shift\+)?(.+)$/su;
/** How other programs write the modifiers. */
const MODIFIERS: Readonly<Record<string, string>> = {
  c: "ctrl",
  control: "ctrl",
  ctrl: "ctrl",
  m: "alt",
  a: "alt",
  meta: "alt",
  option: "alt",
  alt: "alt",
  s: "shift",
  shift: "shift",
};

/** Checks a key map of a caller: names of keys as `keyName` writes them, and actions of an editor. */
export function checkKeyMap(what: string, keys: Readonly<Record<string, EditAction>>): void {
  if (typeof keys !== "object" || keys === null || Array.isArray(keys) || keys instanceof Map) {
    throwUnexpected(what, 'an object such as { "ctrl+x": "kill-line" }', keys);
  }
  for (const [name, action] of Object.entries(keys)) {
    if (!isKeyName(name)) {
      const meant = rewritten(name);
      const hint = meant === undefined
        ? 'use names such as "ctrl+x", "f1"'
        : `did you mean "${meant}"?`;
      throwMisuse(`Cannot use key "${name}" in ${what}: ${hint}`);
    }
    if (!EDIT_ACTIONS.includes(action)) {
      const near = nearestName(String(action), EDIT_ACTIONS);
      const hint = near === undefined
        ? `use one of ${EDIT_ACTIONS.join(", ")}`
        : `did you mean "${near}"?`;
      throwMisuse(`Cannot use action ${inspect(action)} for ${what}.${name}: ${hint}`);
    }
  }
}

function isKeyName(name: string): boolean {
  const [, ctrl, alt, , base = ""] = NAME.exec(name) ?? [];
  if (NAMED.has(base)) return true;
  const held = ctrl !== undefined || alt !== undefined;
  return held && [...base].length === 1 && base === base.toLowerCase();
}

/** Translates names such as `C-x`, `^X` and `Meta-b` to ours; `undefined` if that fails. */
function rewritten(name: string): string | undefined {
  const [, caret] = /^\^(.)$/u.exec(name) ?? [];
  const parts = caret === undefined ? name.split(/[-+]/) : ["ctrl", caret];
  const base = parts.pop()?.toLowerCase() ?? "";
  const held = new Set(parts.map((part) => MODIFIERS[part.toLowerCase()] ?? part));
  const known = [...NAMED].find((one) => one === base) ??
    ([...base].length === 1 ? base : nearestName(base, [...NAMED]));
  const order = ["ctrl", "alt", "shift"].filter((one) => held.has(one));
  const whole = [...order, known].join("+");
  return order.length === held.size && known !== undefined && isKeyName(whole) ? whole : undefined;
}
