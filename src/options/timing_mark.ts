import type { OptionChange, Side } from "../protocol/events.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";

/**
 * Code of the option TIMING-MARK (RFC 860): DO TIMING-MARK is answered when all before it was seen,
 * by WILL or WONT. Every client answers it, so it is a ping that is safe where AYT is not.
 */
export const TIMING_MARK = 0x06;

/** Marks this far apart, in milliseconds, are no loop. */
const REST_MS = 1_000;

/** What the server keeps of its pings. */
export class TimingMarkHandler implements OptionState {
  readonly #session: OptionContext;
  #sentAt: number | undefined;
  #markedAt = -Infinity;

  /** Made by {@linkcode timingMark}. */
  constructor(session: OptionContext) {
    this.#session = session;
  }

  /** Sends DO TIMING-MARK, unless one is under way; an answer in time comes as the notice `pong`. */
  ping(): void {
    if (this.#sentAt !== undefined) return;
    this.#sentAt = this.#session.now();
    this.#session.enableRemote(TIMING_MARK);
  }

  /** A mark came by, or was asked for: it is not a state, so the next is a new one (RFC 860). */
  changed(side: Side, change: OptionChange): void {
    const now = this.#session.now();
    // A mark that nobody waits for is refused, or two ends could go on for ever. One that is asked
    // for is given, but not again and again at once: the other end may take our mark for an offer.
    const rested = now - this.#markedAt >= REST_MS;
    this.#markedAt = now;
    this.#session.forget(side, TIMING_MARK, { willing: side === "local", rested });
    if (side !== "remote" || this.#sentAt === undefined) return;
    const sentAt = this.#sentAt;
    this.#sentAt = undefined;
    if (change !== "unanswered") this.#session.tell("pong", now - sentAt);
  }
}

/** TIMING-MARK as the server uses it: every mark that a client asks for is given. */
export const timingMark: TelnetOption<true, TimingMarkHandler> = {
  code: TIMING_MARK,
  name: "TIMING-MARK",
  agreeLocal: true,
  attach: (session) => new TimingMarkHandler(session),
};
