import { TelnetError } from "../protocol/error.ts";
import { DialogueScreen } from "./dialogue_screen.ts";
import type { LearnedPrompt } from "./prompt.ts";
import type { ClientSession } from "./session.ts";
import { SETTLE, type Standing } from "./standing_rows.ts";

/** The time limit of a call. */
export interface Deadline {
  /** The end of the limit, on the session's clock. */
  at: number;
  readonly signal: AbortSignal | undefined;
}

/** The state of a dialogue with a device, and functions that wait for the device. */
export class DeviceDialogue {
  readonly session: ClientSession;
  readonly screen: DialogueScreen;
  /** The prompt as it was seen last. */
  prompt: LearnedPrompt | undefined;
  /** Whether the device echoes input, whatever was negotiated; `undefined`: not known. */
  echoes: boolean | undefined;
  /** Whether a command was abandoned before its prompt arrived. */
  stale = false;

  constructor(session: ClientSession) {
    this.session = session;
    this.screen = new DialogueScreen(session);
  }

  /** How long the current row must stay unchanged. `asked`: whether a question was answered. */
  settleOf(standing: Standing, asked: boolean): number {
    if (this.screen.marked) return SETTLE.marked;
    switch (standing.kind) {
      case "pager":
      case "press":
        return SETTLE.pager;
      case "prompt":
        // A short prompt such as ">" can also begin a line of output.
        if (standing.sure === "same" && this.prompt?.isTelling === false) return SETTLE.similar;
        return SETTLE[standing.sure];
      default:
        return asked ? SETTLE.question : SETTLE.similar;
    }
  }

  /** Waits for more input; `false` if none arrived for `settle` milliseconds. */
  async more(settle: number, deadline: Deadline, wanted: () => string): Promise<boolean> {
    const { inbox } = this.session.received;
    const { serial } = inbox;
    const left = deadline.at - this.session.now();
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

  /** Waits for a promise, but not beyond the deadline. */
  within<Result>(
    promise: Promise<Result>,
    { at, signal }: Deadline,
    wanted: () => string,
  ): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const endTimer = this.session.settings.clock.after(
        Math.max(0, at - this.session.now()),
        () => done(() => reject(this.#failure("timeout", `Did not get ${wanted()} in time`))),
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

  /** Throws if the deadline has passed, or the signal is aborted. */
  checkDeadline({ at, signal }: Deadline): void {
    if (signal?.aborted) throw signal.reason;
    if (this.session.now() < at) return;
    throw this.#failure("timeout", "The output went on for too long");
  }

  #closed(wanted: string): unknown {
    return this.session.error ??
      this.#failure("connection-closed", `The connection ended before ${wanted} came`);
  }

  #failure(code: "timeout" | "connection-closed", what: string): TelnetError {
    return new TelnetError(code, `${what}. ${this.session.journal.describe(this.session)}`);
  }
}
