import { assertEquals } from "@std/assert";
import { BaseConnection } from "../../src/transport/base_connection.ts";
import { WebSocketConnection } from "../../src/transport/websocket.ts";

/** The connection beneath, which notes whether it is read. */
class Beneath extends BaseConnection {
  reads = true;
  protected transmit(bytes: Uint8Array): number | undefined {
    return bytes.length;
  }
  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(on: boolean): void {
    this.reads = on;
  }
}

/** Opens a WebSocket, and notes its ends. */
function open(beneath: Beneath) {
  const ends: (Error | undefined)[] = [];
  const connection = new WebSocketConnection(beneath, "dGhlIHNhbXBsZSBub25jZQ==", undefined);
  beneath.attach(connection);
  connection.attach({
    onData() {},
    onEnd() {},
    onDrain() {},
    onClose: (error) => void ends.push(error),
  });
  return { connection, ends };
}

Deno.test("a peer whose input the server holds back is not taken for gone, one that is read is", () => {
  const beneath = new Beneath("192.0.2.7", 4000);
  const { connection, ends } = open(beneath);
  connection.ping();
  connection.pause();
  assertEquals(beneath.reads, false);
  for (let pings = 0; pings < 5; pings++) connection.ping();
  assertEquals(ends, []);
  connection.resume();
  connection.ping();
  assertEquals(ends, []);
  connection.ping();
  assertEquals(ends.length, 1);
});

Deno.test("the end of a WebSocket waits for its output, and its time begins after that", () => {
  let taken = 0;
  class Slow extends Beneath {
    ended = false;
    protected override transmit(): number | undefined {
      return undefined;
    }
    protected override shutdown(): void {
      this.ended = true;
    }
    take(): void {
      taken++;
      this.transmitted(1);
    }
  }
  const beneath = new Slow("192.0.2.7", 4000);
  const { connection, ends } = open(beneath);
  connection.write(new Uint8Array(1_000));
  connection.close();
  assertEquals([connection.queued, ends.length, beneath.ended], [1_000, 0, false]);
  while (ends.length === 0) beneath.take();
  assertEquals([connection.queued, beneath.queued], [0, 4]); // the Close frame
  while (beneath.queued > 0) beneath.take();
  assertEquals([taken > 1_000, beneath.ended], [true, true]);
  connection.abort();
});

Deno.test("a WebSocket that breaks the protocol ends, although output for it waits", () => {
  class Slow extends Beneath {
    protected override transmit(): number | undefined {
      return undefined;
    }
  }
  const beneath = new Slow("192.0.2.7", 4000);
  const { connection, ends } = open(beneath);
  connection.write(new Uint8Array(1_000));
  connection.onData(Uint8Array.of(0x82, 0x01, 0x61)); // a frame without a mask
  connection.close(); // the owner has used what came before
  assertEquals(ends.length, 1);
  connection.abort();
});
