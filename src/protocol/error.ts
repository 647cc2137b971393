/**
 * What can go wrong on this side of the wire. Faults of the peer are never thrown; they are events.
 *
 * | code | meaning |
 * |---|---|
 * | `misuse` | a call that cannot be right; the message says what to do instead |
 * | `address-in-use` | another program listens on that address and port |
 * | `address-unavailable` | this machine has no such address |
 * | `address-not-found` | the name does not resolve |
 * | `permission-denied` | the system or the runtime does not allow it |
 * | `unsupported` | this runtime has no such feature |
 * | `connection-refused` | nothing listens on the address and port that were dialled |
 * | `unreachable` | no way leads to the address that was dialled |
 * | `connection-lost` | the connection broke: reset, timed out |
 * | `connection-closed` | the peer closed the connection before what was waited for came |
 * | `tls-failed` | the TLS handshake failed, or the peer's certificate is not trusted |
 * | `timeout` | what was waited for did not come in time |
 * | `login-refused` | the peer did not accept the user name or the password |
 * | `limit-exceeded` | the peer sent more than a limit allows |
 * | `too-slow` | the peer did not read what was queued for it |
 * | `io` | any other fault of the system; see `cause` |
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
 * The one error class of this library. Tell errors apart by `code`, not by message.
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
  /** What kind of fault it is; stable between versions. */
  readonly code: TelnetErrorCode;

  /**
   * Makes an error; the library does this for you.
   *
   * @param code What kind of fault it is.
   * @param message What failed and what to do about it.
   * @param options The standard error options: `cause` is the runtime's own error.
   */
  constructor(code: TelnetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // Tells this class apart even where two copies of the package are loaded.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether a value is a {@linkcode TelnetError}, also one of another copy of this package.
 *
 * @param value Anything, typically what a `catch` got.
 * @returns `true` where it is one.
 */
export function isTelnetError(value: unknown): value is TelnetError {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Throws the error for a call that cannot be right. */
export function throwMisuse(message: string): never {
  throw new TelnetError("misuse", message);
}
