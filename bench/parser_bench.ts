/**
 * The throughput of the state machine, including its events and output, with two control rows.
 * `deno task bench` prints a table in MB/s; plain `deno bench` works, too.
 */
import { byteLoop, miniboa, scan } from "./contenders.ts";
import { CHUNKS, CORPORA, cut } from "./corpora.ts";

for (const { size, length } of CHUNKS) {
  for (const corpus of CORPORA) {
    const group = `${corpus.name}, chunks of ${size}`;
    const connections = cut(corpus, length, size);
    Deno.bench({ name: "miniboa", group, fn: () => void miniboa(connections) });
    Deno.bench({ name: "scan only", group, baseline: true, fn: () => void scan(connections) });
    Deno.bench({ name: "byte loop", group, fn: () => void byteLoop(connections) });
  }
}
