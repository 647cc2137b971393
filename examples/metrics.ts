/**
 * A server that publishes its statistics as OpenMetrics text, for Prometheus and similar tools.
 *
 *     deno run -N examples/metrics.ts [--port 7777] [--metrics 9464]
 *     bun run examples/metrics.ts
 *     node examples/metrics.ts
 *
 * Then: curl localhost:9464/metrics
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";
import { type ServerStats, type TelnetClient, TelnetServer } from "../mod.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7777" },
    metrics: { type: "string", default: "9464" },
  },
});

const server = await TelnetServer.listen({
  port: Number(values.port),
  onConnect: (client) => client.send("Say something, and be counted.\n"),
  onDisconnect: () => {},
});
const web = createServer((_request, response) => {
  const type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  response.writeHead(200, { "Content-Type": type }).end(openMetrics(server.stats()));
});
// Listens on this machine only: the statistics are not public.
web.listen(Number(values.metrics), "127.0.0.1", () => {
  const { port } = web.address() as AddressInfo;
  console.log(`Telnet on port ${server.port}, metrics on port ${port}. Ctrl-C ends it.`);
});
process.once("SIGINT", () => {
  web.close();
  void server.drain();
});

while (server.running) {
  await server.poll();
  for (const client of server.clientsWithInput()) answer(client, client.getCommand());
}

function answer(client: TelnetClient, line: string | undefined): void {
  client.send(`You said: ${line}\n`);
}

/** Formats the statistics as OpenMetrics text (openmetrics.io). */
function openMetrics(stats: ServerStats): string {
  const gauges = [
    ["connections", "Clients that are connected", stats.connections],
    ["handshakes", "Connections that are not clients yet", stats.handshakes],
    ["closing", "Connections on their way out", stats.closing],
    ["throttled_clients", "Clients over a rate", stats.throttled],
    ["queued_output_bytes", "Bytes that wait for the network", stats.queuedOutput],
    ["queued_input_bytes", "Bytes that wait for the game", stats.queuedInput],
    ["held_bytes", "Bytes held of what clients sent and told", stats.memoryUsed],
    ["queued_lines", "Lines that wait for the game", stats.queuedLines],
    ["lines_per_second", "Lines in the last second", stats.rates.lines],
  ] as const;
  const counters = [
    ["accepted", "Connections that became clients", "", { "": stats.accepted }],
    ["refused", "Connections that did not", "reason", stats.refused],
    ["disconnected", "Clients that went", "reason", stats.disconnected],
    ["violations", "Faults and limits", "kind", stats.violations],
    ["received_bytes", "Bytes that came", "", { "": stats.bytesReceived }],
    ["sent_bytes", "Bytes that went", "", { "": stats.bytesSent }],
    ["lines", "Lines that came", "", { "": stats.lines }],
    ["negotiations", "Negotiations that came", "", { "": stats.negotiations }],
    ["accept_errors", "Failures to accept", "", { "": stats.acceptErrors }],
  ] as const;
  const lines: string[] = [];
  for (const [name, help, value] of gauges) {
    lines.push(`# TYPE telnet_${name} gauge`, `# HELP telnet_${name} ${help}.`);
    lines.push(`telnet_${name} ${value}`);
  }
  for (const [name, help, label, counts] of counters) {
    lines.push(`# TYPE telnet_${name} counter`, `# HELP telnet_${name} ${help}.`);
    for (const [key, count] of Object.entries(counts)) {
      lines.push(`telnet_${name}_total${label && `{${label}="${key}"}`} ${count}`);
    }
  }
  return [...lines, "# EOF", ""].join("\n");
}
