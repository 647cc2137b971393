import { throwMisuse } from "../protocol/error.ts";
import {
  checkBoolean,
  checkList,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { ReadOptions } from "./read_options.ts";

/** What to answer to a question. */
export interface Answer {
  /** What the row of the question ends with, or a pattern that matches it. */
  readonly ask: RegExp | string;
  /** What to type, without Enter. */
  readonly answer: string;
  /** Whether the answer stays out of a trace. Default: whether the question asks for a password. */
  readonly secret?: boolean | undefined;
}

/** How to log in. */
export interface LoginOptions extends ReadOptions {
  /** The user name, where it is asked for. */
  readonly username?: string | undefined;
  /** The password, where it is asked for. */
  readonly password?: string | undefined;
  /** The prompt that follows, where it is an unusual one: what its row ends with, or a pattern. */
  readonly prompt?: RegExp | string | undefined;
  /** What asks for the user name, where it is an unusual question. */
  readonly usernamePrompt?: RegExp | string | undefined;
  /** What asks for the password, where it is an unusual question. */
  readonly passwordPrompt?: RegExp | string | undefined;
  /** What to answer to other questions. Default: none. */
  readonly answers?: readonly Answer[] | undefined;
}

/** How to carry out a command. */
export interface ExecOptions extends ReadOptions {
  /** What to answer to questions of the command, such as `Destination filename [startup-config]?`. */
  readonly answers?: readonly Answer[] | undefined;
  /** The prompt that follows, where it is unlike the one before: what its row ends with, or a pattern. */
  readonly prompt?: RegExp | string | undefined;
}

/** Checks a text that is typed as one line. */
export function checkAnswer(what: string, text: string): void {
  if (typeof text !== "string") throwUnexpected(what, "text", text);
  if (/[\r\n]/.test(text)) {
    throwMisuse(`Cannot use ${what}: give one line, without its end; call exec() for each command`);
  }
}

/** Checks a pattern for a row. */
export function checkPattern(what: string, pattern: RegExp | string | undefined): void {
  if (pattern === undefined || pattern instanceof RegExp) return;
  if (typeof pattern === "string" && pattern.trim() !== "") return;
  throwUnexpected(what, "a RegExp, or text that is not blank", pattern);
}

/** Checks answers to questions. */
export function checkAnswers(what: string, answers: readonly Answer[] | undefined): void {
  if (answers === undefined) return;
  checkList(what, answers);
  for (const [index, one] of answers.entries()) {
    const path = `${what}[${index}]`;
    rejectUnknownKeys(path, one, { ask: true, answer: true, secret: true }, {
      question: "ask",
      prompt: "ask",
      reply: "answer",
    });
    checkPattern(`${path}.ask`, one.ask);
    checkText(`${path}.answer`, one.answer);
    if (one.secret !== undefined) checkBoolean(`${path}.secret`, one.secret);
  }
}
