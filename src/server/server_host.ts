import type { Session } from "../session/session.ts";
import type {
  SessionCounters,
  SessionEvents,
  SessionHost,
  SessionSettings,
  Wake,
} from "../session/session_host.ts";
import type { SecureContext } from "../transport/encryption.ts";
import type { TelnetClient } from "./client.ts";
import type { Scheduler } from "./scheduler.ts";
import type { UserCode } from "./user_code.ts";

/** The game's handlers, by event name. */
export type EventHandlers<Client> = {
  readonly [Name in keyof SessionEvents]?: EventHandler<Client, SessionEvents[Name]>;
};

/** A handler. It has a method's type, so that a `TelnetServer<Player>` is a `TelnetServer` too. */
type EventHandler<Client, Value> = { handle(client: Client, value: Value): unknown }["handle"];

/** The parts of a server that its sessions use. */
export interface ServerHostParts<Client extends TelnetClient> {
  readonly settings: SessionSettings & { readonly handlers: EventHandlers<Client> };
  readonly counters: SessionCounters & {
    violation(kind: SessionEvents["violation"]["kind"]): void;
  };
  readonly scheduler: Scheduler;
  /** Has a session's `tick` called at a time. */
  timed(session: Session, time: number): void;
  readonly userCode: UserCode<Client>;
  readonly clock: () => number;
  readonly timeOfDay: () => number;
  /** The time of the current poll; between polls, the clock's time. */
  now(): number;
  secureContext(): SecureContext | undefined;
  draining(): boolean;
}

/** Connects the sessions to their server. */
export class ServerHost<Client extends TelnetClient> implements SessionHost<Session> {
  readonly settings: SessionSettings;
  readonly counters: SessionCounters;
  readonly clock: () => number;
  readonly #parts: ServerHostParts<Client>;

  constructor(parts: ServerHostParts<Client>) {
    this.#parts = parts;
    this.settings = parts.settings;
    this.counters = parts.counters;
    this.clock = parts.clock;
  }

  get secureContext(): SecureContext | undefined {
    return this.#parts.secureContext();
  }

  get draining(): boolean {
    return this.#parts.draining();
  }

  now(): number {
    return this.#parts.now();
  }

  timeOfDay(): number {
    return this.#parts.timeOfDay();
  }

  wake(session: Session, what: Wake): void {
    this.#parts.scheduler.wake(session, what);
  }

  taken(session: Session, more: boolean): void {
    this.#parts.scheduler.taken(session, more);
  }

  timed(session: Session, time: number): void {
    this.#parts.timed(session, time);
  }

  listens(event: keyof SessionEvents): boolean {
    return this.#parts.settings.handlers[event] !== undefined;
  }

  emit<Name extends keyof SessionEvents>(
    session: Session,
    name: Name,
    value: SessionEvents[Name],
  ): void {
    const { counters, settings, userCode } = this.#parts;
    if (name === "violation") counters.violation((value as SessionEvents["violation"]).kind);
    const handler = settings.handlers[name];
    if (handler !== undefined) userCode.run(session, (client) => handler(client, value));
  }

  run(session: Session, call: () => unknown): void {
    this.#parts.userCode.run(session, call);
  }

  shield(session: Session, call: () => unknown): void {
    this.#parts.userCode.shield(session, call);
  }

  report(session: Session, error: unknown): void {
    this.#parts.userCode.reportLater(session, error);
  }
}
