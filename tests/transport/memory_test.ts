import { assertEquals, assertThrows } from "@std/assert";
import { TelnetError } from "../../src/protocol/mod.ts";
import { MemoryPeer, MemoryTransport } from "../../src/transport/mod.ts";
import type { Connection } from "../../src/transport/mod.ts";

// The requirements on every transport are in tests/contract.

const HERE = { port: 0, address: "" };

Deno.test("MemoryTransport delivers chunks of chunkSize", async () => {
  const transport = new MemoryTransport({ chunkSize: 3 });
  const sizes: number[] = [];
  const { port } = await transport.listen(HERE, () => ({
    onData: (chunk) => void sizes.push(chunk.length),
    onEnd() {},
    onDrain() {},
    onClose() {},
  }));
  transport.connect(port).write("12345678");
  await Promise.resolve();
  assertEquals(sizes, [3, 3, 2]);
});

Deno.test("a connection that is aborted before it has a handler still calls the handler's onClose", async () => {
  const transport = new MemoryTransport();
  let closes = 0;
  const { port } = await transport.listen(HERE, (connection) => {
    connection.abort();
    return { onData() {}, onEnd() {}, onDrain() {}, onClose: () => void closes++ };
  });
  transport.connect(port);
  assertEquals(closes, 1);
});

Deno.test("MemoryTransport refuses invalid options, and connect() an unused port", () => {
  const wrong = [
    () => new MemoryTransport({ chunkSize: 0 }),
    () => new MemoryTransport({ capacity: 0 }),
    () => new MemoryTransport({ chunkSize: -1 }),
    () => new MemoryPeer({} as Connection),
  ];
  for (const call of wrong) assertEquals(assertThrows(call, TelnetError).code, "misuse");
  const error = assertThrows(() => new MemoryTransport().connect(1), TelnetError);
  assertEquals(error.code, "connection-refused");
});
