import { throwMisuse } from "../protocol/error.ts";
import type { Key } from "../text/key.ts";
import type { SessionCore } from "./core.ts";
import type { LineKind } from "./line_waiters.ts";

/** So many questions to a client that has gone are answered by nothing; more are a loop without end. */
const MAX_AFTER_END = 64;

/**
 * Takes a line that waits for the game.
 *
 * @param secret Whether it answers a question for a password, so that no recording has it.
 */
export function takeLine(core: SessionCore, secret: boolean = false): string | undefined {
  const { input } = core.dialogue;
  const line = input.queue.take();
  if (line === undefined) return undefined;
  const { gate, taps } = core;
  core.heard = true;
  core.lineNumber++;
  // Recorded now, not when it came: the game may have asked for a password meanwhile.
  if (taps !== undefined && !secret && !line.secret && !input.hidden) {
    taps.line(line.text, !input.byKeys);
  }
  if (gate.unreadBy !== Infinity) gate.lineTaken(core.now());
  const { length } = input.queue;
  core.taken(length > 0);
  if (length <= core.settings.limits.queuedLines / 2 || gate.overMemory) core.readOn();
  return line.text;
}

/** Lines go to the game's code that waits for them, before the game finds them. */
export function serveWaiters(core: SessionCore): void {
  const { waiters, dialogue: { input: { queue } } } = core;
  while (waiters?.awaited && queue.length > 0) {
    takeInHand(core, waiters.firstKind);
    if (!waiters.give(takeLine(core, waiters.firstIsHidden))) reserve(core);
  }
}

/** The next line goes to code that goes on later. That of a loop comes again if it is never answered. */
function takeInHand(core: SessionCore, kind: LineKind | undefined): void {
  const waiters = core.makeWaiters();
  const again = kind === "loop" || kind === "line";
  waiters.inHand = again ? core.dialogue.input.queue.peek() : undefined;
  waiters.handed = true;
}

/** Leaves the lines that wait to a dialogue until the next poll. */
function reserve(core: SessionCore): void {
  core.makeWaiters().reserved = true;
  core.wake("input");
}

/** Takes a key that waits for the game. */
export function takeKey(core: SessionCore): Key | undefined {
  const { input } = core.dialogue;
  const key = input.takeKey();
  if (key === undefined) return undefined;
  core.heard = true;
  core.taken(input.keyCount > 0);
  core.readOn();
  return key;
}

/**
 * Hands the game lines as they come, in the order of its calls: `readLine()`, `ask()` and `lines()`. One
 * that asks when it likes takes them by {@linkcode takeLine}.
 */
export class Delivery {
  readonly #core: SessionCore;
  readonly #schedule: () => void;
  /** How many questions were put after the client had gone. */
  #afterEnd = 0;

  /** `schedule`: has a new timeout noticed. */
  constructor(core: SessionCore, schedule: () => void) {
    this.#core = core;
    this.#schedule = schedule;
  }

  /**
   * The next line. What was typed ahead is left to the next call of this, until the next poll, so that
   * the loop of a game does not take a password for a command.
   *
   * @param timeout How long to wait, in milliseconds.
   */
  readLine(timeout: number): Promise<string | undefined> {
    this.#checkMode();
    takeInHand(this.#core, "line");
    const line = this.#core.active ? takeLine(this.#core) : undefined;
    if (line === undefined) return this.#wait(timeout, "line");
    reserve(this.#core);
    return Promise.resolve(line);
  }

  /** Asks a question. A hidden answer stays hidden until the poll after its line. */
  ask(question: string, timeout: number, hidden: boolean): Promise<string | undefined> {
    this.#checkMode();
    const { active, dialogue } = this.#core;
    if (active) {
      if (hidden && !dialogue.input.hidden) {
        dialogue.setEcho({ password: true });
        this.#core.makeWaiters().hides = true;
      }
      dialogue.prompt(question);
      this.#core.changed();
    }
    takeInHand(this.#core, "question");
    const line = active ? takeLine(this.#core, hidden) : undefined;
    if (line === undefined) return this.#wait(timeout, hidden ? "hidden" : "question");
    // It was typed ahead: no Enter follows that would end the row of the question.
    reserve(this.#core);
    this.#unhide();
    dialogue.endRow();
    return Promise.resolve(line);
  }

  /** Starts a poll: ends the reservation of lines, and password mode if no question is open. */
  beginPoll(): void {
    const { waiters } = this.#core;
    if (waiters === undefined) return;
    waiters.reserved = false;
    this.#unhide();
  }

  /** The lines as they come, until the client goes. */
  readLines(): AsyncIterableIterator<string> {
    let works = false;
    const work = (now: boolean) => {
      if (works && !now) this.#done();
      else if (now && !works) this.#core.makeWaiters().working++;
      works = now;
    };
    const iterator: AsyncIterableIterator<string> = {
      next: async () => {
        if ((this.#core.waiters?.loops ?? 0) > 0) {
          throwMisuse("Cannot run two lines() loops for one client: share the lines of one loop");
        }
        work(false);
        takeInHand(this.#core, "loop");
        const line = this.#core.active ? takeLine(this.#core) : undefined;
        const value = line ?? await this.#wait(Infinity, "loop");
        if (value === undefined) return { done: true, value };
        work(true);
        return { done: false, value };
      },
      return: () => {
        work(false);
        this.#core.waiters?.endLoop();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** An async handler of the game is at work: a client that has half-closed stays for its answer. */
  trackHandler(handler: PromiseLike<unknown>): void {
    const waiters = this.#core.makeWaiters();
    waiters.working++;
    waiters.handed = true;
    const done = () => this.#done();
    void handler.then(done, done);
  }

  /** Password mode goes off where no question for a password is open. */
  #unhide(): void {
    const { waiters, dialogue } = this.#core;
    if (waiters?.hides !== true || waiters.hidden > 0) return;
    waiters.hides = false;
    dialogue.setEcho({ password: false });
  }

  #checkMode(): void {
    const { input } = this.#core.dialogue;
    if (!input.byKeys || input.editor !== undefined) return;
    throwMisuse("Cannot read a line in character mode: call enterLineMode() or useEditor() first");
  }

  #wait(timeout: number, kind: LineKind): Promise<string | undefined> {
    if (!this.#core.active || this.#core.atEnd) return this.#answerGone();
    const line = this.#core.makeWaiters().wait(this.#core.now() + timeout, kind);
    if (timeout !== Infinity) this.#schedule();
    return line;
  }

  /** One answer of nothing ends a dialogue; a loop that asks on would never come to an end. */
  #answerGone(): Promise<undefined> {
    if (++this.#afterEnd > MAX_AFTER_END) {
      throwMisuse("Cannot ask a client that has gone: end your loop when the answer is undefined");
    }
    return Promise.resolve(undefined);
  }

  #done(): void {
    if (--this.#core.makeWaiters().working === 0) this.#core.changed(); // what was in hand is answered
    if (this.#core.life.state === "ending") this.#core.wake("input");
  }
}
