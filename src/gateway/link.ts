import { joinBytes } from "../protocol/bytes.ts";
import { ByteLog } from "./byte_log.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** The first retransmission timeout. */
const RESEND_MS = 200;
/** The maximum retransmission timeout; the timeout doubles until it is acknowledged. */
const MAX_RESEND_MS = 2_000;
/** How long an acknowledgement waits for a packet with data that can carry it. */
const ACK_DELAY_MS = 20;
/** After this many received bytes an acknowledgement is sent without a delay. */
const ACK_BYTES = 65_536;
/** The maximum number of bytes in flight, so that the broker's queues stay short. */
const WINDOW = 1_048_576;
/** The maximum length of a message. */
const MAX_MESSAGE = 67_108_864;
/** The maximum length of a packet's header: two numbers. */
const PACKET_OVERHEAD = 16;

/**
 * One end of a link. A link delivers messages exactly once, complete and in order, over a bus that
 * may lose, duplicate and reorder packets. Both ends work alike. The messages form one byte stream,
 * with a length before each. A packet has a piece of the stream with its offset, and an
 * acknowledgement: the offset up to which this end has received the other's stream.
 *
 * - **send**: {@linkcode send}, then {@linkcode takePackets} now and whenever {@linkcode next} is due
 * - **receive**: {@linkcode receive} returns the messages that are complete
 *
 * It has no clock, no timer and no I/O.
 */
export class Link {
  readonly #maxBytes: number;
  readonly #writer: WireWriter = new WireWriter();
  /** Bytes that the other end has not acknowledged. */
  readonly #unacked: ByteLog = new ByteLog();
  /** The offset up to which bytes were sent; goes back for a retransmission. */
  #sent = 0;
  /** The time of the next retransmission. */
  #resendAt = Infinity;
  #resendAfter = RESEND_MS;
  /** The offset up to which the other end's stream was received, and pieces after a gap. */
  #received = 0;
  readonly #ahead: Map<number, Uint8Array> = new Map();
  #aheadBytes = 0;
  /** The received part of an incomplete message. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #needed = 1;
  #ackAt = Infinity;
  #ackedThere = 0;

  /**
   * Starts with nothing sent or received.
   *
   * @param maxPacket The maximum size of a packet in bytes.
   */
  constructor(maxPacket: number) {
    this.#maxBytes = maxPacket - PACKET_OVERHEAD;
  }

  /** Sends a message. */
  send(message: Uint8Array): void {
    this.#unacked.append(this.#writer.bytes(message).take());
  }

  /** The offset after all messages. When `acked` reaches it, the other end has all of them. */
  get end(): number {
    return this.#unacked.end;
  }

  /** The number of bytes that the other end has not acknowledged. */
  get backlog(): number {
    return this.end - this.acked;
  }

  /** The offset up to which the other end has acknowledged this end's stream. */
  get acked(): number {
    return this.#unacked.start;
  }

