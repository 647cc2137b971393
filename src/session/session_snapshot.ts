import { throwMisuse } from "../protocol/error.ts";
import {
  checkClientSnapshot,
  type ClientSnapshot,
  type SessionSnapshot,
} from "./client_snapshot.ts";
import type { SessionCore } from "./core.ts";

/** Returns the state of a client, as plain JSON; all events of its machine must be handled. */
export function takeSnapshot(core: SessionCore): SessionSnapshot {
  core.dialogue.settle();
  if (core.stream.compressed) {
    throwMisuse(
      "Cannot take a snapshot of a compressed connection: call telnet.reset(), or " +
        "telnet.disableOption() for MCCP2 and MCCP3, and wait until connection.compressed is false",
    );
  }
  const dialogue = core.dialogue.snapshot();
  const unanswered = core.waiters?.unanswered;
  const { input } = dialogue;
  return {
    version: 2,
    ...dialogue,
    input: unanswered === undefined ? input : { ...input, queue: [unanswered, ...input.queue] },
    ...core.activity.snapshot(core.now()),
    received: [...core.gate.buffer.copy()],
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

/** How many characters of an editor's history are kept; the newest lines are. */
const HISTORY_LENGTH = 4_096;

/** The parts of a durable connection's state; the history is apart from what each key changes. */
export function partsOf(snapshot: SessionSnapshot): Readonly<Record<string, unknown>> {
  const { input } = snapshot;
  const { keys } = input;
  if (!keys?.editor) return { ...snapshot, history: undefined };
  const history = newest(keys.editor.history);
  const editor = { ...keys.editor, history: [] };
  return { ...snapshot, input: { ...input, keys: { ...keys, editor } }, history };
}

/** Returns the snapshot from which `partsOf` made the parts. */
export function snapshotOf(parts: Readonly<Record<string, unknown>>): ClientSnapshot {
  const { history, ...rest } = parts;
  const snapshot = rest as unknown as SessionSnapshot;
  const { input } = snapshot;
  const editor = input?.keys?.editor;
  if (!editor || !Array.isArray(history)) return snapshot as unknown as ClientSnapshot;
  const keys = { ...input.keys, editor: { ...editor, history } };
  return { ...snapshot, input: { ...input, keys } } as unknown as ClientSnapshot;
}

function newest(history: readonly string[]): readonly string[] {
  let [from, length] = [history.length, 0];
  while (from > 0) {
    length += history[from - 1]?.length ?? 0;
    if (length > HISTORY_LENGTH) break;
    from--;
  }
  return from === 0 ? history : history.slice(from);
}
