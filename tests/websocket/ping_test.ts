import { assertEquals } from "@std/assert";
import { BaseConnection } from "../../src/transport/base_connection.ts";
import { WebSocketConnection } from "../../src/transport/websocket.ts";

/** The connection beneath, which notes whether it is read. */
class Beneath extends BaseConnection {
  reads = true;
  protected transmit(bytes: Uint8Array): number {
    return bytes.length;
  }
  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(on: boolean): void {
    this.reads = on;
  }
}

Deno.test("a peer whose input the server holds back is not taken for gone, one that is read is", () => {
  const ends: (Error | undefined)[] = [];
  const beneath = new Beneath("192.0.2.7", 4000);
  const connection = new WebSocketConnection(beneath, "dGhlIHNhbXBsZSBub25jZQ==", undefined);
  beneath.attach(connection);
  connection.attach({
    onData() {},
    onEnd() {},
    onDrain() {},
    onClose: (error) => void ends.push(error),
  });
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
