/** The entry point for the coverage-guided fuzzer; see fuzz.ts. */
import process from "node:process";
import { TARGETS } from "./targets.ts";

const target = TARGETS[process.env.MINIBOA_FUZZ_TARGET ?? ""];

/** Runs one input. */
export function fuzz(data: Uint8Array): void {
  target?.(Uint8Array.from(data));
}
