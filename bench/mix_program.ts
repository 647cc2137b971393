/**
 * One cell of the table of mixes, on the runtime that executes it. Parses a file repeatedly, each
 * time with a new machine, and prints the median MB/s of the parser and of a search for IAC.
 *
 *     deno run -A bench/mix_program.ts FILE BYTES_PER_CHUNK[,BYTES …]
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { miniboa, miniboaEvents, scan } from "./contenders.ts";

const MEASURE_MS = 400;

const [file = "", sizes = ""] = process.argv.slice(2);
// On some runtimes a Buffer is slower than the Uint8Array that a socket of Deno or Bun returns.
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
  // The first pass includes compilation.
  const sorted = rates.slice(1).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

console.log(JSON.stringify({
  miniboa: rate(miniboa),
  events: rate(miniboaEvents),
  scan: rate(scan),
}));
