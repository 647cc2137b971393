import { AYT, IAC, SB } from "../protocol/codes.ts";
import type {
  OptionEvent,
  SubnegotiationEvent,
  TelnetEvent,
  ViolationEvent,
} from "../protocol/events.ts";
import { MSSP, type MsspStatus, msspText } from "../options/mssp.ts";
import type { ClientViolation } from "../guard/violations.ts";
import type { SessionCore } from "./core.ts";
import { serveWaiters } from "./delivery.ts";
import type { GateVerdict } from "./input_gate.ts";
import type { TypedEvent } from "./input_mode.ts";
import type { TypedLine } from "./line_queue.ts";

/**
 * The input path: passes pieces from the gate through the machine, its events to the options or the
 * input mode, and typed lines and keys to the game. Each event is handled before the next byte is
 * read, so that the result does not depend on how the input was split into chunks.
 */
export class Reader {
  readonly #core: SessionCore;
  /** How many bytes were processed. */
  #position = 0;
  /** Whether `readTyped` is running; it then also reads what becomes readable meanwhile. */
  #handling = false;

  constructor(core: SessionCore) {
    this.#core = core;
  }

  /** Processes pending input, as far as the limits allow. */
  read(): void {
    const { gate, stream, dialogue: { input } } = this.#core;
    const now = this.#core.now();
    if (gate.overMemory) gate.weigh(this.#core.dialogue.held);
    gate.begin(input);
    while (this.#core.active) {
      // What an earlier poll or a handler has left comes before the next bytes.
      if (!input.drained) this.readTyped();
      const piece = this.#core.active ? gate.next(now, input) : undefined;
      if (piece === undefined) break;
      this.#step(piece, now);
    }
    // Bytes that the connection holds are not weighed, because only reading frees them.
    gate.weigh(this.#core.dialogue.held);
    gate.end(now, input);
    if (gate.hasVerdicts) this.obey(gate.takeVerdicts());
    stream.reading = gate.reading;
    if (gate.again) this.#core.wake("input");
  }

  /** Acts on the findings of the gate. */
  obey(verdicts: readonly GateVerdict[]): void {
    for (const { violation, drop } of verdicts) {
      this.#core.emit("violation", violation);
      if (drop === "flooding") this.#core.say(this.#core.settings.messages.flooding);
      if (drop !== undefined) this.#core.leave(drop);
    }
  }

  /** Processes bytes up to and including the next event. */
  #step(piece: Uint8Array, now: number): void {
    const { gate, host, activity, dialogue, dialogue: { machine, input, text } } = this.#core;
    // Send earlier output and negotiations before the client's next bytes are processed.
    if (input.echoChanges) this.#core.flush();
    // A row that is shown again is marked and echoed by the options in force before this place.
    if (text.leftRow && piece[0] === IAC && (piece[1] ?? 0) >= SB && piece[1] !== IAC) {
      dialogue.showLeftRow();
    }
    const before = machine.frameCount;
    this.#core.asResumed = false;
    activity.lastReceivedTime = now;
    this.#core.inflated = gate.buffer.inflated;
    const used = machine.step(piece, now);
    this.#core.taps?.received(used === piece.length ? piece : piece.subarray(0, used));
    const frames = machine.frameCount - before;
    if (frames > 0) {
      host.counters.negotiations += frames;
      input.beginCharge();
    }
    gate.used(used, frames, now);
    this.#core.inHand = used;
    this.takeEvents();
    this.#core.inHand = 0;
    this.#position += used;
    input.moveTo(this.#position);
  }

  /** Handles the events of the machine, including those that the handling causes. */
  takeEvents(): void {
    const { machine } = this.#core.dialogue;
    while (machine.eventCount > 0) {
      const events = machine.takeEvents();
      for (let index = 0; index < events.length; index++) {
        // Ignore events from before START-TLS, and events of a dropped client.
        if (!this.#core.active || machine !== this.#core.dialogue.machine) return;
        this.#handle(events[index] as TelnetEvent);
      }
    }
    if (machine.outputLength > 0) this.#core.changed();
  }

  #handle(event: TelnetEvent): void {
    const { options, dialogue } = this.#core;
    switch (event.type) {
      case "data":
        return this.#takeData(event.bytes);
      case "command":
        return this.#takeCommand(event.command);
      case "option":
        options.changed(event);
        if (options.optionOf(event.option) === undefined) this.#reportOption(event);
        dialogue.input.optionChanged(event);
        return dialogue.input.drained || !this.#core.active ? undefined : this.readTyped();
      case "subnegotiation":
        return options.optionOf(event.option) === undefined
          ? this.#reportSubnegotiation(event)
          : options.subnegotiation(event.option, event.bytes);
      case "violation":
        return this.#core.emit("violation", this.#violationOf(event));
    }
  }

  #reportOption({ option, side, change }: OptionEvent): void {
    this.#core.emit("option", { option, side, change });
  }

  #reportSubnegotiation({ option, bytes }: SubnegotiationEvent): void {
    const { host, options } = this.#core;
    if (!host.listens("subnegotiation")) return;
    if (!options.localEnabled(option) && !options.remoteEnabled(option)) return;
    this.#core.emit("subnegotiation", { option, payload: bytes.slice() });
  }

