import type { DisconnectReason } from "../guard/violations.ts";

/**
 * The life of a connection.
 *
 * - `open`: it is served
 * - `ending`: the person has closed (half-close); what came before is still read and answered
 * - `leaving`: it is dropped, for a reason; its output is still to be flushed
 * - `closing`: all is with the transport, which closes
 * - `closed`: the connection is gone
 */
export type LifeState = "open" | "ending" | "leaving" | "closing" | "closed";

/**
 * What moves it on.
 *
 * - `peer ends`: the peer has announced its end
 * - `end retracted`: the end belongs to a compressed stream whose bytes are still to come out of it
 * - `leave`: either end wants it to end
 * - `close`: the last output was handed to the transport
 * - `gone`: the transport reports that it is closed
 */
export type LifeTrigger = "peer ends" | "end retracted" | "leave" | "close" | "gone";

/** All transitions; where none stands nothing happens. */
export const LIFE: Readonly<
  Record<LifeState, Readonly<Partial<Record<LifeTrigger, LifeState>>>>
> = {
  open: { "peer ends": "ending", leave: "leaving", gone: "closed" },
  ending: { "end retracted": "open", leave: "leaving", gone: "closed" },
  leaving: { close: "closing", gone: "closed" },
  closing: { gone: "closed" },
  closed: {},
};

/** Where a connection stands, and why it ends. */
export class Lifecycle {
  /** Where it stands. */
  state: LifeState = "open";
  /** Why it ends; the first reason counts. */
  reason: DisconnectReason | undefined;
  /** The error behind the reason, where there is one. */
  error: unknown;

  /** Whether the client is still served. */
  get active(): boolean {
    return this.state === "open" || this.state === "ending";
  }

  /** Moves on; returns whether that changed anything. */
  on(trigger: LifeTrigger): boolean {
    const next = LIFE[this.state][trigger];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  /** Ends it for a reason; returns whether it was active until now. */
  leave(reason: DisconnectReason, error: unknown): boolean {
    if (!this.active || !this.on("leave")) return false;
    this.reason = reason;
    this.error = error;
    return true;
  }
}
