import { checkOneOf } from "../protocol/validate.ts";
import type { ServerLimits } from "./limits.ts";

/**
 * How to keep a silent connection alive in routers that forget idle connections:
 *
 * - `off`: only with the system's TCP keep-alive
 * - `nop`: IAC NOP, which needs no answer
 * - `timing-mark`: DO TIMING-MARK; a client that stops answering it is dropped
 */
export type KeepAlive = "off" | "nop" | "timing-mark";

/** Checks a caller's value. */
export function checkKeepAlive(keepAlive: KeepAlive): KeepAlive {
  checkOneOf("keepAlive", keepAlive, ["off", "nop", "timing-mark"]);
  return keepAlive;
}

/** The part of a session that the monitor uses. */
export interface ActivityView {
  /** When the person last typed. */
  readonly lastInputTime: number;
  /** When the last bytes were received. */
  readonly lastReceivedTime: number;
  readonly keepAlive: KeepAlive;
}

/** What is known of a client's silence, as plain JSON. */
export interface IdleSnapshot {
  readonly answers: boolean;
  readonly warned: boolean;
}

/** The action that is due. */
export type IdleVerdict = "warn" | "idle" | "probe" | "gone";

/** Checks are rounded up to whole seconds, so that those of thousands of clients coincide. */
const GRAIN_MS = 1_000;
/** The number of unanswered probes after which a client is dropped. */
const PROBES = 3;

/** Decides when to warn, drop or probe a silent connection. It has no timer of its own. */
export class IdleMonitor {
  readonly #limits: ServerLimits;
  readonly #interval: number;
  /** The time of the input after which the warning was given. */
  #warnedFor = -Infinity;
  #probedAt = -Infinity;
  /** The number of probes since bytes were last received. */
  #probes = 0;
  #answers = false;

  constructor(limits: ServerLimits, interval: number) {
    this.#limits = limits;
    this.#interval = interval;
  }

  /** When to check next. */
  next(view: ActivityView): number {
    const due = Math.min(this.#idleDue(view), this.#probeDue(view));
    return Math.ceil(due / GRAIN_MS) * GRAIN_MS;
  }

  /** What must survive a restart: whether the client answers probes, and was warned since its last input. */
  snapshot({ lastInputTime }: ActivityView): IdleSnapshot {
    return { answers: this.#answers, warned: this.#warnedFor === lastInputTime };
  }

  /** Restores what `snapshot` returned. */
  restore({ answers, warned }: IdleSnapshot, { lastInputTime }: ActivityView): void {
    this.#answers = answers;
    if (warned) this.#warnedFor = lastInputTime;
  }

  /** Records that this client answers probes. */
  answered(): void {
    this.#answers = true;
  }

  /** Returns the action that is due now. */
  check(view: ActivityView, now: number): IdleVerdict | undefined {
    const { idleTimeout } = this.#limits;
    if (now >= view.lastInputTime + idleTimeout) return "idle";
    if (now >= this.#idleDue(view)) {
      this.#warnedFor = view.lastInputTime;
      return "warn";
    }
    return now >= this.#probeDue(view) ? this.#probe(view, now) : undefined;
  }

  #probe(view: ActivityView, now: number): IdleVerdict {
    if (view.lastReceivedTime >= this.#probedAt) this.#probes = 0;
    if (view.keepAlive === "timing-mark" && this.#answers && this.#probes >= PROBES) return "gone";
    this.#probes++;
    this.#probedAt = now;
    return "probe";
  }

  #idleDue({ lastInputTime }: ActivityView): number {
    const { idleTimeout, idleWarning } = this.#limits;
    const drop = lastInputTime + idleTimeout;
    // With a short timeout, the whole `idleWarning` would give the warning at once.
    const warning = Math.min(idleWarning, idleTimeout / 2);
    return this.#warnedFor === lastInputTime ? drop : drop - warning;
  }

  #probeDue({ keepAlive, lastReceivedTime }: ActivityView): number {
    if (keepAlive === "off") return Infinity;
    return Math.max(lastReceivedTime, this.#probedAt) + this.#interval;
  }
}
