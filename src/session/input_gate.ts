import type { ServerLimits } from "../guard/limits.ts";
import { RateLimiter, type Rates } from "../guard/rate_limiter.ts";
import type { ClientViolation } from "../guard/violations.ts";
import { InputBuffer } from "./input_buffer.ts";

/** Input is processed in pieces of this size, so that the limit of lines holds within a chunk. */
const PIECE = 8_192;
/** A piece of so few bytes is taken as it is. */
const SMALL = 64;
/** How many bytes of a client are processed in one poll, so that the others do not wait long. */
const INPUT_BUDGET = 16_384;
/** Keys cost more than lines: while they come a client gets less at a time. */
const KEYS_PIECE = 64;
const KEYS_BUDGET = 4_096;
/** Behind its first piece a client has so much time in a poll: what a byte costs depends on what it is. */
const PIECES_MS = 0.2;
/** So many characters are drawn for each byte that is typed before it counts. */
const DRAWN_FREELY = 16;

/** What the gate found about the client, for the session to act on. */
export interface GateVerdict {
  readonly violation: ClientViolation;
  /** Whether the client is dropped for it. */
  readonly drop?: "flooding" | "not-read";
}

/** What the gate needs of its host. */
export interface GateHost {
  readonly settings: { readonly limits: ServerLimits; readonly rates: Rates };
  /** The time at this moment, which `now` is not while a poll is at work. */
  readonly clock: () => number;
}

const NO_VERDICTS: readonly GateVerdict[] = [];

/** What else decides whether the client is read on. */
export interface GateDemand {
  /** How many more lines or keys may wait for the game; with 0 it is not read on. */
  readonly room: number;
  /** Whether the client sends each key. */
  readonly byKeys: boolean;
  /** Whether text was processed that nobody has read. */
  readonly hasUnread: boolean;
}

/**
 * What a client has sent and nobody has looked at, given out as fast as the limits allow.
 *
 * - **feed it**: {@linkcode push}
 * - **drain it** once a poll: {@linkcode begin}, then {@linkcode next} and {@linkcode used} while
 *   there is a piece, then {@linkcode end}
 * - **obey it** afterwards: {@linkcode takeVerdicts}, {@linkcode reading}, {@linkcode again}
 */
export class InputGate {
  readonly buffer: InputBuffer = new InputBuffer();
  /** Whether bytes can be taken from the network. */
  reading = true;
  /** Whether more could be processed at once, and the budget of this poll is used up. */
  again = false;
  /** When a client is given up whose lines nobody takes. */
  unreadBy: number = Infinity;
  /** An option has put off reading until this time. */
  heldUntil = 0;
  readonly #host: GateHost;
  /** Made when something counts. */
  #rateLimiter: RateLimiter | undefined;
  #verdicts: GateVerdict[] | undefined;
  #budget = 0;
  /** When the budget is used up in any case; 0: the first piece is not yet given out. */
  #deadline = 0;
  /** Whether bytes of the client counted that nobody may see. */
  #unseen = false;
  /** How many bytes were typed since something was drawn for them. */
  #typed = 0;
  /** How many bytes are held of the client behind the gate. */
  #held = 0;
  #memoryReported = false;
  #queueReported = false;
  #inputReported = false;

  constructor(host: GateHost) {
    this.#host = host;
  }

