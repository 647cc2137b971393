/** A server on a real port under a loop of its own, and what its handlers were told. */
import {
  type ClientViolation,
  type ListenOptions,
  type Refusal,
  type TelnetClient,
  TelnetServer,
} from "../../mod.ts";
import { LineClient } from "../runtimes/line_client.ts";

const PATIENCE_MS = 10_000;

/** What a test on real sockets works with. */
export class Served implements AsyncDisposable {
  readonly server: TelnetServer;
  readonly violations: ClientViolation[] = [];
  readonly refusals: Refusal[] = [];
  readonly gone: TelnetClient[] = [];
  readonly lines: string[] = [];
  /** Whether the game takes lines. */
  taking = true;
  readonly #running: Promise<void>;
  readonly #open: LineClient[] = [];
  #ended = false;

  private constructor(server: TelnetServer) {
    this.server = server;
    this.#running = this.#run();
  }

  static async start(options: ListenOptions = {}): Promise<Served> {
    const later: { served?: Served } = {};
    const server = await TelnetServer.listen({
      port: 0,
      address: "127.0.0.1",
      onConnect: (client) => client.send("hello\n"),
      onViolation: (_, violation) => void later.served?.violations.push(violation),
      onRefuse: (refusal) => void later.served?.refusals.push(refusal),
      ...options,
      onDisconnect: (client) => {
        later.served?.gone.push(client);
        options.onDisconnect?.(client);
      },
    });
    return later.served = new Served(server);
  }

  /** The first client. */
  get client(): TelnetClient {
    const [client] = this.server.clientList();
    if (client === undefined) throw new Error("Nobody is there");
    return client;
  }

  /** Whether such a violation was told. */
  told(kind: ClientViolation["kind"]): boolean {
    return this.violations.some((violation) => violation.kind === kind);
  }

  /** Whether such a refusal was told. */
  refused(kind: Refusal["kind"]): boolean {
    return this.refusals.some((refusal) => refusal.kind === kind);
  }

  async connect(hostname?: string, port: number = this.server.port): Promise<LineClient> {
    const client = await LineClient.connect(port, hostname);
    this.#open.push(client);
    return client;
  }

  /** Connects, and waits for the greeting. */
  async join(): Promise<LineClient> {
    const client = await this.connect();
    await client.until(/hello\r\n/);
    return client;
  }

  /** Waits for a condition; returns whether it came in time. */
  async comes(condition: () => boolean, patience: number = PATIENCE_MS): Promise<boolean> {
    const deadline = performance.now() + patience;
    while (!condition()) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    for (const client of this.#open) client[Symbol.dispose]();
    await this.#running;
    await this.server.stop();
  }

  async #run(): Promise<void> {
    while (!this.#ended && this.server.running) {
      await this.server.poll();
      for (const client of this.taking ? this.server.readyClients() : []) {
        for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
          this.lines.push(line);
        }
      }
    }
  }
}
