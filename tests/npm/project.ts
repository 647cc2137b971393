/** The package as npm hands it out, in projects of people who have nothing else. */
import { assert } from "@std/assert";
import { buildPackage, writeScript } from "../../npm/build.ts";
import type { Runtime } from "../runtimes/runtimes.ts";

const root = new URL("../../", import.meta.url);
const WINDOWS = Deno.build.os === "windows";
/** The tests' own data, such as transcripts and certificates. */
const DATA = /\.(md|pem|json)$/;

/** Runs a program to its end; throws what it printed if it fails. */
export async function run(
  folder: URL,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = WINDOWS && /^np[mx]$/.test(program) ? `${program}.cmd` : program;
  const command = new Deno.Command(name, { args: [...args], cwd: folder, env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(success, `${program} ${args.join(" ")} failed:\n${output}${errors}`);
  return output ?? "";
}

/** A folder that is deleted with its contents in the end. */
export class Folder implements AsyncDisposable {
  readonly url: URL;

  private constructor(url: URL) {
    this.url = url;
  }

  static async make(): Promise<Folder> {
    return new Folder(new URL(`file://${await Deno.makeTempDir({ prefix: "miniboa" })}/`));
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = new URL(path, this.url);
      await Deno.mkdir(new URL("./", file), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.url, { recursive: true });
  }
}

/** Builds the package and packs it; returns the path of the tarball. */
export async function pack(folder: Folder): Promise<string> {
  const built = new URL("package/", folder.url);
  await buildPackage(built);
  const output = await run(built, "npm", ["pack", "--json"]);
  const [{ filename }] = JSON.parse(output);
  return decodeURIComponent(new URL(filename, built).pathname);
}

/** An empty project in which the tarball is installed, and maybe more packages. */
export async function install(
  folder: Folder,
  tarball: string,
  packages: readonly string[] = [],
): Promise<URL> {
  if (!await exists(new URL("package.json", folder.url))) {
    await folder.write({ "package.json": `{ "private": true, "type": "module" }` });
  }
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  await run(folder.url, "npm", ["install", ...flags, tarball, ...packages]);
  return new URL("node_modules/@miniboa/miniboa/", folder.url);
}

/** The program of a version of Node. */
export async function nodeOf(version: number): Promise<string> {
  const script = "console.log(process.execPath)";
  return (await run(root, "npx", ["-y", `node@${version}`, "-e", script])).trim();
}

/**
 * The test suite's programs in JavaScript, which use the installed package in the place of the source.
 *
 * @param folder The folder that stands for the project's root.
 * @param installed Where the package is installed.
 */
export async function buildPrograms(folder: Folder, installed: URL): Promise<void> {
  await copy(installed, folder.url);
  const look = async (path: string) => {
    await Deno.mkdir(new URL(path, folder.url), { recursive: true });
    for await (const { name, isDirectory } of Deno.readDir(new URL(path, root))) {
      if (isDirectory) await look(`${path}${name}/`);
      else if (name.endsWith(".ts")) await writeScript(folder.url, path + name);
      else if (DATA.test(name)) {
        await Deno.copyFile(new URL(path + name, root), new URL(path + name, folder.url));
      }
    }
  };
  await look("tests/");
}

/** Node with the programs that {@linkcode buildPrograms} made. */
export function builtRuntime(path: string, folder: Folder): Runtime {
  return { name: "Node", path, args: [], built: folder.url };
}

async function exists(file: URL): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

async function copy(from: URL, to: URL): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(new URL(`${name}/`, from), new URL(`${name}/`, to));
    else await Deno.copyFile(new URL(name, from), new URL(name, to));
  }
}
