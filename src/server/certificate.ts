import { throwMisuse } from "../protocol/error.ts";
import type { Certificate } from "../transport/encryption.ts";
import { rejectUnknownKeys } from "../protocol/validate.ts";

/**
 * Checks that a certificate and its key are PEM text; TLS checks their contents. Messages do not
 * contain them.
 */
export function checkCertificate(certificate: Certificate): void {
  rejectUnknownKeys("certificate", certificate, { cert: true, key: true });
  for (const name of ["cert", "key"] as const) {
    const text: unknown = certificate[name];
    if (typeof text !== "string") {
      throwMisuse(`Cannot use certificate.${name}: expected PEM text, so read the file as UTF-8`);
    }
    if (!text.includes("-----BEGIN ")) {
      throwMisuse(
        `Cannot use certificate.${name}: it is not PEM text; if it is a path, read the file`,
      );
    }
  }
}
