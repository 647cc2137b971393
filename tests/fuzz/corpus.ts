/** The fuzzing corpus: a text file for each target, one input a line in hexadecimal. */

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
    return Uint8Array.from(line.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  });
}

/** Writes a target's corpus, sorted by length and without duplicates. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const lines = [...new Set(inputs.map(hex))];
  lines.sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  Deno.mkdirSync(new URL("corpus", import.meta.url), { recursive: true });
  Deno.writeTextFileSync(file(target), lines.map((line) => `${line}\n`).join(""));
}

/** Formats bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
