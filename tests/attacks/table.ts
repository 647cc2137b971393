/**
 * The attack table: each attack on each runtime, what honest clients noticed, and whether the
 * memory was freed. Prints it as Markdown; `--write` puts it into docs/reference/attacks.md.
 *
 *     deno task attacks [--write] [--attacks | --costs] [people] [milliseconds of each attack]
 *
 * Then prints the cost of a byte of each costly input; `--attacks` and `--costs` print one table only.
 */
import { machineLine } from "../../bench/machine.ts";
import { findRuntimes, type Runtime } from "../runtimes/runtimes.ts";
import { costTable } from "./costs.ts";
import { type Outcome, Scene } from "./scene.ts";

/** The page with the tables. */
const PAGE = "docs/reference/attacks.md";
/** Time for the engine to compile hot code. */
const WARM_UP_MS = 3_000;

if (import.meta.main) {
  const numbers = Deno.args.filter((argument) => /^\d+$/.test(argument)).map(Number);
  const [people = 1_000, milliseconds = 5_000] = numbers;
  const runtimes = await findRuntimes();
  const machine = await machineLine(runtimes);
  const tell = async (name: string, lines: readonly string[]) => {
    const text = lines.join("\n");
    console.log(`${text}\n`);
    if (Deno.args.includes("--write")) await write(name, text);
  };
  if (!Deno.args.includes("--costs")) {
    const columns = new Map<string, Outcome[]>();
    for (const runtime of runtimes) {
      columns.set(runtime.name, await attackAll(runtime, people, milliseconds));
    }
    const how = `${people} people say a line a second each; each attack lasts ` +
      `${milliseconds / 1000} s.`;
    await tell("attacks", [`${machine}; ${how}`, "", ...tableOf(columns)]);
  }
  if (Deno.args.includes("--attacks")) Deno.exit();
  await tell("costs", [`${machine}.`, "", ...await costTable(runtimes)]);
}

/** Runs every attack on one runtime, one after another, on the same server. */
export async function attackAll(
  runtime: Runtime,
  people: number,
  milliseconds: number,
): Promise<Outcome[]> {
  await using scene = await Scene.start(runtime, people);
  await scene.measure(WARM_UP_MS);
  const outcomes: Outcome[] = [];
  for (const attack of scene.attacks) {
    const outcome = await scene.attack(attack, milliseconds);
    outcomes.push(outcome);
    console.error(`${runtime.name}: ${attack}: ${describe(outcome)}`);
  }
  return outcomes;
}

/** Describes an outcome in one line. */
export function describe(outcome: Outcome): string {
  const { before, during, memoryBefore, memoryAfter, dialled } = outcome;
  return `${dialled} connections; answers in ${before.p50.toFixed(2)} ms before, ` +
    `${during.p50.toFixed(2)} during (p95 ${before.p95.toFixed(1)}, ${during.p95.toFixed(1)}); ` +
    `${faults(outcome)} lost or out of order, ${during.gone} dropped; ` +
    `memory ${megabytes(memoryBefore.used)}, then ${megabytes(memoryAfter.used)} MB`;
}

/** Counts lines lost or out of order, in either direction, and honest clients dropped. */
export function faults({ during, memoryAfter }: Outcome): number {
  return during.lost + during.disordered + memoryAfter.disordered + during.gone;
}

function tableOf(columns: ReadonlyMap<string, readonly Outcome[]>): string[] {
  const names = [...columns.keys()];
  const attacks = [...columns.values()][0]?.map(({ attack }) => attack) ?? [];
  const rows = attacks.map((attack, index) => {
    const cells = names.map((name) => cell(columns.get(name)?.[index]));
    return `| ${attack} | ${cells.join(" | ")} |`;
  });
  return [
    `| attack | ${names.join(" | ")} |`,
    `| --- | ${names.map(() => "---").join(" | ")} |`,
    ...rows,
  ];
}

function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "–";
  const { before, during, memoryBefore, memoryAfter } = outcome;
  const ratio = (during.p50 / before.p50).toFixed(1);
  const grown = (memoryAfter.used - memoryBefore.used) / 1e6;
  const sign = grown < -0.05 ? "−" : "+";
  return `${ratio} ×, ${during.p95.toFixed(1)} ms, ${faults(outcome)} lost, ` +
    `${sign}${Math.abs(grown).toFixed(1)} MB`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Puts a table between its markers. */
async function write(name: string, text: string): Promise<void> {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const readme = await Deno.readTextFile(PAGE);
  const [before, rest] = readme.split(start);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${PAGE} has no place between ${start} and ${end}`);
  await Deno.writeTextFile(PAGE, `${before}${start}\n\n${text}\n\n${end}${after}`);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", PAGE] }).output();
}
