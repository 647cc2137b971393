/** A Markdown table: the cost of a byte of each costly input, on each runtime. */
import { Program } from "../runtimes/process.ts";
import type { Runtime } from "../runtimes/runtimes.ts";
import { COSTLY_INPUTS } from "./costly_inputs.ts";
import type { Cost } from "./costs_program.ts";

/** Measures on each runtime, one after the other. */
export async function costTable(runtimes: readonly Runtime[]): Promise<string[]> {
  const columns: Cost[][] = [];
  for (const runtime of runtimes) columns.push(await costsOn(runtime));
  const rows = columns[0]?.map(({ name }, index) => {
    const cells = columns.map((column) => cell(column[index]));
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  return [
    `| input | ${runtimes.map(({ name }) => name).join(" | ")} |`,
    `| --- | ${runtimes.map(() => "---").join(" | ")} |`,
    ...rows ?? [],
  ];
}

async function costsOn(runtime: Runtime): Promise<Cost[]> {
  await using program = Program.start(runtime, "tests/attacks/costs_program.ts");
  const costs: Cost[] = [];
  for (let count = 0; count <= COSTLY_INPUTS.length; count++) {
    const cost = JSON.parse(await program.line()) as Cost;
    costs.push(cost);
    console.error(`${runtime.name}: ${cost.name}: ${cell(cost)}`);
  }
  return costs;
}

function cell(cost: Cost | undefined): string {
  if (cost === undefined) return "–";
  const { time, reply, share, held, wait } = cost;
  return `${time.toFixed(2)} µs, ${reply.toFixed(1)} ×, ${(100 * share).toFixed(1)} %, ` +
    `${Math.round(held / 1024)} KiB, ${wait.toFixed(1)} ×`;
}
