import { view } from "./slab_buffer.ts";

/** Which end of the connection performs an option: `local` is this one, `remote` the peer. */
export type Side = "local" | "remote";

/**
 * How a negotiation went on.
 *
 * - `enabled`: both ends agree that the option is on
 * - `disabled`: it was on, or we asked to stop it, and now it is off
 * - `refused`: we asked for it and the peer said no
 * - `unanswered`: we asked for it and no answer came in time; a late yes still enables it
 */
export type OptionChange = "enabled" | "disabled" | "refused" | "unanswered";

/**
 * A fault of the peer. None of them ends the connection: the machine has already recovered.
 *
 * - `subnegotiation-too-long`: over the limit; dropped whole
 * - `subnegotiation-interrupted`: a command came where IAC SE was due; dropped, the command holds
 * - `unescaped-iac`: a lone 0xFF inside a subnegotiation, taken as data
 * - `unknown-command`: a byte after IAC that RFC 854 does not know; dropped
 * - `unexpected-se`: an end without a begin; dropped
 * - `repeat-limit`: the same request again and again; it is refused, and then left without answer
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
  /** The range as a view, made when asked. */
  readonly bytes: Uint8Array;
}

/** Application data, with IAC IAC already undone. */
export interface DataEvent extends ByteRange {
  /** Tells the events apart. */
  readonly type: "data";
}

/** A command that stands alone, such as AYT or GA. */
export interface CommandEvent {
  /** Tells the events apart. */
  readonly type: "command";
  /** The command byte. */
  readonly command: number;
}

/** An option changed, or will not. */
export interface OptionEvent {
  /** Tells the events apart. */
  readonly type: "option";
  /** The option's code. */
  readonly option: number;
  /** Which end performs it. */
  readonly side: Side;
  /** What happened. */
  readonly change: OptionChange;
}

/** A whole subnegotiation: the payload between the option's code and IAC SE, unescaped. */
export interface SubnegotiationEvent extends ByteRange {
  /** Tells the events apart. */
  readonly type: "subnegotiation";
  /** The option's code. Ask {@linkcode TelnetMachine.remoteEnabled} whether it was ever agreed. */
  readonly option: number;
}

/** The peer broke the protocol. */
export interface ViolationEvent {
  /** Tells the events apart. */
  readonly type: "violation";
  /** Which rule. */
  readonly kind: ViolationKind;
  /** The option concerned, or the unknown command's byte. */
  readonly option: number;
}

/** What came out of the peer's bytes, in wire order. */
export type TelnetEvent =
  | DataEvent
  | CommandEvent
  | OptionEvent
  | SubnegotiationEvent
  | ViolationEvent;

const NO_BYTES = new Uint8Array(0);

/**
 * Takes events as they are found, in wire order: `TelnetMachine.receiveTo()` makes no object for each. The
 * members are those of the events of the same names.
 */
export interface TelnetHandler {
  /**
   * Application data: `buffer` from `start` to `end`, which holds until the call returns. What follows
   * an escaped 0xFF may come by another call.
   */
  data(buffer: Uint8Array, start: number, end: number): void;
  /** A command that stands alone. */
  command(command: number): void;
  /** A negotiation came to something. */
  option(option: number, side: Side, change: OptionChange): void;
  /** A whole payload: `buffer` from `start` to `end`, which holds until the call returns. */
  subnegotiation(option: number, buffer: Uint8Array, start: number, end: number): void;
  /** A fault of the peer; `option`: what it concerns, or the unknown command. */
  violation(kind: ViolationKind, option: number): void;
}

/**
 * The one shape of all events, so that the engine sees one hidden class.
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

  /** The members that an event of this type has, as a plain object. */
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

  // What console.log shows on Node and Bun, and on Deno.
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return this.toJSON();
  }

  [Symbol.for("Deno.customInspect")](inspect: (value: object) => string): string {
    return inspect(this.toJSON());
  }
}

/** Events on their way to the caller. */
export class EventQueue implements TelnetHandler {
  /** Who takes them as they come, those of the negotiations here, the others past it; `undefined`: they wait. */
  handler: TelnetHandler | undefined;
  #events: TelnetEvent[] | undefined;

  /** Events waiting. */
  get length(): number {
    return this.#events?.length ?? 0;
  }

  /** Hands over all events; the array is the caller's. */
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
    // The record has the members of every event; the methods above set the fitting ones.
    const event = record as unknown as TelnetEvent;
    // Mostly there is one event in a chunk: an array of one is much cheaper than an empty one's growth.
    if (this.#events === undefined) this.#events = [event];
    else this.#events.push(event);
  }
}
