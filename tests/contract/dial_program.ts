/**
 * Dials a given port on the current runtime: first many times with a signal that aborts during the
 * connect, then once without. Prints the result.
 */
import process from "node:process";
import { defaultTransport } from "../../src/transport/default.ts";
import type { Connection, ConnectionHandler } from "../../src/transport/mod.ts";

const transport = await defaultTransport();
const port = Number(process.argv[2]);
let owners = 0;

function accept(connection: Connection): ConnectionHandler {
  owners++;
  return { onData() {}, onEnd: () => connection.close(), onDrain() {}, onClose() {} };
}

for (let round = 0; round < 10; round++) {
  const controller = new AbortController();
  const options = { hostname: "127.0.0.1", port, signal: controller.signal };
  const dialling = transport.dial?.(options, accept);
  controller.abort(round);
  await dialling?.catch((reason) => console.log(`aborted ${reason}`));
}
console.log(`owners ${owners}`);
const connection = await transport.dial?.({ hostname: "127.0.0.1", port }, accept);
connection?.write(new TextEncoder().encode("hello"));
await connection?.closed;
