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

/** Encrypts connections by one certificate. */
export interface SecureContext {
  /**
   * Speaks TLS, as the server, on a connection.
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
}
