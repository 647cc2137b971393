import type { OptionState, TelnetOption } from "./option.ts";

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

/** A tag of MXP in the text of a server. */
export interface MxpTag {
  /** Its name, in lower case. */
  readonly name: string;
  /** Whether it ends an element. */
  readonly closing: boolean;
  /** Its attributes by name, in lower case; those without a name by their position, `"0"`, `"1"`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether it stood in a secure line, where a game vouches for it: only then follow a link of it. */
  readonly secure: boolean;
}

/** What MXP reports to a client. */
export interface MxpEvents {
  /** A tag came; the text comes without it. */
  mxp: MxpTag;
}

/** MXP as the client uses it: tags are reported, and the text comes without them. */
export const mxpClient: TelnetOption<true, OptionState, MxpEvents> = {
  code: MXP,
  name: "MXP",
  events: ["mxp"],
  agreeLocal: true,
  agreeRemote: true,
  mud: true,
};

/** A longer tag is ordinary text. */
const MAX_TAG = 1_024;
const NEXT_SIGN = /[<&\n\x1b]/g;
const MODE = /^\x1b\[(\d{1,3})z/;
/** A mode or an entity that has not come to its end. */
const UNFINISHED = /^(?:\x1b(?:\[\d{0,3})?|&[#\w]{0,8})$/;
const ENTITY = /^&(lt|gt|amp|quot|apos|nbsp|#\d{1,7});/;
const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};
const TAG = /^<(\/?)(!?[\w-]+)/;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))|"([^"]*)"|'([^']*)'|(\S+)/g;

type LineMode = "open" | "secure" | "locked";

/** Takes the markup out of text as it comes, in pieces of any size. */
export class MxpReader {
  /** The mode of lines that name none. */
  #standard: LineMode = "open";
  #mode: LineMode = "open";
  /** Whether the next tag is secure, whatever its line is. */
  #nextSecure = false;
  /** Half a tag, entity or mode. */
  #rest = "";
  readonly #emit: (tag: MxpTag) => void;

  /**
   * Starts in the open mode.
   *
   * @param emit Takes each tag at its place.
   */
  constructor(emit: (tag: MxpTag) => void) {
    this.#emit = emit;
  }

  /**
   * Takes the next text.
   *
   * @param text As it came.
   * @returns The text without markup; half a tag at its end waits for the rest.
   */
  push(text: string): string {
    const all = this.#rest + text;
    this.#rest = "";
    let plain = "";
    let from = 0;
    while (true) {
      NEXT_SIGN.lastIndex = from;
      const at = NEXT_SIGN.test(all) ? NEXT_SIGN.lastIndex - 1 : all.length;
      plain += all.slice(from, at);
      if (at === all.length) return plain;
      const sign = all[at];
      if (sign === "\n") {
        this.#mode = this.#standard;
        plain += sign;
        from = at + 1;
        continue;
      }
      const window = all.slice(at, at + MAX_TAG + 8);
      const ended = sign === "<" ? tagEnd(window) !== -1 : !UNFINISHED.test(window);
      if (!ended && all.length - at <= MAX_TAG) {
        this.#rest = all.slice(at);
        return plain;
      }
      const [shown, length] = this.#take(window);
      plain += shown;
      from = at + length;
    }
  }

  /** What stands for the markup at the start of a text, and how long that is. */
  #take(text: string): [shown: string, length: number] {
    const mode = MODE.exec(text);
    if (mode !== null) {
      this.#setMode(Number(mode[1]));
      return ["", mode[0].length];
    }
    if (this.#mode !== "locked" || this.#nextSecure) {
      const [entity, name = ""] = ENTITY.exec(text) ?? [];
      if (entity !== undefined) return [textOf(name), entity.length];
      const [start, slash, tagName = ""] = TAG.exec(text) ?? [];
      const end = tagEnd(text);
      if (start !== undefined && end !== -1) {
        const secure = this.#nextSecure || this.#mode === "secure";
        this.#nextSecure = false;
        this.#emit({
          name: tagName.toLowerCase(),
          closing: slash === "/",
          attributes: attributesOf(text.slice(start.length, end)),
          secure,
        });
        return [/^br$/i.test(tagName) ? "\n" : "", end + 1];
      }
    }
    return [text[0] ?? "", 1];
  }

  #setMode(code: number): void {
    const modes: LineMode[] = ["open", "secure", "locked"];
    if (code === 4) this.#nextSecure = true;
    else if (code === 3) this.#standard = this.#mode = "open";
    else if (code < 3) this.#mode = modes[code] ?? "open";
    else if (code < 8) this.#standard = this.#mode = modes[code - 5] ?? "open";
  }
}

/** Where a tag at the start of a text ends: at the first `>` that is not quoted; -1 where none is. */
function tagEnd(text: string): number {
  let quote = "";
  for (let at = 1; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (quote !== "") quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === ">") return at;
  }
  return -1;
}

function textOf(entity: string): string {
  if (!entity.startsWith("#")) return ENTITIES[entity] ?? "";
  const code = Number(entity.slice(1));
  return code < 0x20 || code > 0x10ffff ? "" : String.fromCodePoint(code);
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null);
  let position = 0;
  for (const [, name, ...values] of text.matchAll(ATTRIBUTE)) {
    const value = values.find((one) => one !== undefined) ?? "";
    found[name?.toLowerCase() ?? String(position++)] = value;
  }
  return found;
}
