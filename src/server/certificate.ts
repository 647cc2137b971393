import { misuse } from "../protocol/error.ts";
import type { Certificate } from "../transport/encryption.ts";
import { checkNames } from "./given.ts";

/** Checks the form of a certificate and its key; what is in them is for TLS to read. Shows neither. */
export function checkCertificate(certificate: Certificate): void {
  checkNames("certificate", certificate, { cert: true, key: true });
  for (const name of ["cert", "key"] as const) {
    const text: unknown = certificate[name];
    if (typeof text !== "string") {
      misuse(`Cannot use certificate.${name} that is no text: read the file as UTF-8`);
    }
    if (!text.includes("-----BEGIN ")) {
      misuse(`Cannot use certificate.${name} that is no PEM: is it a path? Then read the file`);
    }
  }
}
