/**
 * The bus of gateways and workers on NATS: messages on core NATS, zones in a JetStream key-value
 * bucket.
 *
 * Any program that may publish under the prefix can act as any player. Give the game its own NATS
 * account, and use TLS if the broker is on another machine.
 *
 * @example
 * ```ts ignore
 * import { connect } from "npm:@nats-io/transport-node@3.4.0";
 * import { Kvm } from "npm:@nats-io/kv@3.4.0";
 * import { natsBus } from "@miniboa/miniboa/gateway/nats";
 *
 * const nats = await connect({ servers: "nats://127.0.0.1", maxReconnectAttempts: -1 });
 * const kv = await new Kvm(nats).create("boa_zones", { storage: "file" });
 * const bus = natsBus(nats, { prefix: "boa", kv });
 * ```
 *
 * @module
 */
import { checkFunction, rejectUnknownKeys, throwUnexpected } from "../protocol/validate.ts";
import { TelnetError, throwMisuse } from "../protocol/error.ts";
import type { Bus, BusSubscription, LeaseEntry, LeaseStore } from "./bus.ts";

export type * from "./bus.ts";

/** A message, as `@nats-io/nats-core` delivers it. */
export interface NatsMessage {
  /** Its subject. */
  readonly subject: string;
  /** Its bytes. */
  readonly data: Uint8Array;
  /** Its headers; a status message of the broker has a code. */
  readonly headers?: { readonly code: number } | undefined;
}

/** The part of a connection of `@nats-io/nats-core` that the bus uses. */
export interface NatsConnection {
  /** Sends a message. */
  publish(subject: string, payload?: Uint8Array, options?: { reply?: string }): void;
  /** Subscribes to a subject, which may end in `*`. */
  subscribe(
    subject: string,
    options?: { callback?: (error: Error | null, message: NatsMessage) => void },
  ): { unsubscribe(): void };
  /** Information from the broker. */
  readonly info?: { readonly max_payload: number } | undefined;
  /** Settles when the connection is closed for good. */
  closed?(): Promise<unknown>;
  /** Whether it is closed for good. */
  isClosed?(): boolean;
}

/** The part of a bucket of `@nats-io/kv` that the bus uses. */
export interface NatsKv {
  /** Reads an entry. */
  get(
    key: string,
  ): Promise<
    { readonly value: Uint8Array; readonly revision: number; readonly operation: string } | null
  >;
  /** Creates an entry; fails if it exists. */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Updates an entry; fails if it has another revision. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
}

/** Options of `natsBus()`. */
export interface NatsBusOptions {
  /** The first word of all subjects, so that several games can share a broker. Default `"boa"`. */
  readonly prefix?: string | undefined;
  /**
   * The bucket that records which worker serves a zone, such as `await new
   * Kvm(nats).create("boa_zones")`. It must use file storage, which survives a restart of the
   * broker. A process with only a gateway needs none. Default: none.
   */
  readonly kv?: NatsKv | undefined;
}

/** The default maximum payload of NATS. */
const MAX_PAYLOAD = 1_048_576;
/** The maximum number of subjects whose `onNobody` is kept. */
const MAX_WATCHED = 1_024;
/** The status with which the broker reports that a subject has no subscriber. */
const NO_RESPONDERS = 503;
/** The JetStream errors for a revision that does not match. */
const WRONG_SEQUENCE: readonly unknown[] = [10_071, 10_164];

/**
 * Creates a bus on your connection to NATS. Connect with `maxReconnectAttempts: -1`, so that the
 * client reconnects however long the broker is away.
 *
 * @param nats A connection of `@nats-io/transport-node` or `@nats-io/nats-core`.
 * @param options The prefix of the subjects, and the bucket for the zones.
 * @returns The bus, for `Gateway.listen()` and `joinZone()`.
 * @throws {TelnetError} `misuse`: `nats` is no connection, or the options are invalid.
 */
export function natsBus(nats: NatsConnection, options: NatsBusOptions = {}): Bus {
  rejectUnknownKeys("natsBus", options, { prefix: true, kv: true });
  if (typeof nats?.publish !== "function" || typeof nats.subscribe !== "function") {
    throwUnexpected("the connection", "one of @nats-io/transport-node", nats);
  }
  const { prefix = "boa", kv } = options;
  if (typeof prefix !== "string" || !/^[\w-]+(\.[\w-]+)*$/.test(prefix)) {
    throwUnexpected(
      "natsBus.prefix",
      "words of letters, digits, - and _, with dots between",
      prefix,
    );
  }
  if (kv !== undefined) {
    for (const method of ["get", "create", "update"] as const) {
      checkFunction(`natsBus.kv.${method}`, kv?.[method]);
    }
  }
  return new NatsBus(nats, prefix, kv);
}

