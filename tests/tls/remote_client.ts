import type { Agent } from "../../src/transport/contract/mod.ts";
import { TelnetError, type TelnetErrorCode } from "../../src/protocol/mod.ts";
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";
import type { Attempt, Outcome } from "./client_agent.ts";

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: TelnetErrorCode; readonly message: string };
}

/** The methods that the other process runs. */
const METHODS = [
  "listen",
  "closeListener",
  "accepted",
  "write",
  "writeBytes",
  "echo",
  "pause",
  "resume",
  "close",
  "abort",
  "status",
  "until",
  "count",
] as const satisfies readonly (keyof Agent)[];

/** The TLS client in a process of another runtime. */
export class RemoteClient implements AsyncDisposable {
  readonly #program: Program;
  readonly #waiting: Map<number, PromiseWithResolvers<unknown>> = new Map();
  #nextId = 0;

  constructor(runtime: Runtime) {
    this.#program = Program.start(runtime, "tests/tls/client_program.ts");
    void this.#read();
  }

  /** See `client_agent.ts`. */
  readonly attempt = (attempt: Attempt): Promise<Outcome> =>
    this.#call("attempt", [attempt]) as Promise<Outcome>;

  /** The agent for the connection contract. */
  get agent(): Agent {
    const methods = METHODS.map((method) => {
      return [method, (...args: unknown[]) => this.#call(method, args)];
    });
    return Object.fromEntries(methods) as Agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  async #call(method: string, args: readonly unknown[]): Promise<unknown> {
    const id = this.#nextId++;
    const answered = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answered);
    await this.#program.write(JSON.stringify({ id, method, args }));
    return await answered.promise;
  }

  async #read(): Promise<void> {
    try {
      while (true) {
        const { id, result, error }: Answer = JSON.parse(await this.#program.line());
        const answered = this.#waiting.get(id);
        this.#waiting.delete(id);
        if (error === undefined) answered?.resolve(result);
        else answered?.reject(new TelnetError(error.code, error.message));
      }
    } catch (ended) {
      for (const { reject } of this.#waiting.values()) reject(ended);
    }
  }
}
