/** The client of tests/runtimes/busy_program.ts: sends a line whenever it is asked. */
import { connect } from "node:net";
import { workerData } from "node:worker_threads";

const { port, lines } = workerData as { port: number; lines: Int32Array };
const [ASKED, SAID] = [0, 1];

const socket = connect({ port, host: "127.0.0.1", noDelay: true });
socket.resume();
await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
for (let said = 0;; said++) {
  Atomics.store(lines, SAID, said);
  Atomics.notify(lines, SAID);
  Atomics.wait(lines, ASKED, said);
  await new Promise<void>((resolve) => socket.write("from the speaker\r\n", () => resolve()));
}
