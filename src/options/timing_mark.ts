import type { OptionChange, Side } from "../protocol/events.ts";
import type { Json } from "./json.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";

/**
 * Code of the option TIMING-MARK (RFC 860): DO TIMING-MARK is answered when all before it was seen,
 * by WILL or WONT. Every client answers it, so it is a ping that is safe where AYT is not.
 */
export const TIMING_MARK = 0x06;

/** So many marks may be asked for at once. */
const MAX_BURST = 64;
/** Beyond that the next is read after so many milliseconds: nobody can loop fast, nobody goes without. */
const INTERVAL_MS = 20;

/** What the server keeps of its pings. */
export class TimingMarkState implements OptionState {
  readonly #context: OptionContext<TimingMarkEvents>;
  #sentAt: number | undefined;
  /** When all marks so far are paid off at one for each interval. */
  #paidAt = -Infinity;

  /** Made by {@linkcode timingMark}. */
  constructor(context: OptionContext<TimingMarkEvents>) {
    this.#context = context;
  }

  /** Sends DO TIMING-MARK, unless one is under way; an answer in time comes as the notice `pong`. */
  ping(): void {
    if (this.#sentAt !== undefined) return;
    this.#sentAt = this.#context.now();
    this.#context.enableRemote(TIMING_MARK);
  }

  /** A mark came by, or was asked for: it is not a state, so the next is a new one (RFC 860). */
  changed(side: Side, change: OptionChange): void {
    const now = this.#context.now();
    // A mark that nobody waits for is refused, or two ends could go on for ever. One that is asked for
    // is always given: Ctrl-C in a stock client discards all output until it comes. It is delayed where
    // they come too fast, as the other end may take our mark for an offer and ask again.
    this.#context.forget(side, TIMING_MARK, { willing: side === "local", rested: true });
    if (side === "local" && change === "enabled") this.#pay(now);
    if (side !== "remote" || this.#sentAt === undefined) return;
    const sentAt = this.#sentAt;
    this.#sentAt = undefined;
    if (change !== "unanswered") this.#context.emit("pong", now - sentAt);
  }

  /** Keeps how long a ping is under way. */
  snapshot(): Json {
    return { sent: this.#sentAt === undefined ? null : this.#context.now() - this.#sentAt };
  }

  /** Restores what `snapshot` returned. */
  restore(saved: Json): void {
    const { sent } = saved as { sent: number | null };
    this.#sentAt = sent === null ? undefined : this.#context.now() - sent;
  }

  #pay(now: number): void {
    this.#paidAt = Math.max(this.#paidAt, now) + INTERVAL_MS;
    const freeAt = this.#paidAt - MAX_BURST * INTERVAL_MS;
    if (freeAt > now) this.#context.effects.holdInput(freeAt);
  }
}

/** What TIMING-MARK reports to the game. */
export interface TimingMarkEvents {
  /** A ping was answered: the round trip in milliseconds. */
  pong: number;
}

/** TIMING-MARK as the server uses it: every mark that a client asks for is given. */
export const timingMark: TelnetOption<true, TimingMarkState, TimingMarkEvents> = {
  code: TIMING_MARK,
  name: "TIMING-MARK",
  events: ["pong"],
  agreeLocal: true,
  attach: (context) => new TimingMarkState(context),
};
