/**
 * Writes the certificates in `authority/` with `openssl`, valid until 2126. Running it again
 * replaces all of them:
 *
 *     deno run -A tests/tls/write_certificates.ts
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { CERTIFICATE } from "./certificates.ts";

const folder = new URL("authority/", import.meta.url);
const work = await Deno.makeTempDir();

const AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign";
const SERVER = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth";
const HERE = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";

/** The configuration for `openssl ca`, the only command that accepts dates. */
const CONFIG: string = `
[ca]
default_ca = test
[test]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
`;

await issue("root", { by: "root", extensions: AUTHORITY });
await issue("middle", { by: "root", extensions: AUTHORITY });
await issue("other_root", { by: "other_root", extensions: AUTHORITY });
await issue("localhost", { by: "root", extensions: `${SERVER}\n${HERE}` });
await issue("elsewhere", {
  by: "root",
  extensions: `${SERVER}\nsubjectAltName=DNS:mud.example,DNS:*.mud.example,IP:192.0.2.1`,
});
await issue("expired", { by: "root", extensions: `${SERVER}\n${HERE}`, end: "20260101000000Z" });
await issue("chained", { by: "middle", extensions: `${SERVER}\n${HERE}` });
await issue("no_authority", { by: "localhost", extensions: `${SERVER}\n${HERE}` });
await issue("for_clients", {
  by: "root",
  extensions: `basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n${HERE}`,
});

await Deno.mkdir(folder, { recursive: true });
for (const name of ["root", "other_root"]) await write(name, [await read(`${name}.pem`)]);
for (const name of ["localhost", "elsewhere", "expired", "for_clients"]) {
  await write(name, [await read(`${name}.pem`), await read(`${name}.key`)]);
}
for (const [name, issuer] of [["chained", "middle"], ["no_authority", "localhost"]] as const) {
  const files = [`${name}.pem`, `${issuer}.pem`, `${name}.key`];
  await write(name, await Promise.all(files.map(read)));
}
await write("stolen", [await read("localhost.pem"), otherKey(await read("localhost.key"))]);
await write("stolen_self_signed", [CERTIFICATE.cert, otherKey(CERTIFICATE.key)]);
await Deno.remove(work, { recursive: true });

/** Makes a key and its certificate. */
async function issue(
  name: string,
  { by, extensions, end = "21260101000000Z" }: {
    readonly by: string;
    readonly extensions: string;
    readonly end?: string;
  },
): Promise<void> {
  const subject = ["-subj", `/CN=Miniboa test ${name}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(["req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, ...subject]);
  await Deno.writeTextFile(`${work}/extensions`, extensions);
  await Deno.writeTextFile(`${work}/index`, "");
  await Deno.writeTextFile(`${work}/config`, CONFIG);
  const issuer = by === name
    ? ["-selfsign", "-keyfile", `${name}.key`]
    : ["-cert", `${by}.pem`, "-keyfile", `${by}.key`];
  const dates = ["-startdate", "20250101000000Z", "-enddate", end];
  const files = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", "extensions"];
  await openssl(["ca", "-batch", "-notext", "-config", "config", ...issuer, ...dates, ...files]);
}

async function openssl(args: readonly string[]): Promise<void> {
  const command = new Deno.Command("openssl", { args: [...args], cwd: work, stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

function read(name: string): Promise<string> {
  return Deno.readTextFile(`${work}/${name}`);
}

async function write(name: string, blocks: readonly string[]): Promise<void> {
  await Deno.writeTextFile(new URL(`${name}.pem`, folder), blocks.join(""));
}

/**
 * A key with a certificate's public key, but another private number. OpenSSL trusts the public key
 * that is written in a key file (RFC 5915).
 */
function otherKey(pem: string): string {
  const { x, y } = createPrivateKey(pem).export({ format: "jwk" });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { d } = privateKey.export({ format: "jwk" });
  const number = (part: JsonWebKey["d"]) => Buffer.from(part ?? "", "base64url");
  const value = (tag: number, ...parts: Uint8Array[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Uint8Array.of(tag, body.length), body]);
  };
  const curve = value(0xa0, value(0x06, Buffer.from("2a8648ce3d030107", "hex")));
  const point = value(0xa1, value(0x03, Uint8Array.of(0, 4), number(x), number(y)));
  const key = value(0x30, value(0x02, Uint8Array.of(1)), value(0x04, number(d)), curve, point);
  const lines = key.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN EC PRIVATE KEY-----", ...lines, "-----END EC PRIVATE KEY-----", ""].join(
    "\n",
  );
}
