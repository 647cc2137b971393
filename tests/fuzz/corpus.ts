/** The inputs that are kept: a text file for each target, a line of hexadecimal digits for each. */

const file = (target: string) => new URL(`corpus/${target}.txt`, import.meta.url);

/** Reads the inputs of a target. */
export function readCorpus(target: string): Uint8Array<ArrayBuffer>[] {
  let text = "";
  try {
    text = Deno.readTextFileSync(file(target));
  } catch {
    // there is none yet
  }
  return text.split("\n").slice(0, -1).map((line) => {
    return Uint8Array.from(line.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  });
}

/** Keeps inputs of a target, the short ones first, each once. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const lines = [...new Set(inputs.map(hex))];
  lines.sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  Deno.mkdirSync(new URL("corpus", import.meta.url), { recursive: true });
  Deno.writeTextFileSync(file(target), lines.map((line) => `${line}\n`).join(""));
}

/** Bytes as digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