  #takeData(bytes: Uint8Array): void {
    const { activity, dialogue: { input, text } } = this.#core;
    const now = activity.lastReceivedTime;
    // NUL bytes alone are a keep-alive, not typing.
    if (bytes[0] !== 0 || bytes.some((byte) => byte !== 0)) activity.lastInputTime = now;
    input.feed(text.decode(bytes), now);
    this.readTyped();
  }

  #takeCommand(command: number): void {
    const { areYouThere } = this.#core.settings.messages;
    if (command === AYT) this.#core.say(areYouThere, true);
    this.#core.dialogue.command(command);
    if (this.#core.active) this.readTyped();
    this.#core.emit("telnetCommand", command);
  }

  #violationOf({ kind, option }: ViolationEvent): ClientViolation {
    const { subnegotiation, repeatedRequests: repeats } = this.#core.settings.limits;
    if (kind === "subnegotiation-too-long") return { kind, option, limit: subnegotiation };
    return kind === "repeat-limit" ? { kind, option, limit: repeats } : { kind, option };
  }

  // Typed input.

  /** Reads typed input event by event, because the game may change the mode at each. */
  readTyped(): void {
    const { dialogue, dialogue: { input } } = this.#core;
    // The echo must follow the prompt.
    if (dialogue.text.leftRow && input.echoes && !input.drained) dialogue.showLeftRow();
    const outer = this.#handling;
    this.#handling = true;
    do {
      const event = input.next();
      dialogue.echo();
      if (event === undefined) break;
      this.#takeTyped(event);
    } while (this.#core.active && !input.drained);
    this.#handling = outer;
  }

  /**
   * Reads typed-ahead input after a change of mode, so that it is available at once. Events that
   * call a handler wait for the next poll.
   */
  readQuietly(): void {
    const { dialogue, host } = this.#core;
    while (!this.#handling && this.#core.active && dialogue.input.hasUnread) {
      const { input } = dialogue;
      if (input.byKeys && input.editor === undefined && host.listens("key")) {
        return this.#core.wake("input");
      }
      const event = input.next();
      dialogue.echo();
      // Keys that wait for the drawing rate are read by the next poll.
      if (event === undefined) {
        return dialogue.input.hasUnread ? this.#core.wake("input") : undefined;
      }
      if (event.type === "command" || event.type === "complete") {
        dialogue.input.putBack(event);
        return this.#core.wake("input");
      }
      this.#takeTyped(event);
    }
  }

  #takeTyped(event: TypedEvent): void {
    this.#core.asResumed = false;
    switch (event.type) {
      case "line":
        this.#core.dialogue.text.lineEnded();
        if (event.length > event.text.length) this.#tooLong(event.length);
        return this.#takeLine(event);
      case "key":
        if (!this.#core.host.listens("key")) {
          return this.#core.dialogue.input.keepKey(event.key, event.secret);
        }
        if (!event.secret) this.#core.taps?.key(event.key);
        return this.#core.emit("key", event.key);
      case "command":
        this.#core.emit("telnetCommand", event.command);
        return this.#askAgain();
      case "complete":
        return this.#core.run(event.call);
    }
  }

  /** Shows a question again whose answer was given up: by Ctrl-C, or Ctrl-D on an empty line. */
  #askAgain(): void {
    const { active, waiters, dialogue } = this.#core;
    const question = waiters?.question;
    if (active && question !== undefined) dialogue.prompt(question);
  }

  #tooLong(value: number): void {
    const { limits: { line: limit }, messages } = this.#core.settings;
    this.#core.say(messages.lineTooLong);
    this.#core.emit("violation", { kind: "line-too-long", limit, value });
  }

  /** Queues a line; a first non-empty line `MSSP-REQUEST` of a crawler is answered instead. */
  #takeLine(line: TypedLine): void {
    const { gate, host, dialogue, declared } = this.#core;
    const first = !dialogue.sawLine;
    dialogue.sawLine ||= line.text !== "";
    gate.countLine(this.#core.now());
    host.counters.lines++;
    const status = declared.get(MSSP) as (() => MsspStatus) | undefined;
    if (status === undefined || !first || line.text.toUpperCase() !== "MSSP-REQUEST") {
      dialogue.input.queue.push(line);
      if (this.#core.waiters?.awaited) serveWaiters(this.#core);
      return;
    }
    this.#core.run(() => {
      dialogue.send(msspText(status()));
      this.#core.changed();
    });
  }
}
