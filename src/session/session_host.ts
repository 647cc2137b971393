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

/** What all sessions of a server share. */
export interface SessionSettings {
  readonly limits: ServerLimits;
  readonly encoding: Encoding | TextCodec;
  /** The options that the server knows, the game's own among them. */
  readonly known: OptionSet;
  /** What is offered at the start: declarations by the option's code, in order. */
  readonly declared: ReadonlyMap<number, unknown>;
  /** How long `ready` waits, in milliseconds. */
  readonly readyTimeout: number;
  readonly messages: ServerMessages;
  readonly rates: Rates;
  readonly keepAlive: KeepAlive;
  /** How long a connection is silent before it is kept alive, in milliseconds. */
  readonly keepAliveInterval: number;
  /** How lines are made of what clients type. */
  readonly lineInput: LineInputOptions;
  /** How long a lone ESC waits for the rest of a sequence, in milliseconds. */
  readonly escapeTimeout: number;
  /** How the machine of each connection is set up. */
  readonly machine: TelnetMachineOptions;
  /** The zlib, where MCCP is declared. */
  readonly codec: CompressionCodec | undefined;
}

/** What sessions count while they run. Plain fields: they are counted in the middle of things. */
export interface SessionCounters {
  bytesReceived: number;
  bytesSent: number;
  lines: number;
  negotiations: number;
}

/** What became of an option that neither the library nor the game's `customOptions` know. */
export interface UnknownOption {
  /** Its code. */
  readonly option: number;
  /** The end that performs it: `local` is the server. */
  readonly side: Side;
  /** What became of it. */
  readonly change: OptionChange;
}

/** A payload of such an option. */
export interface UnknownSubnegotiation {
  /** The option's code. */
  readonly option: number;
  /** The bytes between `IAC SB option` and `IAC SE`, yours to keep. */
  readonly payload: Uint8Array;
}

/** What a session reports to the game, by the event's name. */
export interface SessionEvents extends OptionEvents {
  /** The person sent a command such as IP. */
  telnetCommand: number;
  /** An option has changed that the server does not know. */
  option: UnknownOption;
  /** A payload came of an option that the server does not know. */
  subnegotiation: UnknownSubnegotiation;
  /** A key came in character mode. */
  key: Key;
  /** The client broke a rule, or came to a limit. */
  violation: ClientViolation;
  /** What comes and goes is encrypted from here on, by START-TLS. */
  secure: undefined;
  /** A command, negotiation or subnegotiation of either end, in words. */
  trace: { readonly direction: TraceDirection; readonly words: string };
}

/** What a session has for the next poll: input to process, output to flush, lines or keys to take. */
export type Wake = "input" | "output" | "typed";

/** What a session asks of the server that it belongs to. */
export interface SessionHost<Session> {
  readonly settings: SessionSettings;
  readonly counters: SessionCounters;
  /** What encrypts by the certificate of the moment. */
  readonly secureContext: SecureContext | undefined;
  /** Whether the server goes away for a while only: its clients can come back. */
  readonly draining: boolean;
  /** The time in milliseconds, on a clock that never goes back. */
  now(): number;
  /** The time at this moment; `now()` stands still while a poll is at work. */
  readonly clock: () => number;
  /** Milliseconds since 1970. */
  timeOfDay(): number;
  /** The session has something for the next poll. */
  wake(session: Session, what: Wake): void;
  /** The game took a line or key. With `more` the next poll must not wait for the network. */
  taken(session: Session, more: boolean): void;
  /** The session wants `tick` at a time. */
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
  /** Calls other code that may throw, which costs that client. */
  shield(session: Session, call: () => unknown): void;
  /** Reports a failure of the game's code that costs no client, at the next poll. */
  report(session: Session, error: unknown): void;
}
