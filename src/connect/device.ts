import { TelnetError, throwMisuse } from "../protocol/error.ts";
import {
  checkBoolean,
  checkList,
  checkText,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import { DialogueScreen } from "./dialogue_screen.ts";
import { EchoFilter } from "./echo_filter.ts";
import type { WaitOptions } from "./inbox.ts";
import { isAlike, LearnedPrompt, looksLikePrompt, patternMatches } from "./prompt.ts";
import type { ClientSession } from "./session.ts";
import { type ReadOptions, waitOf } from "./read_options.ts";

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

// How long a row must stand before it is taken for what it looks like, in milliseconds. The less sure it
// is, the longer.
const SETTLE = {
  marked: 0,
  pager: 40,
  same: 50,
  question: 80,
  similar: 250,
  unlike: 1_500,
} as const;
/** A device that says nothing for so long gets an Enter; later ones after so much more. */
const SILENCE = 1_500;
const LONG_SILENCE = 6_000;
/** So often. */
const MAX_ENTERS = 3;
/** No more of what a device says at its login is kept, in lines. */
const MAX_SAID = 2_000;
/** A prompt with more rows above it is none. */
const MAX_ABOVE = 8;
/** So many lines behind one that looks like the prompt wait to be known for output. */
const MAX_SUSPECTS = 200;

const USERNAME =
  /(?:^|[^\w.-])(?:user ?name|user|login(?: as| name)?|account|name)\s*(?:\([^)]*\))?\s*[:?]\s*$/i;
