/**
 * What carries the messages of gateways and workers: anything that delivers messages by subject, at most
 * once, and keeps small entries that can be compared and set. `natsBus()` makes one of NATS, and
 * `MemoryBus` is one for tests.
 */
export interface Bus {
  /** The most bytes of one message. */
  readonly maxPayload: number;
  /**
   * Sends a message to all who have subscribed to its subject. It may be lost, as where the broker is
   * away; it must not come changed.
   *
   * @param subject Words of letters, digits, `-` and `_`, with dots between.
   * @param payload The message; it does not change afterwards.
   * @param onNobody Called if it is known that nobody has subscribed.
   */
  publish(subject: string, payload: Uint8Array, onNobody?: () => void): void;
  /**
   * Has messages of a subject handed over, in the order in which one sender sent them, mostly.
   *
   * @param subject The whole subject.
   * @param onMessage Gets each message; the bytes are its own to keep. It does not throw.
   * @returns What ends it.
   */
  subscribe(subject: string, onMessage: (payload: Uint8Array) => void): BusSubscription;
  /** Entries that say who serves a zone. They outlive the broker's own restart. */
  readonly leases: LeaseStore;
}

/** A subscription. */
export interface BusSubscription {
  /** Ends it. */
  close(): void;
}

/** Small entries, each with a revision that only grows, over all entries. */
export interface LeaseStore {
  /**
   * Reads an entry.
   *
   * @param name Its name.
   * @returns The entry; `undefined`: there is none.
   * @throws If the store cannot be reached.
   */
  read(name: string): Promise<LeaseEntry | undefined>;
  /**
   * Writes an entry, if nobody else has written it since.
   *
   * @param name Its name.
   * @param value What to write.
   * @param revision The revision that it must have; `undefined`: it must not be there.
   * @returns Its new revision; `undefined`: somebody else has written it.
   * @throws If the store cannot be reached; it may have been written all the same.
   */
  write(name: string, value: Uint8Array, revision: number | undefined): Promise<number | undefined>;
}

/** An entry. */
export interface LeaseEntry {
  /** What was written. */
  readonly value: Uint8Array;
  /** Its revision. */
  readonly revision: number;
}

/** Where gateways and workers take the time from; a test gives its own. */
export interface Timer {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /**
   * Calls something again and again.
   *
   * @param milliseconds How often.
   * @param call What to call.
   * @returns What ends it.
   */
  every(milliseconds: number, call: () => void): () => void;
}

/** The runtime's own. */
export const systemTimer: Timer = {
  now: () => performance.now(),
  every(milliseconds, call) {
    const timer = setInterval(call, milliseconds);
    return () => clearInterval(timer);
  },
};
