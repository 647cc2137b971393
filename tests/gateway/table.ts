// deno-lint-ignore-file no-console -- it prints a table
/**
 * Measures what clients notice of failures, and what a gateway costs:
 *
 *     deno task gateway [--people 2000] [--runtime Node]
 *
 * Each row is one failure under load. Lost, doubled, out of order and dropped must be 0.
 */
import { parseArgs } from "node:util";
import { inTime } from "../patience.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { Broker, install, Town, type WorkerProcess } from "./town.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: { people: { type: "string", default: "2000" }, runtime: { type: "string" } },
});
const PEOPLE = Number(values.people);
/** Each client sends a line in this time. */
const EVERY_MS = 2_000;
const QUIET_MS = 6_000;
/** Too few clients to keep two cores busy, so that the latency itself is measured. */
const FEW = Math.min(200, PEOPLE);

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The CPU time that a process has used, in seconds. */
function cpu(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(part * (sorted.length - 1))] ?? NaN;
}

interface Load {
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of CPU time per line, by process name. */
  readonly cost: Readonly<Record<string, number>>;
}

/** Measures some seconds without a failure. */
async function load(town: Town, processes: Readonly<Record<string, number>>): Promise<Load> {
  for (const person of town.people) person.latencies = [];
  const before = Object.entries(processes).map(([name, pid]) => [name, pid, cpu(pid)] as const);
  await wait(QUIET_MS);
  const latencies = town.people.flatMap((person) => person.latencies);
  const cost = Object.fromEntries(
    before.map(([name, pid, used]) => [name, (cpu(pid) - used) / latencies.length * 1e6]),
  );
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), cost };
}

/** Connects clients up to `count`, and lets them type. */
async function join(town: Town, count: number): Promise<void> {
  await town.rest();
  await town.join(count - town.people.length);
  await town.until(() => town.people.every(({ ready }) => ready));
  town.type(EVERY_MS);
  await wait(3_000);
}

interface Row {
  readonly name: string;
  readonly faults: number;
  readonly dropped: number;
  readonly pause: number;
}

async function measure(runtime: Runtime, folder: string): Promise<void> {
  const direct = await Town.openDirect(runtime, folder);
  const server = { server: direct.gateway.pid };
  await join(direct, FEW);
  const fewAlone = await load(direct, server);
  await join(direct, PEOPLE);
  const alone = await load(direct, server);
  await direct[Symbol.asyncDispose]();

  await using town = await Town.open(runtime, folder);
  let worker = town.worker();
  await inTime(worker.joined, "the first worker");
  const processes = {
    gateway: town.gateway.pid,
    worker: worker.program.pid,
    broker: town.broker.pid,
  };
  await join(town, FEW);
  const fewBehind = await load(town, processes);
  await join(town, PEOPLE);
  const behind = await load(town, processes);

  const rows: Row[] = [];
  const row = async (name: string, fail: () => Promise<void>) => {
    for (const person of town.people) person.latencies = [];
    const faults = town.faults.length;
    await fail();
    await town.answered();
    rows.push({
      name,
      faults: town.faults.length - faults,
      dropped: town.people.filter(({ closed }) => closed).length,
      pause: Math.max(...town.people.flatMap(({ latencies }) => latencies)),
    });
  };
  const follow = async (next: WorkerProcess, end: () => void) => {
    await inTime(next.joining, "the next worker");
    await wait(500);
    end();
    await inTime(next.joined, "the next worker");
    worker = next;
  };

  await row("nothing happens", () => wait(2_000));
  await row("planned restart", async () => {
    const next = town.worker("1", true);
    await inTime(next.joined, "the next worker");
    worker = next;
  });
  await row("worker crash, another waits", () => {
    const before = worker;
    return follow(town.worker(), () => before.program.kill("SIGKILL"));
  });
  await row("worker hangs, then wakes", async () => {
    const before = worker;
    await follow(town.worker(), () => before.program.kill("SIGSTOP"));
    await town.answered();
    before.program.kill("SIGCONT");
    await inTime(before.program.match(/^left/), "its end");
  });
  await row("worker of another version", async () => {
    await inTime(town.worker("2", true).joined, "its refusal");
  });
  await row("no worker for 2 s", async () => {
    worker.program.kill("SIGKILL");
    await wait(2_000);
    worker = town.worker();
    await inTime(worker.joined, "the next worker");
  });
  await row("broker gone for 1.5 s", async () => {
    await town.broker.kill();
    await wait(1_500);
    await town.broker.start();
  });
  await row("an output of 3 MB", async () => {
    const [person] = town.people;
    person?.say("big");
    await town.until(() => person?.came.has("big") === true);
  });
  await row("move to a missing zone (1 s)", async () => {
    const person = town.people[6];
    person?.say("go nowhere");
    await town.until(() => person?.came.has("back") === true);
  });
  await town.rest();
  const gone = town.people.splice(0);
  town.gateway.kill("SIGKILL");
  await town.until(() => gone.every(({ closed }) => closed));
  const died = performance.now();
  await town.startGateway();
  let counts = "";
  while (!counts.includes(`"gone":${PEOPLE}`)) {
    worker.program.kill("SIGUSR2");
    counts = (await inTime(worker.program.match(/^counts .*/), "its counts"))[0];
    await wait(5);
  }
  const known = performance.now() - died;

  const sum = (cost: Load["cost"]) => Object.values(cost).reduce((all, one) => all + one, 0);
  const parts = Object.entries(behind.cost).map(([name, micros]) => `${name} ${micros.toFixed(0)}`);
  console.log(
    `\n### ${runtime.name}: ${PEOPLE} people, a line every two seconds each, of six kinds\n`,
  );
  console.log("| what happens | lost, doubled, out of order | dropped | longest pause |");
  console.log("|---|---|---|---|");
  for (const { name, faults, dropped, pause } of rows) {
    console.log(`| ${name} | ${faults} | ${dropped} | ${pause.toFixed(0)} ms |`);
  }
  console.log(
    `| gateway crash | – | its own people | the worker knows after ${known.toFixed(0)} ms |`,
  );
  console.log(`
| | direct | behind a gateway |
|---|---|---|
| answer, ${FEW} people, p50 | ${fewAlone.p50.toFixed(2)} ms | ${fewBehind.p50.toFixed(2)} ms |
| answer, ${PEOPLE} people, p50 | ${alone.p50.toFixed(2)} ms | ${behind.p50.toFixed(2)} ms |
| answer, ${PEOPLE} people, p99 | ${alone.p99.toFixed(2)} ms | ${behind.p99.toFixed(2)} ms |
| processor time for a line | ${sum(alone.cost).toFixed(0)} µs | ${
    sum(behind.cost).toFixed(0)
  } µs (${parts.join(", ")}) |`);
  for (const fault of town.faults.slice(0, 10)) console.log(fault);
}

if (!Broker.installed) {
  console.error("Cannot measure: install nats-server (apt-get install nats-server)");
  Deno.exit(1);
}
const runtimes = (await findRuntimes()).filter(({ name }) => name === (values.runtime ?? name));
const folder = await install();
try {
  for (const runtime of runtimes) await measure(runtime, folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
