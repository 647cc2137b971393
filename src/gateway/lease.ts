import { isTelnetError, TelnetError } from "../protocol/error.ts";
import type { Bus, LeaseEntry, Timer } from "./bus.ts";
import { encodeControl, workerSubject } from "./messages.ts";
import { WIRE_VERSION } from "./records.ts";
import { waitUntil } from "./waiting.ts";

/** How often somebody who waits for a zone looks at its entry, in milliseconds. */
const LOOK_MS = 100;
/** How long the worker before has to leave when it is asked to. */
const YIELD_MS = 1_500;

/** Who serves a zone: what the entry of the zone says. */
interface Holder {
  /** The worker; "": nobody, at the moment. */
  readonly worker: string;
  /** The format of the game's state. */
  readonly version: string;
  /** The format of what the library itself sends. */
  readonly wire: number;
}

/** How a worker wants a zone. */
export interface LeaseRequest {
  readonly bus: Bus;
  readonly timer: Timer;
  readonly zone: string;
  readonly worker: string;
  readonly version: string;
  /** Versions of the state that this worker can go on with, beside its own. */
  readonly accepts: readonly string[];
  readonly takeOver: boolean;
  /** How long an entry counts that nobody has renewed, in milliseconds. */
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
  /** Has `gone` called when a worker is known to be gone, or to have left. */
  onGone(gone: (worker: string) => void): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a worker has of a zone while it serves it. */
export class Lease {
  /** Grows with each worker: a message of a lower one counts no more. */
  readonly epoch: number;
  readonly #request: LeaseRequest;
  #revision: number;
  #busy: Promise<void> | undefined;

  private constructor(request: LeaseRequest, revision: number) {
    this.#request = request;
    this.epoch = this.#revision = revision;
  }

  /** Waits for a zone, and takes it. */
  static async acquire(request: LeaseRequest): Promise<Lease> {
    const { bus, timer, zone, worker, takeOver, duration, signal } = request;
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
      const free = held === "" || held === gone || now - seenAt >= duration ||
        now - askedAt >= YIELD_MS;
      // Its own: a write whose answer was lost has counted all the same.
      if (entry !== undefined && held === worker) return new Lease(request, entry.revision);
      if (free) {
        const revision = await write(request, entry?.revision, worker).catch(() => undefined);
        if (revision !== undefined) return new Lease(request, revision);
        await waitUntil(timer, () => false, timer.now() + 1);
        continue;
      }
      // Where nobody listens the worker is gone, and its time need not be waited for.
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
   * Renews it.
   *
   * @returns Whether the zone is still this worker's: it is where the store cannot be reached.
   */
  async renew(): Promise<boolean> {
    const { worker } = this.#request;
    try {
      const revision = await write(this.#request, this.#revision, worker);
      if (revision !== undefined) {
        this.#revision = revision;
        return true;
      }
      // A renewal whose answer was lost has counted all the same.
      const entry = await this.#request.bus.leases.read(this.#request.zone);
      if (entry === undefined || holderOf(entry)?.worker !== worker) return false;
      this.#revision = entry.revision;
      return true;
    } catch {
      return true;
    }
  }

  /** Gives the zone back. */
  async release(): Promise<void> {
    await this.#busy;
    try {
      await write(this.#request, this.#revision, "");
    } catch {
      // Then it ends by itself.
    }
  }

  /** Renews it unless a renewal is under way. */
  renewOnce(lost: () => void): void {
    this.#busy ??= this.renew().then((mine) => {
      this.#busy = undefined;
      if (!mine) lost();
    });
  }
}

const PROBE = { type: "probe" } as const;

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
  { bus, zone, version }: LeaseRequest,
  revision: number | undefined,
  worker: string,
): Promise<number | undefined> {
  const holder: Holder = { worker, version, wire: WIRE_VERSION };
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

/** A worker that cannot read what the people of the zone have kept must not take it. */
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
