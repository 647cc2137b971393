/** Peers that dial, and then act as the TLS server. */
import type { Socket } from "node:net";
import type { Connection, SecureHandler } from "../../src/transport/mod.ts";
import type { Peer } from "../../src/transport/contract/mod.ts";
import { tlsEncryption } from "../../src/transport/tls.ts";
import { CERTIFICATE } from "./certificates.ts";
import { dialSocket, SocketConnection } from "./socket_connection.ts";

const context = tlsEncryption.context(CERTIFICATE);

/** Dials a TLS client; resolves when the handshake is done. */
export async function dialAsServer(port: number): Promise<Peer> {
  return await DiallingServer.start(await dialSocket(port));
}

/** Like `dialAsServer`; the returned function resets the connection. */
export async function dialAsServerToReset(port: number): Promise<() => void> {
  const socket = await dialSocket(port);
  await DiallingServer.start(socket);
  return () => socket.resetAndDestroy();
}

class DiallingServer implements Peer, SecureHandler {
  readonly port: number;
  readonly #connection: Connection;
  readonly #chunks: Uint8Array[] = [];
  #secure = false;
  #ended = false;
  #closed = false;
  #changed: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.port = socket.localPort ?? 0;
    const connection = new SocketConnection(socket);
    this.#connection = context.secure(connection, new Uint8Array(0), this);
  }

  static async start(socket: Socket): Promise<DiallingServer> {
    const server = new DiallingServer(socket);
    await server.#until(() => server.#secure);
    server.#connection.pause();
    return server;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#connection.write(bytes);
    await this.#until(() => !this.#closed && this.#connection.queued === 0);
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#chunks.length === 0 && !this.#ended) {
      this.#connection.resume();
      await this.#until(() => this.#chunks.length > 0 || this.#ended);
    }
    return this.#chunks.shift() ?? null;
  }

  // deno-lint-ignore require-await
  async end(): Promise<void> {
    this.#connection.close();
  }

  close(): void {
    this.#connection.abort();
  }

  onSecure(): void {
    this.#secure = true;
    this.#notify();
  }

  onData(chunk: Uint8Array): void {
    this.#connection.pause();
    this.#chunks.push(chunk);
    this.#notify();
  }

  onEnd(): void {
    this.#ended = true;
    this.#notify();
  }

  onDrain(): void {
    this.#notify();
  }

  onClose(): void {
    this.#closed = true;
    this.#notify();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#closed) throw new Error("the connection is closed");
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  #notify(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const resolve of changed) resolve();
  }
}
