import type { PeerCertificate, TLSSocket } from "node:tls";
import { builtIn } from "./_built_in.ts";
import { TelnetError, throwMisuse } from "../protocol/error.ts";
import { checkText, inspect, rejectUnknownKeys, throwUnexpected } from "../protocol/validate.ts";
import { isAddress } from "./_errors.ts";
import type { ClientSide } from "./_tls_connection.ts";
import type { ServerTrust } from "./encryption.ts";

const { createHash, X509Certificate } = builtIn<typeof import("node:crypto")>("node:crypto");
const { checkServerIdentity } = builtIn<typeof import("node:tls")>("node:tls");

/** Which server a client trusts, after validation. */
export interface ExpectedServer {
  /** The name or IP address that the certificate must have. */
  readonly name: string;
  /** Whether that is an IP address. */
  readonly isAddress: boolean;
  /** Authorities in place of the runtime's, each as PEM text. */
  readonly authorities: string[] | undefined;
  /** The SHA-256 of the only certificate that is accepted, as lower-case hexadecimal digits. */
  readonly pinned: string | undefined;
}

/** Checks the trust options that a caller gave. */
export function readTrust(trust: ServerTrust): ExpectedServer {
  rejectUnknownKeys("tls", trust, TRUST_NAMES, TRUST_SYNONYMS);
  const { serverName } = trust;
  checkText("tls.serverName", serverName);
  const isIp = serverName !== "" && isAddress(serverName);
  return {
    // Certificates do not contain the zone of an IPv6 address.
    name: isIp ? serverName.replace(/%.*/, "") : hostName(serverName),
    isAddress: isIp,
    authorities: trust.ca === undefined ? undefined : readAuthorities(trust.ca),
    pinned: trust.fingerprint === undefined ? undefined : readFingerprint(trust.fingerprint),
  };
}

/** Checks whether a server is the expected one. */
export class ServerVerifier implements ClientSide {
  readonly #expected: ExpectedServer;

  constructor(expected: ExpectedServer) {
    this.#expected = expected;
  }

  checkFirstByte(byte: number): TelnetError | undefined {
    if (FIRST_BYTES.includes(byte)) return undefined;
    return this.#handshakeFailed(
      "it does not speak TLS on this port; connect without TLS, or to its port for TLS",
    );
  }

  /**
   * Checks the certificate. The runtimes are told to accept any, so only this method rejects one.
   */
  verify(socket: TLSSocket): TelnetError | undefined {
    const certificate = socket.getPeerCertificate();
    const { raw } = certificate;
    if (raw === undefined || raw.length === 0) return this.#untrusted("it has no certificate");
    const found = createHash("sha256").update(raw).digest("hex");
    const { name, pinned } = this.#expected;
    if (pinned !== undefined) return pinned === found ? undefined : this.#otherThanPinned(found);
    const trusted = socket.authorized === true && !socket.authorizationError;
    const misnamed = checkServerIdentity(name, certificate);
    if (trusted && misnamed === undefined) return undefined;
    const cause = trusted ? misnamed : socket.authorizationError;
    const why = this.#problem(errorCode(cause), certificate);
    const advice = "if whoever runs the server confirms this fingerprint, pin it";
    return this.#untrusted(`${why}; ${advice}: "${pairs(found)}"`, cause);
  }

  handshakeError(cause: unknown): TelnetError {
    return this.#handshakeFailed(handshakeProblem(cause), cause);
  }

  #otherThanPinned(found: string): TelnetError {
    return this.#untrusted(
      "its certificate has another fingerprint than the pinned one; if whoever runs the server " +
        `confirms that it was renewed, pin the new one: "${pairs(found)}"`,
    );
  }

  #problem(code: string, certificate: PeerCertificate): string {
    // Deno reports another code for most expired certificates.
    const { valid_from: from, valid_to: to } = certificate;
    if (Date.parse(to) < Date.now()) return `its certificate expired on ${day(to)}`;
    if (Date.parse(from) > Date.now()) {
      return `its certificate is not valid before ${day(from)}; check this machine's clock`;
    }
    switch (code) {
      case "DEPTH_ZERO_SELF_SIGNED_CERT":
        return "its certificate is self-signed";
      case "ERR_TLS_CERT_ALTNAME_INVALID":
        return `its certificate is for another name: ${inspect(certificateNames(certificate))}`;
      default:
        return UNKNOWN_ISSUER.test(code)
          ? 'its certificate is from no trusted authority; give its authority as "ca"'
          : `its certificate is not valid (${code})`;
    }
  }

  #untrusted(why: string, cause?: unknown): TelnetError {
    return this.#error(`Cannot trust the server ${inspect(this.#expected.name)}: ${why}`, cause);
  }

  #handshakeFailed(why: string, cause?: unknown): TelnetError {
    const name = inspect(this.#expected.name);
    return this.#error(`Cannot speak TLS with the server ${name}: ${why}`, cause);
  }

  #error(message: string, cause: unknown): TelnetError {
    return new TelnetError("tls-failed", message, cause === undefined ? undefined : { cause });
  }
}