const PASSWORD = /(?:pass(?:word|code|phrase)|\bpin\b)[^:?>]{0,80}[:?>]\s*$/i;
const KEY = "(?:enter|return|any key)";
const PRESS_ENTER = new RegExp(`press <?\\b${KEY}\\b.{0,80}$`, "i");
const PRESS_KEY = /press\b.{0,20}["'](\w)["'].{0,60}$/i;
const REFUSED =
  /incorrect|invalid|denied|fail|bad (?:password|secret|user)|not (?:valid|authori[sz]ed)|wrong|refused|try again/i;
/** Rows that wait for a key in the middle of an output; all go on at a blank. */
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
/** Those that go on at Enter alone. */
const ENTER_PAGER = new RegExp("press <?\\b(?:enter|return)\\b>?.{0,80}$", "i");
/** Those that stay at the end. */
const PAGER_END = /\(END\)(?: \(press h for help or q to quit\))?$/;
/** What shows progress, and is no prompt. */
const PROGRESS = /^[#=.*\s>-]{2,}$|\d\s*%$/;

type Standing =
  | { readonly kind: "pager" | "press"; readonly key: string }
  | { readonly kind: "username" | "password" }
  | { readonly kind: "question"; readonly answer: Answer }
  | { readonly kind: "prompt"; readonly sure: keyof typeof SETTLE; readonly start: number };

/** A device or a shell behind a connection: logs in, and carries out commands one after the other. */
export class Device {
  readonly #session: ClientSession;
  readonly #screen: DialogueScreen;
  #prompt: LearnedPrompt | undefined;
  /** Whether the device shows what is typed, whatever was negotiated; `undefined`: not known. */
  #echoes: boolean | undefined;
  /** Whether a command was given up, whose prompt is still to come. */
  #stale = false;
  /** Settles when the commands so far are done. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: ClientSession) {
    this.#session = session;
    this.#screen = new DialogueScreen(session);
  }

  /** The prompt as it was seen last. */
  get prompt(): string | undefined {
    return this.#prompt?.text;
  }

  login(options: LoginOptions): Promise<string> {
    const more = { username: true, password: true, prompt: true, answers: true } as const;
    const prompts = { usernamePrompt: true, passwordPrompt: true } as const;
    const wait = waitOf("login", options, this.#session.settings, { ...more, ...prompts });
    for (const name of ["username", "password"] as const) {
      const text = options[name];
      if (text !== undefined) checkAnswer(`login.${name}`, text);
    }
    for (const name of ["prompt", "usernamePrompt", "passwordPrompt"] as const) {
      checkPattern(`login.${name}`, options[name]);
    }
    checkAnswers("login.answers", options.answers);
    return this.#inTurn(wait, (deadline) => this.#login(options, deadline));
  }

  exec(command: string, options: ExecOptions): Promise<string> {
    const { execOutput: limit } = this.#session.settings.limits;
    const lines: string[] = [];
    let length = 0;
    return this.#start(command, options, (line) => {
      lines.push(line);
      length += line.length + 1;
      if (length <= limit) return undefined;
      throw new TelnetError(
        "limit-exceeded",
        `The output of the command has more than limits.execOutput (${limit}) characters: use execLines()`,
      );
    }).then(() => lines.join("\n"));
  }

  execLines(command: string, options: ExecOptions): AsyncIterableIterator<string> {
    const lines = new LineChannel();
    this.#start(command, options, (line) => lines.push(line)).then(
      () => lines.end(undefined),
      (error) => lines.end({ error }),
    );
    return lines;
  }

  #start(
    command: string,
    options: ExecOptions,
    take: (line: string) => Promise<void> | undefined,
  ): Promise<void> {
    checkAnswer("the command", command);
    const more = { answers: true, prompt: true } as const;
    const wait = waitOf("exec", options, this.#session.settings, more);
    checkPattern("exec.prompt", options.prompt);
    checkAnswers("exec.answers", options.answers);
    return this.#inTurn(wait, async (deadline) => {
      try {
        await this.#exec(command, options, take, deadline);
      } catch (error) {
        this.#stale = true;
        throw error;
      }
    });
  }

  /** Carries out one thing after the other; the time runs from the call, so that no wait is for ever. */
  #inTurn<Result>(
    { timeout, signal }: WaitOptions,
    work: (deadline: Deadline) => Promise<Result>,
  ): Promise<Result> {
    const deadline: Deadline = { at: this.#session.now() + timeout, signal };
    const before = this.#last;
    let open = true;
    const turn = before.then(async () => {
      if (!open) return undefined as Result; // its caller has an error already
      const release = this.#session.inbox.claim();
      try {
        return await work(deadline);
      } finally {
        release();
      }
    });
    this.#last = turn.catch(() => {});
    return this.#within(before, deadline, () => "its turn, as the command before goes on").then(
      () => turn,
      (error) => {
        open = false;
        throw error;
      },
    );
  }

  /** Waits for what the caller's own code does, no longer than the deadline. */
  #within<Result>(
    promise: Promise<Result>,
    { at, signal }: Deadline,
    wanted: () => string,
  ): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const endTimer = this.#session.settings.clock.after(
        Math.max(0, at - this.#session.now()),
        () => done(() => reject(this.#failure("timeout", `Nothing came in time: ${wanted()}`))),
      );
      const abort = () => done(() => reject(signal?.reason));
      const done = (settle: () => void) => {
        endTimer();
        signal?.removeEventListener("abort", abort);
        settle();
      };
      signal?.addEventListener("abort", abort);
      promise.then((value) => done(() => resolve(value)), (error) => done(() => reject(error)));
    });
  }

  // Logging in.

  async #login(options: LoginOptions, deadline: Deadline): Promise<string> {
    const screen = this.#screen;
    const said: string[] = [];
    const asked = { username: 0, password: 0 };
    let refused: string | undefined;
    let enters = 0;
    /** How many lines had come when the user name was typed. */
    let before = 0;
    const wanted = () =>
      asked.password > 0
        ? "a prompt after the password"
        : asked.username > 0
        ? "a question for the password, or a prompt"
        : "a question for a user name or password, or a prompt";
    while (true) {
      for (let line = screen.take(); line !== undefined; line = screen.take()) {
        said.push(line);
        if (asked.username + asked.password > 0 && REFUSED.test(line)) refused = line;
        if (said.length > MAX_SAID && said.shift() !== undefined) before--;
      }
      if (asked.username > 0 && this.#echoes === undefined) {
        const shown = [...said.slice(Math.max(0, before)), screen.standing].find((one) =>
          one.trim() !== ""
        );
        if (shown !== undefined) {
          this.#echoes = shown.trimStart().startsWith(options.username ?? "");
        }
      }
      const standing = this.#loginRow(screen.row, options, asked.username + asked.password > 0);
      const silent = asked.username + asked.password === 0 && enters < MAX_ENTERS;
      const settle = standing !== undefined
        ? this.#settleOfLogin(standing, asked, refused !== undefined)
        : silent
        ? (enters === 0 ? SILENCE : LONG_SILENCE)
        : Infinity;
      const more = await this.#more(settle, deadline, wanted).catch((error) => {
        if (asked.username + asked.password === 0 || !isClosed(error)) throw error;
        const last = refused ?? said.findLast((line) => line.trim() !== "");
        throw refusal("closed the connection after the login", last);
      });
      if (more) continue;
      if (standing === undefined) {
        enters++;
        screen.answer("\n");
        continue;
      }
      switch (standing.kind) {
        case "pager":
        case "press":
          screen.answer(standing.key);
          break;
        case "question":
          screen.answer(standing.answer.answer + "\n", isSecret(standing.answer, screen.row));
          break;
        case "username":
        case "password": {
          const { kind } = standing;
          const value = options[kind];
          const what = kind === "username" ? "user name" : "password";
          if (value === undefined) {
            throw refusal(`asks for a ${what}: give login() \`${kind}\``, screen.row);
          }
          // What our own Enters have answered is asked again.
          const again = asked[kind]++ > enters;
          if (again || (kind === "username" && asked.password > enters)) {
            throw refusal(`asks for the ${what} again`, refused ?? said.at(-1));
          }
          if (kind === "username") {
            before = said.length;
            if (this.#session.serverEchoes || value === "") {
              this.#echoes = this.#session.serverEchoes;
            }
          }
          screen.answer(value + "\n", kind === "password");
          break;
        }
        case "prompt":
          await this.#learn(screen.row, options.prompt, deadline, said);
          return trimmed(said).join("\n");
      }
    }
  }

  /** A question that comes again may be a row that only looks like one: it must stand longer. */
  #settleOfLogin(
    standing: Standing,
    asked: { readonly username: number; readonly password: number },
    refused: boolean,
  ): number {
    const begun = asked.username + asked.password > 0;
    const { kind } = standing;
    const isQuestion = kind === "username" || kind === "password";
    const again = isQuestion && (asked[kind] > 0 || (kind === "username" && asked.password > 0));
    return again && !refused ? SETTLE.unlike : this.#settleOf(standing, begun);
  }

  #loginRow(row: string, options: LoginOptions, asked: boolean): Standing | undefined {
    if (row.trim() === "") return undefined;
    const { usernamePrompt = USERNAME, passwordPrompt = PASSWORD, prompt } = options;
    const answer = options.answers?.find(({ ask }) => patternMatches(ask, row));
    if (answer !== undefined) return { kind: "question", answer };
    if (prompt !== undefined && patternMatches(prompt, row)) {
      return { kind: "prompt", sure: "same", start: 0 };
    }
    if (patternMatches(passwordPrompt, row)) return { kind: "password" };
    if (patternMatches(usernamePrompt, row)) return { kind: "username" };
    const waiting = waitingRow(row);
    if (waiting !== undefined) return waiting;
    if (prompt !== undefined || !looksLikePrompt(row)) return undefined;
    return { kind: "prompt", sure: asked ? "similar" : "unlike", start: 0 };
  }

  /**
   * Learns the prompt from the row that stands and from what an empty line brings: the same row, with the
   * rows above it that belong to it. A banner's row that was taken for the prompt does not come again.
   */
  async #learn(
    row: string,
    pattern: RegExp | string | undefined,
    deadline: Deadline,
    said: string[],
  ): Promise<void> {
    const screen = this.#screen;
    let candidate = new LearnedPrompt(row, [], pattern);
    for (let tries = 0; tries < MAX_ENTERS; tries++) {
      const start = screen.count;
      screen.answer("\n");
      const above: string[] = [];
      while (true) {
        for (let line = screen.take(); line !== undefined; line = screen.take()) {
          above.push(line);
          if (above.length > MAX_SAID) above.shift();
        }
        const came = screen.count > start ? screen.row : "";
        const match = candidate.match(came);
        const looks = match !== "unlike" || (pattern === undefined && looksLikePrompt(came));
        // A device may ignore an empty line.
        const settle = screen.marked ? SETTLE.marked : looks ? SETTLE[match] : SILENCE;
        if (await this.#more(settle, deadline, () => "the prompt after an empty line")) continue;
        if (came === "" || match === "same" || !looks) {
          const rows = commonRows(said, withoutEcho(above, candidate.text));
          this.#prompt = came === "" || !looks ? candidate : new LearnedPrompt(came, rows, pattern);
          return;
        }
        said.push(candidate.text, ...above);
        candidate = new LearnedPrompt(came, [], pattern);
        break;
      }
    }
    this.#prompt = candidate;
  }

  // Commands.

  async #exec(
    command: string,
    options: ExecOptions,
    take: (line: string) => Promise<void> | undefined,
    deadline: Deadline,
  ): Promise<void> {
    const screen = this.#screen;
    const { answers = [], prompt: pattern } = options;
    if (this.#stale) await this.#resynchronize(deadline);
    if (this.#prompt === undefined) await this.#findPrompt(pattern, deadline);
    screen.drop();
    const known = this.#prompt ?? new LearnedPrompt("", [], undefined);
    const next = pattern === undefined ? known : new LearnedPrompt("", known.above, pattern);
    const prompted = this.#session.serverEchoes && !screen.marked;
    const echo = new EchoFilter(prompted ? screen.standing.trimEnd() : "", command);
    const echoes = prompted || this.#echoes !== false;
    const output = new OutputLines(known, take);
    const start = screen.count;
    screen.answer(command + "\n");
    /** The row that was answered last, and the answer to a question: they are no output. */
    let answered: { readonly row: string; readonly answer: string | undefined } | undefined;
    while (true) {
      for (let line = screen.take(); line !== undefined; line = screen.take()) {
        const text = withoutAnswer(line, answered);
        answered = undefined;
        if (text === undefined) continue;
        for (const one of echoes ? echo.push(text) : [text]) {
          const taken = output.push(one);
          if (taken !== undefined) {
            await this.#within(taken, deadline, () => "a reader of the lines");
          }
        }
        this.#checkDeadline(deadline);
      }
      const isNew = screen.count > start;
      const standing = isNew ? this.#commandRow(screen.row, answers, next) : undefined;
      // Where nothing stands behind a line like the prompt, something was written behind the prompt.
      const left = standing === undefined && screen.standing === "" && output.suspects;
      const settle = standing !== undefined
        ? this.#settleOf(standing, true)
        : left
        ? SETTLE.unlike
        : Infinity;
      const wanted = () => `the prompt ${JSON.stringify(known.text)} after the command`;
      if (await this.#more(settle, deadline, wanted)) continue;
      if (standing === undefined) return await output.end(true);
      const { row } = screen;
      if (standing.kind === "prompt") {
        for (const one of echo.rest()) await output.push(one);
        if (standing.start > 0) await output.push(row.slice(0, standing.start));
        const text = row.slice(standing.start);
        this.#prompt = pattern === undefined
          ? known.seenAs(text)
          : new LearnedPrompt(text, known.above, undefined);
        return await output.end();
      }
      if (standing.kind === "question") {
        output.asked = true;
        answered = { row: row.trimEnd(), answer: standing.answer.answer };
        screen.answer(standing.answer.answer + "\n", isSecret(standing.answer, row));
      } else if (standing.kind === "pager" || standing.kind === "press") {
        answered = { row: row.trimEnd(), answer: undefined };
        output.asked ||= standing.key === "\n";
        screen.answer(standing.key);
      }
    }
  }

  #commandRow(
    row: string,
    answers: readonly Answer[],
    prompt: LearnedPrompt,
  ): Standing | undefined {
    if (row.trim() === "") return undefined;
    const answer = answers.find(({ ask }) => patternMatches(ask, row));
    if (answer !== undefined) return { kind: "question", answer };
    const match = prompt.match(row);
    if (match === "same") return { kind: "prompt", sure: "same", start: 0 };
    if (ENTER_PAGER.test(row.trim())) return { kind: "pager", key: "\n" };
    const waiting = waitingRow(row);
    if (waiting?.kind === "pager") return waiting;
    const start = prompt.startIn(row);
    if (start > 0) {
      return { kind: "prompt", sure: prompt.isTelling ? "similar" : "unlike", start };
    }
    if (match === "similar") return { kind: "prompt", sure: "similar", start: 0 };
    if (this.#screen.marked) return { kind: "prompt", sure: "marked", start: 0 };
    if (PROGRESS.test(row) || !looksLikePrompt(row)) return undefined;
    return { kind: "prompt", sure: "unlike", start: 0 };
  }

  /** Waits for the prompt of a command that was given up. Nothing is typed into what it may ask. */
  async #resynchronize(deadline: Deadline): Promise<void> {
    const screen = this.#screen;
    const prompt = this.#prompt;
    while (prompt !== undefined) {
      screen.drop();
      const match = screen.marked ? "same" : prompt.match(screen.standing);
      const wanted = () =>
        `the prompt of the command before, which did not end (the row ${
          JSON.stringify(screen.standing.slice(-100))
        } stands: answer it by send(), or by \`answers\` of that command)`;
      const settle = match === "unlike" ? Infinity : SETTLE.similar;
      if (!await this.#more(settle, deadline, wanted)) break;
    }
    this.#stale = false;
  }

  #checkDeadline({ at, signal }: Deadline): void {
    if (signal?.aborted) throw signal.reason;
    if (this.#session.now() < at) return;
    throw this.#failure("timeout", "The output went on for too long");
  }

  /** Without a login: takes the prompt that stands, or that an Enter brings. */
  async #findPrompt(pattern: RegExp | string | undefined, deadline: Deadline): Promise<void> {
    const screen = this.#screen;
    const said: string[] = [];
    let before = "";
    for (let enters = 0;;) {
      for (let line = screen.take(); line !== undefined; line = screen.take()) {
        said.push(line);
        if (said.length > MAX_SAID) said.shift();
      }
      const { row } = screen;
      // A row that an Enter brings again and again is the prompt, whatever it looks like.
      const repeated = enters > 1 && row === before && !PASSWORD.test(row);
      const known = pattern === undefined
        ? screen.marked || looksLikePrompt(row) || repeated
        : patternMatches(pattern, row);
      const looks = row.trim() !== "" && known;
      const settle = screen.marked ? SETTLE.marked : looks ? SETTLE.similar : SILENCE;
      const wait = enters < MAX_ENTERS || looks ? settle : Infinity;
      if (await this.#more(wait, deadline, () => "a prompt")) continue;
      if (looks) return await this.#learn(row, pattern, deadline, said);
      enters++;
      before = row;
      screen.answer("\n");
    }
  }

  #settleOf(standing: Standing, asked: boolean): number {
    if (this.#screen.marked) return SETTLE.marked;
    switch (standing.kind) {
      case "pager":
      case "press":
        return SETTLE.pager;
      case "prompt":
        // A bare sign may well begin a line of output.
        if (standing.sure === "same" && this.#prompt?.isTelling === false) return SETTLE.similar;
        return SETTLE[standing.sure];
      default:
        return asked ? SETTLE.question : SETTLE.similar;
    }
  }

  /** Waits for more; `false` where nothing came for `settle` milliseconds. */
  async #more(settle: number, deadline: Deadline, wanted: () => string): Promise<boolean> {
    const { inbox } = this.#session;
    const { serial } = inbox;
    const left = deadline.at - this.#session.now();
    if (settle <= left && settle !== Infinity) {
      if (settle === 0) return false;
      const more = await inbox.changed(serial, settle, deadline.signal);
      if (!more && inbox.ended) throw this.#closed(wanted());
      return more;
    }
    if (inbox.ended) throw this.#closed(wanted());
    const more = left > 0 && await inbox.changed(serial, left, deadline.signal);
    if (more) return true;
    if (inbox.ended) throw this.#closed(wanted());
    throw this.#failure("timeout", `Nothing that looks like ${wanted()} came in time`);
  }

  #closed(wanted: string): unknown {
    return this.#session.error ??
      this.#failure("connection-closed", `The connection ended before ${wanted} came`);
  }

  #failure(code: "timeout" | "connection-closed", what: string): TelnetError {
    return new TelnetError(code, `${what}. ${this.#session.journal.describe(this.#session)}`);
  }
}

