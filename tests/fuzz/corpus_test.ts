/** What must hold, on every input that was kept: by the fuzzer, or because it once failed. */
import { assert } from "@std/assert";
import { hex, readCorpus } from "./corpus.ts";
import { TARGETS } from "./targets.ts";

for (const [name, target] of Object.entries(TARGETS)) {
  Deno.test(`fuzz: what must hold of "${name}" does on its whole corpus`, () => {
    const inputs = readCorpus(name);
    assert(inputs.length > 20, `there are ${inputs.length} inputs`);
    for (const input of inputs) {
      try {
        target(input);
      } catch (cause) {
        throw new Error(`It fails on ${hex(input)}`, { cause });
      }
    }
  });
}
