import { denoTransport } from "../../src/transport/deno.ts";
import { CountingAgent } from "./counting_agent.ts";
import { PLAIN_ONLY, TLS } from "./subjects.ts";
import { CASES } from "../../src/transport/contract/mod.ts";
import { tlsTransport } from "./tls_transport.ts";

for (const [name, check] of Object.entries(CASES)) {
  if (PLAIN_ONLY.test(name)) continue;
  Deno.test(`TLS on Deno: ${name}`, async () => {
    await check({
      ...TLS,
      agent: new CountingAgent(tlsTransport(denoTransport)),
      reusePort: false,
    });
  });
}
