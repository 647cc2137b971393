import type { Connection, ConnectionHandler } from "./transport.ts";

/** A server's certificate and its key, as PEM text. */
export interface Certificate {
  /** The certificate, followed by those of its issuers if there are any. */
  readonly cert: string;
  /** The private key, without a passphrase. */
  readonly key: string;
}

/** The owner of an encrypted connection. */
export interface SecureHandler extends ConnectionHandler {
  /** The handshake is done: bytes written from now on are encrypted. Called before `onData`. */
  onSecure(): void;
}

/** Which server a client trusts. */
export interface ServerTrust {
  /** The name that the server's certificate must have. It is sent in the handshake (SNI). */
  readonly serverName: string;
  /** Trusted authorities as PEM text, instead of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /**
   * The SHA-256 fingerprint of the server's certificate, as 64 hexadecimal digits; colons between
   * bytes are allowed. A certificate with this fingerprint is trusted, whatever its name, issuer or
   * dates; any other is not.
   */
  readonly fingerprint?: string | undefined;
}

/** Encrypts connections: as a server with one certificate, or as the client of a server. */
export interface SecureContext {
  /**
   * Starts TLS on a connection.
   *
   * @param connection The connection; its owner is replaced.
   * @param received The bytes of the handshake that came so far.
   * @param handler The owner of the returned connection, until another is attached.
   * @returns The encrypted connection; its owner reads and writes plain bytes.
   */
  secure(connection: Connection, received: Uint8Array, handler: SecureHandler): Connection;
}

/**
 * An implementation of TLS: the platform's, unless `TelnetServer.listen({ encryption })` gets
 * another.
 */
export interface Encryption {
  /**
   * Reads a certificate.
   *
   * @param certificate The certificate and its key.
   * @returns A context that encrypts with it.
   * @throws {TelnetError} `misuse`: they are not PEM, or do not belong together.
   */
  context(certificate: Certificate): SecureContext;
  /**
   * Prepares the client's side of TLS. A handshake that fails, or a server that is not trusted, ends
   * the connection: `onClose` gets a `TelnetError` with the code `tls-failed`.
   *
   * @param trust Which server to trust.
   * @returns A context that encrypts.
   * @throws {TelnetError} `misuse`: an invalid fingerprint or authority.
   */
  clientContext?(trust: ServerTrust): SecureContext;
}
