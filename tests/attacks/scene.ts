/** A server, honest people and attackers, each a process of its own; and what the people notice. */
import { PATIENCE_MS } from "../patience.ts";
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";

const DENO: Runtime = { name: "Deno", path: Deno.execPath(), args: ["run", "-A"] };
/** The attackers get what the others leave of the machine: it is not its speed that is measured. */
const NICE = 10;

/** What the people noticed over a time. */
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
  /** People whose connection is gone. */
  readonly gone: number;
}

/** What the server tells of itself. */
export interface Told {
  readonly rss: number;
  readonly used: number;
  readonly connections: number;
  readonly waiting: number;
  readonly refused: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
  /** Lines of the people that came out of order. */
  readonly disordered: number;
}

/** What came of an attack. */
export interface Outcome {
  readonly attack: string;
  readonly dialled: number;
  readonly before: Noticed;
  readonly during: Noticed;
  readonly memoryBefore: Told;
  readonly memoryAfter: Told;
}

/** A server under attack, with people on it. Dispose it, and all end. */
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
   * Starts all three, and waits until the people are in.
   *
   * @param share How many of the attackers come, 1 for all.
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

  /** What the people notice over a time in milliseconds, and until they have had so many answers. */
  async measure(milliseconds: number, least: number = 1): Promise<Noticed> {
    await this.#people.write(`measure ${milliseconds} ${least}`);
    return JSON.parse(await this.#people.line());
  }

  /** What the server tells of itself, with `weigh` after a collection of what is garbage. */
  async tell(command: "tell" | "weigh" = "tell"): Promise<Told> {
    await this.#server.write(command);
    return JSON.parse(await this.#server.line());
  }

  /**
   * Attacks for a time, and until the people have had so many answers, while they are asked what they
   * notice: on however busy a machine, the attack is under way as long as they are.
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

  /** Waits until only the people are there, and what is freed late is. */
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

/** The memory is told after a collection, where the runtime lets us. */
function withCollection(runtime: Runtime): Runtime {
  if (runtime.name === "Bun") return runtime;
  const flag = runtime.name === "Deno" ? "--v8-flags=--expose-gc" : "--expose-gc";
  return { ...runtime, args: [...runtime.args, flag] };
}

function niced(runtime: Runtime): Runtime {
  if (Deno.build.os === "windows") return runtime;
  return { ...runtime, path: "nice", args: ["-n", String(NICE), runtime.path, ...runtime.args] };
}
