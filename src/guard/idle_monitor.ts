import { checkOneOf } from "../protocol/validate.ts";
import type { ServerLimits } from "./limits.ts";

/**
 * What keeps a silent connection alive, through routers that forget it:
 *
 * - `off`: nothing but the system's own probes (TCP)
 * - `nop`: IAC NOP, which needs no answer
 * - `timing-mark`: DO TIMING-MARK; a client that answered one before, and then no more, is gone
 */
export type KeepAlive = "off" | "nop" | "timing-mark";

/** Checks what a caller gives as such. */
export function checkKeepAlive(keepAlive: KeepAlive): KeepAlive {
  checkOneOf("keepAlive", keepAlive, ["off", "nop", "timing-mark"]);
  return keepAlive;
}

/** What the monitor sees of its session. */
export interface ActivityView {
  /** When the person last typed. */
  readonly lastInputTime: number;
  /** When anything last came. */
  readonly lastReceivedTime: number;
  readonly keepAlive: KeepAlive;
}

/** What is due. */
export type IdleVerdict = "warn" | "idle" | "probe" | "gone";

/** Looks are taken at whole seconds, so that those for thousands of clients fall together. */
const GRAIN_MS = 1_000;
/** So many probes may stay without an answer. */
const PROBES = 3;

/** Watches a silent connection: when to warn, to drop, to probe. It has no timer of its own. */
export class IdleMonitor {
  readonly #limits: ServerLimits;
  readonly #interval: number;
  /** The input for which the warning was given. */
  #warnedFor = -Infinity;
  #probedAt = -Infinity;
  /** Probes since anything came. */
  #probes = 0;
  #answers = false;

  constructor(limits: ServerLimits, interval: number) {
    this.#limits = limits;
    this.#interval = interval;
  }

  /** When to look again. */
  next(view: ActivityView): number {
    const due = Math.min(this.#idleDue(view), this.#probeDue(view));
    return Math.ceil(due / GRAIN_MS) * GRAIN_MS;
  }

  /** A probe was answered: this client is one that does. */
  answered(): void {
    this.#answers = true;
  }

  /** What is due now. */
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
    // In a short time the warning would come at once.
    const warning = Math.min(idleWarning, idleTimeout / 2);
    return this.#warnedFor === lastInputTime ? drop : drop - warning;
  }

  #probeDue({ keepAlive, lastReceivedTime }: ActivityView): number {
    if (keepAlive === "off") return Infinity;
    return Math.max(lastReceivedTime, this.#probedAt) + this.#interval;
  }
}
