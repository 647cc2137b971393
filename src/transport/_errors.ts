import { TelnetError, type TelnetErrorCode } from "../protocol/error.ts";
import type { DialOptions, TransportListenOptions } from "./transport.ts";
import {
  checkBoolean,
  checkText,
  inspect,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";

const LISTEN_CODES: ReadonlyMap<string, TelnetErrorCode> = new Map([
  ["EADDRINUSE", "address-in-use"],
  ["AddrInUse", "address-in-use"],
  ["EADDRNOTAVAIL", "address-unavailable"],
  ["AddrNotAvailable", "address-unavailable"],
  ["ENOTFOUND", "address-not-found"],
  ["EAI_AGAIN", "address-not-found"],
  ["EACCES", "permission-denied"],
  ["EPERM", "permission-denied"],
  ["PermissionDenied", "permission-denied"],
  ["NotCapable", "permission-denied"],
]);

const ADVICE: Partial<Record<TelnetErrorCode, string>> = {
  "address-in-use": "another program listens there; choose another port, or 0 for any",
  "address-unavailable": "this machine has no such address",
  "address-not-found": "the name does not resolve; give an IP address of this machine",
  "permission-denied": "choose a port over 1023",
};
const DENO_ADVICE = "allow it by deno run --allow-net";

/** Converts a runtime's error of listening to an error of this library. */
export function listenError(cause: unknown, options: TransportListenOptions): TelnetError {
  const code = LISTEN_CODES.get(errorName(cause, "code")) ??
    LISTEN_CODES.get(errorName(cause, "name")) ??
    (isAddress(options.address) ? "io" : "address-not-found");
  const address = options.address === "" ? "every IPv4 address" : inspect(options.address);
  const where = `${address}, port ${options.port}`;
  const refused = errorName(cause, "name") === "NotCapable";
  const advice = refused ? DENO_ADVICE : ADVICE[code] ?? String(cause);
  return new TelnetError(code, `Cannot listen on ${where}: ${advice}`, { cause });
}

const DIAL_CODES: ReadonlyMap<string, TelnetErrorCode> = new Map([
  ["ECONNREFUSED", "connection-refused"],
  ["ConnectionRefused", "connection-refused"],
  ["ENETUNREACH", "unreachable"],
  ["NetworkUnreachable", "unreachable"],
  ["EHOSTUNREACH", "unreachable"],
  ["HostUnreachable", "unreachable"],
  ["ENETDOWN", "unreachable"],
  ["NetworkDown", "unreachable"],
  ["EHOSTDOWN", "unreachable"],
  ["EADDRNOTAVAIL", "unreachable"], // such as ::1 on a machine without IPv6
  ["AddrNotAvailable", "unreachable"],
  ["EAFNOSUPPORT", "unreachable"],
  ["ENOTFOUND", "address-not-found"],
  ["EAI_AGAIN", "address-not-found"],
  ["EACCES", "permission-denied"],
  ["EPERM", "permission-denied"],
  ["PermissionDenied", "permission-denied"],
  ["NotCapable", "permission-denied"],
  ["ETIMEDOUT", "connection-lost"],
  ["TimedOut", "connection-lost"],
  ["ECONNRESET", "connection-lost"],
  ["ConnectionReset", "connection-lost"],
  ["ECONNABORTED", "connection-lost"],
  ["ConnectionAborted", "connection-lost"],
  ["ENOTCONN", "connection-lost"],
  ["NotConnected", "connection-lost"],
]);

const DIAL_ADVICE: Partial<Record<TelnetErrorCode, string>> = {
  "connection-refused": "nothing listens there",
  "unreachable": "this machine has no route to it; check the address and the network",
  "address-not-found": "the name does not resolve; check its spelling, or give an IP address",
  "permission-denied": "the system does not allow it; check the firewall",
  "connection-lost": "it did not answer, or broke off; check the port, or try again later",
};

/**
 * Converts a runtime's error of dialling to an error of this library.
 *
 * @param cause The runtime's error.
 * @param options What the caller asked for.
 * @param dialled The address that was dialled, or the name if the runtime had to resolve it.
 * @returns The error.
 */
export function dialError(cause: unknown, options: DialOptions, dialled: string): TelnetError {
  const name = errorName(cause, "name");
  const code = DIAL_CODES.get(errorName(cause, "code")) ?? DIAL_CODES.get(name) ??
    (hasCode(cause) || isAddress(dialled) ? "io" : "address-not-found");
  const advice = name === "NotCapable" ? denoDialAdvice(options) : DIAL_ADVICE[code];
  return dialFailure(code, options, { advice: advice ?? String(cause), cause });
}

/** The error for a name that has no address. */
export function unresolved(options: DialOptions, cause?: unknown): TelnetError {
  const code = errorName(cause, "code");
  const advice = NAME_SERVER_FAILED.has(code)
    ? "no name server answers; try again later, or give an IP address"
    : DIAL_ADVICE["address-not-found"];
  return dialFailure("address-not-found", options, { advice, cause });
}

const NAME_SERVER_FAILED: ReadonlySet<string> = new Set(["EAI_AGAIN", "ETIMEOUT", "ESERVFAIL"]);

/** The error for a port at which nothing listens. */
export function refused(options: DialOptions): TelnetError {
  return dialFailure("connection-refused", options);
}

function dialFailure(
  code: TelnetErrorCode,
  { hostname, port }: DialOptions,
  { advice = DIAL_ADVICE[code], cause }: { advice?: string | undefined; cause?: unknown } = {},
): TelnetError {
  const message = `Cannot connect to ${inspect(hostname)}, port ${port}: ${advice}`;
  return new TelnetError(code, message, cause === undefined ? undefined : { cause });
}

/** The flag names the host that the caller asked for, not one of its addresses. */
function denoDialAdvice({ hostname, port }: DialOptions): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `allow it by deno run --allow-net=${host}:${port}`;
}

