import type { Entry, Inbox, Read } from "./inbox.ts";

/** A match may be so long, and is looked for in no more of the text before what is new. */
const MAX_MATCH = 4_096;

/** The next line; at the end what stands on the last row. `undefined`: nothing more comes. */
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

/** The next prompt. `undefined`: nothing more comes. */
export class ReadPrompt implements Read<string | undefined> {
  readonly wanted = "a prompt";

  take(inbox: Inbox, ended: boolean): { value: string | undefined } | undefined {
    for (let entry = inbox.take(); entry !== undefined; entry = inbox.take()) {
      if (entry.type === "prompt" && !entry.reported) return { value: entry.text };
    }
    return ended ? { value: undefined } : undefined;
  }
}

/** The next of all that comes. `undefined`: nothing more does. */
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
 * All text up to a pattern, which is looked for in the lines one after the other, and in the row that has
 * not ended. What was looked at stays in the inbox until it is found.
 */
export class ReadUntil implements Read<string> {
  readonly wanted: string;
  readonly #pattern: RegExp | string;
  /** How many entries were looked at, and the end of their text. */
  #looked = 0;
  #window = "";

  constructor(pattern: RegExp | string) {
    this.wanted = typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern);
    // Each look is one by itself.
    this.#pattern = typeof pattern === "string"
      ? pattern
      : new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));
  }

  take(inbox: Inbox): { value: string } | undefined {
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
    inbox.rows.replaceRow(rest);
    return { value: text };
  }

  /** What follows the pattern where new text brings it; `undefined` where it does not. */
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

/** An entry as text. */
function textOf(entry: Entry): string {
  if (entry.type === "event" || (entry.type === "prompt" && entry.stands)) return "";
  return entry.type === "line" ? entry.text + "\n" : entry.text;
}
