/** Certificates for `localhost` that only these tests trust. */
import { readFileSync } from "node:fs";
import type { Certificate } from "../../mod.ts";

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

/** The certificate that servers under test start with. */
export const CERTIFICATE: Certificate = { cert: read("cert.pem"), key: read("key.pem") };

/** Its replacement. */
export const RENEWED: Certificate = {
  cert: read("renewed_cert.pem"),
  key: read("renewed_key.pem"),
};
