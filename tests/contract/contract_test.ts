import { denoTransport } from "../../src/transport/deno.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { CountingAgent } from "./counting_agent.ts";
import { RemoteAgent } from "./remote_agent.ts";
import { reusePort, SOCKETS } from "./subjects.ts";
import { CASES, type Peer } from "../../src/transport/contract/mod.ts";

for (const [name, check] of Object.entries(CASES)) {
  Deno.test(`the memory transport: ${name}`, async () => {
    const transport = new MemoryTransport();
    await check({
      agent: new CountingAgent(transport),
      connect: (port) => connectMemory(transport, port),
      // deno-lint-ignore require-await
      connectToReset: async (port) => {
        const peer = transport.connect(port);
        return () => peer.abort();
      },
      sockets: false,
      buffers: 65_536,
      reusePort: true,
    });
  });

  Deno.test(`the transport on Deno: ${name}`, async () => {
    await check({ ...SOCKETS, agent: new CountingAgent(denoTransport), reusePort: false });
  });
}

const deno = await findRuntime("Deno");
Deno.test({
  name: "the transport on Deno with --unstable-net: two listeners share a port with reusePort",
  ignore: !reusePort,
  async fn() {
    const runtime = { ...deno, args: ["run", "-A", "--unstable-net"] } as Runtime;
    await using remote = new RemoteAgent(runtime);
    const check = CASES["reusePort lets two listen on one port, or says that it cannot"];
    await check?.({ ...SOCKETS, agent: remote.agent, reusePort });
  },
});

// deno-lint-ignore require-await
async function connectMemory(transport: MemoryTransport, port: number): Promise<Peer> {
  const peer = transport.connect(port, { allowHalfOpen: true });
  return {
    port,
    async write(bytes) {
      peer.write(bytes);
      await Promise.resolve();
    },
    async read() {
      let bytes = peer.take();
      while (bytes.length === 0 && !peer.ended) {
        await peer.changed();
        bytes = peer.take();
      }
      return bytes.length === 0 ? null : bytes;
    },
    async end() {
      peer.end();
      await Promise.resolve();
    },
    close: () => peer.end(),
  };
}
