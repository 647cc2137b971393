import { throwMisuse } from "../protocol/error.ts";
import {
  checkBoolean,
  checkList,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { ReadOptions } from "./read_options.ts";

/** An answer to a question of a device. */
export interface Answer {
  /** The end of the question's row, or a pattern that matches the row. */
  readonly ask: RegExp | string;
  /** The answer, without Enter. */
  readonly answer: string;
  /** Whether to leave the answer out of a trace. Default: if the question asks for a password. */
  readonly secret?: boolean | undefined;
}

/** Options of a login. */
export interface LoginOptions extends ReadOptions {
  /** The user name, if the device asks for one. */
  readonly username?: string | undefined;
  /** The password, if the device asks for one. */
  readonly password?: string | undefined;
  /** The prompt after the login, if it is unusual: the end of its row, or a pattern. */
  readonly prompt?: RegExp | string | undefined;
  /** The question for the user name, if it is unusual: the end of its row, or a pattern. */
  readonly usernamePrompt?: RegExp | string | undefined;
  /** The question for the password, if it is unusual: the end of its row, or a pattern. */
  readonly passwordPrompt?: RegExp | string | undefined;
  /** Answers to other questions. Default: none. */
  readonly answers?: readonly Answer[] | undefined;
}

/** Options of a command. */
export interface ExecOptions extends ReadOptions {
  /** Answers to questions of the command, such as `Destination filename [startup-config]?`. */
  readonly answers?: readonly Answer[] | undefined;
  /**
   * The prompt after the command, if it differs from the last one: the end of its row, or a
   * pattern.
   */
  readonly prompt?: RegExp | string | undefined;
}

/** Checks that a text is a single line. */
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
