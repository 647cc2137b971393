import type { ByteQueue } from "./byte_queue.ts";
import { DO, SB } from "./codes.ts";
import { throwMisuse } from "./error.ts";
import type { EventQueue, OptionChange, Side } from "./events.ts";
import { LATE_ANSWERS, type LateAnswer, LateAnswers } from "./late_answers.ts";
import type { TelnetLimits } from "./limits.ts";
import {
  NEGOTIATION_TABLE,
  type NegotiationReply,
  type NegotiationState,
  type NegotiationTrigger,
} from "./negotiation_table.ts";
import { areBytes } from "./validate.ts";

/** One side of one option in a snapshot. Sides with nothing to restore are left out. */
export interface NegotiationSnapshot {
  /** The option's code. */
  readonly option: number;
  /** Which end performs it. */
  readonly side: Side;
  /** Its state. */
  readonly state: NegotiationState;
  /** Whether this end agrees when the peer asks. */
  readonly willing: boolean;
  /** Answers that may still come for abandoned requests, the oldest first. */
  readonly late: readonly LateAnswer[];
  /** How many requests of the peer count against `limits.repeatedRequests`. */
  readonly requests?: number;
}

/** How to forget the state of an option. */
export interface ForgetOptions {
  /** Whether to agree when the peer asks from now on. */
  readonly willing: boolean;
  /** Whether to reset the count of the peer's requests too; see `limits.repeatedRequests`. */
  readonly rested: boolean;
}

/** Milliseconds without a request after which the count for `limits.repeatedRequests` is reset. */
const REPEAT_REST_MS = 10_000;

const STATES = Object.keys(NEGOTIATION_TABLE.yes) as NegotiationState[];
const TRIGGERS = Object.keys(NEGOTIATION_TABLE) as NegotiationTrigger[];
const REPLIES: readonly NegotiationReply[] = ["-", "say yes", "say no"];
const CHANGES: readonly (OptionChange | "-")[] = [
  "-",
  "enabled",
  "disabled",
  "refused",
  "unanswered",
];
const NO = STATES.indexOf("NO");
const YES = STATES.indexOf("YES");

/**
 * Bit sets of states: those that wait for an answer, that are off, that are being turned off, and
 * that are on or will be if the peer agrees.
 */
const WAITING = bitsOf((state) => state.startsWith("WANT"));
const OFF = bitsOf((state) => state === "NO" || state === "UNANSWERED");
const STOPPING = bitsOf((state) => state.startsWith("WANTNO"));
const OFFERED = bitsOf((state) => ["YES", "WANTYES", "WANTNO_THEN_YES"].includes(state));
const WILLING = 0x80;
const STATE_BITS = 0x07;
const REPLY_BITS = 0x18;
const REMOTE = 256;
/** The peer's side of TIMING-MARK (RFC 860). */
const MARKS = REMOTE + 0x06;

/**
 * The table as numbers: a byte for each row at the index `trigger << 3 | state`, with the next
 * state in bits 0 to 2, the reply in bits 3 and 4, and the change in bits 5 to 7.
 */
const ROWS = new Uint8Array(TRIGGERS.length << 3);
for (const [trigger, rows] of Object.entries(NEGOTIATION_TABLE)) {
  for (const [state, [next, reply, change]] of Object.entries(rows)) {
    const at = TRIGGERS.indexOf(trigger as NegotiationTrigger) << 3 |
      STATES.indexOf(state as NegotiationState);
    ROWS[at] = STATES.indexOf(next) | REPLIES.indexOf(reply) << 3 | CHANGES.indexOf(change) << 5;
  }
}

/** The index of the first row of each trigger. */
const ROWS_OF = Object.fromEntries(
  TRIGGERS.map((trigger, index) => [trigger, index << 3]),
) as Record<NegotiationTrigger, number>;
const ON_YES_UNWILLING = ROWS_OF["yes (unwilling)"];
/**
 * The trigger of a received verb. In the index, bit 0 is set for a yes, bit 1 if this end agrees.
 */
const ON_VERB = Uint8Array.of(ROWS_OF.no, ON_YES_UNWILLING, ROWS_OF.no, ROWS_OF.yes);

