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

/** How markup in a line is read. */
export type MxpLineMode = "open" | "secure" | "locked";

/** What takes the text and the tags of a server, each at its place. */
export interface MxpSink {
  /** Text without markup. */
  text(text: string): void;
  /** A tag. */
  tag(tag: MxpTag): void;
}

/** Where the markup of a connection stands, as plain JSON. */
export interface MxpSnapshot {
  /** The mode of lines that name none. */
  readonly standard: MxpLineMode;
  /** The mode of this line. */
  readonly mode: MxpLineMode;
  /** Whether the next tag is secure. */
  readonly nextSecure: boolean;
  /** Half a tag, entity or mode. */
  readonly rest: string;
}

/** Takes the markup out of text as it comes, in pieces of any size. A tag ends in the line that it begins in. */
export class MxpReader {
  #standard: MxpLineMode = "open";
  #mode: MxpLineMode = "open";
  #nextSecure = false;
  #rest = "";
  readonly #sink: MxpSink;

  /**
   * Starts in the open mode, or where a snapshot was taken.
   *
   * @param sink Takes text and tags.
   * @param snapshot What `snapshot()` gave.
   */
  constructor(sink: MxpSink, snapshot?: MxpSnapshot) {
    this.#sink = sink;
    if (snapshot === undefined) return;
    this.#standard = snapshot.standard;
    this.#mode = snapshot.mode;
    this.#nextSecure = snapshot.nextSecure;
    this.#rest = snapshot.rest;
  }

  /** Where the markup stands. */
  snapshot(): MxpSnapshot {
    const [standard, mode] = [this.#standard, this.#mode];
    return { standard, mode, nextSecure: this.#nextSecure, rest: this.#rest };
  }

  /**
   * Takes the next text; half a tag at its end waits for the rest.
   *
   * @param text As it came.
   */
  push(text: string): void {
    const all = this.#rest + text;
    this.#rest = "";
    let from = 0;
    let at = 0;
    const flush = () => {
      if (at > from) this.#sink.text(all.slice(from, at));
    };
    while (at < all.length) {
      NEXT_SIGN.lastIndex = at;
      at = NEXT_SIGN.test(all) ? NEXT_SIGN.lastIndex - 1 : all.length;
      if (at === all.length) break;
      if (all[at] === "\n") {
        this.#mode = this.#standard;
        at++;
        continue;
      }
      const markup = this.#markupAt(all, at);
      if (markup === "text") {
        at++;
        continue;
      }
      flush();
      if (markup === "unfinished") {
        this.#rest = all.slice(at);
        return;
      }
      at = from = at + markup.length;
      markup.act();
    }
    flush();
  }

  /** What waits for its rest is text after all: nothing follows, or a prompt ends here. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = "";
    if (rest !== "") this.#sink.text(rest);
  }

  /** What stands at a place: markup, the beginning of one, or text that only looks like it. */
  #markupAt(
    all: string,
    at: number,
  ): "text" | "unfinished" | { readonly length: number; readonly act: () => void } {
    const text = all.slice(at, at + MAX_TAG);
    if (UNFINISHED.test(text)) return "unfinished";
    const mode = MODE.exec(text);
    if (mode !== null) return { length: mode[0].length, act: () => this.#setMode(Number(mode[1])) };
    if (this.#mode === "locked" && !this.#nextSecure) return "text";
    const [entity, name = ""] = ENTITY.exec(text) ?? [];
    if (entity !== undefined) {
      return { length: entity.length, act: () => this.#sink.text(textOf(name)) };
    }
    const [start, slash, tagName = ""] = TAG.exec(text) ?? [];
    if (start === undefined) return /^<[/!]?$/.test(text) ? "unfinished" : "text";
    const end = tagEnd(text, start.length);
    if (end === "open") return text.length < MAX_TAG ? "unfinished" : "text";
    if (end === "none") return "text";
    const act = () => {
      const secure = this.#nextSecure || this.#mode === "secure";
      this.#nextSecure = false;
      const attributes = attributesOf(text.slice(start.length, end));
      this.#sink.tag({ name: tagName.toLowerCase(), closing: slash === "/", attributes, secure });
      if (/^br$/i.test(tagName)) this.#sink.text("\n");
    };
    return { length: end + 1, act };
  }

  #setMode(code: number): void {
    const modes: MxpLineMode[] = ["open", "secure", "locked"];
    if (code === 4) this.#nextSecure = true;
    else if (code === 3) this.#standard = this.#mode = "open";
    else if (code < 3) this.#mode = modes[code] ?? "open";
    else if (code < 8) this.#standard = this.#mode = modes[code - 5] ?? "open";
  }
}

/**
 * Where a tag at the start of a text ends: at the first `>` that is not quoted.
 *
 * @returns `open`: that has not come; `none`: the line ends before it, or another tag begins.
 */
function tagEnd(text: string, from: number): number | "open" | "none" {
  let quote = "";
  for (let at = from; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (sign === "\n") return "none";
    if (quote !== "") quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === ">") return at;
    else if (sign === "<") return "none";
  }
  return "open";
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
