/**
 * Finds the three runtimes: each by its environment variable, on the PATH if it is new enough, or
 * as the pinned version by `npx`.
 */

/** A runtime that the tests can start. */
export interface Runtime {
  readonly name: "Deno" | "Bun" | "Node";
  /** The program. */
  readonly path: string;
  /** The arguments before the file to run. */
  readonly args: readonly string[];
  /** The project's root with its programs in JavaScript, for a runtime that needs them so. */
  readonly built?: URL;
}

interface Candidate {
  readonly name: "Bun" | "Node";
  readonly program: string;
  readonly variable: string;
  readonly pinned: string;
  /** The oldest version that runs TypeScript as it is. */
  readonly oldest: readonly [number, number];
}

const CANDIDATES: readonly Candidate[] = [
  {
    name: "Bun",
    program: "bun",
    variable: "MINIBOA_BUN",
    pinned: "bun@1.4.5",
    oldest: [1, 4],
  },
  {
    name: "Node",
    program: "node",
    variable: "MINIBOA_NODE",
    pinned: "node@24",
    oldest: [22, 18],
  },
];

const DENO: Runtime = { name: "Deno", path: Deno.execPath(), args: ["run", "-A"] };
const TELL = "console.log(process.execPath, process.versions.bun ?? process.versions.node)";

/** The available runtimes. If `CI` is set, a missing one is an error. */
export async function findRuntimes(): Promise<Runtime[]> {
  const found: Runtime[] = [DENO];
  for (const candidate of CANDIDATES) {
    const path = await find(candidate);
    if (path !== undefined) {
      found.push({ name: candidate.name, path, args: candidate.name === "Bun" ? ["run"] : [] });
    } else if (Deno.env.get("CI") === "true") {
      throw new Error(`Cannot find ${candidate.name}: install it, or make npx available`);
    }
  }
  return found;
}

/** The runtime of this name, if it is available. */
export async function findRuntime(name: Runtime["name"]): Promise<Runtime | undefined> {
  return (await findRuntimes()).find((runtime) => runtime.name === name);
}

/** The environment with which other processes find the same runtimes. */
export async function runtimeEnvironment(): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  const runtimes = await findRuntimes();
  for (const { name, variable } of CANDIDATES) {
    environment[variable] = runtimes.find((runtime) => runtime.name === name)?.path ?? "none";
  }
  return environment;
}

async function find(candidate: Candidate): Promise<string | undefined> {
  const given = Deno.env.get(candidate.variable);
  if (given !== undefined) return given === "none" ? undefined : given;
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  return await tell(candidate, candidate.program, ["-e", TELL]) ??
    await tell(candidate, npx, ["-y", candidate.pinned, "-e", TELL]);
}

async function tell(
  candidate: Candidate,
  program: string,
  args: string[],
): Promise<string | undefined> {
  try {
    const command = new Deno.Command(program, { args, stdin: "null", stderr: "null" });
    const { success, stdout } = await command.output();
    const [path, version = ""] = new TextDecoder().decode(stdout).trim().split(" ");
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const [oldestMajor, oldestMinor] = candidate.oldest;
    const fits = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
    return success && fits ? path : undefined;
  } catch {
    return undefined; // no such program
  }
}
