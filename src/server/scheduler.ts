import type { Session } from "../session/session.ts";
import type { Wake } from "../session/session_host.ts";

/** Clients with more pending input than this run after those with less. */
const LIGHT_BYTES = 1_024;
/** The time budget in a poll that all such clients share; the others then get at least as much. */
const HEAVY_MS = 0.12;
/** Work that takes no longer is not charged: a line or two. */
const FREE_MS = 0.05;
/** While sessions cost little, the clock is read once for this many of them. */
const GROUP = 8;
/** For how many polls sessions are timed one by one after work that was not free. */
const WATCHED_POLLS = 64;
/** The list of clients with input is cleaned up only beyond this length. */
const MIN_SWEEP = 64;

const NONE: Set<Session> = new Set();

/** What the scheduler needs from the server. */
export interface SchedulerContext {
  /** Reads the clock. */
  readonly clock: () => number;
  /** The total time that the game's code has taken, in milliseconds. */
  userTime(): number;
  /** Whether to remember which sessions changed, for `takeChanged`. */
  readonly tracksChanges: boolean;
  /** Called when there is input to process or output to send. */
  signal(what: "input" | "output"): void;
  /** Called when a session threw unexpectedly. */
  failed(session: Session, error: unknown): void;
  /** Called when a session's connection is closed. */
  closed(session: Session): void;
}

/**
 * Keeps lists of the sessions that have work. The cost of a poll depends on these, not on the
 * number of clients. A client that has sent much does not delay the others.
 */
export class Scheduler {
  readonly #context: SchedulerContext;
  #input: Session[] = [];
  #output: Session[] = [];
  /** Sessions that had lines or keys waiting, and may still have. */
  #typed: Session[] = [];
  #sweepAt = MIN_SWEEP;
  #unread = false;
  /** When sessions with much input may run again while others have input. */
  #heavyAt = 0;
  /** When the current work began, on a clock that stops while the game's code runs. */
  #since = 0;
  /** How many sessions have worked since the clock was read, and the last of them. */
  #untimed = 0;
  #worker: Session | undefined;
  /** For how many more polls sessions are timed one by one. */
  #watched = 0;
  #changed: Set<Session> | undefined;

  constructor(context: SchedulerContext) {
    this.#context = context;
    this.#changed = context.tracksChanges ? new Set() : undefined;
  }

  /** Notes that a session has work for the next poll. */
  wake(session: Session, what: Wake): void {
    this.#note(session);
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

  /** Remembers that a session has changed, if anybody wants to know. */
  #note(session: Session): void {
    if (this.#changed === undefined || this.#changed.has(session)) return;
    this.#changed.add(session);
    session.beginTurn();
  }

  /** Notes that a session has changed without work for the next poll. */
  changed(session: Session): void {
    this.#note(session);
  }

  /** Notes that the game took a line or key; `more`: whether more are waiting. */
  taken(session: Session, more: boolean): void {
    this.#note(session);
    this.#unread ||= more;
  }

  /** Whether the next poll must not wait: for input, output, or lines that the game left unread. */
  takeWaiting(): boolean {
    const waiting = this.#input.length > 0 || this.#output.length > 0 || this.#unread;
    this.#unread = false;
    return waiting;
  }

  /** Processes pending input; sessions with little input run first. */
  process(now: number): void {
    if (this.#watched > 0) this.#watched--;
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
    this.#chargeRest();
    if (heavy !== undefined) this.#processHeavy(heavy, heavy.length === ready.length);
  }

  /** Processes closed sessions, so that a client has left before it is accepted again. */
  processGone(isThere: (session: Session) => boolean): void {
    const ready = this.#input;
    const isGone = (session: Session) => session.life.state === "closed" && isThere(session);
    if (!ready.some(isGone)) return;
    this.#input = [];
    this.#lap();
    for (const session of ready) {
      if (isGone(session)) this.#process(session);
      else this.#input.push(session);
    }
    this.#chargeRest();
  }

  /** Hands queued output to the transport. */
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
    this.#chargeRest();
  }

  /** Returns the clients with a line or a key, in the order in which it arrived. */
  withInput<Client>(clients: ReadonlyMap<Session, Client>): Client[] {
    const typed = this.#typed;
    const found: Client[] = [];
    for (const session of typed) {
      const client = session.hasInput ? clients.get(session) : undefined;
      session.listedTyped = client !== undefined;
      if (client === undefined) continue;
      typed[found.length] = session;
      found.push(client);
    }
    typed.length = found.length;
    this.#sweepAt = MIN_SWEEP + 2 * found.length;
    return found;
  }

  /** Removes sessions without input from the list, in case the game never calls `withInput`. */
  sweep(clients: ReadonlyMap<Session, unknown>): void {
    if (this.#typed.length > this.#sweepAt) this.withInput(clients);
  }

  /** Whether `holds` is true for any changed session; calls it for all of them. */
  anyChanged(holds: (session: Session) => boolean): boolean {
    let found = false;
    for (const session of this.#changed ?? NONE) found = holds(session) || found;
    return found;
  }

  /** Returns the sessions that have changed since the last call. */
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
    this.#watched = Math.max(this.#watched, 1);
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

  /** An unexpected throw, for example in the game's own `TextCodec`, drops only this client. */
  #process(session: Session): void {
    session.listedInput = false;
    this.#note(session); // it may have been woken before the last turn ended
    try {
      session.process();
    } catch (error) {
      this.#context.failed(session, error);
    }
    this.#charge(session);
    if (session.life.state === "closed") this.#context.closed(session);
  }

  /** Runs work and charges its time to a session. */
  charge(session: Session, work: () => void): void {
    this.#lap();
    work();
    this.#worker = session;
    this.#untimed = 1;
    this.#chargeRest();
  }

  /** Charges the work of a session, by itself or at the end of its group. */
  #charge(session: Session): void {
    this.#worker = session;
    this.#untimed++;
    if (this.#watched > 0 || this.#untimed === GROUP) this.#chargeRest();
  }

  /**
   * Charges the time since the last `#lap`. If several sessions have shared it, it is not known whose
   * it was: nobody is charged, and in the next polls each session is timed by itself.
   */
  #chargeRest(): void {
    const session = this.#worker;
    if (session === undefined) return;
    const shared = this.#untimed > 1;
    this.#worker = undefined;
    this.#untimed = 0;
    const lap = this.#lap();
    if (lap <= FREE_MS) return;
    this.#watched = WATCHED_POLLS;
    if (!shared) session.gate.worked(lap, session.now());
  }

  /** Returns the time since the last call, without the time of the game's code. */
  #lap(): number {
    const spent = this.#context.clock() - this.#context.userTime();
    const lap = spent - this.#since;
    this.#since = spent;
    return lap;
  }
}
