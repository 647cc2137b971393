/** Contract subjects that the socket transports share: how to connect, and how much they buffer. */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { findRuntime, type Runtime } from "../runtimes/runtimes.ts";
import { CERTIFICATE } from "../tls/certificates.ts";
import { RemoteAgent } from "./remote_agent.ts";
import { CASES, type Peer, type Subject } from "../../src/transport/contract/mod.ts";

/** A subject without its agent. */
type Dialled = Omit<Subject, "agent" | "reusePort">;

/** Plain sockets. */
export const SOCKETS: Dialled = {
  connect: connectSocket,
  connectToReset: connectSocketToReset,
  sockets: true,
  buffers: 8_000_000,
};
/** TLS sockets. */
export const TLS: Dialled = {
  ...SOCKETS,
  connect: connectSecure,
  connectToReset: connectSecureToReset,
};
/**
 * Cases that TLS does not affect, and half-close: not every TLS implementation keeps sending after
 * the peer's close_notify. OpenSSL before 1.1.1 did not, so clients do not rely on it.
 */
export const PLAIN_ONLY: RegExp = /^(a port|an address|IPv6|reusePort|a peer that half-close)/;
/** Whether the system lets two listeners share a port. */
export const reusePort: boolean = Deno.build.os === "linux";

/**
 * Declares the tests of a runtime's own transport. A file per runtime calls this, so that they are
 * tested in parallel.
 */
export async function testNatively(name: Runtime["name"]): Promise<void> {
  const runtime = await findRuntime(name);
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

/** Runs the contract on a runtime, with plain sockets. */
export async function checkNatively(
  runtime: Runtime,
  t: Deno.TestContext,
  hasReusePort: boolean = reusePort,
): Promise<void> {
  await using remote = new RemoteAgent(runtime);
  const subject: Subject = { ...SOCKETS, agent: remote.agent, reusePort: hasReusePort };
  for (const [name, check] of Object.entries(CASES)) await t.step(name, () => check(subject));
}

/** Runs the contract on a runtime, with TLS sockets. */
export async function checkTlsNatively(runtime: Runtime, t: Deno.TestContext): Promise<void> {
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
