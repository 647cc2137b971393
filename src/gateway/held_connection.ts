import type { Origin } from "../guard/origin.ts";
import { ByteStream } from "../session/byte_stream.ts";
import type { ByteStreamEvents, InflateLimits } from "../session/compression_layer.ts";
import type { CompressionCodec } from "../transport/compression.ts";
import type { Connection, ConnectionHandler, ResumeReason } from "../transport/transport.ts";
import { ByteLog } from "./byte_log.ts";
import type { CommitRecord, GatewayRecord } from "./records.ts";

/** More input than this is not read from a person before the worker has taken some. */
const WINDOW = 65_536;

/** Nothing of what comes is inflated here. */
const NO_INFLATING: InflateLimits = { inflateRatio: 1, inflateTotal: 0 };

/** What a held connection tells its gateway. */
export interface HeldEvents {
  /** The person sent something, or nothing more, or is gone: see `takeNews`. */
  onNews(held: HeldConnection): void;
  /** The socket is gone. */
  onGone(held: HeldConnection): void;
  /** The system has taken output. */
  onTaken(held: HeldConnection): void;
  onSent(count: number): void;
  onReceived(count: number): void;
}

/**
 * One person's connection, as the gateway holds it: the input that no state has yet, the state as it was
 * last committed, and the socket. A commit is applied whole: state, output, and up to where the input is
 * part of them. Whoever serves the person next gets the state, and then the input behind it.
 */
export class HeldConnection implements ConnectionHandler, ByteStreamEvents {
  /** Counts from 1 in its gateway. */
  readonly number: number;
  readonly origin: Origin;
  /** The zone that it is in. */
  zone: string;
  /** The zone that it is to come back to, and until when it may stay without a worker. */
  back: { readonly zone: string; readonly by: number } | undefined;
  /** Why the next worker finds it as it is. */
  reason: ResumeReason = "restart";
  /** Stands for it where the worker that serves its zone was told of it; 0: it was not. */
  handle = 0;
  /** When it is given up that does not read its last output. */
  closeBy: number = Infinity;
  /** When it began to wait for a worker that does something with it. */
  waitsSince: number;
  /** Whether the person was told to wait. */
  told = false;
  readonly #events: HeldEvents;
  readonly #stream: ByteStream;
  readonly #input: ByteLog = new ByteLog();
  /** The end and the loss of the connection count as one more byte of input each. */
  #ended = false;
  #error: string | undefined;
  #acked = 0;
  /** What of the input the worker was told, and whether it knows of the end and the loss. */
  #told = 0;
  #toldEnd = false;
  #toldGone = false;
  readonly #parts: Map<string, string> = new Map();
  #committed = false;
  #closing = false;
  /** Output since it was opened for the worker. */
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
    this.waitsSince = now;
    this.#events = events;
    this.#stream = new ByteStream(connection, { limits: NO_INFLATING, codec }, this);
  }

  /** The socket, encrypted or framed as it is. */
  get connection(): Connection {
    return this.#stream.connection;
  }

  /** How many bytes of input no state has yet. */
  get heldInput(): number {
    return this.#input.length;
  }

  /** How many bytes of output the system has not taken. */
  get queued(): number {
    return this.#stream.queued;
  }

  /** Whether the worker has closed it: then only the socket is to be waited for. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether the socket is gone. */
  get gone(): boolean {
    return this.#error !== undefined;
  }

  /** Whether nobody needs it any more: the socket is gone, and no worker has to act on that. */
  get done(): boolean {
    return this.gone && (this.#closing || !this.#committed || this.#acked >= this.#total);
  }

  /** Whether the worker that serves its zone was told of it. */
  get opened(): boolean {
    return this.handle !== 0;
  }

  /** Whether anything waits for a worker. */
  get waits(): boolean {
    return !this.#closing && (!this.#committed || this.#acked < this.#total);
  }

  // What the socket reports.

  onData(chunk: Uint8Array): void {
    if (this.#closing) return;
    this.#input.append(chunk);
    if (this.#input.length >= WINDOW) this.#stream.reading = false;
    this.#events.onReceived(chunk.length);
    this.#events.onNews(this);
  }

  onEnd(): void {
    this.#ended = true;
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

  // Nothing that comes is compressed.

  onPlain(): void {}
  onUnseen(): void {}
  onPlainEnd(): void {}
  onCorrupt(): void {}

  onSent(count: number): void {
    this.#events.onSent(count);
  }

  // What a worker is told, and what it does.

  /** Tells a worker that has never heard of it what it has to know; {@linkcode takeNews} follows. */
  open(handle: number): GatewayRecord {
    const { number, origin: { address, port, encrypted }, connection: { framed = false } } = this;
    this.handle = handle;
    this.#written = this.#reported = 0;
    this.#told = Math.min(this.#acked, this.#input.end);
    this.#toldEnd = this.#acked > this.#input.end;
    this.#toldGone = false;
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
      parts: new Map(this.#parts),
    };
  }

  /** What the worker was not told yet. */
  takeNews(): GatewayRecord[] {
    const { handle } = this;
    const news: GatewayRecord[] = [];
    if (this.#told < this.#input.end) {
      news.push({ type: "input", handle, bytes: this.#input.copy(this.#told) });
      this.#told = this.#input.end;
    }
    if (this.#ended && !this.#toldEnd) {
      this.#toldEnd = true;
      news.push({ type: "end", handle });
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
   * @returns The zone that it moves to, where it does.
   */
  apply({ acked, parts, steps }: CommitRecord, now: number): string | undefined {
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
    // To a socket that is gone nothing is written, and no zlib stream is begun.
    for (const step of this.gone ? [] : steps) {
      switch (step.type) {
        case "write":
          this.#written += step.bytes.length;
          this.#stream.write(step.bytes);
          break;
        case "compress":
          if (step.on) this.#stream.compress();
          else this.#stream.stopCompressing();
          break;
        case "close":
          this.#closing = true;
          this.#stream.close(step.reason);
          break;
        case "abort":
          this.#closing = true;
          this.connection.abort();
          break;
        case "move":
          zone = step.zone;
      }
    }
    return zone;
  }

  /** How much output the system has taken, where that is more than was told. */
  takeTaken(): GatewayRecord | undefined {
    const taken = this.#written - Math.min(this.#written, this.#stream.queued);
    if (taken === this.#reported || this.#closing) return undefined;
    this.#reported = taken;
    return { type: "taken", handle: this.handle, taken };
  }

  /** The name of the person's character set. */
  get encoding(): string {
    try {
      return JSON.parse(this.#parts.get("text") ?? "{}").encoding ?? "utf-8";
    } catch {
      return "utf-8";
    }
  }

  /** Sends something between the worker's outputs. */
  say(bytes: Uint8Array): void {
    if (!this.#closing && !this.gone) this.#stream.write(bytes);
  }

  /** Closes it when all is out; the worker is told when it is gone. */
  close(): void {
    if (this.#closing || this.gone) return;
    this.#closing = true;
    this.#stream.close("restarting");
  }

  get #total(): number {
    return this.#input.end + (this.#ended ? 1 : 0) + (this.gone ? 1 : 0);
  }
}