  /** Takes bytes; a client that has sent more than may wait is not read on. */
  push(bytes: Uint8Array, inflated: boolean): void {
    this.buffer.push(bytes, inflated);
    if (this.buffer.length >= this.#limits.inputBytes) this.reading = false;
  }

  /** Bytes came of which nothing may come here: compressed ones, or such as TLS itself takes. */
  unseen(count: number, now: number): void {
    this.#unseen = true;
    this.#limiter.bytes(count, now);
    if (this.#limiter.free > now) this.reading = false;
  }

  /**
   * So many bytes are held of the client in what comes after: over the limit it is not read on, and
   * nothing more of it is processed.
   */
  weigh(held: number): void {
    this.#held = held;
  }

  /** Whether what the client holds keeps more of it from being processed. */
  get overMemory(): boolean {
    return this.#held > this.#limits.memory;
  }

  /** Whether the client is slowed down by a rate. */
  get throttled(): boolean {
    return this.#rateLimiter !== undefined && this.#rateLimiter.heldSince !== Infinity;
  }

  /** Whether input waits because the game takes no lines, or for a rate. */
  isHolding({ room, hasUnread }: GateDemand): boolean {
    const waits = this.buffer.length > 0;
    return waits && this.throttled || (waits || hasUnread) && this.#isStopped(room);
  }

  /** A poll begins to process the client. */
  begin({ byKeys }: GateDemand): void {
    this.again = false;
    this.#budget = byKeys ? KEYS_BUDGET : INPUT_BUDGET;
    this.#deadline = 0;
    if (this.buffer.length >= this.#limits.inputBytes) this.#reportInput();
  }

  /** The next bytes to process; `undefined` where none are left, or none are allowed now. */
  next(now: number, demand: GateDemand): Uint8Array | undefined {
    const limiter = this.#limiter;
    if (this.buffer.length === 0) {
      return this.#unseenTooMuch(now) ? this.#hold(limiter, now) : undefined;
    }
    const { room } = demand;
    if (this.#isStopped(room)) return undefined;
    this.unreadBy = Infinity;
    if (this.heldUntil > now) return undefined;
    if (limiter.free > now) return this.#hold(limiter, now);
    if (this.#budget <= 0 || this.#isLate()) {
      this.again = true;
      return undefined;
    }
    const piece = this.buffer.peek(demand.byKeys ? KEYS_PIECE : PIECE);
    if (piece === undefined || piece.length <= SMALL) return piece;
    // Most lines have at least two bytes, so this takes few lines over the limit.
    const max = SMALL + 2 * Math.min(room, limiter.linesLeft(now));
    return piece.length > max ? piece.subarray(0, max) : piece;
  }

  /** So many bytes of the piece were processed, with so many commands and negotiations in them. */
  used(count: number, negotiations: number, now: number): void {
    this.#limiter.bytes(count, now);
    if (negotiations > 0) this.#limiter.negotiations(negotiations, now);
    this.#budget -= count;
    this.#typed += count;
    this.buffer.take(count);
  }

  /** So many characters were drawn for what was typed. */
  drew(count: number, now: number): void {
    const free = DRAWN_FREELY * this.#typed;
    this.#typed = 0;
    if (count > free) this.#limiter.drew(count - free, now);
  }

  /** It took so many milliseconds to process what the client sent, and to send what came of it. */
  worked(milliseconds: number, now: number): void {
    this.#limiter.worked(milliseconds, now);
  }

  /** Whether the client is served behind the others. */
  isCostly(now: number): boolean {
    return this.#rateLimiter?.isCostly(now) === true;
  }

  /** A line came of it. */
  countLine(now: number): void {
    this.#limiter.line(now);
  }

  /** The poll has processed what it could. */
  end(now: number, { room, hasUnread }: GateDemand): void {
    const { inputBytes, memory } = this.#limits;
    const { length } = this.buffer;
    const stopped = this.#isStopped(room);
    const total = this.#held + this.buffer.held;
    // A client is not throttled while the game itself blocks its input.
    const unseenTooMuch = this.#unseenTooMuch(now);
    if (this.throttled && ((length === 0 && !unseenTooMuch) || stopped)) {
      this.#rateLimiter?.release(this.#unseen ? now : undefined);
    }
    if (total <= memory) this.#checkQueue(room, length > 0 || hasUnread);
    if (length <= inputBytes / 2) this.#inputReported = false;
    this.#checkMemory(total);
    this.reading = length < inputBytes && !unseenTooMuch && total <= memory;
    if (this.reading || !stopped) this.unreadBy = Infinity;
    else if (this.unreadBy === Infinity) this.lineTaken(now, true);
  }

  /** The game takes lines: the wait of a client that is not read on begins anew. */
  lineTaken(now: number, waits: boolean = this.unreadBy !== Infinity): void {
    if (waits) this.unreadBy = now + this.#limits.unreadTimeout;
  }

  /** Nobody has taken a line in time. */
  expireUnread(now: number): void {
    const { unreadTimeout: limit } = this.#limits;
    const violation = { kind: "not-read", limit, value: now - this.unreadBy + limit } as const;
    this.#report(violation, "not-read");
  }

  /**
   * When to look again at a client that is over a rate: it can be read on, or it was over it for too long,
   * as one chunk that leaves nothing to process may cost more than that. `Infinity` where it is not.
   */
  get releaseAt(): number {
    const limiter = this.#rateLimiter;
    if (limiter === undefined || !this.throttled) return Infinity;
    const tooLong = Math.max(limiter.heldSince + this.#limits.floodTimeout, this.heldUntil);
    return Math.min(limiter.free, tooLong);
  }

  /** Whether something was found. */
  get hasVerdicts(): boolean {
    return this.#verdicts !== undefined;
  }

  /** What was found since the last call. */
  takeVerdicts(): readonly GateVerdict[] {
    const verdicts = this.#verdicts ?? NO_VERDICTS;
    this.#verdicts = undefined;
    return verdicts;
  }

  /** Whether nothing more is processed until the game has taken something. */
  #isStopped(room: number): boolean {
    return room === 0 || this.overMemory;
  }

  get #limiter(): RateLimiter {
    return this.#rateLimiter ??= new RateLimiter(this.#host.settings.rates);
  }

  get #limits(): ServerLimits {
    return this.#host.settings.limits;
  }

  #report(violation: ClientViolation, drop?: GateVerdict["drop"]): void {
    (this.#verdicts ??= []).push(drop === undefined ? { violation } : { violation, drop });
  }

  #isLate(): boolean {
    if (this.#budget === INPUT_BUDGET || this.#budget === KEYS_BUDGET) return false;
    const time = this.#host.clock();
    if (this.#deadline === 0) this.#deadline = time + PIECES_MS;
    return time >= this.#deadline;
  }

  /** A client over a rate waits: what it sends stays in the network. */
  #hold(limiter: RateLimiter, now: number): undefined {
    const { floodTimeout: limit } = this.#limits;
    if (limiter.hold(now)) this.#report(limiter.excess(now));
    else if (now - limiter.heldSince >= limit) {
      const violation = { kind: "flooding", limit, value: now - limiter.heldSince } as const;
      this.#report(violation, "flooding");
    }
  }

  /** Whether the client is over a rate although nothing of it may wait. */
  #unseenTooMuch(now: number): boolean {
    return this.#unseen && (this.#rateLimiter?.free ?? 0) > now;
  }

  /** Reports once that the client is not read on. */
  #reportInput(): void {
    if (this.#inputReported) return;
    this.#inputReported = true;
    const { inputBytes: limit } = this.#limits;
    this.#report({ kind: "input-full", limit, value: this.buffer.length });
  }

  /** Reports once that the client holds too much. */
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
