/** Many clients in a thread of their own: each sends a line when the game asks for a round. */
import { connect, type Socket } from "node:net";
import { workerData } from "node:worker_threads";

const { port, rounds, crowd } = workerData as {
  readonly port: number;
  readonly rounds: Int32Array;
  readonly crowd: number;
};
const [ASKED, SAID] = [0, 1];

const sockets = await Promise.all(
  Array.from({ length: crowd }, () =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("connect", () => resolve(socket));
      socket.once("error", reject);
    })),
);
Atomics.store(rounds, SAID, 0);
for (let round = 0;; round++) {
  Atomics.wait(rounds, ASKED, round);
  await Promise.all(
    sockets.map((socket) =>
      new Promise<void>((resolve) => socket.write("hello\r\n", () => resolve()))
    ),
  );
  Atomics.store(rounds, SAID, round + 1);
  Atomics.notify(rounds, SAID);
}
