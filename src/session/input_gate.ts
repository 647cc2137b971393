import { InputBuffer } from "./input_buffer.ts";
import type { ClientViolationKind, DisconnectReason, SessionSettings } from "./session_host.ts";
import { RateLimiter } from "../guard/rate_limiter.ts";

/** Input is processed in pieces of this size, so that the limit of lines holds within a chunk. */
const PIECE = 8_192;
/** A piece of so few bytes is taken as it is. */
const SMALL = 64;
/** A client gets so many bytes processed in one poll; the others wait no longer for it. */
const SHARE = 16_384;
/** Keys cost more than lines: while they come a client gets less at a time. */
const KEYS_PIECE = 256;
const KEYS_SHARE = 4_096;
/** And no longer than this, as what a key costs is the line's matter, and the game's. */
const KEYS_MS = 2;

/** What the reception asks of its session. */
export interface ReceptionPort {
  readonly active: boolean;
  /** How many lines wait for the game. */
  readonly commandCount: number;
  /** Whether the client sends each key. */
  readonly characterMode: boolean;
  /** Whether the game must take keys before more can come. */
  readonly keysFull: boolean;
  now(): number;
  /** Takes a piece; returns how much of it: all, or what comes before bytes that mean something else. */
  receive(piece: Uint8Array, now: number): number;
  /** Stops or goes on reading. */
  setReading(on: boolean): void;
  /** There is something to process. */
  ready(): void;
  /** Wants to be asked after a time. */
  timed(time: number): void;
  violate(kind: ClientViolationKind, limit: number, value: number): void;
  say(message: string): void;
  leave(reason: DisconnectReason): void;
}

/** What a client has sent and nobody has looked at: given to the session as fast as the limits allow. */
export class Reception {
  readonly inbox: InputBuffer = new InputBuffer();
  /** When a client is given up whose lines nobody takes. */
  unreadBy: number = Infinity;
  readonly #settings: SessionSettings;
  readonly #port: ReceptionPort;
  /** Made at the first byte. */
  #throttle: RateLimiter | undefined;
  #toldFull = false;
  #toldInput = false;

  constructor(settings: SessionSettings, port: ReceptionPort) {
    this.#settings = settings;
    this.#port = port;
  }

  /** Takes bytes; who sends more than may wait is not read on. */
  push(bytes: Uint8Array, inflated: boolean): void {
    this.inbox.push(bytes, inflated);
    if (this.inbox.length >= this.#settings.limits.input) this.#port.setReading(false);
    this.#port.ready();
  }

  /** Whether the client is slowed down by a rate. */
  get throttled(): boolean {
    return this.#throttle !== undefined && this.#throttle.heldSince !== Infinity;
  }

  /** Whether something came that is not processed for the game's sake, or a rate's. */
  get waiting(): boolean {
    return this.inbox.length > 0 && (this.throttled || !this.#wanted);
  }

  /** A line came of it. */
  countLine(): void {
    this.#throttle?.line(this.#port.now());
  }

  /** Negotiations came of it. */
  countNegotiations(count: number): void {
    this.#throttle?.negotiations(count, this.#port.now());
  }

  /** The game takes lines: it is not given up. */
  used(): void {
    if (this.unreadBy !== Infinity) this.#waitUnread();
  }

  /** Nobody has taken a line for long. */
  giveUp(): void {
    const { unreadTimeout } = this.#settings.limits;
    this.#port.violate("not-read", unreadTimeout, this.#port.now() - this.unreadBy + unreadTimeout);
    this.#port.leave("not-read");
  }

  /** Gives the session what came, as far as the limits allow. */
  process(): void {
    const { limits, rates } = this.#settings;
    const now = this.#port.now();
    const { characterMode } = this.#port;
    if (this.inbox.length >= limits.input) this.#tellInput();
    const throttle = this.#throttle ??= new RateLimiter(rates);
    let share = characterMode ? KEYS_SHARE : SHARE;
    const deadline = characterMode ? performance.now() + KEYS_MS : Infinity;
    while (this.inbox.length > 0 && this.#wanted) {
      this.unreadBy = Infinity;
      if (throttle.free > now) return this.#hold(throttle, now);
      const late = deadline !== Infinity && performance.now() >= deadline;
      if (share <= 0 || late) return this.#port.ready();
      let piece = this.inbox.peek(characterMode ? KEYS_PIECE : PIECE);
      if (piece === undefined) break;
      if (piece.length > SMALL) piece = piece.subarray(0, this.#most(throttle, now));
      throttle.bytes(piece.length, now);
      share -= this.#port.receive(piece, now);
    }
    // Who waits for the game is not held by a rate.
    if (this.inbox.length === 0 || !this.#wanted) throttle.heldSince = Infinity;
    this.#checkQueue();
    if (this.inbox.length <= limits.input / 2) this.#toldInput = false;
    if (this.inbox.length < limits.input) {
      this.unreadBy = Infinity;
      this.#port.setReading(true);
    } else if (this.unreadBy === Infinity) this.#waitUnread();
  }

  /** Reads on a client that has waited long enough; else tells when it will have. */
  releaseAt(now: number): number {
    const free = this.#throttle?.free ?? 0;
    if (!this.throttled) return Infinity;
    if (free > now) return free;
    this.#port.ready();
    return Infinity;
  }

  /** A line has two bytes mostly, if not more: few are taken over what is allowed. */
  #most(throttle: RateLimiter, now: number): number {
    const room = this.#settings.limits.commands - this.#port.commandCount;
    return SMALL + 2 * Math.min(room, throttle.linesLeft(now));
  }

  get #wanted(): boolean {
    const { active, commandCount, keysFull } = this.#port;
    return active && commandCount < this.#settings.limits.commands && !keysFull;
  }

  /** A client over a rate waits: what it sends stays in the network. */
  #hold(throttle: RateLimiter, now: number): void {
    const { limits, messages } = this.#settings;
    if (!this.throttled) {
      throttle.heldSince = now;
      const { kind, limit, value } = throttle.excess(now);
      this.#port.violate(kind, limit, value);
    } else if (now - throttle.heldSince >= limits.floodTimeout) {
      this.#port.violate("flooding", limits.floodTimeout, now - throttle.heldSince);
      this.#port.say(messages.flooding);
      return this.#port.leave("flooding");
    }
    this.#port.timed(throttle.free);
  }

  /** Tells once that the client is not read on. */
  #tellInput(): void {
    if (!this.#toldInput) {
      this.#port.violate("input-full", this.#settings.limits.input, this.inbox.length);
    }
    this.#toldInput = true;
  }

  /** Tells once that the game does not take the lines. */
  #checkQueue(): void {
    const { commands } = this.#settings.limits;
    const { commandCount } = this.#port;
    if (commandCount < commands || this.inbox.length === 0) {
      if (commandCount <= commands / 2) this.#toldFull = false;
    } else if (!this.#toldFull) {
      this.#toldFull = true;
      this.#port.violate("queue-full", commands, commandCount);
    }
  }

  #waitUnread(): void {
    this.unreadBy = this.#port.now() + this.#settings.limits.unreadTimeout;
    if (this.unreadBy !== Infinity) this.#port.timed(this.unreadBy);
  }
}
