import { isTelnetError } from "../../protocol/error.ts";
import type {
  Connection,
  ConnectionHandler,
  DialOptions,
  Listener,
  Transport,
  TransportListenOptions,
} from "../transport.ts";

/** The status of a connection, as its agent reports it. */
export interface Status {
  /** How many bytes came. */
  readonly bytes: number;
  /** The checksum of all bytes received, by `sumOf`: wrong data shows, and so does a wrong order. */
  readonly sum: number;
  /** How many written bytes the system has not taken. */
  readonly queued: number;
  /** Whether the peer has announced its end. */
  readonly ended: boolean;
  /** How often `onDrain` was called. */
  readonly drained: number;
  /** How often `onDrain` was called although bytes were still queued. */
  readonly early: number;
  /** How often `onClose` was called. */
  readonly closes: number;
  /** The code of the error that `onClose` got. */
  readonly error: string | undefined;
  /** Whether the socket is gone. */
  readonly gone: boolean;
}

/** A condition to wait for: each field that is given must be reached. */
export interface Condition {
  /** At least this many bytes came. */
  readonly bytes?: number;
  /** At most this many written bytes wait. */
  readonly queued?: number;
  /** The peer has announced its end, or not. */
  readonly ended?: boolean;
  /** `onDrain` was called at least this often. */
  readonly drained?: number;
  /** `onClose` was called at least this often. */
  readonly closes?: number;
  /** The socket is gone, or not. */
  readonly gone?: boolean;
}

/** A listener of an agent. */
export interface AgentListener {
  /** The number by which the agent identifies it. */
  readonly id: number;
  /** The address that it listens on. */
  readonly address: string;
  /** The real port. */
  readonly port: number;
}

/** A connection of an agent. */
export interface AgentConnection {
  /** The number by which the agent identifies it. */
  readonly id: number;
  /** The peer's address. */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
}

/**
 * How the contract suite uses a transport: the agent holds the listeners and connections, and does
 * what the suite asks. All methods are asynchronous, because the agent may run in another process.
 */
export interface Agent {
  /** Listens. */
  listen(options: TransportListenOptions): Promise<AgentListener>;
  /** Stops listening. */
  closeListener(id: number): Promise<void>;
  /** Waits for the next accepted connection that was not returned yet. */
  accepted(): Promise<AgentConnection>;
  /**
   * Dials. The connection is not one of those that `accepted` returns. If the transport cannot
   * dial, the agent leaves it out and the suite does not check the dialled end.
   */
  dial?(options: DialOptions): Promise<AgentConnection>;
  /** Writes `length` bytes; each is the low byte of its index. */
  write(id: number, length: number): Promise<void>;
  /** Writes the same bytes in separate writes of one byte. */
  writeBytes(id: number, length: number): Promise<void>;
  /** Writes back the bytes that come from now on. */
  echo(id: number): Promise<void>;
  /** Calls `pause()`. */
  pause(id: number): Promise<void>;
  /** Calls `resume()`. */
  resume(id: number): Promise<void>;
  /** Calls `close()`. */
  close(id: number): Promise<void>;
  /** Calls `abort()`. */
  abort(id: number): Promise<void>;
  /** Returns the status of a connection. */
  status(id: number): Promise<Status>;
  /** Waits for a condition. */
  until(id: number, condition: Condition): Promise<Status>;
  /**
   * Starts counting the transport's work in steps of any kind, or stops and returns the number of
   * steps. If the agent cannot count, it leaves this out and the suite does not compare costs.
   */
  count?(on: boolean): Promise<number>;
}

/** The bytes that `write` writes. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index;
  return bytes;
}

/** The checksum that `Status.sum` has for these bytes, after others with the checksum `before`. */
export function sumOf(bytes: Uint8Array, before: number = 0): number {
  let sum = before;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return sum;
}

/** An agent for a transport of this process. */
export class LocalAgent implements Agent {
  readonly #transport: Transport;
  readonly #listeners: Listener[] = [];
  readonly #connections: Held[] = [];
  /** Which of them were accepted, not dialled. */
  readonly #accepted: number[] = [];
  #nextAccepted = 0;
  #changed: (() => void)[] = [];
  /** Dials; missing if the transport does not. */
  readonly dial?: (options: DialOptions) => Promise<AgentConnection>;

