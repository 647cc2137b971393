/**
 * The throughput of the state machine, events and answers drained, beside a control row that only
 * searches for IAC. `deno task bench` makes a table in MB/s of it; plain `deno bench` works too.
 */
import { TelnetMachine } from "../src/protocol/mod.ts";
import { CHUNKS, CORPORA, cut } from "./corpora.ts";

for (const { size, length } of CHUNKS) {
  for (const corpus of CORPORA) {
    const group = `${corpus.name}, chunks of ${size}`;
    const chunks = cut(corpus.make(length), size);
    Deno.bench({ name: "miniboa", group, fn: () => void parse(chunks) });
    Deno.bench({ name: "scan only", group, baseline: true, fn: () => void scan(chunks) });
  }
}

/** What a server does with each chunk; the sum keeps the work from being optimised away. */
function parse(chunks: readonly Uint8Array[]): number {
  const telnet = new TelnetMachine({ local: [1, 3], remote: [0, 24, 31] });
  let sum = 0;
  for (const chunk of chunks) {
    telnet.receive(chunk);
    for (const event of telnet.takeEvents()) {
      if (event.type === "data" || event.type === "subnegotiation") sum += event.end - event.start;
    }
    sum += telnet.takeOutput().length;
  }
  return sum;
}

function scan(chunks: readonly Uint8Array[]): number {
  let found = 0;
  for (const chunk of chunks) {
    for (let at = chunk.indexOf(255); at !== -1; at = chunk.indexOf(255, at + 1)) found++;
  }
  return found;
}
