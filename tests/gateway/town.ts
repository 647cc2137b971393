/** A broker, gateways, workers and clients, as separate processes and sockets. */
import { inTime, until } from "../patience.ts";
import { freePort } from "../runtimes/free_port.ts";
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";
import { type Kind, KINDS, Person } from "./people.ts";

const root = new URL("../../", import.meta.url);

/** Debian's nats-server, with its own folder. */
export class Broker implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #folder: string = Deno.makeTempDirSync({ prefix: "miniboa-nats-" });
  #child: Deno.ChildProcess | undefined;

  static async start(): Promise<Broker> {
    const broker = new Broker();
    await broker.start();
    return broker;
  }

  /** Whether nats-server is installed. */
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
    let answers = false;
    await until(() => answers, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      answers = await this.#answers();
    });
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** To listen on the port as a test would take it from the broker, which then ends. */
  async #answers(): Promise<boolean> {
    try {
      (await Deno.connect({ port: this.port, hostname: "127.0.0.1" })).close();
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Makes a copy of the project with the packages that the programs import; returns its folder. */
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

/** The runtime and the folder with which programs find the packages. */
export function withPackages(runtime: Runtime, folder: string): { runtime: Runtime; at: string } {
  if (runtime.name === "Deno") {
    const map = new URL("tests/offline/import_map.json", root).pathname;
    return { runtime: { ...runtime, args: [...runtime.args, `--import-map=${map}`] }, at: "" };
  }
  return { runtime, at: `${folder}/` };
}

/** A started worker. */
export interface WorkerProcess {
  readonly program: Program;
  /** Resolves when it waits for the zone. */
  readonly joining: Promise<void>;
  /** Resolves to its output line when it owns the zone, or was refused. */
  readonly joined: Promise<string>;
}

/** The broker, a gateway, workers and clients together. */
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

  /** The same clients and game without a gateway. */
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

  /** Connects clients of all kinds. */
  async join(count: number): Promise<void> {
    for (let index = 0; index < count; index += 50) {
      const some = Array.from(
        { length: Math.min(50, count - index) },
        (_, offset) => Person.connect(KINDS[(index + offset) % KINDS.length] as Kind, this.port),
      );
      this.people.push(...await Promise.all(some));
    }
  }

  /** Waits until a condition is true. */
  async until(condition: () => boolean): Promise<void> {
    await until(condition, () => new Promise((resolve) => setTimeout(resolve, 5)));
  }

  /** Lets each client send a line every `every` milliseconds, once the last one is answered. */
  type(every: number): void {
    const slices = Math.max(1, Math.min(this.people.length, Math.floor(every / 10)));
    let slice = 0;
    // A slice at a time, so that the lines are spread evenly.
    const timer = setInterval(() => {
      for (let index = slice; index < this.people.length; index += slices) {
        const person = this.people[index] as Person;
        if (person.ready && person.quiet && !person.closed) person.next();
      }
      slice = (slice + 1) % slices;
    }, every / slices);
    this.#typing.push(timer);
  }

  /** Stops the typing, and waits for the last answers. */
  async rest(): Promise<void> {
    for (const timer of this.#typing.splice(0)) clearInterval(timer);
    await this.until(() => this.people.every(({ quiet, closed }) => quiet || closed));
  }

  /** Waits until each client has an answer to a line sent after this call. */
  async answered(): Promise<void> {
    const before = this.people.map(({ answered }) => answered);
    await this.until(() =>
      this.people.every((person, index) =>
        person.answered > (before[index] ?? 0) + 1 || person.closed
      )
    );
  }

  /** The errors of all clients. */
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
