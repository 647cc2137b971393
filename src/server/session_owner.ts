import type { OptionNotices } from "../options/option.ts";
import type { TelnetMachineOptions } from "../protocol/machine.ts";
import type { ViolationKind } from "../protocol/events.ts";
import type { Encoding, TextCodec } from "../text/charset.ts";
import type { Key } from "../text/keys.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { ServerLimits } from "./limits.ts";
import type { Session } from "./session.ts";

/**
 * Why a client went.
 *
 * - `client-closed`: the person left, or asked by LOGOUT to be logged out
 * - `connection-lost`: the connection broke; see the error
 * - `deactivated`: `active = false`
 * - `handler-failed`: a handler threw, or its promise was rejected; see the error
 * - `too-slow`: it did not read what was sent to it
 * - `not-read`: nobody took its lines, so it could not be read on, for a minute
 * - `corrupt-data`: what it compressed is no zlib stream, or a bomb; see the error
 * - `server-stopped`: `stop()`
 */
export type DisconnectReason =
  | "client-closed"
  | "connection-lost"
  | "deactivated"
  | "handler-failed"
  | "too-slow"
  | "not-read"
  | "corrupt-data"
  | "server-stopped";

/** A fault of a client: of the protocol, or a line over the limit. */
export type ClientViolation = ViolationKind | "line-too-long";

/** What all sessions of a server share. */
export interface SessionSettings {
  readonly limits: ServerLimits;
  readonly encoding: Encoding | TextCodec;
  /** What is offered at the start: declarations by the option's code, in order. */
  readonly declared: ReadonlyMap<number, unknown>;
  /** How long `ready` waits, in milliseconds. */
  readonly readyTimeout: number;
  /** The answer to AYT. */
  readonly areYouThere: string;
  /** How the machine of each connection is set up. */
  readonly machine: TelnetMachineOptions;
  /** The zlib, where MCCP is declared. */
  readonly codec: CompressionCodec | undefined;
}

/** What a session asks of its server. */
export interface SessionOwner {
  readonly settings: SessionSettings;
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
  /** The person sent a command such as IP. */
  command(session: Session, command: number): void;
  /** A key came; returns whether the game has a handler for it. */
  key(session: Session, key: Key): boolean;
  /** The person broke a rule. */
  violation(session: Session, kind: ClientViolation): void;
  /** An option has news for the game. */
  tell<Name extends keyof OptionNotices>(
    session: Session,
    name: Name,
    value: OptionNotices[Name],
  ): void;
}
