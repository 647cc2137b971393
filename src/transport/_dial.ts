/**
 * Dials a host, the same on every runtime. A name may have several addresses, IPv6 and IPv4: they are
 * dialled in turn until one answers (RFC 8305, "happy eyeballs"). An adapter only dials one address.
 */
import { builtIn } from "./_built_in.ts";
import type { TelnetError } from "../protocol/error.ts";
import { checkDialOptions, dialError, isAddress, mostSpecific, unresolved } from "./_errors.ts";
import type { Connection, ConnectionAcceptor, DialOptions } from "./transport.ts";

/** How long an address may take before the next one is dialled too (RFC 8305, section 8). */
const NEXT_ATTEMPT_MS = 250;

/** One attempt to reach a host. */
export interface Attempt {
  /** An IP address; a name only if the adapter's own `resolve` returned it. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** Whether to enable TCP keep-alive. */
  readonly keepAlive: boolean;
  /** Aborts when the attempt is no longer needed; never after `claim()` returned `true`. */
  readonly signal: AbortSignal;
  /**
   * Called by the adapter as soon as its socket is open.
   *
   * @returns Whether this attempt is the first to succeed. If not, the adapter closes the socket.
   */
  claim(): boolean;
}

/** What an adapter provides. */
export interface AddressDialler {
  /**
   * Dials one address.
   *
   * @param attempt Where, and whether the socket is still needed.
   * @returns The connection, with its owner; `undefined` if it was no longer needed.
   * @throws The runtime's own error.
   */
  dialAddress(attempt: Attempt): Promise<Connection | undefined>;
  /**
   * Resolves a name.
   *
   * @param hostname The name.
   * @returns Its addresses, those that the system prefers first.
   * @throws The runtime's own error, if the name has none.
   */
  resolve(hostname: string): Promise<readonly string[]>;
}

/**
 * Dials a host.
 *
 * @param options Where to dial.
 * @param dialler How to dial one address.
 * @returns The first connection that opened.
 * @throws {TelnetError} See `Dialler.dial`.
 */
export async function dialHost(options: DialOptions, dialler: AddressDialler): Promise<Connection> {
  checkDialOptions(options);
  options.signal?.throwIfAborted();
  return await new Race(options, dialler).run();
}

/**
 * Resolves a name with the system's resolver.
 *
 * @param hostname The name.
 * @returns Its addresses, those that the system prefers first.
 * @throws An error of `node:dns`, if the name has none.
 */
export async function resolveName(hostname: string): Promise<readonly string[]> {
  // RFC 6761, section 6.3. A system may know only one of the two.
  if (/^(.+\.)?localhost\.?$/i.test(hostname)) return ["::1", "127.0.0.1"];
  // Loaded here because a server does not need it.
  const { lookup } = builtIn<typeof import("node:dns")>("node:dns");
  return await new Promise((resolve, reject) => {
    lookup(hostname, { all: true, verbatim: true }, (error, found) => {
      if (error) reject(error);
      else resolve(found.map(({ address }) => address));
    });
  });
}

/**
 * The address to bind for a host name.
 *
 * @param host A name, or an address.
 * @returns The address that the system prefers.
 * @throws An error of `node:dns`, if the name has none.
 */
export async function addressOf(host: string): Promise<string> {
  if (host.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(host)) return host;
  const { lookup } = builtIn<typeof import("node:dns")>("node:dns");
  return await new Promise((resolve, reject) => {
    lookup(host, (error, address) => error ? reject(error) : resolve(address));
  });
}

/**
 * Gives a dialled connection its owner.
 *
 * @param connection The connection, which reads nothing yet.
 * @param accept Returns the owner. If it throws, the connection is closed.
 */
export function giveOwner(connection: Connection, accept: ConnectionAcceptor): void {
  try {
    connection.attach(accept(connection));
  } catch (error) {
    connection.abort();
    throw error;
  }
}

/**
 * Sorts addresses so that IPv6 and IPv4 alternate (RFC 8305, section 4): one family that does not
 * work then costs one attempt, not many.
 *
 * @param addresses The addresses, those that the system prefers first.
 * @returns Each of them once, beginning with the same one.
 */
export function interleave(addresses: readonly string[]): string[] {
  const isSix = (address: string) => address.includes(":");
  const preferred = addresses.filter((one) => isSix(one) === isSix(addresses[0] ?? ""));
  const others = addresses.filter((one) => !preferred.includes(one));
  const length = Math.max(preferred.length, others.length);
  const turns = Array.from({ length }, (_, at) => [preferred[at], others[at]]);
  return [...new Set(turns.flat().filter((one) => one !== undefined))];
}

/** The attempts to reach one host. The first that succeeds ends all others. */
class Race {
  readonly #options: DialOptions;
  readonly #dialler: AddressDialler;
  #settle: { resolve(connection: Connection): void; reject(reason: unknown): void } | undefined;
  readonly #running: Set<AbortController> = new Set();
  readonly #failures: TelnetError[] = [];
  #addresses: readonly string[] = [];
  #started = 0;
  #over = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DialOptions, dialler: AddressDialler) {
    this.#options = options;
    this.#dialler = dialler;
  }

  run(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#options.signal?.addEventListener("abort", this.#onAbort);
      void this.#resolveAndStart();
    });
  }

  readonly #onAbort = (): void => this.#fail(this.#options.signal?.reason);

  async #resolveAndStart(): Promise<void> {
    const { hostname } = this.#options;
    try {
      this.#addresses = isAddress(hostname)
        ? [hostname]
        : interleave(await this.#dialler.resolve(hostname));
    } catch (cause) {
      return this.#fail(unresolved(this.#options, cause));
    }
    if (this.#addresses.length === 0) return this.#fail(unresolved(this.#options));
    this.#startNext();
  }

  #startNext(): void {
    clearTimeout(this.#timer);
    if (this.#over || this.#started === this.#addresses.length) return;
    const hostname = this.#addresses[this.#started++] ?? "";
    void this.#dial(hostname);
    if (this.#started === this.#addresses.length) return;
    this.#timer = setTimeout(() => this.#startNext(), NEXT_ATTEMPT_MS);
  }

  async #dial(hostname: string): Promise<void> {
    const controller = new AbortController();
    this.#running.add(controller);
    const { port, keepAlive = false } = this.#options;
    try {
      const connection = await this.#dialler.dialAddress({
        hostname,
        port,
        keepAlive,
        signal: controller.signal,
        claim: () => this.#claim(controller),
      });
      if (connection !== undefined) this.#settle?.resolve(connection);
    } catch (cause) {
      // The winning attempt fails only if the caller's own code threw.
      if (this.#over && !controller.signal.aborted) return this.#settle?.reject(cause);
      this.#running.delete(controller);
      this.#failed(dialError(cause, this.#options, hostname));
    }
  }

  #claim(winner: AbortController): boolean {
    if (this.#over) return false;
    this.#running.delete(winner);
    this.#finish();
    return true;
  }

  #failed(error: TelnetError): void {
    this.#failures.push(error);
    if (this.#started < this.#addresses.length) this.#startNext();
    else if (this.#running.size === 0) this.#fail(mostSpecific(this.#failures));
  }

  #fail(reason: unknown): void {
    if (this.#over) return;
    this.#finish();
    this.#settle?.reject(reason);
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    for (const controller of this.#running) controller.abort();
    this.#running.clear();
  }
}
