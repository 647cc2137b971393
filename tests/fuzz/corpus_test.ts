/** Runs each fuzzing target on its corpus: inputs that the fuzzer kept, or that once failed. */
import { assert } from "@std/assert";
import { toHex } from "../hex.ts";
import { readCorpus } from "./corpus.ts";
import { TARGETS } from "./targets.ts";

for (const [name, target] of Object.entries(TARGETS)) {
  Deno.test(`fuzz: the invariants of "${name}" hold on its corpus`, () => {
    const inputs = readCorpus(name);
    assert(inputs.length > 20, `there are ${inputs.length} inputs`);
    for (const input of inputs) {
      try {
        target(input);
      } catch (cause) {
        throw new Error(`It fails on ${toHex(input)}`, { cause });
      }
    }
  });
}
