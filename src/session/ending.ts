import type { DisconnectReason } from "../guard/violations.ts";
import type { CloseReason } from "../transport/transport.ts";
import type { SessionCore } from "./core.ts";

/** The close reasons for peers that can receive one, such as a WebSocket; the default is `done`. */
const CLOSE_REASONS: Readonly<Partial<Record<DisconnectReason, CloseReason>>> = {
  "server-stopped": "going-away",
  "flooding": "policy",
  "not-read": "policy",
};

/** Ends a half-closed client once the game has taken and answered its last lines. */
export function checkEnd(core: SessionCore): void {
  const { atEnd, waiters } = core;
  if (!atEnd) return;
  if (waiters?.awaited) {
    if (waiters.end()) core.dialogue.endRow();
    core.wake("input"); // the code that waited may still send something
  } else if ((waiters?.working ?? 0) === 0) {
    core.leave(core.endError === undefined ? "client-closed" : "connection-lost", core.endError);
  }
}

/**
 * Hands the last output of a dropped client to the transport, and closes the connection.
 *
 * @param answer The final reply in another protocol, which replaces the queued output.
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
  // A gateway owns the socket, and applies the close timeout itself.
  const elsewhere = stream.connection.durable !== undefined && life.reason !== "server-stopped";
  if (!elsewhere) core.deadlines.set("close", core.now() + limits.closeTimeout);
  const reason = CLOSE_REASONS[life.reason ?? "deactivated"];
  stream.close(reason === "going-away" && core.host.draining ? "restarting" : reason);
  core.changed(); // a durable connection closes at the end of the turn
}
