import type { TelnetOption } from "./option.ts";

/** Code of the option MXP, the MUD eXtension Protocol: markup among the text. */
export const MXP = 0x5b;

/** Line modes of MXP: how the client reads the markup that follows. */
export type MxpMode =
  | "open"
  | "secure"
  | "locked"
  | "reset"
  | "temp-secure"
  | "lock-open"
  | "lock-secure"
  | "lock-locked";

const MODES: readonly MxpMode[] = [
  "open",
  "secure",
  "locked",
  "reset",
  "temp-secure",
  "lock-open",
  "lock-secure",
  "lock-locked",
];

/**
 * The sequence that sets a line mode.
 *
 * @param mode The mode.
 * @returns An ANSI sequence.
 *
 * @example
 * ```ts
 * import { mxpMode } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mxpMode("secure"), "\x1b[1z");
 * ```
 */
export function mxpMode(mode: MxpMode): string {
  return `\x1b[${MODES.indexOf(mode)}z`;
}

/**
 * Text that shows as it is to a client that reads MXP: what a person typed cannot become markup.
 *
 * @param text Any text.
 * @returns The text with `&`, `<`, `>` and `"` as entities, and without control characters but TAB and line ends.
 *
 * @example
 * ```ts
 * import { mxpEscape } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mxpEscape('<send href="quit">'), "&lt;send href=&quot;quit&quot;&gt;");
 * ```
 */
export function mxpEscape(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "").replaceAll(
    /[&<>"]/g,
    (sign) => entities[sign] ?? "",
  );
}

/**
 * An element in the secure mode, with its attributes and text escaped.
 *
 * @param name The element, of letters and digits, such as `send`.
 * @param attributes Its attributes.
 * @param text What stands between its tags; left out, it has no end.
 * @returns The markup, valid until the end of the element.
 *
 * @example
 * ```ts
 * import { mxpElement } from "@miniboa/miniboa/options";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mxpElement("send", { href: "go north" }, "n"), '\x1b[4z<send href="go north">n\x1b[4z</send>');
 * ```
 */
export function mxpElement(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  text?: string,
): string {
  const tag = name.replaceAll(/[^\w!-]/g, "");
  const list = Object.entries(attributes).map(([key, value]) =>
    ` ${key.replaceAll(/[^\w-]/g, "")}="${mxpEscape(value.replaceAll(/\s+/g, " "))}"`
  );
  const secure = mxpMode("temp-secure");
  const open = `${secure}<${tag}${list.join("")}>`;
  return text === undefined ? open : `${open}${mxpEscape(text)}${secure}</${tag}>`;
}

/** MXP as the server uses it: who agrees is told that markup follows. */
export const mxp: TelnetOption<true> = {
  code: MXP,
  name: "MXP",
  offer: "local",
  mud: true,
  attach: (context) => ({
    changed(side, change) {
      if (side === "local" && change === "enabled") {
        context.sendSubnegotiation(MXP, new Uint8Array(0));
      }
    },
  }),
};
