/** A server, honest clients and attackers, each in its own process, and what the clients notice. */
import { PATIENCE_MS } from "../patience.ts";
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";

const DENO: Runtime = { name: "Deno", path: Deno.execPath(), args: ["run", "-A"] };
/** Attackers run at low priority, so that the speed of the machine is not what is measured. */
const NICE = 10;

/** What the honest clients noticed over a time. */
export interface Noticed {
  readonly lines: number;
  /** Milliseconds from a line to its answer. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Lines without an answer, so far. */
  readonly lost: number;
  /** Answers out of order, so far. */
  readonly disordered: number;
  /** Honest clients whose connection is gone. */
  readonly gone: number;
}

/** What the server reports about itself. */
export interface Told {
  readonly rss: number;
  readonly used: number;
  readonly connections: number;
  readonly waiting: number;
  readonly refused: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
  /** Lines of the honest clients that arrived out of order. */
  readonly disordered: number;
}

/** The result of an attack. */
export interface Outcome {
  readonly attack: string;
  readonly dialled: number;
  readonly before: Noticed;
  readonly during: Noticed;
  readonly memoryBefore: Told;
  readonly memoryAfter: Told;
}

/** A server under attack, with honest clients. Disposing it ends all processes. */
export class Scene implements AsyncDisposable {
  readonly attacks: readonly string[];
  readonly people: number;
  readonly #server: Program;
  readonly #people: Program;
  readonly #attackers: Program;

  private constructor(
    people: number,
    attacks: readonly string[],
    programs: { server: Program; people: Program; attackers: Program },
  ) {
    this.people = people;
    this.attacks = attacks;
    this.#server = programs.server;
    this.#people = programs.people;
    this.#attackers = programs.attackers;
  }

  /**
   * Starts the three processes, and waits until the honest clients are connected.
   *
   * @param share The part of the attackers that takes part, 1 for all.
   */
  static async start(runtime: Runtime, people: number, share: number = 1): Promise<Scene> {
    const server = Program.start(withCollection(runtime), "tests/attacks/server_program.ts");
    const { plain, secure, web } = JSON.parse(await server.line());
    const crowd = Program.start(DENO, "tests/attacks/people_program.ts", [`${plain}`, `${people}`]);
    await crowd.match(/^ready$/);
    const attackers = Program.start(niced(DENO), "tests/attacks/attackers.ts", [
      `${plain}`,
      `${secure}`,
      `${web}`,
      `${share}`,
    ]);
    const attacks = JSON.parse(await attackers.line());
    return new Scene(people, attacks, { server, people: crowd, attackers });
  }

  /** Measures for at least this many milliseconds and this many answers. */
  async measure(milliseconds: number, least: number = 1): Promise<Noticed> {
    await this.#people.write(`measure ${milliseconds} ${least}`);
    return JSON.parse(await this.#people.line());
  }

  /** Asks the server about itself, with `weigh` after a garbage collection. */
  async tell(command: "tell" | "weigh" = "tell"): Promise<Told> {
    await this.#server.write(command);
    return JSON.parse(await this.#server.line());
  }

  /**
   * Attacks for at least this many milliseconds and this many answers to honest clients, and
   * measures meanwhile. However busy the machine, the attack lasts as long as the measurement.
   */
  async attack(attack: string, milliseconds: number, least: number = 1): Promise<Outcome> {
    const memoryBefore = await this.tell("weigh");
    const before = await this.measure(milliseconds / 2);
    await this.#attackers.write(attack);
    await this.#attackers.match(/^"under way"$/);
    const during = await this.measure(milliseconds, least);
    await this.#attackers.write("stop");
    const { dialled } = JSON.parse(await this.#attackers.line());
    return { attack, dialled, before, during, memoryBefore, memoryAfter: await this.#calm() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of [this.#attackers, this.#people, this.#server]) {
      await program[Symbol.asyncDispose]();
    }
  }

  /** Waits until only the honest clients are connected, and late memory is freed. */
  async #calm(): Promise<Told> {
    const patience = performance.now() + PATIENCE_MS;
    while (true) {
      const told = await this.tell();
      const calm = told.connections <= this.people && told.waiting === 0;
      if (calm || performance.now() > patience) return await this.tell("weigh");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Adds the flag that lets the server run the garbage collector, where the runtime needs one. */
function withCollection(runtime: Runtime): Runtime {
  if (runtime.name === "Bun") return runtime;
  const flag = runtime.name === "Deno" ? "--v8-flags=--expose-gc" : "--expose-gc";
  return { ...runtime, args: [...runtime.args, flag] };
}

function niced(runtime: Runtime): Runtime {
  if (Deno.build.os === "windows") return runtime;
  return { ...runtime, path: "nice", args: ["-n", String(NICE), runtime.path, ...runtime.args] };
}
