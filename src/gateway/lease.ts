import { isTelnetError, TelnetError } from "../protocol/error.ts";
import type { Bus, LeaseEntry, Timer } from "./bus.ts";
import { encodeControl, PROBE, workerSubject } from "./messages.ts";
import { WIRE_VERSION } from "./records.ts";
import { callUserCode } from "../session/call_user_code.ts";
import { waitUntil } from "./waiting.ts";

/** How often a waiting worker reads the entry of a zone, in milliseconds. */
const LOOK_MS = 100;
/**
 * How long a worker that was asked to leave its zone may neither leave nor renew its lease, in
 * milliseconds; at least half of its lease.
 */
const YIELD_MS = 1_500;
/** How long the store must fail until that is reported, and how often, in milliseconds. */
const FAILING_MS = 2_000;
const REPORT_MS = 10_000;

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
  /** What is added to a revision to get an epoch. Default 0. */
  readonly base?: number;
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
  /** Called if the store cannot be used for some time. */
  readonly onError: (error: unknown) => void;
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
  readonly #base: number;
  #revision: number;
  #busy: Promise<void> | undefined;

  private constructor(request: LeaseRequest, revision: number, base: number) {
    this.#request = request;
    this.#base = base;
    this.#revision = revision;
    this.epoch = base + revision;
  }

  /** Waits until a zone is free, and acquires its lease. */
  static async acquire(request: LeaseRequest): Promise<Lease> {
    const { bus, timer, zone, worker, takeOver, signal } = request;
    let [seen, seenAt, askedAt] = [-1, 0, Infinity];
    let [gone, woken] = ["", false];
    const [unread, unwritten] = [new StoreFaults(request), new StoreFaults(request)];
    request.onGone((name) => {
      gone = name;
      woken = true;
    });
    while (true) {
      signal?.throwIfAborted();
      const entry = await read(request, unread);
      const holder = holderOf(entry);
      if (holder !== undefined) check(request, holder);
      const now = timer.now();
      if (entry !== undefined && entry.revision !== seen) [seen, seenAt] = [entry.revision, now];
      const held = holder?.worker ?? "";
      const { duration = request.duration, base = 0 } = holder ?? {};
      // A worker that renews its lease is still in its turn.
      const asked = Math.max(askedAt, seenAt);
      const free = held === "" || held === gone || now - seenAt >= duration ||
        now - asked >= Math.max(YIELD_MS, duration / 2);
      // The entry is this worker's own: its write has succeeded, but the reply was lost.
      if (entry !== undefined && held === worker) return new Lease(request, entry.revision, base);
      if (free) {
        const written = write(request, { revision: entry?.revision, worker, base });
        const revision = await written.catch((error) => unwritten.failed(error));
        if (revision !== undefined) return new Lease(request, revision, base);
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
      const revision = await this.#write(this.#revision, worker, this.#base);
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
      await this.#write(this.#revision, "", this.#base);
    } catch {
      // The lease expires by itself.
    }
  }

  /**
   * Releases the zone with epochs above one that a gateway knows, if the store still names this
   * worker: a lower epoch means that the store has begun anew.
   *
   * @returns Whether it does.
   */
  async raise(above: number): Promise<boolean> {
    const { bus, zone, worker } = this.#request;
    await this.#busy;
    try {
      const entry = await bus.leases.read(zone);
      if (entry === undefined || holderOf(entry)?.worker !== worker) return false;
      const base = Math.max(this.#base, above - entry.revision);
      return await this.#write(entry.revision, "", base) !== undefined;
    } catch {
      return false;
    }
  }

  #write(revision: number, worker: string, base: number): Promise<number | undefined> {
    return write(this.#request, { revision, worker, base });
  }

  /** Renews the lease, unless a renewal is in progress. */
  renewOnce(lost: () => void): void {
    this.#busy ??= this.renew().then((mine) => {
      this.#busy = undefined;
      if (!mine) lost();
    });
  }
}

/** Reports a store that fails for some time. */
class StoreFaults {
  readonly #request: LeaseRequest;
  #since: number | undefined;
  #reportedAt = -Infinity;

  constructor(request: LeaseRequest) {
    this.#request = request;
  }

  worked(): void {
    this.#since = undefined;
  }

  failed(error: unknown): undefined {
    const { timer, zone, onError } = this.#request;
    const now = timer.now();
    this.#since ??= now;
    if (now - this.#since < FAILING_MS || now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    const reason = error instanceof Error ? error.message : String(error);
    const failure = new TelnetError(
      "io",
      `Cannot join the zone "${zone}" yet: the store of the zones fails (${reason}); does its ` +
        "bucket exist?",
      { cause: error },
    );
    callUserCode(() => onError(failure), () => {});
  }
}

async function read(
  { bus, timer, zone, signal }: LeaseRequest,
  faults: StoreFaults,
): Promise<LeaseEntry | undefined> {
  while (true) {
    try {
      const entry = await bus.leases.read(zone);
      faults.worked();
      return entry;
    } catch (error) {
      if (isTelnetError(error)) throw error;
      faults.failed(error);
      signal?.throwIfAborted();
      await waitUntil(timer, () => false, timer.now() + LOOK_MS);
    }
  }
}

function write(
  { bus, zone, version, duration }: LeaseRequest,
  { revision, worker, base }: {
    readonly revision: number | undefined;
    readonly worker: string;
    readonly base: number;
  },
): Promise<number | undefined> {
  const holder: Holder = { worker, version, wire: WIRE_VERSION, duration, base };
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
