import { TelnetError, type TelnetErrorCode } from "../protocol/error.ts";
import type { TransportListenOptions } from "./transport.ts";
import { checkText, inspect, rejectUnknownKeys, throwUnexpected } from "../protocol/validate.ts";

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

/** Puts a runtime's error of listening into this library's words. */
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

/** Puts a runtime's error of a connection into this library's words. */
export function connectionError(cause: unknown): TelnetError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TelnetError("connection-lost", `Lost the connection: ${text}`, { cause });
}

/** Puts a runtime's error of accepting into this library's words. */
export function acceptError(cause: unknown): TelnetError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TelnetError("io", `Cannot accept a connection, the next may do: ${text}`, { cause });
}

/** The host to bind for the caller's address. */
export function bindHost(options: TransportListenOptions): string {
  return options.address === "" ? "0.0.0.0" : options.address;
}

/** Checks what the caller asked for, alike on every runtime. */
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

/** For what this runtime does not have. */
export function unsupported(runtime: string, what: string): TelnetError {
  return new TelnetError("unsupported", `Cannot use ${what}: ${runtime} does not have it`);
}

/** Deno and Bun give no code where a name does not resolve; what is no IP address is a name. */
function isAddress(address: string): boolean {
  if (address === "" || /^[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?$/i.test(address)) return true;
  return /^\d+(\.\d+){3}$/.test(address) && address.split(".").every((part) => Number(part) < 256);
}

function errorName(cause: unknown, field: "code" | "name"): string {
  if (typeof cause !== "object" || cause === null || !(field in cause)) return "";
  return String((cause as Record<string, unknown>)[field]);
}
