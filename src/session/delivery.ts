import { throwMisuse } from "../protocol/error.ts";
import type { Key } from "../text/key.ts";
import type { SessionCore } from "./core.ts";
import type { LineKind } from "./line_waiters.ts";

/** How many reads after a client has gone return `undefined`; more indicate an endless loop. */
const MAX_AFTER_END = 64;

/**
 * Takes the next line for the game.
 *
 * @param secret Whether it answers a hidden question and must not be recorded.
 */
export function takeLine(core: SessionCore, secret: boolean = false): string | undefined {
  const { input } = core.dialogue;
  const line = input.queue.take();
  if (line === undefined) return undefined;
  const { gate, taps } = core;
  core.heard = true;
  core.lineNumber++;
  // Record now, not on arrival: the game may have asked for a password in the meantime.
  if (taps !== undefined && !secret && !line.secret && !input.hidden) {
    taps.line(line.text, !input.byKeys);
  }
  if (gate.unreadBy !== Infinity) gate.lineTaken(core.now());
  const { length } = input.queue;
  core.taken(length > 0);
  if (length <= core.settings.limits.queuedLines / 2 || gate.overMemory) core.readOn();
  return line.text;
}

/** Gives queued lines to waiting calls, before `getCommand()` can take them. */
export function serveWaiters(core: SessionCore): void {
  const { waiters, dialogue: { input: { queue } } } = core;
  while (waiters?.awaited && queue.length > 0) {
    takeInHand(core, waiters.firstKind);
    if (!waiters.give(takeLine(core, waiters.firstIsHidden))) reserve(core);
  }
}

/**
 * Notes that async code gets the next line. After a restart, a line of `lines()` or `readLine()` is
 * delivered again if that code had not finished with it.
 */
function takeInHand(core: SessionCore, kind: LineKind | undefined): void {
  const waiters = core.makeWaiters();
  const again = kind === "loop" || kind === "line";
  waiters.inHand = again ? core.dialogue.input.queue.peek() : undefined;
  waiters.handed = true;
}

/** Reserves the queued lines for waiting calls until the next poll. */
function reserve(core: SessionCore): void {
  core.makeWaiters().reserved = true;
  core.wake("input");
}

/** Whether the game may take a line now. */
export function hasLine({ active, dialogue, waiters }: SessionCore): boolean {
  return active && dialogue.input.queue.length > 0 && waiters?.reserved !== true;
}

/**
 * Delivers lines and keys to the game: to `getCommand()` and `getKey()` at once, and to `readLine()`,
 * `ask()` and `lines()` in the order of the calls.
 */
export class Delivery {
  readonly #core: SessionCore;
  readonly #time: { schedule(): void };
  /** How many reads were made after the client had gone. */
  #afterEnd = 0;

  /** `time`: schedules a new timeout that may be the next deadline. */
  constructor(core: SessionCore, time: { schedule(): void }) {
    this.#core = core;
    this.#time = time;
  }

  /** Whether a line is available to `getLine`. */
  get hasLine(): boolean {
    return hasLine(this.#core);
  }

  /** Takes the next line, unless the lines are reserved for a waiting call. */
  getLine(): string | undefined {
    return this.hasLine ? takeLine(this.#core) : undefined;
  }

  /** Takes the next key. */
  getKey(): Key | undefined {
    const { active, dialogue: { input } } = this.#core;
    const taken = active ? input.takeKey() : undefined;
    if (taken === undefined) return undefined;
    const { key, secret } = taken;
    this.#core.heard = true;
    // Record now, not on arrival, as with lines.
    if (!input.hidden && !secret) this.#core.taps?.key(key);
    this.#core.taken(input.keyCount > 0);
    this.#core.readOn();
    return key;
  }

  /** Whether async code of the game was called, or got a line, since the last call of this. */
  takeHanded(): boolean {
    const { waiters } = this.#core;
    const handed = waiters?.handed === true;
    if (waiters !== undefined) waiters.handed = false;
    return handed;
  }

  /**
   * Waits for the next line. Until the next poll, further lines that were typed ahead are reserved
   * for the next call, so that the game loop does not take a password as a command.
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

  /** Asks a question. After a hidden one, password mode stays on until the next poll. */
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
    if (line === undefined) return this.#wait(timeout, hidden ? "hidden" : "question", question);
    // The answer was typed ahead: no Enter follows that would end the row of the question.
    reserve(this.#core);
    this.#unhide();
    dialogue.endRow();
    return Promise.resolve(line);
  }

  /** Starts a poll: ends the reservation of lines, and password mode without a hidden question. */
  beginPoll(): void {
    const { waiters } = this.#core;
    if (waiters === undefined) return;
    waiters.reserved = false;
    this.#unhide();
  }

  /** Iterates over the lines as they arrive, until the client disconnects. */
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

  /** Notes that an async handler is running: a half-closed client stays until it settles. */
  trackHandler(handler: PromiseLike<unknown>): void {
    const waiters = this.#core.makeWaiters();
    waiters.working++;
    waiters.handed = true;
    const done = () => this.#done();
    void handler.then(done, done);
  }

  /** Ends password mode, unless a hidden question is open. */
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

  #wait(timeout: number, kind: LineKind, question?: string): Promise<string | undefined> {
    if (!this.#core.active || this.#core.atEnd) return this.#answerGone();
    const line = this.#core.makeWaiters().wait(this.#core.now() + timeout, kind, question);
    if (timeout !== Infinity) this.#time.schedule();
    return line;
  }

  /** Returns `undefined`, but throws after too many calls: a loop may have missed the end. */
  #answerGone(): Promise<undefined> {
    if (++this.#afterEnd > MAX_AFTER_END) {
      throwMisuse("Cannot ask a client that has gone: end your loop when the answer is undefined");
    }
    return Promise.resolve(undefined);
  }

  #done(): void {
    // The line in hand now counts as answered.
    if (--this.#core.makeWaiters().working === 0) this.#core.changed();
    if (this.#core.life.state === "ending") this.#core.wake("input");
  }
}
