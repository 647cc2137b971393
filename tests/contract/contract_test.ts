import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { denoTransport } from "../../src/transport/deno.ts";
import { MemoryTransport } from "../../src/transport/memory.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { LocalAgent } from "./agent.ts";
import { RemoteAgent } from "./remote_agent.ts";
import { CASES, type Peer, type Subject } from "./suite.ts";
import { tlsTransport } from "./tls_transport.ts";
import { CERTIFICATE } from "../tls/certificates.ts";

const SOCKETS = {
  connect: connectSocket,
  connectToReset: connectSocketToReset,
  sockets: true,
  buffers: 8_000_000,
};
const TLS = { ...SOCKETS, connect: connectSecure, connectToReset: connectSecureToReset };
/**
 * What TLS changes nothing of, and half-close: not every TLS goes on sending to who has ended.
 * OpenSSL before 1.1.1 did not, and clients do not rely on it.
 */
const PLAIN_ONLY = /^(a port|an address|IPv6|reusePort|a peer that half-close)/;
const reusePort = Deno.build.os === "linux";

for (const [name, check] of Object.entries(CASES)) {
  Deno.test(`the memory transport: ${name}`, async () => {
    const transport = new MemoryTransport();
    await check({
      agent: new LocalAgent(transport),
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
    await check({ ...SOCKETS, agent: new LocalAgent(denoTransport), reusePort: false });
  });

  if (PLAIN_ONLY.test(name)) continue;
  Deno.test(`TLS on Deno: ${name}`, async () => {
    await check({ ...TLS, agent: new LocalAgent(tlsTransport(denoTransport)), reusePort: false });
  });
}

const [deno, ...others] = await findRuntimes();
Deno.test({
  name: "the transport on Deno with --unstable-net: reusePort lets two listen on one port",
  ignore: !reusePort,
  async fn() {
    const runtime = { ...deno, args: ["run", "-A", "--unstable-net"] } as Runtime;
    await using remote = new RemoteAgent(runtime);
    const check = CASES["reusePort lets two listen on one port, or says that it cannot"];
    await check?.({ ...SOCKETS, agent: remote.agent, reusePort });
  },
});

for (const name of ["Bun", "Node"]) {
  const runtime = others.find((native) => native.name === name);
  Deno.test({
    name: `the transport on ${name}${runtime === undefined ? ` (there is no ${name} here)` : ""}`,
    ignore: runtime === undefined,
    fn: (t) => runtime && checkNatively(runtime, t),
  });
  Deno.test({
    name: `TLS on ${name}${runtime === undefined ? ` (there is no ${name} here)` : ""}`,
    ignore: runtime === undefined,
    fn: (t) => runtime && checkTlsNatively(runtime, t),
  });
}

async function checkNatively(runtime: Runtime, t: Deno.TestContext): Promise<void> {
  await using remote = new RemoteAgent(runtime);
  const subject: Subject = { ...SOCKETS, agent: remote.agent, reusePort };
  for (const [name, check] of Object.entries(CASES)) await t.step(name, () => check(subject));
}

async function checkTlsNatively(runtime: Runtime, t: Deno.TestContext): Promise<void> {
  await using remote = new RemoteAgent(runtime, ["--tls"]);
  const subject: Subject = { ...TLS, agent: remote.agent, reusePort };
  for (const [name, check] of Object.entries(CASES)) {
    if (!PLAIN_ONLY.test(name)) await t.step(name, () => check(subject));
  }
}

async function connectSocket(port: number, hostname: string = "127.0.0.1"): Promise<Peer> {
  return peerOf(await Deno.connect({ port, hostname }));
}

async function connectSecure(port: number): Promise<Peer> {
  const conn = await Deno.connectTls({ port, hostname: "localhost", caCerts: [CERTIFICATE.cert] });
  await conn.handshake();
  return peerOf(conn);
}

function peerOf(conn: Deno.Conn): Peer {
  const { port: ownPort } = conn.localAddr as Deno.NetAddr;
  const buffer = new Uint8Array(65_536);
  let open = true;
  const close = () => {
    if (open) conn.close();
    open = false;
  };
  return {
    port: ownPort,
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    async read() {
      const count = await conn.read(buffer);
      return count === null ? null : buffer.slice(0, count);
    },
    end: () => conn.closeWrite(),
    close,
  };
}

async function connectSocketToReset(port: number): Promise<() => void> {
  const socket = await connectedSocket(port);
  return () => socket.resetAndDestroy();
}

async function connectSecureToReset(port: number): Promise<() => void> {
  const socket = await connectedSocket(port);
  const secure = connectTls({ socket, ca: CERTIFICATE.cert, servername: "localhost" });
  secure.on("error", () => {});
  await new Promise<void>((resolve) => secure.once("secureConnect", resolve));
  return () => socket.resetAndDestroy();
}

async function connectedSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

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
