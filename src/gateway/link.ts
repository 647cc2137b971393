import { joinBytes } from "../protocol/bytes.ts";
import { ByteLog } from "./byte_log.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

/** How long sent bytes wait for their acknowledgement before they are sent again. */
const RESEND_MS = 200;
/** The wait doubles while nothing comes back, up to this. */
const MAX_RESEND_MS = 2_000;
/** How long an acknowledgement waits for a packet to go with. */
const ACK_DELAY_MS = 20;
/** So many bytes are acknowledged at once. */
const ACK_BYTES = 65_536;
/** So many bytes may be under way, so that no queue of the broker grows. */
const WINDOW = 1_048_576;
/** A longer message is none of this library. */
const MAX_MESSAGE = 67_108_864;
/** What a packet has beside its bytes: two numbers. */
const PACKET_OVERHEAD = 16;

/**
 * One end of a link: messages that come once, whole, and in order, over a bus that loses, doubles and
 * reorders. Both ends are the same. Messages are one stream of bytes, each behind its length; a packet
 * is a piece of it with its offset, and says up to where this end has the other's stream.
 *
 * - **send**: {@linkcode send}, then {@linkcode takePackets} now and whenever {@linkcode next} is due
 * - **receive**: {@linkcode receive} returns the messages that are whole
 *
 * Pure: it has no clock and no timer.
 */
export class Link {
  readonly #maxBytes: number;
  readonly #writer: WireWriter = new WireWriter();
  /** What the other end has not acknowledged. */
  readonly #unacked: ByteLog = new ByteLog();
  /** Up to where it was sent; less than before where it is sent again. */
  #sent = 0;
  /** When the first byte that is under way is given up. */
  #resendAt = Infinity;
  #resendAfter = RESEND_MS;
  /** Up to where the other end's stream is here, and pieces behind a gap. */
  #received = 0;
  readonly #ahead: Map<number, Uint8Array> = new Map();
  #aheadBytes = 0;
  /** What came of a message that is not whole. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #needed = 1;
  #ackAt = Infinity;
  #ackedThere = 0;

  /**
   * Begins with nothing sent or received.
   *
   * @param maxPacket The most bytes of a packet.
   */
  constructor(maxPacket: number) {
    this.#maxBytes = maxPacket - PACKET_OVERHEAD;
  }

  /** Sends a message. */
  send(message: Uint8Array): void {
    this.#unacked.append(this.#writer.bytes(message).take());
  }

  /** The offset behind all that was sent: once `acked` is there, the other end has it all. */
  get end(): number {
    return this.#unacked.end;
  }

  /** How many bytes the other end does not have yet, as far as is known. */
  get backlog(): number {
    return this.end - this.acked;
  }

  /** Up to where the other end has this one's stream. */
  get acked(): number {
    return this.#unacked.start;
  }

  /** When `takePackets` has something, if nothing else happens; `Infinity`: never. */
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

  /** A packet without bytes: it tells that this end lives, and how far it is. */
  beat(): Uint8Array {
    this.#acknowledged();
    return this.#packet(this.#sent, new Uint8Array(0));
  }

  /**
   * Takes a packet of the other end.
   *
   * @returns The messages that are whole now.
   * @throws {WireError} It is no packet.
   */
  receive(packet: Uint8Array, now: number): Uint8Array[] {
    const reader = new WireReader(packet);
    const offset = reader.number();
    this.#takeAck(reader.number(), now);
    const bytes = reader.rest();
    if (bytes.length === 0) return [];
    const messages: Uint8Array[] = [];
    if (offset > this.#received) this.#keepAhead(offset, bytes, now);
    else if (offset + bytes.length <= this.#received) this.#ackAt = now; // it came before
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

  /** A piece is missing: what comes behind it is kept, and the other end is told at once. */
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

  /** Takes the next bytes of the stream, and the messages that are whole by them. */
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

/** The length of the message that begins here; `undefined`: that is not whole itself. */
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
