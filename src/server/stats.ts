import { REFUSAL_KINDS, type RefusalKind } from "../guard/refusal.ts";
import {
  type ClientViolationKind,
  DISCONNECT_REASONS,
  type DisconnectReason,
} from "../guard/violations.ts";

/** Statistics of a server: current values, totals since the start, and rates. */
export interface ServerStats {
  /** Seconds since the start. */
  readonly uptime: number;
  /** Clients that are connected. */
  readonly connections: number;
  /** Connections that are not clients yet: the PROXY header, TLS or HTTP handshake is not done. */
  readonly handshakes: number;
  /** Connections that the server has finished with, but whose sockets are still open. */
  readonly closing: number;
  /** Clients that are currently over a rate, so that reading from them is paused. */
  readonly throttled: number;
  /** Output bytes that the system has not accepted yet. */
  readonly queuedOutput: number;
  /** Input bytes that wait for `poll()`. */
  readonly queuedInput: number;
  /** Estimated bytes that the server holds of what clients sent, typed and reported. */
  readonly memoryUsed: number;
  /** Lines that wait for `getCommand()`. */
  readonly queuedLines: number;
  /** Connections that became clients. */
  readonly accepted: number;
  /** Refused connections, by kind. */
  readonly refused: Readonly<Record<RefusalKind, number>>;
  /** Disconnected clients, by reason. */
  readonly disconnected: Readonly<Record<DisconnectReason, number>>;
  /** Protocol errors of clients, and limits that they reached, by kind. */
  readonly violations: Readonly<Partial<Record<ClientViolationKind, number>>>;
  /** Bytes received from clients. */
  readonly bytesReceived: number;
  /** Bytes handed to the network. */
  readonly bytesSent: number;
  /** Lines that clients sent. */
  readonly lines: number;
  /** Negotiations, commands and subnegotiations that clients sent. */
  readonly negotiations: number;
  /** Connections that the system could not accept. */
  readonly acceptErrors: number;
  /** Health checks by trusted proxies; these connections never become clients. */
  readonly healthChecks: number;
  /** HTTP requests that were answered with a page or an error. */
  readonly httpRequests: number;
  /** Rates over the latest measured interval, which is at least a second. */
  readonly rates: ServerRates;
}

/** Rates of a server, per second. */
export interface ServerRates {
  /** Connections that became clients. */
  readonly accepted: number;
  /** Refused connections. */
  readonly refused: number;
  /** Lines that clients sent. */
  readonly lines: number;
  /** Bytes received from clients. */
  readonly bytesReceived: number;
  /** Bytes handed to the network. */
  readonly bytesSent: number;
}

/** The shortest interval over which rates are measured, in milliseconds. */
const SPAN_MS = 1_000;

/** The counters of a running server. They are plain fields because hot code increments them. */
export class Counters {
  accepted = 0;
  bytesReceived = 0;
  bytesSent = 0;
  lines = 0;
  negotiations = 0;
  acceptErrors = 0;
  healthChecks = 0;
  httpRequests = 0;
  readonly #startedAt: number;
  readonly refused: Record<RefusalKind, number> = zeros(REFUSAL_KINDS);
  readonly disconnected: Record<DisconnectReason, number> = zeros(DISCONNECT_REASONS);
  readonly violations: Partial<Record<ClientViolationKind, number>> = {};
  #rates: ServerRates = { accepted: 0, refused: 0, lines: 0, bytesReceived: 0, bytesSent: 0 };
  #before: ServerRates = this.#rates;
  #since: number;
  /** When to compute the rates again. */
  #due: number;

  constructor(now: number) {
    this.#startedAt = this.#since = now;
    this.#due = now + SPAN_MS;
  }

  /** Counts a protocol error of a client, or a limit that it reached. */
  violation(kind: ClientViolationKind): void {
    this.violations[kind] = (this.violations[kind] ?? 0) + 1;
  }

  /** Computes the rates, if `SPAN_MS` have passed. */
  measure(now: number): void {
    if (now < this.#due) return;
    const { accepted, lines, bytesReceived, bytesSent } = this;
    const refused = Object.values(this.refused).reduce((sum, count) => sum + count, 0);
    const total = { accepted, refused, lines, bytesReceived, bytesSent };
    const before = this.#before;
    const seconds = (now - this.#since) / 1000;
    const rate = (name: keyof ServerRates) => (total[name] - before[name]) / seconds;
    this.#rates = {
      accepted: rate("accepted"),
      refused: rate("refused"),
      lines: rate("lines"),
      bytesReceived: rate("bytesReceived"),
      bytesSent: rate("bytesSent"),
    };
    this.#before = total;
    this.#since = now;
    this.#due = now + SPAN_MS;
  }

  /** Returns a copy of all counters. */
  take(now: number): Omit<ServerStats, "connections" | "handshakes" | "closing" | Gauges> {
    this.measure(now);
    const { accepted, bytesReceived, bytesSent, lines, negotiations, acceptErrors, healthChecks } =
      this;
    return {
      uptime: (now - this.#startedAt) / 1000,
      accepted,
      refused: { ...this.refused },
      disconnected: { ...this.disconnected },
      violations: { ...this.violations },
      bytesReceived,
      bytesSent,
      lines,
      negotiations,
      acceptErrors,
      healthChecks,
      httpRequests: this.httpRequests,
      rates: this.#rates,
    };
  }
}

/** The statistics that are summed up over the clients on request. */
export type Gauges =
  | "throttled"
  | "queuedOutput"
  | "queuedInput"
  | "memoryUsed"
  | "queuedLines";

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
