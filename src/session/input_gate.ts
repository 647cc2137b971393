import type { ServerLimits } from "../guard/limits.ts";
import { RateLimiter, type Rates } from "../guard/rate_limiter.ts";
import type { ClientViolation } from "../guard/violations.ts";
import { InputBuffer } from "./input_buffer.ts";

/** Input is processed in pieces up to this size, so that the line limits apply within a chunk. */
const PIECE = 8_192;
/** A piece up to this size is not cut further for the line limits. */
const SMALL = 64;
/** How many bytes of one client are processed in a poll, so that the others do not wait long. */
const INPUT_BUDGET = 16_384;
/** The same sizes in character mode, where input costs more. */
const KEYS_PIECE = 64;
const KEYS_BUDGET = 4_096;
/** The size of a piece whose text is echoed. */
const ECHO_PIECE = 512;
/** The time in a poll for a client's further pieces, because some bytes cost more than others. */
const PIECES_MS = 0.1;
/** How many bytes may be drawn for each typed byte before drawing is charged. */
const DRAWN_FREELY = 16;

/** A finding of the gate about the client, for the session to act on. */
export interface GateVerdict {
  readonly violation: ClientViolation;
  /** Set if the client must be dropped. */
  readonly drop?: "flooding" | "not-read";
}

/** What the gate needs from its host. */
export interface GateHost {
  readonly settings: { readonly limits: ServerLimits; readonly rates: Rates };
  /** Reads the clock; `now` stands still during a poll. */
  readonly clock: () => number;
}

/** An editor reads so many keys in a poll, whatever time they take: a game may poll rarely. */
const MIN_KEYS = 32;
const NO_VERDICTS: readonly GateVerdict[] = [];

/** The state of the input mode that the gate depends on. */
export interface GateDemand {
  /** How many more lines or keys may be queued for the game; at 0 the gate gives out no input. */
  readonly room: number;
  /** Whether the client sends each key. */
  readonly byKeys: boolean;
  /** Whether the server echoes each character. */
  readonly echoes: boolean;
  /** Whether there is decoded text that is not read as lines or keys. */
  readonly hasUnread: boolean;
}

/**
 * Buffers the client's unprocessed input, and gives it out as fast as the limits allow.
 *
 * - **feed it**: {@linkcode push}
 * - **drain it** once a poll: {@linkcode begin}, then {@linkcode next} and {@linkcode used} while
 *   there is a piece, then {@linkcode end}
 * - **obey it** afterwards: {@linkcode takeVerdicts}, {@linkcode reading}, {@linkcode again}
 */
export class InputGate {
  readonly buffer: InputBuffer = new InputBuffer();
  /** Whether to read more from the network. */
  reading = true;
  /** Whether there is more to process, but the budget of this poll is used up. */
  again = false;
  /** When to drop the client because the game takes none of its lines. */
  unreadBy: number = Infinity;
  /** Until when an option has put the input on hold. */
  heldUntil = 0;
  readonly #host: GateHost;
  readonly #limits: ServerLimits;
  /** Made on first use. */
  #rateLimiter: RateLimiter | undefined;
  #verdicts: GateVerdict[] | undefined;
  #budget = 0;
  /** The budget at the start of this poll. */
  #fullBudget = 0;
  /** When the time of this poll is used up; `undefined`: it has not started. */
  #deadline: number | undefined;
  /** Whether a poll is processing input. */
  #processing = false;
  /** How many keys the editor has asked for in this poll. */
  #keys = 0;
  /** Whether the last poll has left keys for the next one. */
  #keysLeft = false;
  /** Whether compressed or TLS bytes were counted, which may leave nothing to process. */
  #unseen = false;
  /** How many bytes were processed in this poll, without those that drawing has used up. */
  #typed = 0;
  /** How many bytes the later stages hold for the client. */
  #held = 0;
  #memoryReported = false;
  #queueReported = false;
  #inputReported = false;

  constructor(host: GateHost) {
    this.#host = host;
    this.#limits = host.settings.limits;
  }

