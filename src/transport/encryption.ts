import type { Connection, ConnectionHandler } from "./transport.ts";

/** A server's certificate and its key, as PEM text. */
export interface Certificate {
  /** The certificate, followed by those of its issuers where there are any. */
  readonly cert: string;
  /** The private key, without a passphrase. */
  readonly key: string;
}

/** Whom an encrypted connection reports to. */
export interface SecureHandler extends ConnectionHandler {
  /** The handshake is done: what is written now goes out encrypted. Before `onData`. */
  onSecure(): void;
}

/** Whom a client trusts. */
export interface ServerTrust {
  /** The name that the server's certificate must have. It is sent in the handshake (SNI). */
  readonly serverName: string;
  /** Trusted authorities as PEM text, in place of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /**
   * The SHA-256 fingerprint of the server's certificate, as 64 hexadecimal digits; colons between
   * bytes are allowed. A certificate with this fingerprint is trusted, whatever its name, issuer or
   * dates; any other is not.
   */
  readonly fingerprint?: string | undefined;
}

/** Encrypts connections: as the server by one certificate, or as the client of a server. */
export interface SecureContext {
  /**
   * Speaks TLS on a connection.
   *
   * @param connection The connection. It gets another owner.
   * @param received What came of the handshake so far.
   * @param handler The owner of the result, until that is attached to another.
   * @returns The connection of what is encrypted.
   */
  secure(connection: Connection, received: Uint8Array, handler: SecureHandler): Connection;
}

/** A TLS: that of the platform, unless `TelnetServer.listen({ encryption })` gets another. */
export interface Encryption {
  /**
   * Reads a certificate.
   *
   * @param certificate The certificate and its key.
   * @returns What encrypts by it.
   * @throws {TelnetError} `misuse`: they are no PEM, or do not fit.
   */
  context(certificate: Certificate): SecureContext;
  /**
   * Prepares the client's side of TLS. A handshake that fails, or a server that is not trusted, ends
   * the connection: `onClose` gets a `TelnetError` with the code `tls-failed`.
   *
   * @param trust Whom to trust.
   * @returns What encrypts.
   * @throws {TelnetError} `misuse`: a fingerprint or an authority that cannot be right.
   */
  clientContext?(trust: ServerTrust): SecureContext;
}
