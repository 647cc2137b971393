/** The TLS client, on each runtime. */
import { assertEquals, assertMatch } from "@std/assert";
import { inTime } from "../patience.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { CERTIFICATE } from "./certificates.ts";
import { attempt } from "./client_agent.ts";
import { type Attempter, CASES, OPENSSL_CASES } from "./client_cases.ts";
import { identity, identityPath } from "./identities.ts";
import { RemoteClient } from "./remote_client.ts";
import { hasOpenssl, TlsServer } from "./servers.ts";

const withOpenssl = await hasOpenssl();

for (const runtime of await findRuntimes()) {
  Deno.test(`TLS client on ${runtime.name}`, async (t) => {
    await using client = runtime.name === "Deno" ? undefined : new RemoteClient(runtime);
    await testCases(t, client?.attempt ?? attempt);
  });

  Deno.test({
    name: `TLS client on ${runtime.name}: without "ca" the runtime's authorities are trusted`,
    ignore: Deno.build.os === "windows",
    fn: () => testDefaultTrust(runtime),
  });
}

async function testCases(t: Deno.TestContext, attempt: Attempter): Promise<void> {
  const patient: Attempter = (one) => inTime(attempt(one), "the end of the connection");
  for (const [name, check] of Object.entries(CASES)) await t.step(name, () => check(patient));
  const ignore = !withOpenssl;
  for (const [name, check] of Object.entries(OPENSSL_CASES)) {
    const step = `${name}${ignore ? " (there is no openssl here)" : ""}`;
    await t.step({ name: step, ignore, fn: () => check(patient) });
  }
}

/**
 * The environment adds an authority, and disables verification: the client must ignore the latter.
 */
async function testDefaultTrust(runtime: Runtime): Promise<void> {
  const root = identityPath("root");
  const settings = [
    `NODE_EXTRA_CA_CERTS=${root}`,
    `DENO_CERT=${root}`,
    "NODE_TLS_REJECT_UNAUTHORIZED=0",
    "NODE_NO_WARNINGS=1", // silences the warning about the setting above
  ];
  await using client = new RemoteClient({
    name: runtime.name,
    path: "env",
    args: [...settings, runtime.path, ...runtime.args],
  });
  await using server = new TlsServer(identity("localhost"));
  const { port } = server;
  const trusted = await client.attempt({ port, trust: { serverName: "localhost" } });
  assertEquals(trusted, { events: ["secure", "data", "close"], text: "You see: look\n" });
  const ca = identity("other_root").cert;
  await using unknown = new TlsServer(CERTIFICATE);
  for (
    const attempt of [
      { port, trust: { serverName: "localhost", ca } },
      { port, trust: { serverName: "mud.example" } },
      { port: unknown.port, trust: { serverName: "localhost" } },
    ]
  ) {
    const { events, code, message = "" } = await client.attempt(attempt);
    assertEquals([events, code], [["close"], "tls-failed"]);
    assertMatch(message, /^Cannot trust the server /);
  }
}
