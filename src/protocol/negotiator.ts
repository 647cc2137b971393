import type { ByteQueue } from "./byte_queue.ts";
import { DO, DONT, WILL, WONT } from "./codes.ts";
import type { EventQueue, Side } from "./events.ts";
import { type LateAnswer, LateAnswers } from "./late_answers.ts";
import type { TelnetLimits } from "./limits.ts";
import {
  NEGOTIATION_TABLE,
  type NegotiationState,
  type NegotiationTrigger,
} from "./negotiation_table.ts";

/** One side of one option that is not in its first state, as in a snapshot. */
export interface NegotiationSnapshot {
  /** The option's code. */
  readonly option: number;
  /** Which end performs it. */
  readonly side: Side;
  /** Where it stands. */
  readonly state: NegotiationState;
  /** Whether this end agrees when the peer asks. */
  readonly willing: boolean;
  /** What may still come for requests that were given up, the oldest first. */
  readonly late: readonly LateAnswer[];
}

const STATES = Object.keys(NEGOTIATION_TABLE.yes) as NegotiationState[];
const NO = STATES.indexOf("NO");
const YES = STATES.indexOf("YES");
/** By state: whether no answer is waited for, whether it is off, whether it is on its way there. */
const SETTLED = STATES.map((state) => !state.startsWith("WANT"));
const OFF = STATES.map((state) => state === "NO" || state === "UNANSWERED");
const STOPPING = STATES.map((state) => state.startsWith("WANTNO"));
const WILLING = 0x80;
const STATE_BITS = 0x7f;
const REMOTE = 256;

type CompiledRow = readonly [next: number, reply: "-" | "say yes" | "say no", change: string];

/** The table with states as indexes, looked up by number. */
const COMPILED = Object.fromEntries(
  Object.entries(NEGOTIATION_TABLE).map(([trigger, rows]) => [
    trigger,
    STATES.map((state) => {
      const [next, reply, change] = rows[state];
      return [STATES.indexOf(next), reply, change] as const;
    }),
  ]),
) as unknown as Record<NegotiationTrigger, readonly CompiledRow[]>;

/** Applies the table to the 2 × 256 sides of options, writes the answers and reports the changes. */
export class Negotiator {
  /** One byte a side: the state's index, and whether we agree. Local first, then remote. */
  readonly #sides = new Uint8Array(2 * REMOTE);
  readonly #deadlines: Map<number, number> = new Map();
  readonly #late = new LateAnswers();
  #requests: Uint8Array | undefined;
  readonly #output: ByteQueue;
  readonly #events: EventQueue;
  readonly #limits: TelnetLimits;

  constructor(output: ByteQueue, events: EventQueue, limits: TelnetLimits) {
    this.#output = output;
    this.#events = events;
    this.#limits = limits;
  }

  /** Agrees to an option from now on, without asking for it. */
  agree(side: Side, option: number): void {
    const index = indexOf(side, option);
    this.#sides[index] = this.#at(index) | WILLING;
  }

