import type { Origin } from "../guard/origin.ts";
import { ByteStream } from "../session/byte_stream.ts";
import type { ByteStreamEvents, InflateLimits } from "../session/compression_layer.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Connection, ConnectionHandler, ResumeReason } from "../transport/transport.ts";
import { ByteLog } from "./byte_log.ts";
import { changedBy } from "./part_change.ts";
import type { CommitRecord, GatewayRecord, Step } from "./records.ts";
import { WireError } from "./wire.ts";

/** The maximum number of uncommitted input bytes. Above it, reading from the client pauses. */
const WINDOW = 65_536;

/** The gateway does not decompress input. */
const NO_INFLATING: InflateLimits = { inflateRatio: 1, inflateTotal: 0 };

/** Events of a held connection, for its gateway. */
export interface HeldEvents {
  /** The client has sent data, half-closed, or disconnected: see `takeNews`. */
  onNews(held: HeldConnection): void;
  /** The socket is closed. */
  onGone(held: HeldConnection): void;
  /** The operating system has accepted output. */
  onTaken(held: HeldConnection): void;
  onSent(count: number): void;
  onReceived(count: number): void;
}

/**
 * A client's connection, as the gateway holds it: the socket, the last committed state, and the
 * input after that state. A commit is applied completely: state, output, and the input position
 * that they cover. The next worker receives the state, and then the input after it.
 */
export class HeldConnection implements ConnectionHandler, ByteStreamEvents {
  /** The number of the connection in its gateway, from 1. */
  readonly number: number;
  readonly origin: Origin;
  /** The zone that it is in. */
  zone: string;
  /** The zone to return to, and how long the new zone may be without a worker before that. */
  back: { readonly zone: string; readonly by: number } | undefined;
  /** Why the next worker resumes the connection. */
  reason: ResumeReason = "restart";
  /** Identifies it at the worker of its zone; 0: that worker does not know it yet. */
  handle = 0;
  /** When it is aborted if the client does not read its last output. */
  closeBy: number = Infinity;
  /** Since when it has waited for a commit of a worker. */
  waitsSince: number;
  /** Whether the client was told to wait. */
  told = false;
  readonly #events: HeldEvents;
  readonly #stream: ByteStream;
  readonly #input: ByteLog = new ByteLog();
  /**
   * The half-close and the loss of the connection count as one more byte of input each. Each is the
   * message of its error, or empty.
   */
  #end: string | undefined;
  #error: string | undefined;
  #acked = 0;
  /** The input offset sent to the worker, and whether it knows of the half-close and the loss. */
  #told = 0;
  #toldEnd = false;
  #toldGone = false;
  readonly #parts: Map<string, string> = new Map();
  #committed = false;
  /** When a worker got to know it as a new client. */
  #welcomedAt: number;
  #closing = false;
  /** The number of output bytes since the connection was opened at the worker. */
  #written = 0;
  #reported = 0;

  constructor(
    number: number,
    connection: Connection,
    origin: Origin,
    zone: string,
    { codec, now, events }: {
      readonly codec: CompressionCodec;
      readonly now: number;
      readonly events: HeldEvents;
    },
  ) {
    this.number = number;
    this.origin = origin;
    this.zone = zone;
    this.waitsSince = this.#welcomedAt = now;
    this.#events = events;
    this.#stream = new ByteStream(connection, { limits: NO_INFLATING, codec }, this);
  }

  /** The socket, with its encryption and framing. */
  get connection(): Connection {
    return this.#stream.connection;
  }

  /** The number of input bytes that no commit covers yet. */
  get heldInput(): number {
    return this.#input.length;
  }

  /** The number of output bytes that the operating system has not accepted yet. */
  get queued(): number {
    return this.#stream.queued;
  }

  /** Whether it is closing, so that only the socket must still finish. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether the socket is closed. */
  get gone(): boolean {
    return this.#error !== undefined;
  }