interface Deadline {
  /** When, on the session's clock. */
  readonly at: number;
  readonly signal: AbortSignal | undefined;
}

/** Output on its way to the caller: without blank lines at both ends, and the rows of the prompt. */
class OutputLines {
  readonly #prompt: LearnedPrompt;
  readonly #take: (line: string) => Promise<void> | undefined;
  #held: string[] = [];
  #begun = false;
  /** Whether a question was answered: if a key was enough, its Enter has brought the prompt once more. */
  asked = false;
  /** A line like the prompt, and what follows: output, unless nothing else comes. */
  #suspects: string[] | undefined;

  constructor(prompt: LearnedPrompt, take: (line: string) => Promise<void> | undefined) {
    this.#prompt = prompt;
    this.#take = take;
  }

  /** Whether a line like the prompt came, and perhaps others behind it. */
  get suspects(): boolean {
    return this.#suspects !== undefined;
  }

  push(line: string): Promise<void> | undefined {
    const { isTelling, text } = this.#prompt;
    if (this.#suspects === undefined && isTelling && line.trimEnd() === text) this.#suspects = [];
    if (this.#suspects === undefined) return this.#pushOutput(line);
    this.#suspects.push(line);
    return this.#suspects.length > MAX_SUSPECTS ? this.#clear() : undefined;
  }

  /** They are output after all. */
  async #clear(): Promise<void> {
    const lines = this.#suspects ?? [];
    this.#suspects = undefined;
    for (const line of lines) await this.#pushOutput(line);
  }

  async #pushOutput(line: string): Promise<void> {
    if (!this.#begun && line.trim() === "") return;
    this.#begun = true;
    this.#held.push(line);
    if (this.#isIdle(line)) return;
    await this.#release(this.#held.length - this.#prompt.above.length);
  }

  /** `left`: no prompt stands, so that a line like it was the prompt. */
  async end(left: boolean = false): Promise<void> {
    if (!left) await this.#clear();
    const { above } = this.#prompt;
    while (this.#held.length > 0 && this.#isIdle(this.#held.at(-1) ?? "")) this.#held.pop();
    const rows = this.#prompt.rowsIn(this.#held);
    // Output without a line end stands before the first of these rows.
    const first = this.#held.at(-above.length) ?? "";
    const start = rows === 0 && above.length > 0 ? this.#prompt.aboveStartIn(first) : -1;
    if (start > 0) this.#held.splice(-above.length, above.length, first.slice(0, start));
    this.#held.length -= rows;
    await this.#release(this.#held.length);
  }

  /** Hands over lines; blank ones wait for what follows them. */
  async #release(count: number): Promise<void> {
    let last = count;
    while (last > 0 && this.#isIdle(this.#held[last - 1] ?? "")) last--;
    for (const line of this.#held.splice(0, Math.max(0, last))) await this.#take(line);
  }

  #isIdle(line: string): boolean {
    return line.trim() === "" || (this.asked && this.#prompt.match(line) === "same");
  }
}

/** Lines from a command to a loop; the command waits until the loop takes them. */
class LineChannel implements AsyncIterableIterator<string> {
  #lines: string[] = [];
  #end: { readonly error?: unknown } | undefined;
  #left = false;
  /** Readers that wait, and the writer that waits for them. */
  #readers: (() => void)[] = [];
  #wakeWriter: () => void = () => {};

  push(line: string): Promise<void> | undefined {
    if (this.#left) return undefined;
    this.#lines.push(line);
    this.#wakeReaders();
    return new Promise((resolve) => this.#wakeWriter = resolve);
  }

  end(failure: { readonly error: unknown } | undefined): void {
    this.#end = failure ?? {};
    this.#wakeReaders();
  }

  #wakeReaders(): void {
    for (const wake of this.#readers.splice(0)) wake();
  }

  async next(): Promise<IteratorResult<string>> {
    while (true) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        this.#wakeWriter();
        return { done: false, value: line };
      }
      const end = this.#end;
      if (end !== undefined) {
        this.#end = {};
        if ("error" in end) throw end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** The rest of the output is passed over. */
  return(): Promise<IteratorResult<string>> {
    this.#left = true;
    this.#lines = [];
    this.#end ??= undefined;
    this.#wakeWriter();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this;
  }
}

function waitingRow(
  row: string,
): { readonly kind: "pager" | "press"; readonly key: string } | undefined {
  const text = row.trim();
  if (PAGER_END.test(text)) return { kind: "pager", key: "q" };
  if (PAGER.test(text)) return { kind: "pager", key: " " };
  const [, key] = PRESS_KEY.exec(text) ?? [];
  if (key !== undefined) return { kind: "press", key };
  return PRESS_ENTER.test(text) ? { kind: "press", key: "\n" } : undefined;
}

/** A line without the row that was answered in it; `undefined` where nothing else is in it. */
function withoutAnswer(
  line: string,
  answered: { readonly row: string; readonly answer: string | undefined } | undefined,
): string | undefined {
  if (answered === undefined) return line;
  const { row, answer } = answered;
  const rest = line.startsWith(row) ? line.slice(row.length) : undefined;
  if (rest === undefined) return answer !== undefined && line.trim() === answer ? undefined : line;
  return answer !== undefined || rest.trim() === "" ? undefined : rest;
}

/** The rows that an empty line brings, without the row that it was typed in. */
function withoutEcho(lines: readonly string[], prompt: string): string[] {
  const [first = "", ...rest] = lines;
  return trimmed(first.trim() === "" || first.trimEnd() === prompt ? rest : lines);
}

/** The last lines of both, as far as they are alike: rows that stand above each prompt. */
function commonRows(said: readonly string[], above: readonly string[]): string[] {
  const first = trimmed(said);
  let count = 0;
  while (count < Math.min(first.length, above.length, MAX_ABOVE)) {
    if (!isAlike(first.at(-1 - count) ?? "", above.at(-1 - count) ?? "")) break;
    count++;
  }
  return count === 0 ? [] : above.slice(-count);
}

/** Without blank lines at both ends. */
function trimmed(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first === -1) return [];
  return lines.slice(first, lines.findLastIndex((line) => line.trim() !== "") + 1);
}

function refusal(what: string, said: string | undefined): TelnetError {
  const words = said === undefined ? "" : `; it says ${JSON.stringify(said.trim().slice(0, 200))}`;
  return new TelnetError("login-refused", `Cannot log in: the device ${what}${words}`);
}

function isClosed(error: unknown): boolean {
  const codes = ["connection-closed", "connection-lost"];
  return error instanceof TelnetError && codes.includes(error.code);
}

function isSecret({ secret, ask }: Answer, row: string): boolean {
  return secret ?? (PASSWORD.test(row) || /pass/i.test(String(ask)));
}

function checkAnswer(what: string, text: string): void {
  if (typeof text !== "string") throwUnexpected(what, "text", text);
  if (/[\r\n]/.test(text)) {
    throwMisuse(`Cannot use ${what}: give one line, without its end; call exec() for each command`);
  }
}

function checkPattern(what: string, pattern: RegExp | string | undefined): void {
  if (pattern === undefined || pattern instanceof RegExp) return;
  if (typeof pattern === "string" && pattern.trim() !== "") return;
  throwUnexpected(what, "a RegExp, or text that is not blank", pattern);
}

function checkAnswers(what: string, answers: readonly Answer[] | undefined): void {
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
