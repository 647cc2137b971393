import type { Bus } from "./bus.ts";
import { Link } from "./link.ts";
import { encodePacket, ENVELOPE } from "./messages.ts";

/** While the other end has not taken so many bytes, nothing more is begun for it. */
export const MAX_BACKLOG = 4_194_304;
/** How long the other ends have to take the last messages when this one stops. */
export const LAST_MS = 1_000;

/** One end of a link with where its packets go. */
export class BusLink {
  readonly link: Link;
  readonly #bus: Bus;
  readonly #subject: string;
  readonly #from: string;
  readonly number: number;
  readonly epoch: number;
  readonly #onNobody: (() => void) | undefined;

  constructor(
    bus: Bus,
    { subject, from, number, epoch, onNobody }: {
      /** Where the other end listens. */
      readonly subject: string;
      /** What this end is called. */
      readonly from: string;
      readonly number: number;
      readonly epoch: number;
      /** Called if it is known that nobody listens there. */
      readonly onNobody?: (() => void) | undefined;
    },
  ) {
    this.#bus = bus;
    this.#subject = subject;
    this.#from = from;
    this.number = number;
    this.epoch = epoch;
    this.#onNobody = onNobody;
    this.link = new Link(bus.maxPayload - ENVELOPE);
  }

  /** Sends the packets that are due. */
  flush(now: number): void {
    for (const packet of this.link.takePackets(now)) this.#publish(packet);
  }

  /** Tells that this end lives. */
  beat(): void {
    this.#publish(this.link.beat());
  }

  #publish(bytes: Uint8Array): void {
    const { number, epoch } = this;
    const packet = encodePacket({ from: this.#from, link: number, epoch, bytes });
    this.#bus.publish(this.#subject, packet, this.#onNobody);
  }
}
