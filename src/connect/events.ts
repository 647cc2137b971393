import type { ClientOptionEvents } from "../options/client_registry.ts";
import type { OptionChange, Side, ViolationKind } from "../protocol/events.ts";

/** What became of an option that this end does not know. */
export interface ForeignOption {
  /** Its code. */
  readonly option: number;
  /** The end that performs it: `local` is this one. */
  readonly side: Side;
  /** What became of it. */
  readonly change: OptionChange;
}

/** A payload of such an option. */
export interface ForeignSubnegotiation {
  /** The option's code. */
  readonly option: number;
  /** The bytes between `IAC SB option` and `IAC SE`, yours to keep. */
  readonly payload: Uint8Array;
}

/** A fault of the server that does not end the connection. */
export interface ServerViolation {
  /** Which rule was broken, or `unread-full`: nobody reads, so reading from the server pauses. */
  readonly kind: ViolationKind | "unread-full";
  /** The option concerned, if there is one. */
  readonly option?: number;
}

/** How a connection ended. */
export interface Ending {
  /** Why it broke; `undefined` if either end closed it. */
  readonly error: unknown;
}

/** What is reported of a server, by the event's name: `onLine` handles `line`. */
export interface ConnectEvents extends ClientOptionEvents {
  /** Text came, as it was sent, in pieces of any size. */
  text: string;
  /** A line has ended. */
  line: string;
  /** A prompt came. */
  prompt: string;
  /** The server sent a Telnet command, such as AYT. GA and EOR, which mark prompts, are not reported. */
  telnetCommand: number;
  /** An option has changed that this end does not know. */
  option: ForeignOption;
  /** A payload came of an option that this end does not know. */
  subnegotiation: ForeignSubnegotiation;
  /** The server broke a rule. */
  violation: ServerViolation;
  /** What comes and goes is encrypted from here on, by START-TLS. Options are negotiated anew. */
  secure: undefined;
  /** The connection has ended. The last event. */
  close: Ending;
}