  /** Whether both ends agree that it is on. */
  enabled(side: Side, option: number): boolean {
    return (this.#at(indexOf(side, option)) & STATE_BITS) === YES;
  }

  /** Where it stands. */
  state(side: Side, option: number): NegotiationState {
    return STATES[this.#at(indexOf(side, option)) & STATE_BITS] ?? "NO";
  }

  /** Asks the peer; `now` starts the wait for its answer. */
  enable(side: Side, option: number, now: number | undefined): void {
    this.agree(side, option);
    const index = indexOf(side, option);
    if (this.#requests !== undefined) this.#requests[index] = 0;
    this.#apply(index, COMPILED.enable, now);
  }

  /** Tells the peer to stop, or that we stop. */
  disable(side: Side, option: number, now: number | undefined): void {
    const index = indexOf(side, option);
    this.#sides[index] = this.#at(index) & STATE_BITS;
    this.#apply(index, COMPILED.disable, now);
  }

  /** Gives up waiting for an answer. */
  giveUp(side: Side, option: number, now: number | undefined): void {
    this.#giveUp(indexOf(side, option), now);
  }

  /** Takes a verb of the peer. */
  receive(verb: number, option: number, now: number | undefined): void {
    const index = verb === WILL || verb === WONT ? REMOTE + option : option;
    if (verb === WONT || verb === DONT) {
      if (this.#late.empty || !this.#isLateNo(index)) this.#apply(index, COMPILED.no, now);
      return;
    }
    const side = this.#at(index);
    const state = side & STATE_BITS;
    // While we turn it off, a yes is a late one, or the RFC's error.
    if (!this.#late.empty && this.#late.takeYes(index) && STOPPING[state]) return;
    const count = OFF[state] ? this.#countRequest(index) : 0;
    const agreed = (side & WILLING) !== 0;
    const over = count - this.#limits.repeats;
    // Over the limit, who was refused before hears nothing more, who was not is refused once.
    if (over > 1 || (over === 1 && !agreed)) return;
    this.#apply(index, agreed && over < 1 ? COMPILED.yes : COMPILED["yes (unwilling)"], now);
  }

  /** A no to what is off, or on its way there, settles it; others may be for an earlier request. */
  #isLateNo(index: number): boolean {
    const [first] = this.#late.get(index);
    const state = this.#at(index) & STATE_BITS;
    const settles = OFF[state] || (first === "any" && STOPPING[state]);
    return this.#late.absorbNo(index) && !settles;
  }

  /** Codes of the options in force. */
  enabledOptions(side: Side): number[] {
    return Array.from({ length: REMOTE }, (_, option) => option)
      .filter((option) => this.enabled(side, option));
  }

  /** Off, without a word. */
  forget(side: Side, option: number): void {
    const index = indexOf(side, option);
    this.#sides[index] = (this.#at(index) & WILLING) | NO;
    this.#deadlines.delete(index);
    this.#late.set(index, []);
    if (this.#requests !== undefined) this.#requests[index] = 0;
  }

  /** When the next wait ends, on the caller's clock. */
  nextTimeout(): number | undefined {
    let next: number | undefined;
    for (const deadline of this.#deadlines.values()) {
      if (next === undefined || deadline < next) next = deadline;
    }
    return next;
  }

  /** Gives up on every request whose wait has ended. */
  handleTimeout(now: number): void {
    for (const [index, deadline] of [...this.#deadlines]) {
      if (deadline <= now) this.#giveUp(index, now);
    }
  }

  /** Every side that is not in its first state. */
  snapshot(): NegotiationSnapshot[] {
    const sides: NegotiationSnapshot[] = [];
    for (let index = 0; index < this.#sides.length; index++) {
      const value = this.#at(index);
      const late = this.#late.get(index);
      if (value === NO && late.length === 0) continue;
      sides.push({
        option: index % REMOTE,
        side: index < REMOTE ? "local" : "remote",
        state: STATES[value & STATE_BITS] ?? "NO",
        willing: (value & WILLING) !== 0,
        late,
      });
    }
    return sides;
  }

  /** Takes the sides of a snapshot; requests under way wait their full time from `now`. */
  restore(sides: readonly NegotiationSnapshot[], now: number | undefined): void {
    for (const { option, side, state, willing, late = [] } of sides) {
      const index = indexOf(side, option);
      const code = Math.max(STATES.indexOf(state), NO);
      this.#sides[index] = code | (willing ? WILLING : 0);
      this.#late.set(index, late);
      this.#wait(index, code, now);
    }
  }

  /** Stops waiting, but remembers that the answer may still come. */
  #giveUp(index: number, now: number | undefined): void {
    const state = this.#at(index) & STATE_BITS;
    if (!SETTLED[state]) this.#late.add(index, STOPPING[state] ? "no" : "any");
    this.#apply(index, COMPILED.timeout, now);
  }

  #apply(index: number, rows: readonly CompiledRow[], now: number | undefined): void {
    const value = this.#at(index);
    const row = rows[value & STATE_BITS];
    if (row === undefined) return;
    const [next, reply, change] = row;
    this.#sides[index] = (value & WILLING) | next;
    if (reply !== "-") this.#output.pushVerb(verbFor(index, reply), index % REMOTE);
    if (reply !== "-" || SETTLED[next]) this.#wait(index, next, now);
    if (change !== "-") {
      this.#events.option(
        index % REMOTE,
        index < REMOTE ? "local" : "remote",
        change as "enabled" | "disabled" | "refused" | "unanswered",
      );
    }
  }

  /** Starts the wait for an answer where one is due, ends it where none is. */
  #wait(index: number, state: number, now: number | undefined): void {
    if (!SETTLED[state] && now !== undefined) {
      this.#deadlines.set(index, now + this.#limits.answerTimeout);
    } else if (this.#deadlines.size > 0) {
      this.#deadlines.delete(index);
    }
  }

  /**
   * Counts a request of the peer that has to be answered, since our own last one. Who asks the same
   * again and again loops: it is refused a last time, and then left without answer.
   */
  #countRequest(index: number): number {
    this.#requests ??= new Uint8Array(2 * REMOTE);
    const count = Math.min(255, (this.#requests[index] ?? 0) + 1);
    this.#requests[index] = count;
    if (count === this.#limits.repeats + 1) this.#events.violation("repeat-limit", index % REMOTE);
    return count;
  }

  #at(index: number): number {
    return this.#sides[index] ?? NO;
  }
}

function indexOf(side: Side, option: number): number {
  return side === "local" ? option : REMOTE + option;
}

function verbFor(index: number, reply: "say yes" | "say no"): number {
  if (index < REMOTE) return reply === "say yes" ? WILL : WONT;
  return reply === "say yes" ? DO : DONT;
}