  /**
   * Starts without listeners and connections.
   *
   * @param transport The transport under test.
   */
  constructor(transport: Transport) {
    this.#transport = transport;
    if (transport.dial !== undefined) this.dial = (options) => this.#dial(options);
  }

  /** Listens. */
  async listen(
    options: TransportListenOptions,
  ): Promise<AgentListener> {
    const listener = await this.#transport.listen(options, (connection) => {
      const held = this.#hold(connection);
      this.#accepted.push(held.id);
      this.#notify();
      return held;
    });
    const id = this.#listeners.push(listener) - 1;
    return { id, address: listener.address, port: listener.port };
  }

  /** Stops listening. */
  async closeListener(id: number): Promise<void> {
    await this.#listeners[id]?.close();
  }

  /** Waits for the next accepted connection that was not returned yet. */
  async accepted(): Promise<AgentConnection> {
    const index = this.#nextAccepted++;
    let id = this.#accepted[index];
    while (id === undefined) {
      await this.#change();
      id = this.#accepted[index];
    }
    return described(this.#held(id));
  }

  /** Writes `length` bytes. */
  write(id: number, length: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.write(pattern(length)));
  }

  /** Writes `length` bytes one by one. */
  writeBytes(id: number, length: number): Promise<void> {
    const bytes = pattern(length);
    return this.#do(id, ({ connection }) => {
      for (let at = 0; at < length; at++) connection.write(bytes.subarray(at, at + 1));
    });
  }

  /** Writes back the bytes that come from now on. */
  echo(id: number): Promise<void> {
    return this.#do(id, (held) => held.echoing = true);
  }

  /** Calls `pause()`. */
  pause(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.pause());
  }

  /** Calls `resume()`. */
  resume(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.resume());
  }

  /** Calls `close()`. */
  close(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.close());
  }

  /** Calls `abort()`. */
  abort(id: number): Promise<void> {
    return this.#do(id, ({ connection }) => connection.abort());
  }

  /** Returns the status of a connection. */
  // deno-lint-ignore require-await
  async status(id: number): Promise<Status> {
    return this.#held(id).status();
  }

  /** Waits for a condition. */
  async until(id: number, condition: Condition): Promise<Status> {
    while (!reached(this.#held(id).status(), condition)) await this.#change();
    return this.#held(id).status();
  }

  async #dial(options: DialOptions): Promise<AgentConnection> {
    let held: Held | undefined;
    const connection = await this.#transport.dial?.(options, (opened) => held = this.#hold(opened));
    if (held === undefined || held.connection !== connection) {
      throw new Error("dial() must call accept with the connection that it returns");
    }
    return described(held);
  }

  #hold(connection: Connection): Held {
    const held = new Held(this.#connections.length, connection, () => this.#notify());
    this.#connections.push(held);
    return held;
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

function described({ id, connection }: Held): AgentConnection {
  const { remoteAddress, remotePort } = connection;
  return { id, remoteAddress, remotePort };
}

function reached(status: Status, condition: Condition): boolean {
  const { bytes = 0, queued = Infinity, drained = 0, closes = 0 } = condition;
  return status.bytes >= bytes && status.queued <= queued && status.drained >= drained &&
    status.closes >= closes && (condition.ended ?? status.ended) === status.ended &&
    (condition.gone ?? status.gone) === status.gone;
}

class Held implements ConnectionHandler {
  readonly id: number;
  readonly connection: Connection;
  echoing = false;
  readonly #notify: () => void;
  #bytes = 0;
  #sum = 0;
  #ended = false;
  #drained = 0;
  #early = 0;
  #closes = 0;
  #gone = false;
  #error: string | undefined;

  constructor(id: number, connection: Connection, notify: () => void) {
    this.id = id;
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
      early: this.#early,
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
    if (this.connection.queued > 0) this.#early++;
    this.#notify();
  }

  onClose(error?: Error): void {
    this.#closes++;
    this.#error = isTelnetError(error) ? error.code : error && String(error);
    this.#notify();
  }
}
