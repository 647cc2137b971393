/**
 * A WebSocket whose peer sends a thousand frames in one chunk. Prints how often the event loop turned until
 * all of them were processed: other sockets are served in these turns.
 */
import { WebSocketConnection } from "../../src/transport/websocket.ts";
import type { Connection } from "../../src/transport/transport.ts";
import { frame } from "../websocket/frames.ts";

const FRAMES = 1024;
const one = frame(2, "x");
const chunk = new Uint8Array(FRAMES * one.length);
for (let number = 0; number < FRAMES; number++) chunk.set(one, number * one.length);

let [received, turns] = [0, 0];
const connection = new WebSocketConnection(
  silentConnection(),
  "dGhlIHNhbXBsZSBub25jZQ==",
  undefined,
);
connection.attach({
  onData: (bytes) => void (received += bytes.length),
  onDrain: () => {},
  onEnd: () => {},
  onClose: () => {},
});
connection.onData(chunk);
while (received < FRAMES) {
  await new Promise((resolve) => setImmediate(resolve));
  turns++;
}
console.log(`turns ${turns}`);
connection.abort();

/** A connection that takes what is written, and brings nothing. */
function silentConnection(): Connection {
  return {
    remoteAddress: "192.0.2.1",
    remotePort: 1,
    identity: "1",
    queued: 0,
    encrypted: false,
    destroyed: false,
    closed: Promise.resolve(),
    attach: () => {},
    write: () => {},
    pause: () => {},
    resume: () => {},
    close: () => {},
    abort: () => {},
  };
}
