/**
 * Holds a transport's listeners and connections, and does with them what it is told, in this
 * process or, by `tests/runtimes/transport_program.ts`, in one of another runtime. Nothing here
 * needs a runtime's API.
 */
import { isTelnetError } from "../../src/protocol/mod.ts";
import type {
  Connection,
  ConnectionHandler,
  Listener,
  Transport,
  TransportListenOptions,
} from "../../src/transport/transport.ts";

import { startCounting, type Steps } from "../steps.ts";

/** What an agent knows of a connection. */
export interface Status {
  readonly bytes: number;
  /** Sum of all bytes received, modulo 2 ** 32: wrong data shows. */
  readonly sum: number;
  readonly queued: number;
  readonly ended: boolean;
  readonly drained: number;
  readonly closes: number;
  readonly error: string | undefined;
  readonly gone: boolean;
}

/** What to wait for: each field named must be reached. */
export interface Condition {
  readonly bytes?: number;
  readonly queued?: number;
  readonly ended?: boolean;
  readonly drained?: number;
  readonly closes?: number;
  readonly gone?: boolean;
}

/** The contract suite's way to a transport; all answers come later, as another process may give them. */
export interface Agent {
  listen(options: TransportListenOptions): Promise<{ id: number; address: string; port: number }>;
  closeListener(id: number): Promise<void>;
  /** The next connection that nobody has asked for yet. */
  accepted(): Promise<{ id: number; remoteAddress: string; remotePort: number }>;
  /** Writes so many bytes, each the lower byte of its index. */
  write(id: number, length: number): Promise<void>;
  /** The same in pieces of one byte, each written by itself. */
  writeBytes(id: number, length: number): Promise<void>;
  echo(id: number): Promise<void>;
  pause(id: number): Promise<void>;
  resume(id: number): Promise<void>;
  close(id: number): Promise<void>;
  abort(id: number): Promise<void>;
  status(id: number): Promise<Status>;
  /** Begins to count what the transport does in steps, or ends it and tells how many they were. */
  count(on: boolean): Promise<number>;
  until(id: number, condition: Condition): Promise<Status>;
}

/** The bytes that `write` writes. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index;
  return bytes;
}

/** The sum that `Status.sum` has for these bytes. */
export function sumOf(bytes: Uint8Array, before: number = 0): number {
  let sum = before;
  for (const byte of bytes) sum = (sum + byte) >>> 0;
  return sum;
}

/** An agent for a transport of this process. */
export class LocalAgent implements Agent {
  readonly #transport: Transport;
  readonly #listeners: Listener[] = [];
  readonly #connections: Held[] = [];
  #nextAccepted = 0;
  #changed: (() => void)[] = [];
  #stopCounting: (() => Steps) | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async listen(
    options: TransportListenOptions,
  ): Promise<{ id: number; address: string; port: number }> {
    const listener = await this.#transport.listen(options, (connection) => {
      const held = new Held(connection, () => this.#notify());
      this.#connections.push(held);
      this.#notify();
      return held;
    });
    const id = this.#listeners.push(listener) - 1;
    return { id, address: listener.address, port: listener.port };
  }

  async closeListener(id: number): Promise<void> {
    await this.#listeners[id]?.close();
  }

  async accepted(): Promise<{ id: number; remoteAddress: string; remotePort: number }> {
    const id = this.#nextAccepted++;
    while (this.#connections[id] === undefined) await this.#change();
    const { remoteAddress, remotePort } = this.#held(id).connection;
    return { id, remoteAddress, remotePort };
  }

  write(id: number, length: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.write(pattern(length)));
  }

  writeBytes(id: number, length: number): Promise<void> {
    const bytes = pattern(length);
    return this.#do(id, ({ connection }) => {
      for (let at = 0; at < length; at++) connection.write(bytes.subarray(at, at + 1));
    });
  }

  echo(id: number): Promise<void> {
    return this.#do(id, (held) => held.echoing = true);
  }

  pause(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.pause());
  }

  resume(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.resume());
  }

  close(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.close());
  }

  abort(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.abort());
  }

  // deno-lint-ignore require-await
  async status(id: number): Promise<Status> {
    return this.#held(id).status();
  }

  // deno-lint-ignore require-await
  async count(on: boolean): Promise<number> {
    const steps = this.#stopCounting?.().count ?? 0;
    this.#stopCounting = on ? startCounting() : undefined;
    return steps;
  }

  async until(id: number, condition: Condition): Promise<Status> {
    while (!reached(this.#held(id).status(), condition)) await this.#change();
    return this.#held(id).status();
  }

  // deno-lint-ignore require-await
  async #do(id: number, action: (held: Held) => void): Promise<void> {
    action(this.#held(id));
  }

  #held(id: number): Held {
    const held = this.#connections[id];
    if (held === undefined) throw new Error(`There is no connection ${id}`);
    return held;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #notify(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const resolve of changed) resolve();
  }
}

function reached(status: Status, condition: Condition): boolean {
  const { bytes = 0, queued = Infinity, drained = 0, closes = 0 } = condition;
  return status.bytes >= bytes && status.queued <= queued && status.drained >= drained &&
    status.closes >= closes && (condition.ended ?? status.ended) === status.ended &&
    (condition.gone ?? status.gone) === status.gone;
}

class Held implements ConnectionHandler {
  readonly connection: Connection;
  echoing = false;
  readonly #notify: () => void;
  #bytes = 0;
  #sum = 0;
  #ended = false;
  #drained = 0;
  #closes = 0;
  #gone = false;
  #error: string | undefined;

  constructor(connection: Connection, notify: () => void) {
    this.connection = connection;
    this.#notify = notify;
    connection.closed.then(() => {
      this.#gone = true;
      notify();
    });
  }

  status(): Status {
    return {
      bytes: this.#bytes,
      sum: this.#sum,
      queued: this.connection.queued,
      ended: this.#ended,
      drained: this.#drained,
      closes: this.#closes,
      error: this.#error,
      gone: this.#gone,
    };
  }

  onData(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#sum = sumOf(chunk, this.#sum);
    if (this.echoing) this.connection.write(chunk);
    this.#notify();
  }

  onEnd(): void {
    this.#ended = true;
    this.#notify();
  }

  onDrain(): void {
    this.#drained++;
    this.#notify();
  }

  onClose(error?: Error): void {
    this.#closes++;
    this.#error = isTelnetError(error) ? error.code : error && String(error);
    this.#notify();
  }
}
