import { TelnetError } from "../protocol/error.ts";
import { runCommand } from "./command.ts";
import { type Deadline, DeviceDialogue } from "./device_dialogue.ts";
import {
  checkAnswer,
  checkAnswers,
  checkPattern,
  type ExecOptions,
  type LoginOptions,
} from "./device_options.ts";
import type { WaitOptions } from "./inbox.ts";
import { LineChannel } from "./line_channel.ts";
import { login } from "./login.ts";
import { waitOf } from "./read_options.ts";
import type { ClientSession } from "./session.ts";

/** A device or a shell: logs in, and runs commands one after the other. */
export class Device {
  readonly #dialogue: DeviceDialogue;
  /** Settles when the commands so far are done. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: ClientSession) {
    this.#dialogue = new DeviceDialogue(session);
  }

  /** The prompt as it was seen last. */
  get prompt(): string | undefined {
    return this.#dialogue.prompt?.text;
  }

  login(options: LoginOptions): Promise<string> {
    const more = { username: true, password: true, prompt: true, answers: true } as const;
    const prompts = { usernamePrompt: true, passwordPrompt: true } as const;
    const wait = waitOf("login", options, this.#dialogue.session.settings, { ...more, ...prompts });
    for (const name of ["username", "password"] as const) {
      const text = options[name];
      if (text !== undefined) checkAnswer(`login.${name}`, text);
    }
    for (const name of ["prompt", "usernamePrompt", "passwordPrompt"] as const) {
      checkPattern(`login.${name}`, options[name]);
    }
    checkAnswers("login.answers", options.answers);
    return this.#inTurn(wait, (deadline) => login(this.#dialogue, options, deadline));
  }

  exec(command: string, options: ExecOptions): Promise<string> {
    const { execOutput: limit } = this.#dialogue.session.settings.limits;
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
    this.#start(command, options, (line) => lines.push(line), true).then(
      () => lines.end(undefined),
      (error) => lines.end({ error }),
    );
    return lines;
  }

  #start(
    command: string,
    options: ExecOptions,
    take: (line: string) => Promise<void> | undefined,
    perLine: boolean = false,
  ): Promise<void> {
    checkAnswer("the command", command);
    const more = { answers: true, prompt: true } as const;
    const wait = waitOf("exec", options, this.#dialogue.session.settings, more);
    checkPattern("exec.prompt", options.prompt);
    checkAnswers("exec.answers", options.answers);
    const { session } = this.#dialogue;
    return this.#inTurn(wait, async (deadline) => {
      const begin = () => void (deadline.at = session.now() + wait.timeout);
      const takeInTime = (line: string) => {
        begin();
        return take(line)?.then(begin); // a reader may take its time, too
      };
      try {
        await runCommand(this.#dialogue, command, options, perLine ? takeInTime : take, deadline);
      } catch (error) {
        this.#dialogue.stale = true;
        throw error;
      }
    });
  }

  /** Runs calls one after the other. The timeout includes the wait for the calls before. */
  #inTurn<Result>(
    { timeout, signal }: WaitOptions,
    work: (deadline: Deadline) => Promise<Result>,
  ): Promise<Result> {
    const { session } = this.#dialogue;
    const deadline: Deadline = { at: session.now() + timeout, signal };
    const before = this.#last;
    let open = true;
    const turn = before.then(async () => {
      if (!open) return undefined as Result; // its caller has an error already
      const release = session.received.inbox.claim();
      try {
        return await work(deadline);
      } finally {
        release();
      }
    });
    this.#last = turn.catch(() => {});
    return this.#dialogue.within(before, deadline, () => "its turn, as the command before goes on")
      .then(
        () => turn,
        (error) => {
          open = false;
          throw error;
        },
      );
  }
}