  /** Whether it can be forgotten: the socket is closed, and no worker has to handle that. */
  get done(): boolean {
    return this.gone && (this.#closing || !this.#committed || this.#acked >= this.#total);
  }

  /** Whether the worker of its zone knows it. */
  get opened(): boolean {
    return this.handle !== 0;
  }

  /** Whether it waits for a commit of a worker. */
  get waits(): boolean {
    const arrives = !this.#committed || this.back !== undefined;
    return !this.#closing && (arrives || this.#acked < this.#total);
  }

  // Events of the socket.

  onData(chunk: Uint8Array): void {
    if (this.#closing) return;
    this.#input.append(chunk);
    if (this.#input.length >= WINDOW) this.#stream.reading = false;
    this.#events.onReceived(chunk.length);
    this.#events.onNews(this);
  }

  onEnd(error?: Error): void {
    this.#end = error?.message ?? "";
    this.#events.onNews(this);
  }

  onDrain(): void {
    this.#events.onTaken(this);
  }

  onClose(error?: Error): void {
    this.#error = error?.message ?? "";
    this.#stream.destroy();
    this.#events.onGone(this);
    this.#events.onNews(this);
  }

  // The gateway does not decompress input.

  onPlain(): void {}
  onUnseen(): void {}
  onPlainEnd(): void {}
  onCorrupt(): void {}

  onSent(count: number): void {
    this.#events.onSent(count);
  }

  // Records for a worker, and commits of a worker.

  /** Creates the record that opens it at a worker; {@linkcode takeNews} must follow. */
  open(handle: number, now: number): GatewayRecord {
    const { number, origin: { address, port, encrypted }, connection: { framed = false } } = this;
    this.handle = handle;
    this.#written = this.#reported = 0;
    this.#told = Math.min(this.#acked, this.#input.end);
    this.#toldEnd = this.#acked > this.#input.end;
    this.#toldGone = false;
    if (!this.#committed) this.#welcomedAt = now;
    return {
      type: "open",
      handle,
      number,
      address,
      port,
      encrypted,
      framed,
      compressing: this.#stream.compressing,
      acked: this.#acked,
      reason: this.#committed ? this.reason : undefined,
      connectedFor: Math.max(0, Math.round(now - this.#welcomedAt)),
      inputWaits: this.#acked < this.#input.end,
      parts: new Map(this.#parts),
    };
  }

  /** Takes the records that were not sent to the worker yet. */
  takeNews(): GatewayRecord[] {
    const { handle } = this;
    const news: GatewayRecord[] = [];
    if (this.#told < this.#input.end) {
      news.push({ type: "input", handle, bytes: this.#input.copy(this.#told) });
      this.#told = this.#input.end;
    }
    if (this.#end !== undefined && !this.#toldEnd) {
      this.#toldEnd = true;
      news.push({ type: "end", handle, error: this.#end });
    }
    if (this.#error !== undefined && !this.#toldGone) {
      this.#toldGone = true;
      news.push({ type: "closed", handle, error: this.#error });
    }
    return news;
  }

  /**
   * Applies a commit of the worker.
   *
   * @returns The zone that the connection moves to, if it does.
   * @throws {WireError} The commit does not fit the state; nothing was applied.
   */
  apply({ acked, changes, steps }: CommitRecord, now: number): string | undefined {
    const parts = this.#changed(changes);
    if (acked > this.#acked) this.#acked = Math.min(acked, this.#total);
    this.#input.dropBefore(this.#acked);
    if (this.#input.length < WINDOW / 2) this.#stream.reading = true;
    for (const [name, text] of parts) {
      if (text === "") this.#parts.delete(name);
      else this.#parts.set(name, text);
    }
    this.#committed ||= parts.size > 0;
    this.reason = "restart";
    this.back = undefined;
    this.told = false;
    this.waitsSince = now;
    let zone: string | undefined;
    for (const step of steps) {
      if (step.type === "move") zone = step.zone;
      else if (step.type === "close" || step.type === "abort") this.#closing = true;
      // A closed socket gets no output and no zlib stream.
      if (!this.gone) this.#act(step);
    }
    return zone;
  }

  /** Returns the texts of changed parts. */
  #changed(changes: CommitRecord["changes"]): Map<string, string> {
    const parts = new Map<string, string>();
    for (const [name, change] of changes) {
      const text = changedBy(change, this.#parts.get(name) ?? "");
      if (text === undefined) throw new WireError(`A change does not fit the part ${name}`);
      parts.set(name, text);
    }
    return parts;
  }

  #act(step: Step): void {
    switch (step.type) {
      case "write":
        this.#written += step.bytes.length;
        return this.#stream.write(step.bytes);
      case "compress":
        return step.on ? this.#stream.compress() : this.#stream.stopCompressing();
      case "close":
        return this.#stream.close(step.reason);
      case "abort":
        return this.connection.abort();
    }
  }

  /** Creates a record of the output that the operating system has accepted, if that has changed. */
  takeTaken(): GatewayRecord | undefined {
    const taken = this.#written - Math.min(this.#written, this.#stream.queued);
    if (taken === this.#reported || this.#closing) return undefined;
    this.#reported = taken;
    return { type: "taken", handle: this.handle, taken };
  }

  /** The name of the client's character set. */
  get encoding(): string {
    try {
      return JSON.parse(this.#parts.get("text") ?? "{}").encoding ?? "utf-8";
    } catch {
      return "utf-8";
    }
  }

  /** Sends bytes of the gateway between outputs of the worker. */
  say(bytes: Uint8Array): void {
    if (!this.#closing && !this.gone) this.#stream.write(bytes);
  }

  /** Closes it after its output is sent. The worker is informed when the socket is closed. */
  close(): void {
    if (this.#closing || this.gone) return;
    this.#closing = true;
    this.#stream.close("restarting");
  }

  get #total(): number {
    return this.#input.end + (this.#end === undefined ? 0 : 1) + (this.gone ? 1 : 0);
  }
}
