/** Runs `deno bench` on the parser and prints the results as a table in MB/s. */
import { sprintf } from "@std/fmt/printf";
import { CHUNKS, CORPORA } from "./corpora.ts";

interface BenchOutput {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly group: string;
    readonly name: string;
    /** Nanoseconds of one run over the whole stream. */
    readonly results: readonly { readonly ok?: { readonly avg: number } }[];
  }[];
}

const ROWS = ["miniboa", "scan only", "byte loop"];

const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["bench", "--json", "--no-check", "bench/parser_bench.ts"],
}).output();
if (!success) {
  console.error(new TextDecoder().decode(stderr));
  Deno.exit(1);
}
const output: BenchOutput = JSON.parse(new TextDecoder().decode(stdout));

console.log(`Parser throughput in MB/s, mean; ${output.runtime}; ${output.cpu}`);
console.log("miniboa: events and answers drained; scan only: a search for IAC and nothing else\n");
const names = CORPORA.map(({ name }) => sprintf("%14s", name)).join("");
console.log(sprintf("%-6s %-10s", "chunk", "") + names);
for (const { size, length } of CHUNKS) {
  for (const row of ROWS) {
    const cells = CORPORA.map(({ name }) => {
      const group = `${name}, chunks of ${size}`;
      const bench = output.benches.find((bench) => bench.group === group && bench.name === row);
      const nanoseconds = bench?.results[0]?.ok?.avg;
      return nanoseconds === undefined
        ? sprintf("%14s", "failed")
        : sprintf("%14.1f", length * 1000 / nanoseconds);
    });
    console.log(sprintf("%-6d %-10s", size, row) + cells.join(""));
  }
}
