import type { DisconnectReason } from "../guard/violations.ts";

/**
 * The state of a connection.
 *
 * - `open`: the client is served
 * - `ending`: the peer has half-closed; earlier input is still processed and answered
 * - `leaving`: the client is dropped; its output must still be flushed
 * - `closing`: all output is with the transport, which is closing
 * - `closed`: the connection is closed
 */
export type LifeState = "open" | "ending" | "leaving" | "closing" | "closed";

/**
 * The events that change the state.
 *
 * - `peer ends`: the peer has half-closed
 * - `end retracted`: compression has started, and bytes before the end must still be decompressed
 * - `leave`: either side wants to disconnect
 * - `close`: the last output was handed to the transport
 * - `gone`: the transport reports that it is closed
 */
export type LifeTrigger = "peer ends" | "end retracted" | "leave" | "close" | "gone";

/** All transitions; other events are ignored. */
export const LIFE: Readonly<
  Record<LifeState, Readonly<Partial<Record<LifeTrigger, LifeState>>>>
> = {
  open: { "peer ends": "ending", leave: "leaving", gone: "closed" },
  ending: { "end retracted": "open", leave: "leaving", gone: "closed" },
  leaving: { close: "closing", gone: "closed" },
  closing: { gone: "closed" },
  closed: {},
};

/** The state of a connection, and why it ends. */
export class Lifecycle {
  /** The current state. */
  state: LifeState = "open";
  /** Why it ends; the first reason counts. */
  reason: DisconnectReason | undefined;
  /** The error that caused the end, if any. */
  error: unknown;

  /** Whether the client is still served. */
  get active(): boolean {
    return this.state === "open" || this.state === "ending";
  }

  /** Handles an event; returns whether the state changed. */
  on(trigger: LifeTrigger): boolean {
    const next = LIFE[this.state][trigger];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  /** Drops the client for a reason; returns whether it was active before. */
  leave(reason: DisconnectReason, error: unknown): boolean {
    if (!this.active || !this.on("leave")) return false;
    this.reason = reason;
    this.error = error;
    return true;
  }
}
