/**
 * An agent in a separate process: commands as lines of JSON on standard input, answers on standard
 * output. It uses the default transport of the current runtime, over TLS with `--tls`.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { CountingAgent } from "../contract/counting_agent.ts";
import { tlsTransport } from "../contract/tls_transport.ts";
import { isTelnetError } from "../../src/protocol/mod.ts";
import { defaultTransport } from "../../src/transport/default.ts";

const transport = await defaultTransport();
const tls = process.argv.includes("--tls");
const agent = new CountingAgent(tls ? tlsTransport(transport) : transport);
const methods = agent as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;

for await (const line of createInterface({ input: process.stdin })) void answer(line);
process.exit();

async function answer(line: string): Promise<void> {
  const { id, method, args } = JSON.parse(line);
  try {
    say({ id, result: await methods[method]?.(...args) });
  } catch (error) {
    const code = isTelnetError(error) ? error.code : "io";
    say({ id, error: { code, message: String(error) } });
  }
}

function say(answer: unknown): void {
  process.stdout.write(JSON.stringify(answer) + "\n");
}
