/** Access to the certificates in `authority/`. */
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Certificate } from "../../mod.ts";

/** The certificates, and usually the key, that `write_certificates.ts` wrote under a name. */
export function identity(name: string): Certificate {
  const text = readFileSync(new URL(`authority/${name}.pem`, import.meta.url), "utf8");
  const blocks = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? [];
  const of = (kind: RegExp) => blocks.filter((block) => kind.test(block)).join("");
  return { cert: of(/BEGIN CERTIFICATE/), key: of(/PRIVATE KEY/) };
}

/** The path of the file of a name. */
export function identityPath(name: string): string {
  return new URL(`authority/${name}.pem`, import.meta.url).pathname;
}

/** The SHA-256 of the first certificate in PEM text, as 64 digits. */
export function fingerprint(pem: string): string {
  return createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");
}
