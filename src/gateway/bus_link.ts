import type { Bus } from "./bus.ts";
import { Link } from "./link.ts";
import { encodePacket, ENVELOPE } from "./messages.ts";

/** The maximum backlog of a link in bytes. Above it, no new records are sent. */
const MAX_BACKLOG = 4_194_304;
/** The maximum size of a packet in bytes: the other end begins with one while the next is made. */
const MAX_PACKET = 65_536;
/** How long a stopping end waits until the other ends have acknowledged its last messages. */
export const LAST_MS = 1_000;

/**
 * One end of a link, and the subject that its packets are sent to.
 *
 * @typeParam Waiting What can wait for room in the link: one side of a connection.
 */
export class BusLink<Waiting> {
  readonly link: Link;
  readonly #bus: Bus;
  readonly #subject: string;
  readonly #from: string;
  readonly number: number;
  readonly epoch: number;
  readonly #onNobody: (() => void) | undefined;
  /** Those that wait for room in the link. */
  readonly #waiting: Set<Waiting> = new Set();

  constructor(
    bus: Bus,
    { subject, from, number, epoch, onNobody }: {
      /** The subject of the other end. */
      readonly subject: string;
      /** The name of this end. */
      readonly from: string;
      readonly number: number;
      readonly epoch: number;
      /** Called if the bus knows that the subject has no subscriber. */
      readonly onNobody?: (() => void) | undefined;
    },
  ) {
    this.#bus = bus;
    this.#subject = subject;
    this.#from = from;
    this.number = number;
    this.epoch = epoch;
    this.#onNobody = onNobody;
    this.link = new Link(Math.min(bus.maxPayload, MAX_PACKET) - ENVELOPE);
  }

  /** Whether the link is full; if so, `one` waits for room: see {@linkcode takeWaiting}. */
  mustWait(one: Waiting): boolean {
    if (this.link.backlog <= MAX_BACKLOG) return false;
    this.#waiting.add(one);
    return true;
  }

  /** Forgets one that waits. */
  stopWaiting(one: Waiting): void {
    this.#waiting.delete(one);
  }

  /** Hands over those that wait, while the link has room for them. */
  takeWaiting(take: (one: Waiting) => void): void {
    for (const one of this.#waiting) {
      if (this.link.backlog > MAX_BACKLOG / 2) return;
      this.#waiting.delete(one);
      take(one);
    }
  }

  /** Reads a packet; calls `onInvalid` first if it throws, as the state of the link is unusable then. */
  receive(bytes: Uint8Array, now: number, onInvalid: () => void): Uint8Array[] {
    try {
      return this.link.receive(bytes, now);
    } catch (error) {
      onInvalid();
      throw error;
    }
  }

  /** Sends the packets that are due. */
  flush(now: number): void {
    for (const packet of this.link.takePackets(now)) this.#publish(packet);
  }

  /** Sends a heartbeat. */
  beat(): void {
    this.#publish(this.link.beat());
  }

  #publish(bytes: Uint8Array): void {
    const { number, epoch } = this;
    const packet = encodePacket({ from: this.#from, link: number, epoch, bytes });
    this.#bus.publish(this.#subject, packet, this.#onNobody);
  }
}
