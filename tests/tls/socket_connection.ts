import { connect, type Socket } from "node:net";
import { BaseConnection } from "../../src/transport/base_connection.ts";

/** Dials a port of this machine. */
export async function dialSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** A minimal dialled connection. */
export class SocketConnection extends BaseConnection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    this.#socket = socket;
    socket.on("data", (chunk) => this.received(chunk as Uint8Array));
    socket.on("end", () => this.peerEnded());
    socket.on("error", (error) => this.failed(error));
    socket.on("close", () => this.failed(undefined));
  }

  protected transmit(chunk: Uint8Array): undefined {
    this.#socket.write(chunk, (error) => {
      if (!error) this.transmitted(chunk.length);
    });
  }

  protected shutdown(): void {
    this.#socket.end();
  }

  protected destroy(): void {
    this.#socket.destroy();
  }

  protected setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
}
