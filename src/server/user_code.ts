import { callUserCode } from "../session/call_user_code.ts";
import type { Session } from "../session/session.ts";
import { printError } from "./default_handlers.ts";
import type { TelnetClient } from "./client.ts";

/** Handles an error of the game's code; a method's type, as for the other handlers. */
export type ErrorHandler<Client> = {
  handle(error: unknown, client: Client | undefined): unknown;
}["handle"];

/** Calls the game's code. A failure drops at most one client, and never stops the server. */
export class UserCode<Client extends TelnetClient> {
  readonly #clients: ReadonlyMap<Session, Client>;
  readonly #onError: ErrorHandler<Client>;
  readonly #wake: () => void;
  readonly #clock: () => number;
  /** The total time that the game's code has taken, in milliseconds. */
  time = 0;
  #failures: (() => void)[] = [];
  #stopped = false;
  /** Whether the game's code is running. */
  #running = false;

  constructor(
    clients: ReadonlyMap<Session, Client>,
    onError: ErrorHandler<Client>,
    wake: () => void,
    clock: () => number,
  ) {
    this.#clock = clock;
    this.#clients = clients;
    this.#onError = onError;
    this.#wake = wake;
  }

  /** Calls a handler for a client; if it fails, the client is dropped. */
  run(session: Session, handler: (client: Client) => unknown): void {
    const start = this.#running ? Infinity : this.#clock();
    this.#running = true;
    this.shield(session, handler);
    if (start === Infinity) return;
    this.#running = false;
    this.time += this.#clock() - start;
  }

  /** The same as `run`, but the time is not counted as the game's. */
  shield(session: Session, handler: (client: Client) => unknown): void {
    const client = this.#clients.get(session);
    if (client === undefined) return;
    const fail = (error: unknown) => this.#fail(session, client, error);
    const later = (error: unknown) => this.#later(() => fail(error));
    const pending = callUserCode(() => handler(client), fail, later);
    if (pending !== undefined) session.delivery.trackHandler(pending);
  }

  /** Calls a handler that belongs to no client. */
  call(handler: () => unknown): void {
    callUserCode(handler, (error) => this.report(error, undefined));
  }

  /** Reports an error to the game. */
  report(error: unknown, client: Client | undefined): void {
    callUserCode(
      () => this.#onError(error, client),
      (secondError) => printError(secondError, client),
    );
  }

  /** Reports an error at the next poll, without dropping the client. */
  reportLater(session: Session, error: unknown): void {
    this.#later(() => this.report(error, this.#clients.get(session)));
  }

  /** Whether there are failures to report. */
  get waiting(): boolean {
    return this.#failures.length > 0;
  }

  /** Reports the queued failures. */
  reportWaiting(): void {
    if (this.#failures.length === 0) return;
    for (const fail of this.#failures.splice(0)) fail();
  }

  /** Reports failures at once from now on, because no poll follows. */
  stop(): void {
    this.#stopped = true;
  }

  #fail(session: Session, client: Client, error: unknown): void {
    this.report(error, client);
    session.leave("handler-failed", error);
  }

  /** Reports a rejected promise at the next poll, because all handlers run within a poll. */
  #later(fail: () => void): void {
    if (this.#stopped) return fail();
    this.#failures.push(fail);
    this.#wake();
  }
}
