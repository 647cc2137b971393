/**
 * One cell of the table of mixes, on the runtime that executes it: goes through a file again and again, by one
 * machine each time, and prints the median of MB/s of the parser and of a search for IAC.
 *
 *     deno run -A bench/mix_program.ts FILE BYTES_PER_CHUNK[,BYTES …]
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { miniboa, miniboaEvents, scan } from "./contenders.ts";

const MEASURE_MS = 400;

const [file = "", sizes = ""] = process.argv.slice(2);
// Bytes of a Buffer are slower on some runtimes than those that a socket of Deno or Bun gives.
const stream = new Uint8Array(readFileSync(file));
const list = sizes.split(",").map(Number);
const chunks: Uint8Array[] = [];
for (let at = 0, index = 0; at < stream.length; index++) {
  const size = list[index % list.length] as number;
  chunks.push(stream.subarray(at, at + size));
  at += size;
}

function rate(work: (connections: readonly (readonly Uint8Array[])[]) => number): number {
  const rates: number[] = [];
  const end = performance.now() + MEASURE_MS;
  for (let now = performance.now(); now < end || rates.length < 4;) {
    work([chunks]);
    const after = performance.now();
    rates.push(stream.length / (after - now) / 1000);
    now = after;
  }
  // The first pass is the compiler's.
  const sorted = rates.slice(1).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

console.log(JSON.stringify({
  miniboa: rate(miniboa),
  events: rate(miniboaEvents),
  scan: rate(scan),
}));
