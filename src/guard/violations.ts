import type { ViolationKind } from "../protocol/events.ts";
import type { FloodKind } from "./rate_limiter.ts";

/**
 * Why a client was disconnected.
 *
 * - `client-closed`: the client closed the connection, or asked to log out (LOGOUT)
 * - `connection-lost`: the connection broke; see the error
 * - `deactivated`: `active = false`
 * - `handler-failed`: a handler threw, or its promise was rejected; see the error
 * - `too-slow`: the client did not read its output
 * - `not-read`: the game took no lines for `unreadTimeout`, so reading from the client stayed
 *   paused
 * - `corrupt-data`: the client's compressed data is not a zlib stream, or is a bomb; see the error
 * - `flooding`: the client exceeded a rate of `limits` for `floodTimeout`
 * - `idle`: the person typed nothing for `idleTimeout`
 * - `no-answer`: the client stopped answering `keepAlive: "timing-mark"`
 * - `wrong-protocol`: the client spoke HTTP, TLS, SSH, RDP or STUN, or is a proxy that is not
 *   trusted; see the error
 * - `server-stopped`: `stop()` or `drain()`
 * - `moved`: `moveTo()` gave it to the server of another zone
 */
export type DisconnectReason = typeof DISCONNECT_REASONS[number];

/** All reasons. */
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
  "moved",
] as const;

/**
 * Which rule a client broke, or which limit it reached.
 *
 * - kinds of the protocol: see `ViolationKind`
 * - `line-too-long`: the rest of the line is dropped, and the client is informed
 * - `too-many-lines`, `too-many-bytes`, `too-many-negotiations`: reading from the client pauses
 * - `too-much-drawing`: the server drew `value` bytes because of its input; reading pauses
 * - `too-much-work`: it used `value` milliseconds of processor time; reading pauses
 * - `flooding`: the client stayed over a rate for `value` milliseconds, and is dropped
 * - `queue-full`: `limits.queuedLines` lines wait for the game; further input waits as bytes
 * - `input-full`: `value` bytes wait to be processed; reading pauses
 * - `memory-full`: the server holds `value` bytes for the client; reading pauses
 * - `not-read`: the game took no lines for `value` milliseconds; the client is dropped
 * - `too-slow`: the client does not read its output, and is dropped
 * - `inflate-ratio`, `inflate-total`: the compressed input is a bomb; the client is dropped
 * - `idle`: the person typed nothing for `value` milliseconds; the client is dropped
 * - `close-timeout`: the client did not read its last output within `value` milliseconds; it is
 *   lost
 * - `handshake-timeout`: no TLS handshake followed START-TLS; the client is dropped
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

/** A protocol error of a client, or a limit that the client reached. */
export interface ClientViolation {
  /** The kind. */
  readonly kind: ClientViolationKind;
  /** The limit, in its own units: bytes, characters, lines, milliseconds. */
  readonly limit?: number;
  /** The value when the violation was noticed, in the same units. */
  readonly value?: number;
  /** The option concerned, or the unknown command's byte, for a protocol violation. */
  readonly option?: number;
}
