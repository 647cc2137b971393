import type { OptionChange, Side } from "../protocol/events.ts";
import type { Json } from "./json.ts";
import type { OptionContext, OptionState, TelnetOption } from "./option.ts";

/**
 * Code of the option TIMING-MARK (RFC 860): DO TIMING-MARK is answered by WILL or WONT after all
 * earlier bytes were processed. Every client answers it, so it is a safe ping, which AYT is not.
 */
export const TIMING_MARK = 0x06;

/** The most marks that a client can request at once without a delay. */
const MAX_BURST = 64;
/**
 * The interval of further marks, in milliseconds: it slows down loops, but every mark is answered.
 */
const INTERVAL_MS = 20;

/** The server's state of pings, and of the marks that the client requests. */
export class TimingMarkState implements OptionState {
  readonly #context: OptionContext<TimingMarkEvents>;
  #sentAt: number | undefined;
  /** The time at which the budget of marks is full again, at one mark per interval. */
  #paidAt = -Infinity;

  /** Made by {@linkcode timingMark}. */
  constructor(context: OptionContext<TimingMarkEvents>) {
    this.#context = context;
  }

  /** Sends DO TIMING-MARK, unless one is unanswered; an answer in time is reported as `pong`. */
  ping(): void {
    if (this.#sentAt !== undefined) return;
    this.#sentAt = this.#context.now();
    this.#context.enableRemote(TIMING_MARK);
  }

  /** Handles a mark or a request for one. It sets no state, so the next is a new mark (RFC 860). */
  changed(side: Side, change: OptionChange): void {
    const now = this.#context.now();
    // An unrequested mark (WILL) is refused, as both ends could otherwise loop forever. A request
    // (DO) is always answered: after Ctrl-C, a stock client discards all output until the mark
    // comes. If requests come too fast, input is delayed, as the other end may take our mark for an
    // offer and ask again.
    this.#context.forget(side, TIMING_MARK, { willing: side === "local", rested: true });
    if (side === "local" && change === "enabled") this.#pay(now);
    if (side !== "remote" || this.#sentAt === undefined) return;
    const sentAt = this.#sentAt;
    this.#sentAt = undefined;
    if (change !== "unanswered") this.#context.emit("pong", now - sentAt);
  }

  /** Returns how long ago an unanswered ping was sent. */
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

/** The events that TIMING-MARK reports to the game. */
export interface TimingMarkEvents {
  /** A ping was answered: the round trip in milliseconds. */
  pong: number;
}

/** TIMING-MARK at either end: answers every request for a mark, and can send pings. */
export const timingMark: TelnetOption<true, TimingMarkState, TimingMarkEvents> = {
  code: TIMING_MARK,
  name: "TIMING-MARK",
  events: ["pong"],
  agreeLocal: true,
  attach: (context) => new TimingMarkState(context),
};
