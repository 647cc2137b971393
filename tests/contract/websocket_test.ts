/** The connection contract over WebSocket: framed by the server, masked by the peer. */
import { denoTransport } from "../../src/transport/deno.ts";
import { openWebSocket } from "../../src/transport/websocket.ts";
import type { Connection, Transport } from "../../src/transport/transport.ts";
import { readRequest } from "../../src/websocket/http.ts";
import { CASES, LocalAgent, type Peer } from "../../src/transport/contract/mod.ts";
import { KEY, ServerFrames, upgradeRequest } from "../websocket/client.ts";
import { closeFrame, frame } from "../websocket/frames.ts";
import { SOCKETS } from "./subjects.ts";

/** Listens for connections that begin with an upgrade request. */
const webSocketTransport: Transport = {
  name: "websocket",
  listen: (options, accept) =>
    denoTransport.listen(options, (beneath: Connection) => {
      let received: number[] = [];
      return {
        onData(chunk) {
          received = [...received, ...chunk];
          const request = readRequest(Uint8Array.from(received));
          if (request === undefined || "status" in request) return;
          const framed = openWebSocket(beneath, KEY, undefined);
          framed.attach(accept(framed));
          beneath.attach(framed);
          framed.onData(Uint8Array.from(received.slice(request.length)));
        },
        onEnd: () => beneath.close(),
        onDrain() {},
        onClose() {},
      };
    }),
};

/** A peer with hand-written WebSocket frames. */
async function connect(port: number, hostname?: string): Promise<Peer> {
  const peer = await SOCKETS.connect(port, hostname);
  const frames = new ServerFrames();
  await peer.write(new TextEncoder().encode(upgradeRequest()));
  while (frames.head === undefined) {
    const bytes = await peer.read();
    if (bytes === null) throw new Error("no answer to the upgrade");
    frames.push(bytes);
  }
  return {
    port: peer.port,
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += 100_000) {
        await peer.write(frame(2, bytes.slice(at, at + 100_000)));
      }
    },
    async read() {
      while (true) {
        const message = frames.messages.shift();
        if (message !== undefined) return message;
        if (frames.close !== undefined) return null;
        const bytes = await peer.read();
        if (bytes === null) return null;
        frames.push(bytes);
      }
    },
    end: () => peer.write(closeFrame(1000)),
    close: () => peer.close(),
  };
}

const subject = {
  ...SOCKETS,
  agent: new LocalAgent(webSocketTransport),
  connect,
  reusePort: false,
};

/** Cases that depend on the underlying connection, or count unframed bytes. */
const OTHER =
  /^(a port|an address|IPv6|reusePort|dial:|a closed listener|a reset by the peer|fifty who|very many small|.*flood|a peer that was not read)/;

for (const [name, check] of Object.entries(CASES)) {
  if (OTHER.test(name)) continue;
  Deno.test(`a connection over WebSocket: ${name}`, () => check(subject));
}
