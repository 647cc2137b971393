import type { ViolationKind } from "../protocol/events.ts";
import type { FloodKind } from "./rate_limiter.ts";

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
 * - `too-much-drawing`: so many characters were drawn for what it typed; slowed down in the same way
 * - `too-much-work`: it took so many milliseconds of processor time; slowed down in the same way
 * - `flooding`: it was slowed down for so many milliseconds and goes on, and is dropped
 * - `queue-full`: `limits.queuedLines` lines wait for the game; it is not read on
 * - `input-full`: so many bytes wait to be processed; it is not read on
 * - `memory-full`: so many bytes are held of it; it is not read on
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
  | "memory-full"
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
