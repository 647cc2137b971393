import { isTelnetError, TelnetError } from "../protocol/error.ts";
import type { Bus, LeaseEntry, Timer } from "./bus.ts";
import { encodeControl, PROBE, workerSubject } from "./messages.ts";
import { WIRE_VERSION } from "./records.ts";
import { waitUntil } from "./waiting.ts";

/** How often a waiting worker reads the entry of a zone, in milliseconds. */
const LOOK_MS = 100;
/** How long a worker has to leave its zone after it was asked to, in milliseconds. */
const YIELD_MS = 1_500;

/** The content of a zone's entry: the worker that serves it. */
interface Holder {
  /** The worker; "": none at the moment. */
  readonly worker: string;
  /** The format of the game's state. */
  readonly version: string;
  /** The version of the library's messages. */
  readonly wire: number;
  /** How long the entry is valid without a renewal, in milliseconds. */
  readonly duration?: number;
}

/** A worker's request for a zone. */
export interface LeaseRequest {
  readonly bus: Bus;
  readonly timer: Timer;
  readonly zone: string;
  readonly worker: string;
  readonly version: string;
  /** Versions of the state that this worker can read, in addition to its own. */
  readonly accepts: readonly string[];
  readonly takeOver: boolean;
  /** How long an entry is valid without a renewal, in milliseconds. */
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
  /** Registers `gone`, which is called when a worker is known to be gone or to have left. */
  onGone(gone: (worker: string) => void): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The lease of a zone, which a worker holds while it serves the zone. */
export class Lease {
  /** Increases with each worker; messages with a lower epoch are ignored. */
  readonly epoch: number;
  readonly #request: LeaseRequest;
  #revision: number;
  #busy: Promise<void> | undefined;

  private constructor(request: LeaseRequest, revision: number) {
    this.#request = request;
    this.epoch = this.#revision = revision;
  }

  /** Waits until a zone is free, and acquires its lease. */
  static async acquire(request: LeaseRequest): Promise<Lease> {
    const { bus, timer, zone, worker, takeOver, signal } = request;
    let [seen, seenAt, askedAt] = [-1, 0, Infinity];
    let [gone, woken] = ["", false];
    request.onGone((name) => {
      gone = name;
      woken = true;
    });
    while (true) {
      signal?.throwIfAborted();
      const entry = await read(request);
      const holder = holderOf(entry);
      if (holder !== undefined) check(request, holder);
      const now = timer.now();
      if (entry !== undefined && entry.revision !== seen) [seen, seenAt] = [entry.revision, now];
      const held = holder?.worker ?? "";
      const duration = holder?.duration ?? request.duration;
      const free = held === "" || held === gone || now - seenAt >= duration ||
        now - askedAt >= YIELD_MS;
      // The entry is this worker's own: its write has succeeded, but the reply was lost.
      if (entry !== undefined && held === worker) return new Lease(request, entry.revision);
      if (free) {
        const revision = await write(request, entry?.revision, worker).catch(() => undefined);
        if (revision !== undefined) return new Lease(request, revision);
        await waitUntil(timer, () => false, timer.now() + 1);
        continue;
      }
      // If nothing subscribes to the worker's subject, it is gone, and its lease need not expire.
      const nobody = () => {
        gone = held;
        woken = true;
      };
      const control = takeOver ? { type: "yield", zone, to: worker } as const : PROBE;
      bus.publish(workerSubject(held), encodeControl(control), nobody);
      if (takeOver) askedAt = Math.min(askedAt, now);
      await waitUntil(timer, () => woken, timer.now() + LOOK_MS);
      woken = false;
    }
  }

  /**
   * Renews the lease.
   *
   * @returns Whether this worker still holds the zone; also `true` if the store cannot be reached.
   */
  async renew(): Promise<boolean> {
    const { worker } = this.#request;
    try {
      const revision = await write(this.#request, this.#revision, worker);
      if (revision !== undefined) {
        this.#revision = revision;
        return true;
      }
      // An earlier renewal may have succeeded although its reply was lost.
      const entry = await this.#request.bus.leases.read(this.#request.zone);
      if (entry === undefined || holderOf(entry)?.worker !== worker) return false;
      this.#revision = entry.revision;
      return true;
    } catch {
      return true;
    }
  }

  /** Releases the zone. */
  async release(): Promise<void> {
    await this.#busy;
    try {
      await write(this.#request, this.#revision, "");
    } catch {
      // The lease expires by itself.
    }
  }

  /** Renews the lease, unless a renewal is in progress. */
  renewOnce(lost: () => void): void {
    this.#busy ??= this.renew().then((mine) => {
      this.#busy = undefined;
      if (!mine) lost();
    });
  }
}

async function read({ bus, timer, zone, signal }: LeaseRequest): Promise<LeaseEntry | undefined> {
  while (true) {
    try {
      return await bus.leases.read(zone);
    } catch (error) {
      if (isTelnetError(error)) throw error;
      signal?.throwIfAborted();
      await waitUntil(timer, () => false, timer.now() + LOOK_MS);
    }
  }
}

function write(
  { bus, zone, version, duration }: LeaseRequest,
  revision: number | undefined,
  worker: string,
): Promise<number | undefined> {
  const holder: Holder = { worker, version, wire: WIRE_VERSION, duration };
  return bus.leases.write(zone, encoder.encode(JSON.stringify(holder)), revision);
}

function holderOf(entry: LeaseEntry | undefined): Holder | undefined {
  if (entry === undefined) return undefined;
  try {
    return JSON.parse(decoder.decode(entry.value));
  } catch {
    return undefined;
  }
}

/** Throws if this worker cannot read the saved state of the zone. */
function check({ zone, version, accepts }: LeaseRequest, holder: Holder): void {
  if (holder.wire !== WIRE_VERSION) {
    throw new TelnetError(
      "unsupported",
      `Cannot join the zone "${zone}": its people are kept in format ${holder.wire} of this ` +
        `library, and this is ${WIRE_VERSION}; stop its workers and gateways first`,
    );
  }
  if (holder.version === version || accepts.includes(holder.version)) return;
  throw new TelnetError(
    "unsupported",
    `Cannot join the zone "${zone}": its state is of version "${holder.version}"; name it in ` +
      `\`accepts\` if this game can read it`,
  );
}
