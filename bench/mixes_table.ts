// deno-lint-ignore-file no-console -- it prints a table
/**
 * Compares the parser with libtelnet on random streams:
 *
 *     deno task bench:mixes [--seed 7] [--mixes 10] [--length 16] [--runtime Node]
 *
 * Prints the ratio to libtelnet for each mix, and then the worst and the best ratios. Each cell is
 * measured in a new process.
 */
import { sprintf } from "@std/fmt/printf";
import { parseArgs } from "node:util";
import { findRuntimes } from "../tests/runtimes/runtimes.ts";
import { machineLine } from "./machine.ts";
import { drawMix, makeStream, seeded } from "./mixes.ts";
import { compiled } from "./peers.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    mixes: { type: "string", default: "10" },
    length: { type: "string", default: "16" },
    runtime: { type: "string" },
    chunks: { type: "string", default: "4096,64,1,captured" },
  },
});
const program = new URL("./mix_program.ts", import.meta.url).pathname;
const libtelnet = await compiled("libtelnet_parser", ["telnet"]);
if (libtelnet === undefined) {
  console.error("Cannot compare: install cc and libtelnet-dev");
  Deno.exit(1);
}
const runtimes = (await findRuntimes()).filter(({ name }) => name === (values.runtime ?? name));
const length = Number(values.length) * 1_048_576;
const captured = await capturedSizes();

async function output(path: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(path, { args, stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout);
}

/** A chunk that was sent or received in a capture. */
interface LogEntry {
  readonly from: string;
  readonly hex?: string;
}

/** The sizes of the chunks that real clients sent. */
async function capturedSizes(): Promise<string> {
  const sizes: number[] = [];
  const folder = new URL("../tests/captures/", import.meta.url);
  for await (const { name } of Deno.readDir(folder)) {
    const { scenarios } = JSON.parse(await Deno.readTextFile(new URL(name, folder))) as {
      readonly scenarios: Readonly<Record<string, { readonly log?: readonly LogEntry[] }>>;
    };
    for (const { from, hex } of Object.values(scenarios).flatMap(({ log = [] }) => log)) {
      if (from === "client" && hex !== undefined && hex !== "") sizes.push(hex.length / 2);
    }
  }
  if (sizes.length === 0) throw new Error("There are no captures");
  return sizes.slice(0, 2_000).join(",");
}

console.log(`Seed ${values.seed}. ${await machineLine(runtimes)}`);
console.log(
  "MB/s of libtelnet, and of receiveTo() as a ratio to it; in brackets takeEvents(), and a search for IAC\n",
);
const file = await Deno.makeTempFile();
const random = seeded(Number(values.seed) * 7_919 + 1);
const worst = new Map<string, number[]>();
for (let number = 1; number <= Number(values.mixes); number++) {
  const mix = drawMix(random);
  const stream = makeStream(mix, length, random);
  console.log(`${number}. ${mix.name}`);
  for (const cut of values.chunks.split(",")) {
    const sizes = cut === "captured" ? captured : cut;
    // Use a shorter stream for small chunks, so that the array of chunks fits into memory.
    const small = cut === "1" || cut === "captured";
    const part = small ? stream.subarray(0, Math.min(length, 1_048_576)) : stream;
    await Deno.writeFile(file, part);
    const [rate = "NaN"] = (await output(libtelnet, [file, sizes, `${part.length}`])).split(" ");
    let line = sprintf("   chunks of %-8s libtelnet %7.1f", cut, Number(rate));
    for (const runtime of runtimes) {
      const cell = JSON.parse(await output(runtime.path, [...runtime.args, program, file, sizes]));
      const ratio = cell.miniboa / Number(rate);
      const [events, scan] = [cell.events / Number(rate), cell.scan / Number(rate)];
      line += sprintf("   %s %4.2f (%4.2f, %4.1f)", runtime.name, ratio, events, scan);
      for (const [way, value] of [["receiveTo()", ratio], ["takeEvents()", events]] as const) {
        const key = `${runtime.name}, chunks of ${cut}, ${way}`;
        worst.set(key, [...worst.get(key) ?? [], value]);
      }
    }
    console.log(line);
  }
}
await Deno.remove(file);
console.log("\n| ratio to libtelnet | worst mix | median | best mix |\n|---|---:|---:|---:|");
for (const [key, ratios] of worst) {
  const sorted = ratios.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? NaN;
  console.log(sprintf("| %s | %.2f | %.2f | %.2f |", key, at(0), at(0.5), at(1)));
}