class NatsBus implements Bus {
  readonly maxPayload: number;
  readonly leases: LeaseStore;
  readonly closed: Promise<unknown> | undefined;
  readonly #nats: NatsConnection;
  readonly #prefix: string;
  /**
   * The reply subject on which the broker reports a missing subscriber. Its last word identifies
   * the subject.
   */
  #inbox: string | undefined;
  readonly #nobody: Map<string, () => void> = new Map();

  constructor(nats: NatsConnection, prefix: string, kv: NatsKv | undefined) {
    this.maxPayload = nats.info?.max_payload ?? MAX_PAYLOAD;
    this.#nats = nats;
    this.#prefix = prefix;
    this.closed = nats.closed?.();
    this.leases = kv === undefined ? NO_LEASES : kvLeases(kv, prefix);
  }

  publish(subject: string, payload: Uint8Array, onNobody?: () => void): void {
    try {
      const reply = onNobody && this.#replyFor(subject, onNobody);
      this.#nats.publish(`${this.#prefix}.${subject}`, payload, reply ? { reply } : {});
    } catch {
      // A closed connection loses messages, like a broken one.
    }
  }

  subscribe(subject: string, onMessage: (payload: Uint8Array) => void): BusSubscription {
    const callback = (error: Error | null, message: NatsMessage) => {
      if (error !== null) return;
      // Use a plain Uint8Array: slice() of Node's Buffer does not copy.
      const { buffer, byteOffset, length } = message.data;
      onMessage(new Uint8Array(buffer, byteOffset, length));
    };
    let subscription: { unsubscribe(): void };
    try {
      subscription = this.#nats.subscribe(`${this.#prefix}.${subject}`, { callback });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (this.#nats.isClosed?.() !== true) {
        throw new TelnetError("io", `Cannot subscribe to ${subject} on NATS: ${reason}`, { cause });
      }
      const text = "Cannot use the bus: its connection to NATS is closed, so connect again";
      throw new TelnetError("connection-lost", text, { cause });
    }
    return { close: () => ignoreClosed(() => subscription.unsubscribe()) };
  }

  #replyFor(subject: string, onNobody: () => void): string {
    if (this.#inbox === undefined) {
      const inbox = `_INBOX.${crypto.randomUUID()}`;
      this.#inbox = inbox;
      this.#nats.subscribe(`${inbox}.*`, {
        callback: (error, message) => {
          if (error !== null || message.headers?.code !== NO_RESPONDERS) return;
          this.#nobody.get(message.subject.slice(inbox.length + 1))?.();
        },
      });
    }
    const word = subject.replaceAll(".", "-");
    this.#nobody.set(word, onNobody);
    if (this.#nobody.size > MAX_WATCHED) {
      for (const oldest of this.#nobody.keys()) {
        this.#nobody.delete(oldest);
        break;
      }
    }
    return `${this.#inbox}.${word}`;
  }
}

/** Without a bucket no worker can serve a zone. */
const NO_LEASES: LeaseStore = { read: () => throwNoBucket(), write: () => throwNoBucket() };

function throwNoBucket(): never {
  throwMisuse(
    'Cannot join a zone without a bucket: give natsBus() `kv: await new Kvm(nats).create("boa_zones")`',
  );
}

/** The entries have the prefix in their keys, too: several games may share a bucket. */
function kvLeases(kv: NatsKv, prefix: string): LeaseStore {
  return {
    read: async (name): Promise<LeaseEntry | undefined> => {
      const entry = await kv.get(`${prefix}.${name}`);
      if (entry === null || entry.operation !== "PUT") return undefined;
      return { value: entry.value, revision: entry.revision };
    },
    write: async (name, value, revision) => {
      const key = `${prefix}.${name}`;
      try {
        if (revision === undefined) return await kv.create(key, value);
        return await kv.update(key, value, revision);
      } catch (error) {
        if (WRONG_SEQUENCE.includes((error as { code?: unknown } | null)?.code)) return undefined;
        throw error;
      }
    },
  };
}

function ignoreClosed(call: () => void): void {
  try {
    call();
  } catch {
    // The connection is closed already, with all its subscriptions.
  }
}
