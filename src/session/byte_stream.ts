import type { CompressionCodec } from "../transport/compression.ts";
import type { CloseReason, Connection } from "../transport/transport.ts";
import {
  type ByteStreamEvents,
  CompressionLayer,
  type InflateLimits,
  type Stream,
} from "./compression_layer.ts";

/** A connection as the session uses it: another once it is encrypted, compressed where that is agreed. */
export class ByteStream {
  /** The connection; another one once it is encrypted. */
  connection: Connection;
  readonly #limits: InflateLimits;
  readonly #codec: CompressionCodec | undefined;
  readonly #events: ByteStreamEvents;
  /** The connection itself, or the layer once something is compressed. */
  #stream: Stream;
  #layer: CompressionLayer | undefined;
  #reading = true;

  constructor(
    connection: Connection,
    { limits, codec }: {
      readonly limits: InflateLimits;
      readonly codec: CompressionCodec | undefined;
    },
    events: ByteStreamEvents,
  ) {
    this.connection = this.#stream = connection;
    this.#limits = limits;
    this.#codec = codec;
    this.#events = events;
  }

  /** Takes bytes of the client as they came. */
  receive(chunk: Uint8Array): void {
    if (this.#layer === undefined) this.#events.onPlain(chunk, false);
    else this.#layer.receive(chunk);
  }

  /** The client sends no more. */
  end(): void {
    if (this.#layer === undefined) this.#events.onPlainEnd();
    else this.#layer.end();
  }

  /** Sends bytes. */
  write(bytes: Uint8Array): void {
    if (this.#layer === undefined) this.#events.onSent(bytes.length);
    this.#stream.write(bytes);
  }

  /** How many bytes the system has not taken. */
  get queued(): number {
    return this.#stream.queued;
  }

  /** Reads on, or not. */
  set reading(on: boolean) {
    if (on === this.#reading) return;
    this.#reading = on;
    if (on) this.#stream.resume();
    else this.#stream.pause();
  }

  /** Closes when all is out. */
  close(reason: CloseReason = "done"): void {
    this.connection.closesFor?.(reason);
    this.#stream.close();
  }

  /** Frees what the compression holds. */
  destroy(): void {
    this.#layer?.destroy();
  }

  /** Whether what is sent is compressed. */
  get compressing(): boolean {
    return this.#layer?.compressing === true || this.connection.durable?.compressing === true;
  }

  /** Whether anything is compressed by this process, either way. */
  get compressed(): boolean {
    return this.#layer?.compressing === true || this.#layer?.decompressing === true;
  }

  /** What came and waits in the connection or in what inflates it. */
  get held(): number {
    return (this.connection.held ?? 0) + (this.#layer?.inflating ?? 0);
  }

  /** Whether a layer lies between, which START-TLS cannot go under. */
  get layered(): boolean {
    return this.#layer !== undefined;
  }

  /** Whether compression can be used. */
  get canCompress(): boolean {
    return this.#codec !== undefined;
  }

  /** Compresses what is written from here on; a durable connection does so itself. */
  compress(): void {
    const { durable } = this.connection;
    if (durable !== undefined) durable.compress(true);
    else this.#layered()?.compress();
  }

  /** Ends the compressed stream; plain bytes follow. */
  stopCompressing(): void {
    this.connection.durable?.compress(false);
    this.#layer?.stopCompressing();
  }

  /** Takes bytes of the client as compressed: those that came already, and all that follow. */
  decompress(received: readonly Uint8Array[], ended: boolean): void {
    const layer = this.#layered();
    layer?.decompress();
    for (const chunk of received) layer?.receive(chunk);
    if (ended) layer?.end();
  }

  /** Goes on over another connection, which encrypts. */
  replace(connection: Connection): void {
    this.connection = this.#stream = connection;
  }

  #layered(): CompressionLayer | undefined {
    if (this.#layer !== undefined || this.#codec === undefined) return this.#layer;
    this.#layer = new CompressionLayer(this.connection, this.#codec, this.#limits, this.#events);
    this.#stream = this.#layer;
    return this.#layer;
  }
}
