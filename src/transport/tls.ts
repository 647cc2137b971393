/**
 * TLS with `node:tls`, which all three runtimes have. It works on any connection of any adapter, so
 * a connection can begin in plain text. Loaded only if a certificate is given or TLS is dialled.
 */
import { throwMisuse } from "../protocol/error.ts";
import { builtIn } from "./_built_in.ts";
import { SecureConnection } from "./_tls_connection.ts";
import { Pipe } from "./_tls_pipe.ts";
import { readTrust, ServerVerifier } from "./_tls_trust.ts";
import type { Certificate, Encryption, SecureContext, ServerTrust } from "./encryption.ts";

const { constants, createPrivateKey, X509Certificate } = builtIn<typeof import("node:crypto")>(
  "node:crypto",
);
const { connect, createSecureContext, TLSSocket } = builtIn<typeof import("node:tls")>("node:tls");

/** The platform's TLS. */
export const tlsEncryption: Encryption = { context, clientContext };

type NodeContext = ReturnType<typeof createSecureContext>;

function context(certificate: Certificate): SecureContext {
  const secureContext = readCertificate(certificate);
  return {
    secure(connection, received, handler) {
      const pipe = new Pipe(connection);
      const socket = new TLSSocket(
        pipe.stream,
        {
          isServer: true,
          secureContext,
          allowHalfOpen: true,
        } as ConstructorParameters<typeof TLSSocket>[1],
      );
      const secure = new SecureConnection(connection, { pipe, socket, handler });
      pipe.open(received);
      return secure;
    },
  };
}

function clientContext(trust: ServerTrust): SecureContext {
  const expected = readTrust(trust);
  const client = new ServerVerifier(expected);
  const secureContext = createContext(expected.authorities && { ca: expected.authorities });
  // SNI can only send host names; an IP address is still compared with the certificate.
  const server = expected.isAddress ? { host: expected.name } : { servername: expected.name };
  return {
    secure(connection, received, handler) {
      const pipe = new Pipe(connection);
      const socket = connect({
        ...server,
        socket: pipe.stream,
        secureContext,
        // The verifier rejects certificates, so that it can say what is wrong with them.
        rejectUnauthorized: false,
      });
      const secure = new SecureConnection(connection, { pipe, socket, handler, client });
      pipe.open(received);
      return secure;
    },
  };
}

/** Reads a part; the error says which one is wrong, but has nothing of its content. */
function readPem<Part>(wrong: string, read: () => Part): Part {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${wrong} (${why})`);
  }
}

/** The labels of certificates in PEM; OpenSSL writes the others on demand. */
const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;
const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^-]*-----END \1PRIVATE KEY-----/;

/** Returns the certificates of a chain; a file may also have the key, and text between them. */
function chainOf(cert: string): string[] {
  const chain = cert.match(CERTIFICATE) ?? [];
  if (chain.length < (cert.match(BEGIN) ?? []).length) {
    throw new Error("a certificate of `cert` has no end, as in a file half written");
  }
  return chain.length === 0 ? [cert] : chain;
}

/**
 * Checks each certificate of the chain now: Deno's TLS would accept anything until the first client
 * connects.
 */
function readCertificate({ cert: given, key: file }: Certificate): NodeContext {
  try {
    const parts = chainOf(given);
    const [key = file] = KEY.exec(file) ?? [];
    if (key.includes("ENCRYPTED")) {
      throw new Error("the key needs a passphrase: give it without one");
    }
    const wrong = "`cert` is no certificate, or one of its chain is none";
    const chain = parts.map((part) => readPem(wrong, () => new X509Certificate(part)));
    const privateKey = readPem("`key` is no private key", () => createPrivateKey(key));
    if (!chain[0]?.checkPrivateKey(privateKey)) {
      throw new Error("the key belongs to another certificate");
    }
    return createContext({ cert: `${parts.join("\n")}\n`, key });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throwMisuse(
      `Cannot use the certificate and key: ${why}. Give both as PEM text, the key of this certificate`,
    );
  }
}

/**
 * Forbids renegotiation, which only OpenSSL has: a client could cause endless handshakes, and a
 * server could change its certificate after it was verified.
 */
function createContext(identity: Parameters<typeof createSecureContext>[0]): NodeContext {
  const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
  return createSecureContext({ ...identity, minVersion: "TLSv1.2", secureOptions });
}
