/**
 * Why a connection did not become a client.
 *
 * - `server-full`: `maxConnections` clients are connected
 * - `address-full`, `prefix-full`: one address, or one /64 of IPv6, has too many connections
 * - `too-many-connects`: one address, or one /64 of IPv6, connects too often
 * - `proxy-header`: a trusted proxy sent no PROXY header and no `forwardedHeader`, or a malformed
 *   one
 * - `tls-failed`: the TLS handshake failed
 * - `handshake-timeout`: the PROXY header, the TLS handshake or an HTTP request was not complete in
 *   time
 * - `wrong-protocol`: the peer spoke HTTP, TLS, SSH, RDP or STUN, or is a proxy that is not
 *   trusted, and this was noticed before `onConnect` was called
 * - `http-refused`: an HTTP request asked neither for a valid WebSocket nor for an existing page,
 *   or came from a page of another host
 * - `lost`: the peer was gone before the server could accept the connection; its address is not known
 * - `stopping`: the server is stopping
 */
export type RefusalKind = typeof REFUSAL_KINDS[number];

/** All kinds of refusals. */
export const REFUSAL_KINDS = [
  "server-full",
  "address-full",
  "prefix-full",
  "too-many-connects",
  "proxy-header",
  "tls-failed",
  "handshake-timeout",
  "wrong-protocol",
  "http-refused",
  "lost",
  "stopping",
] as const;

/** A connection that did not become a client. */
export interface Refusal {
  /** The reason. */
  readonly kind: RefusalKind;
  /** The peer's address; behind a trusted proxy, the address that the proxy reports. */
  readonly address: string;
  /** The port of that address. */
  readonly port: number;
  /** The limit, if a limit was reached. */
  readonly limit?: number;
  /** The number that would have been reached. */
  readonly value?: number;
  /** A description of the error, if no limit was reached. */
  readonly detail?: string;
}
