import type { DisconnectReason } from "../guard/violations.ts";
import type { CloseReason } from "../transport/transport.ts";
import type { SessionCore } from "./core.ts";

/** What a peer is told that can be told; mostly that it is done. */
const CLOSE_REASONS: Readonly<Partial<Record<DisconnectReason, CloseReason>>> = {
  "server-stopped": "going-away",
  "flooding": "policy",
  "not-read": "policy",
};

/** After a half-close the client stays until its last lines are used and answered. */
export function checkEnd(core: SessionCore): void {
  const { atEnd, waiters } = core;
  if (!atEnd) return;
  if (waiters?.awaited) {
    if (waiters.end()) core.dialogue.endRow();
    core.wake("input"); // who waited may have last words
  } else if ((waiters?.working ?? 0) === 0) core.leave("client-closed");
}

/**
 * Hands the last output of a dropped client to the transport, and closes.
 *
 * @param answer The final reply in another protocol, in place of what was meant for a person.
 */
export function startClosing(core: SessionCore, answer: Uint8Array | undefined): void {
  const { dialogue, life, gate, stream, settings: { limits } } = core;
  if (life.state !== "leaving") return;
  dialogue.input.close();
  if (answer === undefined) core.flush();
  else {
    dialogue.machine.takeOutput();
    stream.write(answer);
  }
  if (!life.on("close")) return;
  gate.buffer.takeAll();
  // Behind a gateway the socket is not here: how long it may take is judged there.
  const elsewhere = stream.connection.durable !== undefined && life.reason !== "server-stopped";
  if (!elsewhere) core.deadlines.set("close", core.now() + limits.closeTimeout);
  const reason = CLOSE_REASONS[life.reason ?? "deactivated"];
  stream.close(reason === "going-away" && core.host.draining ? "restarting" : reason);
  core.changed(); // a durable connection closes with the end of the turn
}
