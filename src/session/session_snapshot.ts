import { throwMisuse } from "../protocol/error.ts";
import {
  checkClientSnapshot,
  type ClientSnapshot,
  type SessionSnapshot,
} from "./client_snapshot.ts";
import type { SessionCore } from "./core.ts";

/** Returns the state of a client, as plain JSON; all events of its machine must be handled. */
export function takeSnapshot(core: SessionCore): SessionSnapshot {
  return { ...takeState(core), received: [...core.gate.buffer.copy()] };
}

/**
 * The same without the input that is not processed, which a durable connection keeps itself, and
 * with at most this many lines of an editor's history.
 */
export function takeState(core: SessionCore, historyLines?: number): SessionSnapshot {
  core.dialogue.settle();
  if (core.stream.compressed) {
    throwMisuse(
      "Cannot take a snapshot of a compressed connection: call telnet.reset(), or " +
        "telnet.disableOption() for MCCP2 and MCCP3, and wait until connection.compressed is false",
    );
  }
  // Field by field: a durable connection takes the state at the end of each turn.
  const dialogue = core.dialogue.snapshot(historyLines);
  const { telnet, options, facts, offers, text, input, marking, sawTelnet, sawLine } = dialogue;
  const { connectedFor, idleFor, keepAlive, idle } = core.activity.snapshot(core.now());
  const unanswered = core.waiters?.unanswered;
  return {
    version: 2,
    telnet,
    options,
    facts,
    offers,
    text,
    input: unanswered === undefined ? input : { ...input, queue: [unanswered, ...input.queue] },
    marking,
    sawTelnet,
    sawLine,
    connectedFor,
    idleFor,
    keepAlive,
    idle,
    received: [],
    ended: core.life.state === "ending",
    asking: core.waiters?.hides === true,
    lineNumber: core.lineNumber - (unanswered === undefined ? 0 : 1),
    ...(core.state !== undefined && { state: core.state }),
  };
}

/** Restores a snapshot; returns its parts. */
export function restoreSnapshot(core: SessionCore, given: ClientSnapshot): SessionSnapshot {
  const snapshot = checkClientSnapshot(given);
  core.dialogue.restore(snapshot);
  core.activity.restore(snapshot, core.now());
  core.heard = true;
  core.lineNumber = snapshot.lineNumber ?? 0;
  core.state = snapshot.state;
  core.returning = "restart";
  if (snapshot.received.length > 0) {
    // Bytes that arrived since then follow it.
    const since = core.gate.buffer.takeAll();
    core.gate.push(Uint8Array.from(snapshot.received), false);
    for (const chunk of since) core.gate.push(chunk, false);
  }
  if (snapshot.asking) core.makeWaiters().hides = true;
  return snapshot;
}
