import type { Answer, LoginOptions } from "./device_options.ts";
import { type LearnedPrompt, looksLikePrompt, patternMatches } from "./prompt.ts";

/**
 * How long a row must stay unchanged before it is taken for what it looks like, in milliseconds.
 * The less certain, the longer.
 */
export const SETTLE = {
  marked: 0,
  pager: 40,
  same: 50,
  question: 80,
  similar: 250,
  unlike: 1_500,
} as const;
/** Matches a question for a user name. */
const USERNAME =
  /(?:^|[^\w.-])(?:user ?name|user|login(?: as| name)?|account|name)\s*(?:\([^)]*\))?\s*[:?]\s*$/i;
/** Matches a question for a password. */
const PASSWORD = /(?:pass(?:word|code|phrase)|\bpin\b)[^:?>]{0,80}[:?>]\s*$/i;
const KEY = "(?:enter|return|any key)";
const PRESS_ENTER = new RegExp(`press <?\\b${KEY}\\b.{0,80}$`, "i");
const PRESS_KEY = /press\b.{0,20}["'](\w)["'].{0,60}$/i;
/** Matches a message that refuses a login. */
export const REFUSED: RegExp =
  /incorrect|invalid|denied|fail|bad (?:password|secret|user)|not (?:valid|authori[sz]ed)|wrong|refused|try again/i;
/** Prompts of pagers; Space continues all of them. */
const PAGERS: readonly string[] = [
  "^[-=<( ]*-{2,}\\s?\\(?more\\b.{0,100}$",
  "-{2,}\\s?\\(?more\\b.{0,40}$",
  "\\bmore\\s?-{2,}[)>]?$",
  "\\(more\\b[^)]{0,40}\\)$",
  "^more: ?<space>.{0,80}$",
  "press <?(?:space|any key)(?: ?bar)?>?.{0,80}$",
  "^<space>.{0,100}$",
  "^lines \\d+-\\d+.{0,40}$",
  "^--\\s?\\[.{0,40}\\bquit\\b.{0,40}$",
  "\\bquit\\b.{0,20}\\bspace\\b.{0,80}$",
  "\\(press h for help or q to quit\\)$",
  "^:$",
];
const PAGER = new RegExp(PAGERS.join("|"), "i");
/** Prompts of pagers that only Enter continues. */
const ENTER_PAGER = new RegExp("press <?\\b(?:enter|return)\\b>?.{0,80}$", "i");
/** Prompts of pagers at the end of the output; `q` leaves them. */
const PAGER_END = /\(END\)(?: \(press h for help or q to quit\))?$/;
/** Matches a progress display, which is not a prompt. */
const PROGRESS = /^[#=.*\s>-]{2,}$|\d\s*%$/;

/**
 * How much of the end of a row the patterns of this file search: their time grows with the square of
 * its length.
 */
const TAIL = 160;
/** Replaces the start of a cut row, so that no pattern for the start of a row matches there. */
const CUT = "\0";

/** The end of a row. */
function tailOf(row: string): string {
  return row.length <= TAIL ? row : CUT + row.slice(-TAIL);
}

/** Whether a row asks for a password. */
export function asksForPassword(row: string): boolean {
  return PASSWORD.test(tailOf(row));
}

/** The meaning of the current row. */
export type Standing =
  | { readonly kind: "pager" | "press"; readonly key: string }
  | { readonly kind: "username" | "password" }
  | { readonly kind: "question"; readonly answer: Answer }
  | { readonly kind: "prompt"; readonly sure: keyof typeof SETTLE; readonly start: number };

/**
 * Classifies the current row during a login.
 *
 * @param asked Whether a user name or password was sent; then a prompt is likely.
 */
export function loginRow(row: string, options: LoginOptions, asked: boolean): Standing | undefined {
  if (row.trim() === "") return undefined;
  const { usernamePrompt, passwordPrompt, prompt } = options;
  const answer = options.answers?.find(({ ask }) => patternMatches(ask, row));
  if (answer !== undefined) return { kind: "question", answer };
  if (prompt !== undefined && patternMatches(prompt, row)) {
    return { kind: "prompt", sure: "same", start: 0 };
  }
  const asksPassword = passwordPrompt === undefined
    ? asksForPassword(row)
    : patternMatches(passwordPrompt, row);
  if (asksPassword) return { kind: "password" };
  const asksName = usernamePrompt === undefined
    ? USERNAME.test(tailOf(row))
    : patternMatches(usernamePrompt, row);
  if (asksName) return { kind: "username" };
  const waiting = waitingRow(row);
  if (waiting !== undefined) return waiting;
  if (prompt !== undefined || !looksLikePrompt(row)) return undefined;
  return { kind: "prompt", sure: asked ? "similar" : "unlike", start: 0 };
}

/**
 * Classifies the current row while a command runs.
 *
 * @param marked Whether the server has marked the row as a prompt.
 */
export function commandRow(
  row: string,
  answers: readonly Answer[],
  prompt: LearnedPrompt,
  marked: boolean,
): Standing | undefined {
  if (row.trim() === "") return undefined;
  const answer = answers.find(({ ask }) => patternMatches(ask, row));
  if (answer !== undefined) return { kind: "question", answer };
  const match = prompt.match(row);
  if (match === "same") return { kind: "prompt", sure: "same", start: 0 };
  if (ENTER_PAGER.test(tailOf(row.trim()))) return { kind: "pager", key: "\n" };
  const waiting = waitingRow(row);
  if (waiting?.kind === "pager") return waiting;
  const start = prompt.startIn(row);
  if (start > 0) {
    return { kind: "prompt", sure: prompt.isTelling ? "similar" : "unlike", start };
  }
  if (match === "similar") return { kind: "prompt", sure: "similar", start: 0 };
  if (marked) return { kind: "prompt", sure: "marked", start: 0 };
  if (PROGRESS.test(row) || !looksLikePrompt(row)) return undefined;
  return { kind: "prompt", sure: "unlike", start: 0 };
}

/** Whether the answer to a question is left out of a trace. */
export function isSecret({ secret, ask }: Answer, row: string): boolean {
  return secret ?? (asksForPassword(row) || /pass/i.test(String(ask)));
}

function waitingRow(
  row: string,
): { readonly kind: "pager" | "press"; readonly key: string } | undefined {
  const text = tailOf(row.trim());
  if (PAGER_END.test(text)) return { kind: "pager", key: "q" };
  if (PAGER.test(text)) return { kind: "pager", key: " " };
  const [, key] = PRESS_KEY.exec(text) ?? [];
  if (key !== undefined) return { kind: "press", key };
  return PRESS_ENTER.test(text) ? { kind: "press", key: "\n" } : undefined;
}
