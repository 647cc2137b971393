import type { KeepAlive } from "../guard/idle_monitor.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { ServerMessages } from "../guard/messages.ts";
import type { Rates } from "../guard/rate_limiter.ts";
import type { ClientViolation } from "../guard/violations.ts";
import type { OptionSet } from "../options/option_set.ts";
import type { OptionEvents } from "../options/registry.ts";
import type { OptionChange, Side } from "../protocol/events.ts";
import type { TelnetMachineOptions } from "../protocol/machine.ts";
import type { Encoding } from "../text/charset.ts";
import type { TextCodec } from "../text/codec.ts";
import type { LineInputOptions } from "../text/line_input.ts";
import type { Key } from "../text/key.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { SecureContext } from "../transport/encryption.ts";
import type { TraceDirection } from "./taps.ts";

/** The settings that all sessions of a server share. */
export interface SessionSettings {
  readonly limits: ServerLimits;
  readonly encoding: Encoding | TextCodec;
  /** The options that the server knows, including the game's own. */
  readonly known: OptionSet;
  /** The options to offer at the start: declarations by the option's code, in order. */
  readonly declared: ReadonlyMap<number, unknown>;
  /** How long `ready` waits, in milliseconds. */
  readonly readyTimeout: number;
  readonly messages: ServerMessages;
  readonly rates: Rates;
  readonly keepAlive: KeepAlive;
  /** Milliseconds without input before a keep-alive is sent. */
  readonly keepAliveInterval: number;
  /** The options for reading lines. */
  readonly lineInput: LineInputOptions;
  /** How long to wait after ESC for the rest of an escape sequence, in milliseconds. */
  readonly escapeTimeout: number;
  /** The options for the machine of each connection. */
  readonly machine: TelnetMachineOptions;
  /** The zlib implementation, if MCCP is declared. */
  readonly codec: CompressionCodec | undefined;
}

/** The counters of sessions. They are plain fields because hot code increments them. */
export interface SessionCounters {
  bytesReceived: number;
  bytesSent: number;
  lines: number;
  negotiations: number;
}

/** A change of an option that neither the library nor the game's `customOptions` know. */
export interface UnknownOption {
  /** Its code. */
  readonly option: number;
  /** The end that performs it: `local` is the server. */
  readonly side: Side;
  /** The change. */
  readonly change: OptionChange;
}

/** A payload of such an option. */
export interface UnknownSubnegotiation {
  /** The option's code. */
  readonly option: number;
  /** The bytes between `IAC SB option` and `IAC SE`, yours to keep. */
  readonly payload: Uint8Array;
}

/** The events that a session reports to the game, by name. */
export interface SessionEvents extends OptionEvents {
  /** The client sent a Telnet command such as IP. */
  telnetCommand: number;
  /** An option that the server does not know has changed. */
  option: UnknownOption;
  /** A payload arrived for an option that the server does not know. */
  subnegotiation: UnknownSubnegotiation;
  /** A key was pressed in character mode. */
  key: Key;
  /** The client broke the protocol or reached a limit. */
  violation: ClientViolation;
  /** START-TLS has encrypted the connection. */
  secure: undefined;
  /** A command, negotiation or subnegotiation in either direction, as text. */
  trace: { readonly direction: TraceDirection; readonly words: string };
}

/** A session's work for the next poll: input to process, output to flush, lines or keys to take. */
export type Wake = "input" | "output" | "typed";

/** What a session needs from its server. */
export interface SessionHost<Session> {
  readonly settings: SessionSettings;
  readonly counters: SessionCounters;
  /** Encrypts connections with the current certificate; `undefined` without one. */
  readonly secureContext: SecureContext | undefined;
  /** Whether the server is draining for a restart, so that clients can reconnect. */
  readonly draining: boolean;
  /** The time in milliseconds, on a monotonic clock; it stands still during a poll. */
  now(): number;
  /** Reads the clock; `now()` stands still during a poll. */
  readonly clock: () => number;
  /** Milliseconds since 1970. */
  timeOfDay(): number;
  /** Notes that the session has work for the next poll. */
  wake(session: Session, what: Wake): void;
  /** Notes that the game took a line or key; with `more` the next poll must not wait. */
  taken(session: Session, more: boolean): void;
  /** Has the session's `tick` called at a time. */
  timed(session: Session, time: number): void;
  /** Whether the game has a handler for an event. */
  listens(event: keyof SessionEvents): boolean;
  /** Calls the game's handler for an event. */
  emit<Name extends keyof SessionEvents>(
    session: Session,
    name: Name,
    value: SessionEvents[Name],
  ): void;
  /** Calls other code of the game: if it fails, the client is dropped. */
  run(session: Session, call: () => unknown): void;
  /** The same for code that is not the game's, such as an option's. */
  shield(session: Session, call: () => unknown): void;
  /** Reports an error of the game's code at the next poll, without dropping the client. */
  report(session: Session, error: unknown): void;
}
