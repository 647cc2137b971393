import type { Session } from "../session/session.ts";
import type { Wake } from "../session/session_host.ts";

/** A client with more pending input than this runs after those with less. */
const LIGHT_BYTES = 1_024;
/** All such clients share so much time of a poll, and then leave as much to the others. */
const HEAVY_MS = 0.25;
/** Work that takes no longer than this is not counted: it is that of a line or two. */
const FREE_MS = 0.05;
/** The list of clients with input is looked through at this length. */
const MIN_SWEEP = 64;

const NONE: Set<Session> = new Set();

/** What the scheduler needs of the server. */
export interface SchedulerContext {
  /** The time at this moment. */
  readonly clock: () => number;
  /** How much time the game's own code has taken in all. */
  userTime(): number;
  /** Whether to remember which sessions changed, for `takeChanged`. */
  readonly tracksChanges: boolean;
  /** There is something to process, or to send. */
  signal(what: "input" | "output"): void;
  /** A session threw in spite of all. */
  failed(session: Session, error: unknown): void;
  /** A session's connection is gone. */
  closed(session: Session): void;
}

/**
 * Which sessions have something to do. What a poll costs follows from these, not from how many
 * clients there are; a client that has sent much does not hold up the others.
 */
export class Scheduler {
  readonly #context: SchedulerContext;
  #input: Session[] = [];
  #output: Session[] = [];
  /** Those that had lines or keys waiting, and maybe have still. */
  #typed: Session[] = [];
  #sweepAt = MIN_SWEEP;
  #unread = false;
  /** When those who sent much may be served again, while others are. */
  #heavyAt = 0;
  /** When the work at hand began, on a clock that stands still while the game's code runs. */
  #since = 0;
  #changed: Set<Session> | undefined;

  constructor(context: SchedulerContext) {
    this.#context = context;
    this.#changed = context.tracksChanges ? new Set() : undefined;
  }

  /** A session has something for the next poll. */
  wake(session: Session, what: Wake): void {
    this.#changed?.add(session);
    if (what === "input") {
      if (session.listedInput) return;
      session.listedInput = true;
      this.#input.push(session);
      this.#context.signal(what);
    } else if (what === "output") {
      if (session.listedOutput) return;
      session.listedOutput = true;
      this.#output.push(session);
      this.#context.signal(what);
    } else if (!session.listedTyped) {
      session.listedTyped = true;
      this.#typed.push(session);
    }
  }

  /** A session has changed, and has nothing for the next poll. */
  changed(session: Session): void {
    this.#changed?.add(session);
  }

  /** The game took a line or key, and `more` wait. */
  taken(session: Session, more: boolean): void {
    this.#changed?.add(session);
    this.#unread ||= more;
  }

  /** Whether the next poll has work; the game has not read all, for one. */
  takeWaiting(): boolean {
    const waiting = this.#input.length > 0 || this.#unread;
    this.#unread = false;
    return waiting;
  }

  /** Processes what came, those with little first. */
  process(now: number): void {
    if (this.#input.length === 0) return;
    this.#lap();
    const ready = this.#input;
    this.#input = [];
    let heavy: Session[] | undefined;
    for (const session of ready) {
      if (session.queuedInput > LIGHT_BYTES || session.gate.isCostly(now)) {
        (heavy ??= []).push(session);
      } else this.#process(session);
    }
    if (heavy !== undefined) this.#processHeavy(heavy, heavy.length === ready.length);
  }

  /** Processes those whose connections are gone, so that nobody comes again before they have left. */
  processGone(isThere: (session: Session) => boolean): void {
    const ready = this.#input;
    const isGone = (session: Session) => session.life.state === "closed" && isThere(session);
    if (!ready.some(isGone)) return;
    this.#input = [];
    for (const session of ready) {
      if (isGone(session)) this.#process(session);
      else this.#input.push(session);
    }
  }

  /** Hands what was written to the transport. */
  flush(): void {
    if (this.#output.length === 0) return;
    const dirty = this.#output;
    this.#output = [];
    this.#lap();
    for (const session of dirty) {
      session.listedOutput = false;
      try {
        session.flush();
      } catch (error) {
        this.#context.failed(session, error);
      }
      this.#charge(session);
    }
  }

  /** The sessions with a line or a key, in the order in which they got it. */
  withInput(isThere: (session: Session) => boolean): readonly Session[] {
    const typed = this.#typed;
    let kept = 0;
    for (const session of typed) {
      session.listedTyped = session.hasInput && isThere(session);
      if (session.listedTyped) typed[kept++] = session;
    }
    typed.length = kept;
    this.#sweepAt = MIN_SWEEP + 2 * kept;
    return typed;
  }

  /** Forgets those without input, where the game never asks for the others. */
  sweep(isThere: (session: Session) => boolean): void {
    if (this.#typed.length > this.#sweepAt) this.withInput(isThere);
  }

  /** Whether something holds for any of the sessions that have changed; all of them are asked. */
  anyChanged(holds: (session: Session) => boolean): boolean {
    let found = false;
    for (const session of this.#changed ?? NONE) found = holds(session) || found;
    return found;
  }

  /** The sessions whose state has changed since the last call. */
  takeChanged(): Set<Session> {
    const changed = this.#changed ?? NONE;
    if (changed.size > 0) this.#changed = new Set();
    return changed;
  }

  /**
   * Processes sessions with much input until `HEAVY_MS` is used; the rest run first in the next
   * poll. Unless only such sessions have input, they then wait for as long as they have just run.
   */
  #processHeavy(heavy: Session[], alone: boolean): void {
    const { clock } = this.#context;
    const start = clock();
    let [end, next] = [start, 0];
    if (alone || start >= this.#heavyAt) {
      while (next < heavy.length && end - start < HEAVY_MS) {
        this.#process(heavy[next++] as Session);
        end = clock();
      }
      this.#heavyAt = end + end - start;
    }
    if (next < heavy.length) this.#input = heavy.slice(next).concat(this.#input);
  }

  /** An unexpected throw, of a game's own character set for one, drops only this client. */
  #process(session: Session): void {
    session.listedInput = false;
    this.#changed?.add(session); // it was woken maybe before the end of the last turn
    try {
      session.process();
    } catch (error) {
      this.#context.failed(session, error);
    }
    this.#charge(session);
    if (session.life.state === "closed") this.#context.closed(session);
  }

  /** The time that has passed since the last call, but for what the game's own code took. */
  #lap(): number {
    const spent = this.#context.clock() - this.#context.userTime();
    const lap = spent - this.#since;
    this.#since = spent;
    return lap;
  }

  /** Does something whose cost is the client's. */
  charge(session: Session, work: () => void): void {
    this.#lap();
    work();
    this.#charge(session);
  }

  /** What was just done was done for this session. */
  #charge(session: Session): void {
    const lap = this.#lap();
    if (lap > FREE_MS) session.gate.worked(lap, session.now());
  }
}