/** Applies the table to the 2 × 256 sides of options, writes the answers and reports the changes. */
export class Negotiator {
  /**
   * One byte per side: the state's index, and `WILLING`. Local sides first, then remote. Shared
   * between connections until this one changes a side.
   */
  #sides: Uint8Array;
  #shared = true;
  /** The deadlines of open requests. Like the fields below, created when first needed. */
  #deadlines: Map<number, number> | undefined;
  #late: LateAnswers | undefined;
  #requests: Uint8Array | undefined;
  /** The times of the last counted requests, if the caller passes the time. */
  #requestedAt: Map<number, number> | undefined;
  /** The last snapshot, while nothing has changed since. */
  #snapshot: readonly NegotiationSnapshot[] | undefined;
  readonly #output: ByteQueue;
  readonly #events: EventQueue;
  readonly #limits: TelnetLimits;

  constructor(first: Uint8Array, output: ByteQueue, events: EventQueue, limits: TelnetLimits) {
    this.#sides = first;
    this.#output = output;
    this.#events = events;
    this.#limits = limits;
  }

  /** Agrees to an option from now on, without asking for it. */
  agree(side: Side, option: number): void {
    const index = indexOf(side, option);
    this.#set(index, this.#at(index) | WILLING);
  }

  /** Whether both ends agree that the option is on. */
  enabled(side: Side, option: number): boolean {
    return (this.#at(indexOf(side, option)) & STATE_BITS) === YES;
  }

  /** The state of a side. */
  state(side: Side, option: number): NegotiationState {
    return STATES[this.#at(indexOf(side, option)) & STATE_BITS] ?? "NO";
  }

  /** Whether our side of an option is on, or is offered and the answer is still open. */
  offered(option: number): boolean {
    return isIn(OFFERED, this.#at(option) & STATE_BITS);
  }

  /** Asks the peer; `now` starts the wait for its answer. */
  enable(side: Side, option: number, now: number | undefined): void {
    this.agree(side, option);
    const index = indexOf(side, option);
    this.#snapshot = undefined;
    if (index === MARKS) this.#late?.takeAbsorbed();
    if (this.#requests !== undefined) this.#requests[index] = 0;
    this.#apply(index, ROWS_OF.enable, now);
  }

  /** Tells the peer to stop, or that we stop. */
  disable(side: Side, option: number, now: number | undefined): void {
    const index = indexOf(side, option);
    this.#set(index, this.#at(index) & STATE_BITS);
    this.#apply(index, ROWS_OF.disable, now);
  }

  /** Gives up waiting for an answer. */
  giveUp(side: Side, option: number, now: number | undefined): void {
    this.#giveUp(indexOf(side, option), now);
  }

  /** Handles a WILL, WONT, DO or DONT of the peer. */
  receive(verb: number, option: number, now: number | undefined): void {
    // WILL and WONT are less than DO; WILL and DO are odd. Computed without branches, as the
    // processor could not predict them in a flood.
    const index = option | (verb - DO >> 8 & REMOTE);
    const value = this.#at(index);
    const state = value & STATE_BITS;
    const yes = verb & 1;
    this.#snapshot = undefined;
    if (this.#late !== undefined && this.#isLate(this.#late, index, yes === 1)) return;
    const row = ROWS[(ON_VERB[value >> 6 | yes] ?? 0) | state] ?? state;
    // No reply, and no change of the state.
    if (row === state) return;
    if (yes === 1 && isIn(OFF, state)) {
      const count = this.#countRequest(index, now);
      if (count > this.#limits.repeatedRequests) return this.#refuseRepeat(index, count, now);
    }
    // The common case: a refusal, which does not change the state.
    if ((row & ~REPLY_BITS) === state) this.#output.pushVerb(verbFor(index, row), option);
    else this.#enter(index, row, now);
  }

  /**
   * Over the limit: reports it once. If this end has agreed so far, it refuses once; if it has
   * always refused, it sends no further answer.
   */
  #refuseRepeat(index: number, count: number, now: number | undefined): void {
    if (count > this.#limits.repeatedRequests + 1) return;
    this.#events.violation("repeat-limit", index & 0xff);
    if ((this.#at(index) & WILLING) !== 0) this.#apply(index, ON_YES_UNWILLING, now);
  }

  /** Whether a verb answers an abandoned request, and must not change the state. */
  #isLate(late: LateAnswers, index: number, yes: boolean): boolean {
    if (late.empty) return false;
    if (late.absorbMark(index)) return true;
    const state = this.#at(index) & STATE_BITS;
    const stopping = isIn(STOPPING, state);
    // While we are turning it off, a yes is a late answer, or the RFC's error.
    if (yes) return late.takeYes(index) && stopping;
    // If the option is off or being turned off, a no confirms that. If it is on, an earlier request was
    // answered by that yes, so that a no turns it off; but a no may acknowledge our own.
    const [first] = late.get(index);
    const settles = isIn(OFF, state) || (first === "any" && (stopping || state === YES));
    return late.absorbNo(index) && !settles;
  }

  /** Codes of the options that are on. */
  enabledOptions(side: Side): number[] {
    const enabled: number[] = [];
    for (let option = 0; option < REMOTE; option++) {
      if (this.enabled(side, option)) enabled.push(option);
    }
    return enabled;
  }

  /** Sets a side to off, without a message to the peer. Late answers are still absorbed. */
  forget(side: Side, option: number, { willing, rested }: ForgetOptions): void {
    const index = indexOf(side, option);
    this.#set(index, willing ? WILLING | NO : NO);
    this.#deadlines?.delete(index);
    this.#snapshot = undefined;
    if (rested && this.#requests !== undefined) this.#requests[index] = 0;
  }

  /** Codes of the options that this end agrees to, or that are not off. */
  wanted(side: Side): number[] {
    const first = side === "local" ? 0 : REMOTE;
    return Array.from({ length: REMOTE }, (_, option) => option).filter((option) => {
      const value = this.#at(first + option);
      return (value & WILLING) !== 0 || !isIn(OFF, value & STATE_BITS);
    });
  }

  /** The earliest deadline of an open request, on the caller's clock. */
  nextTimeout(): number | undefined {
    if (this.#deadlines === undefined) return undefined;
    let next: number | undefined;
    for (const deadline of this.#deadlines.values()) {
      if (next === undefined || deadline < next) next = deadline;
    }
    return next;
  }

  /** Gives up every request whose deadline has passed. */
  handleTimeout(now: number): void {
    for (const [index, deadline] of [...this.#deadlines ?? []]) {
      if (deadline <= now) this.#giveUp(index, now);
    }
  }

  /** Every side that has something to restore; the same array while nothing has changed. */
  snapshot(): readonly NegotiationSnapshot[] {
    return this.#snapshot ??= this.#takeSnapshot();
  }

  #takeSnapshot(): NegotiationSnapshot[] {
    const sides: NegotiationSnapshot[] = [];
    for (let index = 0; index < this.#sides.length; index++) {
      const value = this.#at(index);
      const late = this.#late?.get(index) ?? [];
      const requests = this.#requests?.[index] ?? 0;
      if (value === NO && late.length === 0 && requests === 0) continue;
      sides.push({
        option: index % REMOTE,
        side: index < REMOTE ? "local" : "remote",
        state: STATES[value & STATE_BITS] ?? "NO",
        willing: (value & WILLING) !== 0,
        late,
        ...(requests > 0 && { requests }),
      });
    }
    return sides;
  }

  /** Restores the sides of a snapshot; open requests wait for the full timeout from `now`. */
  restore(sides: readonly NegotiationSnapshot[], now: number | undefined): void {
    for (const { option, side, state, willing, late = [], requests = 0 } of sides) {
      const index = indexOf(side, option);
      const code = Math.max(STATES.indexOf(state), NO);
      this.#set(index, code | (willing ? WILLING : 0));
      if (late.length > 0) (this.#late ??= new LateAnswers()).set(index, late);
      if (requests > 0) (this.#requests ??= new Uint8Array(2 * REMOTE))[index] = requests;
      this.#wait(index, code, now);
    }
  }

  /** Stops waiting, but remembers that the answer may still come. */
  #giveUp(index: number, now: number | undefined): void {
    const state = this.#at(index) & STATE_BITS;
    this.#snapshot = undefined;
    const answered = index === MARKS && this.#late?.takeAbsorbed() === true;
    if (isIn(WAITING, state) && !answered) {
      this.#late ??= new LateAnswers();
      this.#late.add(index, isIn(STOPPING, state) ? "no" : index === MARKS ? "mark" : "any");
    }
    this.#apply(index, ROWS_OF.timeout, now);
  }

  #apply(index: number, rows: number, now: number | undefined): void {
    this.#enter(index, ROWS[rows | this.#at(index) & STATE_BITS] ?? 0, now);
  }

  /**
   * Carries out a transition: sets the state, sends the reply, starts or ends the wait, reports the
   * change.
   */
  #enter(index: number, row: number, now: number | undefined): void {
    const next = row & STATE_BITS;
    const reply = row & REPLY_BITS;
    const change = row >> 5;
    this.#set(index, this.#at(index) & WILLING | next);
    if (reply !== 0) this.#output.pushVerb(verbFor(index, row), index & 0xff);
    if (reply !== 0 || !isIn(WAITING, next)) this.#wait(index, next, now);
    if (change !== 0) this.#tell(index, CHANGES[change] ?? "-");
  }

  #tell(index: number, change: OptionChange | "-"): void {
    if (change === "-") return;
    this.#events.option(index & 0xff, index < REMOTE ? "local" : "remote", change);
  }

  /** Starts the wait for an answer if the state needs one, otherwise ends it. */
  #wait(index: number, state: number, now: number | undefined): void {
    if (isIn(WAITING, state) && now !== undefined) {
      this.#deadlines ??= new Map();
      this.#deadlines.set(index, now + this.#limits.answerTimeout);
    } else {
      this.#deadlines?.delete(index);
    }
  }

  /**
   * Counts the requests of the peer that need an answer, since our own last request. A peer that
   * repeats a request again and again is in a loop: it is refused once more, then not answered
   * until it pauses.
   */
  #countRequest(index: number, now: number | undefined): number {
    const requests = this.#requests ??= new Uint8Array(2 * REMOTE);
    if (now !== undefined) this.#forgetRested(index, requests, now);
    const count = (requests[index] ?? 0) + 1;
    if (count < 256) requests[index] = count;
    return count;
  }

  /** Resets the count after a pause, because a loop does not pause. */
  #forgetRested(index: number, requests: Uint8Array, now: number): void {
    const times = this.#requestedAt ??= new Map();
    if (now - (times.get(index) ?? now) >= REPEAT_REST_MS) requests[index] = 0;
    times.set(index, now);
  }

  #at(index: number): number {
    return this.#sides[index] ?? NO;
  }

  #set(index: number, value: number): void {
    this.#snapshot = undefined;
    if (this.#shared) {
      if (this.#sides[index] === value) return;
      this.#sides = this.#sides.slice();
      this.#shared = false;
    }
    this.#sides[index] = value;
  }
}

/** Checks a caller's snapshot, which may come from a file. */
export function checkNegotiationSnapshots(snapshots: readonly NegotiationSnapshot[]): void {
  const damaged = !Array.isArray(snapshots) ||
    snapshots.some((snapshot) =>
      !areBytes([snapshot?.option]) || !["local", "remote"].includes(snapshot.side) ||
      !STATES.includes(snapshot.state) || typeof snapshot.willing !== "boolean" ||
      !isLate(snapshot.late) ||
      !areBytes([snapshot.requests ?? 0])
    );
  if (damaged) {
    throwMisuse(
      "Cannot restore a damaged snapshot: its options are invalid, so start a new machine",
    );
  }
}

/** The sides of a connection at its start. */
export function firstSides(local: Iterable<number>, remote: Iterable<number>): Uint8Array {
  const sides = new Uint8Array(2 * REMOTE);
  for (const option of local) sides[option] = WILLING;
  for (const option of remote) sides[REMOTE + option] = WILLING;
  return sides;
}

function bitsOf(test: (state: NegotiationState) => boolean): number {
  return STATES.reduce((bits, state, index) => test(state) ? bits | 1 << index : bits, 0);
}

function isIn(bits: number, state: number): boolean {
  return (bits >> state & 1) === 1;
}

function indexOf(side: Side, option: number): number {
  return side === "local" ? option : REMOTE + option;
}

/** The verb of a row's reply: WILL or WONT for our side, DO or DONT for the peer's. */
function verbFor(index: number, row: number): number {
  return SB + ((row & REPLY_BITS) >> 3) + (index >> 8 << 1);
}

function isLate(due: unknown): boolean {
  return Array.isArray(due) && due.every((answer) => LATE_ANSWERS.includes(answer));
}
