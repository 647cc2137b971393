import type { ClientOptionEvents } from "../options/client_registry.ts";
import type { OptionChange, Side, ViolationKind } from "../protocol/events.ts";

/** A change of an option that this end does not know. */
export interface ForeignOption {
  /** Its code. */
  readonly option: number;
  /** The end that performs it: `local` is this one. */
  readonly side: Side;
  /** The change. */
  readonly change: OptionChange;
}

/** A subnegotiation of an option that this end does not know. */
export interface ForeignSubnegotiation {
  /** The option's code. */
  readonly option: number;
  /** The bytes between `IAC SB option` and `IAC SE`, yours to keep. */
  readonly payload: Uint8Array;
}

/** A violation by the server that does not end the connection. */
export interface ServerViolation {
  /**
   * The broken rule, or `unread-full`: more than `limits.unread` is unread, so receiving pauses.
   */
  readonly kind: ViolationKind | "unread-full";
  /** The option concerned, if there is one. */
  readonly option?: number;
}

/** How a connection ended. */
export interface Ending {
  /** Why it broke; `undefined` if either end closed it. */
  readonly error: unknown;
}

/** The events of a server, and their values. `onLine` handles `line`. */
export interface ConnectEvents extends ClientOptionEvents {
  /** Text was received, with its escape sequences, in pieces of any size. */
  text: string;
  /** A line was received; the value has no line end. */
  line: string;
  /** A prompt was received. */
  prompt: string;
  /** The server sent a Telnet command, such as AYT. GA and EOR, which mark prompts, are not reported. */
  telnetCommand: number;
  /** An option that this end does not know has changed. */
  option: ForeignOption;
  /** A subnegotiation of an option that this end does not know was received. */
  subnegotiation: ForeignSubnegotiation;
  /** The server broke a rule of the protocol, or too much text is unread. */
  violation: ServerViolation;
  /** The connection is encrypted from now on, by START-TLS. Options are negotiated again. */
  secure: undefined;
  /** The connection has ended. This is the last event. */
  close: Ending;
}
