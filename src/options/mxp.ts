import { checkOneOf } from "../protocol/validate.ts";
import type { OptionState, TelnetOption } from "./option.ts";

/** Code of the option MXP, the MUD eXtension Protocol: markup within the text. */
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
 * @throws {TelnetError} `misuse`: no such mode.
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
  checkOneOf("the MXP mode", mode, MODES);
  return `\x1b[${MODES.indexOf(mode)}z`;
}

/**
 * Escapes text for clients that read MXP, so that text typed by a person cannot become markup.
 *
 * @param text Any text.
 * @returns The text with `&`, `<`, `>` and `"` as entities, and without control characters except
 * TAB and LF.
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
 * Writes an element in secure mode, with its attributes and text escaped.
 *
 * @param name The element, of letters and digits, such as `send`.
 * @param attributes Its attributes.
 * @param text The text between its tags; if omitted, no end tag is written.
 * @returns The markup; the secure mode applies only to the tags of this element.
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

/** MXP as the server uses it: after the client agrees, announces that markup follows. */
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
  /** Whether it is an end tag. */
  readonly closing: boolean;
  /** Its attributes by name, in lower case; those without a name by their position, `"0"`, `"1"`. */
  readonly attributes: Readonly<Record<string, string>>;
  /**
   * Whether it came in secure mode, where the game vouches for it. Follow links only of secure
   * tags.
   */
  readonly secure: boolean;
}

/** The events that MXP reports to a client. */
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

/** The longest tag; a longer one is ordinary text. */
const MAX_TAG = 1_024;
const NEXT_SIGN = /[<&\n\x1b]/g;
const MODE = /^\x1b\[(\d{1,3})z/;
/** An incomplete mode or entity. */
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
const TAG = /^<(\/?)(!?[A-Za-z][\w-]*)/;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))|"([^"]*)"|'([^']*)'|(\S+)/g;

/** The mode in which the markup of a line is read. */
export type MxpLineMode = "open" | "secure" | "locked";

/** Receives the text and the tags of a server, in order. */
export interface MxpSink {
  /** Text without markup. */
  text(text: string): void;
  /** A tag. */
  tag(tag: MxpTag): void;
}

/** The state of an {@linkcode MxpReader}, as plain JSON. */
export interface MxpSnapshot {
  /** The default mode of a line. */
  readonly standard: MxpLineMode;
  /** The mode of the current line. */
  readonly mode: MxpLineMode;
  /** Whether the next tag is secure. */
  readonly nextSecure: boolean;
  /** An incomplete tag, entity or mode. */
  readonly rest: string;
}

/** Separates the markup from text that comes in pieces of any size. A tag cannot span lines. */
export class MxpReader {
  #standard: MxpLineMode = "open";
  #mode: MxpLineMode = "open";
  #nextSecure = false;
  #rest = "";
  readonly #sink: MxpSink;

  /**
   * Makes a reader in open mode, or one that continues from a snapshot.
   *
   * @param sink Receives the text and the tags.
   * @param snapshot The result of `snapshot()`.
   */
  constructor(sink: MxpSink, snapshot?: MxpSnapshot) {
    this.#sink = sink;
    if (snapshot === undefined) return;
    this.#standard = snapshot.standard;
    this.#mode = snapshot.mode;
    this.#nextSecure = snapshot.nextSecure;
    this.#rest = snapshot.rest;
  }

  /** Returns the state of the reader. */
  snapshot(): MxpSnapshot {
    const [standard, mode] = [this.#standard, this.#mode];
    return { standard, mode, nextSecure: this.#nextSecure, rest: this.#rest };
  }

  /**
   * Takes the next text; keeps an incomplete tag at its end until the rest comes.
   *
   * @param text The text as it was received.
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
      // It holds only for a tag that follows at once.
      if (all[at] !== "<") this.#nextSecure = false;
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
        this.#nextSecure = false;
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

  /** Outputs an incomplete tag as text, because nothing follows or a prompt ends here. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = "";
    if (rest === "") return;
    this.#nextSecure = false;
    this.#sink.text(rest);
  }

  /** Reads at an index: complete markup, unfinished markup, or text that only looks like markup. */
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
    if (start === undefined) return /^<\/?!?$/.test(text) ? "unfinished" : "text";
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
 * Finds the end of a tag at the start of a text: the first `>` that is not quoted.
 *
 * @returns Its index; `open`: it has not come yet; `none`: the line ends or another tag starts
 * first.
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
