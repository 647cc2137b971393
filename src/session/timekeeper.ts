import { timingMark } from "../options/timing_mark.ts";
import { NOP } from "../protocol/codes.ts";
import type { SessionCore } from "./core.ts";
import type { DeadlineName } from "./deadlines.ts";
import type { Reader } from "./reader.ts";

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
    const { gate, dialogue, activity, ownDeadlines } = this.#core;
    this.#core.timesChanged = false;
    let next = ownDeadlines?.next(this.#core.unread) ?? Infinity;
    if (this.#core.active) {
      // Most have none of these: then there is nothing to keep.
      const answer = dialogue.machine.nextTimeout() ?? Infinity;
      const input = Math.min(answer, dialogue.input.timeout, dialogue.options.deadline);
      next = Math.min(next, input, gate.unreadBy, gate.releaseAt, activity.next());
    }
    if (next < this.#timedAt) this.#core.timed(this.#timedAt = next);
  }

  /** The deadlines that the parts keep by themselves. */
  #collect(): void {
    if (!this.#core.active) return;
    const { gate, dialogue, options, activity, deadlines } = this.#core;
    deadlines.set("answer", dialogue.machine.nextTimeout() ?? Infinity);
    deadlines.set("escape", dialogue.input.timeout);
    deadlines.set("offers", options.deadline);
    deadlines.set("unread", gate.unreadBy);
    deadlines.set("release", gate.releaseAt);
    deadlines.set("idle", activity.next());
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
