import { view } from "./slab_buffer.ts";

/** The end of the connection that performs an option: `local` is this end, `remote` the peer. */
export type Side = "local" | "remote";

/**
 * The result of a negotiation.
 *
 * - `enabled`: both ends agree that the option is on
 * - `disabled`: it was on, or we asked to stop it, and now it is off
 * - `refused`: we asked for it and the peer said no
 * - `unanswered`: we asked for it and no answer came in time; a late yes still enables it
 */
export type OptionChange = "enabled" | "disabled" | "refused" | "unanswered";

/**
 * A protocol violation of the peer. None of them ends the connection: the machine has already
 * recovered.
 *
 * - `subnegotiation-too-long`: over the limit; it is dropped
 * - `subnegotiation-interrupted`: a command came where IAC SE was expected; the subnegotiation is
 *   dropped, and the command is handled
 * - `unescaped-iac`: a lone 0xFF inside a subnegotiation, taken as data
 * - `unknown-command`: a byte after IAC that is not a command; dropped
 * - `unexpected-se`: IAC SE without a subnegotiation; dropped
 * - `repeat-limit`: the same request too often; it is refused, and then no longer answered
 */
export type ViolationKind =
  | "subnegotiation-too-long"
  | "subnegotiation-interrupted"
  | "unescaped-iac"
  | "unknown-command"
  | "unexpected-se"
  | "repeat-limit";

/** Part of a buffer. The bytes are not copied; see {@linkcode TelnetMachine.receive}. */
export interface ByteRange {
  /** The buffer that holds the bytes. */
  readonly buffer: Uint8Array;
  /** Index of the first byte. */
  readonly start: number;
  /** Index after the last byte. */
  readonly end: number;
  /** The range as a view, created when it is read. */
  readonly bytes: Uint8Array;
}

/** Application data, already unescaped. */
export interface DataEvent extends ByteRange {
  /** The type of the event. */
  readonly type: "data";
}

/** A command without an option, such as AYT or GA. */
export interface CommandEvent {
  /** The type of the event. */
  readonly type: "command";
  /** The command byte. */
  readonly command: number;
}

/** An option was turned on or off, or a request for it failed. */
export interface OptionEvent {
  /** The type of the event. */
  readonly type: "option";
  /** The option's code. */
  readonly option: number;
  /** Which end performs it. */
  readonly side: Side;
  /** What happened. */
  readonly change: OptionChange;
}

/** A complete subnegotiation: the payload between the option's code and IAC SE, unescaped. */
export interface SubnegotiationEvent extends ByteRange {
  /** The type of the event. */
  readonly type: "subnegotiation";
  /** The option's code. It may not be agreed: check {@linkcode TelnetMachine.remoteEnabled}. */
  readonly option: number;
}

/** The peer broke the protocol. */
export interface ViolationEvent {
  /** The type of the event. */
  readonly type: "violation";
  /** The rule that it broke. */
  readonly kind: ViolationKind;
  /** The option concerned, or the byte of the unknown command or unexpected SE. */
  readonly option: number;
}

/** An event decoded from the peer's bytes, or the result of a negotiation. */
export type TelnetEvent =
  | DataEvent
  | CommandEvent
  | OptionEvent
  | SubnegotiationEvent
  | ViolationEvent;

const NO_BYTES = new Uint8Array(0);

/**
 * Handles events in wire order. `TelnetMachine.receiveTo()` calls it instead of creating event
 * objects. The parameters are the fields of the events of the same names.
 */
export interface TelnetHandler {
  /**
   * Application data: `buffer` from `start` to `end`, valid until the call returns. Data with
   * escaped 0xFF may come in several calls.
   */
  data(buffer: Uint8Array, start: number, end: number): void;
  /** A command without an option. */
  command(command: number): void;
  /** The result of a negotiation. */
  option(option: number, side: Side, change: OptionChange): void;
  /** A complete payload: `buffer` from `start` to `end`, valid until the call returns. */
  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void;
  /** A protocol violation; `option` is the option concerned, or the unknown command's byte. */
  violation(kind: ViolationKind, option: number): void;
}

/**
 * The class of all events, so that the engine uses one hidden class for them.
 * `code` is the option or the command; `detail` is the change or the violation's kind.
 */
class EventRecord {
  readonly type: TelnetEvent["type"];
  readonly code: number;
  readonly side: Side;
  readonly detail: string;
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;

  constructor(
    type: TelnetEvent["type"],
    code: number,
    side: Side,
    detail: string,
    buffer: Uint8Array,
    start: number,
    end: number,
  ) {
    this.type = type;
    this.code = code;
    this.side = side;
    this.detail = detail;
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  get option(): number {
    return this.code;
  }

  get command(): number {
    return this.code;
  }

  get change(): string {
    return this.detail;
  }

  get kind(): string {
    return this.detail;
  }

  get bytes(): Uint8Array {
    const { buffer, start, end } = this;
    // A whole chunk needs no view.
    return start === 0 && end === buffer.length ? buffer : view(buffer, start, end);
  }

  /** The fields of this type of event, as a plain object. */
  toJSON(): object {
    const { type, code, side, detail } = this;
    switch (type) {
      case "data":
        return { type, bytes: [...this.bytes] };
      case "command":
        return { type, command: code };
      case "option":
        return { type, option: code, side, change: detail };
      case "subnegotiation":
        return { type, option: code, bytes: [...this.bytes] };
      case "violation":
        return { type, kind: detail, option: code };
    }
  }

  // What console.log shows on Node and Bun. The next method does the same on Deno.
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return this.toJSON();
  }

  [Symbol.for("Deno.customInspect")](inspect: (value: object) => string): string {
    return inspect(this.toJSON());
  }
}

/** Events that wait for the caller. */
export class EventQueue implements TelnetHandler {
  /**
   * Receives the events of negotiations instead of the queue; the other events are not sent here
   * while it is set. `undefined`: events are queued.
   */
  handler: TelnetHandler | undefined;
  #events: TelnetEvent[] | undefined;

  /** The number of events. */
  get length(): number {
    return this.#events?.length ?? 0;
  }

  /** Removes and returns all events; the caller may change the array. */
  take(): TelnetEvent[] {
    const events = this.#events;
    if (events === undefined) return [];
    this.#events = undefined;
    return events;
  }

  /** Appends a data event. */
  data(buffer: Uint8Array, start: number, end: number): void {
    this.#push(new EventRecord("data", 0, "remote", "", buffer, start, end));
  }

  /** Appends a command event. */
  command(command: number): void {
    this.#push(new EventRecord("command", command, "remote", "", NO_BYTES, 0, 0));
  }

  /** Appends an option event. */
  option(option: number, side: Side, change: OptionChange): void {
    if (this.handler !== undefined) return this.handler.option(option, side, change);
    this.#push(new EventRecord("option", option, side, change, NO_BYTES, 0, 0));
  }

  /** Appends a subnegotiation event. */
  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void {
    this.#push(new EventRecord("subnegotiation", option, "remote", "", buffer, start, end));
  }

  /** Appends a violation event. */
  violation(kind: ViolationKind, option: number): void {
    if (this.handler !== undefined) return this.handler.violation(kind, option);
    this.#push(new EventRecord("violation", option, "remote", kind, NO_BYTES, 0, 0));
  }

  #push(record: EventRecord): void {
    // The record has the fields of every event; the methods above set those of its type.
    const event = record as unknown as TelnetEvent;
    // Most chunks have one event, and an array of one is much cheaper than growing an empty one.
    if (this.#events === undefined) this.#events = [event];
    else this.#events.push(event);
  }
}
