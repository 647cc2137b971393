/** An in-memory server whose bytes the test writes by hand. */
import { joinBytes } from "../../src/protocol/bytes.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import type { Connection } from "../../src/transport/transport.ts";

export const IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240;
export const GA = 249;

export class RawServer implements AsyncDisposable {
  readonly transport: MemoryTransport;
  readonly port: number;
  /** The server's end of the connection. */
  connection: Connection | undefined;
  ended = false;
  closed = false;
  readonly #chunks: Uint8Array[] = [];
  readonly #close: () => Promise<void>;
  #wake: (() => void)[] = [];

  private constructor(transport: MemoryTransport, port: number, close: () => Promise<void>) {
    this.transport = transport;
    this.port = port;
    this.#close = close;
  }

  static async start(chunkSize?: number): Promise<RawServer> {
    const transport = new MemoryTransport(chunkSize === undefined ? {} : { chunkSize });
    const made: RawServer[] = [];
    const listener = await transport.listen({ port: 0, address: "" }, (connection) => {
      const server = made[0] as RawServer;
      server.connection = connection;
      return {
        onData: (chunk) => server.#note(() => server.#chunks.push(chunk)),
        onEnd: () => server.#note(() => server.ended = true),
        onDrain: () => {},
        onClose: () => server.#note(() => server.closed = true),
      };
    });
    const raw = new RawServer(transport, listener.port, () => listener.close());
    made.push(raw);
    return raw;
  }

  /** The bytes received since the last `take()`. */
  get received(): number[] {
    return [...joinBytes(this.#chunks)];
  }

  /** Returns the bytes received since the last call. */
  take(): number[] {
    const all = this.received;
    this.#chunks.length = 0;
    return all;
  }

  get text(): string {
    return new TextDecoder().decode(joinBytes(this.#chunks));
  }

  /** Writes text and bytes. */
  write(...parts: (string | number | Uint8Array)[]): void {
    const encoder = new TextEncoder();
    const bytes = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
    this.connection?.write(joinBytes(bytes));
  }

  /** Resolves when the condition is true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection?.abort();
    await this.#close();
  }

  #note(what: () => void): void {
    what();
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Waits some turns of the event loop, so that pending work is done. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
}
