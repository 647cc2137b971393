import type { OptionEvents } from "../options/option.ts";
import type { TelnetMachineOptions } from "../protocol/machine.ts";
import type { ViolationKind } from "../protocol/events.ts";
import type { Encoding, TextCodec } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { ServerLimits } from "../guard/limits.ts";
import type { ServerMessages } from "../guard/messages.ts";
import type { SecureContext } from "../transport/encryption.ts";
import type { Session } from "./session.ts";
import type { Counters } from "../server/stats.ts";
import type { FloodKind, Rates } from "../guard/rate_limiter.ts";
import type { TraceDirection } from "./trace.ts";
import type { KeepAlive } from "../guard/idle_monitor.ts";

/**
 * Why a client went.
 *
 * - `client-closed`: the person left, or asked by LOGOUT to be logged out
 * - `connection-lost`: the connection broke; see the error
 * - `deactivated`: `active = false`
 * - `handler-failed`: a handler threw, or its promise was rejected; see the error
 * - `too-slow`: it did not read what was sent to it
 * - `not-read`: nobody took its lines, so it could not be read on, for `unreadTimeout`
 * - `corrupt-data`: what it compressed is no zlib stream, or a bomb; see the error
 * - `flooding`: it went on sending more than the rates of `limits` for `floodTimeout`
 * - `idle`: the person typed nothing for `idleTimeout`
 * - `no-answer`: it answered `keepAlive: "timing-mark"` before, and does no more
 * - `wrong-protocol`: it spoke HTTP, TLS, SSH, RDP or STUN, or a proxy came that is not trusted; see the error
 * - `server-stopped`: `stop()` or `drain()`
 */
export type DisconnectReason = typeof DISCONNECT_REASONS[number];

/** All of them. */
export const DISCONNECT_REASONS = [
  "client-closed",
  "connection-lost",
  "deactivated",
  "handler-failed",
  "too-slow",
  "not-read",
  "corrupt-data",
  "flooding",
  "idle",
  "no-answer",
  "wrong-protocol",
  "server-stopped",
] as const;

/**
 * Which rule a client broke, or which limit it came to.
 *
 * - those of the protocol: see `ViolationKind`
 * - `line-too-long`: the rest of the line is dropped, and the person told
 * - `too-many-lines`, `too-many-bytes`, `too-many-negotiations`: it is slowed down by not reading on
 * - `flooding`: it was slowed down for so many milliseconds and goes on, and is dropped
 * - `queue-full`: the game has taken none of `limits.commands` lines; it is not read on
 * - `input-full`: so many bytes wait to be processed; it is not read on
 * - `not-read`: nobody took its lines for so many milliseconds, and it is dropped
 * - `too-slow`: it does not read what is sent to it, and is dropped
 * - `inflate-ratio`, `inflate-total`: what it compressed is a bomb, and it is dropped
 * - `idle`: the person typed nothing for so many milliseconds, and is dropped
 * - `close-timeout`: it did not take its last output within so many milliseconds, and that is lost
 * - `handshake-timeout`: it did not go on with TLS after START-TLS, and is dropped
 */
export type ClientViolationKind =
  | ViolationKind
  | FloodKind
  | "line-too-long"
  | "flooding"
  | "queue-full"
  | "input-full"
  | "not-read"
  | "too-slow"
  | "inflate-ratio"
  | "inflate-total"
  | "idle"
  | "close-timeout"
  | "handshake-timeout";

/** A fault of a client: of the protocol, or a limit that it came to. */
export interface ClientViolation {
  /** Which. */
  readonly kind: ClientViolationKind;
  /** The limit, in its own units: bytes, characters, lines, milliseconds. */
  readonly limit?: number;
  /** What there was when it was noticed, in the same units. */
  readonly value?: number;
  /** The option concerned, or the unknown command's byte, for a fault of the protocol. */
  readonly option?: number;
}

/** What all sessions of a server share. */
export interface SessionSettings {
  readonly limits: ServerLimits;
  readonly encoding: Encoding | TextCodec;
  /** What is offered at the start: declarations by the option's code, in order. */
  readonly declared: ReadonlyMap<number, unknown>;
  /** How long `ready` waits, in milliseconds. */
  readonly readyTimeout: number;
  readonly messages: ServerMessages;
  readonly rates: Rates;
  readonly keepAlive: KeepAlive;
  /** How long a connection is silent before it is kept alive, in milliseconds. */
  readonly keepAliveInterval: number;
  /** Whether control characters are taken out of lines. */
  readonly stripControls: boolean;
  /** How the machine of each connection is set up. */
  readonly machine: TelnetMachineOptions;
  /** The zlib, where MCCP is declared. */
  readonly codec: CompressionCodec | undefined;
}

/** What a session asks of its server. */
export interface SessionOwner {
  readonly settings: SessionSettings;
  readonly counters: Counters;
  /** What encrypts by the certificate of the moment. */
  readonly secureContext: SecureContext | undefined;
  /** Takes the bytes of a session before and after the protocol; where nobody asked, there is none. */
  readonly trace:
    | ((session: Session, direction: TraceDirection, words: string) => void)
    | undefined;
  now(): number;
  /** The session has something to process. */
  ready(session: Session): void;
  /** The session has something to send. */
  dirty(session: Session): void;
  /** The session has lines for the game. */
  talking(session: Session): void;
  /** A line was taken and more wait: the next poll shall not wait for the network. */
  unread(): void;
  /** The session wants `tick` at a time. */
  timed(session: Session, time: number): void;
  /** Calls the game's own code: if it fails, the client is dropped. */
  run(session: Session, call: () => unknown): void;
  /** Tells of a failure of the game's own code that costs no client, at the next poll. */
  report(session: Session, error: unknown): void;
  /** The person sent a command such as IP. */
  command(session: Session, command: number): void;
  /** A key came; returns whether the game has a handler for it. */
  key(session: Session, key: Key): boolean;
  /** The person broke a rule. */
  violation(session: Session, violation: ClientViolation): void;
  /** An option has news for the game. */
  tell<Name extends keyof OptionEvents>(
    session: Session,
    name: Name,
    value: OptionEvents[Name],
  ): void;
}
