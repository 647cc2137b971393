import type { Entry, Inbox, Read } from "./inbox.ts";

/** The maximum length of a match. Only this much text before new text is searched again. */
const MAX_MATCH = 4_096;

/**
 * Reads the next line, or at the end the unterminated last row. `undefined`: the input has ended.
 */
export class ReadLine implements Read<string | undefined> {
  readonly wanted = "a line";

  take(inbox: Inbox, ended: boolean): { value: string | undefined } | undefined {
    for (let entry = inbox.take(); entry !== undefined; entry = inbox.take()) {
      if (entry.type === "line") return { value: entry.text };
    }
    if (!ended) return undefined;
    const row = inbox.takeRow();
    return { value: row === "" ? undefined : row };
  }
}

/**
 * Reads the next prompt, and skips what is before it. `undefined`: the input has ended. Without a prompt
 * nothing is skipped, unless there is no room for more.
 */
export class ReadPrompt implements Read<string | undefined> {
  readonly wanted = "a prompt";
  /** The number of entries searched so far, and `taken` of the inbox then. */
  #looked = 0;
  #taken = 0;

  take(inbox: Inbox, ended: boolean): { value: string | undefined } | undefined {
    if (inbox.taken !== this.#taken) this.#looked = 0;
    for (let entry = inbox.peek(this.#looked); entry; entry = inbox.peek(this.#looked)) {
      this.#looked++;
      if (entry.type !== "prompt" || entry.reported) continue;
      this.#skip(inbox);
      return { value: entry.text };
    }
    if (inbox.full) this.#skip(inbox);
    this.#taken = inbox.taken;
    return ended ? { value: undefined } : undefined;
  }

  #skip(inbox: Inbox): void {
    while (this.#looked > 0) {
      inbox.take();
      this.#looked--;
    }
  }
}

/** Reads the next entry of any type. `undefined`: the input has ended. */
export class ReadEntry implements Read<Entry | undefined> {
  readonly wanted = "anything";

  take(inbox: Inbox, ended: boolean): { value: Entry | undefined } | undefined {
    for (let entry = inbox.take(); entry !== undefined; entry = inbox.take()) {
      if (entry.type !== "prompt") return { value: entry };
      const { type, text, marked } = entry;
      if (!entry.reported) return { value: { type, text, marked } };
    }
    if (!ended) return undefined;
    const row = inbox.takeRow();
    return { value: row === "" ? undefined : { type: "line", text: row } };
  }
}

/**
 * Reads all text up to a pattern. Searches the entries one after the other, and then the
 * unterminated row. Searched entries stay in the inbox until the pattern is found.
 */
export class ReadUntil implements Read<string> {
  readonly wanted: string;
  readonly #pattern: RegExp | string;
  /** The number of entries searched so far, and the end of their text. */
  #looked = 0;
  #window = "";
  /** `taken` of the inbox at the last search: a command may have taken more since. */
  #taken = 0;

  constructor(pattern: RegExp | string) {
    this.wanted = typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern);
    // With the flags g and y, a search would start at the end of the previous match.
    this.#pattern = typeof pattern === "string"
      ? pattern
      : new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));
  }

  take(inbox: Inbox): { value: string } | undefined {
    if (inbox.taken !== this.#taken) {
      this.#taken = inbox.taken;
      this.#looked = 0;
      this.#window = "";
    }
    for (let entry = inbox.peek(this.#looked); entry; entry = inbox.peek(this.#looked)) {
      const text = textOf(entry);
      const rest = this.#restAfter(text);
      this.#looked++;
      if (rest !== undefined) return { value: this.#consume(inbox, entry, rest) };
      this.#window = (this.#window + text).slice(-MAX_MATCH);
    }
    const row = inbox.rows.tail(MAX_MATCH);
    const rest = row === "" ? undefined : this.#restAfter(row);
    if (rest === undefined) return undefined;
    let text = this.#takeEntries(inbox, this.#looked);
    const whole = inbox.rows.tail(Infinity);
    text += whole.slice(0, whole.length - rest.length);
    inbox.replaceRow(rest);
    return { value: text };
  }

  /** The text after the match, if the new text completes a match; otherwise `undefined`. */
  #restAfter(text: string): string | undefined {
    const window = this.#window + text;
    const pattern = this.#pattern;
    const found = typeof pattern === "string"
      ? { index: window.indexOf(pattern), length: pattern.length }
      : matchOf(pattern, window);
    return found.index === -1 ? undefined : window.slice(found.index + found.length);
  }

  #consume(inbox: Inbox, last: Entry, rest: string): string {
    const text = this.#takeEntries(inbox, this.#looked);
    if (rest !== "" && last.type !== "event") {
      inbox.putBack({ ...last, text: last.type === "line" ? rest.slice(0, -1) : rest });
    }
    return text.slice(0, text.length - rest.length);
  }

  #takeEntries(inbox: Inbox, count: number): string {
    let text = "";
    for (let index = 0; index < count; index++) {
      const entry = inbox.take();
      if (entry !== undefined) text += textOf(entry);
    }
    return text;
  }
}

function matchOf(pattern: RegExp, text: string): { index: number; length: number } {
  const match = pattern.exec(text);
  return { index: match?.index ?? -1, length: match?.[0].length ?? 0 };
}

/** The text of an entry, with its line end. */
function textOf(entry: Entry): string {
  if (entry.type === "event" || (entry.type === "prompt" && entry.stands)) return "";
  return entry.type === "line" ? entry.text + "\n" : entry.text;
}