  /** Appends bytes; pauses reading if the buffer is full. */
  push(bytes: Uint8Array, inflated: boolean): void {
    this.buffer.push(bytes, inflated);
    if (this.buffer.length >= this.#limits.inputBytes) this.reading = false;
  }

  /** Counts bytes that may never reach the buffer: compressed ones, and those of TLS itself. */
  unseen(count: number, now: number): void {
    this.#unseen = true;
    this.#limiter.bytes(count, now);
    if (this.#limiter.freeAt > now) this.reading = false;
  }

  /**
   * Sets how many bytes the later stages hold for the client. Over `limits.memory`, reading pauses
   * and no more input is processed.
   */
  weigh(held: number): void {
    this.#held = held;
  }

  /** Whether the later stages hold too much for more input to be processed. */
  get overMemory(): boolean {
    return this.#held > this.#limits.memory;
  }

  /** Whether a rate throttles the client. */
  get throttled(): boolean {
    return this.#rateLimiter !== undefined && this.#rateLimiter.heldSince !== Infinity;
  }

  /** Whether input is held back because the game takes no lines, or by a rate. */
  isHolding({ room, hasUnread }: GateDemand): boolean {
    const waits = this.buffer.length > 0 || hasUnread;
    return waits && (this.throttled || this.#isStopped(room));
  }

  /** Starts the processing of a poll. */
  begin({ byKeys }: GateDemand): void {
    this.again = false;
    this.#typed = 0;
    this.#budget = this.#fullBudget = byKeys ? KEYS_BUDGET : INPUT_BUDGET;
    this.#deadline = undefined;
    this.#processing = true;
    this.#keys = 0;
    if (this.buffer.length >= this.#limits.inputBytes) this.#reportInput();
  }

  /** Returns the next bytes to process; `undefined` if there are none, or none are allowed now. */
  next(now: number, demand: GateDemand): Uint8Array | undefined {
    const limiter = this.#limiter;
    if (this.buffer.length === 0) {
      if (this.#owesUnread(now, demand)) return this.#hold(limiter, now);
      this.again = demand.hasUnread && this.#hasHadEnough(demand);
      return undefined;
    }
    const { room } = demand;
    if (this.#isStopped(room)) return undefined;
    this.unreadBy = Infinity;
    if (this.heldUntil > now) return undefined;
    if (limiter.freeAt > now) return this.#hold(limiter, now);
    if (this.#hasHadEnough(demand)) {
      this.again = true;
      return undefined;
    }
    const piece = this.buffer.peek(demand.byKeys ? KEYS_PIECE : demand.echoes ? ECHO_PIECE : PIECE);
    if (piece === undefined || piece.length <= SMALL) return piece;
    // Most lines have at least two bytes, so few lines exceed the limit.
    const max = SMALL + 2 * Math.min(room, limiter.linesLeft(now));
    return piece.length > max ? piece.subarray(0, max) : piece;
  }

  /** Counts processed bytes of the piece, and the commands and negotiations in them. */
  used(count: number, negotiations: number, now: number): void {
    this.#limiter.bytes(count, now);
    if (negotiations > 0) this.#limiter.negotiations(negotiations, now);
    this.#budget -= count;
    this.#typed += count;
    this.buffer.take(count);
  }

  /**
   * Called before the editor takes a key; returns whether it may. Keys that a poll has left wait for
   * the next one: calls of the game between polls do not process them.
   */
  mayTakeKey(now: number): boolean {
    if (this.drawsTooMuch(now)) return false;
    if (!this.#processing) return !this.#keysLeft;
    return this.#keys++ < MIN_KEYS || !this.#isLate();
  }

  /**
   * Counts bytes that were drawn because of the client's input, and other work for it. For each
   * typed byte a unit of work is free, or else some drawn bytes.
   */
  drew(bytes: number, work: number, now: number): void {
    const freeWork = Math.min(work, this.#typed);
    this.#typed -= freeWork;
    const free = Math.min(bytes, DRAWN_FREELY * this.#typed);
    this.#typed -= free / DRAWN_FREELY;
    const charged = work - freeWork + bytes - free;
    if (charged > 0) this.#limiter.drew(charged, now);
  }

  /** Whether so much was drawn because of the client's input that its next keys must wait. */
  drawsTooMuch(now: number): boolean {
    return this.#rateLimiter?.drawsTooMuch(now) === true;
  }

  /** Counts the time that was spent on the client's input and output. */
  worked(milliseconds: number, now: number): void {
    this.#limiter.worked(milliseconds, now);
  }

  /** Whether the client has used so much time that it is served after the others. */
  isCostly(now: number): boolean {
    return this.#rateLimiter?.isCostly(now) === true;
  }

  /** Counts a line. */
  countLine(now: number): void {
    this.#limiter.line(now);
  }

  /** Ends the processing of a poll: reports full buffers, and decides whether to read more. */
  end(now: number, demand: GateDemand): void {
    this.#processing = false;
    this.#keysLeft = this.again && demand.hasUnread;
    const { inputBytes, memory } = this.#limits;
    const { length } = this.buffer;
    const { room, hasUnread } = demand;
    const stopped = this.#isStopped(room);
    const total = this.#held + this.buffer.held;
    // A client is not throttled while the game itself blocks its input.
    const unseenTooMuch = this.#unseenTooMuch(now);
    if (this.throttled && ((length === 0 && !this.#owesUnread(now, demand)) || stopped)) {
      this.#rateLimiter?.release(this.#unseen ? now : undefined);
    }
    if (total <= memory) this.#checkQueue(room, length > 0 || hasUnread);
    if (length <= inputBytes / 2) this.#inputReported = false;
    this.#checkMemory(total);
    this.reading = length < inputBytes && !unseenTooMuch && total <= memory;
    if (this.reading || !stopped) this.unreadBy = Infinity;
    else if (this.unreadBy === Infinity) this.lineTaken(now, true);
  }

  /** Restarts the `unreadTimeout` of a blocked client, because the game took a line. */
  lineTaken(now: number, waits: boolean = this.unreadBy !== Infinity): void {
    if (waits) this.unreadBy = now + this.#limits.unreadTimeout;
  }

  /** Reports that the game took no line in time. */
  expireUnread(now: number): void {
    const { unreadTimeout: limit } = this.#limits;
    const violation = { kind: "not-read", limit, value: now - this.unreadBy + limit } as const;
    this.#report(violation, "not-read");
  }

  /**
   * When to check a throttled client again: when the rate allows more, or when it has been over the
   * rate for `floodTimeout`, as the cost of one chunk can be higher than that. `Infinity` if the
   * client is not throttled.
   */
  get releaseAt(): number {
    const limiter = this.#rateLimiter;
    if (limiter === undefined || !this.throttled) return Infinity;
    const tooLong = Math.max(limiter.heldSince + this.#limits.floodTimeout, this.heldUntil);
    return Math.min(limiter.freeAt, tooLong);
  }

  /** Whether there are findings. */
  get hasVerdicts(): boolean {
    return this.#verdicts !== undefined;
  }

  /** Takes the findings since the last call. */
  takeVerdicts(): readonly GateVerdict[] {
    const verdicts = this.#verdicts ?? NO_VERDICTS;
    this.#verdicts = undefined;
    return verdicts;
  }

  /** Whether input is blocked until the game takes a line or key. */
  #isStopped(room: number): boolean {
    return room === 0 || this.overMemory;
  }

  get #limiter(): RateLimiter {
    return this.#rateLimiter ??= new RateLimiter(this.#host.settings.rates);
  }

  #report(violation: ClientViolation, drop?: GateVerdict["drop"]): void {
    (this.#verdicts ??= []).push(drop === undefined ? { violation } : { violation, drop });
  }

  /** Whether the client has had its part of this poll. */
  #hasHadEnough({ hasUnread }: GateDemand): boolean {
    const begun = this.#budget < this.#fullBudget || hasUnread;
    return begun && (this.#budget <= 0 || this.#isLate());
  }

  /** Whether the client's time in this poll is used up. The first call starts it. */
  #isLate(): boolean {
    const time = this.#host.clock();
    this.#deadline ??= time + PIECES_MS;
    return time >= this.#deadline;
  }

  /** Throttles a client over a rate: reports it once, and has it dropped after `floodTimeout`. */
  #hold(limiter: RateLimiter, now: number): undefined {
    const { floodTimeout: limit } = this.#limits;
    if (limiter.hold(now)) this.#report(limiter.excess(now));
    else if (now - limiter.heldSince >= limit) {
      const violation = { kind: "flooding", limit, value: now - limiter.heldSince } as const;
      this.#report(violation, "flooding");
    }
  }

  /** Whether compressed or TLS bytes put the client over a rate, even with an empty buffer. */
  #unseenTooMuch(now: number): boolean {
    return this.#unseen && (this.#rateLimiter?.freeAt ?? 0) > now;
  }

  /** Whether the client is over a rate although its buffer is empty. */
  #owesUnread(now: number, demand: GateDemand): boolean {
    return this.#unseenTooMuch(now) || this.drawsTooMuch(now) && demand.hasUnread;
  }

  /** Reports once that the input buffer is full. */
  #reportInput(): void {
    if (this.#inputReported) return;
    this.#inputReported = true;
    const { inputBytes: limit } = this.#limits;
    this.#report({ kind: "input-full", limit, value: this.buffer.length });
  }

  /** Reports once that the server holds too much for the client. */
  #checkMemory(value: number): void {
    const { memory: limit } = this.#limits;
    if (value <= limit / 2) this.#memoryReported = false;
    else if (value > limit && !this.#memoryReported) {
      this.#memoryReported = true;
      this.#report({ kind: "memory-full", limit, value });
    }
  }

  /** Reports once that the game does not take the lines. */
  #checkQueue(room: number, waits: boolean): void {
    const { queuedLines: limit } = this.#limits;
    const count = limit - room;
    if (count < limit || !waits) {
      if (count <= limit / 2) this.#queueReported = false;
    } else if (!this.#queueReported) {
      this.#queueReported = true;
      this.#report({ kind: "queue-full", limit, value: count });
    }
  }
}
