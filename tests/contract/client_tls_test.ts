/** The connection contract for the TLS client, on each runtime. */
import { CASES as CONTRACT, type Subject } from "../../src/transport/contract/mod.ts";
import { denoTransport } from "../../src/transport/deno.ts";
import { inTime } from "../patience.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { tlsClientTransport } from "../tls/client_transport.ts";
import { dialAsServer, dialAsServerToReset } from "../tls/dialling_server.ts";
import { RemoteClient } from "../tls/remote_client.ts";
import { CountingAgent } from "./counting_agent.ts";
import { PLAIN_ONLY, TLS } from "./subjects.ts";

Deno.test("TLS client: the connection contract, on all runtimes in parallel", async () => {
  // Most of the time is spent on lingering connections.
  await Promise.all((await findRuntimes()).map(testContract));
});

async function testContract(runtime: Runtime): Promise<void> {
  await using client = runtime.name === "Deno" ? undefined : new RemoteClient(runtime);
  const subject: Subject = {
    ...TLS,
    agent: client?.agent ?? new CountingAgent(tlsClientTransport(denoTransport)),
    connect: dialAsServer,
    connectToReset: dialAsServerToReset,
    reusePort: false,
  };
  for (const [name, check] of Object.entries(CONTRACT)) {
    // Costs are counted for the whole process, so only the plain transports run those cases.
    if (PLAIN_ONLY.test(name) || name.includes("each at the same cost")) continue;
    await inTime(check(subject), name).catch((cause) => {
      throw new Error(`${runtime.name}: ${name}: ${cause}`, { cause });
    });
  }
}
