import { denoTransport } from "../../src/transport/deno.ts";
import { LocalAgent } from "./agent.ts";
import { PLAIN_ONLY, TLS } from "./subjects.ts";
import { CASES } from "./suite.ts";
import { tlsTransport } from "./tls_transport.ts";

for (const [name, check] of Object.entries(CASES)) {
  if (PLAIN_ONLY.test(name)) continue;
  Deno.test(`TLS on Deno: ${name}`, async () => {
    await check({ ...TLS, agent: new LocalAgent(tlsTransport(denoTransport)), reusePort: false });
  });
}
