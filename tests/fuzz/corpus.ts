/** The fuzzing corpus: a text file for each target, one input a line in hexadecimal. */
import { fromHex, toHex } from "../hex.ts";

const file = (target: string) => new URL(`corpus/${target}.txt`, import.meta.url);

/** Reads a target's corpus. */
export function readCorpus(target: string): Uint8Array<ArrayBuffer>[] {
  let text = "";
  try {
    text = Deno.readTextFileSync(file(target));
  } catch {
    // no corpus yet
  }
  return text.split("\n").slice(0, -1).map((line) => {
    return fromHex(line);
  });
}

/** Writes a target's corpus, sorted by length and without duplicates. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const lines = [...new Set(inputs.map(toHex))];
  lines.sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  Deno.mkdirSync(new URL("corpus", import.meta.url), { recursive: true });
  Deno.writeTextFileSync(file(target), lines.map((line) => `${line}\n`).join(""));
}
