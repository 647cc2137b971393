/**
 * The bus of gateways and workers on NATS: messages on its core, zones in a bucket of JetStream.
 *
 * Whoever may publish under the prefix can act as any player. Give the game an account of its own, and
 * TLS where the broker is on another machine.
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
import { throwMisuse } from "../protocol/error.ts";
import type { Bus, BusSubscription, LeaseEntry, LeaseStore } from "./bus.ts";

export type * from "./bus.ts";

/** A message as `@nats-io/nats-core` gives it. */
export interface NatsMessage {
  /** Its subject. */
  readonly subject: string;
  /** Its bytes. */
  readonly data: Uint8Array;
  /** Its headers; a status of the broker has a code. */
  readonly headers?: { readonly code: number } | undefined;
}

/** What is used of a connection of `@nats-io/nats-core`. */
export interface NatsConnection {
  /** Sends a message. */
  publish(subject: string, payload?: Uint8Array, options?: { reply?: string }): void;
  /** Subscribes to a subject, which may end in `*`. */
  subscribe(
    subject: string,
    options?: { callback?: (error: Error | null, message: NatsMessage) => void },
  ): { unsubscribe(): void };
  /** What the broker says of itself. */
  readonly info?: { readonly max_payload: number } | undefined;
}

/** What is used of a bucket of `@nats-io/kv`. */
export interface NatsKv {
  /** Reads an entry. */
  get(
    key: string,
  ): Promise<
    { readonly value: Uint8Array; readonly revision: number; readonly operation: string } | null
  >;
  /** Writes an entry that is not there. */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Writes an entry that is of a revision. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
}

/** How to use NATS. */
export interface NatsBusOptions {
  /** The first word of all subjects, so that several games can share a broker. Default `"boa"`. */
  readonly prefix?: string | undefined;
  /**
   * The bucket that says who serves a zone, such as `await new Kvm(nats).create("boa_zones")`. Its
   * storage must be the file, which outlives the broker. A gateway alone needs none. Default: none.
   */
  readonly kv?: NatsKv | undefined;
}

/** What NATS assumes where it does not say. */
const MAX_PAYLOAD = 1_048_576;
/** Of so many subjects it is watched whether somebody listens. */
const MAX_WATCHED = 1_024;
/** The status by which the broker says that nobody has subscribed. */
const NO_RESPONDERS = 503;
/** The errors of JetStream by which it says that somebody else has written. */
const WRONG_SEQUENCE: readonly unknown[] = [10_071, 10_164];

/**
 * Makes a bus of your connection to NATS. Connect it with `maxReconnectAttempts: -1`, so that it comes back
 * whenever the broker does.
 *
 * @param nats A connection of `@nats-io/transport-node` or `@nats-io/nats-core`.
 * @param options The prefix of the subjects, and the bucket for the zones.
 * @returns The bus, for `Gateway.listen()` and `joinZone()`.
 * @throws {TelnetError} `misuse`: no connection, or invalid options.
 */
export function natsBus(nats: NatsConnection, options: NatsBusOptions = {}): Bus {
  rejectUnknownKeys("natsBus", options, { prefix: true, kv: true });
  if (typeof nats?.publish !== "function" || typeof nats.subscribe !== "function") {
    throwUnexpected("the connection", "one of @nats-io/transport-node", nats);
  }
  const { prefix = "boa", kv } = options;
  if (!/^[\w-]+(\.[\w-]+)*$/.test(prefix)) {
    throwUnexpected(
      "natsBus.prefix",
      "words of letters, digits, - and _, with dots between",
      prefix,
    );
  }
  if (kv !== undefined) checkFunction("natsBus.kv.update", kv?.update);
  return new NatsBus(nats, prefix, kv);
}

class NatsBus implements Bus {
  readonly maxPayload: number;
  readonly leases: LeaseStore;
  readonly #nats: NatsConnection;
  readonly #prefix: string;
  /** Where the broker says that nobody has subscribed, by the last word of the subject. */
  #inbox: string | undefined;
  readonly #nobody: Map<string, () => void> = new Map();

  constructor(nats: NatsConnection, prefix: string, kv: NatsKv | undefined) {
    this.maxPayload = nats.info?.max_payload ?? MAX_PAYLOAD;
    this.#nats = nats;
    this.#prefix = prefix;
    this.leases = kv === undefined ? NO_LEASES : kvLeases(kv);
  }

  publish(subject: string, payload: Uint8Array, onNobody?: () => void): void {
    try {
      const reply = onNobody && this.#replyFor(subject, onNobody);
      this.#nats.publish(`${this.#prefix}.${subject}`, payload, reply ? { reply } : {});
    } catch {
      // A connection that is closed loses messages as one that is broken does.
    }
  }

  subscribe(subject: string, onMessage: (payload: Uint8Array) => void): BusSubscription {
    const subscription = this.#nats.subscribe(`${this.#prefix}.${subject}`, {
      callback: (error, message) => {
        if (error !== null) return;
        // A Buffer of Node is cut and copied otherwise than other bytes are.
        const { buffer, byteOffset, length } = message.data;
        onMessage(new Uint8Array(buffer, byteOffset, length));
      },
    });
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

/** Where there is no bucket nobody can serve a zone. */
const NO_LEASES: LeaseStore = { read: () => throwNoBucket(), write: () => throwNoBucket() };

function throwNoBucket(): never {
  throwMisuse(
    'Cannot join a zone without a bucket: give natsBus() `kv: await new Kvm(nats).create("boa_zones")`',
  );
}

function kvLeases(kv: NatsKv): LeaseStore {
  return {
    read: async (name): Promise<LeaseEntry | undefined> => {
      const entry = await kv.get(name);
      if (entry === null || entry.operation !== "PUT") return undefined;
      return { value: entry.value, revision: entry.revision };
    },
    write: async (name, value, revision) => {
      try {
        if (revision === undefined) return await kv.create(name, value);
        return await kv.update(name, value, revision);
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
    // It is closed already, with all its subscriptions.
  }
}
