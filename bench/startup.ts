/**
 * What it takes to start: time and memory of an empty program, of the import of mod.ts, of the three-line server,
 * and of connect(), on each runtime.
 *
 *     deno run -A bench/startup.ts [runs]
 */
import { sprintf } from "@std/fmt/printf";
import { findRuntimes, type Runtime } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { type Spread, spreadOf } from "./statistics.ts";

const root = new URL("../", import.meta.url);
/** Prints the memory at the end of each program. */
const TELL = `console.log(process.memoryUsage().rss);process.exit();`;
const PROGRAMS: Readonly<Record<string, string>> = {
  "an empty program": "",
  "import of mod.ts": `await import("${root}mod.ts");`,
  "the three-line server": `const { TelnetServer } = await import("${root}mod.ts");` +
    `const server = await TelnetServer.listen({ port: 0 });await server.poll();`,
  "import of connect": `await import("${root}src/connect/mod.ts");`,
  "import of protocol": `await import("${root}src/protocol/mod.ts");`,
};

/** A program on a runtime. */
export interface StartRow {
  readonly runtime: string;
  readonly program: string;
  readonly milliseconds: Spread;
  readonly mib: Spread;
}

/** Measures the starts; the programs of a runtime in turn. */
export async function measureStarts(runs: number): Promise<readonly StartRow[]> {
  const rows: StartRow[] = [];
  const folder = await Deno.makeTempDir();
  for (const runtime of await findRuntimes()) {
    const times = new Map<string, number[]>();
    const sizes = new Map<string, number[]>();
    for (let run = -1; run < runs; run++) {
      for (const [program, code] of Object.entries(PROGRAMS)) {
        const file = `${folder}/program.mjs`;
        await Deno.writeTextFile(file, `import process from "node:process";${code}${TELL}`);
        const [milliseconds, rss] = await start(runtime, file);
        if (run === -1) continue; // fills the caches
        times.set(program, [...times.get(program) ?? [], milliseconds]);
        sizes.set(program, [...sizes.get(program) ?? [], rss / 2 ** 20]);
      }
    }
    for (const program of Object.keys(PROGRAMS)) {
      rows.push({
        runtime: runtime.name,
        program,
        milliseconds: spreadOf(times.get(program) ?? []),
        mib: spreadOf(sizes.get(program) ?? []),
      });
    }
  }
  await Deno.remove(folder, { recursive: true });
  return rows;
}

async function start({ path, args }: Runtime, file: string): Promise<[number, number]> {
  const begin = performance.now();
  const { stdout } = await new Deno.Command(path, { args: [...args, file], stderr: "null" })
    .output();
  return [performance.now() - begin, Number(new TextDecoder().decode(stdout))];
}

/** The table, as Markdown. */
export async function startTable(rows: readonly StartRow[], runs: number): Promise<string> {
  const runtimes = await findRuntimes();
  const cell = (row: StartRow | undefined) =>
    row === undefined ? "–" : sprintf("%.0f ms, %.0f MiB", row.milliseconds.median, row.mib.median);
  return [
    `${await machineLine(runtimes)}. From the start of the process to its end; medians of ${runs}.`,
    "",
    `| | ${runtimes.map(({ name }) => name).join(" | ")} |`,
    `|---|${runtimes.map(() => "---:").join("|")}|`,
    ...Object.keys(PROGRAMS).map((program) => {
      const cells = runtimes.map(({ name }) =>
        cell(rows.find((row) => row.runtime === name && row.program === program))
      );
      return `| ${program} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

if (import.meta.main) {
  const runs = Number(Deno.args[0] ?? 7);
  console.log(await startTable(await measureStarts(runs), runs));
}
