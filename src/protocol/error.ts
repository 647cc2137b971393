/**
 * The kinds of errors. Protocol violations of the peer are not thrown; they are reported as events.
 *
 * | code | meaning |
 * |---|---|
 * | `misuse` | an invalid call; the message says what to do instead |
 * | `address-in-use` | another program listens on that address and port |
 * | `address-unavailable` | this machine has no such address |
 * | `address-not-found` | the name does not resolve |
 * | `permission-denied` | the system or the runtime does not allow it |
 * | `unsupported` | this runtime has no such feature |
 * | `connection-refused` | nothing listens on the address and port that were dialled |
 * | `unreachable` | there is no route to the address that was dialled |
 * | `connection-lost` | the connection broke: reset, timed out |
 * | `connection-closed` | the connection ended before the operation was complete |
 * | `tls-failed` | the TLS handshake failed, or the peer's certificate is not trusted |
 * | `timeout` | the operation did not finish in time |
 * | `login-refused` | the peer did not accept the user name or the password |
 * | `limit-exceeded` | the peer sent more than a limit allows |
 * | `too-slow` | the peer did not read its queued output |
 * | `io` | any other system error; see `cause` |
 */
export type TelnetErrorCode =
  | "misuse"
  | "address-in-use"
  | "address-unavailable"
  | "address-not-found"
  | "permission-denied"
  | "unsupported"
  | "connection-refused"
  | "unreachable"
  | "connection-lost"
  | "connection-closed"
  | "tls-failed"
  | "timeout"
  | "login-refused"
  | "limit-exceeded"
  | "too-slow"
  | "io";

const BRAND: symbol = Symbol.for("@miniboa/miniboa.TelnetError");

/**
 * The only error class of this library. Distinguish errors by `code`, not by message.
 *
 * @example
 * ```ts
 * import { isTelnetError, TelnetError } from "@miniboa/miniboa/protocol";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const error: unknown = new TelnetError("misuse", "Cannot do that: do this instead");
 * assert(isTelnetError(error));
 * assertEquals(error.code, "misuse");
 * ```
 */
export class TelnetError extends Error {
  /** Always `TelnetError`. */
  override readonly name = "TelnetError";
  /** The kind of error; stable between versions. */
  readonly code: TelnetErrorCode;

  /**
   * Makes an error; the library does this for you.
   *
   * @param code The kind of error.
   * @param message What failed and what to do about it.
   * @param options The standard error options: `cause` is the runtime's own error.
   */
  constructor(code: TelnetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // Identifies the class even if two copies of the package are loaded.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether a value is a {@linkcode TelnetError}, even one of another copy of this package.
 *
 * @param value Any value, typically one from a `catch`.
 * @returns `true` if it is one.
 */
export function isTelnetError(value: unknown): value is TelnetError {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Throws the error for an invalid call. */
export function throwMisuse(message: string): never {
  throw new TelnetError("misuse", message);
}
