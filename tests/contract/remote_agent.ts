import { TelnetError, type TelnetErrorCode } from "../../src/protocol/mod.ts";
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";
import type {
  Agent,
  AgentConnection,
  Condition,
  DialOptions,
  Status,
} from "../../src/transport/contract/mod.ts";

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: TelnetErrorCode; readonly message: string };
}

/** An agent in a process of another runtime. */
export class RemoteAgent implements AsyncDisposable {
  readonly #program: Program;
  readonly #dials: boolean;
  readonly #waiting: Map<number, (answer: Answer) => void> = new Map();
  #nextId = 0;

  constructor(runtime: Runtime, args: readonly string[] = []) {
    this.#dials = !args.includes("--tls");
    this.#program = Program.start(runtime, "tests/runtimes/transport_program.ts", args);
    void this.#read();
  }

  /** The agent: each method calls the other process. */
  get agent(): Agent {
    const call = <T>(method: string, ...args: unknown[]) => this.#call(method, args) as Promise<T>;
    return {
      listen: (options) => call("listen", options),
      closeListener: (id) => call("closeListener", id),
      accepted: () => call("accepted"),
      ...(this.#dials
        ? { dial: (options: DialOptions) => call<AgentConnection>("dial", options) }
        : {}),
      write: (id, length) => call("write", id, length),
      writeBytes: (id, length) => call("writeBytes", id, length),
      echo: (id) => call("echo", id),
      pause: (id) => call("pause", id),
      resume: (id) => call("resume", id),
      close: (id) => call("close", id),
      abort: (id) => call("abort", id),
      status: (id) => call<Status>("status", id),
      count: (on) => call<number>("count", on),
      until: (id: number, condition: Condition) => call<Status>("until", id, condition),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  async #call(method: string, args: unknown[]): Promise<unknown> {
    const id = this.#nextId++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    await this.#program.write(JSON.stringify({ id, method, args }));
    const { result, error } = await answered;
    if (error !== undefined) throw new TelnetError(error.code, error.message);
    return result;
  }

  async #read(): Promise<void> {
    try {
      while (true) {
        const answer: Answer = JSON.parse(await this.#program.line());
        this.#waiting.get(answer.id)?.(answer);
        this.#waiting.delete(answer.id);
      }
    } catch {
      // the program was stopped
    }
  }
}