/**
 * The codes in order, from the most informative failure to the least, for a name with several
 * addresses.
 */
const MOST_SPECIFIC: readonly TelnetErrorCode[] = [
  "connection-refused",
  "permission-denied",
  "connection-lost",
  "io",
  "unreachable",
  "address-not-found",
];

/**
 * The failure to report when several addresses of a name failed.
 *
 * @param failures At least one.
 * @returns The most informative one; the first of its kind.
 */
export function mostSpecific(failures: readonly TelnetError[]): TelnetError {
  const rank = ({ code }: TelnetError) => MOST_SPECIFIC.indexOf(code);
  return failures.reduce((best, one) => rank(one) < rank(best) ? one : best);
}

/** Converts a runtime's error of a connection to an error of this library. */
export function connectionError(cause: unknown): TelnetError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TelnetError("connection-lost", `Lost the connection: ${text}`, { cause });
}

/** Converts a runtime's error of accepting to an error of this library. */
export function acceptError(cause: unknown): TelnetError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TelnetError("io", `Cannot accept a connection: ${text}. The next may succeed`, {
    cause,
  });
}

/** The host to bind for the caller's address. */
export function bindHost(options: TransportListenOptions): string {
  return options.address === "" ? "0.0.0.0" : options.address;
}

/** Checks the caller's options for listening, the same on every runtime. */
export function checkListenOptions(options: TransportListenOptions): void {
  rejectUnknownKeys("listen", options, LISTEN_NAMES, { host: "address", hostname: "address" });
  const { port, address } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throwUnexpected("listen.port", "a whole number from 0 to 65535", port);
  }
  checkText("listen.address", address);
}

const LISTEN_NAMES: Readonly<Record<keyof TransportListenOptions, true>> = {
  port: true,
  address: true,
  reusePort: true,
  keepAlive: true,
  onError: true,
  onLost: true,
};

/** Checks the caller's options for dialling, the same on every runtime. */
export function checkDialOptions(options: DialOptions): void {
  rejectUnknownKeys("dial", options, DIAL_NAMES, { host: "hostname", address: "hostname" });
  const { port, hostname, keepAlive, signal } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throwUnexpected("dial.port", "a whole number from 1 to 65535", port);
  }
  if (typeof hostname !== "string" || hostname === "") {
    throwUnexpected("dial.hostname", "the name or IP address of a host", hostname);
  }
  if (keepAlive !== undefined) checkBoolean("dial.keepAlive", keepAlive);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throwUnexpected("dial.signal", "an AbortSignal", signal);
  }
}

const DIAL_NAMES: Readonly<Record<keyof DialOptions, true>> = {
  hostname: true,
  port: true,
  keepAlive: true,
  signal: true,
};

/** The error for a feature that the runtime does not have. */
export function unsupported(runtime: string, what: string): TelnetError {
  return new TelnetError("unsupported", `Cannot use ${what}: ${runtime} does not have it`);
}

/**
 * Whether text is an IP address, or empty; anything else is a name. Needed because Deno and Bun
 * report no code if a name does not resolve.
 */
export function isAddress(address: string): boolean {
  if (address === "") return true;
  const six = /^([0-9a-f:.]*:[0-9a-f:.]*)(%[\w.-]+)?$/i.exec(address);
  if (six !== null) return URL.canParse(`http://[${six[1]}]`);
  return /^\d+(\.\d+){3}$/.test(address) && address.split(".").every((part) => Number(part) < 256);
}

function hasCode(cause: unknown): boolean {
  return errorName(cause, "code") !== "";
}

function errorName(cause: unknown, field: "code" | "name"): string {
  if (typeof cause !== "object" || cause === null || !(field in cause)) return "";
  return String((cause as Record<string, unknown>)[field]);
}
