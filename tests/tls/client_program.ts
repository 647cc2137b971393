/**
 * The TLS client in a separate process, on the current runtime: calls as lines of JSON on standard
 * input, answers on standard output.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { isTelnetError } from "../../src/protocol/mod.ts";
import { defaultTransport } from "../../src/transport/default.ts";
import { CountingAgent } from "../contract/counting_agent.ts";
import { attempt } from "./client_agent.ts";
import { tlsClientTransport } from "./client_transport.ts";

type Method = (...args: unknown[]) => Promise<unknown>;

const agent = new CountingAgent(tlsClientTransport(await defaultTransport()));
const methods = agent as unknown as Record<string, Method>;

for await (const line of createInterface({ input: process.stdin })) void answer(line);
process.exit();

async function answer(line: string): Promise<void> {
  const { id, method, args } = JSON.parse(line);
  try {
    const call = method === "attempt" ? attempt(args[0]) : methods[method]?.call(agent, ...args);
    say({ id, result: await call });
  } catch (error) {
    const code = isTelnetError(error) ? error.code : "io";
    say({ id, error: { code, message: String(error) } });
  }
}

function say(answer: unknown): void {
  process.stdout.write(JSON.stringify(answer) + "\n");
}
