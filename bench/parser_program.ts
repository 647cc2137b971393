/**
 * One run of the parser's benchmark on the runtime that executes it; prints a line of JSON.
 *
 *     deno run -A bench/parser_program.ts [folder with telnet-stream [contender]]
 *     bun run bench/parser_program.ts
 *     node bench/parser_program.ts
 */
import process from "node:process";
import { byteLoop, type Contender, miniboa, scan, telnetStream } from "./contenders.ts";
import { CHUNKS, CORPORA, cut } from "./corpora.ts";

/** The speed of a contender on a corpus. */
export interface Cell {
  readonly contender: string;
  readonly corpus: string;
  readonly chunk: number;
  readonly megabytesPerSecond: number;
}

const WARM_UP_MS = 150;
const MEASURE_MS = 80;

const [folder, only] = process.argv.slice(2);
const contenders: Record<string, Contender> = { miniboa, "scan only": scan, "byte loop": byteLoop };
if (folder !== undefined && folder !== "-") contenders["telnet-stream"] = telnetStream(folder);

const cells: Cell[] = [];
for (const { size, length } of CHUNKS) {
  for (const corpus of CORPORA) {
    const connections = cut(corpus, length, size);
    for (const [contender, work] of Object.entries(contenders)) {
      if (only !== undefined && contender !== only) continue;
      pass(() => work(connections), WARM_UP_MS);
      const nanoseconds = pass(() => work(connections), MEASURE_MS);
      const megabytesPerSecond = length * 1000 / nanoseconds;
      cells.push({ contender, corpus: corpus.name, chunk: size, megabytesPerSecond });
    }
  }
}
console.log(JSON.stringify(cells));

/** Repeats work for a time; returns its median duration in nanoseconds. */
function pass(work: () => unknown, milliseconds: number): number {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  for (let now = performance.now(); now < end || times.length < 3;) {
    work();
    const after = performance.now();
    times.push((after - now) * 1e6);
    now = after;
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? NaN;
}
