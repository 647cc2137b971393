/**
 * Runs the project's tasks, even on a machine that reaches npm but not JSR: there it replaces
 * `@std/assert` and `@std/fmt` by the stand-ins in tests/offline, and prints a note.
 *
 *     deno run -A tests/launch.ts test [arguments of deno test]
 *     deno run -A tests/launch.ts attacks:check | test:long | bench | report | speed | attacks | soak | fuzz | tables | devices | gateway | mixes | game | docs | picture | npm | npm:check | check | ok
 */
import { runtimeEnvironment } from "./runtimes/runtimes.ts";

const ENTRYPOINTS = Object.values(
  JSON.parse(await Deno.readTextFile("deno.json")).exports as Record<string, string>,
);
const JSR_TIMEOUT_MS = 20_000;
/** How many test files run at once: they mostly wait for other processes and timeouts. */
const FILES_AT_ONCE = "5";

const [task = "test", ...rest] = Deno.args;
const tasks: Record<string, () => Promise<boolean>> = {
  test,
  bench,
  report,
  speed,
  attacks,
  "attacks:check": checkAttacks,
  "test:long": testLong,
  soak,
  fuzz,
  tables,
  devices,
  gateway,
  mixes,
  game,
  docs,
  picture,
  npm,
  "npm:check": checkNpm,
  check,
  ok,
};
const run = tasks[task];
if (run === undefined) {
  console.error(`Cannot run the task "${task}": choose one of ${Object.keys(tasks).join(", ")}`);
  Deno.exit(2);
}
Deno.exit(await run() ? 0 : 1);

async function test(): Promise<boolean> {
  const paths = rest.some((argument) => !argument.startsWith("-"))
    ? []
    : ["mod.ts", "src", "README.md", "docs", "tests"];
  return await testFiles(["--doc", ...rest, ...paths]);
}

/** The attacks at length, judged as the tests judge them: the step of CI beside the tests. */
async function checkAttacks(): Promise<boolean> {
  // One runtime at a time: each attack is to have the machine.
  return await testFiles([...rest, "tests/attacks"], { MINIBOA_LONG: "1", DENO_JOBS: "1" });
}

/** What takes long, beside the attacks and the package: a step of CI of its own. */
async function testLong(): Promise<boolean> {
  const long = { MINIBOA_LONG: "1" };
  const paths = ["tests/docs/site_test.ts", "tests/examples/examples_test.ts"];
  return await testFiles([...rest, ...paths], long) &&
    await testFiles(
      [...rest, "--filter", "/random bytes|a line without an end/", "tests/runtimes"],
      long,
    );
}

/** The package for npm on every version of Node, as people install it: a step of CI of its own. */
async function checkNpm(): Promise<boolean> {
  return await testFiles([...rest, "tests/npm"], { MINIBOA_LONG: "1" });
}

async function docs(): Promise<boolean> {
  return await deno(["run", "-A", ...await importMap(), "site/build.ts", ...rest]);
}

async function picture(): Promise<boolean> {
  return await deno(["run", "-A", ...await importMap(), "site/picture.ts"]);
}

async function npm(): Promise<boolean> {
  return await deno(["run", "-A", ...await importMap(), "npm/build.ts", ...rest]);
}

async function testFiles(args: string[], env: Record<string, string> = {}): Promise<boolean> {
  const flags = ["-A", "--parallel", "--sanitize-ops", "--sanitize-resources"];
  return await deno(["test", ...flags, ...await importMap(), ...args], {
    DENO_JOBS: Deno.env.get("DENO_JOBS") ?? FILES_AT_ONCE,
    ...await runtimeEnvironment(),
    ...env,
  });
}

async function bench(): Promise<boolean> {
  return await deno(["run", "-A", ...await importMap(), "bench/parser_table.ts", ...rest]);
}

async function report(): Promise<boolean> {
  const args = ["run", "-A", ...await importMap(), "bench/report.ts", ...rest];
  return await deno(args, await runtimeEnvironment());
}

async function speed(): Promise<boolean> {
  return await deno(["run", "-A", "bench/check.ts"]);
}

async function attacks(): Promise<boolean> {
  const args = ["run", "-A", ...await importMap(), "tests/attacks/table.ts", ...rest];
  return await deno(args, await runtimeEnvironment());
}

async function soak(): Promise<boolean> {
  const args = ["run", "-A", ...await importMap(), "tests/attacks/soak.ts", ...rest];
  return await deno(args, await runtimeEnvironment());
}

async function fuzz(): Promise<boolean> {
  return await deno(["run", "-A", "tests/fuzz/fuzz.ts", ...rest], await runtimeEnvironment());
}

async function tables(): Promise<boolean> {
  return await deno(["run", "-A", ...await importMap(), "tests/tables/write_tables.ts"]);
}

async function devices(): Promise<boolean> {
  return await deno(["run", "-A", ...await importMap(), "tests/devices/table.ts"]);
}

async function gateway(): Promise<boolean> {
  const args = ["run", "-A", ...await importMap(), "tests/gateway/table.ts", ...rest];
  return await deno(args, await runtimeEnvironment());
}

async function game(): Promise<boolean> {
  const args = ["run", "-A", ...await importMap(), "bench/game.ts", ...rest];
  return await deno(args, await runtimeEnvironment());
}

async function mixes(): Promise<boolean> {
  const args = ["run", "-A", ...await importMap(), "bench/mixes_table.ts", ...rest];
  return await deno(args, await runtimeEnvironment());
}

async function check(): Promise<boolean> {
  return await deno([
    "check",
    ...await importMap(),
    "mod.ts",
    "src",
    "tests",
    "examples",
    "bench",
    "npm",
  ]);
}

async function ok(): Promise<boolean> {
  const steps = [
    () => deno(["fmt", "--check"]),
    () => deno(["lint"]),
    check,
    ...ENTRYPOINTS.map((entrypoint) => () => deno(["doc", "--lint", entrypoint])),
    () => deno(["publish", "--dry-run", "--allow-dirty"]),
    speed,
    test,
  ];
  for (const step of steps) {
    if (!await step()) return false;
  }
  return true;
}

async function importMap(): Promise<string[]> {
  if (await jsrAnswers()) return [];
  console.error("JSR is out of reach: @std/assert and @std/fmt are swapped for tests/offline");
  return ["--import-map=tests/offline/import_map.json"];
}

async function jsrAnswers(): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["cache", "--no-config", "--no-lock", "jsr:@std/assert@1", "jsr:@std/fmt@1"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => child.kill(), JSR_TIMEOUT_MS);
  const { success } = await child.status;
  clearTimeout(timer);
  return success;
}

async function deno(args: string[], env: Record<string, string> = {}): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).spawn();
  return (await child.status).success;
}
