/** How well a row matches the prompt. */
export type PromptMatch = "same" | "similar" | "unlike";

/** The maximum length of a prompt. */
const MAX_PROMPT = 200;
/** The maximum length of a row that is searched for the prompt. */
const MAX_ROW = 400;
/** Matches the end of a prompt. */
const END = /[>#$%»❯⟩→]$|^[<[].*\]$/;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}_.-]*/u;
/** Everything after the last letter or digit. */
const TAIL = /[^\p{L}\p{N}]*$/u;

/** Whether a row looks like the prompt of some device or shell. */
export function looksLikePrompt(row: string): boolean {
  const text = row.trim();
  return text.length <= MAX_PROMPT && END.test(text);
}

/** The prompt of a device, as it was seen last. */
export class LearnedPrompt {
  /** The row that commands are typed in, without blanks at its end. */
  readonly text: string;
  /** The rows above it that belong to the prompt. */
  readonly above: readonly string[];
  readonly #pattern: RegExp | string | undefined;
  readonly #word: string;
  readonly #tail: string;

  /** `pattern`: the caller's pattern for the prompt. */
  constructor(row: string, above: readonly string[], pattern: RegExp | string | undefined) {
    this.text = row.trimEnd();
    this.above = above;
    this.#pattern = pattern;
    this.#word = WORD.exec(this.text)?.[0] ?? "";
    this.#tail = TAIL.exec(this.text)?.[0].replaceAll(/\s/g, "") ?? "";
  }

  /** The same prompt with a new text, as after a change of directory or mode. */
  seenAs(row: string): LearnedPrompt {
    return row.trimEnd() === this.text ? this : new LearnedPrompt(row, this.above, this.#pattern);
  }

  /** How well a row matches this prompt. */
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

  /**
   * The index of the prompt in a row that begins with output without a line end; -1 if there is
   * none.
   */
  startIn(row: string): number {
    const text = row.trimEnd();
    if (this.text === "" || text.length > MAX_ROW) return -1;
    const [flat, prompt] = [withoutNumbers(text), withoutNumbers(this.text)];
    if (flat === prompt || !flat.endsWith(prompt)) return -1;
    // Each number is one character of `flat`, so the prompt does not begin within a number.
    let at = 0;
    for (let left = flat.length - prompt.length; left > 0; left--) {
      at += isDigit(text[at]) ? digitsAt(text, at) : 1;
    }
    return at;
  }

  /** Whether the prompt is so long that output is unlikely to end with it by chance. */
  get isTelling(): boolean {
    return this.text.length > 3;
  }

  /**
   * The index of the first row above the prompt in a line that begins with output without a line
   * end; -1 if there is none.
   */
  aboveStartIn(line: string): number {
    const word = WORD.exec(this.above[0] ?? "")?.[0] ?? "";
    return word.length < 4 ? -1 : line.indexOf(word);
  }

  /** The number of rows above the prompt if the output ends with all of them; otherwise 0. */
  rowsIn(lines: readonly string[]): number {
    const { length } = this.above;
    if (length === 0 || lines.length < length) return 0;
    const last = lines.slice(-length);
    return last.every((line, index) => isAlike(line, this.above[index] ?? "")) ? length : 0;
  }
}

/** Whether a pattern of the caller matches a row. A string matches the end of the row. */
export function patternMatches(pattern: RegExp | string, row: string): boolean {
  if (typeof pattern === "string") return row.trimEnd().endsWith(pattern.trimEnd());
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, "")).test(row);
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** How many digits follow each other from an index on. */
function digitsAt(text: string, start: number): number {
  let end = start;
  while (isDigit(text[end])) end++;
  return end - start;
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, "0");
}

/** Whether two rows above a prompt are the same, except for a directory or a time. */
export function isAlike(line: string, row: string): boolean {
  const [a, b] = [withoutNumbers(line.trim()), withoutNumbers(row.trim())];
  if (a === b) return true;
  const length = Math.min(a.length, b.length);
  let same = 0;
  while (same < length && a[same] === b[same]) same++;
  return same > 3 && same >= length / 2;
}
