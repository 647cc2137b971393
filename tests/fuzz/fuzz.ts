/**
 * Coverage-guided fuzzing of the parts without I/O, with Jazzer.js on Node. It generates inputs
 * that reach new code, and adds them to the corpus, which the tests run. On Linux Jazzer.js needs
 * glibc 2.38 or later.
 *
 *     deno task fuzz [seconds for each target, default 30] [target]
 */
import { findRuntimes } from "../runtimes/runtimes.ts";
import { toHex } from "../hex.ts";
import { readCorpus, writeCorpus } from "./corpus.ts";
import { TARGETS } from "./targets.ts";

const PACKAGES = ["@jazzer.js/core@4.0.0", "esbuild@0.25.12"];
const MAX_LENGTH = 200;
/** The size of a corpus; above it only some inputs of each length are kept. */
const MAX_KEPT = 300;

const root = new URL("../../", import.meta.url).pathname;
const cache = `${root}tests/fuzz/.cache`;
const [seconds = "30", only] = Deno.args;

const node = (await findRuntimes()).find(({ name }) => name === "Node")?.path;
if (node === undefined) throw new Error("Cannot fuzz without Node: install it");
await Deno.mkdir(cache, { recursive: true });
await Deno.writeTextFile(`${cache}/package.json`, "{}");
await run("npm", ["install", "--silent", "--prefix", cache, ...PACKAGES]);
await run(`${cache}/node_modules/.bin/esbuild`, [
  `${root}tests/fuzz/entry.ts`,
  "--bundle",
  "--platform=node",
  "--format=cjs",
  `--outfile=${cache}/entry.cjs`,
]);

let sound = true;
for (const target of Object.keys(TARGETS)) {
  if (only === undefined || only === target) sound = await fuzz(target) && sound;
}
Deno.exit(sound ? 0 : 1);

/** Fuzzes one target; returns whether its invariants held. */
async function fuzz(target: string): Promise<boolean> {
  const folder = await Deno.makeTempDir({ dir: cache });
  await Deno.mkdir(`${folder}/inputs`);
  for (const input of readCorpus(target)) {
    await Deno.writeFile(`${folder}/inputs/${toHex(input).slice(0, 200)}`, input);
  }
  const found = await run(node ?? "node", [
    `${cache}/node_modules/@jazzer.js/core/dist/cli.js`,
    `${cache}/entry.cjs`,
    `${folder}/inputs`,
    "--sync",
    "--",
    `-max_total_time=${seconds}`,
    `-max_len=${MAX_LENGTH}`,
    `-artifact_prefix=${folder}/`,
    "-verbosity=0",
  ], { MINIBOA_FUZZ_TARGET: target });
  const inputs = read(`${folder}/inputs`);
  const crashes = read(folder);
  inputs.sort((one, other) => one.length - other.length);
  const rank = (index: number) => Math.floor(index * Math.min(1, MAX_KEPT / inputs.length));
  const kept = inputs.filter((_, index) => index === 0 || rank(index) > rank(index - 1));
  writeCorpus(target, [...kept, ...crashes]);
  console.log(`${target}: ${inputs.length} inputs reach different code, ${crashes.length} fail`);
  for (const crash of crashes) console.log(`  ${toHex(crash)}`);
  await Deno.remove(folder, { recursive: true });
  return found && crashes.length === 0;
}

function read(folder: string): Uint8Array[] {
  return Array.from(Deno.readDirSync(folder)).filter(({ isFile }) => isFile)
    .map(({ name }) => Deno.readFileSync(`${folder}/${name}`));
}

async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<boolean> {
  const { success } = await new Deno.Command(program, { args, env, stdin: "null" }).output();
  return success;
}
