/** What the coverage-guided fuzzer calls; see fuzz.ts. */
import process from "node:process";
import { TARGETS } from "./targets.ts";

const target = TARGETS[process.env.MINIBOA_FUZZ_TARGET ?? ""];

/** Feeds one input. */
export function fuzz(data: Uint8Array): void {
  target?.(Uint8Array.from(data));
}
