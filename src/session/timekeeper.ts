import { timingMark } from "../options/timing_mark.ts";
import { NOP } from "../protocol/codes.ts";
import type { SessionCore } from "./core.ts";
import type { SetDeadline } from "./deadlines.ts";
import type { Reader } from "./reader.ts";

/** The deadlines that other parts of a session compute. */
type KeptDeadline =
  /** When to give up waiting for the answer to a negotiation. */
  | "answer"
  /** When a lone ESC counts as the Escape key. */
  | "escape"
  /** When to settle `ready` even without all answers. */
  | "offers"
  /** When a call that waits for a line times out. */
  | "read"
  /** When to drop a client whose input is blocked because the game takes no lines. */
  | "unread"
  /** When to continue to read from a client that was over a rate. */
  | "release"
  /** When to check whether the client is idle, or needs a keep-alive. */
  | "idle";

type DeadlineName = KeptDeadline | SetDeadline;

/**
 * How long an overdue deadline waits for unread input, in milliseconds. The input may be what it waits
 * for, but a client must not put it off for ever. It waits longer only while a rate throttles the
 * client, for up to `limits.floodTimeout`.
 */
const MAX_LATE_MS = 30_000;

/**
 * When each deadline is due, in the order in which they are handled. The first four wait for unread
 * input, see `MAX_LATE_MS`.
 */
const DUE: Readonly<Record<DeadlineName, "as set" | ((core: SessionCore) => number)>> = {
  answer: (core) => (core.dialogue.machine.nextTimeout() ?? Infinity) + delay(core, core.unread),
  escape: (core) => core.dialogue.input.timeout + delay(core, core.unread),
  offers: (core) => core.options.deadline + delay(core, core.unread && !isStopped(core)),
  read: (core) => (core.waiters?.timeout ?? Infinity) + delay(core, hasUnread(core)),
  hold: "as set",
  end: "as set",
  unread: ({ gate }) => gate.unreadBy,
  slow: "as set",
  secure: "as set",
  release: ({ gate }) => gate.releaseAt,
  idle: ({ activity }) => activity.next(),
  close: "as set",
};
const NAMES = Object.keys(DUE) as readonly DeadlineName[];
/** The deadlines that still apply to a dropped client. */
const SET_NAMES = NAMES.filter((name) => DUE[name] === "as set");

function dueAt(core: SessionCore, name: DeadlineName): number {
  const due = DUE[name];
  if (due !== "as set") return due(core);
  return core.setDeadlines?.at(name) ?? Infinity;
}

/** For how long a deadline that is over still waits, if there is unread input. */
function delay({ gate }: SessionCore, unread: boolean): number {
  if (!unread) return 0;
  return gate.throttled ? Infinity : MAX_LATE_MS;
}

/**
 * Whether nothing is read until the game takes a line. If the game waits for the answers to offers
 * first, they can never come.
 */
function isStopped({ dialogue, gate }: SessionCore): boolean {
  return dialogue.input.room === 0 || gate.overMemory;
}

/** Whether there is input that is not processed, or keys that wait because of a rate. */
function hasUnread({ unread, dialogue }: SessionCore): boolean {
  return unread || dialogue.input.hasUnread;
}

/** When the next deadline is due; does not use the table, because each received chunk calls it. */
function nextDue(core: SessionCore): number {
  const { active, unread, dialogue, options, gate, activity } = core;
  const set = core.setDeadlines?.next ?? Infinity;
  if (!active) return set;
  const kept = Math.min(set, gate.unreadBy, gate.releaseAt, activity.next());
  const answer = dialogue.machine.nextTimeout() ?? Infinity;
  const offers = options.deadline + delay(core, unread && !isStopped(core));
  const waits = Math.min(Math.min(answer, dialogue.input.timeout) + delay(core, unread), offers);
  const read = (core.waiters?.timeout ?? Infinity) + delay(core, hasUnread(core));
  return Math.min(kept, waits, read);
}

/** Handles the deadlines of a session. It has no timer: the server calls `tick` in time. */
export class Timekeeper {
  readonly #core: SessionCore;
  readonly #reader: Reader;
  /** When the server will call `tick` next. */
  #timedAt = Infinity;

