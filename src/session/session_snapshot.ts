import { throwMisuse } from "../protocol/error.ts";
import {
  checkClientSnapshot,
  type ClientSnapshot,
  type SessionSnapshot,
} from "./client_snapshot.ts";
import type { SessionCore } from "./core.ts";

/** Where things stand with a client, as plain JSON, once the events of its machine are handled. */
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

/** Goes on where a snapshot was taken; returns its parts. */
export function restoreSnapshot(core: SessionCore, given: ClientSnapshot): SessionSnapshot {
  const snapshot = checkClientSnapshot(given);
  core.dialogue.restore(snapshot);
  core.activity.restore(snapshot, core.now());
  core.heard = true;
  core.lineNumber = snapshot.lineNumber ?? 0;
  core.state = snapshot.state;
  core.returning = "restart";
  if (snapshot.received.length > 0) {
    // What has come since stands behind it.
    const since = core.gate.buffer.takeAll();
    core.gate.push(Uint8Array.from(snapshot.received), false);
    for (const chunk of since) core.gate.push(chunk, false);
  }
  if (snapshot.asking) core.makeWaiters().hides = true;
  return snapshot;
}

/** Of the lines that an editor remembers the newest are carried over, up to so many characters. */
const HISTORY_LENGTH = 4_096;

/** The state of a durable connection: what changes with each key stands apart from the lines before it. */
export function partsOf(snapshot: SessionSnapshot): Readonly<Record<string, unknown>> {
  const { input } = snapshot;
  const { keys } = input;
  if (!keys?.editor) return { ...snapshot, history: undefined };
  const history = newest(keys.editor.history);
  const editor = { ...keys.editor, history: [] };
  return { ...snapshot, input: { ...input, keys: { ...keys, editor } }, history };
}

/** The snapshot that such parts were made of. */
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
