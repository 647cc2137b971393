/**
 * Why a connection did not become a client.
 *
 * - `server-full`: `maxConnections` are there
 * - `address-full`, `prefix-full`: one address, or one /64 of IPv6, has too many
 * - `too-many-connects`: one address comes too often
 * - `proxy-header`: a trusted proxy sent no header of the PROXY protocol, or a malformed one
 * - `tls-failed`: the handshake of TLS failed
 * - `handshake-timeout`: neither came in time
 * - `wrong-protocol`: it spoke HTTP, TLS, SSH, RDP or STUN, or a proxy came that is not trusted, before
 *   anybody was called
 * - `stopping`: the server stops
 */
export type RefusalKind = typeof REFUSAL_KINDS[number];

/** All of them. */
export const REFUSAL_KINDS = [
  "server-full",
  "address-full",
  "prefix-full",
  "too-many-connects",
  "proxy-header",
  "tls-failed",
  "handshake-timeout",
  "wrong-protocol",
  "stopping",
] as const;

/** A connection that did not become a client. */
export interface Refusal {
  /** Why. */
  readonly kind: RefusalKind;
  /** Whose: the person's address where a proxy told it. */
  readonly address: string;
  /** The port that goes with it. */
  readonly port: number;
  /** The limit that was reached, where it was one. */
  readonly limit?: number;
  /** What it would have become. */
  readonly value?: number;
  /** What was wrong, where it was not a limit. */
  readonly detail?: string;
}