  constructor(core: SessionCore, reader: Reader) {
    this.#core = core;
    this.#reader = reader;
  }

  /** Handles the deadlines that are due; returns when to call it next. */
  tick(now: number): number | undefined {
    const core = this.#core;
    const names = core.active ? NAMES : SET_NAMES;
    const due = names.filter((name) => dueAt(core, name) <= now);
    for (const name of due) core.setDeadlines?.clear(name);
    for (const name of due) this.#expire(name, now);
    this.#timedAt = core.life.state === "closed" ? Infinity : nextDue(core);
    return this.#timedAt === Infinity ? undefined : this.#timedAt;
  }

  /** Has the server call `tick` in time for the next deadline. */
  schedule(): void {
    this.#core.timesChanged = false;
    const next = nextDue(this.#core);
    if (next < this.#timedAt) this.#core.timed(this.#timedAt = next);
  }

  #expire(name: DeadlineName, now: number): void {
    const { dialogue, gate, options, stream, settings: { limits } } = this.#core;
    switch (name) {
      case "answer":
        dialogue.machine.handleTimeout(now);
        return this.#reader.takeEvents();
      case "escape":
        dialogue.input.expire(now);
        return this.#core.active ? this.#reader.readTyped() : undefined;
      case "offers":
        return now >= options.deadline ? options.endWait() : undefined;
      case "read":
        if (this.#core.waiters?.expire(now)) {
          dialogue.endRow();
          this.#core.changed();
        }
        return this.#core.wake("input");
      case "hold":
      case "release":
        return this.#core.wake("input");
      case "end":
        return this.#endLate(now);
      case "unread":
        if (now >= gate.unreadBy) gate.expireUnread(now);
        return this.#reader.obey(gate.takeVerdicts());
      case "slow":
        return stream.queued > limits.outputBytes ? this.#core.tooSlow() : undefined;
      case "secure":
        return this.#endInsecure();
      case "idle":
        return this.#checkIdle(now);
      case "close":
        return this.#breakOff();
      default:
        name satisfies never; // each deadline has its case
    }
  }

  /**
   * Drops a half-closed client whose lines were not read in time, unless a rate throttles it, or it
   * has more input than polls have read so far.
   */
  #endLate(now: number): void {
    const { deadlines, gate, settings: { limits } } = this.#core;
    if (gate.throttled || gate.again) deadlines.set("end", now + limits.closeTimeout);
    else this.#core.leave("client-closed");
  }

  #endInsecure(): void {
    const { handshakeTimeout: limit } = this.#core.settings.limits;
    this.#core.emit("violation", { kind: "handshake-timeout", limit, value: limit });
    this.#core.leave("connection-lost", new Error("The handshake of TLS was not done in time"));
    this.#core.stream.connection.abort();
  }

  /** Aborts a connection that did not take its last output in time. */
  #breakOff(): void {
    const { closeTimeout: limit } = this.#core.settings.limits;
    this.#core.emit("violation", { kind: "close-timeout", limit, value: limit });
    this.#core.stream.connection.abort();
  }

  #checkIdle(now: number): void {
    const { activity, gate, dialogue: { input }, settings: { limits, messages } } = this.#core;
    // Input that is held back counts as activity.
    const stalled = this.#core.stream.connection.durable?.stalled === true;
    if (stalled || gate.isHolding(input) || this.#core.unread) activity.note(now);
    switch (activity.check(now)) {
      case "warn":
        return this.#core.say(messages.idleWarning);
      case "idle": {
        const value = now - activity.lastInputTime;
        this.#core.say(messages.idle);
        this.#core.emit("violation", { kind: "idle", limit: limits.idleTimeout, value });
        return this.#core.leave("idle");
      }
      case "probe":
        return this.#probe();
      case "gone":
        return this.#core.leave("no-answer");
    }
  }

  /** Sends a keep-alive, but not to a client that never spoke Telnet: it would display it. */
  #probe(): void {
    const { activity, dialogue, options } = this.#core;
    if (!dialogue.speaksTelnet) return;
    if (activity.keepAlive === "timing-mark") return options.stateOf(timingMark).ping();
    dialogue.sendTelnetCommand(NOP);
    this.#core.changed();
  }
}
