import { timingMark } from "../options/timing_mark.ts";
import { NOP } from "../protocol/codes.ts";
import type { SessionCore } from "./core.ts";
import type { DeadlineName } from "./deadlines.ts";
import type { Reader } from "./reader.ts";

/** The deadlines that parts of a session keep by themselves. The others are set where they arise. */
const KEPT: readonly { readonly name: DeadlineName; readonly at: (core: SessionCore) => number }[] =
  [
    { name: "answer", at: ({ dialogue }) => dialogue.machine.nextTimeout() ?? Infinity },
    { name: "escape", at: ({ dialogue }) => dialogue.input.timeout },
    { name: "offers", at: ({ options }) => options.deadline },
    { name: "unread", at: ({ gate }) => gate.unreadBy },
    { name: "release", at: ({ gate }) => gate.releaseAt },
    { name: "idle", at: ({ activity }) => activity.next() },
  ];

/** What becomes of a session when time passes. It has no timer: the server asks it in time. */
export class Timekeeper {
  readonly #core: SessionCore;
  readonly #reader: Reader;
  /** When the next `tick` is due, as far as the server knows. */
  #timedAt = Infinity;

  constructor(core: SessionCore, reader: Reader) {
    this.#core = core;
    this.#reader = reader;
  }

  /** Does what is due; returns when it wants to be asked next. */
  tick(now: number): number | undefined {
    const { deadlines, life } = this.#core;
    this.#collect();
    for (const name of deadlines.takeDue(now, this.#core.unread)) this.#expire(name, now);
    if (life.state === "closed") return undefined;
    this.#timedAt = Infinity;
    this.#collect();
    const next = deadlines.next(this.#core.unread);
    if (next === Infinity) return undefined;
    return this.#timedAt = next;
  }

  /** Has the server call `tick` in time, whatever has changed. */
  schedule(): void {
    const core = this.#core;
    core.timesChanged = false;
    let next = core.ownDeadlines?.next(core.unread) ?? Infinity;
    if (core.active) {
      for (let index = 0; index < KEPT.length; index++) {
        next = Math.min(next, KEPT[index]?.at(core) ?? Infinity);
      }
    }
    if (next < this.#timedAt) this.#core.timed(this.#timedAt = next);
  }

  /** The deadlines that the parts keep by themselves. */
  #collect(): void {
    if (!this.#core.active) return;
    for (const { name, at } of KEPT) this.#core.deadlines.set(name, at(this.#core));
  }

  #expire(name: DeadlineName, now: number): void {
    const { dialogue, gate, options, stream, settings: { limits } } = this.#core;
    switch (name) {
      case "answer":
        dialogue.machine.handleTimeout(now);
        return this.#reader.takeEvents();
      case "escape":
        dialogue.input.expire(now);
        return this.#core.active ? this.#reader.readTyped() : undefined;
      case "offers":
        return now >= options.deadline ? options.endWait() : undefined;
      case "hold":
      case "release":
        return this.#core.wake("input");
      case "end":
        return this.#endLate(now);
      case "unread":
        if (now >= gate.unreadBy) gate.expireUnread(now);
        return this.#reader.obey(gate.takeVerdicts());
      case "slow":
        return stream.queued > limits.output ? this.#core.tooSlow() : undefined;
      case "secure":
        return this.#endInsecure();
      case "idle":
        return this.#checkIdle(now);
      case "close":
        return this.#breakOff();
      default:
        name satisfies never; // each deadline has its case
    }
  }

  /** Drops a half-closed client whose lines the game did not read in time, unless a rate holds it. */
  #endLate(now: number): void {
    const { deadlines, gate, settings: { limits } } = this.#core;
    if (gate.throttled) deadlines.set("end", now + limits.closeTimeout);
    else this.#core.leave("client-closed");
  }

  #endInsecure(): void {
    const { handshakeTimeout: limit } = this.#core.settings.limits;
    this.#core.emit("violation", { kind: "handshake-timeout", limit, value: limit });
    this.#core.leave("connection-lost", new Error("The handshake of TLS was not done in time"));
    this.#core.stream.connection.abort();
  }

  /** A client that does not take its last output in time loses it. */
  #breakOff(): void {
    const { closeTimeout: limit } = this.#core.settings.limits;
    this.#core.emit("violation", { kind: "close-timeout", limit, value: limit });
    this.#core.stream.connection.abort();
  }

  #checkIdle(now: number): void {
    const { activity, gate, dialogue: { input }, settings: { limits, messages } } = this.#core;
    // Input that is held back counts as activity.
    if (gate.isHolding(input)) activity.note(now);
    switch (activity.check(now)) {
      case "warn":
        return this.#core.say(messages.idleWarning);
      case "idle": {
        const value = now - activity.lastInputTime;
        this.#core.say(messages.idle);
        this.#core.emit("violation", { kind: "idle", limit: limits.idleTimeout, value });
        return this.#core.leave("idle");
      }
      case "probe":
        return this.#probe();
      case "gone":
        return this.#core.leave("no-answer");
    }
  }

  /** A client that never spoke Telnet would show the command on its screen. */
  #probe(): void {
    const { activity, dialogue, options } = this.#core;
    if (!dialogue.speaksTelnet) return;
    if (activity.keepAlive === "timing-mark") return options.stateOf(timingMark).ping();
    dialogue.sendCommand(NOP);
    this.#core.changed();
  }
}