  /** When `takePackets` must be called if nothing else happens; `Infinity`: never. */
  get next(): number {
    return Math.min(this.#resendAt, this.#ackAt);
  }

  /** Takes the packets that are due. */
  takePackets(now: number): Uint8Array[] {
    if (now >= this.#resendAt) {
      this.#sent = this.acked;
      this.#resendAfter = Math.min(2 * this.#resendAfter, MAX_RESEND_MS);
      this.#resendAt = Infinity;
    }
    const packets: Uint8Array[] = [];
    while (this.#sent < this.end && this.#sent - this.acked < WINDOW) {
      const piece = this.#unacked.copy(this.#sent, this.#maxBytes);
      packets.push(this.#packet(this.#sent, piece));
      this.#sent += piece.length;
    }
    if (packets.length > 0 && this.#resendAt === Infinity) this.#resendAt = now + this.#resendAfter;
    if (packets.length === 0 && now >= this.#ackAt) packets.push(this.beat());
    if (packets.length > 0) this.#acknowledged();
    return packets;
  }

  /** Returns a packet without data: a heartbeat with an acknowledgement. */
  beat(): Uint8Array {
    this.#acknowledged();
    return this.#packet(this.#sent, new Uint8Array(0));
  }

  /**
   * Handles a packet of the other end.
   *
   * @returns The messages that are complete now.
   * @throws {WireError} The packet is invalid.
   */
  receive(packet: Uint8Array, now: number): Uint8Array[] {
    const reader = new WireReader(packet);
    const offset = reader.number();
    this.#takeAck(reader.number(), now);
    const bytes = reader.rest();
    if (bytes.length === 0) return [];
    const messages: Uint8Array[] = [];
    if (offset > this.#received) this.#keepAhead(offset, bytes, now);
    else if (offset + bytes.length <= this.#received) this.#ackAt = now; // a duplicate
    else {
      this.#append(bytes.subarray(this.#received - offset), messages);
      this.#takeAhead(messages);
      if (this.#ackAt === Infinity) this.#ackAt = now + ACK_DELAY_MS;
      if (this.#received - this.#ackedThere >= ACK_BYTES) this.#ackAt = now;
    }
    return messages;
  }

  #acknowledged(): void {
    this.#ackAt = Infinity;
    this.#ackedThere = this.#received;
  }

  #packet(offset: number, bytes: Uint8Array): Uint8Array {
    return this.#writer.number(offset).number(this.#received).raw(bytes).take();
  }

  #takeAck(acked: number, now: number): void {
    if (acked > this.end) throw new WireError("More is acknowledged than was sent");
    if (acked <= this.acked) return;
    this.#unacked.dropBefore(acked);
    this.#sent = Math.max(this.#sent, acked);
    this.#resendAfter = RESEND_MS;
    this.#resendAt = this.#sent > acked ? now + RESEND_MS : Infinity;
  }

  /** Keeps a piece that arrived after a gap, and acknowledges without a delay. */
  #keepAhead(offset: number, bytes: Uint8Array, now: number): void {
    this.#ackAt = now;
    if (this.#ahead.has(offset) || this.#aheadBytes + bytes.length > WINDOW) return;
    this.#ahead.set(offset, bytes);
    this.#aheadBytes += bytes.length;
  }

  #takeAhead(messages: Uint8Array[]): void {
    let found = this.#ahead.size > 0;
    while (found) {
      found = false;
      for (const [offset, bytes] of this.#ahead) {
        if (offset > this.#received) continue;
        this.#ahead.delete(offset);
        this.#aheadBytes -= bytes.length;
        const known = this.#received - offset;
        if (known < bytes.length) this.#append(bytes.subarray(known), messages);
        found = true;
      }
    }
  }

  /** Appends the next bytes of the stream, and collects the messages that they complete. */
  #append(bytes: Uint8Array, messages: Uint8Array[]): void {
    this.#received += bytes.length;
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
    if (this.#partBytes < this.#needed) return;
    const stream = joinBytes(this.#parts);
    let at = 0;
    while (at < stream.length) {
      const start = lengthAt(stream, at);
      if (start === undefined || start.from + start.length > stream.length) {
        this.#needed = start === undefined
          ? stream.length - at + 1
          : start.from - at + start.length;
        break;
      }
      messages.push(stream.subarray(start.from, start.from + start.length));
      at = start.from + start.length;
      this.#needed = 1;
    }
    const rest = stream.subarray(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#partBytes = rest.length;
  }
}

/** Reads the length of the next message; `undefined`: the length itself is incomplete. */
function lengthAt(
  stream: Uint8Array,
  at: number,
): { readonly length: number; readonly from: number } | undefined {
  let [length, scale, from] = [0, 1, at];
  while (true) {
    const byte = stream[from++];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * scale;
    if (length > MAX_MESSAGE) throw new WireError("A message is too long");
    if (byte < 0x80) return { length, from };
    scale *= 0x80;
  }
}
