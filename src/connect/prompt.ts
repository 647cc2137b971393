/** How sure it is that a row is the prompt. */
export type PromptMatch = "same" | "similar" | "unlike";

/** A longer row is no prompt. */
const MAX_PROMPT = 200;
/** In a longer row the prompt is not looked for. */
const MAX_ROW = 400;
/** What prompts end with. */
const END = /[>#$%»❯⟩→]$|^[<[].*\]$/;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}_.-]*/u;
/** Everything behind the last letter or digit. */
const TAIL = /[^\p{L}\p{N}]*$/u;

/** Whether a row looks like the prompt of some device or shell. */
export function looksLikePrompt(row: string): boolean {
  const text = row.trim();
  return text.length <= MAX_PROMPT && END.test(text);
}

/** The prompt of a device, as it was seen last. */
export class LearnedPrompt {
  /** The row that a command is typed in, without blanks at its end. */
  readonly text: string;
  /** The rows above it that belong to the prompt. */
  readonly above: readonly string[];
  readonly #pattern: RegExp | string | undefined;
  readonly #word: string;
  readonly #tail: string;

  /** `pattern`: what the caller says of it. */
  constructor(row: string, above: readonly string[], pattern: RegExp | string | undefined) {
    this.text = row.trimEnd();
    this.above = above;
    this.#pattern = pattern;
    this.#word = WORD.exec(this.text)?.[0] ?? "";
    this.#tail = TAIL.exec(this.text)?.[0].replaceAll(/\s/g, "") ?? "";
  }

  /** The same prompt in another form: in another directory, or another mode. */
  seenAs(row: string): LearnedPrompt {
    return row.trimEnd() === this.text ? this : new LearnedPrompt(row, this.above, this.#pattern);
  }

  /** How sure it is that a row is this prompt. */
  match(row: string): PromptMatch {
    const text = row.trimEnd();
    if (this.#pattern !== undefined) {
      return patternMatches(this.#pattern, row) ? "same" : "unlike";
    }
    if (text === "" || text.length > MAX_PROMPT) return "unlike";
    if (withoutNumbers(text) === withoutNumbers(this.text)) return "same";
    if (this.text === "") return "unlike";
    if (!END.test(text)) return "unlike";
    const start = text.search(WORD);
    const sameWord = this.#word.length > 1 && start !== -1 && start <= 3 &&
      text.startsWith(this.#word, start);
    const tail = TAIL.exec(text)?.[0].replaceAll(/\s/g, "") ?? "";
    const sameTail = this.#tail.length > 2 && tail.endsWith(this.#tail);
    return sameWord || sameTail ? "similar" : "unlike";
  }

  /** Where the prompt begins that ends a row behind output without a line end; -1 where it does not. */
  startIn(row: string): number {
    const text = row.trimEnd();
    if (this.text === "" || text.length > MAX_ROW) return -1;
    for (let at = 1; at < text.length; at++) {
      const end = text.slice(at);
      // Digits may be a time: what begins within a number is not the prompt's beginning.
      if (/\d/.test(text[at - 1] ?? "") && /^\d/.test(end)) continue;
      if (withoutNumbers(end) === withoutNumbers(this.text)) return at;
    }
    return -1;
  }

  /** Whether the prompt is so long that a row hardly ends with it by chance. */
  get isTelling(): boolean {
    return this.text.length > 3;
  }

  /** Where the first row above the prompt begins in a line of output without an end; -1 where it does not. */
  aboveStartIn(line: string): number {
    const word = WORD.exec(this.above[0] ?? "")?.[0] ?? "";
    return word.length < 4 ? -1 : line.indexOf(word);
  }

  /** How many of the last lines of an output are the rows above the prompt. */
  rowsIn(lines: readonly string[]): number {
    const { length } = this.above;
    if (length === 0 || lines.length < length) return 0;
    const last = lines.slice(-length);
    return last.every((line, index) => isAlike(line, this.above[index] ?? "")) ? length : 0;
  }
}

/** Whether a pattern of the caller's matches a row; text matches its end. */
export function patternMatches(pattern: RegExp | string, row: string): boolean {
  if (typeof pattern === "string") return row.trimEnd().endsWith(pattern.trimEnd());
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, "")).test(row);
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, "0");
}

/** Whether a row is the same above a prompt: it may name another directory, or another time. */
export function isAlike(line: string, row: string): boolean {
  const [a, b] = [withoutNumbers(line.trim()), withoutNumbers(row.trim())];
  if (a === b) return true;
  const length = Math.min(a.length, b.length);
  let same = 0;
  while (same < length && a[same] === b[same]) same++;
  return same > 3 && same >= length / 2;
}
