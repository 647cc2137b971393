/**
 * What it takes to start: time and memory of an empty program, of the import of mod.ts, of the three-line server,
 * and of connect(), on each runtime.
 *
 *     deno run -A bench/startup.ts [runs]
 */
import { sprintf } from "@std/fmt/printf";
import { buildPackage } from "../npm/build.ts";
import { findRuntimes, type Runtime } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { type Spread, spreadOf } from "./statistics.ts";

const root = new URL("../", import.meta.url);
/** Prints the memory at the end of each program. */
const REPORT = `console.log(process.memoryUsage().rss);process.exit();`;

/** The programs, from the source, or from the package for npm in a folder. */
function programsOf(folder: URL): Readonly<Record<string, string>> {
  const server = (module: URL) =>
    `const { TelnetServer } = await import("${module}");` +
    `const server = await TelnetServer.listen({ port: 0 });await server.poll();`;
  return {
    "an empty program": "",
    "import of mod.ts": `await import("${root}mod.ts");`,
    "the three-line server": server(new URL("mod.ts", root)),
    "import of the npm package": `await import("${folder}mod.js");`,
    "the three-line server on it": server(new URL("mod.js", folder)),
    "import of its /connect": `await import("${folder}src/connect/mod.js");`,
    "import of its /protocol": `await import("${folder}src/protocol/mod.js");`,
  };
}

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
  const built = new URL(`file://${folder}/package/`);
  await buildPackage(built);
  const programs = programsOf(built);
  for (const runtime of await findRuntimes()) {
    const times = new Map<string, number[]>();
    const sizes = new Map<string, number[]>();
    for (let run = -1; run < runs; run++) {
      for (const [program, code] of Object.entries(programs)) {
        const file = `${folder}/program.mjs`;
        await Deno.writeTextFile(file, `import process from "node:process";${code}${REPORT}`);
        const [milliseconds, rss] = await start(runtime, file);
        if (run === -1) continue; // fills the caches
        times.set(program, [...times.get(program) ?? [], milliseconds]);
        sizes.set(program, [...sizes.get(program) ?? [], rss / 2 ** 20]);
      }
    }
    for (const program of Object.keys(programs)) {
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
    ...[...new Set(rows.map(({ program }) => program))].map((program) => {
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
