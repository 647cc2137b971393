/**
 * A message bus for gateways and workers. It delivers messages by subject, at most once, and stores
 * small entries with compare-and-set. `natsBus()` creates one on NATS; `MemoryBus` is one for
 * tests.
 */
export interface Bus {
  /** The maximum size of a message in bytes. */
  readonly maxPayload: number;
  /**
   * Sends a message to all subscribers of its subject. The message may be lost, for example while
   * the broker is unreachable, but it must not be altered.
   *
   * @param subject Words of letters, digits, `-` and `_`, with dots between.
   * @param payload The message; it does not change afterwards.
   * @param onNobody Called if the bus knows that there is no subscriber.
   */
  publish(subject: string, payload: Uint8Array, onNobody?: () => void): void;
  /**
   * Subscribes to a subject. Messages of one sender usually arrive in the order in which they were
   * sent.
   *
   * @param subject The whole subject.
   * @param onMessage Receives each message, and may keep its bytes. It must not throw.
   * @returns The subscription.
   */
  subscribe(subject: string, onMessage: (payload: Uint8Array) => void): BusSubscription;
  /** Entries that record which worker serves a zone. They must survive a restart of the broker. */
  readonly leases: LeaseStore;
  /**
   * Settles when the bus is closed for good, so that no message comes any more. Without it, a
   * closed bus looks like one whose broker is unreachable. Default: none.
   */
  readonly closed?: Promise<unknown> | undefined;
}

/** A subscription. */
export interface BusSubscription {
  /** Ends the subscription. */
  close(): void;
}

/**
 * A store of small entries. Each write gets a higher revision than all writes before, to any entry.
 */
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
   * Writes an entry if its revision has not changed (compare-and-set).
   *
   * @param name Its name.
   * @param value The new value.
   * @param revision The revision that the entry must have; `undefined`: the entry must not exist.
   * @returns Its new revision; `undefined`: the entry has another revision.
   * @throws If the store cannot be reached; the entry may have been written anyway.
   */
  write(name: string, value: Uint8Array, revision: number | undefined): Promise<number | undefined>;
}

/** An entry. */
export interface LeaseEntry {
  /** Its value. */
  readonly value: Uint8Array;
  /** Its revision. */
  readonly revision: number;
}

/** The clock and timers of gateways and workers; tests can replace them. */
export interface Timer {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /**
   * Calls a function repeatedly.
   *
   * @param milliseconds The interval.
   * @param call The function.
   * @returns A function that stops the calls.
   */
  every(milliseconds: number, call: () => void): () => void;
}

/** The runtime's clock and timers. */
export const systemTimer: Timer = {
  now: () => performance.now(),
  every(milliseconds, call) {
    const timer = setInterval(call, milliseconds);
    return () => clearInterval(timer);
  },
};
