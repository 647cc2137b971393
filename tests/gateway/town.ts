/** A broker, gateways, workers and people, each a process or a socket of its own. */
import { inTime, until } from "../patience.ts";
import { freePort } from "../runtimes/free_port.ts";
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";
import { type Kind, KINDS, Person } from "./people.ts";

const root = new URL("../../", import.meta.url);

/** Debian's nats-server, with a folder of its own. */
export class Broker implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #folder: string = Deno.makeTempDirSync({ prefix: "miniboa-nats-" });
  #child: Deno.ChildProcess | undefined;

  static async start(): Promise<Broker> {
    const broker = new Broker();
    await broker.start();
    return broker;
  }

  /** Whether there is one on this machine. */
  static get installed(): boolean {
    try {
      return new Deno.Command("nats-server", { args: ["--version"] }).outputSync().success;
    } catch {
      return false;
    }
  }

  async start(): Promise<void> {
    const example = await Deno.readTextFile(new URL("examples/gateway/nats.conf", root));
    const config = example.replace("./nats-data", this.#folder).replace(":4222", `:${this.port}`);
    await Deno.writeTextFile(`${this.#folder}/nats.conf`, config);
    this.#child = new Deno.Command("nats-server", {
      args: ["-c", `${this.#folder}/nats.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(() => this.#answers(), () => new Promise((resolve) => setTimeout(resolve, 20)));
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  #answers(): boolean {
    try {
      Deno.listen({ port: this.port, hostname: "127.0.0.1" }).close();
      return false;
    } catch {
      return true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Where the programs find the packages that they import: a copy of the project with these installed. */
export async function install(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "miniboa-gateway-" });
  const run = async (program: string, ...args: string[]) => {
    const command = new Deno.Command(program, { args, cwd: folder, stdin: "null" });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  await run(
    "cp",
    "-r",
    ...["mod.ts", "src", "examples"].map((name) => root.pathname + name),
    folder,
  );
  await Deno.mkdir(`${folder}/tests`);
  await run("cp", "-r", `${root.pathname}tests/gateway`, `${root.pathname}tests/tls`, "tests");
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ type: "module" }));
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const names = ["@nats-io/transport-node", "@nats-io/kv"];
  const packages = names.map((name) => imports[name].slice("npm:".length));
  await run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...packages);
  return folder;
}

/** A runtime that finds the packages. */
export function withPackages(runtime: Runtime, folder: string): { runtime: Runtime; at: string } {
  if (runtime.name === "Deno") {
    const map = new URL("tests/offline/import_map.json", root).pathname;
    return { runtime: { ...runtime, args: [...runtime.args, `--import-map=${map}`] }, at: "" };
  }
  return { runtime, at: `${folder}/` };
}

/** A worker that was started. */
export interface WorkerProcess {
  readonly program: Program;
  /** Settles when it waits for the zone. */
  readonly joining: Promise<void>;
  /** Settles with what it prints when it has, or may not have, the zone. */
  readonly joined: Promise<string>;
}

/** All of it. */
export class Town implements AsyncDisposable {
  readonly broker: Broker;
  readonly people: Person[] = [];
  gateway!: Program;
  port = 0;
  readonly #runtime: Runtime;
  readonly #at: string;
  readonly #programs: Program[] = [];
  #typing: ReturnType<typeof setInterval>[] = [];

  private constructor(broker: Broker, runtime: Runtime, folder: string) {
    this.broker = broker;
    const found = withPackages(runtime, folder);
    this.#runtime = found.runtime;
    this.#at = found.at;
  }

  static async open(runtime: Runtime, folder: string): Promise<Town> {
    const town = new Town(await Broker.start(), runtime, folder);
    await town.startGateway();
    return town;
  }

  /** The same people and the same game, with no gateway between. */
  static async openDirect(runtime: Runtime, folder: string): Promise<Town> {
    const town = new Town(new Broker(), runtime, folder);
    town.gateway = town.#start("worker_program.ts", ["direct"]);
    town.port = Number((await inTime(town.gateway.match(/^port (\d+)/), "the port"))[1]);
    return town;
  }

  async startGateway(): Promise<void> {
    this.gateway = this.#start("gateway_program.ts", [`${this.broker.port}`]);
    this.port = Number((await inTime(this.gateway.match(/^port (\d+)/), "the gateway's port"))[1]);
  }

  /** Starts a worker. */
  worker(version: string = "1", takeOver: boolean = false): WorkerProcess {
    const args = [`${this.broker.port}`, version, takeOver ? "takeOver" : "waits"];
    const program = this.#start("worker_program.ts", args);
    const joining = program.match(/^joining/).then(() => {});
    const joined = joining.then(() => program.match(/^(owns \d+|refused \S+)/)).then(([line]) =>
      line
    );
    joined.catch(() => {});
    return { program, joining, joined };
  }

  /** Has people come, of all kinds. */
  async join(count: number): Promise<void> {
    for (let index = 0; index < count; index += 50) {
      const some = Array.from(
        { length: Math.min(50, count - index) },
        (_, offset) => Person.connect(KINDS[(index + offset) % KINDS.length] as Kind, this.port),
      );
      this.people.push(...await Promise.all(some));
    }
  }

  /** Waits until something is so. */
  async until(condition: () => boolean): Promise<void> {
    await until(condition, () => new Promise((resolve) => setTimeout(resolve, 5)));
  }

  /** Has all people send lines, one each in so many milliseconds, each when the one before is answered. */
  type(every: number): void {
    const slices = Math.max(1, Math.min(this.people.length, Math.floor(every / 10)));
    let slice = 0;
    // Some at a time: nobody's lines come all in one moment.
    const timer = setInterval(() => {
      for (let index = slice; index < this.people.length; index += slices) {
        const person = this.people[index] as Person;
        if (person.ready && person.quiet && !person.closed) person.next();
      }
      slice = (slice + 1) % slices;
    }, every / slices);
    this.#typing.push(timer);
  }

  /** Has them stop, and waits for the last answers. */
  async rest(): Promise<void> {
    for (const timer of this.#typing.splice(0)) clearInterval(timer);
    await this.until(() => this.people.every(({ quiet, closed }) => quiet || closed));
  }

  /** Waits until each person has had an answer to something that was sent from here on. */
  async answered(): Promise<void> {
    const before = this.people.map(({ answered }) => answered);
    await this.until(() =>
      this.people.every((person, index) =>
        person.answered > (before[index] ?? 0) + 1 || person.closed
      )
    );
  }

  /** What was not as it must be, of all people. */
  get faults(): string[] {
    return this.people.flatMap(({ kind, faults }, index) =>
      faults.map((fault) => `${kind} ${index}: ${fault}`)
    );
  }

  #start(file: string, args: readonly string[]): Program {
    const program = Program.start(this.#runtime, `${this.#at}tests/gateway/${file}`, args);
    this.#programs.push(program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#typing.splice(0)) clearInterval(timer);
    for (const person of this.people) person.close();
    await this.until(() => this.people.every(({ closed }) => closed));
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }
}
