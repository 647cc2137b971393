/** A server on a real port with its own game loop, which notes what its handlers got. */
import {
  type ClientViolation,
  type ListenOptions,
  type Refusal,
  type TelnetClient,
  TelnetServer,
} from "../../mod.ts";
import { PATIENCE_MS } from "../patience.ts";
import { LineClient } from "../runtimes/line_client.ts";
import { StepClock } from "./harness.ts";

/** How far {@linkcode Served.passes} advances the test clock in one step. */
const STEP_MS = 50;

/** A server for tests on real sockets. */
export class Served implements AsyncDisposable {
  readonly server: TelnetServer;
  readonly violations: ClientViolation[] = [];
  readonly refusals: Refusal[] = [];
  readonly gone: TelnetClient[] = [];
  readonly lines: string[] = [];
  /** Whether the game takes lines. */
  taking = true;
  /** How often the loop has polled. */
  polls = 0;
  readonly #clock: StepClock | undefined;
  readonly #running: Promise<void>;
  readonly #open: LineClient[] = [];
  #ended = false;

  private constructor(server: TelnetServer, clock: StepClock | undefined) {
    this.server = server;
    this.#clock = clock;
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
    const clock = options.clock instanceof StepClock ? options.clock : undefined;
    return later.served = new Served(server, clock);
  }

  /** The first client. */
  get client(): TelnetClient {
    const [client] = this.server.clientList();
    if (client === undefined) throw new Error("Nobody is there");
    return client;
  }

  /** Whether `onViolation` got this kind. */
  told(kind: ClientViolation["kind"]): boolean {
    return this.violations.some((violation) => violation.kind === kind);
  }

  /** Whether `onRefuse` got this kind. */
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

  /** Waits for a condition; returns `false` if it did not come true in time. */
  async comes(condition: () => boolean): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  /** Waits for one whole poll, so everything due by now is done. */
  async turn(): Promise<void> {
    const { polls } = this;
    await this.comes(() => this.polls >= polls + 2); // one may have been running already
  }

  /**
   * Advances the test clock in steps, with a poll after each, until the condition is true. No other
   * time passes, however slow the machine.
   *
   * @returns Whether the condition came true.
   */
  async passes(milliseconds: number, condition: () => boolean = () => false): Promise<boolean> {
    if (this.#clock === undefined) throw new Error("Give a StepClock");
    for (let passed = 0; passed < milliseconds && !condition(); passed += STEP_MS) {
      this.#clock.advance(STEP_MS);
      await this.turn();
    }
    return condition();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    for (const client of this.#open) client[Symbol.dispose]();
    await this.#running;
    let stopped = false;
    const stopping = this.server.stop().finally(() => stopped = true);
    // closeTimeout passes only if the clock moves.
    while (this.#clock !== undefined && !stopped) {
      this.#clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await stopping;
  }

  async #run(): Promise<void> {
    while (!this.#ended && this.server.running) {
      await this.server.poll();
      this.polls++;
      for (const client of this.taking ? this.server.clientsWithInput() : []) {
        for (let line = client.getCommand(); line !== undefined; line = client.getCommand()) {
          this.lines.push(line);
        }
      }
    }
  }
}
