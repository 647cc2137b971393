/**
 * A transparent proxy between clients and a server that prints each negotiation in readable form.
 *
 *     deno run -N examples/proxy.ts [--listen 7000] [--hostname localhost] [--port 7777]
 *     bun run examples/proxy.ts [--listen 7000] [--hostname localhost] [--port 7777]
 *     node examples/proxy.ts [--listen 7000] [--hostname localhost] [--port 7777]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { optionName } from "../src/options/mod.ts";
import { Tracer } from "../src/protocol/mod.ts";
import { type Connection, type ConnectionHandler, defaultTransport } from "../src/transport/mod.ts";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "7000" },
    hostname: { type: "string", default: "localhost" },
    port: { type: "string", default: "7777" },
  },
});
const transport = await defaultTransport();
/** The maximum number of bytes queued for one end. Above it, the other end is not read. */
const MAX_QUEUED = 65_536;
let count = 0;

const listener = await transport.listen({ port: Number(values.listen), address: "" }, (client) => {
  const name = `#${++count}`;
  console.log(`${name} ${client.remoteAddress} connected`);
  const say = (arrow: string) => (words: string) => console.log(`${name} ${arrow} ${words}`);
  client.pause(); // until the server is connected
  const { hostname, port } = values;
  transport.dial({ hostname, port: Number(port) }, (server) => {
    client.attach(relay(client, server, say("client >")));
    client.resume();
    return relay(server, client, say("server <"));
  }).catch((error) => {
    console.log(`${name} ${error.message}`);
    client.abort();
  });
  return { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
});
console.log(`Proxy on port ${listener.port}. Ctrl-C ends it.`);
process.once("SIGINT", () => process.exit());

/** Forwards data from one end to the other. */
function relay(from: Connection, to: Connection, say: (words: string) => void): ConnectionHandler {
  let compressed = false;
  const tracer = new Tracer(16_384, optionName, (words) => {
    if (compressed) return; // after the MCCP marker everything is compressed
    compressed = words === "SB MCCP2" || words === "SB MCCP3";
    say(compressed ? `${words}, and all that follows is compressed` : words);
  });
  return {
    onData(chunk) {
      if (!compressed) tracer.push(chunk);
      to.write(chunk);
      if (to.queued > MAX_QUEUED) from.pause();
    },
    onDrain: () => to.resume(), // this end's queue is empty, so read the other end again
    onEnd: () => to.close(),
    onClose(error) {
      if (error !== undefined) to.abort();
      else to.close();
    },
  };
}
