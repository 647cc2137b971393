/** When a TLS connection tells its owner that everything was taken. */
import { assertEquals } from "@std/assert";
import { BaseConnection } from "../../src/transport/base_connection.ts";
import type { Connection } from "../../src/transport/mod.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { until } from "../patience.ts";
import { CERTIFICATE } from "./certificates.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** One end of a connection that takes bytes only while it is open. */
class Valve extends BaseConnection {
  peer: Valve | undefined;
  open = true;

  protected transmit(chunk: Uint8Array): number {
    if (!this.open) return 0;
    const copy = chunk.slice();
    setTimeout(() => this.peer?.received(copy), 0);
    return chunk.length;
  }

  protected shutdown(): void {}
  protected destroy(): void {}
  protected setReading(): void {}
}

Deno.test("TLS: onDrain comes once for the bytes written, when none is queued, encrypted ones included", async () => {
  for (const size of [1, 1_000, 16_384, 40_000, 200_000]) {
    const near = new Valve("192.0.2.1", 1);
    const far = new Valve("192.0.2.2", 2);
    [near.peer, far.peer] = [far, near];
    const nothing = { onEnd() {}, onClose() {}, onDrain() {} };
    let ready = 0;
    let came = 0;
    const drains: number[] = [];
    const server: Connection = tlsEncryption.context(CERTIFICATE).secure(near, new Uint8Array(0), {
      ...nothing,
      onSecure: () => ready++,
      onData() {},
      onDrain: () => drains.push(server.queued),
    });
    const trust = { serverName: "localhost", ca: CERTIFICATE.cert };
    const client = tlsEncryption.clientContext?.(trust).secure(far, new Uint8Array(0), {
      ...nothing,
      onSecure: () => ready++,
      onData: (chunk) => came += chunk.length,
    });
    await until(() => ready === 2 && near.queued === 0, turn);

    near.open = false;
    server.write(new Uint8Array(size));
    await until(() => near.queued > 0, turn);
    for (let turns = 0; turns < 20; turns++) await turn();
    assertEquals([drains, server.queued > 0], [[], true], `${size} bytes, closed`);

    near.open = true;
    near.writable();
    await until(() => came === size && server.queued === 0, turn);
    for (let turns = 0; turns < 20; turns++) await turn();
    assertEquals(drains, [0], `${size} bytes, open again`);

    client?.abort();
    server.abort();
  }
});