/** Why a handshake failed. Certificates are not a reason here: they are checked after it. */
function handshakeProblem(cause: unknown): string {
  const code = errorCode(cause);
  if (cause === undefined || CLOSED.test(code)) {
    return "it closed the connection during the handshake; check that its port is one for TLS";
  }
  if (OLD_VERSION.test(code)) return "it does not offer TLS 1.2 or newer, older TLS is not secure";
  if (SIGNATURE.test(code)) {
    return "its signature cannot be verified: it does not have the certificate's key, or one of a " +
      "kind or size that this runtime does not support";
  }
  const { reason, message } = cause as { readonly reason?: unknown; readonly message?: unknown };
  return `the handshake failed: ${inspect(String(reason ?? message ?? cause))}`;
}

/** Converts a host name to the form that DNS and certificates use. */
function hostName(given: string): string {
  const name = given.replace(/\.$/, "");
  const ascii = /[^\x00-\x7f]/.test(name) ? punycode(name) : name;
  if (ascii.length <= MAX_NAME && HOST_NAME.test(ascii)) return ascii;
  throwUnexpected("tls.serverName", "the name of a host or an IP address", given);
}

/** Converts a name with non-ASCII letters to ASCII; empty if the name is invalid. */
function punycode(name: string): string {
  return /[\s/\\?#@:%]/.test(name) || !URL.canParse(`http://${name}`)
    ? ""
    : new URL(`http://${name}`).hostname;
}

function readFingerprint(given: string): string {
  checkText("tls.fingerprint", given);
  if (FINGERPRINT.test(given)) return given.replaceAll(":", "").toLowerCase();
  const expected = "64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 prints";
  throwUnexpected("tls.fingerprint", expected, given);
}

/** Error messages do not show the values: a key may be among them by mistake. */
function readAuthorities(given: string | readonly string[]): string[] {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  const authorities: string[] = [];
  for (const text of texts) {
    const found = typeof text === "string" ? text.match(PEM_CERTIFICATES) ?? [] : [];
    if (found.length === 0) throwNoAuthority("there is no certificate in it");
    authorities.push(...found);
  }
  if (authorities.length === 0) throwNoAuthority("the list is empty");
  for (const authority of authorities) {
    try {
      new X509Certificate(authority);
    } catch (cause) {
      throwNoAuthority(cause instanceof Error ? cause.message : String(cause));
    }
  }
  return authorities;
}

function throwNoAuthority(why: string): never {
  throwMisuse(
    `Cannot use tls.ca: ${why}. Give certificates as PEM text, or an array of such texts`,
  );
}

function errorCode(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code);
  return typeof error === "string" ? error : "";
}

function certificateNames({ subjectaltname, subject }: PeerCertificate): string {
  return subjectaltname ?? String(subject?.CN ?? "");
}

function day(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}

/** A fingerprint as tools print it. */
function pairs(digits: string): string {
  return digits.toUpperCase().replaceAll(/..(?=.)/g, "$&:");
}

const TRUST_NAMES: Readonly<Record<keyof ServerTrust, true>> = {
  serverName: true,
  ca: true,
  fingerprint: true,
};
const TRUST_SYNONYMS: Readonly<Record<string, string>> = {
  servername: "serverName",
  hostname: "serverName",
  caCerts: "ca",
  fingerprint256: "fingerprint",
  rejectUnauthorized: 'pin a certificate by its "fingerprint" instead',
};

/** The records that a server may begin with: a handshake (RFC 8446, section 5.1) or an alert. */
const FIRST_BYTES: readonly number[] = [0x16, 0x15];
const HOST_NAME = /^[\w-]{1,63}(\.[\w-]{1,63})*$/;
/** The maximum length of a DNS name. */
const MAX_NAME = 253;
const FINGERPRINT = /^[\da-f]{2}(:?[\da-f]{2}){31}$/i;
const PEM_CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Error codes of the runtimes. */
const CLOSED = /^(ECONNRESET|EPIPE|connection-lost)$/;
const UNKNOWN_ISSUER = /^UNABLE_TO_|^SELF_SIGNED_CERT_IN_CHAIN$/;
const OLD_VERSION = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/;
/**
 * If the signature in the handshake is wrong, Deno reports the code of an untrusted certificate.
 */
const SIGNATURE = /^(?!.*ALERT).*(SIGNATURE|CERT|UNABLE_TO_)/;
