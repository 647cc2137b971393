import type { CompressionCodec } from "../transport/compression.ts";
import type { CloseReason, Connection } from "../transport/transport.ts";
import {
  type ByteStreamEvents,
  CompressionLayer,
  type InflateLimits,
  type Stream,
} from "./compression_layer.ts";

/** The byte stream of a session: its connection, with compression and START-TLS if agreed. */
export class ByteStream {
  /** The connection; START-TLS replaces it. */
  connection: Connection;
  readonly #limits: InflateLimits;
  readonly #codec: CompressionCodec | undefined;
  readonly #events: ByteStreamEvents;
  /** The connection, or the compression layer once there is one. */
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

  /** Takes received bytes. */
  receive(chunk: Uint8Array): void {
    if (this.#layer === undefined) this.#events.onPlain(chunk, false);
    else this.#layer.receive(chunk);
  }

  /** Takes the end of the client's bytes. */
  end(): void {
    if (this.#layer === undefined) this.#events.onPlainEnd();
    else this.#layer.end();
  }

  /** Sends bytes. */
  write(bytes: Uint8Array): void {
    if (this.#layer === undefined) this.#events.onSent(bytes.length);
    this.#stream.write(bytes);
  }

  /** Output bytes that the system has not accepted yet. */
  get queued(): number {
    return this.#stream.queued;
  }

  /** Resumes or pauses reading. */
  set reading(on: boolean) {
    if (on === this.#reading) return;
    this.#reading = on;
    if (on) this.#stream.resume();
    else this.#stream.pause();
  }

  /** Closes the connection after the queued output is sent. */
  close(reason: CloseReason = "done"): void {
    this.connection.closesFor?.(reason);
    this.#stream.close();
  }

  /** Frees the compression streams. */
  destroy(): void {
    this.#layer?.destroy();
  }

  /** Whether output is compressed, here or by a durable connection. */
  get compressing(): boolean {
    return this.#layer?.compressing === true || this.connection.durable?.compressing === true;
  }

  /** Whether this process compresses output or decompresses input. */
  get compressed(): boolean {
    return this.#layer?.compressing === true || this.#layer?.decompressing === true;
  }

  /** Received bytes that the connection or the inflater holds. */
  get held(): number {
    return (this.connection.held ?? 0) + (this.#layer?.inflating ?? 0);
  }

  /** Whether there is a compression layer, so that START-TLS is not possible. */
  get layered(): boolean {
    return this.#layer !== undefined;
  }

  /** Whether a compression codec is available. */
  get canCompress(): boolean {
    return this.#codec !== undefined;
  }

  /** Compresses further output; a durable connection does this itself. */
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

  /** Decompresses the client's bytes: those already received, and all that follow. */
  decompress(received: readonly Uint8Array[], ended: boolean): void {
    const layer = this.#layered();
    layer?.decompress();
    for (const chunk of received) layer?.receive(chunk);
    if (ended) layer?.end();
  }

  /** Replaces the connection with an encrypted one. */
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
